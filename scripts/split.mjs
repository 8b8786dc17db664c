// Splits a WebAssembly module in two: what runs while the page loads and shows its first run, and the rest, which is fetched
// after that (or at the first call that needs it). Both share memory, tables and globals; a call across the border goes
// through the function table.
//
// Which functions run at first is known from a profile (scripts/first-page.txt, made by `make profile`): a function that is
// missing there is only fetched later, so an old profile costs time, never correctness.
import { splitData } from "./split-data.mjs";
import { decode, shape } from "./wasm-code.mjs";
import { KIND, bytes, indices, parse, renumber, s32, u32, write } from "./wasm-module.mjs";
import { typeOf } from "./wasm-outline.mjs";

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

/**
 * The module with a call of `split.mark(number)` at the start of each segment of each function (see wasm-code.mjs); and the functions
 * as `{ key, shape, from, segments }`, `from` being the number of the first segment.
 */
export function instrument(file) {
  const m = parse(file);
  const shift = (space, n) => (space === "func" && n >= m.importedFunctions ? n + 1 : n);
  const mark = m.importedFunctions;
  const functions = [];
  let count = 0;
  const bodies = m.bodies.map((body, i) => {
    const f = m.importedFunctions + i;
    const code = decode(body, m, m.types[m.functionTypes[f]].results);
    functions.push({ key: key(m.names.get(f) ?? `#${i}`), shape: shape(code), from: count, segments: code.starts.length });
    const edits = [
      ...code.starts.map((at) => ({ from: at, to: at, code: bytes(0x41, s32(count++), 0x10, u32(mark)) })),
      ...indices(body).map(({ space, value, from, to }) => ({ from, to, code: u32(shift(space, value)) })),
    ].sort((a, b) => a.from - b.from);
    const out = [];
    let at = 0;
    for (const { from, to, code } of edits) out.push(body.subarray(at, from), code), (at = to);
    out.push(body.subarray(at));
    return bytes(...out);
  });
  const type = m.types.push({ params: [0x7f], results: [] }) - 1;
  const out = {
    ...shifted(m, shift),
    imports: [...m.imports, { module: "split", name: "mark", kind: KIND.func, desc: bytes(u32(type)) }],
    functionTypes: [...m.functionTypes.slice(0, mark), type, ...m.functionTypes.slice(mark)],
    importedFunctions: mark + 1,
    bodies,
    names: new Map(),
  };
  return { module: write(out), functions };
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

/** What a call across the border takes where it stands, and what a stub takes for it. */
const CALL_BYTES = 11;
const STUB_BYTES = 19;

/**
 * Splits. `isHot(name)` says which functions stay, as do those of no more than `smallest` bytes. The first module imports `split.<border>`, which must instantiate the second with
 * `{ first: <the first one's exports> }` and set the first one's exported global `<border>` to 1. The first can be split again at another
 * border: then what came from its exports comes from those of both its parts. With `linked` (see split-data.mjs) data is divided, too; what
 * `linked` then says of the first is in the answer.
 */
export function split(m, isHot, { smallest = 24, linked = null, border = "rest" } = {}) {
  const imported = m.importedFunctions;
  const cold = new Set();
  m.bodies.forEach((body, i) => {
    const name = m.names.get(imported + i);
    if (name && !isHot(name) && body.length > smallest) cold.add(imported + i);
  });

  // Who calls whom across the border, and what the second module needs of the first.
  const sites = new Map();
  const pinned = new Set([...m.elements.flatMap((e) => e.functions), ...m.exports.filter((e) => e.kind === KIND.func && !e.name.includes(":")).map((e) => e.index)].filter((f) => cold.has(f)));
  if (m.start !== null && cold.has(m.start)) pinned.add(m.start);
  const needed = { func: new Set(), global: new Set() };
  m.bodies.forEach((body, i) => {
    const here = cold.has(imported + i);
    for (const { space, value } of indices(body)) {
      if (space === "data" || space === "elem") throw new Error("bulk initialisation cannot be split");
      if (here && space === "global") needed.global.add(value);
      if (space === "func" && here && !cold.has(value)) needed.func.add(value);
      if (space === "func" && !here && cold.has(value)) sites.set(value, (sites.get(value) ?? 0) + 1);
    }
  });
  // A stub is worth its bytes where it is called from several places.
  const entered = new Set([...pinned, ...sites.keys()]);
  const stubbed = new Set([...pinned, ...[...sites].filter(([f, n]) => n * CALL_BYTES > STUB_BYTES + 2 * m.types[m.functionTypes[f]].params.length + n * 3).map(([f]) => f)]);
  const slots = [...entered].sort((a, b) => a - b);
  const slot = new Map(slots.map((f, n) => [f, n]));
  const base = m.tables[0].min;
  const coldList = [...cold].sort((a, b) => a - b);

  // The first: cold bodies become stubs, or nothing where only the second calls them.
  const loadType = typeOf(m, { params: [], results: [] });
  const to = (space, n) => (space === "func" && n >= imported ? n + 1 : n);
  const load = imported;
  const ensure = imported + 1 + m.bodies.length;
  const loaded = m.globals.length;
  const body = (code) => bytes(0, code, 0x0b);
  const stub = (f) => {
    const { params } = m.types[m.functionTypes[f]];
    const args = params.flatMap((_, n) => [0x20, ...u32(n)]);
    return body(bytes(0x10, u32(ensure), args, 0x41, s32(base + slot.get(f)), 0x11, u32(m.functionTypes[f]), 0));
  };
  // A call of what has no stub goes through the table itself.
  const across = (space, f) => (space === "func" && cold.has(f) && !stubbed.has(f) ? bytes(0x10, u32(ensure), 0x41, s32(base + slot.get(f)), 0x11, u32(m.functionTypes[f]), 0) : null);
  const first = {
    ...shifted(m, to),
    imports: [...m.imports, { module: "split", name: border, kind: KIND.func, desc: bytes(u32(loadType)) }],
    functionTypes: [...m.functionTypes.slice(0, imported), loadType, ...m.functionTypes.slice(imported), loadType],
    importedFunctions: imported + 1,
    tables: m.tables.map((t, n) => (n ? t : { ...t, min: t.min + slots.length, max: t.max === null ? null : t.max + slots.length })),
    globals: [...m.globals, { type: 0x7f, mutable: 1, init: bytes(0x41, 0, 0x0b) }],
    bodies: [
      ...m.bodies.map((b, i) => (!cold.has(imported + i) ? renumber(b, to, across) : stubbed.has(imported + i) ? stub(imported + i) : body([0x00]))),
      body(bytes(0x23, u32(loaded), 0x45, 0x04, 0x40, 0x10, u32(load), 0x0b)),
    ],
  };
  const share = (name, kind, index) => first.exports.push({ name, kind, index });
  // What a border further on needs of what goes comes from the second module itself.
  first.exports = first.exports.filter((e) => !(e.kind === KIND.func && e.name.includes(":") && cold.has(e.index - 1)));
  share(border, KIND.global, loaded);
  m.tables.forEach((_, n) => share(`${border}:t${n}`, KIND.table, n));
  share(`${border}:m`, KIND.memory, 0);
  const funcs = [...needed.func].sort((a, b) => a - b);
  const globals = [...needed.global].sort((a, b) => a - b);
  funcs.forEach((f, n) => share(`${border}:f${n}`, KIND.func, to("func", f)));
  globals.forEach((g, n) => share(`${border}:g${n}`, KIND.global, g));
  const data = linked && splitData(first.bodies, linked);
  if (data) Object.assign(first, { data: data.first, dataCount: undefined });
  first.names = new Map([...m.names].map(([i, n]) => [to("func", i), n]));

  // The second: what it needs comes from the first, under the same names.
  const limits = (l) => bytes(l.flags, u32(l.min), l.max === null ? [] : u32(l.max));
  const place = new Map([...funcs.map((f, n) => [f, n]), ...coldList.map((f, n) => [f, funcs.length + n])]);
  const globalPlace = new Map(globals.map((g, n) => [g, n]));
  const from = (name, kind, desc) => ({ module: "first", name, kind, desc });
  const second = {
    types: m.types,
    imports: [
      ...funcs.map((f, n) => from(`${border}:f${n}`, KIND.func, bytes(u32(m.functionTypes[f])))),
      ...first.tables.map((t, n) => from(`${border}:t${n}`, KIND.table, bytes(t.type, limits({ ...t, flags: t.flags & ~1, max: null })))),
      from(`${border}:m`, KIND.memory, limits(m.memories[0])),
      ...globals.map((g, n) => from(`${border}:g${n}`, KIND.global, bytes(m.globals[g].type, m.globals[g].mutable))),
    ],
    functionTypes: [...funcs, ...coldList].map((f) => m.functionTypes[f]),
    importedFunctions: funcs.length,
    tables: [],
    memories: [],
    globals: [],
    exports: m.exports.filter((e) => e.kind === KIND.func && e.name.includes(":") && cold.has(e.index)).map((e) => ({ ...e, index: place.get(e.index) })),
    start: null,
    elements: slots.length ? [{ offset: bytes(0x41, s32(base), 0x0b), functions: slots.map((f) => place.get(f)) }] : [],
    bodies: coldList.map((f) => renumber(m.bodies[f - imported], (space, n) => (space === "global" ? globalPlace.get(n) : place.get(n)))),
    data: data?.second,
    names: new Map(coldList.map((f, n) => [funcs.length + n, m.names.get(f) ?? ""])),
  };
  const stays = data && { ...linked, statics: data.statics };
  return { first: write(first), second: write(second), linked: stays, moved: coldList.length, stayed: m.bodies.length - coldList.length, stubs: slots.length };
}
