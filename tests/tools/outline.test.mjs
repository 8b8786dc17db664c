// Code that is moved out of functions does what it did in them, whatever a profile says ran; and so does data that comes later.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { constants, segments } from "../../scripts/split-data.mjs";
import { readProfile, writeProfile } from "../../scripts/split-profile.mjs";
import { splitPage } from "../../scripts/split-page.mjs";
import { instrument, key, split } from "../../scripts/split.mjs";
import { decode, shape } from "../../scripts/wasm-code.mjs";
import { parse } from "../../scripts/wasm-module.mjs";
import { outline } from "../../scripts/wasm-outline.mjs";

// Each function has regions that end in another way: falling through with and without a value, a branch out, a branch back, a
// return from within, several of these, and a trap. $pad only makes regions long enough to be worth moving.
const PAD = "(local.set $t (i32.add (i32.mul (local.get $t) (i32.const 1664525)) (i32.const 1013904223)))".repeat(3);
const TEXT = `(module
  (memory (export "memory") 1)
  (table 0 funcref)
  (global $seen (mut i32) (i32.const 0))
  (data (i32.const 64) "\\50\\00\\00\\00")
  (data (i32.const 80) "\\07\\00\\00\\00")
  (data (i32.const 96) "\\0b\\00\\00\\00")
  (func $note (param $n i32) (global.set $seen (i32.add (i32.mul (global.get $seen) (i32.const 31)) (local.get $n))))
  (func $collatz (export "collatz") (param $n i32) (param $most i32) (result i32) (local $t i32) (local $steps i32) (local $big i64) (local $half f64)
    (local.set $t (local.get $n))
    (block $out
      (loop $again
        (br_if $out (i32.eq (local.get $n) (i32.const 1)))
        (if (i32.ge_s (local.get $steps) (local.get $most))
          (then ${PAD} (call $note (local.get $t)) (if (i32.and (local.get $t) (i32.const 1)) (then (return (local.get $steps)))) ${PAD} (br $out)))
        (local.set $steps (i32.add (local.get $steps) (i32.const 1)))
        (if (i32.and (local.get $n) (i32.const 1))
          (then
            (local.set $n (i32.add (i32.mul (local.get $n) (i32.const 3)) (i32.const 1)))
            (local.set $big (i64.add (local.get $big) (i64.extend_i32_u (local.get $n))))
            ${PAD} (br $again))
          (else
            (local.set $half (f64.add (local.get $half) (f64.const 0.5)))
            (local.set $n (i32.shr_u (local.get $n) (i32.const 1))) ${PAD}
            (br_if $again (i32.gt_u (local.get $n) (i32.const 4)))
            (call $note (local.get $n))))
        (br $again)))
    (i32.add (i32.add (local.get $steps) (local.get $t)) (i32.add (i32.wrap_i64 (local.get $big)) (i32.trunc_f64_s (local.get $half)))))
  (func $pick (export "pick") (param $n i32) (result i32) (local $t i32)
    (local.set $t (i32.const 1))
    (i32.xor
      (block $given (result i32)
        (block $c (block $b (block $a
          (br_table $a $b $c (local.get $n)))
          ${PAD} (br $given (local.get $t)))
          ${PAD} (call $note (local.get $t)) (return (i32.add (local.get $t) (local.get $n))))
        (if (result i32) (i32.gt_s (local.get $n) (i32.const 50))
          (then ${PAD} (call $note (i32.const 9)) (i32.add (local.get $t) (i32.load (i32.load (i32.const 64)))))
          (else ${PAD} (i32.sub (local.get $t) (local.get $n)))))
      (i32.load offset=96 (i32.const 0))))
  (func $walk (export "walk") (param $n i32) (local $t i32)
    (loop $on
      (block $skip
        (br_if $skip (i32.rem_u (local.get $n) (i32.const 3)))
        ${PAD} (call $note (local.get $t)) (br_if $on (local.tee $n (i32.sub (local.get $n) (i32.const 1))))
        (return))
      (block $deep
        (br_if $deep (i32.rem_u (local.get $n) (i32.const 5)))
        ${PAD} (local.set $n (i32.sub (local.get $n) (i32.const 2))) (call $note (local.get $n)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $on (i32.gt_s (local.get $n) (i32.const 0)))))
  (func $trap (export "trap") (param $n i32) (result i32) (local $t i32)
    (if (i32.gt_s (local.get $n) (i32.const 3)) (then ${PAD} (call $note (local.get $t)) (unreachable)))
    (local.get $n))
  (func $seen (export "seen") (result i32) (global.get $seen)))`;

const dir = mkdtempSync(join(tmpdir(), "batchyard-outline-"));
writeFileSync(join(dir, "m.wat"), TEXT);
execFileSync("node_modules/.bin/wasm-as", ["-g", join(dir, "m.wat"), "-o", join(dir, "m.wasm")]);
const file = readFileSync(join(dir, "m.wasm"));
const make = (bytes, imports = {}) => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;

function story(x) {
  const out = [];
  for (let n = 1; n < 30; n++) out.push(x.collatz(n, 12), x.pick(n), x.pick(n - 2), x.pick(n * 5), x.walk(n), x.seen());
  for (const n of [1, 3, 4]) {
    try {
      out.push(x.trap(n));
    } catch (e) {
      out.push(e.constructor.name);
    }
  }
  return [...out, x.seen()];
}
const statics = segments(parse(file).data);
const whole = story(make(file));

