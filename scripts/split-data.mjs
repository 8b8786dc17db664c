// Divides a module's constant data like its code: what the first part's code can reach stays, the rest comes with the second part.
//
// Reach is computed, not profiled: from every address in the code that stays, through every pointer in the data so reached. For this
// the linker keeps each static in a segment of its own (--no-merge-data-segments) and says which of them an address belongs to where
// it points outside of it, as the compiler does for `table[n - 5]` (--emit-relocs; see .cargo/config.toml).
import { Reader, bytes, s32, u32, vec } from "./wasm-module.mjs";

/** Two pieces this close are written as one. */
const GAP = 12;

function sleb(r) {
  let value = 0;
  let shift = 0;
  for (let b = 128; b & 128; shift += 7) {
    b = r.byte();
    value += (b & 127) * 2 ** shift;
    if (b < 128 && b & 64) value -= 2 ** (shift + 7);
  }
  return value;
}

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
    const at = sleb(r);
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
      const addend = WITH_ADDEND.has(type) ? sleb(s) : 0;
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
  const out = [];
  const r = new Reader(body);
  r.vec(() => (r.u32(), r.byte()));
  while (r.at < body.length) {
    const op = r.byte();
    if (op === 0x41) out.push(sleb(r));
    // wasm-opt makes one number of an address and a length that are passed as a pair.
    else if (op === 0x42) out.push(...halves(r));
    else if (op >= 0x28 && op <= 0x3e) r.u32(), out.push(r.u32());
    else if (op === 0x02 || op === 0x03 || op === 0x04 || op === 0xd0) r.skipLeb();
    else if (op === 0x0e) r.vec(() => r.u32()), r.u32();
    else if (op === 0x11) r.u32(), r.u32();
    else if (op === 0x1c) r.vec(() => r.byte());
    else if (op === 0x0c || op === 0x0d || op === 0x10 || (op >= 0x20 && op <= 0x26) || op === 0xd2) r.u32();
    else if (op === 0x3f || op === 0x40) r.byte();
    else if (op === 0x43) r.take(4);
    else if (op === 0x44) r.take(8);
    else if (op === 0xfc) {
      const sub = r.u32();
      if (sub === 8 || sub === 10 || sub === 12 || sub === 14) r.u32(), r.u32();
      else if (sub >= 9) r.u32();
    }
  }
  return out;
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
  const pieces = (choose) => {
    const out = [];
    all.forEach(({ at, bytes: own }, n) => {
      if (!choose(n)) return;
      const last = out.at(-1);
      const gap = last ? at - last.to : Infinity;
      if (gap <= GAP && last.n === n - 1) last.parts.push(Buffer.alloc(gap), own), (last.to = at + own.length), (last.n = n);
      else out.push({ at, parts: [own], to: at + own.length, n });
    });
    return out;
  };
  const write = (pieces) => vec(pieces.map(({ at, parts }) => ((own) => bytes(0, 0x41, s32(at), 0x0b, u32(own.length), own))(Buffer.concat(parts))));
  // The first writes into fresh memory: one segment with gaps of zeros compresses better than many.
  const first = pieces((n) => stays.has(n));
  const from = first[0]?.at ?? 0;
  const whole = Buffer.alloc((first.at(-1)?.to ?? from) - from);
  for (const { at, parts } of first) Buffer.concat(parts).copy(whole, at - from);
  return { first: write([{ at: from, parts: [whole] }]), second: write(pieces((n) => !stays.has(n))), statics: all.filter((_, n) => stays.has(n)) };
}
