// The states that the page is looked at in: `make screenshots` takes their pictures, and scenes.test.mjs holds each to axe.
// `arrange` brings a fresh page to the state, by what a learner would do. `stay` says that the picture is of where that led on a
// page that scrolls, not of its top; `wide`, that the state is there on wide pages only; `over`, that what opens over the page is all that
// there is to see, which is the same on a tablet.
import { applyManifest, back, runToEnd, terminal } from "./learner.mjs";

/** Goes to a moment, by the second, of what has been run. */
async function scrub(page, second) {
  await page.locator(".scrub-range").fill(String(second));
  await page.waitForTimeout(100);
}

/** Applies, runs to the end, and goes back to a moment. */
async function at(page, id, second) {
  await back(page, id);
  await runToEnd(page);
  if (second !== undefined) await scrub(page, second);
}

/** Applies, and goes to a moment step by step: nothing after it has been run. */
async function until(page, id, second) {
  await back(page, id);
  await page.click(".applybar [data-do=apply]");
  await page.click("[data-do=play]");
  await stepTo(page, second);
}

async function stepTo(page, second) {
  const now = () => page.evaluate(() => Number(document.querySelector(".scrub-range").value));
  for (let i = 0, same = 0; i < 300 && same < 5 && (await now()) < second; i++) {
    const before = await now();
    await page.click("[data-do=next]");
    await page.waitForFunction((t) => Number(document.querySelector(".scrub-range").value) > t, before, { timeout: 1_000 }).catch(() => {});
    same = (await now()) === before ? same + 1 : 0;
  }
  await scrub(page, second);
}

const SEVERAL = `apiVersion: batch/v1
kind: Job
metadata:
  name: thumbs
spec:
  completions: 4
  parallelism: 2
  template:
    metadata:
      annotations:
        batchyard.dev/attempts: "exit 0 after 6s; exit 1 after 4s; exit 0 after 8s"
    spec:
      restartPolicy: Never
      containers:
        - name: resize
          image: thumbs:1.4
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      containers:
        - name: server
          image: nginx
`;

/** A dialog that a button opens. */
const dialog = (name, id, button) => ({
  name,
  over: true,
  arrange: async (page) => {
    await back(page, "migration-fails-twice");
    await page.click(button);
    await page.waitForSelector(`#${id}[open]`);
  },
});

export const scenes = [
  { name: "first-run", arrange: (page) => back(page, "migration-fails-twice") },
  {
    name: "tour",
    over: true,
    arrange: async (page) => {
      // A first visit notes that it was one as soon as it begins: what is cleared before that would be written again.
      await page.waitForFunction(() => localStorage.getItem("batchyard:tour"));
      await page.evaluate(() => localStorage.clear());
      await page.reload();
      await page.waitForSelector(".tour");
    },
  },
  { name: "running", arrange: (page) => until(page, "migration-fails-twice", 43) },
  { name: "backoff", arrange: (page) => until(page, "migration-fails-twice", 28) },
  {
    name: "scrubbed-back",
    arrange: async (page) => {
      await at(page, "migration-fails-twice", 30);
      await page.click(".siding[data-lamp=fail] .pod >> nth=1");
    },
  },
  { name: "complete", arrange: (page) => at(page, "migration-fails-twice") },
  { name: "failed", arrange: (page) => at(page, "migration-gives-up") },
  { name: "parallel", arrange: (page) => until(page, "six-by-two", 12) },
  {
    name: "image-pull",
    arrange: async (page) => {
      await until(page, "image-typo", 21);
      const events = page.locator("role=tab[name=Events]");
      if (await events.isVisible()) await events.click();
    },
  },
  { name: "crash-loop", arrange: (page) => at(page, "crash-loop", 330) },
  { name: "deployment", arrange: (page) => until(page, "migration-as-deployment", 30) },
  { name: "cronjob", arrange: (page) => until(page, "every-minute", 150) },
  { name: "indexed", arrange: (page) => until(page, "indexed", 10) },
  { name: "suspended", arrange: (page) => until(page, "suspended", 1) },
  { name: "clean-up", arrange: (page) => until(page, "clean-up", 12) },
  {
    name: "several",
    arrange: async (page) => {
      await back(page, "migration-fails-twice");
      await applyManifest(page, SEVERAL);
      await page.click("[data-do=play]");
      await stepTo(page, 14);
    },
  },
  { name: "hundred-pods", arrange: (page) => at(page, "hundred-pods", 20) },
  {
    name: "nodes",
    arrange: async (page) => {
      await until(page, "six-by-two", 12);
      await page.click("[data-do=nodes]");
    },
  },
  {
    name: "invalid",
    stay: true,
    arrange: async (page) => {
      await back(page, "migration-fails-twice");
      await page.fill("#manifest", (await page.inputValue("#manifest")).replace("Never", "Always"));
      await page.waitForSelector(".diag");
      await page.click(".applybar [data-do=apply]");
    },
  },
  {
    name: "fork",
    arrange: async (page) => {
      await at(page, "migration-fails-twice", 30);
      if (await page.isVisible("#command")) await terminal(page, "kubectl get job,pods");
      else await page.click(".bench > .switch [data-show=terminal]");
      await terminal(page, "kubectl delete job db-migration --wait=false");
      await page.waitForSelector(".toast");
    },
  },
  {
    name: "why",
    over: true,
    arrange: async (page) => {
      await until(page, "migration-fails-twice", 28);
      await page.click(".jobcard .why");
    },
  },
  {
    name: "share",
    over: true,
    arrange: async (page) => {
      await until(page, "migration-fails-twice", 28);
      await page.evaluate(() => document.activeElement?.blur());
      await page.keyboard.press("Control+s");
      await page.waitForSelector("#share[open]");
    },
  },
  dialog("statuses", "legend", "text=Statuses"),
  dialog("examples", "examples", ".source >> text=Examples"),
  { ...dialog("settings", "settings", "[aria-label=Settings]"), wide: true },
  { ...dialog("keys", "keys", "[aria-label='Keyboard shortcuts']"), wide: true },
  { name: "broken-link", path: "#v1.hVHBboMwDP2VKOeNBgqj5bZd9x", arrange: async () => {} },
  {
    name: "compare-kind",
    path: "compare/?p=kind",
    arrange: async (page) => {
      // A phone has a list of the speeds.
      const speed = page.locator("[data-speed='10']");
      await ((await speed.isVisible()) ? speed.click() : page.selectOption(".speed select", "10"));
      await page.click("[data-do=play]");
      await page.waitForSelector(".side:nth-of-type(1) .jobcard[data-job=Complete]");
      await page.click("[data-do=play]");
    },
  },
  {
    name: "compare-policy",
    path: "compare/?p=policy",
    arrange: async (page) => {
      await page.click("[data-do=end]");
      await page.waitForSelector(".side:nth-of-type(1) .jobcard[data-job=Failed]");
      await page.waitForFunction(() => /Play/.test(document.querySelector("[data-do=play]").textContent));
    },
  },
];
