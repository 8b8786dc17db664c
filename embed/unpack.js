// Unpacks WebAssembly that scripts/wasm-pack.mjs has packed: a third smaller than gzip makes it. Both walk through the module in the
// same way, and each byte is coded by how likely it is there: by the instructions before it, by the bytes before it, by what the
// same instruction held last; a neural mixer weighs these guesses, an arithmetic coder writes what they did not foresee.

const BITS = 21;
/** How many guesses are mixed; one more comes from the longest repetition. */
const GUESSES = 7;
const INPUTS = 2 * GUESSES + 2;
const KINDS = 4096;
/** A guess adapts ever more slowly, down to this. It stays quick: a module is too short for it to settle. */
const SLOWEST = 4;
const LEARN = 0.0035;
/** A guess that is always made, so that the mixer can lean to either side. */
const BIAS = 0.5;
const LONGEST = 400;
/** Steps of the table that corrects the mixed guess. */
const STEPS = 33;

// Logistic functions as tables made by multiplication alone, which every browser computes alike.
const SQUASH = new Float64Array(4096);
const STRETCH = new Float64Array(4096);
for (let i = 0, e = 162754.79141900392; i < 4096; i++, e *= 0.9941565253433943) SQUASH[i] = 1 / (1 + e);
for (let p = 0, i = 0; p < 4096; p++) {
  while (i < 4095 && SQUASH[i] < (p + 0.5) / 4096) i++;
  STRETCH[p] = (i - 2048) / 170.625;
}
// How much a guess moves when it has been made so many times, and how far it is trusted.
const RATE = Float64Array.from({ length: SLOWEST + 1 }, (_, n) => 1 / (n + 1.2));
const TRUST = Float64Array.from(RATE, (_, n) => (n === 0 ? 0 : 1));
const SURE = Float64Array.from(RATE, (_, n) => n / SLOWEST / 32768);

const scramble = (x, salt) => {
  const h = Math.imul(x + Math.imul(salt, 0x9e3779b1), 0x85ebca6b);
  return Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
};

/**
 * A coder of bytes, each with what it stands for (`kind`), the five instructions before it (`o1` ... `o5`) and what its place held last
 * (`last`). Reads `packed`, or writes what is put in where that is null.
 */
