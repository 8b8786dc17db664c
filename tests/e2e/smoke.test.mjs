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
