// What a learner does, for journeys and measurements.

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
