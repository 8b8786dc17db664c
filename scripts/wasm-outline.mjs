// Moves code that did not run in a profile out of functions that did: the end of a block from where it no longer ran becomes a
// function of its own, which takes the locals that it reads and returns those that it changes and that are read later.
// What it does stays the same whatever the profile says.
import { OP, decode, leaves } from "./wasm-code.mjs";
import { bytes, s32, u32 } from "./wasm-module.mjs";

const VOID = 0x40;
const I32 = 0x7f;
const ZERO = { 0x7f: [0x41, 0], 0x7e: [0x42, 0], 0x7d: [0x43, 0, 0, 0, 0], 0x7c: [0x44, 0, 0, 0, 0, 0, 0, 0, 0], 0x70: [0xd0, 0x70], 0x6f: [0xd0, 0x6f] };
/** Bytes that a region must have beyond the values that it passes: a call across the border takes 10 or so, and smaller ones compress no better. */
const CALL = 20;
/** More values than this are not passed. */
const MOST = 40;

/**
 * Outlines in every function for which `profile(index)` gives the segments that ran (`has(segment)`), adding functions to `m`
 * (module-wide; see parse), their names ending in `{label n}`. Returns the new functions' indices.
 */
export function outline(m, profile, label = "cold") {
  const made = [];
  const add = (type, body, name) => {
    const index = m.importedFunctions + m.bodies.length;
    m.functionTypes.push(typeOf(m, type));
    m.bodies.push(body);
    m.names.set(index, name);
    made.push(index);
    return index;
  };
  const count = m.bodies.length;
  for (let i = 0; i < count; i++) {
    const index = m.importedFunctions + i;
    const ran = profile(index);
    if (ran) m.bodies[i] = new Outliner(m, index, ran, add, label).run();
  }
  return made;
}

/**
 * The segments of a body from which code was moved out (`now`) that ran, given those of the body before it (`ran`). What stands in the
 * place of moved code did not run.
 */
export function carried(now, before, ran) {
  const out = new Set();
  const visit = (a, b) => {
    for (let i = 0; i < a.items.length && i < b.items.length; i++) {
      const [x, y] = [a.items[i], b.items[i]];
      if (x.op !== y.op || !ran.has(y.segment)) return;
      out.add(x.segment);
      x.bodies?.forEach((inner, k) => y.bodies[k] && visit(inner, y.bodies[k]));
    }
  };
  visit(now.root, before.root);
  return out;
}

export function typeOf(m, type) {
  const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);
  const found = m.types.findIndex((t) => same(t.params, type.params) && same(t.results, type.results));
  return found >= 0 ? found : m.types.push(type) - 1;
}

const bit = (n) => 1n << BigInt(n);
const members = (set) => {
  const out = [];
  for (let n = 0; set; n++, set >>= 1n) if (set & 1n) out.push(n);
  return out;
};

/**
 * Which locals are read later, at the start of a sequence. `labels` holds the sets at the labels around it (innermost last), `after`
 * the set behind the sequence, `returned` that behind a return. With `note`, writes sets into the tree: `after` at each block, `label` for its label.
 */
function live(seq, from, after, labels, returned, note = false) {
  let now = after;
  for (let i = seq.items.length - 1; i >= from; i--) {
    const item = seq.items[i];
    const at = (depth) => labels[labels.length - 1 - depth] ?? returned;
    if (item.bodies) {
      if (note) item.after = now;
      if (item.op === OP.LOOP) {
        let start = 0n;
        for (let before = -1n; before !== start; ) {
          before = start;
          start = live(item.bodies[0], 0, now, [...labels, start], returned, note);
        }
        if (note) item.label = start;
        now = start;
      } else {
        if (note) item.label = now;
        const inner = [...labels, now];
        const starts = item.bodies.map((b) => live(b, 0, now, inner, returned, note));
        now = item.op === OP.IF ? starts[0] | (starts[1] ?? now) : starts[0];
      }
    } else if (item.op === OP.GET) now |= bit(item.n);
    else if (item.op === OP.SET || item.op === OP.TEE) now &= ~bit(item.n);
    else if (item.op === OP.BR) now = at(item.n);
    else if (item.op === OP.BR_IF) now |= at(item.n);
    else if (item.op === OP.BR_TABLE) now = item.labels.reduce((set, l) => set | at(l), 0n);
    else if (item.op === OP.RETURN) now = returned;
    else if (item.op === OP.UNREACHABLE) now = 0n;
  }
  return now;
}

