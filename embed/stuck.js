// A classic script, so that it runs where the shell cannot be loaded: modules of a sandbox without an origin of its own need a
// site that sends CORS headers. A picture and a sentence do without.
addEventListener(
  "error",
  ({ target }) => {
    if (!target.dataset?.app) return;
    const scenario = new URLSearchParams(location.search).get("scenario") ?? "db-migration";
    const at = (id) => document.getElementById(id);
    at("run").remove();
    at("trouble").textContent = "The simulator cannot be loaded here: in a sandbox it needs a site that sends Access-Control-Allow-Origin. This is a picture of the run.";
    at("name").textContent = scenario.slice(0, 63);
    at("poster").dataset.view = "sim";
    if (/^[a-z0-9-]+$/i.test(scenario)) at("still").append(Object.assign(new Image(), { src: `posters/${scenario.toLowerCase()}.svg`, alt: "The timeline of its run" }));
  },
  true,
);
