// What the page shows of a crowd, of several workloads, of the past, and to those who see it otherwise.
import assert from "node:assert/strict";
import { settled } from "./browser.mjs";
import { SIZES, journey } from "./journey.mjs";
import { applyManifest, back, manyPods, runToEnd, setSpeed, text } from "./learner.mjs";

journey("the timeline of a crowd shows the rows of the moment", async ({ page }) => {
  await back(page, "hundred-pods");
  await runToEnd(page);
  await page.locator(".scrub-range").fill("20");
  // Of the rows in sight, those of Pods that run now.
  const running = () =>
    page.evaluate(() => {
      const sight = document.querySelector(".gantt-scroll").getBoundingClientRect();
      const rows = [...document.querySelectorAll(".trow:not(.is-ahead) .tname [data-lamp=work]")].map((g) => g.getBoundingClientRect());
      return rows.filter((r) => r.top >= sight.top && r.bottom <= sight.bottom).length;
    });
  await page.waitForFunction(() => document.querySelector(".trow.is-ahead"));
  assert.ok((await running()) >= 3, "rows of Pods that run are in sight");
  await page.locator(".scrub-range").fill("2");
  await page.waitForFunction(() => /ContainerCreating|Running/.test(document.querySelector(".road .pod").textContent));
  assert.ok((await running()) >= 3, "and at another moment, too");
});

journey("three hundred Pods gather, and time goes on", async ({ page }) => {
  await page.waitForSelector(".tour");
  await applyManifest(page, manyPods(300));
  await setSpeed(page, 10);
  await page.waitForFunction(() => /\+ 288 more/.test(document.querySelector(".roads-more")?.textContent));
  assert.equal(await page.locator(".road .pod").count(), 12);
  const clock = await text(page, ".clock");
  await page.waitForFunction((t) => document.querySelector(".clock").textContent.trim() !== t, clock);
});

journey("a crowd that is paused, scrubbed, stepped through or asked about is drawn as it is within a frame", async ({ page }) => {
  await applyManifest(page, manyPods(100, 3));
  await setSpeed(page, 10);
  await page.waitForSelector(".yard[data-dense] .road .pod");
  await settled(page);
  // What is drawn a frame after an act, and what is drawn at last: a click on a part of the page, or a second that is scrubbed to.
  const pictures = (act) =>
    page.evaluate(async (act) => {
      const roads = () => [...document.querySelectorAll(".road")].map((e) => `${e.dataset.lamp} ${e.textContent} ${e.querySelector("[aria-pressed=true]") !== null}`);
      const bars = (e) => [...e.querySelectorAll("path, [data-v]")].map((part) => part.dataset.v ?? part.getAttribute("d")).join(" ");
      const rows = () => [...document.querySelectorAll(".trow")].map((e) => `${e.className} ${e.textContent} ${bars(e)}`);
      const frame = () => new Promise((go) => requestAnimationFrame(go));
      if (typeof act === "string") document.querySelector(act).click();
      else {
        const slider = document.querySelector(".scrub-range");
        slider.value = act;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
      }
      await frame();
      await frame();
      const first = { roads: roads(), rows: rows() };
      await new Promise((go) => setTimeout(go, 1500));
      return [first, { roads: roads(), rows: rows() }];
    }, act);
  for (let n = 0; n < 3; n++) {
    await page.waitForTimeout(700);
    for (const act of ["[data-do=play]", 5, "[data-do=prev]", "[data-do=next]", ".road .pod", 9.5, "[data-do=prev]"]) {
      const [first, last] = await pictures(act);
      assert.deepEqual(first, last, typeof act === "string" ? `a click on ${act}` : `scrubbed to ${act} s`);
    }
    await page.click("[data-do=play]");
  }
});

journey("a key on the scrubber moves it from where time is, also while that runs", async ({ page }) => {
  await back(page);
  await applyManifest(page, manyPods(20));
  await setSpeed(page, 10);
  await page.waitForSelector(".stage .pod");
  for (let n = 0; n < 20; n++) {
    const [clock, value] = await page.evaluate(() => {
      const slider = document.querySelector(".scrub-range");
      slider.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
      const [minutes, seconds] = document.querySelector(".clock").textContent.split(":").map(Number);
      return [minutes * 60 + seconds, Number(slider.value)];
    });
    assert.equal(Math.floor(value), clock);
    await page.waitForTimeout(50);
  }
});

