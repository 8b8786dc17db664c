// <batch-yard scenario="db-migration"><pre><code class="language-yaml">...</code></pre></batch-yard>
// Upgrades the element to a frame with the widget. The <pre> stays in the page for readers without scripts, for search
// engines and for print; so does an <img> with a picture of its run (`batchyard render`), which the frame shows before it runs.
// Attributes are the parameters of the widget's address; each is a property too.
const BASE = new URL("./", import.meta.url);
const PARAMETERS = ["scenario", "view", "editor", "run", "t", "speed", "seed", "theme", "controls", "goal", "hl"];
const EVENTS = ["ready", "status", "marker", "complete", "goal", "change", "error"];
const TALLEST = 2000;
const DEAD_BAND = 4;
const elements = new Set();

const style = new CSSStyleSheet();
style.replaceSync(
  ":host{display:block}iframe{display:block;inline-size:100%;border:0;color-scheme:auto}slot{display:none}@media print{slot{display:block}:host([data-own]) iframe{display:none}iframe{block-size:46rem!important}}",
);

class BatchYard extends HTMLElement {
  static observedAttributes = PARAMETERS;
  #frame;
  #requests = new Map();
  #count = 0;
  #height = 0;
  #growth = 0;
  // What is asked of the frame before it listens.
  #early = [];

  connectedCallback() {
    elements.add(this);
    if (this.#frame) return this.#load();
    // Where the page keeps room for the element (by its style, or by a <pre> in it), the frame takes that room: nothing moves.
    const room = this.offsetHeight;
    const usual = this.clientWidth && this.clientWidth < 528 ? 520 : 420;
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style];
    this.#frame = document.createElement("iframe");
    this.#frame.allow = "clipboard-write";
    // Far below the fold nothing is fetched.
    this.#frame.loading = "lazy";
    this.#frame.style.blockSize = `${parseInt(this.getAttribute("height")) || (room >= 360 && room <= 900 ? room : usual)}px`;
    root.append(this.#frame, document.createElement("slot"));
    this.#load();
  }
  disconnectedCallback() {
    elements.delete(this);
  }
  attributeChangedCallback(name, before, after) {
    if (this.#frame && before !== after) this.#load();
  }

  /** The manifest in the element, if there is one: it runs in place of the scenario's. */
  get yaml() {
    return (this.querySelector("pre code") ?? this.querySelector("pre"))?.textContent ?? "";
  }
  #load() {
    const url = new URL(BASE);
    for (const name of PARAMETERS) if (this.hasAttribute(name)) url.searchParams.set(name, this.getAttribute(name));
    if (this.yaml) url.searchParams.set("own", "1");
    this.toggleAttribute("data-own", !!this.yaml);
    this.#height = this.#growth = 0;
    this.#early ??= [];
    this.#frame.title = this.title || `batchyard: ${this.getAttribute("scenario") || "a Kubernetes Job"}`;
    if (this.getAttribute("run") === "load") this.#frame.loading = "eager";
    if (this.#frame.src !== url.href) this.#frame.src = url.href;
  }
  #send(type, payload, answered) {
    const message = { batchyard: 1, type, payload };
    const answer = answered && new Promise((ok) => this.#requests.set((message.req = ++this.#count), ok));
    if (this.#early) {
      this.#early.push(message);
      if (type !== "pause" && this.#frame) this.#frame.loading = "eager";
    } else this.#frame.contentWindow?.postMessage(message, "*");
    return answer;
  }
  /** The frame listens: it gets the manifest, its picture if there is one, and what was asked of it meanwhile. */
  async #hello() {
    const yaml = this.yaml;
    const image = yaml && this.querySelector("img");
    const picture = image ? await fetch(image.src).then((r) => r.text()).catch(() => {}) : undefined;
    const early = this.#early ?? [];
    this.#early = null;
    if (yaml) this.#send("setYaml", { yaml, picture });
    for (const message of early) this.#frame.contentWindow?.postMessage(message, "*");
  }
  /** What a message of the frame's own window says. */
  hear(type, payload, req) {
    if (type === "hello") this.#hello();
    else if (type === "reply") {
      this.#requests.get(req)?.(payload);
      this.#requests.delete(req);
    } else if (type === "height") this.#fit(Number(payload?.height));
    else if (type === "playing") elements.forEach((other) => other !== this && other.pause());
    else if (EVENTS.includes(type)) {
      // From now on its picture is worth printing beside the manifest.
      if (type === "ready") this.removeAttribute("data-own");
      this.dispatchEvent(new CustomEvent(`batchyard:${type}`, { detail: payload, bubbles: true }));
    }
  }
  #fit(height) {
    if (!(height > 0) || this.hasAttribute("height")) return;
    height = Math.min(Math.ceil(height), TALLEST);
    if (Math.abs(height - this.#height) <= DEAD_BAND) return;
    // A page that grows because its frame grew would do so for ever: growth in small steps is followed twenty times.
    if (height > this.#height && this.#height && ++this.#growth > 20) return;
    this.#height = height;
    this.#frame.style.blockSize = `${height}px`;
  }

  play() {
    this.#send("play");
  }
  pause() {
    this.#send("pause");
  }
  step(count = 1) {
    this.#send("step", { count });
  }
  seek(seconds) {
    this.#send("seek", { t: seconds });
  }
  reset() {
    this.#send("reset");
  }
  setYaml(yaml) {
    this.#send("setYaml", { yaml: `${yaml}` });
  }
  /** The state of the run: {t, playing, status, ...}. */
  getState() {
    return this.#send("getState", undefined, true);
  }
}
for (const name of PARAMETERS)
  Object.defineProperty(BatchYard.prototype, name, {
    get() {
      return this.getAttribute(name) ?? "";
    },
    set(value) {
      value == null ? this.removeAttribute(name) : this.setAttribute(name, value);
    },
    enumerable: true,
  });

addEventListener("message", ({ source, data }) => {
  if (!source || data?.batchyard !== 1 || typeof data.type !== "string") return;
  for (const element of elements)
    if (element.shadowRoot?.firstChild?.contentWindow === source) return element.hear(data.type, data.payload, data.req);
});
customElements.get("batch-yard") || customElements.define("batch-yard", BatchYard);
