// The examples as a page of its own, for readers without scripts, for print and for search engines: each manifest with a picture
// of its run. Also what the start page says without scripts.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
const FIELD = /^ *(\w+): (.*)$/gm;

/** The examples, as their index names them. */
export function examples() {
  return readFileSync("examples/index.yaml", "utf8")
    .split(/^- /m)
    .slice(1)
    .map((entry) => {
      const fields = Object.fromEntries([...entry.matchAll(FIELD)].map(([, name, value]) => [name, value.startsWith('"') ? JSON.parse(value) : value]));
      const id = fields.file.replace(/\.yaml$/, "");
      return { ...fields, id, text: readFileSync(`examples/${id}.yaml`, "utf8") };
    });
}

const shown = ({ id, title, sentence, watch, text }, up) => `<h3 id="${id}">${escape(title)}</h3>
<p>${escape(sentence)}${watch ? ` <em>${escape(watch)}</em>` : ""}</p>
<img src="${up}embed/posters/${id}.svg" alt="The timeline of its run" width="480" loading="lazy">
<pre tabindex="0" role="region" aria-label="Manifest: ${escape(title)}"><code>${escape(text)}</code></pre>`;

const LOADING = `<p class="boot"><b>batchyard</b> is loading the cluster.</p>
<p>A simulated Kubernetes cluster in this page runs Jobs and CronJobs as a real one does, one second at a time. Edit the manifest, make containers fail, and see what the controllers do about it: every Pod, every wait and every event.</p>`;

/**
 * What a page holds until it is drawn: a run as it went, which is also what there is without scripts. `plain` pages hold the words
 * alone.
 */
export function opening(plain = false) {
  const first = examples().find((e) => e.id === "migration-fails-twice");
  const run = `<div class="opening-run">\n${shown(first, "./").replace(' loading="lazy"', "")}\n</div>\n`;
  return `<div id="app" class="root"><main class="still opening">
${LOADING}
<noscript><p>This browser runs no scripts, so nothing can run here: batchyard needs JavaScript and WebAssembly. Below is a run as it went; <a href="./examples/">all examples</a> are shown like this.</p></noscript>
${plain ? "" : run}</main></div>`;
}

/** Builds `examples/` of a site, whose start page is `html`. */
export function buildExamples(dir, html) {
  const all = examples();
  const groups = [...new Set(all.map((e) => e.group))].map((group) => `<h2>${escape(group)}</h2>\n${all.filter((e) => e.group === group).map((e) => shown(e, "../")).join("\n")}`);
  const head = html
    .slice(0, html.indexOf("</head>"))
    .replace(/<script\b[^>]*><\/script>\s*|<link rel="(?:modulepreload|preload)"[^>]*>\s*/g, "")
    .replace(/<title>[^<]*<\/title>/, "<title>Examples: batchyard</title>")
    .replace(/ data-page="sandbox"/, ' data-page="examples"')
    .replace(/(href|src)="\.\//g, '$1="../');
  mkdirSync(join(dir, "examples"), { recursive: true });
  writeFileSync(
    join(dir, "examples/index.html"),
    `${head}</head>
<body>
<main class="still">
<p><a href="../">batchyard</a></p>
<h1>Examples</h1>
<p>Each manifest with its run in a simulated Kubernetes cluster, as it went. <a href="../">The sandbox</a> runs them, and any of your own.</p>
${groups.join("\n")}
</main>
</body>
</html>
`,
  );
}
