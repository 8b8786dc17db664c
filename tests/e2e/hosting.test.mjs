// The site as other servers host it: with the snippets of docs/hosting.md, word for word but for names and paths, in nginx and
// Caddy where they are installed (NGINX and CADDY name them elsewhere); and the page for an address that is none.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { POLICY } from "../../scripts/site-policy.mjs";
import { serve } from "../../scripts/serve.mjs";
import { ROOT } from "./browser.mjs";
import { closing, doc, host, run, visit } from "./embed-host.mjs";

const DIST = join(ROOT, "dist");
const folder = mkdtempSync(join(tmpdir(), "batchyard-hosting-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const snippet = (language) => readFileSync(join(ROOT, "docs/hosting.md"), "utf8").match(new RegExp("```" + language + "\\n([^]*?)```"))[1];
const free = () => new Promise((ok) => { const s = createServer().listen(0, "127.0.0.1", () => { const { port } = s.address(); s.close(() => ok(port)); }); });
function installed(name) {
  try {
    return process.env[name.toUpperCase()] ?? execFileSync("bash", ["-c", `PATH=$PATH:/usr/sbin command -v ${name}`], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}

async function start(command, args, url, env = {}) {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } });
  let said = "";
  child.stderr.on("data", (d) => (said += d));
  const over = new Promise((ok) => child.once("exit", ok));
  closing({ close: async () => (child.kill(), over) });
  for (let n = 0; n < 200 && child.exitCode === null; n++) {
    if (await fetch(url).then((r) => r.text().then(() => true), () => false)) return;
    await new Promise((ok) => setTimeout(ok, 100));
  }
  throw new Error(`${command} does not answer: ${said}`);
}

/** What every host is to do, and what readers then see. */
async function hosts(url) {
  const get = (path, headers = {}) => fetch(url + path, { headers });
  const wasm = readdirSync(DIST).find((f) => f.endsWith("_bg.wasm"));
  for (const path of ["", "compare/", "embed/", "embed/v1.js", wasm]) {
    const answer = await get(path);
    await answer.arrayBuffer();
    assert.equal(answer.status, 200, path);
    assert.equal(answer.headers.get("access-control-allow-origin"), "*", path);
    if (/html/.test(answer.headers.get("content-type"))) assert.equal(answer.headers.get("content-security-policy"), POLICY, path);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff", path);
    assert.ok(answer.headers.get("content-encoding"), `${path} is compressed`);
  }
  const module = await get(wasm);
  assert.equal(module.headers.get("content-type"), "application/wasm");
  assert.match(module.headers.get("cache-control"), /immutable/);
  assert.match((await get("")).headers.get("cache-control") ?? "no-cache", /no-cache|max-age=0/);
  const none = await get("no/such/page");
  assert.equal(none.status, 404);
  assert.match(await none.text(), /There is no such page/);

  const page = await visit(url);
  await page.getByRole("slider", { name: "Time" }).waitFor();
  await page.goto(`${url}compare/`);
  await page.getByRole("slider").first().waitFor();
  const box = await visit(await host(doc(`<iframe sandbox="allow-scripts" src="${url}embed/?scenario=db-migration" width="800" height="420" title="Job"></iframe>`)));
  await run(box);
  assert.deepEqual([...page.trouble, ...box.trouble], []);
}

const nginx = installed("nginx");
test("nginx, below a path", { skip: !nginx && "nginx is not installed" }, async () => {
  const port = await free();
  const location = snippet("nginx").replaceAll("/srv/batchyard/dist", DIST);
  const logs = join(folder, "nginx");
  mkdirSync(logs);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((n) => `${n}_temp_path ${logs}/${n};`).join(" ");
  const conf = `daemon off; pid ${logs}/pid; error_log stderr; ${process.getuid?.() === 0 ? "user root;" : ""} events {} http { access_log off; ${paths} server { listen 127.0.0.1:${port}; ${location} } }`;
  writeFileSync(join(folder, "nginx.conf"), conf);
  const url = `http://127.0.0.1:${port}/batchyard/`;
  await start(nginx, ["-c", join(folder, "nginx.conf"), "-p", logs], url);
  await hosts(url);
});

const caddy = installed("caddy");
test("Caddy, at the root", { skip: !caddy && "Caddy is not installed" }, async () => {
  const port = await free();
  const text = snippet("caddyfile").replace("learn.example.org", `http://127.0.0.1:${port}`).replace("/srv/batchyard/dist", DIST);
  writeFileSync(join(folder, "Caddyfile"), `{\n admin off\n auto_https off\n}\n${text}`);
  const url = `http://127.0.0.1:${port}/`;
  await start(caddy, ["run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"], url, { HOME: folder, XDG_DATA_HOME: folder });
  await hosts(url);
});

test("an address that is none is answered with a page that leads back", async () => {
  const site = closing(await serve("dist"));
  const page = await visit("about:blank");
  const answer = await page.goto(`${site.url}no/such/page`);
  assert.equal(answer.status(), 404);
  await page.getByRole("link", { name: "the start page" }).click();
  await page.getByRole("slider", { name: "Time" }).waitFor();
});

test("_headers names the policy for every address, and what may be cached for ever", () => {
  const text = readFileSync(join(DIST, "_headers"), "utf8");
  assert.ok(text.startsWith("/*\n") && text.includes(`  Content-Security-Policy: ${POLICY}\n`));
  const lasting = [...text.matchAll(/^\/(\S+)\*\n {2}Cache-Control: public, max-age=31536000, immutable$/gm)].map((m) => m[1]);
  const hashed = readdirSync(DIST).filter((f) => /-[0-9a-f]{8,}(_bg|_simulator|_rest|_embed|_others|_last)?\.(js|css|wasm|bin)$/.test(f));
  assert.ok(hashed.length >= 4);
  for (const file of hashed) assert.ok(lasting.some((prefix) => file.startsWith(prefix)), file);
  for (const file of ["index.html", "embed/v1.js", "embed/frame.js"]) assert.ok(!lasting.some((prefix) => file.startsWith(prefix)), file);
});
