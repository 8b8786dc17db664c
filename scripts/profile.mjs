// Writes scripts/first-load.txt: which of the page's functions run while it loads and shows its first run, at the first visit and
// at later ones. scripts/optimize.mjs keeps these in the first part of the WebAssembly.
//   node scripts/profile.mjs        after `make build`
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SIZES, launch, open, ready } from "../tests/e2e/browser.mjs";
import { serve } from "./serve.mjs";
import { instrument } from "./split.mjs";

const PROFILE = "scripts/first-load.txt";
/** How long each visit lasts: the first shows its whole run, the second is cut short, the third finds the draft of the first two. */
const VISITS = [30, 0.2, 5];
const dir = mkdtempSync(join(tmpdir(), "batchyard-profile-"));
cpSync("dist", dir, { recursive: true });
const { module, keys } = instrument(readFileSync(".tools/page-named.wasm"));
writeFileSync(join(dir, readdirSync(dir).find((f) => f.endsWith("_bg.wasm"))), module);
// The instrumented module is another one than the pages' integrity attributes name.
for (const page of readdirSync(dir, { recursive: true }).filter((f) => f.endsWith(".html")))
  writeFileSync(join(dir, page), readFileSync(join(dir, page), "utf8").replace(/ integrity="[^"]*"/g, ""));

/** Notes every function that runs, in the page. */
function note(count) {
  const ran = new Uint8Array(count);
  globalThis.functionsThatRan = () => [...ran.keys()].filter((i) => ran[i]);
  for (const way of ["instantiate", "instantiateStreaming"]) {
    const own = WebAssembly[way];
    WebAssembly[way] = (source, imports) => {
      if (imports?.first) return new Promise(() => {});
      imports.split = { ...imports.split, mark: (n) => (ran[n] = 1) };
      return own.call(WebAssembly, source, imports);
    };
  }
}

const found = new Set();
const [browser, server] = await Promise.all([launch(), serve(dir)]);
for (const size of [SIZES.wide, SIZES.phone]) {
  const page = await open(browser, server.url, { size, path: "about:blank" });
  await page.addInitScript(note, keys.length);
  for (const [n, seconds] of VISITS.entries()) {
    await page.goto(server.url);
    await ready(page);
    await page.waitForTimeout(seconds * 1000);
    for (const n of await page.evaluate(() => globalThis.functionsThatRan())) found.add(keys[n]);
    console.log(`${size.width} px, visit ${n + 1}: ${found.size} functions so far, of ${keys.length}`);
  }
  const trouble = page.trouble.filter((t) => !/_rest/.test(t));
  if (trouble.length) console.log(trouble.join("\n"));
  await page.context().close();
}
await browser.close();
await server.close();
rmSync(dir, { recursive: true });
writeFileSync(PROFILE, `# Keys of the functions that run at first (see scripts/split.mjs); made by \`make profile\`.\n${[...found].sort().join("\n")}\n`);
console.log(`wrote ${PROFILE}; build again for a split by it`);
