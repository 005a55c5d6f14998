// The button, at once and alone. Everything else is fetched when the visitor shows intent, or when the page is idle.
(() => {
  const script = document.currentScript;
  const site = script && script.dataset.site;
  if (!site || (window.porchlight && window.porchlight.open)) return;
  const { position, color, open } = script.dataset;
  const edge = new URL(script.src).origin;
  const waiting = window.porchlight || [];

  const host = document.createElement("porchlight-widget");
  if (position) host.dataset.position = position;
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`__PORCHLIGHT_LAUNCHER_CSS__`);
  root.adoptedStyleSheets = [sheet];
  if (color) host.style.setProperty("--porchlight-accent", color);

  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("part", "launcher");
  button.setAttribute("aria-label", "Chat");
  button.setAttribute("aria-expanded", "false");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M12 3.5c-5 0-9 3.4-9 7.7 0 2.4 1.3 4.5 3.3 5.9L5.6 21l4-2.2c.8.2 1.6.2 2.4.2 5 0 9-3.4 9-7.8s-4-7.7-9-7.7z");
  svg.append(path);
  button.append(svg);
  root.append(button);

  let app;
  const load = () =>
    (app ||= import(edge + "/__PORCHLIGHT_GLUE__").then(async (glue) => {
      await glue.default({ module_or_path: edge + "/__PORCHLIGHT_WASM__" });
      return glue.start(root, edge, site, color);
    }));
  // A failed load is tried again at the next intent.
  const call = (name, ...values) =>
    load().then((running) => running[name](...values), (error) => { app = undefined; console.error("porchlight:", error); });

  button.onclick = () => call("toggle");
  for (const intent of ["pointerenter", "focus", "touchstart"]) {
    button.addEventListener(intent, () => load().catch(() => { app = undefined; }), { passive: true });
  }

  const api = { push: ([name, ...values]) => api[name](...values) };
  for (const name of ["open", "close", "toggle", "send"]) api[name] = (...values) => call(name, ...values);
  window.porchlight = api;

  const show = () => {
    document.body.append(host);
    for (const command of waiting) api.push(command);
    if (open !== undefined && open !== "false") api.open();
    const saving = navigator.connection && navigator.connection.saveData;
    if (!saving) (window.requestIdleCallback || setTimeout)(() => load().catch(() => { app = undefined; }));
  };
  if (document.body) show();
  else addEventListener("DOMContentLoaded", show);
})();
