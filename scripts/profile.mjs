// Writes scripts/first-load.txt: which parts of the page's functions run while it loads and shows its first run, at the first visit
// and at later ones. scripts/optimize.mjs keeps these in the first part of the WebAssembly.
//   node scripts/profile.mjs        after `make build`
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SIZES, launch, open, ready } from "../tests/e2e/browser.mjs";
import { serve } from "./serve.mjs";
import { writeProfile } from "./split-profile.mjs";
import { instrument } from "./split.mjs";

const PROFILE = "scripts/first-load.txt";
/** How many visits: the first finds nothing, the second what the first left. */
const VISITS = 2;
/** So long the page gets to be drawn, and then its example to run. */
const [DRAWN, RUN] = [300, 1000];
const dir = mkdtempSync(join(tmpdir(), "batchyard-profile-"));
cpSync("dist", dir, { recursive: true });
const { module, functions } = instrument(readFileSync(".tools/page-named.wasm"));
writeFileSync(join(dir, readdirSync(dir).find((f) => f.endsWith("_bg.wasm"))), module);
// The instrumented module is another one than the pages' integrity attributes name.
for (const page of readdirSync(dir, { recursive: true }).filter((f) => f.endsWith(".html")))
  writeFileSync(join(dir, page), readFileSync(join(dir, page), "utf8").replace(/ integrity="[^"]*"/g, ""));

/** Notes every segment that runs, in the page, which takes the other parts of the WebAssembly to be on their way. */
function note(count) {
  globalThis.batchyardParts = 1;
  const ran = new Uint8Array(count);
  globalThis.segmentsThatRan = () => [...ran.keys()].filter((i) => ran[i]);
  for (const way of ["instantiate", "instantiateStreaming"]) {
    const own = WebAssembly[way];
    WebAssembly[way] = (source, imports) => {
      if (imports?.first) return new Promise(() => {});
      imports.split = { ...imports.split, mark: (n) => (ran[n] = 1) };
      return own.call(WebAssembly, source, imports);
    };
  }
}

const count = functions.reduce((n, f) => n + f.segments, 0);
const stages = [new Uint8Array(count), new Uint8Array(count)];
const [browser, server] = await Promise.all([launch(), serve(dir)]);
for (const size of [SIZES.wide, SIZES.phone]) {
  const page = await open(browser, server.url, { size, path: "about:blank" });
  await page.addInitScript(note, count);
  const collect = async (...into) => {
    for (const n of await page.evaluate(() => globalThis.segmentsThatRan())) for (const stage of into) stage[n] = 1;
  };
  for (let n = 1; n <= VISITS; n++) {
    await page.goto(server.url);
    await ready(page);
    await page.waitForTimeout(DRAWN);
    // A page that is left while the rest is on its way is hidden first, and can load nothing any more.
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await page.waitForTimeout(100);
    await collect(...stages);
    await page.evaluate(() => ((globalThis.batchyardParts = 2), dispatchEvent(new Event("batchyard:part"))));
    await page.waitForTimeout(RUN);
    await collect(stages[1]);
    console.log(`${size.width} px, visit ${n}: ${stages.map((ran) => ran.reduce((n, one) => n + one, 0)).join(" and ")} segments so far, of ${count}`);
  }
  // The widget: the simulator's part is all that it waits for.
  await page.goto(`${server.url}embed/?scenario=migration-fails-twice&run=load`);
  await page.waitForTimeout(DRAWN);
  await page.evaluate(() => ((globalThis.batchyardParts = 3), dispatchEvent(new Event("batchyard:part"))));
  await page.waitForSelector("html[data-state=running]");
  await page.waitForTimeout(2 * RUN);
  await collect(stages[1]);
  console.log(`${size.width} px, embed: ${stages.map((ran) => ran.reduce((n, one) => n + one, 0)).join(" and ")} segments so far`);
  const trouble = page.trouble.filter((t) => !/_(simulator|rest)/.test(t));
  if (trouble.length) console.log(trouble.join("\n"));
  await page.context().close();
}
await browser.close();
await server.close();
rmSync(dir, { recursive: true });
const text = writeProfile(functions.map(({ from, segments, ...f }) => ({ ...f, stages: stages.map((ran) => ran.subarray(from, from + segments)) })));
writeFileSync(PROFILE, text);
console.log(`wrote ${PROFILE} (${(text.length / 1000).toFixed(0)} kB); build again for a split by it`);
