// The list of known differences may only shrink: the gate fails on what is new, and on what is listed and agrees.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, mkdirSync, readFileSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

// A small copy of the repository with two recordings, and a simulator that plays back what it is told to.
function setUp(listed, differs, checks = "output") {
  const dir = mkdtempSync(join(tmpdir(), "batchyard-conformance-"));
  for (const name of ["scripts/conformance", "tests/conformance/conformance.py", "tests/conformance/texts.py"]) {
    mkdirSync(join(dir, name, ".."), { recursive: true });
    cpSync(name, join(dir, name));
  }
  for (const name of ["basic/configmap", "basic/labels"]) cpSync(`tests/conformance/recordings/${name}`, join(dir, "tests/conformance/recordings", name), { recursive: true });
  writeFileSync(join(dir, "tests/conformance/known-differences.txt"), listed.map((n) => `${n}\t${checks}\tbecause\n`).join(""));
  const play = ['#!/bin/sh', 'shift 3; out=$1; shift', 'for s in "$@"; do n=$(basename $(dirname $s))/$(basename $s); mkdir -p $out/$n'];
  play.push(`case " ${differs.join(" ")} " in *" $n "*) head -n 1 $s/recording.jsonl > $out/$n/recording.jsonl;; *) cp $s/recording.jsonl $out/$n/;; esac; done`);
  writeFileSync(join(dir, "batchyard"), play.join("\n"));
  chmodSync(join(dir, "batchyard"), 0o755);
  const run = (...args) => {
    const r = spawnSync("python3", [join(dir, "scripts/conformance"), "scenarios", ...args], {
      encoding: "utf8",
      env: { ...process.env, BATCHYARD: join(dir, "batchyard"), CARGO_TARGET_DIR: join(dir, "target") },
    });
    return { code: r.status, out: r.stdout + r.stderr, list: readFileSync(join(dir, "tests/conformance/known-differences.txt"), "utf8") };
  };
  return run;
}

test("all agree and none is listed: passed", () => {
  const { code, out } = setUp([], [])();
  assert.equal(code, 0, out);
  assert.match(out, /states agree in 2 of 2[\s\S]*\n2 passed, 0 failed/);
});

test("a listed difference is no failure", () => {
  const { code, out } = setUp(["basic/labels"], ["basic/labels"])();
  assert.match(out, /\n2 passed, 0 failed/);
  assert.equal(code, 0);
});

test("one that hangs on chance may agree or differ", () => {
  assert.equal(setUp(["basic/labels"], [], "~output")().code, 0);
  assert.equal(setUp(["basic/labels"], ["basic/labels"], "~output")().code, 0);
});

test("a new difference fails; --add lists it with a reason", () => {
  const run = setUp([], ["basic/labels"]);
  const { code, out } = run();
  assert.equal(code, 1);
  assert.match(out, /FAIL basic\/labels: differs in .*not listed[\s\S]*\n1 passed, 1 failed/);
  const added = run("--add", "not yet built");
  assert.equal(added.code, 0);
  assert.match(added.list, /basic\/labels\t[\w, ]+\tnot yet built/);
  assert.equal(run().code, 0);
});

test("a listed one that agrees fails; --remove strikes it", () => {
  const run = setUp(["basic/labels", "basic/configmap"], ["basic/configmap"]);
  const { code, out } = run();
  assert.equal(code, 1);
  assert.match(out, /FAIL basic\/labels: agrees by now/);
  const removed = run("--remove");
  assert.equal(removed.code, 0, removed.out);
  assert.doesNotMatch(removed.list, /basic\/labels/);
  assert.match(removed.list, /basic\/configmap/);
});
