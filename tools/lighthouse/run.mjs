// Scores pages of the served release build as Lighthouse's mobile preset does (slow 4G, CPU four times slower), the median of a few
// runs, against the wanted scores; and a page of somebody else's with and without an embed, whose scores may fall by one at most.
//   node tools/lighthouse/run.mjs [PATH]...        (the start page and the host by default; `host` is the host alone)
import { createServer } from "node:http";
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";
import { ARGUMENTS } from "../../tests/e2e/browser.mjs";
import { serve } from "../../scripts/serve.mjs";

const WANTED = { performance: 99, accessibility: 100, "best-practices": 100 };
const MOST_LOST = 1;
const RUNS = Number(process.env.RUNS ?? 3);
const asked = process.argv.slice(2).length ? process.argv.slice(2) : ["", "host"];
const METRICS = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift", "speed-index"];

const server = await serve("dist");
let passed = 0;
let failed = 0;
const judge = (good) => (good ? passed++ : failed++);

/** The run with the middle score for speed. */
async function measure(url) {
  const runs = [];
  for (let n = 0; n < RUNS; n++) {
    const chrome = await launch({ chromePath: process.env.CHROMIUM, chromeFlags: ["--headless", ...ARGUMENTS], logLevel: "silent" });
    try {
      const { lhr } = await lighthouse(url, { port: chrome.port, onlyCategories: Object.keys(WANTED), logLevel: "silent" });
      runs.push(lhr);
    } finally {
      chrome.kill();
    }
  }
  return runs.sort((a, b) => a.categories.performance.score - b.categories.performance.score)[Math.floor(RUNS / 2)];
}
const score = (lhr, name) => Math.round(lhr.categories[name].score * 100);
const metrics = (lhr) => METRICS.forEach((id) => console.log(`    ${lhr.audits[id].title}: ${lhr.audits[id].displayValue}`));

async function page(path) {
  const lhr = await measure(new URL(path, server.url).href);
  for (const [name, wanted] of Object.entries(WANTED)) {
    const good = score(lhr, name) >= wanted;
    console.log(`/${path}`.padEnd(24), name.padEnd(16), String(score(lhr, name)).padStart(4), `wanted ${wanted}`, good ? "" : "BELOW");
    judge(good);
    for (const { id, weight } of good ? [] : lhr.categories[name].auditRefs) {
      const audit = lhr.audits[id];
      if (audit.score !== null && audit.score < 0.9) console.log(`    ${audit.title}: ${audit.displayValue ?? audit.score}${weight ? "" : " (no weight)"}`);
    }
  }
  metrics(lhr);
}

/** A page of documentation on an origin of its own. */
async function host(embed) {
  const text = "<p>A Job replaces a Pod that failed, and waits twice as long before each further try.</p>".repeat(4);
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Retries</title><meta name="description" content="A page of documentation"><link rel="icon" href="data:,">${embed[0]}</head><body><main><h1>Retries</h1>${text}${embed[1]}${text.repeat(3)}</main></body></html>`;
  const s = createServer((_, res) => res.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(html));
  await new Promise((ok) => s.listen(0, "127.0.0.1", ok));
  const lhr = await measure(`http://127.0.0.1:${s.address().port}/`);
  s.closeAllConnections();
  s.close();
  return lhr;
}

async function hosts() {
  const before = await host(["", ""]);
  const ways = {
    element: [`<script type="module" src="${server.url}embed/v1.js"></script>`, '<batch-yard scenario="migration-fails-twice" style="display: block; min-height: 480px"></batch-yard>'],
    iframe: ["", `<iframe src="${server.url}embed/?scenario=migration-fails-twice" title="A Job" width="100%" height="480" loading="lazy" style="border: 0"></iframe>`],
  };
  for (const [way, embed] of Object.entries(ways)) {
    const lhr = await host(embed);
    for (const name of Object.keys(WANTED)) {
      const [was, is] = [score(before, name), score(lhr, name)];
      const good = is >= was - MOST_LOST;
      console.log(`host with an ${way}`.padEnd(24), name.padEnd(16), String(is).padStart(4), `without it ${was}`, good ? "" : "BELOW");
      judge(good);
    }
    metrics(lhr);
  }
}

for (const path of asked) await (path === "host" ? hosts() : page(path));
await server.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
