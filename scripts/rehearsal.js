// A worker that runs the first example for nothing, in the WebAssembly that its page is about to run. Browsers compile a function when
// it is called for the first time, and keep the page waiting for it; compiled code is shared with workers, so here nobody waits. It is
// told each part of the WebAssembly, the first one first, and answers when it has run what the others are for: with that part's name, or
// with what went wrong.
import { initSync, rehearse } from "GLUE";

const BORDERS = ["SECOND", "rest"];
const { Instance } = WebAssembly;
const early = () => {
  throw new Error("this part is not here yet");
};
const exports = {};
let first;
WebAssembly.Instance = function (module, imports) {
  return (first = new Instance(module, { ...imports, split: { SECOND: early, rest: early } }));
};
onmessage = ({ data: module }) => {
  try {
    if (!first) {
      initSync({ module });
      Object.assign(exports, first.exports);
      return;
    }
    const border = BORDERS.shift();
    Object.assign(exports, new Instance(module, { first: exports }).exports);
    first.exports[border].value = 1;
    rehearse(border === "rest");
    postMessage(border);
  } catch (error) {
    // Then it is the page that runs it for the first time.
    postMessage(String(error));
  }
};