class Outliner {
  constructor(m, index, ran, add, label) {
    Object.assign(this, { m, index, ran, add, label });
    this.type = m.types[m.functionTypes[index]];
    this.body = m.bodies[index - m.importedFunctions];
    this.code = decode(this.body, m, this.type.results);
    this.locals = [...this.type.params, ...this.code.locals];
    this.own = [...this.code.locals];
    live(this.code.root, 0, 0n, [], 0n, true);
    this.parts = 0;
  }

  run() {
    const code = this.rewrite(this.code.root, []);
    if (!this.parts) return this.body;
    return bytes(declare(this.own), code, OP.END);
  }

  /** A sequence's code (without its end), with what can be moved out moved out. `around` are the blocks around it, innermost last. */
  rewrite(seq, around) {
    const { items } = seq;
    let moved = null;
    let until = items.findIndex((item) => !this.ran.has(item.segment));
    if (until >= 0) moved = this.move(seq, until, around);
    if (!moved) until = items.length;
    const out = [];
    for (const item of items.slice(0, until)) {
      out.push(this.body.subarray(item.from, item.to));
      if (!item.bodies) continue;
      const inner = [...around, item];
      out.push(this.rewrite(item.bodies[0], inner));
      if (item.bodies[1]) out.push([OP.ELSE], this.rewrite(item.bodies[1], inner));
      out.push([OP.END]);
    }
    if (moved) out.push(moved);
    return bytes(...out);
  }

  /** The call that stands for the items of `seq` from `start` on; null where they stay. */
  move(seq, start, around) {
    const { items } = seq;
    const size = seq.to - items[start].from;
    if (size <= CALL) return null;
    const height = items.slice(0, start).reduce((n, { effect: [pops, pushes] }) => n - pops + pushes, 0);
    if (height !== 0) return null;
    const region = this.survey(seq, start, around);
    if (!region) return null;
    const { ins, outs, exits, constants } = region;
    if (ins.length + outs.length > MOST) return null;
    // A constant may be the address of data that then need not stay either.
    if (size + 6 * constants <= CALL + 2 * (ins.length + outs.length) + 5 * Math.max(0, exits.length - 1)) return null;
    return this.emit(seq, start, region);
  }

  /** What the region reads, writes, and where it goes. */
  survey(seq, start, around) {
    const whole = seq.kind === 0;
    const labelled = around.map((item) => (item.op === OP.LOOP ? [] : item.results));
    const targets = new Set();
    let returns = false;
    let writes = 0n;
    let constants = 0;
    let fits = true;
    const outer = (n, depth, conditional) => {
      if (n < depth) return;
      const j = n - depth;
      if (j >= around.length) {
        // A branch to the function's own label returns.
        returns = true;
        if (conditional && this.type.results.length) fits = false;
        return;
      }
      targets.add(j);
      if (labelled[labelled.length - 1 - j].length) fits = false;
    };
    const visit = (items, depth) => {
      for (const item of items) {
        if (this.ran.has(item.segment)) fits = false;
        if (item.op === OP.SET || item.op === OP.TEE) writes |= bit(item.n);
        else if (item.op === OP.RETURN) returns = true;
        else if (item.op === OP.BR || item.op === OP.BR_IF) outer(item.n, depth, item.op === OP.BR_IF);
        else if (item.op === OP.BR_TABLE) item.labels.forEach((n) => outer(n, depth, true));
        else if (item.op === OP.CONST) constants++;
        item.bodies?.forEach((b) => visit(b.items, depth + 1));
      }
    };
    visit(seq.items.slice(start), 0);
    if (!fits || seq.results.length > 1) return null;

    const falls = reachesEnd(seq.items.slice(start));
    const here = around.at(-1);
    const exits = [];
    // The innermost block's end is where falling through goes as well.
    const sameAsFalling = !whole && here.op !== OP.LOOP && !seq.results.length;
    if (!whole && (falls || (sameAsFalling && targets.has(0)))) exits.push({ kind: "fall", live: here.after });
    for (const j of [...targets].sort((a, b) => a - b))
      if (!(j === 0 && sameAsFalling)) exits.push({ kind: "label", depth: j, live: around[around.length - 1 - j].label });
    if (returns || (whole && falls)) exits.push({ kind: "return", live: 0n });
    const outs = members(exits.reduce((set, e) => set | e.live, 0n) & writes);
    const kept = outs.reduce((set, n) => set | bit(n), 0n);
    const labels = around.map((item) => item.label & kept);
    const ins = members(live(seq, start, whole ? 0n : here.after & kept, labels, 0n));
    if (exits.length > 1 && exits.some((e) => e.kind === "return") && this.type.results.length > 1) return null;
    return { ins, outs, exits, sameAsFalling, whole, constants };
  }

