// What the site is served with. The content security policy is also in each page as a meta element, so that it holds on every host.
export const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'";

export const HEADERS = {
  "Content-Security-Policy": POLICY,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  // Embeds in a sandbox without an origin of their own load the wasm as from a foreign site.
  "Access-Control-Allow-Origin": "*",
};
