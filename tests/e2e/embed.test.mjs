// The widget in other people's pages: it runs there, talks with its host, and never harms it.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { LISTEN, ask, at, doc, element, frame, host, run, script, seen, started, visit } from "./embed-host.mjs";
import { accessible } from "./journey.mjs";
import { ROOT, launch } from "./browser.mjs";
import { test } from "./trial.mjs";

/** Megabytes of the browser's processes that hold pages, apart from what they share; Linux alone tells. */
async function used(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const own = (pid) => {
    const rows = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return [...rows.matchAll(/^Private_\w+: +(\d+) kB/gm)].reduce((sum, [, kB]) => sum + Number(kB), 0) / 1000;
  };
  return processInfo.filter((p) => p.type === "renderer").reduce((sum, p) => sum + own(p.id), 0);
}
const LINUX = existsSync("/proc/self/smaps_rollup");

test("under a strict policy of the host the frame still runs", async () => {
  const page = await visit(await host(doc(`<iframe src="${at.server.url}embed/?scenario=db-migration" width="800" height="420" title="Job"></iframe>`), { "Content-Security-Policy": `default-src 'none'; frame-src ${new URL(at.server.url).origin}` }));
  await run(page);
  await frame(page).getByRole("button", { name: "Pause" }).waitFor();
  assert.deepEqual(page.trouble, []);
});

test("before it is wanted, no WebAssembly is fetched, and a picture is shown", async () => {
  const page = await visit("about:blank");
  const asked = [];
  page.on("request", (r) => asked.push(r.url()));
  await page.goto(await host(element('scenario="db-migration"')));
  await frame(page).locator("#still svg").waitFor();
  await frame(page).getByRole("img", { name: /Job db-migration/ }).waitFor();
  await page.waitForLoadState("networkidle");
  assert.ok(!asked.some((u) => /\.(wasm|bin)|batchyard-(page|embed)/.test(u)), asked.join("\n"));
  await run(page);
  assert.ok(asked.some((u) => u.endsWith("_embed.bin")));
  assert.deepEqual(page.trouble, []);
});

test("what is counted as fetched after a click is all that a run to its end takes, and being stopped and moved about in time", async () => {
  const page = await visit("about:blank", { viewport: { width: 1024, height: 500 } });
  const asked = new Set();
  page.on("response", (r) => asked.add(r.url()));
  // A frame counts as a quarter of a second: the run takes seconds.
  await page.addInitScript(() => {
    const frame = requestAnimationFrame;
    globalThis.requestAnimationFrame = (f) => frame((t) => f(t * 16));
  });
  await page.goto(`${at.server.url}embed/?scenario=migration-fails-twice`);
  await page.getByRole("button", { name: "Run it here" }).click();
  await page.locator(".widget").getByText("Complete", { exact: true }).first().waitFor();
  await page.getByRole("button", { name: "Play" }).click();
  await page.getByRole("button", { name: "Pause" }).click();
  const slider = page.getByRole("slider", { name: "Time" });
  for (const part of [3, 5, 2]) await slider.evaluate((e, part) => ((e.value = e.max / part), e.dispatchEvent(new Event("input", { bubbles: true }))), part);
  await page.getByText("Open in batchyard").hover();
  await page.waitForFunction(() => document.querySelector(".widget-out").hash.startsWith("#v1."));
  await page.locator("button.pod").first().click();
  const files = [...asked].filter((url) => url.startsWith(at.server.url)).map((url) => new URL(url).pathname.slice(1).replace(/\/$/, "/index.html"));
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(ROOT, "dist", file)), { level: 9 }).length, 0);
  assert.ok(bytes <= 250_000, `${bytes} bytes: ${files.join(" ")}`);
  assert.ok(files.some((file) => file.endsWith("_embed.bin")) && !files.some((file) => file.endsWith(".wasm")), files.join(" "));
  assert.deepEqual(page.trouble, []);
});

test("far below the fold nothing is fetched, until it is asked for something", async () => {
  const asked = [];
  const page = await visit("about:blank");
  page.on("request", (r) => asked.push(r.url()));
  await page.goto(await host(doc(`<p style="height:20000px">Long</p><batch-yard scenario="db-migration"></batch-yard>`, script())));
  await page.waitForLoadState("networkidle");
  assert.ok(!asked.some((u) => u.includes("frame.js")), asked.join("\n"));
  const state = await ask(page, "getState");
  assert.deepEqual([state.loaded, state.playing], [false, false]);
  assert.ok(asked.some((u) => u.includes("frame.js")));
});

