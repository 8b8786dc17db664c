// A test that a browser drives. On a machine that is slow and busy a browser now and then loses a click or a frame, so what
// failed is tried once more from the start, and the log says so aloud: what is broken fails twice.
import { test as once } from "node:test";

/** node:test's `test`, with a second try. */
export function test(name, options, body) {
  if (typeof options === "function") [options, body] = [{}, options];
  once(name, options, async (t) => {
    try {
      await body(t);
    } catch (error) {
      // Only a run on a machine left alone says how often that is: RETRY=0 takes the first answer.
      if (process.env.RETRY === "0" || t.signal.aborted) throw error;
      console.log(`==> FAILED at its first try, tried again: ${name}\n${error.stack ?? error}`);
      await body(t);
      console.log(`==> passed only at its second try: ${name}`);
    }
  });
}