journey("several workloads stand below each other, and none over another", async ({ page }) => {
  const deployment = `---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: server, image: nginx }] }
`;
  await back(page);
  await applyManifest(page, manyPods(2) + deployment);
  await page.waitForSelector(".yard--circle .pod");
  const boxes = await page.locator(".stage-body").evaluateAll((all) => all.map((e) => [e.getBoundingClientRect().top, e.getBoundingClientRect().bottom, e.scrollHeight - e.clientHeight]));
  assert.equal(boxes.length, 2);
  assert.ok(boxes[0][1] <= boxes[1][0] + 1, "the second begins where the first ends");
  assert.deepEqual(boxes.map((b) => b[2] <= 1), [true, true], "each is as high as what it holds");
});

journey("what is asked for before all of the program has come opens when it has", { ready: false }, async ({ page }) => {
  await page.waitForSelector(".stage >> text=Statuses");
  await page.evaluate(() => [...document.querySelectorAll(".stage button")].find((b) => b.textContent === "Statuses").click());
  await page.waitForSelector("#legend[open]");
});

journey("Why? answers for a Pod, and its events are listed in full", async ({ page }) => {
  await back(page, "image-typo");
  await page.click(".applybar [data-do=apply]");
  await setSpeed(page, 10);
  await page.waitForSelector(".road .pod[data-status=ImagePullBackOff]");
  await page.click("[data-do=play]");
  await page.click("#tab-Events");
  const events = await page.locator(".events li[data-type=Warning]").allTextContents();
  assert.ok(events.some((e) => /Failed to pull image/.test(e)), "those of the Job's Pod, too");
  await page.click(".road .pod");
  await page.click(".acts >> text=Why?");
  assert.match(await text(page, ".pop"), /What happened.*The rule.*Next/);
});

journey("on a phone what was applied comes into sight", { size: SIZES.phone }, async ({ page }) => {
  await back(page);
  await page.click(".applybar [data-do=apply]");
  const top = await page.evaluate(() => document.querySelector("#yard").getBoundingClientRect().top);
  assert.ok(top > -300 && top < 500, `the yard begins at ${top} px`);
});

journey("320 px wide, and 200 % large, nothing is wider than the window", { size: { width: 320, height: 640 }, reducedMotion: "reduce" }, async ({ page, axe }) => {
  await back(page, "six-by-two");
  await page.click(".applybar [data-do=apply]");
  // There is no room for the button; the key is there.
  await page.focus("#yard");
  await page.keyboard.press("End");
  await page.waitForSelector(".jobcard[data-job=Complete]");
  const wider = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok((await wider()) <= 0);
  await axe(page);
  // A window of 1280 px at 200 % is 640 px wide.
  await page.setViewportSize({ width: 640, height: 450 });
  assert.ok((await wider()) <= 0);
});

journey("in forced colours the words and glyphs of statuses remain", { context: { forcedColors: "active" }, reducedMotion: "reduce" }, async ({ page, axe }) => {
  await back(page);
  await runToEnd(page);
  assert.match(await text(page, ".siding[data-lamp=fail] .pod"), /Error/);
  assert.ok(await page.locator(".siding[data-lamp=fail] .pod .g").first().isVisible());
  await axe(page);
});

journey("with less motion nothing moves while time runs", { reducedMotion: "reduce" }, async ({ page }) => {
  await back(page, "six-by-two");
  await page.click(".applybar [data-do=apply]");
  await page.waitForSelector(".road .pod[data-status=Running]");
  const moving = await page.evaluate(() => document.getAnimations().filter((a) => a.playState === "running" && a.effect.getComputedTiming().duration > 1).length);
  assert.equal(moving, 0);
});

journey("without WebAssembly the picture and the manifest remain", { ready: false, allow: [/./] }, async ({ open, url }) => {
  const page = await open({ path: "about:blank", ready: false });
  await page.addInitScript(() => delete globalThis.WebAssembly);
  await page.goto(url);
  await page.waitForFunction(() => /blocks WebAssembly/.test(document.body.textContent));
});

journey("a printed page holds the run, without what only a screen can do", async ({ page }) => {
  await back(page);
  await runToEnd(page);
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.isVisible(".jobcard"));
  assert.ok(await page.isVisible(".gantt"));
  for (const part of [".transport", ".applybar", ".nav"]) assert.equal(await page.isVisible(part), false, part);
});
