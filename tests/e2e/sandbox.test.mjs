// The way of a manifest through the sandbox: edit, apply, watch it complete or fail, go back in time, come back to the draft.
import assert from "node:assert/strict";
import { settled } from "./browser.mjs";
import { SIZES, journey } from "./journey.mjs";
import { applyEdited, back, runToEnd, text, type } from "./learner.mjs";

const status = (page) => page.textContent(".jobcard dd[data-lamp]");

journey("a first visit shows a running example at once, and a tour that is shown once", async ({ page }) => {
  await page.waitForSelector(".stage .pod");
  assert.match(await page.textContent(".tour"), /1 of 3/);
  await page.click(".tour .btn--ink");
  await page.click(".tour .btn--ink");
  await page.click(".tour .btn--ink");
  assert.equal(await page.locator(".tour").count(), 0);
  await page.reload();
  await page.waitForSelector("main");
  await page.waitForTimeout(300);
  assert.equal(await page.locator(".tour").count(), 0);
});

journey("edit, apply with the keyboard, and the Job runs to Complete", async ({ page, axe }) => {
  await back(page, "db-migration");
  assert.equal(await status(page), "not created");
  await type(page, "name: db-migration", "name: edited");
  await applyEdited(page);
  assert.match(await text(page, ".ring text"), /1\/1/);
  assert.equal(await page.locator(".siding[data-lamp=done] .pod[data-status=Completed]").count(), 1);
  await axe(page);
});

journey("failures make Pods wait, and cross the bar when backoffLimit is used up", async ({ page, axe }) => {
  await back(page, "db-migration");
  await page.selectOption("[data-do=preset]", "Always fails");
  assert.match(await page.inputValue("#manifest"), /batchyard.dev\/attempts: "exit 1 after 4s"/);
  await type(page, "backoffLimit: 3", "backoffLimit: 1");
  await page.click("[data-do=apply]");
  await page.click("[data-speed='10']");
  await page.waitForFunction(() => /Held \d+s\s+back-off 10s after failure 1/.test(document.querySelector(".lead-say").textContent));
  await page.waitForSelector(".jobcard[data-job=Failed]");
  assert.match(await text(page, ".outcome"), /Failed after \d+s\. 2 Pods failed; backoffLimit 1 allows 1 retry\./);
  assert.equal(await page.locator(".siding[data-lamp=fail] .berth--over .pod").count(), 1);
  assert.match(await text(page, ".meter-text"), /failed 2 of backoffLimit 1/);
  await axe(page);
});

journey("run to the end, scrub back and forth, step, and act in the past", async ({ page }) => {
  await back(page);
  await page.click("[data-do=apply]");
  await page.click("[data-do=end]");
  await page.waitForSelector(".jobcard[data-job=Complete]");
  const end = await text(page, ".clock");
  const slider = page.locator(".scrub-range");
  await slider.fill("3");
  assert.equal(await text(page, ".clock"), "0:03");
  assert.equal(await page.locator(".siding .pod").count(), 0);
  assert.equal(await page.locator(".trow").count() >= 4, true, "what was seen stays on the timeline");
  await page.click("[data-do=next]");
  const next = await text(page, ".clock");
  assert.ok(next > "0:03", next);
  await page.click("[data-do=prev]");
  await slider.fill("50");
  await page.click("[data-do=start]");
  assert.equal(await text(page, ".clock"), "0:00");
  await slider.fill("3");
  await page.fill(".term-in input", "kubectl delete job db-migration --wait=false");
  await page.press(".term-in input", "Enter");
  await page.waitForSelector(".toast");
  assert.match(await text(page, ".toast"), /You changed the run at 0:03\. What came after is gone\. ?Undo/);
  await page.click(".toast-btn");
  await page.click("[data-do=end]");
  await page.waitForSelector(".jobcard[data-job=Complete]");
  assert.equal(await text(page, ".clock"), end);
});

journey("a reload keeps the draft, for each example its own", async ({ page }) => {
  await back(page, "db-migration");
  await type(page, "completions: 1", "completions: 2");
  await page.reload();
  await page.waitForSelector("main");
  assert.match(await page.inputValue("#manifest"), /completions: 2/);
  await page.click("text=Examples");
  await page.click("[data-example=never]");
  assert.doesNotMatch(await page.inputValue("#manifest"), /completions: 2/);
  await page.click("text=Examples");
  await page.click("[data-example=db-migration]");
  assert.match(await page.inputValue("#manifest"), /completions: 2/);
  await page.click("text=Restore");
  assert.match(await page.inputValue("#manifest"), /completions: 1/);
});

journey("an error stands at its line, and the last good run stays on the stage", async ({ page, axe }) => {
  await back(page);
  await page.click("[data-do=apply]");
  await page.click("[data-do=end]");
  await page.waitForSelector(".jobcard[data-job=Complete]");
  await type(page, "restartPolicy: Never", "restartPolicy: Always");
  await page.waitForSelector(".diag");
  assert.match(await text(page, ".diag"), /restartPolicy: Required value: valid values: "OnFailure", "Never"/);
  const bad = await text(page, ".ln.is-bad");
  assert.match(bad, /restartPolicy: Always/);
  await page.click("[data-do=apply]");
  assert.match(await text(page, ".outcome"), /Not applied\./);
  assert.equal(await page.getAttribute(".jobcard", "data-job"), "Complete");
  await axe(page);
  await page.click("text=Use Never");
  assert.match(await page.inputValue("#manifest"), /restartPolicy: Never/);
  assert.equal(await page.locator(".diag").count(), 0);
});

