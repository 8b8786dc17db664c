// Splits a WebAssembly module in two: what runs while the page loads and shows its first run, and the rest, which is fetched
// after that (or at the first call that needs it). Both share memory, tables and globals; a call across the border goes
// through the function table.
//
// Which functions run at first is known from a profile (scripts/first-load.txt, made by `make profile`): a function that is
// missing there is only fetched later, so an old profile costs time, never correctness.
import { KIND, bytes, indices, parse, renumber, s32, u32, write } from "./wasm-module.mjs";

/** A function's name without what differs between builds: its hash, and the crates' hashes in it. */
export function stable(name) {
  return name.replace(/\[[0-9a-f]{16}\]/g, "").replace(/(17h|::h)[0-9a-f]{16}E?$/, "").replace(/Cs[0-9A-Za-z]+_/g, "C");
}

/** A short, stable key of a name, as the profile holds it. */
export function key(name) {
  let h = 0x811c9dc5;
  for (const b of Buffer.from(stable(name))) h = Math.imul(h ^ b, 0x01000193) >>> 0;
  return h.toString(16).padStart(8, "0");
}

/** The module with a call of `split.mark(key's number)` at the start of each function; and the keys by number. */
export function instrument(file) {
  const m = parse(file);
  const shift = (space, n) => (space === "func" && n >= m.importedFunctions ? n + 1 : n);
  const mark = m.importedFunctions;
  const type = m.types.push({ params: [0x7f], results: [] }) - 1;
  const keys = m.bodies.map((_, i) => key(m.names.get(m.importedFunctions + i) ?? `#${i}`));
  const bodies = m.bodies.map((body, i) => {
    const locals = localsEnd(body);
    const rest = renumber(body, shift);
    return bytes(rest.subarray(0, locals), 0x41, s32(i), 0x10, u32(mark), rest.subarray(locals));
  });
  const out = {
    ...shifted(m, shift),
    imports: [...m.imports, { module: "split", name: "mark", kind: KIND.func, desc: bytes(u32(type)) }],
    functionTypes: [...m.functionTypes.slice(0, mark), type, ...m.functionTypes.slice(mark)],
    importedFunctions: mark + 1,
    bodies,
    names: new Map(),
  };
  return { module: write(out), keys };
}

function localsEnd(body) {
  let at = 0;
  const leb = () => {
    let v = 0;
    for (let s = 0; ; s += 7) {
      const b = body[at++];
      v += (b & 127) * 2 ** s;
      if (b < 128) return v;
    }
  };
  for (let n = leb(); n; n--) leb(), at++;
  return at;
}

/** What refers to functions outside of code, renumbered. */
function shifted(m, to) {
  return {
    ...m,
    exports: m.exports.map((e) => (e.kind === KIND.func ? { ...e, index: to("func", e.index) } : e)),
    start: m.start === null ? null : to("func", m.start),
    elements: m.elements.map((e) => ({ ...e, functions: e.functions.map((f) => to("func", f)) })),
  };
}

/**
 * Splits. `isHot(name)` says which functions stay, as do those of no more than `smallest` bytes. The first module imports `split.load`, which must instantiate the second with
 * `{ first: <the first one's exports> }` and set the first one's exported global `split:loaded` to 1.
 */
