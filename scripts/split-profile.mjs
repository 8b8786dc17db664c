// The profiles of a first load (scripts/first-page.txt, scripts/first-embed.txt) as text: a line for each function that ran, with its
// key, its shape, and for each stage of the load a bit for each of its segments, in base64. Functions whose keys and shapes are the same
// share a line. Each stage includes the one before it.

/** The stages of each program: what draws the page; what runs its example, too; what an embed of one of `LIGHT` runs; what others run there. */
export const STAGES = { page: ["page", "run"], embed: ["embed", "others"] };
/** The examples for which an embed needs nothing but its first part. */
export const LIGHT = ["migration-fails-twice", "db-migration"];
/** The file of a program's profile. */
export const profileOf = (program) => `scripts/first-${program}.txt`;

const toBits = (ran) => {
  const bits = Buffer.alloc(Math.ceil(ran.length / 8));
  ran.forEach((one, n) => one && (bits[n >> 3] |= 1 << (n & 7)));
  return bits;
};

/** Functions are `{ key, shape, stages }`, each stage being 1 for each segment that ran by then. */
export function writeProfile(functions) {
  const lines = new Map();
  for (const { key, shape, stages } of functions) {
    if (!stages.some((ran) => ran[0])) continue;
    const id = `${key} ${shape}`;
    const bits = stages.map(toBits);
    lines.get(id)?.forEach((other, n) => other.forEach((byte, i) => (bits[n][i] |= byte)));
    lines.set(id, bits);
  }
  const text = [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, stages]) => `${id} ${stages.map((b) => b.toString("base64").replace(/=+$/, "")).join(" ")}\n`);
  return `# What runs at first: function, its shape, its segments by stage (see scripts/split.mjs); made by \`make profile\`.\n${text.join("")}`;
}

/** For each stage `{ hot(key), ran(key, shape) }`; `ran` gives the set of segments, or nothing where no function of that shape is known. */
export function readProfile(text, stages) {
  const out = Array.from({ length: stages }, () => ({ keys: new Set(), segments: new Map() }));
  for (const line of text.split("\n")) {
    const [key, shape, ...bits] = line.split(" ");
    if (key === "#" || !shape) continue;
    out.forEach(({ keys, segments }, n) => {
      const ran = new Set();
      Buffer.from(bits[n], "base64").forEach((byte, i) => [0, 1, 2, 3, 4, 5, 6, 7].forEach((b) => byte & (1 << b) && ran.add(i * 8 + b)));
      if (ran.has(0)) keys.add(key);
      segments.set(`${key} ${shape}`, ran);
    });
  }
  return out.map(({ keys, segments }) => ({ hot: (key) => keys.has(key), ran: (key, shape) => segments.get(`${key} ${shape}`) }));
}
