// Runs wasm-opt (npm's binaryen) over the site's WebAssembly and keeps the smallest as a browser downloads it, gzipped:
// smaller raw code is sometimes larger once compressed, so each result is weighed.
//   node scripts/optimize.mjs DIST
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const dir = process.argv[2] ?? "dist";
// The features that every browser with WebAssembly has had for years, and that rustc assumes.
const FEATURES = ["bulk-memory", "mutable-globals", "sign-ext", "nontrapping-float-to-int", "reference-types", "multivalue"].map((f) => `--enable-${f}`);
// Functions of one kind side by side compress better: gzip looks back only 32 kB.
const WAYS = ["-O1", "-Oz"].map((level) => [level, "--reorder-functions-by-name"]);

const size = (file) => gzipSync(readFileSync(file), { level: 9 }).length;
const kB = (n) => `${(n / 1000).toFixed(1)} kB`;
const files = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? files(join(folder, e.name)) : [join(folder, e.name)]));

const tmp = mkdtempSync(join(tmpdir(), "batchyard-wasm-"));
const pages = files(dir).filter((f) => f.endsWith(".html"));
for (const wasm of files(dir).filter((f) => f.endsWith(".wasm"))) {
  const before = size(wasm);
  let best = { bytes: before, way: "as built" };
  WAYS.forEach((way, n) => {
    const out = join(tmp, `${n}.wasm`);
    execFileSync("wasm-opt", [wasm, ...way, ...FEATURES, "--strip-debug", "--strip-producers", "-o", out], { stdio: ["ignore", "inherit", "inherit"] });
    const bytes = size(out);
    if (bytes < best.bytes) best = { bytes, way: way.join(" "), out };
  });
  if (best.out) {
    const sum = (data) => "sha384-" + createHash("sha384").update(data).digest("base64");
    const old = sum(readFileSync(wasm));
    copyFileSync(best.out, wasm);
    const now = sum(readFileSync(wasm));
    for (const page of pages) {
      const html = readFileSync(page, "utf8");
      if (html.includes(old)) writeFileSync(page, html.replaceAll(old, now));
    }
  }
  console.log(`${wasm}: ${kB(before)} gzip as built, ${kB(best.bytes)} with ${best.way}`);
}
rmSync(tmp, { recursive: true });
