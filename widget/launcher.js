// The button, at once and alone. Everything else is fetched when the visitor shows intent; when the page has been idle
// and two seconds have passed, it is fetched ahead, and runs only where something waits: a conversation, or a rule by
// which the panel opens by itself.
(() => {
  const script = document.currentScript;
  const { site, position, color, locale, open, consent } = script?.dataset || {};
  const before = window.porchlight;
  if (!site || before?.open) return;
  const edge = new URL(script.src).origin;
  const files = edge + "/__PORCHLIGHT_FOLDER__/";

  const host = document.createElement("porchlight-widget");
  // In the top layer neither the page's transforms nor its layers reach it.
  host.popover = "manual";
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`__PORCHLIGHT_LAUNCHER_CSS__`);
  root.adoptedStyleSheets = [sheet];
  const dress = (position, color) => {
    if (position === "left") host.dataset.position = position;
    if (CSS.supports("color", color)) host.style.setProperty("--site-accent", color);
  };
  dress(position, color);

  const button = document.createElement("button");
  button.part = "launcher";
  button.ariaLabel = "Chat";
  button.ariaExpanded = false;
  root.append(button);

  const get = (address) => fetch(address, { credentials: "omit", signal: AbortSignal.timeout(9e3) });
  /** The site's settings, once; nothing where they cannot be had within the time. */
  let asked;
  const settings = () => (asked ??= get(edge + "/api/widget?siteKey=" + site).then((answer) => answer.ok && answer.json()).catch(() => {}));
  /** The language for a wish: the tag's, the page's, the browser's, whichever is there first. */
  const choose = (wish) => {
    const tags = "__PORCHLIGHT_LOCALES__".split(" ");
    const wishes = [wish, locale, document.documentElement.lang, ...navigator.languages].map((tag) => (tag || "").toLowerCase());
    return wishes.map((wish) => tags.find((tag) => tag === wish || tag === wish.split("-")[0])).find(Boolean) || "en";
  };
  /** A language and its words. */
  const words = async (wish) => {
    const tag = choose(wish);
    const answer = await get(files + tag + ".json");
    return [tag, await answer.json()];
  };

  const listeners = {};
  const tell = (name, detail) => {
    // One that throws keeps nobody from hearing.
    for (const listener of listeners[name] || []) queueMicrotask(() => listener(detail));
  };

  let app;
  /** Fetches everything at once and starts it. A failed load is tried again at the next intent. */
  const load = () => {
    settings();
    return (app ||= Promise.all([import(files + "widget.js"), get(files + "widget.wasm"), words()])
      .then(([widget, ...parts]) => widget.start({ root, edge, site, tell, words, settings: settings(), wishes: { position, color, consent } }, ...parts))
      .catch((error) => {
        app = asked = undefined;
        console.error("porchlight:", error);
        tell("error", { messageId: null, reason: "unavailable" });
      }));
  };
  /** Shows that something is on its way until it can be done. */
  const call = async (name, value) => {
    button.ariaBusy = true;
    const run = await load();
    button.ariaBusy = false;
    run?.(name, value);
  };

  const off = new AbortController();
  const on = (target, name, act) => target.addEventListener(name, act, { signal: off.signal });
  button.onclick = () => call("toggle");
  // A finger enters, too, before it presses.
  for (const intent of ["pointerenter", "focus"]) on(button, intent, load);

  const api = {
    push: ([name, ...values]) => api[name]?.(...values),
    on(name, listener) {
      (listeners[name] ||= new Set()).add(listener);
      return () => listeners[name].delete(listener);
    },
    destroy() {
      off.abort();
      observer.disconnect();
      host.remove();
      if (window.porchlight === api) delete window.porchlight;
      app?.then((run) => run?.("destroy"));
      // Nothing is to be started any more.
      app = Promise.resolve();
    },
  };
  for (const name of ["open", "close", "toggle", "send", "identify", "setLocale"]) api[name] = (value) => call(name, value);
  window.porchlight = api;

  // Behind the body, where routers that swap it, or keep copies of it, do not come. Whoever empties the document does not
  // mean the chat.
  const place = () => {
    if (off.signal.aborted) return;
    const html = document.documentElement;
    if (!host.isConnected) {
      html.append(host);
      host.showPopover?.();
    }
    for (const node of [document, html]) observer.observe(node, { childList: true });
  };
  const observer = new MutationObserver(() => host.isConnected || setTimeout(place));
  const show = () => {
    place();
    for (const command of Array.isArray(before) ? before : []) api.push(command);
    if ((open ?? "false") !== "false") api.open();
    if (document.readyState === "complete") idle();
    else on(window, "load", idle);
  };
  const idle = () => (window.requestIdleCallback || setTimeout)(async () => {
    if (app) return;
    const { color: accent, position: side, opening } = (await settings()) || {};
    dress(position || side, accent);
    dress(position, color);
    let waits = opening?.length;
    try {
      waits ||= localStorage["porchlight:" + site + ":session"];
    } catch {}
    setTimeout(() => {
      const { saveData, type, effectiveType = "" } = navigator.connection || {};
      if (app || saveData || type === "cellular" || effectiveType.includes("2g")) return;
      if (waits) load();
      // By `fetch` and no `modulepreload`: a browser may remember for good that a module could not be had.
      else for (const file of ["widget.js", "widget.wasm", choose() + ".json"]) get(files + file).then((answer) => answer.arrayBuffer()).catch(() => {});
    }, waits ? 0 : 2e3);
  });
  if (document.body) show();
  else on(document, "DOMContentLoaded", show);
})();
