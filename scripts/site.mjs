// Finishes what trunk has built (a post_build hook): one style sheet instead of many, the start script as a file of its own
// (the content security policy allows no inline script), and a document for every page of the site.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { POLICY } from "./site-policy.mjs";

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

let html = readFileSync(join(dir, "index.html"), "utf8");

const sheets = [...html.matchAll(/<link\b[^>]*rel="stylesheet"[^>]*href="\.\/([^"]+)"[^>]*>\s*/g)];
if (sheets.length > 1) {
  const shrink = (css) => css.replace(/\/\*[^]*?\*\//g, "").replace(/\s+/g, " ").replace(/ ?([{};,]) ?/g, "$1").replace(/: /g, ":");
  const css = sheets.map(([, file]) => shrink(readFileSync(join(dir, file), "utf8"))).join("\n");
  for (const [, file] of sheets) rmSync(join(dir, file));
  const file = put("style", css, "css");
  sheets.forEach(([tag], i) => (html = html.replace(tag, i ? "" : `<link rel="stylesheet" href="./${file}">\n`)));
}

html = html.replace(/<script type="module"[^>]*>([^]*?)<\/script>/, (tag, code) => {
  if (!code.trim()) return tag;
  return `<script type="module" src="./${put("start", code.trim(), "js")}"></script>`;
});
html = html.replace(/ nonce="[^"]*"/g, "").replace(/ integrity="[^"]*"/g, release ? "$&" : "");
if (release) html = html.replace('<meta charset="utf-8">', `<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${POLICY}">`);
writeFileSync(join(dir, "index.html"), html);

for (const [page, title] of Object.entries(PAGES)) {
  mkdirSync(join(dir, page), { recursive: true });
  const copy = html
    .replace('data-page="sandbox"', `data-page="${page}"`)
    .replace(/<title>[^<]*<\/title>/, `<title>${title}</title>`)
    .replace(/(href|src)="\.\//g, '$1="../');
  writeFileSync(join(dir, page, "index.html"), copy);
}
