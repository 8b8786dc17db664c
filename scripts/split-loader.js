// Stands in the start script, before the WebAssembly is instantiated: gives its first part what loads the second. That happens a
// while after the start or at the first touch, in the background; a call that comes earlier waits for it.
const rest = new URL("REST", import.meta.url);
let first, waiting;
const finish = () => (first.exports["split:loaded"].value = 1);
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
  finish();
};
const early = () => {
  waiting ??= fetch(rest)
    .then((r) => r.arrayBuffer())
    .then((bytes) => first.exports["split:loaded"].value || WebAssembly.instantiate(bytes, { first: first.exports }).then(finish))
    .catch(() => (waiting = undefined));
};
for (const way of ["instantiate", "instantiateStreaming"]) {
  const own = WebAssembly[way];
  WebAssembly[way] = async (source, imports) => {
    WebAssembly[way] = own;
    imports.split = { load };
    const made = await own.call(WebAssembly, source, imports);
    first = made.instance ?? made;
    return made;
  };
}
for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, early, { once: true, capture: true });
setTimeout(() => (globalThis.requestIdleCallback ?? setTimeout)(early), 6000);
