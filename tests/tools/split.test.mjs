// A module split in two does what the whole one does, whichever of its functions stay in the first part.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { instrument, key, split, stable } from "../../scripts/split.mjs";
import { parse } from "../../scripts/wasm-module.mjs";

const TEXT = `(module
  (type $binary (func (param i32 i32) (result i32)))
  (import "env" "tell" (func $tell (param i32)))
  (memory (export "memory") 1)
  (table $t 3 3 funcref)
  (global $count (mut i32) (i32.const 0))
  (elem (i32.const 1) $add $multiply)
  (data (i32.const 16) "\\05\\00\\00\\00")
  (func $add (type $binary) (global.set $count (i32.add (global.get $count) (i32.const 1))) (i32.add (local.get 0) (local.get 1)))
  (func $multiply (type $binary) (global.set $count (i32.add (global.get $count) (i32.const 100))) (i32.mul (local.get 0) (local.get 1)))
  (func $by_table (param i32 i32 i32) (result i32) (call_indirect (type $binary) (local.get 1) (local.get 2) (local.get 0)))
  (func $factorial (export "factorial") (param i32) (result i32) (local i64 f64)
    (block $out (br_if $out (i32.gt_s (local.get 0) (i32.const 1))) (call $tell (global.get $count)) (return (i32.const 1)))
    (call $multiply (local.get 0) (call $factorial (call $add (local.get 0) (i32.const -1)))))
  (func $first (export "first") (result i32)
    (local.set 0 (call $by_table (i32.const 1) (i32.load (i32.const 16)) (i32.const 7)))
    (call $by_table (i32.const 2) (local.get 0) (i32.const 1000)))
  (func (export "count") (result i32) (drop (f64.const 1.5)) (drop (i64.const -5000000000)) (global.get $count)))`.replace('(func $first (export "first") (result i32)', '(func $first (export "first") (result i32) (local i32)');

function build() {
  const dir = mkdtempSync(join(tmpdir(), "batchyard-split-"));
  writeFileSync(join(dir, "m.wat"), TEXT);
  execFileSync("node_modules/.bin/wasm-as", ["-g", join(dir, "m.wat"), "-o", join(dir, "m.wasm")]);
  return readFileSync(join(dir, "m.wasm"));
}

function story(exports, told) {
  return [exports.first(), exports.factorial(6), exports.count(), exports.first(), [...told]];
}

const file = build();
const whole = (() => {
  const told = [];
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(file), { env: { tell: (n) => told.push(n) } });
  return story(exports, told);
})();

test("every way to split gives the same results", () => {
  assert.equal(whole[1], 720);
  const names = ["add", "multiply", "by_table", "factorial", "first"];
  for (let mask = 0; mask < 1 << names.length; mask++) {
    const hot = new Set(names.filter((_, i) => mask & (1 << i)));
    const parts = split(parse(file), (n) => hot.has(n), { smallest: 0 });
    const told = [];
    let loads = 0;
    const first = new WebAssembly.Instance(new WebAssembly.Module(parts.first), {
      env: { tell: (n) => told.push(n) },
      split: {
        rest: () => {
          loads++;
          new WebAssembly.Instance(new WebAssembly.Module(parts.second), { first: first.exports });
          first.exports.rest.value = 1;
        },
      },
    });
    assert.deepEqual(story(first.exports, told), whole, [...hot].join(" "));
    assert.ok(loads <= 1);
    assert.equal(loads, parts.moved ? 1 : 0, [...hot].join(" "));
  }
});

test("an instrumented module tells what ran", () => {
  const { module, functions } = instrument(file);
  const owner = functions.flatMap((f) => Array(f.segments).fill(f.key));
  const ran = new Set();
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { env: { tell() {} }, split: { mark: (n) => ran.add(owner[n]) } });
  exports.factorial(1);
  assert.ok(ran.has(key("factorial")) && !ran.has(key("multiply")));
  assert.deepEqual(story(exports, []).slice(0, 2), whole.slice(0, 2));
});

test("names are told apart from build to build by what does not change", () => {
  assert.equal(stable("_ZN4core3fmt5write17h0123456789abcdefE"), "_ZN4core3fmt5write");
  assert.equal(stable("<core[80938e607fe61de1]::fmt::Formatter>::pad"), "<core::fmt::Formatter>::pad");
  assert.equal(stable("_RNvNtCsgXGp5Oqx2Ny_4core3fmt5write"), "_RNvNtC4core3fmt5write");
});
