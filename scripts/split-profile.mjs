// The profile of a first load (scripts/first-load.txt) as text: a line for each function that ran, with its key, its shape, and a bit
// for each of its segments, in base64. Functions whose keys and shapes are the same share a line.

/** Functions are `{ key, shape, ran }`, `ran` being 1 for each segment that ran. */
export function writeProfile(functions) {
  const lines = new Map();
  for (const { key, shape, ran } of functions) {
    if (!ran[0]) continue;
    const id = `${key} ${shape}`;
    const bits = lines.get(id) ?? new Uint8Array(Math.ceil(ran.length / 8));
    ran.forEach((one, n) => one && (bits[n >> 3] |= 1 << (n & 7)));
    lines.set(id, bits);
  }
  const text = [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, bits]) => `${id} ${Buffer.from(bits).toString("base64").replace(/=+$/, "")}\n`);
  return `# What runs at first: function, its shape, its segments (see scripts/split.mjs); made by \`make profile\`.\n${text.join("")}`;
}

/** The profile as `{ hot(key), ran(key, shape) }`; `ran` gives the set of segments, or nothing where no function of that shape ran. */
export function readProfile(text) {
  const segments = new Map();
  const keys = new Set();
  for (const line of text.split("\n")) {
    const [key, shape, bits] = line.split(" ");
    if (!bits || key === "#") continue;
    keys.add(key);
    const ran = new Set();
    Buffer.from(bits, "base64").forEach((byte, n) => [0, 1, 2, 3, 4, 5, 6, 7].forEach((b) => byte & (1 << b) && ran.add(n * 8 + b)));
    segments.set(`${key} ${shape}`, ran);
  }
  return { hot: (key) => keys.has(key), ran: (key, shape) => segments.get(`${key} ${shape}`) };
}
