// Compare: two manifests on one clock.
import assert from "node:assert/strict";
import { SIZES, THEMES, journey } from "./journey.mjs";

const text = (page, selector) => page.textContent(selector).then((t) => t.replace(/\s+/g, " ").trim());

journey("Job or Deployment: one is done, the other never is", { path: "compare/" }, async ({ page, axe }) => {
  assert.match(await text(page, ".side:nth-of-type(1) .diffline"), /kind: Job$/);
  assert.match(await text(page, ".side:nth-of-type(2) .diffline"), /kind: Deployment$/);
  await page.click("[data-speed='10']");
  await page.click("[data-do=play]");
  await page.waitForSelector(".side:nth-of-type(1) .jobcard[data-job=Complete]");
  assert.equal(await page.locator(".side:nth-of-type(2) .yard--circle .pod").count(), 1);
  const ends = await text(page, ".differs tbody tr:first-child");
  assert.match(ends, /^Ends ?Complete after \d+s ?never/);
  await axe(page);
});

for (const theme of THEMES) {
  journey(`compare is accessible on a phone, ${theme}`, { path: "compare/?p=policy", size: SIZES.phone, theme, reducedMotion: "reduce" }, async ({ page, axe }) => {
    await page.click("[data-do=end]");
    await page.waitForSelector(".side:nth-of-type(1) .jobcard[data-job=Failed]");
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wider <= 0, `the page is ${wider} px wider than the window`);
    await axe(page);
  });
}

journey("two manifests of one's own, applied together", { path: "compare/?p=own" }, async ({ page }) => {
  const left = page.locator(".side:nth-of-type(1) textarea");
  await left.fill((await left.inputValue()).replace(/name: \S+/, "name: mine"));
  await page.click("button >> text=Apply both");
  await page.waitForFunction(() => /mine/.test(document.querySelector(".side .jobcard-head").textContent));
});
