// The core of the journeys again in Firefox, where one is installed (Debian: firefox-esr). It is driven by WebDriver BiDi, which
// has no permissions and no emulated themes.
import assert from "node:assert/strict";
import { SIZES, launchFirefox, ready, settled } from "./browser.mjs";
import { journeysIn } from "./journey.mjs";
import { applyEdited, back, runToEnd, terminal, text } from "./learner.mjs";

const journey = journeysIn(launchFirefox, "Firefox: ", { theme: null, reducedMotion: null, context: { permissions: undefined } });

/** Changes a part of the manifest, as pasting does: filled key by key each line would be indented by the editor once more. */
async function type(page, from, to) {
  await page.locator("#manifest").evaluate(
    (area, [from, to]) => {
      area.value = area.value.replace(from, to);
      area.dispatchEvent(new InputEvent("input", { bubbles: true }));
    },
    [from, to],
  );
}

journey("a first visit shows a running example, and a tour that is shown once", async ({ page }) => {
  await page.waitForSelector(".stage .pod");
  await page.waitForSelector(".tour");
  await page.click(".tour [aria-label='Skip the tour'], .tour .btn--icon");
  await page.reload();
  await ready(page);
  await settled(page);
  assert.equal(await page.locator(".tour").count(), 0);
});

journey("edit, apply with the keyboard, and the Job runs to Complete", async ({ page }) => {
  await back(page, "db-migration");
  await type(page, "name: db-migration", "name: edited");
  await applyEdited(page);
});

journey("run to the end, scrub, step, and act in the past", async ({ page }) => {
  await back(page);
  await runToEnd(page);
  await page.locator(".scrub-range").fill("28");
  assert.match(await text(page, ".lead-say"), /Held \d+s/);
  await page.click("[data-do=next]");
  assert.notEqual(await text(page, ".clock"), "0:28");
  await page.locator(".scrub-range").fill("28");
  await terminal(page, "kubectl delete job db-migration --wait=false", /deleted/);
  await page.click(".toast-btn");
  await page.waitForSelector(".jobcard");
});

journey("an error stands at its line, and a fix mends it", async ({ page }) => {
  await back(page);
  await type(page, "Never", "Always");
  await page.waitForSelector(".diag");
  assert.match(await text(page, ".diag-msg"), /restartPolicy: Required value/);
  await page.click(".diag-fix >> text=Use Never");
  await page.waitForFunction(() => !document.querySelector(".diag"));
});

journey("a shared link opens the same run", async ({ page }) => {
  await back(page);
  await runToEnd(page);
  await page.locator(".scrub-range").fill("28");
  await page.click("text=Share");
  const link = await page.inputValue("#share input");
  const other = await page.context().newPage();
  await other.goto(link);
  await ready(other);
  await settled(other);
  assert.match(await text(other, ".clock"), /0:28/);
  assert.match(await text(other, ".lead-say"), /Held/);
});

journey("on a phone the yard comes first and the page is as wide as the window", { size: SIZES.phone }, async ({ page }) => {
  await back(page, "six-by-two");
  await runToEnd(page);
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
  const [stage, source] = await Promise.all([".stage", ".source"].map((s) => page.locator(s).boundingBox()));
  assert.ok(stage.y < source.y);
});

journey("compare runs two manifests on one clock", { path: "compare/" }, async ({ page }) => {
  await page.click("[data-speed='60']");
  await page.click("[data-do=play]");
  await page.waitForSelector(".side:nth-of-type(1) .jobcard[data-job=Complete]");
});
