// Makes the site's WebAssembly as small as it can be for whoever opens the page: wasm-opt (npm's binaryen), then what the first load
// does not run is moved out of functions (wasm-outline.mjs), then a split into what draws the page, what runs its example and the rest,
// code and data (split-page.mjs). What counts is the gzipped size: smaller raw code is sometimes larger once compressed. An embed gets
// a split of its own, by what it runs, whose first part is packed more tightly (wasm-pack.mjs): it is fetched on a click in somebody
// else's page.
//   node scripts/optimize.mjs DIST
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { transformSync } from "esbuild";
import { linkage } from "./split-data.mjs";
import { splitPage } from "./split-page.mjs";
import { LIGHT } from "./split-profile.mjs";
import { parse, without, write } from "./wasm-module.mjs";
import { pack } from "./wasm-pack.mjs";

const dir = process.argv[2] ?? "dist";
const PROFILE = "scripts/first-load.txt";
/** The optimised module with its functions' names, for `make profile`. */
const NAMED = ".tools/page-named.wasm";
// The features that every browser with WebAssembly has had for years, and that rustc assumes.
const FEATURES = ["bulk-memory", "mutable-globals", "sign-ext", "nontrapping-float-to-int", "reference-types", "multivalue"].map((f) => `--enable-${f}`);
const STRIP = ["--remove-unused-module-elements", "--strip-debug", "--strip-producers"];
// Functions of one kind side by side compress better: gzip looks back only 32 kB. Always the same way, since the profile is of its shapes.
const WAY = ["-Oz", "--reorder-functions-by-name"];

const tmp = mkdtempSync(join(tmpdir(), "batchyard-wasm-"));
const kB = (data) => `${(gzipSync(data, { level: 9 }).length / 1000).toFixed(1)} kB`;
const hash = (data, way, as) => createHash(way).update(data).digest(as);
function wasmOpt(data, ...flags) {
  const [from, to] = [join(tmp, "in.wasm"), join(tmp, "out.wasm")];
  writeFileSync(from, data);
  execFileSync("wasm-opt", [from, ...FEATURES, ...flags, "-o", to], { stdio: ["ignore", "inherit", "inherit"] });
  return readFileSync(to);
}

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
const built = files.find((f) => f.endsWith("_bg.wasm"));
const start = files.find((f) => /start-\w+\.js$/.test(f));
const pages = files.filter((f) => f.endsWith(".html"));
if (!built || !start) throw new Error(`${dir}/ holds no page with its WebAssembly`);
const replaceInPages = (old, now) => {
  for (const page of pages) {
    const html = readFileSync(page, "utf8");
    if (html.includes(old)) writeFileSync(page, html.replaceAll(old, now));
  }
};

const before = readFileSync(built);
// What the linker says of its statics is for us; wasm-opt cannot keep it true.
const linked = linkage(before);
if (!linked) throw new Error("the linker kept no relocations (.cargo/config.toml)");
const glue = files.find((f) => /batchyard-page-[0-9a-f]+\.js$/.test(f));
const written = readFileSync(glue);
const code = without(before, (name) => name === "linking" || name.startsWith("reloc."));
const { module: named, script: renamedGlue } = shortened(wasmOpt(code, "-g", ...WAY), written.toString());
writeFileSync(NAMED, named);
let first = wasmOpt(named, ...STRIP);
console.log(`${basename(built)}: ${kB(code)} gzip as built, with names, ${kB(first)} optimised`);

if (existsSync(PROFILE)) {
  const profile = readFileSync(PROFILE, "utf8");
  const stem = basename(built).replace(/-\w+_bg\.wasm$/, "");
  const put = (part, data, ext = "wasm") => {
    const name = `${stem}-${hash(data, "sha256", "hex").slice(0, 16)}_${part}.${ext}`;
    writeFileSync(join(dir, name), data);
    console.log(`${part}: ${kB(data)} gzip`);
    return name;
  };
  const loader = (base, embed, second, middle, rest, worker) =>
    readFileSync("scripts/split-loader.js", "utf8").replace(/^\/\/.*\n/gm, "").replaceAll("EMBED", embed).replaceAll("SECOND", second).replace("MIDDLE", base + middle).replace("REST", base + rest).replace("REHEARSAL", base + worker);

  const parts = splitPage(named, profile, linked, ["page", "run"], "simulator");
  console.log(parts.said);
  first = wasmOpt(parts.first, "-Oz", ...STRIP);
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
  console.log(`page: ${kB(first)} gzip`);

  const shell = join(dir, "embed/index.html");
  if (existsSync(shell)) {
    const own = splitPage(named, profile, linked, ["embed", "others"], "others");
    console.log(own.said);
    const packed = put("embed", pack(wasmOpt(own.first, "-Oz", ...STRIP)), "bin");
    const [others, last] = [put("others", wasmOpt(own.middle, "-Oz", ...STRIP)), put("last", wasmOpt(own.rest, ...STRIP))];
    writeFileSync(join(dir, "embed/split.js"), transformSync(loader("../", true, "others", others, last, worker), { minify: true, treeShaking: true, format: "esm", target: "es2022" }).code);
    writeFileSync(shell, readFileSync(shell, "utf8").replace(" data-app=", ` data-split="split.js" data-packed="../${packed}" data-light="${LIGHT.join(" ")}" data-app=`));
  }
} else {
  console.log(`${PROFILE} is missing: not split (make profile)`);
}

const sum = (data) => `sha384-${hash(data, "sha384", "base64")}`;
writeFileSync(built, first);
replaceInPages(sum(before), sum(first));
// wasm-bindgen's module comes with its comments.
const short = Buffer.from(transformSync(renamedGlue, { minify: true, format: "esm", target: "es2022" }).code);
writeFileSync(glue, short);
replaceInPages(sum(written), sum(short));
console.log(`${basename(glue)}: ${kB(written)} gzip as built, ${kB(short)} minified`);
rmSync(tmp, { recursive: true });
