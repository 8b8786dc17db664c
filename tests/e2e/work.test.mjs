// What a learner does at the bench: write with help, decide how containers behave, act on Pods and nodes, look into objects, take a
// run away. Each bullet of the page's scope has a journey here or in sandbox.test.mjs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { journey } from "./journey.mjs";
import { back, runToEnd, terminal, text, type } from "./learner.mjs";

const until = (page, selector, pattern) =>
  page.waitForFunction(([s, source]) => new RegExp(source).test(document.querySelector(s)?.textContent ?? ""), [selector, pattern.source]);

journey("the editor completes, explains and mends by keyboard alone", async ({ page, axe }) => {
  await back(page, "db-migration");
  await page.focus("#manifest");
  await page.evaluate(() => {
    const area = document.querySelector("#manifest");
    const at = area.value.indexOf("\n  backoffLimit:");
    area.setSelectionRange(at, at);
  });
  await page.keyboard.press("Enter");
  await page.keyboard.type("ttl");
  await page.waitForSelector(".aid--choices");
  assert.match(await text(page, ".aid--choices [aria-selected=true]"), /^ttlSecondsAfterFinished ?integer/);
  await axe(page, { include: ".source" });
  await page.keyboard.press("Enter");
  await page.keyboard.type("60");
  assert.match(await page.inputValue("#manifest"), /\n  ttlSecondsAfterFinished: 60\n/);
  for (let i = 0; i < 6; i++) await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("F1");
  await until(page, ".aid--field", /ttlSecondsAfterFinished integer.*lifetime/);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".aid").count(), 0);
  await type(page, "backoffLimit", "backofflimit");
  await until(page, ".diag", /unknown field "spec.backofflimit"/);
  assert.match(await text(page, ".diag"), /Kubernetes docs/);
  await page.click("text=Write backoffLimit");
  assert.match(await page.inputValue("#manifest"), /backoffLimit: 3/);
  assert.equal(await page.locator(".diag").count(), 0);
});

journey("a field is explained under the pointer", async ({ page }) => {
  await back(page, "db-migration");
  await page.locator(".ln:has-text('backoffLimit') .y-k").first().hover({ force: true });
  await until(page, ".aid--field", /backoffLimit integer.*number of retries/);
});

journey("the code editor is chosen in the settings, and is told the same", async ({ page, axe }) => {
  await back(page, "db-migration");
  await page.click("[aria-label=Settings]");
  await page.click("#settings >> text=Code editor");
  await page.keyboard.press("Escape");
  const content = page.locator("#code .cm-content");
  await content.waitFor();
  assert.match(await content.textContent(), /kind: Job/);
  await axe(page);
  await content.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\nspec2: 1");
  await until(page, ".diag", /unknown field "spec2"/);
  await page.keyboard.press("Control+z");
  await page.waitForFunction(() => !document.querySelector(".diag"));
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector(".road .pod");
});

const ROLE = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: reader\nrules: []\n";

journey("a kind without effect is told beside its line, and once when it is applied", async ({ page, axe }) => {
  await back(page, "db-migration");
  await page.fill("#manifest", (await page.inputValue("#manifest")) + ROLE);
  await page.waitForSelector(".ln:has-text('kind: Role') .hint");
  assert.match(await text(page, ".ln:has-text('kind: Role')"), /accepted and has no effect here/);
  assert.equal(await page.locator(".diag").count(), 0);
  assert.match(await text(page, ".applybar .said"), /valid, not applied yet/);
  const described = await page.getAttribute("#manifest", "aria-describedby");
  assert.match(await text(page, `#${described}`), /^Line \d+: Role is accepted and has no effect here\. Whoever asks/);
  await axe(page, { include: ".source" });
  await page.click(".applybar [data-do=apply]");
  await until(page, ".toast[role=status]", /Role is accepted and has no effect here\./);
  await page.click(".top [aria-label='Switch theme']");
  await axe(page);
  await page.waitForFunction(() => !document.querySelector(".toast"));
  await page.click(".applybar [data-do=apply]");
  await until(page, ".term-body", /role\.rbac\.authorization\.k8s\.io\/reader created/);
  assert.equal(await page.locator(".toast").count(), 0);
  await page.click("[aria-label=Settings]");
  await page.click("#settings >> text=Code editor");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#code .mark:has-text('accepted and has no effect here')");
  await axe(page);
});

