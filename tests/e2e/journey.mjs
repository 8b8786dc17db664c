// `journey("name", async ({ page, open, url, axe }) => { ... })`: one test in a browser of its own profile. It fails on
// anything that went wrong in any page it opened, and then leaves a picture in tests/e2e/out.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import * as browserTools from "./browser.mjs";
import { test } from "./trial.mjs";

let browser;
let server;

before(async () => {
  [browser, server] = await Promise.all([browserTools.launch(), browserTools.site()]);
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/**
 * Options: `path` (below the site), `size`, `theme`, `reducedMotion`, `context` (playwright's), `page: false` to open none,
 * `ready: false` not to wait for the app, `allow: [RegExp]` for trouble that the journey means to make, `timeout` in ms.
 */
export function journey(name, options, body) {
  if (typeof options === "function") [options, body] = [{}, options];
  test(name, { timeout: options.timeout ?? 240_000 }, async () => {
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
        if (!p.isClosed()) console.log(`picture: ${await browserTools.picture(p, `${name}-${n}`)}`);
        if (p.trouble.length) console.log(p.trouble.join("\n"));
      }
      throw error;
    } finally {
      for (const p of pages) await p.context().close().catch(() => {});
    }
  });
}

/** Fails with axe's findings, if there are any. */
export async function accessible(page, options) {
  const found = await browserTools.axe(page, options);
  assert.deepEqual(found, [], "axe");
}

export { SIZES, THEMES } from "./browser.mjs";
