// Prints what a visitor downloads before the page works, gzipped, row by row, and fails above a budget.
//   node scripts/size.mjs [DIST]
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { gzipSync } from "node:zlib";

const dir = process.argv[2] ?? "dist";
const kB = 1000;
// `limit` is the gate, which only comes down; `wanted` is what the design asks for where that is not reached.
const SIMULATOR = /^[^/]*_simulator\.wasm$/;
const PICTURE = ["embed/posters/migration-fails-twice.svg", "embed/posters/migration-fails-twice.yaml"];
const BUDGETS = [
  { name: "first load", page: "index.html", limit: 200 * kB },
  { name: "until its example runs", page: "index.html", comes: SIMULATOR, limit: 430 * kB },
  // The shell fetches the scenario's manifest and picture; counted is the example with which most pages begin.
  { name: "embed, before interaction", page: "embed/index.html", also: PICTURE, limit: 20 * kB },
  // All that is fetched until such an embed has been played to its end (tests/e2e/embed.test.mjs sees to that).
  { name: "embed, after interaction", page: "embed/index.html", also: PICTURE, comes: /^[^/]*_embed\.bin$|^batchyard-embed-\w+\.js$|^embed\/(widget\.css|split\.js|unpack\.js)$/, limit: 250 * kB },
  { name: "embed script", file: "embed/v1.js", limit: 3 * kB },
];

const gz = (file) => gzipSync(readFileSync(join(dir, file)), { level: 9 }).length;
const inside = (file) => existsSync(join(dir, file)) && !file.startsWith("..");

// What a page loads by itself: what its elements name, and what the scripts among that import, in turn. A dynamic import()
// is loaded on first use, so it does not count; the wasm that a script names does.
function closure(page) {
  const seen = new Set([page]);
  const queue = [page];
  while (queue.length) {
    const file = queue.pop();
    if (!/\.(html|m?js)$/.test(file)) continue;
    const text = readFileSync(join(dir, file), "utf8");
    const found = file.endsWith(".html")
      ? [...text.matchAll(/<(?:script|link)\b[^>]*?\b(?:src|href)="([^"#?]+)"/g)].map((m) => m[1])
      : [...text.matchAll(/(?<!import\s*\(\s*)["'`](\.{0,2}\/[^"'`\s]+\.(?:m?js|wasm))["'`]/g)].map((m) => m[1]);
    for (const name of found.filter((n) => !/^(data|https?):/.test(n))) {
      const path = normalize(name.startsWith("/") ? name.slice(1) : join(dirname(file), name));
      // The other parts of the WebAssembly are fetched once the page is drawn (scripts/split-page.mjs).
      if (!seen.has(path) && inside(path) && !/_(simulator|rest|others|last)\.wasm$/.test(path)) {
        seen.add(path);
        queue.push(path);
      }
    }
  }
  return [...seen];
}

if (!existsSync(join(dir, "index.html"))) {
  console.error(`${dir}/ holds no site; build it first: make build`);
  process.exit(1);
}
const row = (name, bytes, budget = "") => console.log(`${name.padEnd(52)} ${(bytes / kB).toFixed(1).padStart(8)} kB  ${budget}`);
let passed = 0;
let failed = 0;
const counted = new Set();
for (const { name, page, file, limit, wanted, comes, also = [] } of BUDGETS) {
  const later = comes ? readdirSync(dir, { recursive: true }).filter((f) => comes.test(f)) : [];
  if (!inside(page ?? file) || (comes && !later.length)) continue;
  const parts = [...new Set([...(page ? closure(page) : [file]), ...also.filter(inside), ...later])];
  const sizes = parts.map((f) => [f, gz(f)]).sort((a, b) => b[1] - a[1]);
  const total = sizes.reduce((n, [, b]) => n + b, 0);
  for (const [f, b] of sizes) counted.has(f) || row(`  ${f}`, b), counted.add(f);
  const good = total <= limit;
  row(name, total, `budget ${limit / kB} kB  ${good ? "within" : "OVER"}${wanted ? ` (wanted: ${wanted / kB} kB)` : ""}`);
  good ? passed++ : failed++;
}
const files = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? files(join(folder, e.name)) : [join(folder, e.name)]));
for (const f of files(dir).map((f) => relative(dir, f)).filter((f) => !counted.has(f))) row(`  later: ${f}`, gz(f));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
