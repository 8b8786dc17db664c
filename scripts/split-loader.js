// Stands in the start script, before the WebAssembly is instantiated: loads its other parts, one after the other, in the background; a
// call that comes too early waits for what it needs. `batchyardParts` counts what is there, `batchyardLoaded` is a promise of all that
// comes by itself. An embed (EMBED) leaves the rest until somebody touches it or its shell asks (`batchyardRest`): a page may hold many.
const embed = EMBED;
const PARTS = [
  { border: "simulator", url: new URL("SIMULATOR", import.meta.url), needs: () => first.exports },
  { border: "rest", url: new URL("REST", import.meta.url), needs: () => ({ ...first.exports, ...PARTS[0].made.exports }) },
];
let first, loading;
globalThis.batchyardParts = 1;
globalThis.batchyardLoaded = new Promise((done) => addEventListener("batchyard:part", () => globalThis.batchyardParts > (embed ? 1 : PARTS.length) && done()));
const wanted = new Promise((done) => {
  globalThis.batchyardRest = done;
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, done, { once: true, capture: true });
});
const put = (part, made) => {
  part.made = made;
  first.exports[part.border].value = 1;
};
const tell = () => {
  const there = 1 + PARTS.filter((part) => part.made).length;
  if (there === globalThis.batchyardParts) return;
  globalThis.batchyardParts = there;
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
const background = () => {
  loading ??= (async () => {
    for (const part of PARTS) {
      if (embed && part.border === "rest") await wanted;
      const answer = await fetch(part.url);
      if (!answer.ok) throw new Error(answer.status);
      const module = await WebAssembly.compile(await answer.arrayBuffer());
      if (!part.made) {
        const made = await WebAssembly.instantiate(module, { first: part.needs() });
        part.made ?? put(part, made);
      }
      tell();
      // What has come gets the time to be shown first.
      await new Promise((go) => setTimeout(() => (globalThis.requestIdleCallback ?? setTimeout)(go, { timeout: 1000 }), 100));
    }
  })().catch(() => {
    loading = undefined;
    setTimeout(background, 5000);
  });
};
const { instantiate, instantiateStreaming } = WebAssembly;
const withParts = (own) => async (source, imports) => {
  Object.assign(WebAssembly, { instantiate, instantiateStreaming });
  imports.split = { simulator: () => now(1), rest: () => now(2) };
  const made = await own.call(WebAssembly, source, imports);
  first = made.instance ?? made;
  background();
  return made;
};
Object.assign(WebAssembly, { instantiate: withParts(instantiate), instantiateStreaming: withParts(instantiateStreaming) });
