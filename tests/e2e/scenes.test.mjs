// Every state of the page is accessible, in both themes, and as wide as the window.
import assert from "node:assert/strict";
import { SIZES, THEMES, journey } from "./journey.mjs";
import { scenes } from "./scenes.mjs";

for (const { name, path, arrange, wide } of scenes) {
  for (const theme of THEMES) {
    for (const size of wide ? [SIZES.wide] : [SIZES.wide, SIZES.phone]) {
      journey(`${name}, ${theme}, ${size.width} px: axe is content`, { path, theme, size, reducedMotion: "reduce" }, async ({ page, axe }) => {
        await arrange(page);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wider <= 0, `the page is ${wider} px wider than the window`);
        await axe(page);
      });
    }
  }
}
