// The widget for other people's pages: a shell that is static and small; the simulator's module, wasm and style are named for when
// they are wanted.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { examples } from "./site-examples.mjs";
import { POLICY } from "./site-policy.mjs";

const SCRIPTS = ["v1.js", "frame.js", "film.js", "parameters.js", "early.js", "unpack.js", "docs/docs.js"];
/** What the shell's own elements need of the page's style. */
const SHELL_STYLES = ["tokens", "base", "embed"];
/** What the widget needs besides. */
const WIDGET_STYLES = ["yard", "cards", "time", "source", "pages"];

/** What of the page's source the widget is drawn by: classes that none of it names have no rules in an embed. */
const DRAWN_BY = ["yard", "stage", "pod", "cards", "signal", "gantt", "transport", "editor", "assist", "clockwork", "glyph", "code", "outcome"].map((name) => `src/components/${name}.rs`);
const DRAWN_ELSEWHERE = ["src/pages/widget.rs", "src/platform/dom.rs", "src/platform/flip.rs", "embed/index.html", "embed/frame.js"];

/** The rules of a minified sheet whose selectors name classes of `source` alone; a class may be put together there: `mark--` and a word. */
export function rulesFor(css, source) {
  const named = (name) => source.includes(name) || (name.includes("--") && source.includes(name.slice(0, name.indexOf("--") + 2)));
  const possible = (selector) => [...selector.replace(/:(not|is|where|has)\([^()]*\)/g, "").matchAll(/\.([a-z][\w-]*)/gi)].every(([, name]) => named(name));
  let out = "";
  for (let at = 0; at < css.length; ) {
    const open = css.indexOf("{", at);
    if (open < 0) return out + css.slice(at);
    const statement = css.lastIndexOf(";", open) + 1;
    if (statement > at) (out += css.slice(at, statement)), (at = statement);
    let end = open + 1;
    for (let depth = 1; depth; end++) depth += { "{": 1, "}": -1 }[css[end]] ?? 0;
    const head = css.slice(at, open);
    if (/^@(layer|media|container|supports)/.test(head)) out += `${head}{${rulesFor(css.slice(open + 1, end - 1), source)}}`;
    else {
      const selectors = head.startsWith("@") ? [head] : head.split(/,(?![^(]*\))/).filter(possible);
      if (selectors.length) out += selectors.join(",") + css.slice(open, end);
    }
    at = end;
  }
  return out;
}

/** Builds the widget's program into a site as trunk builds the page's, and says which files it has. */
function program(dir, release) {
  const target = ["--target", "wasm32-unknown-unknown"];
  // Where scripts/setup puts what the machine has in another version.
  const options = { stdio: "inherit", env: { ...process.env, PATH: [resolve(".tools/bin"), process.env.PATH].join(delimiter) } };
  execFileSync("cargo", ["build", "--quiet", "--profile", release ? "embed" : "dev", ...target, "--bin", "batchyard-embed"], options);
  const built = join(process.env.CARGO_TARGET_DIR ?? "target", target[1], release ? "embed" : "debug", "batchyard-embed.wasm");
  const out = ".tools/embed-program";
  execFileSync("wasm-bindgen", ["--target", "web", "--no-typescript", "--out-dir", out, "--out-name", "app", built], options);
  const stem = `batchyard-embed-${createHash("sha256").update(readFileSync(join(out, "app_bg.wasm"))).digest("hex").slice(0, 16)}`;
  const files = { app: `${stem}.js`, wasm: `${stem}_bg.wasm` };
  copyFileSync(join(out, "app.js"), join(dir, files.app));
  copyFileSync(join(out, "app_bg.wasm"), join(dir, files.wasm));
  return files;
}

/** Builds `embed/` of a site, whose start page is `html`. */
export async function buildEmbed(dir, html, release) {
  const embed = join(dir, "embed");
  mkdirSync(join(embed, "posters"), { recursive: true });
  mkdirSync(join(embed, "docs"), { recursive: true });
  const found = (pattern) => readdirSync(dir).find((f) => pattern.test(f)) ?? "";
  const policy = (page) => (release ? page.replace('<meta charset="utf-8">', `<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${POLICY}">`) : page);

  const sheets = [...html.matchAll(/<link\b[^>]*rel="stylesheet"[^>]*href="\.\/([^"]+)"[^>]*>/g)].map(([, file]) => file);
  const esbuild = release && (await import("esbuild"));
  const small = (text, options) => (release ? esbuild.transformSync(text, { minify: true, target: "es2022", ...options }).code : text);
  const style = (names) => small(names.map((name) => readFileSync(`styles/${name}.css`, "utf8")).join("\n"), { loader: "css", target: "chrome123" });
  const drawn = [...DRAWN_BY, ...DRAWN_ELSEWHERE].map((file) => readFileSync(file, "utf8")).join("\n");
  for (const [name, parts] of [["shell", SHELL_STYLES], ["widget", WIDGET_STYLES]]) writeFileSync(join(embed, `${name}.css`), release ? rulesFor(style(parts), drawn) : style(parts));
  const sprite = html.match(/<svg class="sprite"[^]*?<\/svg>/)?.[0] ?? "";
  const { app, wasm } = program(dir, release);
  const data = { app: `../${app}`, wasm: `../${wasm}`, style: "widget.css", editor: `../${found(/^codemirror-\w+\.js$/)}` };
  const script = `<script src="early.js"></script>\n<script type="module" src="frame.js" ${Object.entries(data).map(([k, v]) => `data-${k}="${v}"`).join(" ")}></script>`;
  const shell = readFileSync("embed/index.html", "utf8")
    .replace("<!-- css -->", '<link rel="stylesheet" href="shell.css">')
    .replace("<!-- script -->", script)
    .replace('<div id="app">', `<div hidden>${sprite}</div>\n<div id="app">`);
  writeFileSync(join(embed, "index.html"), policy(shell));

  const links = sheets.map((file) => `<link rel="stylesheet" href="../../${file}">`).join("\n");
  const configurator = readFileSync("embed/docs/index.html", "utf8").replace("<!-- css -->", links).replace("<!-- script -->", '<script type="module" src="docs.js"></script>');
  writeFileSync(join(embed, "docs/index.html"), policy(configurator));

  const all = examples();
  writeFileSync(join(embed, "scenarios.json"), JSON.stringify(all.map(({ id, group, title }) => ({ id, group, title }))));
  for (const { id, text } of all) writeFileSync(join(embed, "posters", `${id}.yaml`), text);
  for (const file of SCRIPTS) writeFileSync(join(embed, file), small(readFileSync(`embed/${file}`, "utf8")));
}