  emit(seq, start, { ins, outs, exits, sameAsFalling, whole }) {
    const only = exits.length === 1 ? exits[0].kind : null;
    const returned = exits.some((e) => e.kind === "return") && only !== "return" ? this.type.results : [];
    const falls = exits.some((e) => e.kind === "fall");
    const left = falls ? seq.results : [];

    // The new function. Its results: what falling through leaves, which exit it took, the locals, what it returns.
    const inner = { types: ins.map((n) => this.locals[n]), place: new Map(ins.map((n, i) => [n, i])) };
    const local = (n) => {
      if (!inner.place.has(n)) inner.place.set(n, inner.types.push(this.locals[n]) - 1);
      return inner.place.get(n);
    };
    const tail = only === "return";
    const wrapped = !tail && exits.length > 0;
    const value = returned.length ? inner.types.push(returned[0]) - 1 : null;
    const exitOf = (depth) => exits.findIndex((e) => (e.kind === "label" ? e.depth === depth : e.kind === "fall" && depth === 0 && sameAsFalling));
    const exitOfReturn = exits.findIndex((e) => e.kind === "return");
    const code = [];
    const seen = (n, depth, returnsHere) => {
      if (n < depth) return n;
      if (returnsHere(n - depth)) return tail ? depth : depth + exitOfReturn;
      return depth + exitOf(n - depth);
    };
    const around = this.depthOf(seq);
    const put = (items, depth) => {
      for (const item of items) {
        const { op } = item;
        const to = (n) => seen(n, depth, (j) => j >= around);
        const isReturn = op === OP.RETURN || (op === OP.BR && item.n - depth >= around);
        if (item.bodies) {
          code.push(this.body.subarray(item.from, item.to));
          item.bodies.forEach((b, k) => (k && code.push([OP.ELSE]), put(b.items, depth + 1)));
          code.push([OP.END]);
        } else if (op >= OP.GET && op <= OP.TEE) code.push([op, ...u32(local(item.n))]);
        else if (isReturn) code.push(tail ? [OP.RETURN] : [...(value === null ? [] : [OP.SET, ...u32(value)]), OP.BR, ...u32(depth + exitOfReturn)]);
        else if (op === OP.BR || op === OP.BR_IF) code.push([op, ...u32(to(item.n))]);
        else if (op === OP.BR_TABLE) code.push([op, ...u32(item.labels.length - 1), ...item.labels.flatMap((n) => u32(to(n)))]);
        else code.push(this.body.subarray(item.from, item.to));
      }
    };
    put(seq.items.slice(start), 0);
    let results;
    const own = [];
    if (tail) {
      results = this.type.results;
      own.push(...code, whole ? [] : [OP.UNREACHABLE]);
    } else if (!wrapped) {
      results = [];
      own.push(...code, [OP.UNREACHABLE]);
    } else {
      results = [...left, ...(exits.length > 1 ? [I32] : []), ...outs.map((n) => this.locals[n]), ...returned];
      // The innermost block is the first exit's: where falling through leaves a value, it gives it.
      exits.forEach((_, k) => own.push([OP.BLOCK, k === exits.length - 1 && falls && left.length ? left[0] : VOID]));
      own.push(...code);
      if (!falls) own.push([OP.UNREACHABLE]);
      exits.forEach((e, k) => {
        own.push([OP.END]);
        if (e.kind !== "fall") own.push(...left.map((t) => ZERO[t]));
        if (exits.length > 1) own.push([OP.CONST, ...s32(k)]);
        for (const n of outs) own.push(e.live & bit(n) ? [OP.GET, ...u32(local(n))] : ZERO[this.locals[n]]);
        if (returned.length) own.push(e.kind === "return" ? [OP.GET, ...u32(value)] : ZERO[returned[0]]);
        if (k < exits.length - 1) own.push([OP.RETURN]);
      });
    }
    const params = ins.map((n) => this.locals[n]);
    const made = this.add({ params, results }, bytes(declare(inner.types.slice(ins.length)), ...own, OP.END), `${this.m.names.get(this.index) ?? this.index}{${this.label} ${this.parts}}`);
    this.parts++;

    // The call in its place.
    const call = [...ins.map((n) => [OP.GET, ...u32(n)]), [OP.CALL, ...u32(made)]];
    if (tail) return bytes(...call, whole ? [] : [OP.RETURN]);
    if (!wrapped) return bytes(...call, [OP.UNREACHABLE]);
    const result = returned.length ? this.fresh(returned[0]) : null;
    if (result !== null) call.push([OP.SET, ...u32(result)]);
    for (const n of [...outs].reverse()) call.push([OP.SET, ...u32(n)]);
    const back = () => [...(result === null ? [] : [OP.GET, ...u32(result)]), OP.RETURN];
    const go = (e) => (e.kind === "return" ? back() : e.kind === "label" ? [OP.BR, ...u32(e.depth)] : []);
    if (exits.length === 1) return bytes(...call, go(exits[0]));
    const goIf = (e) => (e.kind === "return" ? [OP.IF, VOID, ...back(), OP.END] : [OP.BR_IF, ...u32(e.depth)]);
    if (exits.length === 2) return bytes(...call, goIf(exits[1]), go(exits[0]));
    const which = this.fresh(I32);
    call.push([OP.SET, ...u32(which)]);
    for (let k = exits.length - 1; k > 0; k--) call.push([OP.GET, ...u32(which), OP.CONST, ...s32(k), 0x46, ...goIf(exits[k])]);
    return bytes(...call, go(exits[0]));
  }