function loaded(parts) {
  const x = make(parts.first, { split: { rest: () => (make(parts.second, { first: x }), (x.rest.value = 1)) } });
  return x;
}
const results = (m, f) => m.types[m.functionTypes[f]].results;
const total = (m) => m.bodies.map((b, i) => decode(b, m, results(m, m.importedFunctions + i)).starts.length);

/** A pseudo-random generator of its own, so that a failure can be had again. */
function dice(seed) {
  return () => ((seed = (Math.imul(seed, 1103515245) + 12345) >>> 0), seed / 2 ** 32);
}

test("whatever ran, the code does the same", () => {
  assert.ok(new Set(whole).size > 40);
  let most = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const roll = dice(seed);
    const share = roll();
    const m = parse(file);
    const ran = total(m).map((n) => new Set([...Array(n).keys()].filter((s) => s === 0 || roll() < share)));
    const made = outline(m, (f) => ran[f - m.importedFunctions]);
    most = Math.max(most, made.length);
    const cold = new Set(made.map((f) => m.names.get(f)));
    const parts = split(m, (name) => !cold.has(name), { smallest: 0, linked: { statics, writable: [], elsewhere: new Map() } });
    assert.deepEqual(story(loaded(parts)), whole, `seed ${seed}`);
  }
  assert.ok(most >= 8, `only ${most} regions were moved at most`);
});

/** A profile in which segments ran by chance: some by the first stage, more by the second. */
function chance(seed) {
  const roll = dice(seed);
  const m = parse(file);
  const [one, two] = [roll(), roll()];
  const functions = m.bodies.map((b, i) => {
    const code = decode(b, m, results(m, m.importedFunctions + i));
    const second = Uint8Array.from(code.starts, (_, s) => (s === 0 ? roll() < 0.8 : roll() < two));
    const first = second.map((ran, s) => ran && (s === 0 ? roll() < 0.7 : roll() < one));
    return { key: key(m.names.get(m.importedFunctions + i)), shape: shape(code), stages: [first, second, first, second] };
  });
  return writeProfile(functions);
}

test("in three parts, whatever ran by when, the code does the same, and each part comes when it is needed", () => {
  const loads = new Set();
  for (let seed = 1; seed <= 400; seed++) {
    const parts = splitPage(file, chance(seed), { statics, writable: [], elsewhere: new Map() }, seed % 2 ? ["page", "run"] : ["embed", "others"], "simulator");
    let simulator;
    const now = (n) => {
      if (!simulator) (simulator = make(parts.middle, { first: x })), (x.simulator.value = 1);
      if (n === 2) make(parts.rest, { first: { ...x, ...simulator } }), (x.rest.value = 1);
    };
    const x = make(parts.first, { split: { simulator: () => now(1), rest: () => now(2) } });
    assert.deepEqual(story(x), whole, `seed ${seed}`);
    loads.add(`${x.simulator.value}${x.rest.value}`);
  }
  assert.ok(loads.has("11"), [...loads].join());
});

test("a profile keeps what ran, by function, shape and stage", () => {
  const { module, functions } = instrument(file);
  const ran = new Uint8Array(functions.reduce((n, f) => n + f.segments, 0));
  const x = make(module, { split: { mark: (n) => (ran[n] = 1) } });
  const collect = () => functions.map((f) => ran.slice(f.from, f.from + f.segments));
  assert.equal(x.pick(60), make(file).pick(60));
  const first = collect();
  x.walk(7);
  const second = collect();
  const [one, two] = readProfile(writeProfile(functions.map((f, i) => ({ ...f, stages: [first[i], second[i]] }))), 2);
  const m = parse(file);
  functions.forEach((f, i) => {
    const name = m.names.get(m.importedFunctions + i);
    assert.equal(one.hot(f.key), ["pick", "note"].includes(name), name);
    assert.equal(two.hot(f.key), ["pick", "note", "walk"].includes(name), name);
    assert.equal(shape(decode(m.bodies[i], m, results(m, m.importedFunctions + i))), f.shape);
    for (const [stage, known] of [[first, one], [second, two]]) {
      const segments = [...stage[i].keys()].filter((n) => stage[i][n]);
      assert.deepEqual([...(known.ran(f.key, f.shape) ?? [])], segments, name);
    }
  });
  assert.equal(one.ran(functions[0].key, "00000000"), undefined);
});

test("data that only later code reaches comes with it; data is reached through pointers and through addresses outside of it", () => {
  const cut = (elsewhere) => {
    const m = parse(file);
    return split(m, (name) => name !== "pick", { smallest: 0, linked: { statics, writable: [], elsewhere } });
  };
  const word = (x, at) => new DataView(x.memory.buffer).getInt32(at, true);
  const parts = cut(new Map());
  const x = loaded(parts);
  assert.deepEqual([64, 80, 96].map((at) => word(x, at)), [0, 0, 0]);
  x.pick(60);
  assert.deepEqual([64, 80, 96].map((at) => word(x, at)), [80, 7, 11]);
  // $collatz has the constant 12, which the linker may say to mean the static at 64; that points to the one at 80.
  assert.deepEqual([64, 80, 96].map((at) => word(loaded(cut(new Map([[12, [64]], [0.5, []]]))), at)), [0, 0, 0]);
  assert.deepEqual([64, 80, 96].map((at) => word(loaded(cut(new Map([[31, [64]]]))), at)), [80, 7, 0]);
  // An address may be the half of a 64-bit constant.
  assert.deepEqual(constants(Buffer.from([0, 0x42, ...[0xd0, 0x80, 0x80, 0x80, 0x70], 0x1a, 0x0b])), [80, 0xffffffff]);
});
