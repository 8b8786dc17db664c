// <batch-yard scenario="db-migration"><pre><code class="language-yaml">...</code></pre></batch-yard>
// Upgrades the element to a frame with the widget. The <pre> stays in the page for readers without scripts, for search
// engines and for print. Attributes are the parameters of the widget's address; each is a property too.
const BASE = new URL("./", import.meta.url);
const PARAMETERS = ["scenario", "view", "editor", "run", "t", "speed", "seed", "theme", "controls", "goal", "hl"];
const EVENTS = ["ready", "status", "marker", "complete", "goal", "change", "error"];
const TALLEST = 2000;
const DEAD_BAND = 4;
const elements = new Set();

const style = new CSSStyleSheet();
style.replaceSync(
  ":host{display:block}iframe{display:block;inline-size:100%;border:0;color-scheme:auto}slot{display:none}@media print{iframe{display:none}slot{display:block}}",
);

class BatchYard extends HTMLElement {
  static observedAttributes = PARAMETERS;
  #frame;
  #requests = new Map();
  #count = 0;
  #height = 0;
  #growth = 0;

  connectedCallback() {
    elements.add(this);
    if (this.#frame) return this.#load();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style];
    this.#frame = document.createElement("iframe");
    this.#frame.allow = "clipboard-write";
    this.#frame.style.blockSize = `${this.clientWidth && this.clientWidth < 528 ? 520 : 420}px`;
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
    return this.querySelector("pre")?.textContent ?? "";
  }
  #load() {
    const url = new URL(BASE);
    for (const name of PARAMETERS) if (this.hasAttribute(name)) url.searchParams.set(name, this.getAttribute(name));
    if (this.yaml) url.searchParams.set("own", "1");
    this.#height = this.#growth = 0;
    this.#frame.title = this.title || `batchyard: ${this.getAttribute("scenario") || "a Kubernetes Job"}`;
    if (this.#frame.src !== url.href) this.#frame.src = url.href;
  }
  #send(type, payload, answered) {
    const message = { batchyard: 1, type, payload };
    const answer = answered && new Promise((ok) => this.#requests.set((message.req = ++this.#count), ok));
    this.#frame.contentWindow?.postMessage(message, "*");
    return answer;
  }
  /** What a message of the frame's own window says. */
  hear(type, payload, req) {
    if (type === "hello") this.yaml && this.#send("setYaml", { yaml: this.yaml });
    else if (type === "reply") {
      this.#requests.get(req)?.(payload);
      this.#requests.delete(req);
    } else if (type === "height") this.#fit(Number(payload?.height));
    else if (type === "playing") for (const other of elements) other !== this && other.pause();
    else if (EVENTS.includes(type)) this.dispatchEvent(new CustomEvent(`batchyard:${type}`, { detail: payload, bubbles: true }));
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
