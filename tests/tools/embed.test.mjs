// The widget's parameters are read as the documentation says.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { PARAMETERS, read } from "../../embed/parameters.js";
import { rulesFor } from "../../scripts/site-embed.mjs";

const quietly = (search) => {
  const warned = [];
  return [read(search, (text) => warned.push(text)), warned];
};

test("without parameters the defaults hold", () => {
  const [p, warned] = quietly("");
  assert.deepEqual(p, { scenario: "db-migration", view: "split", editor: "text", run: "click", t: null, speed: 1, seed: 1, theme: "auto", controls: "full", goal: "0", hl: [], own: "0" });
  assert.deepEqual(warned, []);
});

test("names and words are read in any case; what is unknown is left alone", () => {
  const [p, warned] = quietly("?SCENARIO=Never&View=SIM&utm_source=x&RUN=Load&T=2m&speed=60&seed=7&Theme=DARK&controls=Mini&goal=1&editor=Code&hl=L6-L8,L10");
  assert.deepEqual(p, { scenario: "never", view: "sim", editor: "code", run: "load", t: 120, speed: 60, seed: 7, theme: "dark", controls: "mini", goal: "1", hl: [[6, 8], [10, 10]], own: "0" });
  assert.deepEqual(warned, []);
});

test("a value that cannot be meant falls back with a warning", () => {
  for (const bad of ["view=wide", "t=-1", "t=x", "speed=3", "speed=0.5", "seed=-1", "seed=4294967296", "hl=L8-L6", "hl=<b>", "scenario=../x", "scenario=", "theme=pink", "run=", `hl=${"9".repeat(500)}`]) {
    const [p, warned] = quietly(`?${bad}`);
    const name = bad.split("=")[0];
    assert.deepEqual(p[name], PARAMETERS[name][1], bad);
    assert.equal(warned.length, 1, bad);
    assert.ok(warned[0].length < 250, "a warning is short");
  }
});

test("100,000 odd addresses are read without a mistake", () => {
  let seed = 1;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
  const names = [...Object.keys(PARAMETERS), "x"];
  const letters = "abzL019-.,%&=+<>\"' é\u0000";
  for (let n = 0; n < 100_000; n++) {
    const text = Array.from({ length: random(12) }, () => letters[random(letters.length)]).join("");
    const [p] = quietly(`?${names[random(names.length)]}=${text}`);
    assert.ok(p.t === null || (p.t >= 0 && Number.isFinite(p.t)));
    assert.ok(PARAMETERS.view[0](p.view) && PARAMETERS.scenario[0](p.scenario));
  }
});

test("docs/embed.md and the configurator name each parameter", () => {
  const text = readFileSync("docs/embed.md", "utf8");
  const form = readFileSync("embed/docs/index.html", "utf8");
  for (const name of Object.keys(PARAMETERS).filter((n) => n !== "own")) {
    assert.ok(text.includes(`| \`${name}\` |`), name);
    assert.ok(form.includes(`name="${name}"`), name);
  }
});

test("an embed's sheet has the rules that its widget can need", () => {
  const css = "@layer a,b;@layer parts{.pod{x:1}.pod .other{x:2}.pod,.other{x:3}@media print{.mark--fail:not(.other){x:4}.other{x:5}}}@keyframes k{0%{x:6}}p:is(.a,.b) i{x:7}";
  assert.equal(rulesFor(css, 'class="pod" ["mark--", kind]'), "@layer a,b;@layer parts{.pod{x:1}.pod{x:3}@media print{.mark--fail:not(.other){x:4}}}@keyframes k{0%{x:6}}p:is(.a,.b) i{x:7}");
});
