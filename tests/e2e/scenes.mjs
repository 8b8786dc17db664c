// The states that the page is looked at in: `make screenshots` takes their pictures, and scenes.test.mjs holds each to axe.
// `arrange` brings a fresh page to the state, by what a learner would do.
import { back, runToEnd } from "./learner.mjs";

/** Applies, and goes to a moment by the second. */
async function at(page, id, second) {
  await back(page, id);
  await runToEnd(page);
  if (second !== undefined) await page.locator(".scrub-range").fill(String(second));
  await page.waitForTimeout(100);
}

export const scenes = [
  { name: "first-run", arrange: (page) => back(page, "migration-fails-twice") },
  { name: "running", arrange: (page) => at(page, "migration-fails-twice", 4) },
  { name: "backoff", arrange: (page) => at(page, "migration-fails-twice", 28) },
  { name: "complete", arrange: (page) => at(page, "migration-fails-twice") },
  { name: "failed", arrange: (page) => at(page, "migration-gives-up") },
  { name: "parallel", arrange: (page) => at(page, "six-by-two", 12) },
  { name: "image-pull", arrange: (page) => at(page, "image-typo", 40) },
  { name: "crash-loop", arrange: (page) => at(page, "crash-loop", 45) },
  { name: "deployment", arrange: (page) => at(page, "migration-as-deployment", 30) },
  { name: "cronjob", arrange: (page) => at(page, "every-minute", 150) },
  { name: "indexed", arrange: (page) => at(page, "indexed", 10) },
  { name: "hundred-pods", arrange: (page) => at(page, "hundred-pods", 20) },
  {
    name: "invalid",
    arrange: async (page) => {
      await back(page, "migration-fails-twice");
      await page.fill("#manifest", (await page.inputValue("#manifest")).replace("Never", "Always"));
      await page.waitForSelector(".diag");
    },
  },
  {
    name: "why",
    arrange: async (page) => {
      await at(page, "migration-fails-twice", 28);
      await page.click(".jobcard .why");
    },
  },
  {
    name: "share",
    arrange: async (page) => {
      await at(page, "migration-fails-twice", 28);
      await page.evaluate(() => document.activeElement?.blur());
      await page.keyboard.press("Control+s");
      await page.waitForSelector("#share[open]");
    },
  },
  {
    name: "statuses",
    arrange: async (page) => {
      await back(page, "migration-fails-twice");
      await page.click("text=Statuses");
    },
  },
  {
    name: "examples",
    arrange: async (page) => {
      await back(page, "migration-fails-twice");
      await page.click("text=Examples");
    },
  },
  { name: "broken-link", path: "#v1.hVHBboMwDP2VKOeNBgqj5bZd9x", arrange: async () => {} },
];