  /** How many labels are around a sequence. */
  depthOf(seq) {
    this.depths ??= new Map();
    if (!this.depths.size) {
      const visit = (s, depth) => {
        this.depths.set(s, depth);
        for (const item of s.items) item.bodies?.forEach((b) => visit(b, depth + 1));
      };
      visit(this.code.root, 0);
    }
    return this.depths.get(seq);
  }

  fresh(type) {
    this.own.push(type);
    return this.type.params.length + this.own.length - 1;
  }
}

/** Whether control can come to the end of these items: not after an instruction that leaves, nor after a block that nothing leaves at its end. */
function reachesEnd(items) {
  for (const item of items) {
    if (leaves(item)) return false;
    if (!item.bodies) continue;
    const broken = item.op !== OP.LOOP && item.bodies.some((b) => aims(b.items, 0));
    const open = item.op === OP.IF && item.bodies.length < 2;
    if (!broken && !open && !item.bodies.some((b) => reachesEnd(b.items))) return false;
  }
  return true;
}

function aims(items, depth) {
  return items.some((item) => item.n === depth && (item.op === OP.BR || item.op === OP.BR_IF) || item.labels?.includes(depth) || item.bodies?.some((b) => aims(b.items, depth + 1)));
}

/** Declarations of locals of these types. */
function declare(types) {
  const runs = [];
  for (const type of types) {
    if (runs.at(-1)?.type === type) runs.at(-1).count++;
    else runs.push({ type, count: 1 });
  }
  return bytes(u32(runs.length), ...runs.map(({ type, count }) => [...u32(count), type]));
}
