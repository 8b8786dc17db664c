// Stands in the start script, before the WebAssembly is instantiated: loads its other parts, one after the other, in the background; a
// call that comes too early waits for what it needs. `batchyardParts` counts what is there. An embed (EMBED) loads what its shell asks
// for, `batchyardWants("rest")`, and no more: a page may hold many. `batchyardHas` tells whether a part is there. A page has each part
// rehearsed in a worker before it is told of it (scripts/rehearsal.js): what it then does there first takes a tenth of the time.
// A page that is being left fetches nothing, so what listens for its becoming hidden must not ask for more.
let left = false;
for (const kind of ["pagehide", "pageshow"]) addEventListener(kind, () => (left = kind === "pagehide"), true);
for (const kind of ["visibilitychange", "pagehide"]) addEventListener(kind, (event) => left && event.stopImmediatePropagation(), true);
const PARTS = [
  { border: "SECOND", url: new URL("MIDDLE", import.meta.url), needs: () => first.exports },
  { border: "rest", url: new URL("REST", import.meta.url), needs: () => ({ ...first.exports, ...PARTS[0].made.exports }) },
];
let first, whole, loading;
let told = 0;
let wanted = EMBED ? 0 : PARTS.length;
// An embed's first part holds its simulator.
globalThis.batchyardParts = EMBED ? 2 : 1;
globalThis.batchyardHas = (name) => !!PARTS.find((part) => part.border === name).made;
globalThis.batchyardWants = (name) => {
  wanted = Math.max(wanted, 1 + PARTS.findIndex((part) => part.border === name));
  if (first) background();
};
const put = (part, made) => {
  part.made = made;
  first.exports[part.border].value = 1;
};
const tell = () => {
  const made = PARTS.filter((part) => part.made).length;
  if (made === told) return;
  told = made;
  globalThis.batchyardParts = EMBED && made < PARTS.length ? 2 : 1 + made;
  dispatchEvent(new Event("batchyard:part"));
};
const fetchNow = (url) => {
  const r = new XMLHttpRequest();
  r.open("GET", url, false);
  r.overrideMimeType("text/plain; charset=x-user-defined");
  r.send();
  // A loop: Uint8Array.from() would make a string of every byte first.
  const text = r.responseText;
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
};
const now = (upTo) => {
  for (const part of PARTS.slice(0, upTo)) if (!part.made) put(part, new WebAssembly.Instance(new WebAssembly.Module(fetchNow(part.url)), { first: part.needs() }));
  // The page hears of it once the call that came too early is over.
  setTimeout(tell);
};
let worker;
const enlist = () => {
  worker?.terminate();
  try {
    worker = new Worker(new URL("REHEARSAL", import.meta.url), { type: "module" });
    worker.postMessage(whole);
  } catch {
    worker = undefined;
  }
};
// It is no matter if that fails or takes too long. What it is given an address of it loads and compiles itself, and hands over.
const rehearsed = (n, what, ms) =>
  new Promise((done) => {
    worker.onmessage = ({ data }) => data.n === n && done(data.module);
    worker.onerror = () => done();
    setTimeout(done, ms);
    worker.postMessage(what);
  });
const compiled = async (asked) => {
  const answer = await asked;
  if (!answer.ok) throw new Error(answer.status);
  const streams = answer.headers.get("content-type") === "application/wasm";
  return streams ? WebAssembly.compileStreaming(answer) : WebAssembly.compile(await answer.arrayBuffer());
};
// A page other than the sandbox is drawn at once.
const drawn = new Promise((go) => {
  const seen = () => document.documentElement.dataset.page !== "sandbox" || document.querySelector(".dock");
  const watch = new MutationObserver(() => seen() && (watch.disconnect(), go()));
  if (EMBED || seen()) go();
  else watch.observe(document.documentElement, { childList: true, subtree: true });
});
const load = async () => {
  for (let n = 0; n < wanted; n++) {
    const part = PARTS[n];
    if (part.made) continue;
    // The first of them is wanted at once, while the worker is still being made ready.
    let module = !EMBED && n && worker ? await rehearsed(n, String(part.url), 60_000) : undefined;
    if (!module) {
      // It counts what it is given, so it must be there before the first is.
      if (!EMBED && !n) await new Promise((go) => setTimeout(() => go(enlist())));
      const early = part.asked;
      part.asked = undefined;
      module = await compiled(early ?? fetch(part.url));
      if (!EMBED && worker && !n) await rehearsed(n, module, 2_000);
    }
    if (!part.made) {
      // Thousands of functions: gathering them has a task of its own, too.
      const needs = part.needs();
      await new Promise((go) => setTimeout(go));
      const made = await WebAssembly.instantiate(module, { first: needs });
      part.made ?? put(part, made);
    }
    // What this leads to is a task of its own, once the page is drawn: so the order is always that which the profile saw.
    await drawn;
    await new Promise((go) => setTimeout(go, 4));
    tell();
    // What has come gets the time to be shown first.
    if (!EMBED) await new Promise((go) => setTimeout(() => (globalThis.requestIdleCallback ?? setTimeout)(go, { timeout: 1000 }), 100));
  }
};
const background = () => {
  if (loading || PARTS.slice(0, wanted).every((part) => part.made)) return;
  loading = true;
  load()
    .finally(() => {
      loading = false;
      if (!EMBED) worker = worker?.terminate();
    })
    .then(background, () => setTimeout(background, 5000));
};
const { instantiate, instantiateStreaming } = WebAssembly;
const withParts = (own) => async (source, imports) => {
  Object.assign(WebAssembly, { instantiate, instantiateStreaming });
  imports.split = { SECOND: () => now(1), rest: () => now(2) };
  const made = await own.call(WebAssembly, source, imports);
  first = made.instance ?? made;
  whole = made.module ?? source;
  if (EMBED) background();
  else {
    // What is compiled while the page is drawn would take turns with that where there are few cores; so it is only fetched.
    PARTS[0].asked = fetch(PARTS[0].url);
    PARTS[0].asked.catch(() => {});
    drawn.then(() => setTimeout(background));
  }
  return made;
};
Object.assign(WebAssembly, { instantiate: withParts(instantiate), instantiateStreaming: withParts(instantiateStreaming) });
