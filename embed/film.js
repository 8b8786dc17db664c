// Shows a film (`batchyard render --film`: a picture that holds every moment of a run) as it is at one of them.

/** A duration as kubectl prints an age. */
function said(s) {
  const [m, h] = [Math.floor(s / 60), Math.floor(s / 3600)];
  if (s < 120) return `${s}s`;
  if (s < 600) return `${m}m${s % 60 ? `${s % 60}s` : ""}`;
  if (s < 10_800) return `${m}m`;
  return h < 8 && m % 60 ? `${h}h${m % 60}m` : `${h}h`;
}

/** Puts a film's text into an element, as it is after so many seconds; `null` is its end. Gives the seconds that it holds. */
export function show(holder, text, seconds, theme) {
  // The page's policy allows no style elements; and the picture's names are its own.
  let css = "";
  const bare = text.replace(/<style>(.*?)<\/style>/s, (_, style) => ((css = style), ""));
  const svg = new DOMParser().parseFromString(bare, "image/svg+xml").documentElement;
  const { end, view, x } = svg.dataset;
  const t = Math.min(seconds === null ? +end : seconds * 1000, +end);
  const [left, right] = x.split(" ").map(Number);
  const at = left + (t / view) * (right - left);
  for (const e of svg.querySelectorAll("[data-f]")) {
    const there = e.dataset.f <= t && !(e.dataset.u <= t);
    there ? e.removeAttribute("display") : e.setAttribute("display", "none");
  }
  svg.querySelector("#seen rect").setAttribute("width", at - left);
  svg.querySelector(".now").setAttribute("transform", `translate(${at})`);
  svg.querySelector(".at").textContent = `at ${said(Math.floor(t / 1000))}`;
  const words = [".title", ".state:not([display])", ".at"].map((c) => svg.querySelector(c)?.textContent ?? "").join(" ");
  svg.setAttribute("aria-label", words);
  svg.querySelector("title").textContent = words;
  const sheet = new CSSStyleSheet();
  const scheme = { light: " not all", dark: " all", auto: "(prefers-color-scheme:dark)" }[theme];
  sheet.replaceSync(`svg{display:block;inline-size:100%;block-size:100%}${css.replace("(prefers-color-scheme:dark)", scheme).replaceAll(":root", ":host")}`);
  const root = holder.shadowRoot ?? holder.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  root.replaceChildren(document.adoptNode(svg));
  return +end / 1000;
}
