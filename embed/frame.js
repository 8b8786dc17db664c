// The widget before it runs: reads its address, shows the manifest and a still picture of the moment asked for, talks with its
// host, and fetches the simulator only when it is wanted. The simulator's own module then draws the widget; messages go on
// through here.
import { show } from "./film.js";
import { read } from "./parameters.js";

const settings = document.querySelector("script[data-app]").dataset;
/** Examples whose runs need nothing but the first part of the simulator (scripts/profile.mjs tells). */
const LIGHT = (settings.light ?? "").split(" ");
const parameters = read(location.search);
const at = (id) => document.getElementById(id);
const root = at("app");
const poster = at("poster");
const host = window.parent === window ? null : window.parent;
const id = Math.random().toString(36).slice(2, 10);
const link = location.hash.startsWith("#v1.") && location.hash.length < 100_000 ? location.hash : "";
const LONGEST_YAML = 1_000_000;
const here = (path) => new URL(path, import.meta.url).href;
let app = null;
let starting = null;
let own = parameters.own === "1";
let yaml = "";
let arrived;
const given = new URLSearchParams(location.search);
// The host sends its manifest when it hears from here, another comes from the site; there are a few seconds for that.
const manifest = new Promise((ok) => ((arrived = ok), setTimeout(ok, 3000)));
let told = 0;

if (own) document.documentElement.dataset.own = "";

const tell = (type, payload, req) => host?.postMessage({ batchyard: 1, id, type, payload, ...(req !== undefined && { req }) }, "*");

// One widget runs at a time, also where several pages' frames share an origin. A sandboxed frame has no channel; its host's script sees to it.
let channel = null;
try {
  channel = new BroadcastChannel("batchyard");
  channel.onmessage = ({ data }) => data?.playing && data.playing !== id && app?.embed_call("pause", "null");
} catch {
  channel = null;
}

/** What the widget says, and what is said to it: its times are milliseconds, the host's are seconds. */
const parsed = (text) => JSON.parse(text, (key, value) => (key === "t" || key === "seen" ? value / 1000 : value));
const written = (payload) => JSON.stringify(payload ?? null, (key, value) => (key === "t" && value !== null ? Math.round(value * 1000) : value));

function heard(type, text) {
  const payload = parsed(text);
  if (type === "playing") channel?.postMessage({ playing: id });
  tell(type, payload);
}

/** The whole page's style: the still picture needs but a part of it. */
const styled = () =>
  new Promise((ok, no) => {
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: here(settings.style), onload: ok, onerror: no });
    document.head.append(sheet);
  });

/** Has parts of the simulator fetched in the background, up to one (scripts/split-loader.js). What needs them sooner waits. */
const part = (name) =>
  new Promise((ok) => {
    const look = () => globalThis.batchyardHas?.(name) !== false && ok();
    addEventListener("batchyard:part", look);
    setTimeout(ok, 20_000);
    globalThis.batchyardWants?.(name);
    look();
  });

/** The simulator's first part, unpacked while the page stays responsive. */
const unpacked = async () => {
  const [{ unpack }, answer] = await Promise.all([import(here("unpack.js")), fetch(here(settings.packed))]);
  if (!answer.ok) throw new Error(answer.status);
  return unpack(new Uint8Array(await answer.arrayBuffer()));
};
let coming = null;
const code = () => (settings.packed ? (coming ??= unpacked()) : here(settings.wasm));
// Unpacking takes a moment: it begins when somebody is about to press the button.
for (const kind of ["pointerover", "focusin", "pointerdown"]) at("run").addEventListener(kind, () => Promise.resolve(code()).catch(() => (coming = null)), { once: true });

/** Fetches and starts the simulator, once. */
function start() {
  starting ??= (async () => {
    document.documentElement.dataset.state = "loading";
    say("Loading the cluster.");
    try {
      const style = styled();
      if (settings.split) await import(here(settings.split));
      const [module, source] = await Promise.all([import(here(settings.app)), code(), style, manifest]);
      await module.default({ module_or_path: source });
      // What is known to need more has it before it is drawn: a call that comes too early would have to stop and wait.
      if (link || parameters.t || parameters.editor === "code") await part("rest");
      else if (own || !LIGHT.includes(parameters.scenario)) await part("others");
      module.embed_mount(root, written({ ...parameters, yaml, hash: link }), heard);
      app = module;
      poster.remove();
      document.documentElement.dataset.state = "running";
      shown && app.embed_call("visible", "true");
    } catch (error) {
      starting = coming = null;
      document.documentElement.dataset.state = "failed";
      const blocked = typeof WebAssembly === "undefined";
      say(`${blocked ? "This browser blocks WebAssembly, so nothing can run." : "The simulator could not be loaded."} The picture and the manifest remain.`);
      tell("error", { message: `${error?.message ?? error}`.slice(0, 500) });
    }
    return app;
  })();
  return starting;
}

// What the host may ask, and what each must look like. Anything else is not for us.
const finite = (v) => typeof v === "number" && Number.isFinite(v) && v >= 0;
const ASKED = {
  play: () => true,
  pause: () => true,
  step: (p) => p == null || p.count === undefined || (Number.isInteger(p.count) && Math.abs(p.count) <= 1000),
  seek: (p) => finite(p?.t),
  reset: () => true,
  setYaml: (p) => typeof p?.yaml === "string" && p.yaml.length <= LONGEST_YAML && (p.picture === undefined || typeof p.picture === "string"),
  getState: () => true,
};

