// The documents name the policy that the site is built with.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { POLICY } from "../../scripts/site-policy.mjs";

test("docs/hosting.md has the site's content security policy in each snippet", () => {
  const text = readFileSync("docs/hosting.md", "utf8");
  assert.equal(text.split(POLICY).length - 1, 2);
});
