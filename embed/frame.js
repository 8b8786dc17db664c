// The widget before it runs: reads its address, shows a still picture, talks with its host, and fetches the simulator only
// when it is wanted. The simulator's own module then draws the widget; messages go on through here.
import { read } from "./parameters.js";

const settings = document.querySelector("script[data-app]").dataset;
const parameters = read(location.search);
const root = document.getElementById("app");
const poster = document.getElementById("poster");
const host = window.parent === window ? null : window.parent;
const id = Math.random().toString(36).slice(2, 10);
const LONGEST_YAML = 1_000_000;
let app = null;
let starting = null;
let yaml = "";
let told = 0;

if (parameters.theme !== "auto") document.documentElement.dataset.theme = parameters.theme;
document.documentElement.dataset.view = parameters.view;

const tell = (type, payload, req) => host?.postMessage({ batchyard: 1, id, type, payload, ...(req !== undefined && { req }) }, "*");

// One widget runs at a time, also where several pages' frames share an origin. A sandboxed frame has no channel; its host's script sees to it.
let channel = null;
try {
  channel = new BroadcastChannel("batchyard");
  channel.onmessage = ({ data }) => data?.playing && data.playing !== id && app?.embed_call("pause", "null");
} catch {
  channel = null;
}

function heard(type, text) {
  const payload = JSON.parse(text);
  if (type === "playing") channel?.postMessage({ playing: id });
  tell(type, payload);
}

function say(text) {
  document.getElementById("trouble").textContent = text;
}

/** Fetches and starts the simulator, once. */
function start() {
  starting ??= (async () => {
    document.documentElement.dataset.state = "loading";
    try {
      if (settings.split) await import(new URL(settings.split, import.meta.url).href);
      const module = await import(new URL(settings.app, import.meta.url).href);
      await module.default({ module_or_path: new URL(settings.wasm, import.meta.url) });
      const own = yaml || (location.hash.startsWith("#v1.") ? "" : null);
      module.embed_mount(root, JSON.stringify({ ...parameters, yaml: own ?? "", hash: location.hash }), heard);
      app = module;
      poster.remove();
      document.documentElement.dataset.state = "running";
      shown && app.embed_call("visible", "true");
    } catch (error) {
      starting = null;
      document.documentElement.dataset.state = "failed";
      say(typeof WebAssembly === "undefined" ? "This browser blocks WebAssembly, so nothing can run. The picture and the manifest remain." : "The simulator could not be loaded. The picture and the manifest remain.");
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
  setYaml: (p) => typeof p?.yaml === "string" && p.yaml.length <= LONGEST_YAML,
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
    yaml = payload.yaml;
    showOwn();
    if (req !== undefined) tell("reply", { ok: true }, req);
    return;
  }
  if (type === "getState" && !app) return tell("reply", { loaded: false, playing: false, t: parameters.t, yaml }, req);
  if (type === "pause" && !app) return;
  const answer = (await start()) ? app.embed_call(type, JSON.stringify(payload ?? null)) : "null";
  if (req !== undefined) tell("reply", JSON.parse(answer || "null"), req);
});

/** The host's own manifest has no picture: its text is shown. */
function showOwn() {
  const text = document.getElementById("manifest");
  text.textContent = yaml;
  poster.dataset.own = "1";
}

document.getElementById("name").textContent = `batchyard: ${parameters.scenario}`;
const still = document.getElementById("still");
if (parameters.own === "1" || location.hash.startsWith("#v1.")) poster.dataset.own = "1";
else {
  still.onerror = () => ((poster.dataset.own = "1"), say(`There is no scenario called ${parameters.scenario}.`));
  still.src = new URL(`posters/${parameters.scenario}.svg`, import.meta.url).href;
}
document.getElementById("run").addEventListener("click", async () => (await start())?.embed_call("play", "null"));
document.getElementById("out").href = new URL(`../?example=${parameters.scenario}${location.hash}`, import.meta.url).href;

// Off screen nothing runs.
let shown = false;
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
new IntersectionObserver(async ([entry]) => {
  const now = entry.isIntersecting;
  if (now === shown) return;
  shown = now;
  app?.embed_call("visible", JSON.stringify(now));
  if (now && parameters.run === "visible" && !starting) {
    await start();
    if (!calm) app?.embed_call("play", "null");
  }
}).observe(document.documentElement);
if (parameters.run === "load") start().then((a) => !calm && a?.embed_call("play", "null"));

// The height that the widget would like, told when it has really changed.
new ResizeObserver(() => {
  const height = Math.min(Math.ceil(document.body.getBoundingClientRect().height), 2000);
  if (Math.abs(height - told) > 4) tell("height", { height: (told = height) });
}).observe(document.body);
tell("hello", { version: 1 });
