// A classic script, so that it runs before the first paint, and also where the shell cannot be loaded: modules of a sandbox without
// an origin of its own need a site that sends CORS headers. A picture and a sentence do without.
{
  const at = (id) => document.getElementById(id);
  const poster = at("poster");
  const given = Object.fromEntries([...new URLSearchParams(location.search)].map(([name, value]) => [name.toLowerCase(), value.toLowerCase()]));
  if (/^(light|dark)$/.test(given.theme)) document.documentElement.dataset.theme = given.theme;
  if (/^(sim|yaml)$/.test(given.view)) poster.dataset.view = given.view;
  if (given.own === "1" || location.hash.startsWith("#v1.")) poster.dataset.bare = "";
  // Hidden until the style is there, which this waits for: a frame may be laid out before that, and would move.
  poster.hidden = false;

  addEventListener(
    "error",
    ({ target }) => {
      if (!target.dataset?.app) return;
      const scenario = given.scenario ?? "db-migration";
      at("run").remove();
      at("trouble").textContent = "The simulator cannot be loaded here: in a sandbox it needs a site that sends Access-Control-Allow-Origin. This is a picture of the run.";
      at("name").textContent = scenario.slice(0, 63);
      poster.dataset.view = "sim";
      if (/^[a-z0-9-]+$/.test(scenario)) at("still").append(Object.assign(new Image(), { src: `posters/${scenario}.svg`, alt: "The timeline of its run" }));
    },
    true,
  );
}
