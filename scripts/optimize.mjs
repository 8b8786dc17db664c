// Makes the site's WebAssembly as small as it can be for whoever opens the page: wasm-opt (npm's binaryen), then what the first load
// does not run is moved out of functions (wasm-outline.mjs), then a split into what draws the page, what runs its example and the rest,
// code and data (split-page.mjs). What counts is the gzipped size: smaller raw code is sometimes larger once compressed. An embed is
// split by what it runs, and its first part is packed more tightly (wasm-pack.mjs): it is fetched on a click in somebody else's page.
//   node scripts/optimize.mjs DIST [page | embed]     both by default; one beside the other takes half the time
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { transformSync } from "esbuild";
import { linkage } from "./split-data.mjs";
import { splitPage } from "./split-page.mjs";
import { LIGHT, STAGES, profileOf } from "./split-profile.mjs";
import { parse, write } from "./wasm-module.mjs";
import { WAY, unlinked, wasmOpt } from "./wasm-opt.mjs";
import { pack } from "./wasm-pack.mjs";

const [dir = "dist", only] = process.argv.slice(2);
/** A program's optimised module with its functions' names, for `make profile`. */
const named = (program) => `.tools/${program}-named.wasm`;
const STRIP = ["--remove-unused-module-elements", "--strip-debug", "--strip-producers"];

const kB = (data) => `${(gzipSync(data, { level: 9 }).length / 1000).toFixed(1)} kB`;
const hash = (data, way, as) => createHash(way).update(data).digest(as);

/** The module and its script, with short names for what the one imports from the other: wasm-bindgen's are long, and none is like another. */
function shortened(module, script) {
  const m = parse(module);
  const short = new Map(m.imports.map(({ name }, n) => [name, n.toString(36)]));
  const renamed = script.replace(/^( *)(__wbg_\w+|__wbindgen_\w+)(: function|\()/gm, (all, space, name, after) => (short.has(name) ? `${space}"${short.get(name)}"${after}` : all));
  if ([...short].some(([, name]) => !renamed.includes(`"${name}"`))) throw new Error("the script has no place for each import");
  const from = m.imports[0].module;
  return { module: write({ ...m, imports: m.imports.map((i) => ({ ...i, module: "m", name: short.get(i.name) })) }), script: renamed.replace(`"${from}": import0`, '"m": import0') };
}

const files = readdirSync(dir, { recursive: true }).map((f) => join(dir, f));
const pages = files.filter((f) => f.endsWith(".html"));
const replaceInPages = (old, now) => {
  for (const page of pages) {
    const html = readFileSync(page, "utf8");
    if (html.includes(old)) writeFileSync(page, html.replaceAll(old, now));
  }
};
const sum = (data) => `sha384-${hash(data, "sha384", "base64")}`;

/** A program of the site, optimised: its module, as it is where there is no profile to split it by, its parts and the files it came in. */
function program(name, stages, border) {
  const stem = `batchyard-${name}`;
  const built = files.find((f) => new RegExp(`${stem}-\\w+_bg\\.wasm$`).test(f));
  const glue = files.find((f) => new RegExp(`${stem}-[0-9a-f]+\\.js$`).test(f));
  if (!built || !glue) throw new Error(`${dir}/ holds no ${name} with its WebAssembly`);
  const [before, written] = [readFileSync(built), readFileSync(glue)];
  const linked = linkage(before);
  if (!linked) throw new Error("the linker kept no relocations (.cargo/config.toml)");
  const code = unlinked(before);
  const { module, script } = shortened(wasmOpt(code, "-g", ...WAY), written.toString());
  writeFileSync(named(name), module);
  console.log(`${basename(built)}: ${kB(code)} gzip as built, ${kB(module)} optimised, both with names`);
  // wasm-bindgen's script comes with its comments.
  const short = Buffer.from(transformSync(script, { minify: true, format: "esm", target: "es2022" }).code);
  writeFileSync(glue, short);
  replaceInPages(sum(written), sum(short));
  console.log(`${basename(glue)}: ${kB(written)} gzip as built, ${kB(short)} minified`);
  const profile = profileOf(name);
  let parts;
  if (existsSync(profile)) {
    parts = splitPage(module, readFileSync(profile, "utf8"), linked, stages, border);
    console.log(`${name}: ${parts.said}`);
  } else {
    console.log(`${profile} is missing: not split (make profile)`);
  }
  const put = (part, data, ext = "wasm") => {
    const file = `${stem}-${hash(data, "sha256", "hex").slice(0, 16)}_${part}.${ext}`;
    writeFileSync(join(dir, file), data);
    console.log(`${part}: ${kB(data)} gzip`);
    return file;
  };
  return { module, parts, put, before, built, glue };
}
const loader = (base, embed, border, middle, rest, worker) =>
  readFileSync("scripts/split-loader.js", "utf8").replace(/^\/\/.*\n/gm, "").replaceAll("EMBED", embed).replaceAll("SECOND", border).replace("MIDDLE", base + middle).replace("REST", base + rest).replace("REHEARSAL", base + worker);

if (only !== "embed") {
  const { module, parts, put, before, built, glue } = program("page", STAGES.page, "simulator");
  const first = parts ? wasmOpt(parts.first, "-Oz", ...STRIP) : wasmOpt(module, ...STRIP);
  if (parts) {
    const start = files.find((f) => /start-\w+\.js$/.test(f));
    const [simulator, rest] = [put("simulator", wasmOpt(parts.middle, "-Oz", ...STRIP)), put("rest", wasmOpt(parts.rest, ...STRIP))];
    const rehearsal = transformSync(readFileSync("scripts/rehearsal.js", "utf8").replace("GLUE", `./${basename(glue)}`).replaceAll("SECOND", "simulator"), { minify: true, format: "esm", target: "es2022" }).code;
    const worker = `rehearsal-${hash(rehearsal, "sha256", "hex").slice(0, 12)}.js`;
    writeFileSync(join(dir, worker), rehearsal);
    const script = readFileSync(start, "utf8").replace("const wasm = await init", () => `${loader("./", false, "simulator", simulator, rest, worker)}const wasm = await init`);
    if (!script.includes(rest)) throw new Error("the start script has no place for the loader");
    const renamed = `start-${hash(script, "sha256", "hex").slice(0, 12)}.js`;
    rmSync(start);
    writeFileSync(join(dir, renamed), script);
    replaceInPages(basename(start), renamed);
  }
  writeFileSync(built, first);
  replaceInPages(sum(before), sum(first));
  console.log(`page: ${kB(first)} gzip`);
}
if (only !== "page") {
  const { module, parts, put, built } = program("embed", STAGES.embed, "others");
  if (parts) {
    const packed = put("embed", pack(wasmOpt(parts.first, "-Oz", ...STRIP)), "bin");
    const [others, last] = [put("others", wasmOpt(parts.middle, "-Oz", ...STRIP)), put("last", wasmOpt(parts.rest, ...STRIP))];
    // No worker rehearses an embed.
    writeFileSync(join(dir, "embed/split.js"), transformSync(loader("../", true, "others", others, last, ""), { minify: true, treeShaking: true, format: "esm", target: "es2022" }).code);
    const shell = ` data-wasm="../${basename(built)}"`;
    if (!readFileSync(join(dir, "embed/index.html"), "utf8").includes(shell)) throw new Error("the embed's shell has no place for its parts");
    replaceInPages(shell, ` data-split="split.js" data-packed="../${packed}" data-light="${LIGHT.join(" ")}"`);
    rmSync(built);
  } else {
    writeFileSync(built, wasmOpt(module, ...STRIP));
  }
}
