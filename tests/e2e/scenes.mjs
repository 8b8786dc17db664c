// The states that the page is looked at in: `make screenshots` takes their pictures, and scenes.test.mjs holds each to axe.
// `arrange` brings a fresh page to the state, by what a learner would do.

/** Opens an example as somebody who has been here before, so that nothing runs by itself. */
async function example(page, id) {
  await page.evaluate((id) => {
    localStorage.setItem("batchyard:tour", "seen");
    localStorage.setItem("batchyard:example", id);
  }, id);
  await page.reload();
  await page.waitForSelector("main");
}
/** Applies, and goes to a moment by the second. */
async function at(page, id, second) {
  await example(page, id);
  await page.click(".applybar [data-do=apply]");
  await page.click("[data-do=end]");
  await page.waitForFunction(() => /Play/.test(document.querySelector("[data-do=play]").textContent));
  if (second !== undefined) await page.locator(".scrub-range").fill(String(second));
  await page.waitForTimeout(100);
}

export const scenes = [
  { name: "first-run", arrange: (page) => example(page, "migration-fails-twice") },
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
      await example(page, "migration-fails-twice");
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
      await example(page, "migration-fails-twice");
      await page.click("text=Statuses");
    },
  },
  {
    name: "examples",
    arrange: async (page) => {
      await example(page, "migration-fails-twice");
      await page.click("text=Examples");
    },
  },
  { name: "broken-link", path: "#v1.hVHBboMwDP2VKOeNBgqj5bZd9x", arrange: async () => {} },
];
