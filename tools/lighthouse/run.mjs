// Scores pages of the served release build as Lighthouse's mobile preset does (slow 4G, CPU four times slower), the median
// of three runs, against the wanted scores.
//   node tools/lighthouse/run.mjs [PATH]...        (the start page by default)
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";
import { ARGUMENTS } from "../../tests/e2e/browser.mjs";
import { serve } from "../../scripts/serve.mjs";

const WANTED = { performance: 99, accessibility: 100, "best-practices": 100 };
const RUNS = 3;
const paths = process.argv.slice(2).length ? process.argv.slice(2) : [""];

const server = await serve("dist");
let passed = 0;
let failed = 0;
for (const path of paths) {
  const runs = [];
  for (let n = 0; n < RUNS; n++) {
    const chrome = await launch({ chromePath: process.env.CHROMIUM, chromeFlags: ["--headless", ...ARGUMENTS], logLevel: "silent" });
    try {
      const { lhr } = await lighthouse(new URL(path, server.url).href, { port: chrome.port, onlyCategories: Object.keys(WANTED), logLevel: "silent" });
      runs.push(lhr);
    } finally {
      chrome.kill();
    }
  }
  const middle = runs.sort((a, b) => a.categories.performance.score - b.categories.performance.score)[Math.floor(RUNS / 2)];
  for (const [name, wanted] of Object.entries(WANTED)) {
    const score = Math.round(middle.categories[name].score * 100);
    const good = score >= wanted;
    console.log(`/${path}`.padEnd(24), name.padEnd(16), String(score).padStart(4), `wanted ${wanted}`, good ? "" : "BELOW");
    good ? passed++ : failed++;
    for (const { id } of good ? [] : middle.categories[name].auditRefs) {
      const audit = middle.audits[id];
      if (audit.score !== null && audit.score < 0.9) console.log(`    ${audit.title}: ${audit.displayValue ?? audit.score}`);
    }
  }
  for (const id of ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift", "speed-index"])
    console.log(`    ${middle.audits[id].title}: ${middle.audits[id].displayValue}`);
}
await server.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
