// The configurator: from the form to a tag, as each kind of documentation site wants it, and a preview.
import { PARAMETERS } from "../parameters.js";

const SITE = new URL("../../", import.meta.url);
const form = document.getElementById("form");

/** The options that differ from what holds anyway. */
function chosen() {
  const data = new FormData(form);
  return [...data].filter(([name, value]) => name in PARAMETERS && value !== "" && (name === "scenario" || String(PARAMETERS[name][1]) !== value));
}

const attribute = (text) => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");
const address = (options) => `${new URL("embed/", SITE)}?${new URLSearchParams(options)}`;
const script = `<script type="module" src="${new URL("embed/v1.js", SITE)}"></script>`;
/** The manifest in the element is for readers without scripts, for print and for search engines; it may be changed. */
const element = (options) => `<batch-yard ${options.map(([n, v]) => `${n}="${attribute(v)}"`).join(" ")} style="display: block; min-height: 480px">\n<pre><code class="language-yaml">${attribute(manifest.trim())}\n</code></pre>\n</batch-yard>`;
const iframe = (options) => `<iframe src="${attribute(address(options))}" title="batchyard: ${attribute(options[0][1])}" width="100%" height="480" loading="lazy" style="border: 0"></iframe>`;

/** Where a snippet goes, and the snippet. */
export const KINDS = {
  element: (o) => ["Once for each page the script, then the element wherever a Job is to run. Its height is kept free before it is there.", `${script}\n${element(o)}`],
  iframe: (o) => ["Needs no script in your page.", iframe(o)],
  markdown: (o) => ["Most Markdown allows HTML. Where it does not, the link opens the same run.", `${iframe(o)}\n\n[Run it in batchyard](${address(o)})`],
  mdbook: (o) => ["In a chapter; mdBook passes HTML through.", iframe(o)],
  mkdocs: (o) => ["In mkdocs.yml, under extra_javascript, once; then the element in a page.", `# mkdocs.yml\nextra_javascript:\n  - path: ${new URL("embed/v1.js", SITE)}\n    type: module\n\n<!-- page.md -->\n${element(o)}`],
  docusaurus: (o) => ["In an .mdx page: JSX, so style is an object.", iframe(o).replace('style="border: 0"', "style={{ border: 0 }}")],
  hugo: (o) => ["As layouts/shortcodes/batchyard.html, then the shortcode in a page.", `<!-- layouts/shortcodes/batchyard.html -->\n<iframe src="${new URL("embed/", SITE)}?{{ .Get 0 | safeURL }}" title="batchyard" width="100%" height="420" loading="lazy" style="border: 0"></iframe>\n\n<!-- page.md -->\n{{< batchyard "${new URLSearchParams(o)}" >}}`],
};

let shown = "";
let manifest = "";
let held = "";
/** Has the manifest of the scenario, then shows what is chosen; of several asked for, the last is shown. */
async function choose() {
  const id = menu.value;
  if (id !== held) {
    const text = await (await fetch(new URL(`../posters/${id}.yaml`, import.meta.url))).text();
    if (id !== menu.value) return;
    [held, manifest] = [id, text];
  }
  show();
}

function show() {
  const options = chosen();
  const [where, text] = KINDS[document.getElementById("as").value](options);
  document.getElementById("where").textContent = where;
  document.getElementById("snippet").textContent = text;
  document.getElementById("copied").textContent = "";
  const url = address(options);
  if (url !== shown) document.getElementById("preview").src = shown = url;
}

const menu = document.getElementById("scenario");
for (const { id, group, title } of await (await fetch(new URL("../scenarios.json", import.meta.url))).json()) {
  let part = [...menu.children].find((g) => g.label === group);
  if (!part) menu.append((part = Object.assign(document.createElement("optgroup"), { label: group })));
  part.append(new Option(title, id));
}
menu.value = "migration-fails-twice";
form.addEventListener("change", choose);
form.addEventListener("submit", (e) => e.preventDefault());
document.getElementById("copy").addEventListener("click", async () => {
  const text = document.getElementById("snippet").textContent;
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  document.getElementById("copied").textContent = done ? "Copied." : "Select the text to copy it: this browser gives pages no clipboard.";
});
choose();
