// The server that `make run` and the journeys use.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { POLICY } from "../../scripts/site-policy.mjs";

let server;
let below;
const get = (path, headers = {}) => fetch(new URL(path, server.url), { headers: { "accept-encoding": "identity", ...headers }, redirect: "manual" });

before(async () => {
  const outer = mkdtempSync(join(tmpdir(), "batchyard-serve-"));
  const dir = join(outer, "dist");
  mkdirSync(join(dir, "compare"), { recursive: true });
  writeFileSync(join(outer, "secret.txt"), "no");
  writeFileSync(join(dir, "index.html"), "<h1>home</h1>");
  writeFileSync(join(dir, "404.html"), "lost");
  writeFileSync(join(dir, "compare/index.html"), "compare");
  writeFileSync(join(dir, "app-0123456789abcdef_bg.wasm"), "\0asm".padEnd(5000));
  server = await serve(dir);
  below = await serve(dir, { base: "/docs/yard/" });
});
after(() => Promise.all([server.close(), below.close()]));

test("pages come with the site's security policy", async () => {
  const r = await get("");
  assert.equal(await r.text(), "<h1>home</h1>");
  assert.equal(r.headers.get("content-security-policy"), POLICY);
  assert.equal(r.headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(r.headers.get("cache-control"), "no-cache");
});

test("wasm has its type, gzip, and a long life where its name has a hash", async () => {
  const r = await get("app-0123456789abcdef_bg.wasm", { "accept-encoding": "gzip" });
  assert.equal(r.headers.get("content-type"), "application/wasm");
  assert.equal(r.headers.get("content-encoding"), "gzip");
  assert.match(r.headers.get("cache-control"), /immutable/);
  assert.ok(Number(r.headers.get("content-length")) < 200);
  assert.equal((await r.arrayBuffer()).byteLength, 5000);
});

test("folders redirect to their page, what is missing says so", async () => {
  assert.equal((await get("compare")).headers.get("location"), "/compare/");
  assert.equal(await (await get("compare/")).text(), "compare");
  const lost = await get("nothing/here");
  assert.equal(lost.status, 404);
  assert.equal(await lost.text(), "lost");
});

test("nothing outside of the folder is served", async () => {
  for (const path of ["/..%2fsecret.txt", "/%2e%2e/secret.txt", "/compare/..%2f..%2fsecret.txt"]) assert.equal((await get(path)).status, 404, path);
  assert.equal((await get("/%E0%A4%A")).status, 400);
});

test("the site can lie below a path", async () => {
  assert.equal(await (await fetch(below.url)).text(), "<h1>home</h1>");
  assert.equal((await fetch(new URL("/", below.url))).status, 404);
});

test("a taken port gives way to the next", async () => {
  const port = Number(new URL(server.url).port);
  const other = await serve(".", { port });
  assert.notEqual(new URL(other.url).port, String(port));
  await other.close();
});