journey("a file is dropped on the manifest, and an example opens over it", async ({ page }) => {
  await back(page, "db-migration");
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(["apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: dropped\n"], "mine.yaml"));
    document.querySelector(".source").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await page.waitForFunction(() => /dropped/.test(document.querySelector("#manifest").value));
  assert.match(await text(page, ".toast"), /mine\.yaml is open/);
  await until(page, ".diag", /spec\.template\.spec\.containers: Required value/);
  await page.click("text=Examples");
  assert.ok((await page.locator("#examples .example").count()) > 26);
  await page.click("[data-example=six-by-two]");
  assert.match(await text(page, ".sentence"), /2 Pods at a time until 6/);
});

journey("one index behaves otherwise than the rest", async ({ page, axe }) => {
  await back(page, "indexed");
  await page.selectOption("[data-do=index]", "2");
  await page.selectOption("[data-do=preset]", "Always fails");
  assert.match(await page.inputValue("#manifest"), /batchyard.dev\/attempts\.index-2: "exit 1 after 4s"/);
  await axe(page, { include: ".source" });
  await page.click(".applybar [data-do=apply]");
  await page.click("[data-speed='10']");
  await page.waitForSelector(".siding[data-lamp=fail] .pod[data-status=Error]");
  assert.match(await text(page, ".siding[data-lamp=fail] .pod"), /-2-\w{5}|2-/);
});

journey("Pods stand on their nodes; a node is cordoned, a Job suspended and resumed, a Pod deleted by keyboard", async ({ page, axe }) => {
  await back(page, "six-by-two");
  await page.click(".applybar [data-do=apply]");
  await page.waitForSelector(".road .pod[data-status=Running]");
  await page.click("[data-do=nodes]");
  await page.waitForSelector(".node .pod");
  await axe(page);
  await page.click(".node >> nth=0 >> text=Cordon");
  await until(page, ".nodes", /SchedulingDisabled/);
  await page.click("[data-do=nodes]");
  await page.click(".jobcard .name-btn");
  await page.click(".acts >> text=Suspend");
  await page.waitForSelector(".jobcard[data-job=Suspended]");
  await page.click(".acts >> text=Resume");
  await page.waitForSelector(".jobcard[data-job=Running]");
  await page.waitForSelector(".road .pod[data-status=Running]");
  const name = await page.getAttribute(".road .pod >> nth=0", "data-pod");
  await page.focus(`.road .pod[data-pod="${name}"]`);
  await page.keyboard.press("Delete");
  await page.waitForFunction((name) => !document.querySelector(`.road .pod[data-pod="${name}"]:not([data-status=Terminating])`), name);
  await until(page, ".term-body", new RegExp(`pod "${name}" deleted`));
});

journey("the inspector follows the moment: describe, events, YAML with what has changed, logs", async ({ page }) => {
  await back(page);
  await runToEnd(page);
  await until(page, "#insp", /Pods Statuses:\s+0 Active .* \/ 1 Succeeded \/ 2 Failed/);
  await page.click("#tab-Events");
  await until(page, "#insp", /Completed\s*Job\/db-migration\s*Job completed/);
  await page.click("#tab-YAML");
  await page.locator(".scrub-range").fill("20");
  await until(page, "#insp", /failed: 1/);
  await page.click("[data-do=next]");
  await page.waitForSelector("#insp mark");
  await page.locator(".siding .pod >> nth=0").click();
  await page.click("#tab-Logs");
  await page.waitForFunction(() => document.querySelector("#insp").textContent.length > 0);
});

