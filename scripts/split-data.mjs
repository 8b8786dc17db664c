// Divides a module's constant data like its code: what the first part's code can reach stays, the rest comes with the second part.
//
// Reach is computed, not profiled: from every address in the code that stays, through every pointer in the data so reached. For this
// the linker keeps each static in a segment of its own (--no-merge-data-segments) and says which of them an address belongs to where
// it points outside of it, as the compiler does for `table[n - 5]` (--emit-relocs; see .cargo/config.toml).
import { Reader, bytes, held, s32, u32, vec } from "./wasm-module.mjs";

const NUMBERS = new Set(["i32", "i64", "offset"]);
/** Two pieces this close are written as one. */
const GAP = 12;

/** The low and the high half of a signed 64-bit LEB128 number. */
function halves(r) {
  let value = 0n;
  let shift = 0n;
  for (let b = 128; b & 128; shift += 7n) {
    b = r.byte();
    value |= BigInt(b & 127) << shift;
    if (b < 128 && b & 64) value -= 1n << (shift + 7n);
  }
  return [Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn)];
}

/** Active segments of a data section, as `{ at, bytes }`. */
export function segments(data) {
  const r = new Reader(data);
  return r.vec(() => {
    if (r.u32() !== 0 || r.byte() !== 0x41) throw new Error("a data segment of a kind that is not known");
    const at = r.sleb();
    r.byte();
    return { at, bytes: r.take(r.u32()) };
  });
}

/**
 * What the linker says of a module as built: its `statics`, as `{ at, bytes }`; `writable`, the address ranges of data that is no constant, and `elsewhere`, from an
 * address to the places of the statics that code means by it though it lies outside of them. Null where the linker said nothing.
 */
export function linkage(file) {
  const sections = [];
  for (const r = new Reader(file, 8); r.at < file.length; ) {
    const id = r.byte();
    const s = new Reader(r.take(r.u32()));
    sections.push({ id, name: id === 0 ? s.name() : "", s });
  }
  const linking = sections.find((s) => s.name === "linking")?.s;
  if (!linking) return null;
  const data = sections.find((s) => s.id === 11).s;
  const placed = segments(data.bytes);
  const symbols = [];
  const writable = [];
  linking.u32();
  while (linking.at < linking.bytes.length) {
    const [id, length] = [linking.byte(), linking.u32()];
    const end = linking.at + length;
    if (id === 5)
      linking.vec((n) => {
        const name = linking.name();
        linking.u32(), linking.u32();
        if (!name.startsWith(".rodata")) writable.push({ from: placed[n].at, to: placed[n].at + placed[n].bytes.length });
      });
    if (id === 8)
      linking.vec(() => {
        const kind = linking.byte();
        const flags = linking.u32();
        const defined = !(flags & 0x10);
        const symbol = {};
        if (kind === 1) {
          linking.name();
          if (defined) {
            const [segment, offset, size] = [linking.u32(), linking.u32(), linking.u32()];
            Object.assign(symbol, { at: placed[segment].at + offset, size });
          }
        } else if (kind === 3) linking.u32();
        else {
          linking.u32();
          if (defined || flags & 0x40) linking.name();
        }
        symbols.push(symbol);
      });
    linking.at = end;
  }
  const MEMORY = [3, 4, 5];
  const WITH_ADDEND = new Set([3, 4, 5, 8, 9, 11, 14, 15, 16, 17, 21, 22, 23, 25]);
  const elsewhere = new Map();
  for (const { name, s } of sections) {
    if (!name.startsWith("reloc.")) continue;
    s.u32();
    s.vec(() => {
      const [type, , index] = [s.byte(), s.u32(), s.u32()];
      const addend = WITH_ADDEND.has(type) ? s.sleb() : 0;
      const { at, size } = symbols[index];
      if (!MEMORY.includes(type) || at === undefined || (addend >= 0 && addend < Math.max(1, size))) return;
      const address = at + addend;
      elsewhere.set(address, [...(elsewhere.get(address) ?? []), at]);
    });
  }
  return { statics: placed, writable, elsewhere };
}

/** The numbers in code that may be addresses: constants, and the offsets of loads and stores. */
export function constants(body) {
  // wasm-opt makes one number of an address and a length that are passed as a pair.
  return held(body, NUMBERS).flatMap(({ space, value, from }) => (space === "i64" ? halves(new Reader(body, from)) : [value]));
}

/**
 * The data section in two: what the bodies of `hot` reach, and the rest. The statics are those that the linker placed: wasm-opt cuts
 * segments anew where they hold zeros, so that a static's address may lie outside of what is left of it.
 */
export function splitData(hot, { statics, writable, elsewhere }) {
  const all = [...statics].sort((a, b) => a.at - b.at);
  const find = (address) => {
    let [low, high] = [0, all.length - 1];
    while (low <= high) {
      const mid = (low + high) >> 1;
      if (address < all[mid].at) high = mid - 1;
      else if (address >= all[mid].at + all[mid].bytes.length) low = mid + 1;
      else return mid;
    }
    return -1;
  };
  const stays = new Set();
  const queue = [];
  const reach = (address) => {
    for (const a of [address, ...(elsewhere.get(address) ?? [])]) {
      const n = find(a);
      if (n >= 0 && !stays.has(n)) stays.add(n), queue.push(n);
    }
  };
  all.forEach(({ at, bytes }) => writable.some(({ from, to }) => at < to && at + bytes.length > from) && reach(at));
  for (const body of hot) constants(body).forEach(reach);
  while (queue.length) {
    const { at, bytes } = all[queue.pop()];
    for (let n = (4 - (at % 4)) % 4; n + 4 <= bytes.length; n += 4) reach(bytes.readUInt32LE(n));
  }
  // The first writes into fresh memory: one segment with gaps of zeros compresses better than many.
  const [reached, left] = [all.filter((_, n) => stays.has(n)), all.map((s, n) => ({ ...s, n })).filter(({ n }) => !stays.has(n))];
  const from = reached[0]?.at ?? 0;
  const end = ({ at, bytes }) => at + bytes.length;
  const whole = Buffer.alloc(reached.length ? end(reached.at(-1)) - from : 0);
  for (const { at, bytes } of reached) bytes.copy(whole, at - from);
  // The second must not touch what lies between: only neighbours are written as one, over the padding that parts them.
  const pieces = [];
  for (const { at, bytes, n } of left) {
    const last = pieces.at(-1);
    if (last?.n === n - 1 && at - last.to <= GAP) last.parts.push(Buffer.alloc(at - last.to), bytes), Object.assign(last, { to: at + bytes.length, n });
    else pieces.push({ at, parts: [bytes], to: at + bytes.length, n });
  }
  const segment = (at, own) => bytes(0, 0x41, s32(at), 0x0b, u32(own.length), own);
  return { first: vec([segment(from, whole)]), second: vec(pieces.map(({ at, parts }) => segment(at, Buffer.concat(parts)))), statics: reached };
}
