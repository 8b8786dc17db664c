// A packed module comes out as it went in, whatever is in it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { unpack } from "../../embed/unpack.js";
import { pack } from "../../scripts/wasm-pack.mjs";
import { section, str, u32, vec } from "../../scripts/wasm-module.mjs";

const HEAD = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const same = async (module) => assert.deepEqual(Buffer.from(await unpack(pack(module))), Buffer.from(module));

function assembled(text) {
  const dir = mkdtempSync(join(tmpdir(), "batchyard-pack-"));
  writeFileSync(join(dir, "m.wat"), text);
  execFileSync("node_modules/.bin/wasm-as", ["--all-features", join(dir, "m.wat"), "-o", join(dir, "m.wasm")]);
  return readFileSync(join(dir, "m.wasm"));
}

test("every kind of instruction", async () => {
  const module = assembled(`(module (memory (export "memory") 1) (table $t 4 funcref) (global $g (mut i32) (i32.const 7)) (elem (i32.const 0) $a $b) (data (i32.const 9) "hello, hello, hello")
    (func $a (export "rest:f9") (param i32 i64 f64) (result i32) (local f32 i32)
      (block $x (block $y (br_table $x $y $x (local.get 0))) (drop (f32.const 1.5)) (drop (f64.const -2.25)) (global.set $g (i32.const -70000)))
      (memory.copy (i32.const 0) (i32.const 9) (i32.const 3)) (memory.fill (i32.const 0) (i32.const 9) (i32.const 3)) (i64.store offset=300 (i32.const 8) (i64.const 123456789012345))
      (drop (i32.trunc_sat_f64_s (local.get 2))) (drop (select (result i32) (i32.const 1) (i32.const 2) (local.get 0))) (drop (memory.grow (i32.const 1)))
      (if (result i32) (i32.load8_u offset=5 (local.get 0)) (then (call $b (local.get 0))) (else (call_indirect (param i32) (result i32) (i32.const 3) (i32.const 1)))))
    (func $b (export "rest:f10") (param i32) (result i32) (loop $l (result i32) (br_if $l (local.get 0)) (i32.add (local.tee 0 (i32.const 300)) (i32.const 5)))))`);
  await same(module);
  assert.ok(WebAssembly.validate(await unpack(pack(module))));
});

test("nothing but a head, and sections that say nothing", async () => {
  await same(HEAD);
  await same(Buffer.concat([HEAD, section(0, str("name"))]));
});

test("data of any kind, and what compresses is smaller", async () => {
  const data = (bytes) => Buffer.concat([HEAD, section(11, vec([Buffer.concat([Buffer.from([0, 0x41, 0, 0x0b]), Buffer.from(u32(bytes.length)), bytes])]))]);
  for (const bytes of [randomBytes(5000), Buffer.alloc(70_000), Buffer.from("the same again and again ".repeat(400))]) await same(data(bytes));
  assert.ok(pack(data(Buffer.from("the same again and again ".repeat(400)))).length < 200);
});
