// `journey("name", async ({ page, open, url, axe }) => { ... })`: one test in a browser of its own profile. It fails on
// anything that went wrong in any page it opened, and then leaves a picture in tests/e2e/out.
import assert from "node:assert/strict";
import { after } from "node:test";
import * as browserTools from "./browser.mjs";
import { test } from "./trial.mjs";

/**
 * Journeys in the browser that `launch` starts before the first of them; they are left out where it finds none. `named` stands
 * before their names, and `basics` are options of all.
 *
 * Options: `path` (below the site), `size`, `theme`, `reducedMotion`, `context` (playwright's), `page: false` to open none,
 * `ready: false` not to wait for the app, `allow: [RegExp]` for trouble that the journey means to make, `timeout` in ms.
 */
export function journeysIn(launch, named = "", basics = {}) {
  let started;
  after(async () => {
    const [browser, server] = (await started?.catch(() => [])) ?? [];
    await browser?.close();
    await server?.close();
  });
  return (name, options, body) => {
    if (typeof options === "function") [options, body] = [{}, options];
    options = { ...basics, ...options };
    test(named + name, { timeout: options.timeout ?? 240_000 }, async (t) => {
      started ??= Promise.all([launch(), browserTools.site()]);
      const [browser, server] = await started;
      if (!browser) return t.skip("this browser is not installed");
      const pages = [];
      const open = async (more = {}) => {
        const page = await browserTools.open(browser, server.url, { ...options, ...more });
        pages.push(page);
        if ((more.ready ?? options.ready) !== false) await browserTools.ready(page);
        return page;
      };
      try {
        const page = options.page === false ? null : await open();
        await body({ page, open, browser, url: server.url, axe: accessible });
        for (const p of pages) {
          const trouble = p.trouble.filter((t) => !(options.allow ?? []).some((a) => a.test(t)));
          assert.deepEqual(trouble, [], "what went wrong in the page");
        }
      } catch (error) {
        for (const [n, p] of pages.entries()) {
          if (!p.isClosed()) console.log(`picture: ${await browserTools.picture(p, `${named}${name}-${n}`)}`);
          if (p.trouble.length) console.log(p.trouble.join("\n"));
        }
        throw error;
      } finally {
        for (const p of pages) await p.context().close().catch(() => {});
      }
    });
  };
}

/** A journey in Chromium. */
export const journey = journeysIn(browserTools.launch);

/** Fails with axe's findings, if there are any. */
export async function accessible(page, options) {
  const found = await browserTools.axe(page, options);
  assert.deepEqual(found, [], "axe");
}

export { SIZES, THEMES } from "./browser.mjs";
