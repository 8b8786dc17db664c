// Serves a folder of files as a plain web host would, with the site's headers and gzip.
//   node scripts/serve.mjs DIR [--port 8080] [--base /sub/path/]
// Also a module: `const { url, close } = await serve("dist")`.
import { createServer } from "node:http";
import { readFile, stat } from "node:fs/promises";
import { extname, join, normalize, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzip } from "node:zlib";
import { promisify } from "node:util";
import { HEADERS } from "./site-policy.mjs";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".txt": "text/plain; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".yaml": "application/yaml",
  ".woff2": "font/woff2",
  ".ico": "image/x-icon",
};
const COMPRESSED = /\.(html|m?js|css|wasm|svg|json|txt|md|yaml)$/;
// Trunk puts a hash into the names of what it builds: such a file never changes.
const HASHED = /-[0-9a-f]{8,}(_bg|_simulator|_rest|_embed|_others|_last)?\.\w+$/;
const zip = promisify(gzip);

/** Starts a server for `dir`. With `base`, the site lies below that path; with `headers`, those replace the site's own. */
export async function serve(dir, { port = 0, base = "/", headers = HEADERS } = {}) {
  const root = resolve(dir);
  const zipped = new Map();

  async function find(path) {
    const full = normalize(join(root, path));
    if (full !== root && !full.startsWith(root + "/")) return null;
    const info = await stat(full).catch(() => null);
    if (info?.isFile()) return { full, info };
    if (info?.isDirectory()) return path.endsWith("/") || full === root ? find(join(path, "index.html")) : { redirect: path + "/" };
    return null;
  }

  async function body(file, accepts) {
    const data = await readFile(file.full);
    if (!accepts || !COMPRESSED.test(file.full)) return { data };
    const key = `${file.full}:${file.info.mtimeMs}`;
    if (!zipped.has(key)) zipped.set(key, await zip(data, { level: 9 }));
    return { data: zipped.get(key), encoding: "gzip" };
  }

  const server = createServer(async (req, res) => {
    try {
      const path = decodeURIComponent(new URL(req.url, "http://localhost").pathname);
      let file = path.startsWith(base) ? await find("/" + path.slice(base.length)) : null;
      if (file?.redirect) return res.writeHead(308, { Location: base + file.redirect.slice(1) }).end();
      const status = file ? 200 : 404;
      file ??= await find("/404.html");
      if (!file) return res.writeHead(404, { "Content-Type": "text/plain" }).end("not found\n");
      const { data, encoding } = await body(file, /\bgzip\b/.test(req.headers["accept-encoding"] ?? ""));
      res.writeHead(status, {
        ...headers,
        "Content-Type": TYPES[extname(file.full)] ?? "application/octet-stream",
        "Content-Length": data.length,
        "Cache-Control": HASHED.test(file.full) ? "public, max-age=31536000, immutable" : "no-cache",
        Vary: "Accept-Encoding",
        ...(encoding && { "Content-Encoding": encoding }),
      });
      res.end(req.method === "HEAD" ? undefined : data);
    } catch (error) {
      res.writeHead(error instanceof URIError ? 400 : 500, { "Content-Type": "text/plain" }).end(`${error.message}\n`);
    }
  });

  const listen = (p) =>
    new Promise((ok, no) => server.once("error", no).listen(p, "127.0.0.1", () => ok(server.off("error", no))));
  for (let tries = 0; ; tries++) {
    try {
      await listen(port ? port + tries : 0);
      break;
    } catch (error) {
      if (error.code !== "EADDRINUSE" || !port || tries === 50) throw error;
      console.log(`Port ${port + tries} is taken.`);
    }
  }
  return {
    url: `http://localhost:${server.address().port}${base}`,
    close: () => new Promise((done) => (server.closeAllConnections(), server.close(done))),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2);
  const option = (name, otherwise) => (args.includes(name) ? args[args.indexOf(name) + 1] : otherwise);
  const dir = args[0] && !args[0].startsWith("--") ? args[0] : "dist";
  const { url } = await serve(dir, { port: Number(option("--port", 8080)), base: option("--base", "/") });
  console.log(`batchyard is at ${url} (Ctrl+C stops it)`);
}
