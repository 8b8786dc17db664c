// What a learner does, for journeys and measurements.
import assert from "node:assert/strict";

/** Makes the visit one of somebody who has been here before, with an example of their choice. */
export async function back(page, example = "migration-fails-twice") {
  await page.evaluate((id) => {
    localStorage.setItem("batchyard:tour", "seen");
    localStorage.setItem("batchyard:example", id);
  }, example);
  await page.reload();
  await page.waitForSelector("main");
}

export const text = (page, selector) => page.textContent(selector).then((t) => t.replace(/\s+/g, " ").trim());

/** Changes a part of the manifest. */
export async function type(page, from, to) {
  const old = await page.inputValue("#manifest");
  assert.ok(old.includes(from), `the manifest has ${from}`);
  await page.fill("#manifest", old.replace(from, to));
}

/** Applies the manifest of a Job called `edited` with the keyboard, and sees it through to Complete. */
export async function applyEdited(page) {
  await page.focus("#manifest");
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector(".road .pod");
  assert.match(await text(page, ".road .pod"), /^edited-\w{5} /);
  await page.click("[data-speed='10']");
  await page.waitForSelector(".jobcard[data-job=Complete]");
  assert.match(await text(page, ".outcome"), /Complete in \d+s\./);
}

/** Applies, and runs to the end. */
export async function runToEnd(page) {
  await page.click(".applybar [data-do=apply]");
  await page.click("[data-do=end]");
  await page.waitForFunction(() => /Play/.test(document.querySelector("[data-do=play]").textContent));
}

/** Types a line into the terminal, and waits for what it prints. */
export async function terminal(page, line, prints) {
  await page.fill("#command", line);
  await page.press("#command", "Enter");
  if (prints) await page.waitForFunction(([source, flags]) => new RegExp(source, flags).test(document.querySelector(".term-body").textContent), [prints.source, prints.flags]);
}

/** Puts a manifest into the editor and applies it with the keyboard. */
export async function applyManifest(page, manifest) {
  await page.locator("#manifest").fill(manifest);
  await page.locator("#manifest").press("Control+Enter");
}

/** Sets the speed of the playback: 1, 10, 60 or 600. */
export async function setSpeed(page, times) {
  await page.locator(`[data-speed="${times}"]`).click();
}

/** A Job of so many Pods that all run at once, each for so long. */
export const manyPods = (pods, seconds = 40) => `apiVersion: batch/v1
kind: Job
metadata:
  name: many
spec:
  completions: ${pods * 10}
  parallelism: ${pods}
  backoffLimit: 1000
  template:
    metadata:
      annotations:
        batchyard.dev/attempts: "exit 0 after ${seconds}s"
    spec:
      restartPolicy: Never
      containers:
        - name: work
          image: busybox
`;
