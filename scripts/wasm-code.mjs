// Reads a WebAssembly function's code into the tree of its blocks, with what each instruction does to the operand stack and to
// locals; and its segments: stretches of code that run from start to end once they are entered (until something is called).
import { Reader, operands } from "./wasm-module.mjs";

const BLOCK = 0x02;
const LOOP = 0x03;
const IF = 0x04;
const ELSE = 0x05;
const END = 0x0b;
export const OP = { UNREACHABLE: 0x00, BLOCK, LOOP, IF, ELSE, END, BR: 0x0c, BR_IF: 0x0d, BR_TABLE: 0x0e, RETURN: 0x0f, CALL: 0x10, GET: 0x20, SET: 0x21, TEE: 0x22, CONST: 0x41 };
/** Code after these is not reached. */
const LEAVES = new Set([OP.UNREACHABLE, OP.BR, OP.BR_TABLE, OP.RETURN]);

/** [popped, pushed] of the instructions that have no index of a function or a label, by ranges of opcodes. */
const EFFECTS = [
  [0x01, 0x01, 0, 0], [0x1a, 0x1a, 1, 0], [0x1b, 0x1c, 3, 1], [0x20, 0x20, 0, 1], [0x21, 0x21, 1, 0], [0x22, 0x22, 1, 1],
  [0x23, 0x23, 0, 1], [0x24, 0x24, 1, 0], [0x25, 0x25, 1, 1], [0x26, 0x26, 2, 0], [0x28, 0x35, 1, 1], [0x36, 0x3e, 2, 0],
  [0x3f, 0x3f, 0, 1], [0x40, 0x40, 1, 1], [0x41, 0x44, 0, 1], [0x45, 0x45, 1, 1], [0x46, 0x4f, 2, 1], [0x50, 0x50, 1, 1],
  [0x51, 0x66, 2, 1], [0x67, 0x69, 1, 1], [0x6a, 0x78, 2, 1], [0x79, 0x7b, 1, 1], [0x7c, 0x8a, 2, 1], [0x8b, 0x91, 1, 1],
  [0x92, 0x98, 2, 1], [0x99, 0x9f, 1, 1], [0xa0, 0xa6, 2, 1], [0xa7, 0xc4, 1, 1], [0xd0, 0xd0, 0, 1], [0xd1, 0xd1, 1, 1], [0xd2, 0xd2, 0, 1],
];
const SIMPLE = [];
for (const [from, to, pops, pushes] of EFFECTS) for (let op = from; op <= to; op++) SIMPLE[op] = [pops, pushes];
/** The same for the instructions after 0xfc. */
const BULK = [...Array(8).fill([1, 1]), [3, 0], [0, 0], [3, 0], [3, 0], [3, 0], [0, 0], [3, 0], [2, 1], [0, 1], [3, 0]];

/**
 * A function's body as `{ locals, root }`: `locals` are the types of its own locals; `root` is a sequence. A sequence has `kind`
 * (opcode of what it is the body of, 0 for the function), `items`, `results` (types that it leaves), and `from` and `to`: its place.
 * An item has `op`, `from`, `to` (its place, for a block that of its opening), `segment`; and `n` (a local, or a label as a depth),
 * `labels`, `bodies` (one sequence; an `if` has two) or `effect` as it needs them.
 */
export function decode(body, module, results) {
  const r = new Reader(body);
  const locals = r.vec(() => ({ count: r.u32(), type: r.byte() })).flatMap(({ count, type }) => Array(count).fill(type));
  const starts = [r.at];
  const cut = () => r.at !== starts.at(-1) && r.at < body.length && starts.push(r.at);
  const call = (type, extra) => [module.types[type].params.length + extra, module.types[type].results.length];

  const blockType = () => {
    const from = r.at;
    const byte = r.byte();
    if (byte === 0x40) return [];
    if (byte >= 0x6f && byte < 0x80) return [byte];
    r.at = from;
    const type = module.types[r.u32()];
    if (type.params.length) throw new Error("a block that takes values is not known");
    return type.results;
  };
  const sequence = (kind, results) => {
    const seq = { kind, items: [], results, from: r.at, to: 0, closed: 0 };
    for (;;) {
      const item = { op: r.byte(), from: r.at - 1, segment: starts.length - 1 };
      const { op } = item;
      if (op === END || op === ELSE) {
        seq.to = item.from;
        seq.closed = op;
        cut();
        return seq;
      }
      seq.items.push(item);
      if (op === BLOCK || op === LOOP || op === IF) {
        const inner = blockType();
        item.to = r.at;
        item.results = inner;
        cut();
        item.bodies = [sequence(op, inner)];
        if (item.bodies[0].closed === ELSE) item.bodies.push(sequence(op, inner));
        item.effect = [op === IF ? 1 : 0, inner.length];
        continue;
      }
      operands(r, op, (space, value) => {
        if (space === "label" && op === OP.BR_TABLE) (item.labels ??= []).push(value);
        else if (space === "label" || space === "local") item.n = value;
        else if (space === "func" && op === OP.CALL) item.effect = call(module.functionTypes[value], 0);
        else if (space === "type") item.effect = call(value, 1);
        else if (space === "bulk") item.effect = BULK[value];
      });
      item.effect ??= op === OP.BR_IF || op === OP.BR_TABLE ? [1, 0] : LEAVES.has(op) ? [0, 0] : SIMPLE[op];
      if (!item.effect) throw new Error(`instruction 0x${op.toString(16)} is not known`);
      item.to = r.at;
      if (LEAVES.has(op) || op === OP.BR_IF) cut();
    }
  };
  const root = sequence(0, results);
  return { locals, root, starts };
}

/** Whether control never comes to what stands behind an instruction. */
export function leaves(item) {
  return LEAVES.has(item.op);
}

/** A fingerprint of a body's shape: its instructions without their constants and indices, which differ between builds. */
export function shape({ root }) {
  let h = 0x811c9dc5;
  const add = (n) => (h = Math.imul(h ^ n, 0x01000193) >>> 0);
  const visit = (seq) => {
    for (const item of seq.items) {
      add(item.op);
      for (const inner of item.bodies ?? []) visit(inner);
    }
    add(seq.closed);
  };
  visit(root);
  return h.toString(16).padStart(8, "0");
}
