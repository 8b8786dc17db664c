// Writes scripts/first-page.txt: which parts of the page's functions run while it loads and shows its first run, at the first visit
// and at later ones; and scripts/first-embed.txt: which run while an embed plays, is stopped and moved about in time.
// scripts/optimize.mjs keeps these in the first parts of the WebAssembly.
//   node scripts/profile.mjs        after `make build`
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SIZES, launch, open, ready } from "../tests/e2e/browser.mjs";
import { back, runToEnd } from "../tests/e2e/learner.mjs";
import { serve } from "./serve.mjs";
import { LIGHT, STAGES, profileOf, writeProfile } from "./split-profile.mjs";
import { instrument } from "./split.mjs";

/** How many visits: the first finds nothing, the second what the first left. */
const VISITS = 2;
/** So long the page gets to be drawn, and then its example to run; and each example of those that an embed may show. */
const [DRAWN, RUN, EACH] = [300, 1000, 600];
const dir = mkdtempSync(join(tmpdir(), "batchyard-profile-"));
cpSync("dist", dir, { recursive: true });
/** Puts a program's module into the site that notes what runs; it is whole, and another one than the pages' integrity attributes name. */
function instrumented(program) {
  const { module, functions } = instrument(readFileSync(`.tools/${program}-named.wasm`));
  const count = functions.reduce((n, f) => n + f.segments, 0);
  const stages = Object.fromEntries(STAGES[program].map((name) => [name, new Uint8Array(count)]));
  const file = readdirSync(dir).find((f) => f.startsWith(`batchyard-${program}-`) && f.endsWith("_bg.wasm")) ?? `batchyard-${program}_bg.wasm`;
  writeFileSync(join(dir, file), module);
  const app = readdirSync(dir).find((f) => new RegExp(`^batchyard-${program}-[0-9a-f]+\\.js$`).test(f));
  return { program, functions, count, stages, file, app };
}
const [ofPage, ofEmbed] = [instrumented("page"), instrumented("embed")];
for (const page of readdirSync(dir, { recursive: true }).filter((f) => f.endsWith(".html"))) {
  const html = readFileSync(join(dir, page), "utf8").replace(/ data-packed="[^"]*"/g, ` data-wasm="../${ofEmbed.file}"`);
  writeFileSync(join(dir, page), html.replace(/ (integrity|data-split|data-light)="[^"]*"/g, ""));
}

/** Notes every segment that runs, in the page, which takes the other parts of the WebAssembly to be on their way. */
function note([count, parts, hurry, slow]) {
  globalThis.batchyardParts = parts;
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
  // No worker rehearses the instrumented module: it knows nothing of marks.
  globalThis.Worker = class {
    postMessage() {}
    terminate() {}
  };
  const frame = requestAnimationFrame;
  globalThis.requestAnimationFrame = (f) => (slow ? setTimeout(() => frame(f), slow) : frame((t) => f(t * hurry)));
}

const said = (what, { stages, count }) =>
  console.log(`${what}: ${Object.entries(stages).map(([name, ran]) => `${name} ${ran.reduce((n, one) => n + one, 0)}`).join(", ")} segments so far, of ${count}`);
const collect = async (page, { stages }, ...into) => {
  for (const n of await page.evaluate(() => globalThis.segmentsThatRan())) for (const name of into) stages[name][n] = 1;
};
const [browser, server] = await Promise.all([launch(), serve(dir)]);
const trouble = (page) => {
  const found = page.trouble.filter((t) => !/_(simulator|others|rest)/.test(t));
  if (found.length) console.log(found.join("\n"));
};

/** Tells the page how many parts of the WebAssembly are there. */
const arrived = (page, parts) => page.evaluate((parts) => ((globalThis.batchyardParts = parts), dispatchEvent(new Event("batchyard:part"))), parts);

/** Collects what runs while the page is drawn, and then while its run is. */
async function comeUp(page, runs) {
  await page.waitForTimeout(DRAWN);
  await collect(page, ofPage, "page", "run");
  await arrived(page, 2);
  await runs();
  await page.waitForTimeout(RUN);
  // What a worker runs before the page does (scripts/rehearsal.js).
  await page.evaluate(async (app) => (await import(app)).rehearse(false), pageApp);
  await collect(page, ofPage, "run");
}
const [pageApp, embedApp] = [server.url + ofPage.app, server.url + ofEmbed.app];
// On a slow phone more happens from one frame to the next.
const WAYS = [SIZES.wide, SIZES.phone].flatMap((size) => [0, 80, 220].map((slow) => [size, slow]));
for (const [size, slow] of WAYS) {
  const page = await open(browser, server.url, { size, path: "about:blank" });
  await page.addInitScript(note, [ofPage.count, 1, 1, slow]);
  for (let n = 1; n <= VISITS; n++) {
    await page.goto(server.url);
    await ready(page);
    // A first visit's example runs up to where it waits for the rest, however busy the machine is.
    await comeUp(page, async () => n > 1 || page.waitForFunction(() => /0:01/.test(document.querySelector(".clock").textContent)));
    said(`${size.width} px, ${slow} ms more a frame, visit ${n}`, ofPage);
  }
  // The link to a run, for one who was here before and for one who was not.
  await arrived(page, 3);
  await back(page);
  await arrived(page, 3);
  await runToEnd(page);
  await page.keyboard.press("Control+s");
  const link = await page.locator("#share input[readonly]").inputValue();
  const fresh = await open(browser, server.url, { size, path: "about:blank" });
  await fresh.addInitScript(note, [ofPage.count, 1, 1, slow]);
  for (const visitor of [page, fresh]) {
    await visitor.goto("about:blank");
    await visitor.goto(link);
    await visitor.getByText("The run of this link is loading.").waitFor();
    await visitor.waitForTimeout(DRAWN);
    // It waits for more than the simulator.
    await arrived(visitor, 2);
    await visitor.waitForTimeout(DRAWN);
    await collect(visitor, ofPage, "page", "run");
    said(`${size.width} px, ${slow} ms more a frame, a link`, ofPage);
    trouble(visitor);
    await visitor.context().close();
  }
}

/** What readers of a page do with an embed in it. */
async function read(page) {
  const button = (name) => page.getByRole("button", { name, exact: true });
  const visible = async (locator) => (await locator.count()) > 0 && (await locator.first().isVisible());
  await page.getByText("Complete", { exact: true }).first().waitFor();
  await button("Play").waitFor();
  await button("Play").click();
  await page.waitForTimeout(DRAWN);
  if (await visible(button("Pause"))) await button("Pause").click();
  const slider = page.getByRole("slider", { name: "Time" });
  for (const part of [2, 4, 3]) {
    await slider.evaluate((e, part) => ((e.value = e.max / part), e.dispatchEvent(new Event("input", { bubbles: true }))), part);
    await page.waitForTimeout(DRAWN);
  }
  await slider.press("ArrowLeft");
  for (const name of ["next", "prev", "start", "end"]) if (await visible(page.locator(`[data-do=${name}]`))) await page.locator(`[data-do=${name}]`).click();
  if (await visible(page.locator(".widget-seg button"))) for (const n of [1, 0]) await page.locator(".widget-seg button").nth(n).click();
  for (let n = 0; n < 2; n++) await page.locator("button.pod").first().click();
  if (await visible(page.locator(".transport select"))) await page.locator(".transport select").selectOption("10");
  await page.getByText("Open in batchyard").hover();
  await page.evaluate(async (app) => {
    const { embed_call } = await import(app);
    for (const kind of ["getState", "getLink", "pause", "play"]) embed_call(kind, "null");
    embed_call("seek", '{"t":12}');
    embed_call("step", '{"count":1}');
    embed_call("step", '{"count":-1}');
    embed_call("visible", "false");
    embed_call("visible", "true");
  }, embedApp);
  await page.waitForTimeout(DRAWN);
}
for (const size of [SIZES.wide, SIZES.phone]) {
  const page = await open(browser, server.url, { size, path: "about:blank" });
  // The simulator's part is all that it waits for; its clock runs as fast as its frames allow.
  await page.addInitScript(note, [ofEmbed.count, 2, 16]);
  for (const scenario of LIGHT) {
    await page.goto(`${server.url}embed/?scenario=${scenario}`);
    await page.getByRole("button", { name: "Run it here" }).click();
    await page.waitForSelector("html[data-state=running]");
    await read(page);
    await collect(page, ofEmbed, "embed", "others");
    said(`${size.width} px, embed of ${scenario}`, ofEmbed);
  }
  if (size === SIZES.wide) {
    await page.goto(`${server.url}embed/?scenario=${LIGHT[0]}&speed=60`);
    await page.getByRole("button", { name: "Run it here" }).click();
    await page.waitForSelector("html[data-state=running]");
    for (const file of readdirSync("examples").filter((f) => f.endsWith(".yaml") && f !== "index.yaml")) {
      const yaml = JSON.stringify({ yaml: readFileSync(join("examples", file), "utf8") });
      await page.evaluate(async ([app, yaml]) => {
        const { embed_call } = await import(app);
        embed_call("setYaml", yaml);
        embed_call("play", "null");
      }, [embedApp, yaml]);
      await page.waitForTimeout(EACH);
    }
    await collect(page, ofEmbed, "others");
    said("every example in an embed", ofEmbed);
  }
  trouble(page);
  await page.context().close();
}
await browser.close();
await server.close();
rmSync(dir, { recursive: true });
for (const { program, functions, stages } of [ofPage, ofEmbed]) {
  const text = writeProfile(functions.map(({ from, segments, ...f }) => ({ ...f, stages: STAGES[program].map((name) => stages[name].subarray(from, from + segments)) })));
  writeFileSync(profileOf(program), text);
  console.log(`wrote ${profileOf(program)} (${(text.length / 1000).toFixed(0)} kB); build again for a split by it`);
}
