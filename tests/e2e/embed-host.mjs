// A stranger's page with the widget in it, for the journeys of the embed.
import { createServer } from "node:http";
import { after, before } from "node:test";
import { launch, site } from "./browser.mjs";

/** The browser, and the site: as it is; without its headers; below a path. */
export const at = {};
const open = [];

before(async () => {
  [at.browser, at.server, at.bare, at.sub] = await Promise.all([launch(), site(), site({ headers: {} }), site({ base: "/docs/batchyard/" })]);
  open.push(at.server, at.bare, at.sub);
});
after(async () => {
  await at.browser?.close();
  for (const s of open) await s.close();
});
/** Closed when the journeys are over. */
export const closing = (server) => (open.push(server), server);

/** A page of somebody else's, on an origin of its own. */
export async function host(html, headers = {}) {
  const s = createServer((req, res) => (req.url === "/favicon.ico" ? res.writeHead(204).end() : res.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...headers }).end(html)));
  await new Promise((ok) => s.listen(0, "127.0.0.1", ok));
  closing({ close: () => new Promise((done) => (s.closeAllConnections(), s.close(done))) });
  return `http://127.0.0.1:${s.address().port}/`;
}

export async function visit(url, { browser = at.browser, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1024, height: 900 }, ...options });
  // Long enough for a machine that is slow and busy: what never comes still fails.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  page.trouble = [];
  page.on("pageerror", (e) => page.trouble.push(e.message));
  page.on("console", (m) => m.type() === "error" && page.trouble.push(m.text()));
  await page.goto(url);
  return page;
}
export const frame = (page, n = 0) => page.frameLocator("iframe").nth(n);
export const doc = (body, head = "") => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Host</title>${head}</head><body>${body}</body></html>`;
export const script = () => `<script type="module" src="${at.server.url}embed/v1.js"></script>`;
export const element = (attributes = "", inner = "") => doc(`<p>Before</p><batch-yard ${attributes}>${inner}</batch-yard><p style="height:1500px">After</p>`, script());

/** Collects the element's events in window.seen. */
export const LISTEN = `window.seen = []; for (const n of ["ready","status","marker","complete","goal","change","error"]) document.querySelector("batch-yard").addEventListener("batchyard:" + n, (e) => seen.push([n, e.detail]));`;
export const seen = (page, name) => page.waitForFunction((n) => seen.find(([k]) => k === n)?.[1], name).then((h) => h.jsonValue());
/** Waits until the widget runs in the frame, however it was started. */
export const started = (page, n = 0) => frame(page, n).locator(".widget").waitFor();
/** Asks for something by the element's methods; `ask(page, "seek", 30)`. */
export const ask = (page, method, ...args) => page.evaluate(([m, a]) => document.querySelector("batch-yard")[m](...a), [method, args]);

export async function run(page, n = 0) {
  // A click right after a scroll may still go to where the frame was before: Chromium learns where a frame of another site is
  // with the next picture. A reader would click again.
  for (let tries = 0; tries < 5; tries++) {
    await frame(page, n).getByRole("button", { name: "Run it here" }).click();
    const heard = frame(page, n).locator("html[data-state]").waitFor({ state: "attached", timeout: 3_000 });
    if (await heard.then(() => true, () => false)) break;
  }
  await started(page, n).catch(async (error) => {
    const state = await frame(page, n).locator("html").evaluate((e) => JSON.stringify({ ...e.dataset, says: document.getElementById("trouble")?.textContent }));
    throw new Error(`the widget does not start: ${state}`, { cause: error });
  });
}
