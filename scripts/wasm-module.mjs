// Reads and writes WebAssembly modules as far as splitting needs it: sections, functions, and the indices in their code.

/** A cursor over bytes. */
export class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  byte() {
    return this.bytes[this.at++];
  }
  /** An unsigned LEB128 number. */
  u32() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const b = this.byte();
      value += (b & 127) * 2 ** shift;
      if (b < 128) return value;
    }
  }
  /** A signed LEB128 number of up to 53 bits. */
  sleb() {
    let value = 0;
    let shift = 0;
    for (let b = 128; b & 128; shift += 7) {
      b = this.byte();
      value += (b & 127) * 2 ** shift;
      if (b < 128 && b & 64) value -= 2 ** (shift + 7);
    }
    return value;
  }
  /** Passes over a LEB128 number, whatever its size and sign. */
  skipLeb() {
    while (this.byte() >= 128);
  }
  take(n) {
    return this.bytes.subarray(this.at, (this.at += n));
  }
  name() {
    return Buffer.from(this.take(this.u32())).toString("utf8");
  }
  vec(read) {
    return Array.from({ length: this.u32() }, (_, i) => read(i));
  }
}

/** Bytes of an unsigned LEB128 number. */
export function u32(n) {
  const out = [];
  do {
    const rest = Math.floor(n / 128);
    out.push((n % 128) | (rest ? 128 : 0));
    n = rest;
  } while (n);
  return out;
}

/** Bytes of a signed LEB128 number. */
export function s32(n) {
  const out = [];
  for (;;) {
    const b = n & 127;
    n >>= 7;
    if ((n === 0 && !(b & 64)) || (n === -1 && b & 64)) return [...out, b];
    out.push(b | 128);
  }
}

/** Joins numbers, arrays and byte arrays. */
export function bytes(...parts) {
  return Buffer.concat(parts.flat(1).map((p) => (typeof p === "number" ? Buffer.from([p]) : Buffer.from(p))));
}

export const vec = (items) => bytes(u32(items.length), ...items);
export const str = (text) => bytes(u32(Buffer.byteLength(text)), Buffer.from(text));
export const section = (id, body) => bytes(id, u32(body.length), body);
export const KIND = { func: 0, table: 1, memory: 2, global: 3 };

/** A module without the custom sections that `drop(name)` names. */
export function without(file, drop) {
  const parts = [file.subarray(0, 8)];
  for (const r = new Reader(file, 8); r.at < file.length; ) {
    const from = r.at;
    const id = r.byte();
    const body = r.take(r.u32());
    if (id !== 0 || !drop(new Reader(body).name())) parts.push(file.subarray(from, r.at));
  }
  return Buffer.concat(parts);
}

/** A module taken apart. Function indices count the imported ones first, as in the format. */
export function parse(file) {
  const sections = new Map();
  const customs = [];
  const r = new Reader(file, 8);
  while (r.at < file.length) {
    const id = r.byte();
    const body = r.take(r.u32());
    if (id === 0) customs.push({ name: new Reader(body).name(), body });
    else sections.set(id, body);
  }
  const part = (id, read) => (sections.has(id) ? ((s) => s.vec(() => read(s)))(new Reader(sections.get(id))) : []);
  const limits = (s) => {
    const flags = s.byte();
    return { flags, min: s.u32(), max: flags & 1 ? s.u32() : null };
  };
  const skipConst = (s) => {
    const from = s.at;
    walk(s);
    return s.bytes.subarray(from, s.at);
  };
  const types = part(1, (s) => {
    if (s.byte() !== 0x60) throw new Error("a type that is no function");
    return { params: [...s.take(s.u32())], results: [...s.take(s.u32())] };
  });
  const imports = part(2, (s) => {
    const entry = { module: s.name(), name: s.name(), kind: s.byte() };
    const from = s.at;
    if (entry.kind === KIND.func) entry.type = s.u32();
    else if (entry.kind === KIND.table) s.byte(), limits(s);
    else if (entry.kind === KIND.memory) limits(s);
    else if (entry.kind === KIND.global) s.take(2);
    else throw new Error("an import of a kind that is not known");
    entry.desc = s.bytes.subarray(from, s.at);
    return entry;
  });
  const module = {
    types,
    imports,
    functionTypes: [...imports.filter((i) => i.kind === KIND.func).map((i) => i.type), ...part(3, (s) => s.u32())],
    importedFunctions: imports.filter((i) => i.kind === KIND.func).length,
    tables: part(4, (s) => ({ type: s.byte(), ...limits(s) })),
    memories: part(5, limits),
    globals: part(6, (s) => ({ type: s.byte(), mutable: s.byte(), init: skipConst(s) })),
    exports: part(7, (s) => ({ name: s.name(), kind: s.byte(), index: s.u32() })),
    start: sections.has(8) ? new Reader(sections.get(8)).u32() : null,
    elements: part(9, (s) => {
      const flags = s.u32();
      if (flags !== 0) throw new Error("an element segment of a kind that is not known");
      return { offset: skipConst(s), functions: s.vec(() => s.u32()) };
    }),
    bodies: part(10, (s) => s.take(s.u32())),
    data: sections.get(11),
    dataCount: sections.get(12),
    names: new Map(),
  };
  for (const { name, body } of customs) {
    if (name !== "name") continue;
    const s = new Reader(body);
    s.name();
    while (s.at < body.length) {
      const [id, end] = [s.byte(), s.u32() + s.at];
      if (id === 1) for (let n = s.u32(); n; n--) module.names.set(s.u32(), s.name());
      s.at = end;
    }
  }
  if (module.imports.some((i) => i.kind !== KIND.func)) throw new Error("an import that is no function");
  return module;
}

