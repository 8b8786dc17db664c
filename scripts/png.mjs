// Makes a screenshot small: a PNG with few colours, of which each pixel takes the nearest. A page has few colours of its own; the
// many between them at the edges of letters are hardly told apart.
import { deflateSync, inflateSync } from "node:zlib";

/** Colours that are kept; and of them those of surfaces, which are kept however near they are to each other. */
const MOST = 64;
const SURFACES = 20;

/** The pixels of a PNG of 8 bits a channel, without interlace, three bytes each. */
export function pixels(png) {
  let at = 8;
  let head;
  const data = [];
  while (at < png.length) {
    const size = png.readUInt32BE(at);
    const kind = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + size);
    if (kind === "IHDR") head = { width: body.readUInt32BE(0), height: body.readUInt32BE(4), depth: body[8], type: body[9], interlace: body[12] };
    if (kind === "IDAT") data.push(body);
    at += size + 12;
  }
  if (head.depth !== 8 || ![2, 6].includes(head.type) || head.interlace) throw new Error("not a picture in true colour, 8 bits a channel");
  const { width, height } = head;
  const unit = head.type === 2 ? 3 : 4;
  const raw = inflateSync(Buffer.concat(data));
  const line = width * unit;
  const rgb = Buffer.alloc(width * height * 3);
  let above = Buffer.alloc(line);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (line + 1)];
    const row = raw.subarray(y * (line + 1) + 1, (y + 1) * (line + 1));
    for (let i = 0; i < line; i++) {
      const left = i < unit ? 0 : row[i - unit];
      const up = above[i];
      row[i] += [0, left, up, (left + up) >> 1, paeth(left, up, i < unit ? 0 : above[i - unit])][filter];
    }
    for (let x = 0; x < width; x++) row.copy(rgb, (y * width + x) * 3, x * unit, x * unit + 3);
    above = row;
  }
  return { width, height, rgb };
}

function paeth(a, b, c) {
  const [da, db, dc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return da <= db && da <= dc ? a : db <= dc ? b : c;
}

const far = (a, b) => ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2;

/** Of colours, the most used first, those that differ from all before them so much that no more than `MOST` are left. */
function palette(counts) {
  const all = [...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour);
  for (let apart = 8; ; apart *= 1.5) {
    const kept = [];
    for (const colour of all) {
      if (kept.length < SURFACES || (kept.length <= MOST && kept.every((k) => far(k, colour) >= apart * apart))) kept.push(colour);
    }
    if (kept.length <= MOST) return kept;
  }
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

function chunk(kind, body) {
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  out.write(kind, 4, "latin1");
  body.copy(out, 8);
  let crc = ~0;
  for (const byte of out.subarray(4, body.length + 8)) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  out.writeUInt32BE(~crc >>> 0, body.length + 8);
  return out;
}

/** The picture again, small. */
export function small(png) {
  const { width, height, rgb } = pixels(png);
  const counts = new Map();
  const colour = (i) => (rgb[i] << 16) | (rgb[i + 1] << 8) | rgb[i + 2];
  for (let i = 0; i < rgb.length; i += 3) counts.set(colour(i), (counts.get(colour(i)) ?? 0) + 1);
  const colours = palette(counts);
  const nearest = new Map(colours.map((c, n) => [c, n]));
  for (const c of counts.keys()) {
    if (!nearest.has(c)) nearest.set(c, colours.reduce((best, k, n) => (far(k, c) < far(colours[best], c) ? n : best), 0));
  }
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) rows[y * (width + 1) + x + 1] = nearest.get(colour((y * width + x) * 3));
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const table = Buffer.from(colours.flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255]));
  return Buffer.concat([png.subarray(0, 8), chunk("IHDR", head), chunk("PLTE", table), chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })), chunk("IEND", Buffer.alloc(0))]);
}
