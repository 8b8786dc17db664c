// What readers see of the widget before it runs, on paper and without scripts; and the pages in examples/embed, served as anybody
// would.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { ROOT } from "./browser.mjs";
import { at, closing, doc, element, frame, host, run, started, visit } from "./embed-host.mjs";
import { accessible } from "./journey.mjs";
import { test } from "./trial.mjs";

const PLAIN_HEADERS = { headers: {} };
let folder;

// A folder as somebody would lay it out: the site below a path, a page and a book beside it.
before(() => {
  folder = mkdtempSync(join(tmpdir(), "batchyard-host-"));
  symlinkSync(join(ROOT, "dist"), join(folder, "batchyard"));
  cpSync(join(ROOT, "examples/embed/plain.html"), join(folder, "plain.html"));
  const mdbook = execFileSync("bash", ["-c", "source scripts/lib.sh; command -v mdbook"], { cwd: ROOT, encoding: "utf8" }).trim();
  execFileSync(mdbook, ["build", join(ROOT, "examples/embed/mdbook"), "--dest-dir", join(folder, "book")], { stdio: "pipe" });
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** What the picture of a frame shows: the Pods with their words, and the texts of the whole. */
const pictured = (page) =>
  page.locator("#still svg").evaluate((svg) => {
    const shown = (e) => !e.hasAttribute("display");
    return {
      pods: [...svg.querySelectorAll(".pod")].filter(shown).map((e) => e.textContent),
      words: [...svg.querySelectorAll(".pod ~ .word, .word")].filter(shown).map((e) => e.textContent.split(",")[0]),
      state: [...svg.querySelectorAll(".state")].filter(shown).map((e) => e.textContent),
      label: svg.getAttribute("aria-label"),
    };
  });

test("the picture is of the moment asked for: the run itself is in the same state then", async () => {
  for (const [scenario, moments] of Object.entries({ "migration-fails-twice": [0, 3, 12, 30, 47, 70], "clean-up": [4, 60], indexed: [9, 25], "crash-loop": [20], never: [15] })) {
    for (const t of moments) {
      const page = await visit(`${at.server.url}embed/?scenario=${scenario}&t=${t}`);
      await page.locator("#still svg").waitFor();
      const picture = await pictured(page);
      await page.getByRole("button", { name: "Run it here" }).waitFor();
      // Started without play, so that it stays at the moment.
      const pods = await page.evaluate(async () => {
        const { app, wasm, packed, split } = document.querySelector("script[data-app]").dataset;
        const near = (path) => new URL(path, location.href).href;
        if (split) await import(near(split));
        const module = await import(near(app));
        const unpacked = async () => (await import(near("unpack.js"))).unpack(new Uint8Array(await (await fetch(near(packed))).arrayBuffer()));
        await module.default({ module_or_path: packed ? await unpacked() : near(wasm) });
        const { read } = await import(near("parameters.js"));
        const { t, ...parameters } = read(location.search);
        module.embed_mount(document.getElementById("app"), JSON.stringify({ ...parameters, t: t * 1000, yaml: "", hash: "" }), () => {});
        for (;;) {
          const state = JSON.parse(module.embed_call("getState", "null") || "null");
          if (state?.workload !== undefined) return state.workload?.pods ?? [];
          await new Promise((ok) => setTimeout(ok, 50));
        }
      });
      const where = `${scenario} at ${t} s`;
      const expected = t === 0 ? [] : pods.map((p) => p.name.split("-").at(-1)).sort();
      const there = picture.pods.filter((p) => expected.includes(p)).sort();
      assert.deepEqual(there, expected.slice(0, 10), where);
      const over = pods.filter((p) => /^(Completed|Error|OOMKilled)$/.test(p.status)).map((p) => p.status).sort();
      assert.deepEqual(picture.words.filter((w) => over.includes(w)).sort(), over, where);
      assert.equal(picture.state.length, 1, where);
      assert.match(picture.label, new RegExp(`at ${Math.min(t, 10_000)}s|at \\d`), where);
      await page.context().close();
    }
  }
});

test("a moment beyond the picture, another seed and a scenario that is none are said", async () => {
  for (const [query, said] of [
    ["scenario=db-migration&t=500", /The picture ends after \d+ s; the run opens at 500 s/],
    ["scenario=db-migration&seed=7", /The picture is of a run with seed 1/],
    ["scenario=no-such", /There is no scenario called no-such/],
    ["scenario=db-migration#v1.AAAA", /This link cannot be read/],
  ]) {
    const page = await visit(`${at.server.url}embed/?${query}`);
    await page.getByText(said).waitFor();
    await page.context().close();
  }
});

test("the theme of the picture is the one asked for", async () => {
  for (const [theme, scheme, paper] of [["dark", "light", "rgb(23, 25, 23)"], ["light", "dark", "rgb(255, 255, 255)"], ["auto", "dark", "rgb(23, 25, 23)"]]) {
    const page = await visit(`${at.server.url}embed/?scenario=db-migration&theme=${theme}`, { colorScheme: scheme });
    assert.equal(await page.locator("#still svg .paper").evaluate((e) => getComputedStyle(e).fill), paper, theme);
    await page.context().close();
  }
});

test("a permalink shows its manifest, and leads to the same run on the page", async () => {
  const page = await visit(`${at.server.url}embed/?scenario=never&t=15`);
  await page.locator("#still svg").waitFor();
  const out = await page.getByRole("link", { name: "Open in batchyard" }).evaluate((a) => new Promise((ok) => (function look() { a.hash ? ok(a.href) : setTimeout(look, 20); })()));
  const linked = await visit(`${at.server.url}embed/${new URL(out).hash}`);
  await linked.locator("#manifest").getByText("name: import").waitFor();
  const whole = await visit(out);
  await whole.getByRole("slider", { name: "Time" }).waitFor();
  // The page is drawn before the simulator that opens the link is there.
  await whole.waitForFunction(() => /import/.test(document.body.innerText));
  assert.deepEqual([...page.trouble, ...linked.trouble, ...whole.trouble], []);
});

test("without scripts there are the manifest and a picture of its run", async () => {
  const off = { javaScriptEnabled: false };
  const start = await visit(at.server.url, off);
  // Texts in a noscript element are found by no text locator.
  assert.match(await start.locator("noscript p").innerText(), /This browser runs no scripts/);
  await start.getByText("name: db-migration").waitFor();
  const loaded = (page) => page.waitForFunction(() => [...document.images].length > 0 && [...document.images].every((i) => i.complete && i.naturalWidth > 0));
  // Playwright evaluates also where the page's own scripts do not run.
  await loaded(start);
  assert.equal(await start.getByText("is loading the cluster").isVisible(), false);
  await start.goto(new URL(await start.locator("noscript a").getAttribute("href"), at.server.url).href);
  await start.getByRole("heading", { name: "Examples" }).waitFor();
  await loaded(start);
  assert.ok((await start.locator("img").count()) > 25);
  const embed = await visit(`${at.server.url}embed/?scenario=never`, off);
  assert.match(await embed.locator("noscript p").innerText(), /This frame needs JavaScript/);
  const page = await visit(await host(element("", "<pre>kind: Job</pre>")), off);
  await page.getByText("kind: Job").waitFor();
  assert.deepEqual([...start.trouble, ...embed.trouble, ...page.trouble], []);
});

test("the page of examples has nothing that axe finds wrong", async () => {
  const page = await visit(`${at.server.url}examples/`);
  await accessible(page);
  assert.deepEqual(page.trouble, []);
});

test("on paper there are the manifest and a picture of its timeline", async () => {
  const print = (page) => page.emulateMedia({ media: "print" });
  const inside = async (page, locator) => {
    const box = await locator.boundingBox();
    const size = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(box && box.width > 100 && box.height > 20 && box.x >= 0 && box.x + box.width <= size + 1, JSON.stringify({ box, size }));
  };
  const page = await visit(`${at.server.url}embed/?scenario=migration-fails-twice&t=30`);
  await page.locator("#still svg").waitFor();
  await print(page);
  await inside(page, page.locator("#still svg"));
  await inside(page, page.locator("#manifest"));
  assert.equal(await page.getByRole("button", { name: "Run it here" }).isVisible(), false);
  await page.emulateMedia({ media: null });
  await run({ frameLocator: () => ({ nth: () => page }) });
  await print(page);
  for (const part of [".widget-yaml", ".widget-yard", ".widget-time .gantt"]) await inside(page, page.locator(part));
  assert.equal(await page.locator(".widget .transport").isVisible(), false);

  const start = await visit(at.server.url);
  await start.getByRole("slider", { name: "Time" }).waitFor();
  await print(start);
  for (const part of [".editor", ".gantt"]) await inside(start, start.locator(part).first());

  // In a page of somebody else's: its own manifest is the page's text; the frame adds the picture once there is one.
  const own = await visit(await host(element("", "<pre>apiVersion: batch/v1\nkind: Job\nmetadata: {name: mine}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}</pre>")));
  await print(own);
  await own.getByText("name: mine").first().waitFor();
  assert.equal(await own.locator("iframe").isVisible(), false);
  await own.emulateMedia({ media: null });
  await run(own);
  await print(own);
  assert.equal(await own.locator("iframe").isVisible(), true);
  assert.equal(await own.locator("batch-yard pre").isVisible(), true);
});

/** A port that is free now. */
const free = () => new Promise((ok) => { const s = createServer().listen(0, "127.0.0.1", () => { const { port } = s.address(); s.close(() => ok(port)); }); });

async function python(dir) {
  const port = await free();
  const child = spawn("python3", ["-m", "http.server", "--bind", "127.0.0.1", "-d", dir, String(port)], { stdio: "ignore" });
  closing({ close: async () => void child.kill() });
  const url = `http://127.0.0.1:${port}/`;
  for (let n = 0; n < 100; n++) {
    if (await fetch(url).then((r) => r.body?.cancel().then(() => true) ?? true, () => false)) return url;
    await new Promise((ok) => setTimeout(ok, 100));
  }
  throw new Error("python3 -m http.server does not answer");
}

test("python's server is enough, at the root and below a path", async () => {
  for (const url of [await python(join(ROOT, "dist")), `${await python(folder)}batchyard/`]) {
    const page = await visit(url);
    await page.getByRole("slider", { name: "Time" }).waitFor();
    await page.goto(`${url}compare/`);
    await page.getByRole("heading").first().waitFor();
    await page.goto(`${url}embed/?scenario=indexed`);
    await page.getByRole("button", { name: "Run it here" }).click();
    await page.locator(".widget").waitFor();
    assert.deepEqual(page.trouble, [], url);
    await page.context().close();
  }
});

test("examples/embed/plain.html: a page with an element", async () => {
  const site = closing(await serve(folder, PLAIN_HEADERS));
  const page = await visit(`${site.url}plain.html`);
  await run(page);
  await frame(page).getByRole("heading", { name: "db-migration" }).waitFor();
  await page.evaluate(() => document.querySelector("batch-yard").seek(120));
  await frame(page).getByText("Complete", { exact: true }).first().waitFor();
  await page.getByText("The text goes on below it.").scrollIntoViewIfNeeded();
  assert.deepEqual(page.trouble, []);
});

test("examples/embed/mdbook: a book, with an element around a code block and an iframe", async () => {
  const site = closing(await serve(folder, PLAIN_HEADERS));
  const page = await visit(`${site.url}book/retries.html`);
  await frame(page).locator("#manifest").getByText("name: book-migration").waitFor();
  assert.match(await frame(page).locator("#manifest .is-lit").textContent(), /backoffLimit: 3/);
  await run(page);
  await frame(page).getByRole("heading", { name: "book-migration" }).waitFor();
  await page.evaluate(() => document.querySelector("batch-yard").seek(60));
  await frame(page).getByText("Complete", { exact: true }).first().waitFor();
  await page.goto(`${site.url}book/indexes.html`);
  await run(page);
  await frame(page).getByText("Succeeded").first().waitFor();
  assert.deepEqual(page.trouble, []);
});

test("each snippet that is HTML runs as it is", async () => {
  const docs = await visit(`${at.server.url}embed/docs/`);
  await docs.locator("#snippet").getByText("scenario=").waitFor();
  for (const kind of ["element", "iframe", "markdown", "mdbook"]) {
    await docs.getByLabel("Where it goes").selectOption(kind);
    const snippet = await docs.locator("#snippet").textContent();
    const page = await visit(await host(doc(snippet.replace(/\[(.*?)\]\((.*?)\)/, '<a href="$2">$1</a>'))));
    await run(page);
    assert.deepEqual(page.trouble, [], kind);
    await page.context().close();
  }
});

test("without a script the frame alone runs in a page of another origin", async () => {
  const page = await visit(await host(doc(`<iframe src="${at.server.url}embed/?scenario=never&run=load" title="Job" width="700" height="420"></iframe>`)));
  await started(page);
  assert.deepEqual(page.trouble, []);
});