journey("the terminal completes, searches its history, is cleared, and hands an object to the editor", async ({ page }) => {
  await back(page, "db-migration");
  await runToEnd(page);
  await terminal(page, "kubectl get jobs", /NAME\s+STATUS\s+COMPLETIONS/);
  await page.fill("#command", "kubectl desc");
  await page.press("#command", "Tab");
  assert.equal(await page.inputValue("#command"), "kubectl describe ");
  await page.keyboard.type("job db");
  await page.press("#command", "Tab");
  assert.equal(await page.inputValue("#command"), "kubectl describe job db-migration ");
  await page.keyboard.press("Enter");
  await until(page, ".term-body", /Completions:\s+1/);
  await page.press("#command", "Control+r");
  await page.keyboard.type("get");
  await until(page, ".term-in", /kubectl get jobs/);
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.inputValue("#command"), "kubectl get jobs");
  await terminal(page, "clear");
  await page.waitForFunction(() => document.querySelector(".term-body pre").textContent === "");
  await terminal(page, "kubectl edit job db-migration");
  await page.waitForFunction(() => /uid: /.test(document.querySelector("#manifest").value));
  await page.focus("#command");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  assert.notEqual(await page.evaluate(() => document.activeElement?.id), "command", "Esc, then Tab leaves the line");
});

journey("speed, theme and editor are kept; settings and drafts go into a file", async ({ page }) => {
  await back(page);
  await page.click("[data-speed='60']");
  await page.reload();
  await page.waitForSelector("main");
  assert.equal(await page.getAttribute("[data-speed='60']", "aria-checked"), "true");
  await page.click("[aria-label=Settings]");
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("text=Export settings")]);
  assert.match(readFileSync(await file.path(), "utf8"), /"batchyard:speed": "60"/);
});

journey("a run is taken away as Markdown, as a picture and as a file that opens again", async ({ page, open }) => {
  await back(page);
  await runToEnd(page);
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("Control+s");
  await page.click("#share >> text=File");
  await page.click("#share >> text=Copy as Markdown");
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /```yaml\napiVersion: batch\/v1/);
  const saved = async (label) => {
    const [file] = await Promise.all([page.waitForEvent("download"), page.click(`#share >> text=${label}`)]);
    return readFileSync(await file.path(), "utf8");
  };
  assert.match(await saved("Timeline as SVG"), /^<svg[^]*<\/svg>\s*$/);
  const run = await saved("Whole run");
  const clock = await text(page, ".clock");
  const other = await open({ path: "#" + run.trim() });
  await other.waitForSelector(".jobcard[data-job=Complete]");
  assert.equal(await text(other, ".clock"), clock);
});

journey("a CronJob shows its dial, its next runs and its Jobs; skipped waits are told", async ({ page }) => {
  await back(page, "every-minute");
  await page.click(".applybar [data-do=apply]");
  await page.waitForSelector(".cron .dial");
  assert.match(await text(page, ".cron"), /\* \* \* \* \*/);
  await page.check(".skipwaits input");
  await until(page, ".toast", /Skipped \d+/);
  await page.waitForSelector(".jobcard");
});

journey("a long run to the end can be cancelled, and a paused page is still", async ({ page }) => {
  await back(page, "hundred-pods");
  await page.click(".applybar [data-do=apply]");
  await page.click("[data-do=play]");
  const clock = await text(page, ".clock");
  await page.waitForTimeout(500);
  assert.equal(await text(page, ".clock"), clock);
});

journey("offline the page says so and goes on", async ({ page }) => {
  await back(page, "db-migration");
  await page.waitForSelector("#command"); // All of the program is there.
  await page.context().setOffline(true);
  await until(page, ".toast", /You are offline/);
  await runToEnd(page);
  await page.waitForSelector(".jobcard[data-job=Complete]");
  await page.context().setOffline(false);
});
