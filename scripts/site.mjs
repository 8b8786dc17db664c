// Finishes what trunk has built (a post_build hook): one style sheet instead of many, the start script as a file of its own
// (the content security policy allows no inline script), and a document for every page of the site.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildEmbed } from "./site-embed.mjs";
import { buildExamples, opening } from "./site-examples.mjs";
import { HEADERS, POLICY } from "./site-policy.mjs";

const dir = process.env.TRUNK_STAGING_DIR ?? "dist";
const release = process.env.TRUNK_PROFILE === "release";
const PAGES = {
  compare: "Compare two runs: batchyard",
};

const name = (stem, text, ext) => `${stem}-${createHash("sha256").update(text).digest("hex").slice(0, 12)}.${ext}`;
const put = (stem, text, ext) => {
  const file = name(stem, text, ext);
  writeFileSync(join(dir, file), text);
  return file;
};

// What the page says until it is drawn is painted first; a hidden page, which paints nothing, does not wait for that.
const PAINTED = "await new Promise((go) => { new PerformanceObserver(go).observe({ type: 'paint', buffered: true }); setTimeout(go, 300); });\n";
// A browser that blocks WebAssembly, or a connection that broke, says so in place of the loading text.
const SAY = `const say = (text) => document.querySelector(".boot")?.replaceChildren(text);
if (typeof WebAssembly === "undefined") say("This browser blocks WebAssembly, so nothing can run here.");
`;
const guarded = (code) =>
  SAY +
  code.replace(/const wasm = await (init\([^;]*\));/, (_, call) =>
    `${PAINTED}const wasm = await ${call}.catch((e) => { say("The cluster could not be loaded. Check the connection and reload the page. (" + e.message + ")"); throw e; });`);

let html = readFileSync(join(dir, "index.html"), "utf8");

const sheets = [...html.matchAll(/<link\b[^>]*rel="stylesheet"[^>]*href="\.\/([^"]+)"[^>]*>\s*/g)];
if (sheets.length > 1) {
  const whole = sheets.map(([, file]) => readFileSync(join(dir, file), "utf8")).join("\n");
  const css = release ? (await import("esbuild")).transformSync(whole, { loader: "css", minify: true }).code : whole;
  for (const [, file] of sheets) rmSync(join(dir, file));
  const file = put("style", css, "css");
  sheets.forEach(([tag], i) => (html = html.replace(tag, i ? "" : `<link rel="stylesheet" href="./${file}">\n`)));
}

// The code editor is a file of its own, loaded when it is first wanted.
const bundle = (await import("esbuild")).buildSync({ entryPoints: ["editor/codemirror.js"], bundle: true, format: "esm", minify: release, target: "es2022", write: false });
const editor = `globalThis.batchyardEditor = () => import("./${put("codemirror", bundle.outputFiles[0].text, "js")}");\n`;

html = html.replace(/<script type="module"[^>]*>([^]*?)<\/script>/, (tag, code) => {
  if (!code.trim()) return tag;
  // The wasm lies beside the script; a page in a folder of its own would look for it there.
  code = code.replace(/module_or_path: '(\.\/[^']+)'/, "module_or_path: new URL('$1', import.meta.url)");
  return `<script type="module" src="./${put("start", editor + guarded(code.trim()), "js")}"></script>`;
});
html = html.replace(/ nonce="[^"]*"/g, "").replace(/ integrity="[^"]*"/g, release ? "$&" : "");
if (release) html = html.replace('<meta charset="utf-8">', `<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${POLICY}">`);
const APP = /<div id="app" class="root">[^]*?<\/noscript><\/div>/;
if (!APP.test(html)) throw new Error("index.html has no place for what is shown first");
const start = html.replace(APP, () => opening());
writeFileSync(join(dir, "index.html"), start);

for (const [page, title] of Object.entries(PAGES)) {
  mkdirSync(join(dir, page), { recursive: true });
  const copy = html
    .replace(APP, () => opening(true))
    .replace('data-page="sandbox"', `data-page="${page}"`)
    .replace(/<title>[^<]*<\/title>/, `<title>${title}</title>`)
    .replace(/(href|src)="\.\//g, '$1="../');
  writeFileSync(join(dir, page, "index.html"), copy);
}

// What hosts that read these files need to know: the headers, and what to say of an address that is none.
const HASHED = ["batchyard-page-*", "batchyard-embed-*", "start-*", "style-*", "codemirror-*", "rehearsal-*"].map((f) => `/${f}\n  Cache-Control: public, max-age=31536000, immutable\n`);
writeFileSync(join(dir, "_headers"), `/*\n${Object.entries(HEADERS).map(([k, v]) => `  ${k}: ${v}\n`).join("")}${HASHED.join("")}`);
// It stands below any path, so its way back is absolute: SITE_PATH=/batchyard/ for a site below a path.
writeFileSync(
  join(dir, "404.html"),
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>No such page: batchyard</title>
</head>
<body>
<main>
<h1>There is no such page</h1>
<p>The sandbox is on <a href="${process.env.SITE_PATH || "/"}">the start page</a> of this site.</p>
</main>
</body>
</html>
`,
);

await buildEmbed(dir, html, release);
buildExamples(dir, html);
