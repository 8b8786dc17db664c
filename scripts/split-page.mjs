// Splits a program's WebAssembly in three, by the profile of a first load: what is needed at once, what soon, and the rest. For the page
// these are what draws it and what runs its first example; for an embed, what plays such a Job, and what other examples need.
import { readProfile } from "./split-profile.mjs";
import { key, split } from "./split.mjs";
import { decode, shape } from "./wasm-code.mjs";
import { parse } from "./wasm-module.mjs";
import { carried, outline } from "./wasm-outline.mjs";

/** Which way through the allocator a page takes hangs on when its parts come, which no profile foresees: all of it is in the first. */
const ALLOCATOR = /dlmalloc|__rdl_|__rust_\w*alloc/;

/**
 * `{ first, middle, rest }` as modules, and `said`, what there is to say about them. `at` names the profile's stages: what the first
 * holds, and what the first and the middle part hold; `border` is the middle part's.
 */
export function splitPage(file, profileText, linked, at, border) {
  // An embed's parts come when its reader wants them, so its profile sees what there is to see.
  const always = (name) => at[0] === "page" && ALLOCATOR.test(name);
  const [near, far] = readProfile(profileText, at.length);
  const m = parse(file);
  const code = (f) => decode(m.bodies[f - m.importedFunctions], m, m.types[m.functionTypes[f]].results);
  const before = new Map();
  let unknown = 0;
  const rest = outline(m, (f) => {
    const name = m.names.get(f);
    if (!name || always(name) || !far.hot(key(name))) return null;
    const own = code(f);
    const ran = far.ran(key(name), shape(own));
    if (!ran) unknown++;
    else before.set(f, { own, ran: near.ran(key(name), shape(own)) });
    return ran;
  });
  const later = outline(
    m,
    (f) => {
      const was = before.get(f);
      return was?.ran.has(0) ? carried(code(f), was.own, was.ran) : null;
    },
    "later",
  );
  const names = (list) => new Set(list.map((f) => m.names.get(f)));
  const [notInFar, notInNear] = [names(rest), names(later)];
  const whole = split(m, (name) => always(name) || (!notInFar.has(name) && (notInNear.has(name) || far.hot(key(name)))), { linked, border: "rest" });
  const both = split(parse(whole.first), (name) => always(name) || (!notInNear.has(name) && near.hot(key(name))), { linked: whole.linked, border, smallest: 40 });
  const hot = [...m.names.values()].filter((name) => !notInNear.has(name) && near.hot(key(name))).length;
  const said = `${hot} functions ran by "${at[0]}", ${both.moved} more by "${at[1]}", ${whole.moved} come after; ${rest.length} and ${later.length} parts of functions moved; ${unknown} functions have another shape than in the profile`;
  return { first: both.first, middle: both.second, rest: whole.second, said };
}
