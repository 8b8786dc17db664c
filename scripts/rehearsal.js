// A worker that runs the first example for nothing, in the WebAssembly that its page is about to run. Browsers compile a function when
// it is called for the first time, and keep the page waiting for it; compiled code is shared with workers, so here nobody waits. It is
// given each part of the WebAssembly, the first one first, or its address; and answers, when it has run what the others are for, with that
// part and what went wrong.
import { initSync, rehearse } from "GLUE";

const BORDERS = ["SECOND", "rest"];
const { Instance } = WebAssembly;
const early = () => {
  throw new Error("this part is not here yet");
};
const exports = {};
let first;
let next = 0;
WebAssembly.Instance = function (module, imports) {
  return (first = new Instance(module, { ...imports, split: { SECOND: early, rest: early } }));
};
onmessage = async ({ data }) => {
  if (!first) {
    initSync({ module: data });
    Object.assign(exports, first.exports);
    return;
  }
  const n = next++;
  let module, error;
  try {
    module = typeof data === "string" ? await WebAssembly.compileStreaming(fetch(data)) : data;
    Object.assign(exports, new Instance(module, { first: exports }).exports);
    first.exports[BORDERS[n]].value = 1;
    rehearse(BORDERS[n] === "rest");
  } catch (e) {
    // Then it is the page that runs it for the first time.
    error = String(e);
  }
  postMessage({ n, module, error });
};