test("in a sandbox without an origin it runs where the site sends CORS headers, and says so where it does not", async () => {
  const inBox = (url) => doc(`<iframe sandbox="allow-scripts" src="${url}embed/?scenario=db-migration" width="800" height="420" title="Job"></iframe>`);
  await run(await visit(await host(inBox(at.server.url))));
  const page = await visit(await host(inBox(at.bare.url)));
  await frame(page).getByText("it needs a site that sends Access-Control-Allow-Origin").waitFor();
  const picture = frame(page).getByRole("img", { name: "The timeline of its run" });
  assert.ok(await picture.evaluate((i) => i.decode().then(() => i.naturalWidth > 0)));
});

test("the host drives it and hears of it", async () => {
  const page = await visit(await host(element('scenario="migration-fails-twice" goal="1"')));
  await page.evaluate(LISTEN);
  await ask(page, "play");
  assert.equal((await seen(page, "ready")).version, 1);
  assert.equal((await seen(page, "status")).kind, "Job");
  assert.equal((await seen(page, "marker")).kind, "create");
  await page.waitForFunction(() => document.querySelector("batch-yard").getState().then((s) => s.playing));
  await ask(page, "pause");
  await page.waitForFunction(() => document.querySelector("batch-yard").getState().then((s) => !s.playing));
  await ask(page, "seek", 30);
  await page.waitForFunction(() => document.querySelector("batch-yard").getState().then((s) => s.t === 30));
  await ask(page, "step");
  await page.waitForFunction(() => document.querySelector("batch-yard").getState().then((s) => s.t > 30));
  await ask(page, "step", -1);
  await ask(page, "step", -1);
  await page.waitForFunction(() => document.querySelector("batch-yard").getState().then((s) => s.t < 30));
  await ask(page, "seek", 120);
  assert.equal((await seen(page, "complete")).status, "Complete");
  assert.equal((await seen(page, "goal")).passed, true);
  const state = await ask(page, "getState");
  assert.deepEqual([state.workload.succeeded, state.workload.failed, state.workload.pods.length], [1, 2, 3]);
  await ask(page, "setYaml", "kind: Job\napiVersion: batch/v1\nmetadata: {name: x}\nspec: {}\n");
  assert.match((await seen(page, "error")).message, /The Job "x" is invalid/);
  assert.match((await seen(page, "change")).yaml, /name: x/);
  await ask(page, "reset");
  await page.waitForFunction(() => document.querySelector("batch-yard").getState().then((s) => s.t === 0 && !s.applied));
  assert.deepEqual(page.trouble, []);
});

test("attributes are properties, and a changed one is shown", async () => {
  const page = await visit(await host(element('scenario="never"')));
  await frame(page).getByRole("heading", { name: "never" }).waitFor();
  assert.equal(await page.evaluate(() => document.querySelector("batch-yard").scenario), "never");
  await page.evaluate(() => Object.assign(document.querySelector("batch-yard"), { scenario: "indexed", t: 8, theme: "dark" }));
  await frame(page).getByRole("heading", { name: "indexed" }).waitFor();
  assert.equal(await page.evaluate(() => document.querySelector("batch-yard").getAttribute("t")), "8");
  await run(page);
  await page.waitForFunction(() => document.querySelector("batch-yard").getState().then((s) => s.t >= 8));
});

test("the host's own manifest runs, and stays in the page for readers without scripts", async () => {
  const yaml = readFileSync(join(ROOT, "examples/never.yaml"), "utf8");
  for (const how of ["click", "load"]) {
    const page = await visit(await host(element(`run="${how}"`, `<pre><code class="language-yaml">${yaml}</code></pre>`)));
    assert.match(await page.locator("batch-yard pre").textContent(), /name: import/);
    if (how === "click") {
      await frame(page).locator("#manifest").getByText("name: import").waitFor();
      assert.equal(await frame(page).locator("#manifest").textContent(), yaml);
      await run(page);
    }
    await frame(page).getByRole("heading", { name: "import" }).waitFor();
    await frame(page).getByRole("button", { name: "Pause" }).waitFor();
  }
});