export function coder(packed) {
  const guess = new Uint16Array(GUESSES << BITS).fill(32768);
  const seen = new Uint8Array(GUESSES << BITS);
  const weights = new Float64Array(KINDS * 3 * INPUTS).fill(0.17);
  // A guess weighs what its kind makes of it, and what the instruction before and the bits so far do.
  const further = new Float32Array(65536 * INPUTS);
  const inputs = new Float64Array(INPUTS);
  const bases = new Int32Array(GUESSES);
  const hashes = new Int32Array(GUESSES);
  const second = new Float32Array((65536 + 1) * STEPS);
  for (let i = 0; i < second.length; i++) second[i] = SQUASH[Math.round(((i % STEPS) / 2 + 4) * 170.625)];
  const history = new Int32Array(1 << 18);
  const hits = new Float64Array(32).fill(0.75);
  let out = new Uint8Array(1 << 20);
  let [length, low, high, at, code] = [0, 0, 0xffffffff, 0, 0];
  let [match, matched] = [0, 0];
  const written = [];
  if (packed) for (; at < 4; at++) code = ((code << 8) | packed[at]) >>> 0;

  function byte(kind, o1, o2, o3, o4, o5, last, value) {
    if (length === out.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(out);
      out = larger;
    }
    const c1 = length > 0 ? out[length - 1] : 0;
    const c2 = length > 1 ? out[length - 2] : 0;
    const c4 = c1 | (c2 << 8) | (length > 2 ? out[length - 3] << 16 : 0) | (length > 3 ? out[length - 4] << 24 : 0);
    const three = o1 | (o2 << 8) | (o3 << 16);
    hashes[0] = scramble(scramble(kind, c4), 8);
    hashes[1] = scramble(scramble(kind, o1), 2);
    hashes[2] = scramble(scramble(scramble(kind, o1 | (o2 << 8)), c1), 10);
    hashes[3] = scramble(scramble(scramble(kind, three), o4 | (o5 << 8)), 13);
    hashes[4] = scramble(scramble(kind, last), 5);
    hashes[6] = scramble(kind, 1);
    hashes[5] = scramble(scramble(kind, c1 | (c2 << 8)), 6);
    // What came after the same six bytes the last time.
    const slot = scramble(scramble(c4, length > 4 ? out[length - 5] : 0), 77) >>> 14;
    if (!matched) {
      const before = history[slot];
      while (before && matched < 28 && matched < before && out[before - 1 - matched] === out[length - 1 - matched]) matched++;
      if (matched < 5) matched = 0;
      match = before;
    }
    history[slot] = length;
    let active = matched > 0;
    const foretold = active ? out[match] : 0;
    const mixed = kind === 2 ? 2048 + (o1 & 255) : kind;
    const set = (mixed * 3 + (active ? (matched < 16 ? 1 : 2) : 0)) * INPUTS;
    const hit = matched < 31 ? matched : 31;

    const turned = (scramble(scramble(kind, o1), 21) >>> 24) << 8;

    let node = 1;
    for (let k = 7; k >= 0; k--) {
      // Half a byte's guesses lie side by side.
      if (k === 7 || k === 3) {
        const turn = k === 7 ? 0 : Math.imul(node, 0x9e3779b1);
        for (let q = 0; q < GUESSES; q++) bases[q] = (q << BITS) | ((Math.imul(hashes[q] + turn, 0x2545f491) >>> (36 - BITS)) << 4);
      }
      const step = k > 3 ? node : (node & ((1 << (3 - k)) - 1)) | (1 << (3 - k));
      const also = (turned | node) * INPUTS;
      let dot = 0;
      for (let q = 0; q < GUESSES; q++) {
        const place = bases[q] | step;
        const times = seen[place];
        const g = guess[place];
        const x = STRETCH[g >> 4] * TRUST[times];
        const y = (g - 32768) * SURE[times];
        inputs[q] = x;
        inputs[GUESSES + q] = y;
        dot += x * (weights[set + q] + further[also + q]) + y * (weights[set + GUESSES + q] + further[also + GUESSES + q]);
      }
      const expected = (foretold >> k) & 1;
      const s = active ? STRETCH[(hits[hit] * 4096) | 0] : 0;
      inputs[INPUTS - 2] = expected ? s : -s;
      inputs[INPUTS - 1] = BIAS;
      dot += inputs[INPUTS - 2] * (weights[set + INPUTS - 2] + further[also + INPUTS - 2]) + BIAS * (weights[set + INPUTS - 1] + further[also + INPUTS - 1]);
      const p = dot >= 11.9 ? SQUASH[4095] : dot <= -11.9 ? SQUASH[0] : SQUASH[((dot + 12) * 170.625 + 0.5) | 0];
      // What such a guess turned out to be worth before.
      const fine = dot <= -7.99 ? 0.02 : dot >= 7.99 ? 31.98 : (dot + 8) * 2;
      const cell = (((scramble(kind, o1 | (node << 8)) >>> 16) * STEPS) + fine) | 0;
      const part = fine - (fine | 0);
      const q = (p + second[cell] * (1 - part) + second[cell + 1] * part) / 2;
      let p16 = (q * 65536) | 0;
      p16 = p16 < 1 ? 1 : p16 > 65535 ? 65535 : p16;

      const range = high - low;
      const middle = low + Math.floor(range / 65536) * p16 + (((range % 65536) * p16) >>> 16);
      const bit = packed ? (code <= middle ? 1 : 0) : (value >> k) & 1;
      if (bit) high = middle;
      else low = middle + 1;
      while (((low ^ high) & 0xff000000) === 0) {
        if (packed) code = ((code << 8) | (at < packed.length ? packed[at++] : 0)) >>> 0;
        else written.push(high >>> 24);
        low = (low << 8) >>> 0;
        high = ((high << 8) | 255) >>> 0;
      }

      second[cell] += (bit - second[cell]) * 0.016 * (1 - part);
      second[cell + 1] += (bit - second[cell + 1]) * 0.016 * part;
      const e = (bit - p) * LEARN;
      for (let q = 0; q < INPUTS; q++) (weights[set + q] += e * inputs[q]), (further[also + q] += e * inputs[q]);
      const target = bit ? 65535 : 0;
      for (let q = 0; q < GUESSES; q++) {
        const place = bases[q] | step;
        const times = seen[place];
        const g = guess[place] + (target - guess[place]) * RATE[times];
        guess[place] = g < 24 ? 24 : g > 65511 ? 65511 : g;
        if (times < SLOWEST) seen[place] = times + 1;
      }
      if (active) {
        const good = expected === bit;
        const h = hits[hit] + ((good ? 1 : 0) - hits[hit]) * 0.01;
        hits[hit] = h < 0.01 ? 0.01 : h > 0.9995 ? 0.9995 : h;
        if (!good) (active = false), (matched = 0);
      }
      node = (node << 1) | bit;
    }
    if (matched) (match += 1), (matched = matched < LONGEST ? matched + 1 : LONGEST);
    return (out[length++] = node & 255);
  }
  const end = () => (packed ? out.slice(0, length) : Uint8Array.from([...written, high >>> 24, (high >>> 16) & 255, (high >>> 8) & 255, high & 255]));
  return { byte, end };
}

/**
 * Walks through a module, whose bytes come from `next(kind, o1, o2, o3, o4, o5, last)` one by one. Stops after each function, so that a
 * page can do something else meanwhile.
 */
