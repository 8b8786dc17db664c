// Stands in the start script, before the WebAssembly is instantiated: gives its first part what loads the second. That happens in
// the background as soon as the first has drawn the page; a call that comes earlier waits for it.
const rest = new URL("REST", import.meta.url);
let first, waiting;
globalThis.batchyardWhole = false;
const finish = () => {
  first.exports["split:loaded"].value = 1;
  globalThis.batchyardWhole = true;
  dispatchEvent(new Event("batchyard:whole"));
};
const load = () => {
  const r = new XMLHttpRequest();
  r.open("GET", rest, false);
  r.overrideMimeType("text/plain; charset=x-user-defined");
  r.send();
  // A loop: Uint8Array.from() would make a string of every byte first.
  const text = r.responseText;
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  new WebAssembly.Instance(new WebAssembly.Module(bytes), { first: first.exports });
  first.exports["split:loaded"].value = 1;
  // The page hears of it once the call that came too early is over.
  setTimeout(finish);
};
const early = () => {
  waiting ??= fetch(rest)
    .then((r) => (r.ok ? r.arrayBuffer() : Promise.reject(new Error(String(r.status)))))
    .then((bytes) => WebAssembly.compile(bytes))
    .then((module) => first.exports["split:loaded"].value || WebAssembly.instantiate(module, { first: first.exports }).then(finish))
    .catch(() => {
      waiting = undefined;
      setTimeout(early, 5000);
    });
};
const { instantiate, instantiateStreaming } = WebAssembly;
const withRest = (own) => async (source, imports) => {
  Object.assign(WebAssembly, { instantiate, instantiateStreaming });
  imports.split = { load };
  const made = await own.call(WebAssembly, source, imports);
  first = made.instance ?? made;
  setTimeout(() => (globalThis.requestIdleCallback ?? setTimeout)(early, { timeout: 1000 }), 200);
  return made;
};
Object.assign(WebAssembly, { instantiate: withRest(instantiate), instantiateStreaming: withRest(instantiateStreaming) });
