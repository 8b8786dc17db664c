// wasm-opt (npm's binaryen), as the site's WebAssembly is optimised with it.
//   node scripts/wasm-opt.mjs FILE     optimises a module in its place
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { without } from "./wasm-module.mjs";

// The features that every browser with WebAssembly has had for years, and that rustc assumes.
const FEATURES = ["bulk-memory", "mutable-globals", "sign-ext", "nontrapping-float-to-int", "reference-types", "multivalue"].map((f) => `--enable-${f}`);
/** For size, and functions of one kind side by side, which compress better: gzip looks back only 32 kB. Always the same way, since the profile is of its shapes. */
export const WAY = ["-Oz", "--reorder-functions-by-name"];

/** A module after wasm-opt. */
export function wasmOpt(module, ...flags) {
  const dir = mkdtempSync(join(tmpdir(), "batchyard-wasm-"));
  const [from, to] = [join(dir, "in.wasm"), join(dir, "out.wasm")];
  try {
    writeFileSync(from, module);
    execFileSync("wasm-opt", [from, ...FEATURES, ...flags, "-o", to], { stdio: ["ignore", "inherit", "inherit"] });
    return readFileSync(to);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** A module without what the linker says of its statics, which wasm-opt cannot keep true. */
export const unlinked = (module) => without(module, (name) => name === "linking" || name.startsWith("reloc."));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.argv[2];
  writeFileSync(file, wasmOpt(unlinked(readFileSync(file)), ...WAY));
}