export function* walk(next) {
  const plain = (kind, o1 = 0, last = 0) => next(kind, o1, 0, 0, 0, 0, last);
  /** A number in LEB128, of which another is likely; a byte's kind says how far into it that is. */
  const number = (kind, o1 = 0, likely = 0) => {
    let value = 0;
    for (let n = 0; ; n++) {
      const b = plain(kind + (n < 3 ? n : 3), o1, nth(likely, n));
      if (n < 5) value += (b & 127) * 2 ** (7 * n);
      if (b < 128) return value;
    }
  };
  for (let n = 0; n < 8; n++) plain(3000 + n);
  for (;;) {
    const id = plain(3008);
    if (id === 255) return;
    const length = number(3010 + 4 * id);
    if (id === 10) {
      const called = new Map();
      for (let n = number(3100); n; n--) {
        yield* body(next, number(3104, 0), called);
        yield;
      }
      continue;
    }
    if (id === 7) {
      // Exports: a name, what it is, and which. Most are numbered (scripts/split.mjs): the next has the next number and, mostly, index.
      let likely = "";
      let index = 0;
      for (let n = number(3110); n; n--) {
        const long = number(3114, 0, likely.length);
        let name = "";
        for (let i = 0; i < long; i++) name += String.fromCharCode(plain(3120, likely.charCodeAt(i) & 255, i));
        index = number(3124, plain(3121), index + 1);
        likely = name.replace(/\d+$/, (digits) => +digits + 1);
      }
      continue;
    }
    for (let i = 0; i < length; i++) {
      plain(3200 + id, i & 3);
      if ((i & 4095) === 4095) yield;
    }
  }
}

/** The byte of a number that is `n` bytes into its LEB128. */
const nth = (value, n) => (value >> (7 * n)) & 127;

/** Walks through a function of so many bytes. `called` holds the constants that came after a call of each function, the last of each. */
function* body(next, length, called) {
  let left = length;
  let [o1, o2, o3, o4, o5] = [0, 0, 0, 0, 0];
  let callee = -1;
  const lasts = new Int32Array(256);
  const one = (kind, last) => (left--, next(kind, o1, o2, o3, o4, o5, last));
  const number = (op, slot, last) => {
    let value = 0;
    for (let n = 0; ; n++) {
      const b = one(16 + op * 8 + slot * 4 + (n < 3 ? n : 3), last);
      if (n < 5) value |= (b & 127) << (7 * n);
      if (b < 128) return value;
    }
  };
  /** What follows a call of the function that has another part fetched is mostly the number after the last such (scripts/split.mjs). */
  const counted = () => {
    const expected = (called.get(callee) ?? 0) + 1;
    let value = 0;
    for (let n = 0; ; n++) {
      const b = one(3600 + (n < 3 ? n : 3), nth(expected, n) | (callee << 8));
      value |= (b & 127) << (7 * n);
      if (b < 128) break;
    }
    called.set(callee, value);
    lasts[0x41] = value;
  };
  const header = (kind) => {
    let value = 0;
    for (let n = 0; ; n++) {
      const b = one(kind + (n < 3 ? n : 3), 0);
      value |= (b & 127) << (7 * n);
      if (b < 128) return value;
    }
  };
  for (let n = header(4); n; n--) header(8), one(3, 0);
  while (left > 0) {
    const op = one(2, lasts[o1]);
    if (op === 0x0e) {
      // A table of labels.
      for (let n = number(op, 0, 0) + 1; n; n--) lasts[op] = number(op, 1, lasts[op]);
    } else if (op === 0x10) callee = lasts[op] = number(op, 0, lasts[op]);
    else if (op === 0xd2 || op === 0x0c || op === 0x0d || (op >= 0x20 && op <= 0x26)) lasts[op] = number(op, 0, lasts[op]);
    else if (op === 0x11) {
      lasts[op] = number(op, 0, lasts[op]);
      number(op, 1, 0);
    } else if (op >= 0x28 && op <= 0x3e) {
      number(op, 0, 0);
      lasts[op] = number(op, 1, lasts[op]);
    } else if (op === 0x41 || op === 0x42) lasts[op] = number(op, 0, lasts[op]);
    else if ((op >= 0x02 && op <= 0x04) || op === 0x3f || op === 0x40 || op === 0xd0) number(op, 0, 0);
    else if (op === 0x43 || op === 0x44) for (let n = op === 0x43 ? 4 : 8; n; n--) one(16 + op * 8, 0);
    else if (op === 0x1c) for (let n = number(op, 0, 0); n; n--) one(16 + op * 8 + 4, 0);
    else if (op === 0xfc) {
      const sub = number(op, 0, 0);
      for (let n = sub < 8 ? 0 : sub === 9 || sub === 11 || sub === 13 || sub > 14 ? 1 : 2; n; n--) number(op, 1, 0);
    }
    [o5, o4, o3, o2, o1] = [o4, o3, o2, o1, op];
  }
}

/** The module that was packed. Makes way for the rest of the page every few milliseconds. */
export async function unpack(packed) {
  const { byte, end } = coder(packed);
  let until = performance.now() + 30;
  for (const _ of walk(byte)) {
    if (performance.now() < until) continue;
    await new Promise((go) => setTimeout(go));
    until = performance.now() + 30;
  }
  // A byte that is none of the module's says that it is over.
  return end().subarray(0, -1);
}