test("a host's manifest that is the scenario's has the scenario's picture; another has none", async () => {
  const yaml = readFileSync(join(ROOT, "examples/never.yaml"), "utf8");
  const same = await visit(await host(element('scenario="never" t="15"', `<pre>${yaml}</pre>`)));
  await frame(same).getByRole("img", { name: /Job import .* at 15s/ }).waitFor();
  const other = await visit(await host(element('scenario="never"', `<pre>${yaml.replace("backoffLimit: 4", "backoffLimit: 1")}</pre>`)));
  await frame(other).locator("#manifest").getByText("backoffLimit: 1").waitFor();
  await other.waitForLoadState("networkidle");
  assert.equal(await frame(other).locator("#still svg").count(), 0);
  await run(other);
  assert.match((await ask(other, "getState")).yaml, /backoffLimit: 1/);
});

test("a picture of the host's own manifest is shown before it runs, and nothing in it does", async () => {
  const yaml = readFileSync(join(ROOT, "examples/never.yaml"), "utf8");
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><script>parent.bad = 1</script><rect width="40" height="20"/></svg>';
  const page = await visit(await host(element("", `<img src="data:image/svg+xml,${encodeURIComponent(svg)}" alt="Its run"><pre>${yaml}</pre>`)));
  const picture = frame(page).getByRole("img", { name: "The timeline of its run" });
  assert.equal(await picture.evaluate((i) => i.decode().then(() => i.naturalWidth)), 40);
  await run(page);
  await frame(page).getByRole("heading", { name: "import" }).waitFor();
  assert.equal(await page.evaluate(() => window.bad), undefined);
});

test("loading moves neither focus nor scroll", async () => {
  const url = await host(doc(`<input id="field"><p style="height:1200px">Long</p><batch-yard scenario="db-migration" run="load"></batch-yard><p style="height:1200px">Long</p>`, script()));
  const page = await visit(url);
  await page.focus("#field");
  await page.evaluate(() => scrollTo(0, 300));
  await started(page);
  await page.waitForTimeout(500);
  assert.equal(await page.evaluate(() => document.activeElement.id), "field");
  assert.equal(await page.evaluate(() => scrollY), 300);
});

test("loading moves nothing in the page, nor in the frame", async () => {
  const WATCH = () => {
    window.moved = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((e) => (window.moved += e.value))).observe({ type: "layout-shift", buffered: true });
  };
  const yaml = readFileSync(join(ROOT, "examples/never.yaml"), "utf8");
  for (const tag of ['<batch-yard scenario="never" style="display: block; min-height: 480px"></batch-yard>', `<batch-yard><pre style="margin: 0; font: 14px/30px monospace">${yaml}</pre></batch-yard>`]) {
    for (const width of [390, 1024]) {
      const page = await visit("about:blank", { viewport: { width, height: 900 } });
      await page.addInitScript(WATCH);
      await page.goto(await host(doc(`<p>Before</p>${tag}<p>After</p>`, script())));
      await frame(page).locator("#manifest").getByText("name: import").waitFor();
      await page.waitForTimeout(500);
      for (const f of page.frames()) assert.ok((await f.evaluate(() => window.moved)) < 0.01, `${width} px, ${f.url()}: ${await f.evaluate(() => window.moved)}`);
      await page.context().close();
    }
  }
});

test("of five widgets on a page one runs at a time, in less than 120 MB", async () => {
  const browser = await launch();
  try {
    const page = await visit(await host(doc("<p>None</p>")), { browser });
    await page.waitForTimeout(1000);
    const before = LINUX ? await used(browser) : 0;
    await page.goto(await host(doc('<batch-yard scenario="migration-fails-twice"></batch-yard>'.repeat(5), script())));
    for (let n = 0; n < 5; n++) await run(page, n);
    const all = () => page.evaluate(() => Promise.all([...document.querySelectorAll("batch-yard")].map((e) => e.getState())));
    assert.deepEqual((await all()).map((s) => s.playing), [false, false, false, false, true]);
    while ((await all()).at(-1).t < 3) await page.waitForTimeout(100);
    // What nothing holds any more is collected sooner or later; here it is now, and given back a little later.
    const inner = await page.context().newCDPSession(page.frames().at(-1));
    let mine = Infinity;
    for (let n = 0; LINUX && n < 6 && !(mine < 110); n++) {
      await inner.send("HeapProfiler.collectGarbage");
      await page.waitForTimeout(1500);
      mine = Math.min(mine, (await used(browser)) - before);
    }
    if (LINUX) console.log(`five widgets: ${mine.toFixed(0)} MB`);
    assert.ok(!LINUX || mine < 120, `${mine} MB`);
  } finally {
    await browser.close();
  }
});