addEventListener("message", async ({ source, data }) => {
  if (!host || source !== host || typeof data !== "object" || data === null || data.batchyard !== 1) return;
  const { type, payload, req } = data;
  if (typeof type !== "string" || !Object.hasOwn(ASKED, type)) return;
  if (payload !== undefined && payload !== null && typeof payload !== "object") return;
  if (req !== undefined && !Number.isSafeInteger(req)) return;
  if (!ASKED[type](payload)) return;
  if (type === "setYaml" && !app) {
    own = true;
    document.documentElement.dataset.own = "";
    setManifest(payload.yaml);
    picture(payload.picture);
    if (!payload.picture && given.has("scenario")) still().catch(() => {});
    if (req !== undefined) tell("reply", { ok: true }, req);
    return;
  }
  if (!starting) {
    if (type === "getState") return tell("reply", { loaded: false, playing: false, t: parameters.t ?? 0, yaml }, req);
    if (type === "pause") return;
  }
  const answer = (await start()) ? app.embed_call(type, written(payload)) : "null";
  if (req !== undefined) tell("reply", parsed(answer || "null"), req);
});

function say(text) {
  at("trouble").textContent = text;
}

/** Shows the manifest, with the lines that are to stand out. */
function setManifest(text) {
  yaml = text;
  const lit = (n) => parameters.hl.some(([from, to]) => n >= from && n <= to);
  const line = (text, n) => Object.assign(document.createElement("span"), { className: lit(n + 1) ? "is-lit" : "", textContent: `${text}\n` });
  at("manifest").replaceChildren(...text.trimEnd().split("\n").map(line));
  if (!link && text.length < 50_000) pageLink();
  arrived();
  if (own || link) at("name").textContent = /^\s*name:\s*["']?([\w.-]+)/m.exec(text)?.[1] ?? "Manifest";
}

/** The picture of a manifest of the host's own, which the host hands over: drawn as a picture, so that nothing in it runs. */
function picture(svg) {
  const still = at("still");
  const old = still.querySelector("img");
  if (old) URL.revokeObjectURL(old.src);
  const image = svg && Object.assign(new Image(), { src: URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" })), alt: "The timeline of its run" });
  still.replaceChildren(...(image ? [image] : []));
  poster.toggleAttribute("data-bare", !image);
}

/** A permalink to the page: the manifest as it is here, and the moment asked for. */
async function pageLink() {
  at("out").href = await permalink(JSON.stringify({ y: yaml, s: { seed: parameters.seed }, ...(parameters.t !== null && { t: Math.round(parameters.t * 1000) }) }));
}

/** The address of a run on the page. */
async function permalink(run) {
  const packed = await new Response(new Blob([run]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer();
  const code = btoa(String.fromCharCode(...new Uint8Array(packed))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  return here(`../#v1.${code}`);
}

// The widget's own link is to the run as it is when somebody is about to follow it.
for (const kind of ["pointerover", "focusin", "pointerdown"])
  root.addEventListener(kind, async ({ target }) => {
    const out = target.closest?.(".widget-out");
    if (out && app) out.href = await permalink(app.embed_call("getLink", "null"));
  });
// Whoever turns to the manifest will need what judges and explains it.
for (const kind of ["pointerdown", "focusin"]) root.addEventListener(kind, ({ target }) => parameters.editor !== "none" && target.closest?.(".editor") && globalThis.batchyardWants?.("rest"));
if (settings.editor) globalThis.batchyardEditor = () => import(here(settings.editor));

/** The manifest in a permalink. */
async function linked() {
  const bytes = Uint8Array.from(atob(link.slice(4).replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")));
  return String((await text.json()).y);
}

const get = async (path) => {
  const answer = await fetch(here(path));
  if (!answer.ok) throw new Error(path);
  return answer.text();
};

/** The scenario's manifest and the picture of the moment asked for. A manifest of the host's own has it too where it is the same. */
async function still() {
  const { scenario, t, seed, theme } = parameters;
  const [text, film] = await Promise.all([get(`posters/${scenario}.yaml`), get(`posters/${scenario}.svg`)]);
  if (own && yaml.trim() !== text.trim()) return;
  if (!own) setManifest(text);
  delete poster.dataset.bare;
  const end = show(at("still"), film, t, theme);
  if (t > end) say(`The picture ends after ${Math.floor(end)} s; the run opens at ${t} s.`);
  else if (seed !== 1) say("The picture is of a run with seed 1.");
}

at("name").textContent = parameters.scenario;
if (link) linked().then(setManifest, () => (arrived(), say("This link cannot be read. Copy the whole link again.")));
else if (!own) still().catch(() => (arrived(), poster.toggleAttribute("data-bare", true), say(`There is no scenario called ${parameters.scenario}.`)));
at("run").disabled = false;
at("run").addEventListener("click", async () => (await start())?.embed_call("play", "null"));
at("out").href = here(`../${link}`);

// Off screen nothing runs.
let shown = false;
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const play = (started) => !calm && started?.embed_call("play", "null");
new IntersectionObserver(async ([entry]) => {
  const now = entry.isIntersecting;
  if (now === shown) return;
  shown = now;
  app?.embed_call("visible", JSON.stringify(now));
  if (now && parameters.run === "visible" && !starting) play(await start());
}).observe(document.documentElement);
if (parameters.run === "load") start().then(play);

// The height that the widget would like, told when it has really changed.
new ResizeObserver(() => {
  const height = Math.min(Math.ceil(document.body.getBoundingClientRect().height), 2000);
  if (Math.abs(height - told) > 4) tell("height", { height: (told = height) });
}).observe(document.body);
tell("hello", { version: 1 });
