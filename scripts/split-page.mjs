// Splits the page's WebAssembly in three, by the profile of a first load: what draws the page, what runs its first example, and the rest.
import { readProfile } from "./split-profile.mjs";
import { key, split } from "./split.mjs";
import { decode, shape } from "./wasm-code.mjs";
import { parse } from "./wasm-module.mjs";
import { carried, outline } from "./wasm-outline.mjs";

/** `{ first, simulator, rest }` as modules, and `said`, what there is to say about them. */
export function splitPage(file, profileText, linked) {
  const [page, run] = readProfile(profileText, 2);
  const m = parse(file);
  const code = (f) => decode(m.bodies[f - m.importedFunctions], m, m.types[m.functionTypes[f]].results);
  const before = new Map();
  let unknown = 0;
  const rest = outline(m, (f) => {
    const name = m.names.get(f);
    if (!name || !run.hot(key(name))) return null;
    const own = code(f);
    const ran = run.ran(key(name), shape(own));
    if (!ran) unknown++;
    else before.set(f, { own, ran: page.ran(key(name), shape(own)) });
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
  const [notInRun, notInPage] = [names(rest), names(later)];
  const whole = split(m, (name) => !notInRun.has(name) && (notInPage.has(name) || run.hot(key(name))), { linked, border: "rest" });
  const both = split(parse(whole.first), (name) => !notInPage.has(name) && page.hot(key(name)), { linked: whole.linked, border: "simulator", smallest: 40 });
  const drawing = [...m.names.values()].filter((name) => !notInPage.has(name) && page.hot(key(name))).length;
  const said = `${drawing} functions draw the page, ${both.moved} more run its example, ${whole.moved} come after; ${rest.length} and ${later.length} parts of functions moved; ${unknown} functions have another shape than in the profile`;
  return { first: both.first, simulator: both.second, rest: whole.second, said };
}
