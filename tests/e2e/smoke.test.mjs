// The page comes up at every width and in both themes: nothing fails, nothing leaves the site, nothing overflows, and axe is content.
import assert from "node:assert/strict";
import { settled } from "./browser.mjs";
import { SIZES, THEMES, journey } from "./journey.mjs";

for (const [name, size] of Object.entries(SIZES)) {
  for (const theme of THEMES) {
    journey(`loads at ${size.width} px, ${theme} (${name})`, { size, theme }, async ({ page, axe }) => {
      assert.match(await page.title(), /batchyard/i);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wider <= 0, `the page is ${wider} px wider than the window`);
      await settled(page);
      await axe(page);
    });
  }
}

journey("each part of the program is rehearsed in a worker before the page runs it, and none is fetched in a hurry", { path: "about:blank", ready: false }, async ({ page, url }) => {
  await page.addInitScript(() => {
    const said = (globalThis.said = []);
    const Own = Worker;
    globalThis.Worker = class extends Own {
      constructor(...all) {
        super(...all);
        this.addEventListener("message", ({ data }) => said.push(data.error ?? data.n));
        this.addEventListener("error", ({ message }) => said.push(message));
      }
    };
    const send = XMLHttpRequest.prototype.open;
    XMLHttpRequest.prototype.open = function (...all) {
      said.push(`hurry: ${all[1]}`);
      return send.apply(this, all);
    };
  });
  await page.goto(url);
  await settled(page);
  assert.deepEqual(await page.evaluate(() => globalThis.said), [0, 1]);
});