/**
 * Reads what follows an opcode and tells of it: `see(space, value, from, to)` with the place of its bytes. Spaces are those of indices
 * ("func", "type", "table", "local", "global", "label", "data", "elem"); "i32" and "i64" for constants (the latter without a value),
 * "offset" for that of a load or a store, and "bulk" for the number of an instruction behind 0xfc.
 */
export function operands(r, op, see = () => {}) {
  const tell = (space, read) => {
    const from = r.at;
    const value = read();
    see(space, value, from, r.at);
  };
  const index = (space) => tell(space, () => r.u32());
  if (op === 0x02 || op === 0x03 || op === 0x04 || op === 0xd0) r.skipLeb();
  else if (op === 0x0c || op === 0x0d) index("label");
  else if (op === 0x0e) r.vec(() => index("label")), index("label");
  else if (op === 0x10 || op === 0x12 || op === 0xd2) index("func");
  else if (op === 0x11 || op === 0x13) index("type"), index("table");
  else if (op === 0x1c) r.vec(() => r.byte());
  else if (op >= 0x20 && op <= 0x22) index("local");
  else if (op === 0x23 || op === 0x24) index("global");
  else if (op === 0x25 || op === 0x26) index("table");
  else if (op >= 0x28 && op <= 0x3e) r.u32(), index("offset");
  else if (op === 0x3f || op === 0x40) r.byte();
  else if (op === 0x41) tell("i32", () => r.sleb());
  else if (op === 0x42) tell("i64", () => r.skipLeb());
  else if (op === 0x43) r.take(4);
  else if (op === 0x44) r.take(8);
  else if (op === 0xfc) {
    const sub = r.u32();
    if (sub === 8) index("data"), r.u32();
    else if (sub === 9) index("data");
    else if (sub === 10 || sub === 14) r.u32(), r.u32();
    else if (sub === 12) index("elem"), r.u32();
    else if (sub === 13) index("elem");
    else if (sub === 11 || (sub >= 15 && sub <= 17)) r.u32();
    else if (sub > 17) throw new Error(`instruction 0xfc ${sub} is not known`);
    see("bulk", sub);
  } else if ((op >= 0x06 && op <= 0x0a) || op === 0x14 || op === 0x15 || op === 0x18 || op === 0x19 || op === 0x1f || op > 0xd2) {
    throw new Error(`instruction 0x${op.toString(16)} is not known`);
  }
}

/** Walks one expression (to the `end` that closes it), telling of what its instructions hold; see `operands`. */
export function walk(r, see = () => {}) {
  for (let depth = 1; depth; ) {
    const op = r.byte();
    if (op === 0x0b) depth--;
    else if (op === 0x02 || op === 0x03 || op === 0x04) depth++;
    operands(r, op, see);
  }
}

/** What the instructions of a body hold in these spaces (see `operands`), as `{ space, value, from, to }`. */
export function held(body, spaces) {
  const out = [];
  const r = new Reader(body);
  r.vec(() => (r.u32(), r.byte()));
  walk(r, (space, value, from, to) => spaces.has(space) && out.push({ space, value, from, to }));
  return out;
}

const INDICES = new Set(["func", "global", "data", "elem"]);
/** Every index of a function, a global, data or elements in a function's body. */
export const indices = (body) => held(body, INDICES);

/** A function's body with other indices: `to(space, index)`; where `instead(space, index)` gives code, that takes the instruction's place. */
export function renumber(body, to, instead = () => null) {
  const parts = [];
  let at = 0;
  for (const { space, value, from, to: end } of indices(body)) {
    const other = instead(space, value);
    parts.push(body.subarray(at, other ? from - 1 : from), other ?? u32(to(space, value)));
    at = end;
  }
  return bytes(...parts, body.subarray(at));
}

/** A module put together again. */
export function write(m) {
  const head = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const limits = (l) => bytes(l.flags, u32(l.min), l.max === null ? [] : u32(l.max));
  const body = (b) => bytes(u32(b.length), b);
  const parts = [
    [1, vec(m.types.map((t) => bytes(0x60, u32(t.params.length), t.params, u32(t.results.length), t.results)))],
    [2, vec(m.imports.map((i) => bytes(str(i.module), str(i.name), i.kind, i.desc)))],
    [3, vec(m.functionTypes.slice(m.importedFunctions).map((t) => bytes(u32(t))))],
    [4, vec(m.tables.map((t) => bytes(t.type, limits(t))))],
    [5, vec(m.memories.map(limits))],
    [6, vec(m.globals.map((g) => bytes(g.type, g.mutable, g.init)))],
    [7, vec(m.exports.map((e) => bytes(str(e.name), e.kind, u32(e.index))))],
    [8, m.start === null ? null : bytes(u32(m.start))],
    [9, vec(m.elements.map((e) => bytes(0, e.offset, vec(e.functions.map((f) => bytes(u32(f)))))))],
    [12, m.dataCount ?? null],
    [10, vec(m.bodies.map(body))],
    [11, m.data ?? null],
    [0, m.names?.size ? bytes(str("name"), section(1, vec([...m.names].sort((a, b) => a[0] - b[0]).map(([i, n]) => bytes(u32(i), str(n)))))) : null],
  ];
  return bytes(head, ...parts.filter(([, b]) => b && !(b.length === 1 && b[0] === 0)).map(([id, b]) => section(id, b)));
}
