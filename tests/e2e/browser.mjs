// The browser for journeys, screenshots and measurements: Chromium through playwright-core, over the served release build.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execSync } from "node:child_process";
import { chromium, firefox } from "playwright-core";
import { serve } from "../../scripts/serve.mjs";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The widths that every state is looked at in. */
export const SIZES = { wide: { width: 1440, height: 900 }, tablet: { width: 1024, height: 768 }, phone: { width: 390, height: 844 } };
export const THEMES = ["light", "dark"];

function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  return execSync("bash -c 'source scripts/lib.sh; find_browser'", { cwd: ROOT, encoding: "utf8" }).trim();
}

/** The arguments that a browser without a screen, a sandbox or the open internet needs. */
export const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function launch(more = []) {
  return chromium.launch({ executablePath: executable(), headless: !process.env.HEADED, args: [...ARGUMENTS, ...more] });
}

/** The Firefox that is installed, which speaks WebDriver BiDi; none where there is none. */
export async function launchFirefox() {
  const path = execSync("bash -c 'command -v firefox-esr || command -v firefox || true'", { cwd: ROOT, encoding: "utf8" }).trim();
  return path ? firefox.launch({ executablePath: path, channel: "moz-firefox", headless: !process.env.HEADED }) : undefined;
}

/** Serves the site; SITE_URL names one that is served already. */
export async function site(options) {
  if (process.env.SITE_URL) return { url: process.env.SITE_URL, close: async () => {} };
  if (!existsSync(join(ROOT, "dist/index.html"))) throw new Error("dist/ holds no site; build it first: make build");
  return serve(join(ROOT, "dist"), options);
}

/**
 * A page of its own in a fresh profile, which notes everything that went wrong in it in `page.trouble`: errors thrown,
 * errors printed, requests that failed or left the site, and what the content security policy stopped.
 */
export async function open(browser, url, { size = SIZES.wide, theme = "light", reducedMotion = "no-preference", context: more = {}, path = "" } = {}) {
  const context = await browser.newContext({ viewport: size, colorScheme: theme, reducedMotion, permissions: ["clipboard-read", "clipboard-write"], ...more });
  // Long enough for a machine that is slow and busy: what never comes still fails.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  page.trouble = [];
  page.on("pageerror", (e) => page.trouble.push(`error thrown: ${e.stack ?? e.message}`));
  page.on("console", (m) => m.type() === "error" && page.trouble.push(`error printed: ${m.text()} (${m.location().url})`));
  // A request that ends with the document it was for is no trouble. Firefox names that in two ways, which say more elsewhere, and mostly
  // just before it tells of the next document.
  const documents = new WeakMap();
  let document = 0;
  let cut = [];
  page.on("requestfailed", (r) => {
    const why = r.failure()?.errorText;
    if (/ERR_ABORTED/.test(why)) return;
    const said = `request failed: ${r.url()} ${why}`;
    if (/BINDING_ABORTED|STREAM_CLOSED/.test(why)) {
      if (documents.get(r) < document || page.isClosed()) return;
      cut.push({ said, at: Date.now() });
    }
    page.trouble.push(said);
  });
  page.on("request", (r) => {
    if (r.isNavigationRequest() && r.frame() === page.mainFrame()) {
      document++;
      for (const { said, at } of cut) if (Date.now() - at < 500) page.trouble.splice(page.trouble.indexOf(said), 1);
      cut = [];
    }
    documents.set(r, document);
    const at = new URL(r.url());
    if (/^https?:$/.test(at.protocol) && at.hostname !== "localhost" && at.hostname !== "127.0.0.1") page.trouble.push(`request to another host: ${r.url()}`);
  });
  await page.goto(new URL(path, url).href);
  return page;
}

/** Waits until the page has been drawn by the app, not by the loading text of its HTML; the sandbox down to its last pane. */
export async function ready(page) {
  await page.waitForFunction(() => !document.querySelector(".boot") && document.querySelector("main, [role=main]") && !document.querySelector(".bench:not(:has(> .dock))"));
  return page;
}

/** Waits until all of the program is there, and what it changed has come to rest. */
export async function settled(page) {
  await page.waitForFunction(() => !(globalThis.batchyardParts < 3) && !document.querySelector("[aria-busy=true]"));
  await rested(page);
}

/** Waits until the colours and sizes that are on their way have arrived, three seconds at most. */
async function rested(page) {
  await page.waitForTimeout(50);
  await page.evaluate(() =>
    Promise.race([
      Promise.allSettled(document.getAnimations().filter((a) => a instanceof CSSTransition).map((a) => a.finished)),
      new Promise((done) => setTimeout(done, 3000)),
    ]).then(() => undefined),
  );
}

/** What axe finds wrong (WCAG 2.2 AA and its best practices), as readable lines, once the page has come to rest: a colour half way to another is nobody's to read. */
export async function axe(page, { include = undefined, exclude = [] } = {}) {
  await rested(page);
  await page.evaluate(`{ const define = undefined, module = undefined; ${AXE} }; void 0`);
  const found = await page.evaluate(
    ([include, exclude]) =>
      window.axe.run(
        { include: include ? [include] : [document.documentElement], exclude },
        { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"] },
      ),
    [include, exclude],
  );
  return found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${v.help}: ${n.target.join(" ")}: ${n.html.slice(0, 160)}: ${n.failureSummary?.split("\n").slice(1, 3).join(" ").trim()}`));
}

/** A picture below tests/e2e/out (not kept in git), for looking at what a failed journey saw. */
export async function picture(page, name) {
  const dir = join(ROOT, "tests/e2e/out");
  mkdirSync(dir, { recursive: true });
  const path = join(dir, name.replace(/[^\w-]+/g, "-").slice(0, 80) + ".png");
  await page.screenshot({ path }).catch(() => {});
  return path;
}
