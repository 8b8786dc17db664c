// Packs WebAssembly for embed/unpack.js, which says how.
import { coder, walk } from "../embed/unpack.js";

/** The byte that stands for another section where there is none. */
const OVER = 255;

export function pack(module) {
  const { byte, end } = coder(null);
  let at = 0;
  const next = (...context) => byte(...context, at < module.length ? module[at++] : OVER);
  for (const _ of walk(next));
  if (at !== module.length) throw new Error("the module was not walked through to its end");
  return end();
}