journey("keyboard only, from load to a shared link", { reducedMotion: "reduce" }, async ({ page, open, url }) => {
  await back(page, "migration-fails-twice");
  await page.keyboard.press("Control+Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter"); // the skip link: to the yard
  await page.waitForFunction(() => document.activeElement?.id === "yard");
  await page.keyboard.press("End");
  await page.waitForSelector(".jobcard[data-job=Complete]");
  await page.keyboard.press("Home");
  await page.keyboard.press("]");
  await page.keyboard.press(".");
  await page.waitForSelector(".stage .pod");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.evaluate(() => document.activeElement?.classList.contains("pod")), true, "a Pod has the focus");
  await page.keyboard.press("w");
  await page.waitForSelector(".pop");
  assert.match(await text(page, ".pop"), /What happened.*The rule.*Next/);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".pop").count(), 0);
  const clock = await text(page, ".clock");
  await page.keyboard.press("Control+s");
  await page.waitForSelector("dialog#share[open]");
  const link = await page.inputValue("#share input[readonly]");
  const other = await open({ path: new URL(link).pathname + new URL(link).hash });
  // Its card is there before the simulator is, at 0:00.
  await settled(other);
  assert.equal(await text(other, ".clock"), clock);
  assert.equal(await text(other, ".tally"), await text(page, ".tally"));
});

journey("the page of a link says that its run is loading, until it is there", async ({ page, axe }) => {
  await back(page);
  await runToEnd(page);
  await page.keyboard.press("Control+s");
  await page.waitForSelector("dialog#share[open]");
  const link = await page.inputValue("#share input[readonly]");
  const [clock, tally] = [await text(page, ".clock"), await text(page, ".tally")];
  const other = await page.context().newPage();
  let arrive;
  const arrived = new Promise((ok) => (arrive = ok));
  const hurried = [];
  await other.route(/_(simulator|rest)\.wasm/, async (route) => {
    if (route.request().resourceType() === "xhr") hurried.push(route.request().url());
    await arrived;
    await route.continue();
  });
  await other.goto(link, { waitUntil: "commit" });
  await other.getByText("The run of this link is loading.").waitFor();
  assert.equal(await other.getAttribute("#yard", "aria-busy"), "true");
  await axe(other);
  arrive();
  await other.waitForSelector("#yard:not([aria-busy])");
  await settled(other);
  assert.deepEqual([await text(other, ".clock"), await text(other, ".tally"), hurried], [clock, tally, []]);
});

journey("a broken link explains itself over a working example", { path: "#v1.hVHBboMwDP2VKOeNBgqj5bZd9x" }, async ({ page }) => {
  assert.match(await text(page, ".outcome"), /This link is (cut short|damaged)\./);
  assert.equal(await page.locator(".yard").count(), 1);
});

journey("Why? answers for the Job, and leads to the line", async ({ page, axe }) => {
  await back(page);
  await page.click("[data-do=apply]");
  await page.click("[data-do=end]");
  await page.waitForSelector(".jobcard[data-job=Complete]");
  await page.click(".jobcard .why");
  assert.match(await text(page, ".pop"), /Why is the Job Complete\?/);
  await axe(page);
  await page.click(".pop .link");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "manifest");
});

journey("on a phone the yard comes first, and the panels take turns", { size: SIZES.phone }, async ({ page, axe }) => {
  await back(page);
  const top = async (s) => (await page.locator(s).boundingBox()).y;
  assert.ok((await top(".stage")) < (await top(".time")) && (await top(".time")) < (await top(".source")));
  await page.click(".switch [data-show=terminal]");
  assert.equal(await page.locator(".term").isVisible(), true);
  assert.equal(await page.locator("#manifest").isVisible(), false);
  await axe(page);
});

journey("a Pod can be made to fail, a line typed into the terminal, and kubectl explained", async ({ page }) => {
  await back(page, "db-migration");
  await page.selectOption("[data-do=preset]", "Never exits");
  await page.click(".applybar [data-do=apply]");
  await page.waitForSelector(".road .pod[data-status=Running]");
  await page.click(".road .pod");
  await page.click(".acts >> text=Fail now");
  await page.waitForSelector(".siding .pod[data-status=Error]");
  const input = page.locator(".term-in input");
  await input.fill("kubectl get pods");
  await input.press("Enter");
  await page.waitForFunction(() => /NAME\s+READY\s+STATUS\s+RESTARTS\s+AGE/.test(document.querySelector(".term-body").textContent));
  await input.fill("kubectl explain job.spec.backoffLimit");
  await input.press("Enter");
  await page.waitForFunction(() => /FIELD: backoffLimit <integer>/.test(document.querySelector(".term-body").textContent));
});

journey("zoom, speed, and the settings are kept", async ({ page }) => {
  await back(page);
  await page.click(".applybar [data-do=apply]");
  await page.click("[data-do=end]");
  await page.waitForSelector(".jobcard[data-job=Complete]");
  await page.click("[aria-label^='Show less of the timeline']");
  assert.notEqual(await page.getAttribute(".scrub-range", "min"), "0");
  await page.click("[aria-label=Settings]");
  await page.click("#settings >> text=Dark");
  assert.equal(await page.getAttribute("html", "data-theme"), "dark");
  await page.reload();
  await page.waitForSelector("main");
  assert.equal(await page.getAttribute("html", "data-theme"), "dark");
});
