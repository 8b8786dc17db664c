// The size gate counts what a page loads by itself, and can fail.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

function site(files) {
  const dir = mkdtempSync(join(tmpdir(), "batchyard-size-"));
  for (const [name, data] of Object.entries(files)) writeFileSync(join(dir, name), data);
  const { status, stdout } = spawnSync("node", ["scripts/size.mjs", dir], { encoding: "utf8" });
  return { status, first: stdout.split("first load")[0], stdout };
}

const page = '<link rel="stylesheet" href="./a.css"><script type="module" src="./start.js"></script>';

test("static imports and the wasm count; what is imported on use does not", () => {
  const { status, first, stdout } = site({
    "index.html": page,
    "a.css": "p{}",
    "start.js": "import init from './app.js'; init({ module_or_path: './app_bg.wasm' }); import('./editor.js');",
    "app.js": "import * as s from './snippet.js';",
    "snippet.js": "export {}",
    "editor.js": "export {}",
    "app_bg.wasm": "x",
  });
  assert.equal(status, 0);
  for (const file of ["index.html", "a.css", "start.js", "app.js", "snippet.js", "app_bg.wasm"]) assert.ok(first.includes(file), file);
  assert.ok(!first.includes("editor.js"));
  assert.match(stdout, /later: editor\.js/);
  assert.match(stdout, /1 passed, 0 failed/);
});

test("a first load over the budget fails", () => {
  const { status, stdout } = site({ "index.html": page, "a.css": "", "start.js": "'./big.wasm'", "big.wasm": randomBytes(900_000) });
  assert.equal(status, 1);
  assert.match(stdout, /OVER[\s\S]*0 passed, 1 failed/);
});
