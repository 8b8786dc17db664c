// Takes docs/screenshots/SCENE-WIDTH-THEME.png of every scene in tests/e2e/scenes.mjs, at three widths and in both themes.
//   node scripts/screenshots.mjs [PART OF A NAME] [PART OF ANOTHER...]
// OUT names another folder. Where Inter is installed it is what `system-ui` means in the pictures: most systems have a font as narrow.
import { execSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, SIZES, THEMES, launch, open, ready, settled, site } from "../tests/e2e/browser.mjs";
import { scenes } from "../tests/e2e/scenes.mjs";
import { small } from "./png.mjs";

const only = process.argv.slice(2);
const dir = process.env.OUT ?? join(ROOT, "docs/screenshots");
mkdirSync(dir, { recursive: true });

/** Lets fontconfig give Inter for `system-ui`, where it is installed. */
function font() {
  try {
    if (!execSync("fc-list Inter", { encoding: "utf8" }).trim()) return;
  } catch {
    return;
  }
  const file = join(mkdtempSync(join(tmpdir(), "batchyard-fonts-")), "fonts.conf");
  const family = (test) => `<match target="pattern"><test name="family"><string>${test}</string></test><edit name="family" mode="assign" binding="strong"><string>Inter</string></edit></match>`;
  writeFileSync(file, `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><include>/etc/fonts/fonts.conf</include>${family("system-ui")}${family("sans-serif")}</fontconfig>`);
  process.env.FONTCONFIG_FILE = file;
}

font();
const [browser, server] = await Promise.all([launch(), site()]);
let failed = 0;
for (const { name, path, arrange, stay, wide, over } of scenes.filter((s) => !only.length || only.some((o) => s.name.includes(o)))) {
  for (const size of Object.values(SIZES).filter((s) => (!wide || s.width > 390) && (!over || s.width !== 1024))) {
    for (const theme of THEMES) {
      const file = `${name}-${size.width}-${theme}.png`;
      const page = await open(browser, server.url, { size, theme, path, reducedMotion: "reduce" });
      try {
        await ready(page);
        await arrange(page);
        await settled(page);
        // The pointer lies over nothing, so nothing looks pointed at.
        await page.mouse.move(0, 0);
        if (!stay) await page.evaluate(() => scrollTo(0, 0));
        await settled(page);
        writeFileSync(join(dir, file), small(await page.screenshot()));
        console.log(file);
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
