// Measures how smooth the page is: the longest main-thread tasks while 100 Pods run at 10x, unthrottled and four times slower, and
// the frames a second with 300 Pods; then what a paused and a hidden page still use.
//   node scripts/frames.mjs          on the release build in dist/
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch, open, ready, site } from "../tests/e2e/browser.mjs";
import { applyManifest, manyPods, setSpeed } from "../tests/e2e/learner.mjs";

const SECONDS = 8;
const rows = [];
const row = (name, value, unit, good, wanted) => {
  rows.push(good);
  console.log(`${name.padEnd(52)} ${value.toFixed(1).padStart(8)} ${unit.padEnd(4)} ${wanted}${good ? "" : "  OVER"}`);
};

/** The main thread's tasks in a trace: how long each took of the thread's own time, which a busy machine does not stretch. */
function tasks(file) {
  const { traceEvents } = JSON.parse(readFileSync(file, "utf8"));
  const renderers = new Map();
  for (const e of traceEvents) if (e.name === "thread_name" && e.args.name === "CrRendererMain") renderers.set(`${e.pid}:${e.tid}`, []);
  for (const e of traceEvents) {
    const list = renderers.get(`${e.pid}:${e.tid}`);
    if (list && /RunTask$/.test(e.name) && e.ph === "X") list.push((e.tdur ?? e.dur) / 1000);
  }
  // The page's own renderer is the one that worked most.
  return [...renderers.values()].sort((a, b) => b.reduce((x, y) => x + y, 0) - a.reduce((x, y) => x + y, 0))[0] ?? [];
}

async function trace(browser, page, seconds) {
  const path = join(tmpdir(), `batchyard-trace-${process.pid}.json`);
  await browser.startTracing(page, { path, categories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"] });
  await page.waitForTimeout(seconds * 1000);
  await browser.stopTracing();
  const found = tasks(path);
  rmSync(path);
  return found;
}

const framesIn = (page, seconds) =>
  page.evaluate(
    (ms) =>
      new Promise((done) => {
        let n = 0;
        const start = performance.now();
        const step = (t) => (t - start < ms ? (n++, requestAnimationFrame(step)) : done((n * 1000) / (t - start)));
        requestAnimationFrame(step);
      }),
    seconds * 1000,
  );

const [browser, server] = await Promise.all([launch(), site()]);
async function running(pods, speed) {
  const page = await ready(await open(browser, server.url));
  await applyManifest(page, manyPods(pods));
  await setSpeed(page, speed);
  await page.waitForTimeout(2000);
  return page;
}

{
  const page = await running(100, 10);
  const found = await trace(browser, page, SECONDS);
  row("100 Pods at 10x, longest task", Math.max(...found, 0), "ms", Math.max(...found, 0) <= 16, "at most 16");
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  const slow = await trace(browser, page, SECONDS);
  row("100 Pods at 10x, longest task, four times slower", Math.max(...slow, 0), "ms", Math.max(...slow, 0) <= 50, "at most 50");
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  await page.locator('[data-do="play"]').click();
  await page.waitForTimeout(1500);
  const paused = await trace(browser, page, 3);
  const share = paused.reduce((a, b) => a + b, 0) / 30;
  row("paused, main thread busy", share, "%", share <= 1, "at most 1");
  await page.context().close();
}
{
  const page = await running(300, 10);
  const rate = await framesIn(page, SECONDS);
  row("300 Pods at 10x, frames a second", rate, "", rate >= 50, "at least 50");
  await page.context().close();
}
await browser.close();
await server.close();
const passed = rows.filter(Boolean).length;
console.log(`${passed} passed, ${rows.length - passed} failed`);
process.exit(passed === rows.length ? 0 : 1);
