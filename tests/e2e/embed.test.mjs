// The widget in other people's pages: it runs there, talks with its host, and never harms it.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { accessible } from "./journey.mjs";
import { ROOT, launch, site } from "./browser.mjs";

let browser, server, bare, sub;
const hosts = [];
before(async () => {
  [browser, server, bare, sub] = await Promise.all([launch(), site(), site({ headers: {} }), site({ base: "/docs/batchyard/" })]);
});
after(async () => {
  await browser.close();
  for (const s of [server, bare, sub, ...hosts]) await s.close();
});

/** A page of somebody else's, on an origin of its own. */
async function host(html, headers = {}) {
  const s = createServer((req, res) => res.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...headers }).end(html));
  await new Promise((ok) => s.listen(0, "127.0.0.1", ok));
  hosts.push({ close: () => new Promise((done) => (s.closeAllConnections(), s.close(done))) });
  return `http://127.0.0.1:${s.address().port}/`;
}

async function visit(url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1024, height: 900 }, ...options });
  const page = await context.newPage();
  page.trouble = [];
  page.on("pageerror", (e) => page.trouble.push(e.message));
  await page.goto(url);
  return page;
}
const frame = (page, n = 0) => page.frameLocator("iframe").nth(n);
const doc = (body, head = "") => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Host</title>${head}</head><body>${body}</body></html>`;
const element = (attributes = "", inner = "") => doc(`<p>Before</p><batch-yard ${attributes}>${inner}</batch-yard><p style="height:1500px">After</p>`, `<script type="module" src="${server.url}embed/v1.js"></script>`);
/** Collects the element's events in window.seen. */
const LISTEN = `window.seen = []; for (const n of ["ready","status","marker","complete","goal","change","error"]) document.querySelector("batch-yard").addEventListener("batchyard:" + n, (e) => seen.push([n, e.detail]));`;
const seen = (page, name) => page.waitForFunction((n) => seen.find(([k]) => k === n)?.[1], name).then((h) => h.jsonValue());

async function run(page, n = 0) {
  await frame(page, n).getByRole("button", { name: "Run it here" }).click();
  await frame(page, n).locator(".widget").waitFor();
}

test("under a strict policy of the host the frame still runs", async () => {
  const page = await visit(await host(doc(`<iframe src="${server.url}embed/?scenario=db-migration" width="800" height="420" title="Job"></iframe>`), { "Content-Security-Policy": `default-src 'none'; frame-src ${new URL(server.url).origin}` }));
  await run(page);
  await frame(page).getByRole("button", { name: "Pause" }).waitFor();
  assert.deepEqual(page.trouble, []);
});

test("before it is wanted, no WebAssembly is fetched, and a picture is shown", async () => {
  const asked = [];
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on("request", (r) => asked.push(r.url()));
  await page.goto(await host(element('scenario="db-migration"')));
  await frame(page).locator("#still").waitFor();
  assert.ok(await frame(page).locator("#still").evaluate((i) => i.decode().then(() => i.naturalWidth > 0)));
  assert.ok(!asked.some((u) => u.endsWith(".wasm")), asked.join("\n"));
  await run(page);
  assert.ok(asked.some((u) => u.endsWith(".wasm")));
});

test("in a sandbox without an origin it runs where the site sends CORS headers, and says so where it does not", async () => {
  const inBox = (url) => doc(`<iframe sandbox="allow-scripts" src="${url}embed/?scenario=db-migration" width="800" height="420" title="Job"></iframe>`);
  await run(await visit(await host(inBox(server.url))));
  const page = await visit(await host(inBox(bare.url)));
  // Module scripts of an opaque origin need CORS: the shell itself cannot start, and the page around it holds the manifest.
  await frame(page).locator("#poster").waitFor();
});

test("the host drives it and hears of it", async () => {
  const page = await visit(await host(element('scenario="migration-fails-twice" goal="1"')));
  await page.evaluate(LISTEN);
  await page.evaluate(() => document.querySelector("batch-yard").play());
  assert.equal((await seen(page, "status")).kind, "Job");
  await page.evaluate(() => document.querySelector("batch-yard").pause());
  await page.evaluate(() => document.querySelector("batch-yard").seek(120));
  assert.equal((await seen(page, "complete")).status, "Complete");
  assert.equal((await seen(page, "goal")).passed, true);
  const state = await page.evaluate(() => document.querySelector("batch-yard").getState());
  assert.equal(state.workload.succeeded, 1);
  assert.equal(state.workload.failed, 2);
  await page.evaluate(() => document.querySelector("batch-yard").setYaml("kind: Job\napiVersion: batch/v1\nmetadata: {name: x}\nspec: {}\n"));
  assert.match((await seen(page, "error")).message, /The Job "x" is invalid/);
  await page.evaluate(() => document.querySelector("batch-yard").reset());
});

test("the host's own manifest runs, and stays in the page for readers without scripts", async () => {
  const yaml = readFileSync(join(ROOT, "examples/never.yaml"), "utf8");
  const page = await visit(await host(element("", `<pre><code class="language-yaml">${yaml}</code></pre>`)));
  assert.match(await page.locator("batch-yard pre").textContent(), /name: import/);
  await run(page);
  await frame(page).getByRole("heading", { name: "import" }).waitFor();
});

test("loading moves neither focus nor scroll", async () => {
  const url = await host(doc(`<input id="field"><p style="height:1200px">Long</p><batch-yard scenario="db-migration" run="load"></batch-yard><p style="height:1200px">Long</p>`, `<script type="module" src="${server.url}embed/v1.js"></script>`));
  const page = await visit(url);
  await page.focus("#field");
  await page.evaluate(() => scrollTo(0, 300));
  await frame(page).locator(".widget").waitFor();
  await page.waitForTimeout(500);
  assert.equal(await page.evaluate(() => document.activeElement.id), "field");
  assert.equal(await page.evaluate(() => scrollY), 300);
});

test("of five widgets on a page one runs at a time", async () => {
  const five = Array.from({ length: 5 }, () => '<batch-yard scenario="forbid"></batch-yard>').join("");
  const page = await visit(await host(doc(five, `<script type="module" src="${server.url}embed/v1.js"></script>`)));
  for (let n = 0; n < 5; n++) await run(page, n);
  const playing = await page.evaluate(() => Promise.all([...document.querySelectorAll("batch-yard")].map((e) => e.getState().then((s) => s.playing))));
  assert.deepEqual(playing.filter(Boolean).length, 1, String(playing));
});

test("the height follows what is asked for within bounds and never grows without end", async () => {
  const page = await visit(await host(element('scenario="db-migration"')));
  await frame(page).locator("#poster").waitFor();
  const heights = await page.evaluate(async () => {
    const e = document.querySelector("batch-yard");
    const inner = e.shadowRoot.querySelector("iframe");
    const out = [];
    let seed = 7;
    for (let i = 0; i < 500; i++) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      const odd = [NaN, -5, 1e9, "12px", null, {}, Infinity][seed % 7];
      e.hear("height", { height: i % 3 ? (seed % 4000) : odd });
      out.push(parseFloat(inner.style.blockSize));
    }
    for (let i = 0; i < 200; i++) e.hear("height", { height: out.at(-1) + 10 * i });
    out.push(parseFloat(inner.style.blockSize));
    return out;
  });
  assert.ok(heights.every((h) => h > 0 && h <= 2000), String(Math.max(...heights)));
});

test("messages of other windows and malformed ones do nothing", async () => {
  const page = await visit(await host(element('scenario="db-migration"')));
  await page.evaluate(LISTEN);
  await page.evaluate(() => window.postMessage({ batchyard: 1, type: "complete", payload: {} }, "*"));
  await run(page);
  const inner = page.frames().find((f) => f.url().includes("/embed/"));
  await page.evaluate(() => document.querySelector("batch-yard").pause());
  const before = await inner.evaluate(() => document.body.textContent);
  // A stranger: a window that is not the widget's host.
  await inner.evaluate(() => window.postMessage({ batchyard: 1, type: "reset" }, "*"));
  await page.evaluate(() => {
    const child = document.querySelector("batch-yard").shadowRoot.querySelector("iframe").contentWindow;
    const odd = [null, 1, "x", [], {}, { batchyard: 2, type: "play" }, { batchyard: 1 }, { batchyard: 1, type: 5 }, { batchyard: 1, type: "__proto__" }, { batchyard: 1, type: "seek", payload: { t: "x" } }, { batchyard: 1, type: "seek", payload: { t: -1 } }, { batchyard: 1, type: "setYaml", payload: { yaml: 5 } }, { batchyard: 1, type: "step", payload: { count: 1e9 } }, { batchyard: 1, type: "constructor" }, { batchyard: 1, type: "play", req: "x" }];
    for (let i = 0; i < 10_000; i++) child.postMessage(odd[i % odd.length], "*");
  });
  await page.waitForTimeout(500);
  assert.equal(await inner.evaluate(() => document.body.textContent), before);
  assert.equal(await page.evaluate(() => seen.filter(([n]) => n === "complete").length), 0);
  assert.deepEqual(page.trouble, []);
});

test("storage that is blocked changes nothing", async () => {
  const page = await visit(await host(element('scenario="db-migration"')));
  await page.addInitScript(() => Object.defineProperty(window, "localStorage", { get() { throw new DOMException("blocked", "SecurityError"); } }));
  await page.reload();
  await run(page);
  assert.deepEqual(page.trouble, []);
});

test("it works below a path of the host's site", async () => {
  const page = await visit(await host(doc(`<batch-yard scenario="db-migration"></batch-yard>`, `<script type="module" src="${sub.url}embed/v1.js"></script>`)));
  await run(page);
});

test("nothing plays by itself where less motion is wanted", async () => {
  const page = await visit(await host(element('scenario="db-migration" run="load"')), { reducedMotion: "reduce" });
  await frame(page).locator(".widget").waitFor();
  await page.waitForTimeout(300);
  assert.equal((await page.evaluate(() => document.querySelector("batch-yard").getState())).playing, false);
});

for (const theme of ["light", "dark"]) {
  test(`the widget has nothing that axe finds wrong (${theme})`, async () => {
    for (const view of ["split", "sim", "yaml"]) {
      const page = await visit(`${server.url}embed/?scenario=migration-fails-twice&view=${view}&theme=${theme}`);
      await accessible(page);
      await page.getByRole("button", { name: "Run it here" }).click();
      await page.locator(".widget").waitFor();
      await accessible(page);
      await page.context().close();
    }
  });
}

test("the configurator writes a tag for each kind of page and shows what it does", async () => {
  const page = await visit(`${server.url}embed/docs/`, { permissions: ["clipboard-read", "clipboard-write"] });
  await page.getByLabel("Scenario").selectOption("never");
  await page.getByLabel("View").selectOption("sim");
  await page.getByLabel("Highlighted lines").fill('L1"><script>');
  await page.getByLabel("Highlighted lines").blur();
  const snippet = page.locator("#snippet");
  assert.match(await snippet.textContent(), /<batch-yard scenario="never" view="sim" hl="L1&quot;>&lt;script>"><\/batch-yard>/);
  for (const kind of ["iframe", "markdown", "mdbook", "mkdocs", "docusaurus", "hugo"]) {
    await page.getByLabel("Where it goes").selectOption(kind);
    assert.match(await snippet.textContent(), /scenario=(never|"never")|scenario="never"/, kind);
  }
  await page.getByRole("button", { name: "Copy" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await snippet.textContent());
  await page.frameLocator("#preview").getByRole("button", { name: "Run it here" }).waitFor();
  await accessible(page);
  assert.deepEqual(page.trouble, []);
});