test("off the screen it stands still, and goes on when it is seen again", async () => {
  const page = await visit(await host(element('scenario="forbid"')));
  await run(page);
  const t = () => ask(page, "getState").then((s) => s.t);
  await page.waitForFunction(() => document.querySelector("batch-yard").getState().then((s) => s.t > 0.5));
  await page.evaluate(() => scrollTo(0, 1400));
  await page.waitForTimeout(500);
  const hidden = await t();
  await page.waitForTimeout(1500);
  assert.equal(await t(), hidden);
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForFunction((was) => document.querySelector("batch-yard").getState().then((s) => s.t > was), hidden);
});

test("the height follows what is asked for within bounds and never grows without end", async () => {
  const page = await visit(await host(element('scenario="db-migration"')));
  await frame(page).locator("#poster").waitFor();
  await page.waitForTimeout(300);
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
  await frame(page).getByRole("button", { name: "Play" }).waitFor();
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

test("the code editor comes where it is asked for, and what is written in it is judged and runs", async () => {
  const page = await visit("about:blank");
  const asked = [];
  page.on("request", (r) => asked.push(r.url()));
  await page.goto(await host(element('scenario="never" editor="code"')));
  await page.evaluate(LISTEN);
  await page.waitForLoadState("networkidle");
  assert.ok(!asked.some((url) => url.includes("codemirror")), asked.join("\n"));
  await run(page);
  await frame(page).locator("[data-do=play]").click();
  const text = frame(page).getByRole("textbox", { name: /Manifest/ });
  await text.click();
  await text.press("ControlOrMeta+End");
  await text.pressSequentially("\nnonsense: 1");
  await page.waitForFunction(() => seen.some(([name, { yaml }]) => name === "change" && yaml.endsWith("\nnonsense: 1")));
  assert.match((await seen(page, "error")).message, /nonsense/);
  assert.deepEqual(page.trouble, []);
  const plain = await visit(await host(element('scenario="never"')));
  await run(plain);
  assert.equal(await frame(plain).locator("textarea").count(), 1);
});

test("storage that is blocked changes nothing", async () => {
  const page = await visit("about:blank");
  await page.addInitScript(() => {
    for (const name of ["localStorage", "sessionStorage", "indexedDB"])
      Object.defineProperty(window, name, { get() { throw new DOMException("blocked", "SecurityError"); } });
  });
  await page.goto(await host(element('scenario="db-migration"')));
  await run(page);
  await frame(page).getByRole("button", { name: "Pause" }).click();
  assert.deepEqual(page.trouble, []);
});

test("it works below a path of the host's site", async () => {
  const page = await visit(await host(doc(`<batch-yard scenario="db-migration"></batch-yard>`, `<script type="module" src="${at.sub.url}embed/v1.js"></script>`)));
  await run(page);
});

test("nothing plays by itself where less motion is wanted", async () => {
  const page = await visit(await host(element('scenario="db-migration" run="load"')), { reducedMotion: "reduce" });
  await started(page);
  await page.waitForTimeout(300);
  assert.equal((await page.evaluate(() => document.querySelector("batch-yard").getState())).playing, false);
});

for (const theme of ["light", "dark"]) {
  test(`the widget has nothing that axe finds wrong (${theme})`, async () => {
    for (const view of ["split", "sim", "yaml"]) {
      const page = await visit(`${at.server.url}embed/?scenario=migration-fails-twice&view=${view}&theme=${theme}`);
      await accessible(page);
      await page.getByRole("button", { name: "Run it here" }).click();
      await page.locator(".widget").waitFor();
      await accessible(page);
      await page.context().close();
    }
  });
}

test("the configurator writes a tag for each kind of page and shows what it does", async () => {
  const page = await visit(`${at.server.url}embed/docs/`, { permissions: ["clipboard-read", "clipboard-write"] });
  await page.getByLabel("Scenario").selectOption("never");
  await page.getByLabel("View").selectOption("sim");
  await page.getByLabel("Highlighted lines").fill('L1"><script>');
  await page.getByLabel("Highlighted lines").blur();
  const snippet = page.locator("#snippet");
  await snippet.getByText("name: import").waitFor();
  assert.match(await snippet.textContent(), /<batch-yard scenario="never" view="sim" hl="L1&quot;>&lt;script>" style="[^"]+">\n<pre><code class="language-yaml">apiVersion: batch\/v1\n[^]*<\/code><\/pre>\n<\/batch-yard>/);
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