export function split(file, isHot, smallest = 24) {
  const m = parse(file);
  const imported = m.importedFunctions;
  const cold = new Set();
  m.bodies.forEach((body, i) => {
    const name = m.names.get(imported + i);
    if (name && !isHot(name) && body.length > smallest) cold.add(imported + i);
  });

  // Who calls whom across the border, and what the second module needs of the first.
  const entered = new Set([...m.elements.flatMap((e) => e.functions), ...m.exports.filter((e) => e.kind === KIND.func).map((e) => e.index)].filter((f) => cold.has(f)));
  if (m.start !== null && cold.has(m.start)) entered.add(m.start);
  const needed = { func: new Set(), global: new Set() };
  m.bodies.forEach((body, i) => {
    const here = cold.has(imported + i);
    for (const { space, value } of indices(body)) {
      if (space === "data" || space === "elem") throw new Error("bulk initialisation cannot be split");
      if (here && space === "global") needed.global.add(value);
      if (space === "func" && here && !cold.has(value)) needed.func.add(value);
      if (space === "func" && !here && cold.has(value)) entered.add(value);
    }
  });
  const slots = [...entered].sort((a, b) => a - b);
  const base = m.tables[0].min;
  const coldList = [...cold].sort((a, b) => a - b);

  // The first: cold bodies become stubs, or nothing where only the second calls them.
  const loadType = typeIndex(m, { params: [], results: [] });
  const to = (space, n) => (space === "func" && n >= imported ? n + 1 : n);
  const load = imported;
  const ensure = imported + 1 + m.bodies.length;
  const loaded = m.globals.length;
  const body = (code) => bytes(0, code, 0x0b);
  const stub = (f) => {
    const { params } = m.types[m.functionTypes[f]];
    const args = params.flatMap((_, n) => [0x20, ...u32(n)]);
    return body(bytes(0x10, u32(ensure), args, 0x41, s32(base + slots.indexOf(f)), 0x11, u32(m.functionTypes[f]), 0));
  };
  const first = {
    ...shifted(m, to),
    imports: [...m.imports, { module: "split", name: "load", kind: KIND.func, desc: bytes(u32(loadType)) }],
    functionTypes: [...m.functionTypes.slice(0, imported), loadType, ...m.functionTypes.slice(imported), loadType],
    importedFunctions: imported + 1,
    tables: m.tables.map((t, n) => (n ? t : { ...t, min: t.min + slots.length, max: t.max === null ? null : t.max + slots.length })),
    globals: [...m.globals, { type: 0x7f, mutable: 1, init: bytes(0x41, 0, 0x0b) }],
    bodies: [
      ...m.bodies.map((b, i) => (!cold.has(imported + i) ? renumber(b, to) : entered.has(imported + i) ? stub(imported + i) : body([0x00]))),
      body(bytes(0x23, u32(loaded), 0x45, 0x04, 0x40, 0x10, u32(load), 0x0b)),
    ],
  };
  const share = (name, kind, index) => first.exports.push({ name, kind, index });
  share("split:loaded", KIND.global, loaded);
  m.tables.forEach((_, n) => share(`t${n}`, KIND.table, n));
  share("m", KIND.memory, 0);
  const funcs = [...needed.func].sort((a, b) => a - b);
  const globals = [...needed.global].sort((a, b) => a - b);
  funcs.forEach((f, n) => share(`f${n}`, KIND.func, to("func", f)));
  globals.forEach((g, n) => share(`g${n}`, KIND.global, g));
  first.names = new Map([...m.names].map(([i, n]) => [to("func", i), n]));

  // The second: what it needs comes from the first, under the same names.
  const limits = (l) => bytes(l.flags, u32(l.min), l.max === null ? [] : u32(l.max));
  const place = new Map([...funcs.map((f, n) => [f, n]), ...coldList.map((f, n) => [f, funcs.length + n])]);
  const globalPlace = new Map(globals.map((g, n) => [g, n]));
  const from = (name, kind, desc) => ({ module: "first", name, kind, desc });
  const second = {
    types: m.types,
    imports: [
      ...funcs.map((f, n) => from(`f${n}`, KIND.func, bytes(u32(m.functionTypes[f])))),
      ...first.tables.map((t, n) => from(`t${n}`, KIND.table, bytes(t.type, limits(t)))),
      from("m", KIND.memory, limits(m.memories[0])),
      ...globals.map((g, n) => from(`g${n}`, KIND.global, bytes(m.globals[g].type, m.globals[g].mutable))),
    ],
    functionTypes: [...funcs, ...coldList].map((f) => m.functionTypes[f]),
    importedFunctions: funcs.length,
    tables: [],
    memories: [],
    globals: [],
    exports: [],
    start: null,
    elements: slots.length ? [{ offset: bytes(0x41, s32(base), 0x0b), functions: slots.map((f) => place.get(f)) }] : [],
    bodies: coldList.map((f) => renumber(m.bodies[f - imported], (space, n) => (space === "global" ? globalPlace.get(n) : place.get(n)))),
    names: new Map(coldList.map((f, n) => [funcs.length + n, m.names.get(f) ?? ""])),
  };
  return { first: write(first), second: write(second), moved: coldList.length, stayed: m.bodies.length - coldList.length, stubs: slots.length };
}

function typeIndex(m, type) {
  const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);
  const found = m.types.findIndex((t) => same(t.params, type.params) && same(t.results, type.results));
  return found >= 0 ? found : m.types.push(type) - 1;
}
