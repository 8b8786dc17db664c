// Takes docs/screenshots/SCENE-WIDTH-THEME.png of every scene in tests/e2e/scenes.mjs, at three widths and in both themes.
//   node scripts/screenshots.mjs [PART OF A NAME]
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT, SIZES, THEMES, launch, open, ready, site } from "../tests/e2e/browser.mjs";
import { scenes } from "../tests/e2e/scenes.mjs";

const only = process.argv[2] ?? process.env.ONLY ?? "";
const dir = join(ROOT, "docs/screenshots");
mkdirSync(dir, { recursive: true });
const [browser, server] = await Promise.all([launch(), site()]);
let failed = 0;
for (const { name, path, arrange } of scenes.filter((s) => s.name.includes(only))) {
  for (const size of Object.values(SIZES)) {
    for (const theme of THEMES) {
      const file = `${name}-${size.width}-${theme}.png`;
      const page = await open(browser, server.url, { size, theme, path, reducedMotion: "reduce" });
      try {
        await ready(page);
        await arrange(page);
        await page.screenshot({ path: join(dir, file) });
        console.log(`docs/screenshots/${file}`);
      } catch (error) {
        failed++;
        console.log(`FAIL ${file}: ${error.message}`);
      }
      await page.context().close();
    }
  }
}
await browser.close();
await server.close();
process.exit(failed ? 1 : 0);
