// The parameters of the widget's address: case-insensitive, unknown ones ignored, invalid values fall back with a warning.
const word = (...words) => (v) => (words.includes(v.toLowerCase()) ? v.toLowerCase() : undefined);
const one = (...numbers) => (v) => numbers.find((n) => String(n) === v);
const whole = (high) => (v) => (/^\d+$/.test(v) && +v <= high ? +v : undefined);
const UNITS = { "": 1, s: 1, m: 60, h: 3600 };
const seconds = (v) => {
  const m = /^(\d+(?:\.\d+)?)([smh]?)$/i.exec(v);
  return m ? m[1] * UNITS[m[2].toLowerCase()] : undefined;
};
const lines = (v) => {
  const out = [];
  for (const part of v.split(",")) {
    const m = /^L?(\d{1,4})(?:-L?(\d{1,4}))?$/i.exec(part.trim());
    if (!m || +m[1] < 1 || +(m[2] ?? m[1]) < +m[1]) return undefined;
    out.push([+m[1], +(m[2] ?? m[1])]);
  }
  return out;
};

// Name: what reads it, and what holds without it.
export const PARAMETERS = {
  scenario: [(v) => (/^[a-z0-9][a-z0-9-]{0,62}$/i.test(v) ? v.toLowerCase() : undefined), "db-migration"],
  view: [word("split", "sim", "yaml"), "split"],
  editor: [word("text", "code", "none"), "text"],
  run: [word("click", "visible", "load"), "click"],
  t: [seconds, null],
  speed: [one(1, 2, 5, 10, 60, 600), 1],
  seed: [whole(4294967295), 1],
  theme: [word("auto", "light", "dark"), "auto"],
  controls: [word("full", "mini", "none"), "full"],
  goal: [word("0", "1"), "0"],
  hl: [lines, []],
  own: [word("0", "1"), "0"],
};

/** Reads `?name=value&...`. `warn` is told of each value that cannot be meant. */
export function read(search, warn = console.warn) {
  const given = new Map();
  for (const [name, value] of new URLSearchParams(search)) given.set(name.toLowerCase(), value);
  const out = {};
  for (const [name, [parse, otherwise]] of Object.entries(PARAMETERS)) {
    out[name] = otherwise;
    if (!given.has(name)) continue;
    const value = parse(given.get(name));
    if (value === undefined) warn(`batchyard: ${name}=${given.get(name).slice(0, 80)} is not a value of "${name}"; ${JSON.stringify(otherwise)} is used`);
    else out[name] = value;
  }
  return out;
}
