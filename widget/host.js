// What the browser does for the widget's WebAssembly part: requests, storage, tabs, timers, the page. `src/host.rs`
// says what each function is for. Whatever happens goes to the widget through `take` and its likes, one by one.

/** How long an answer may take to begin, and how long a stream may be silent, in milliseconds. */
const PATIENCE = 20_000;
const SILENCE = 60_000;
const WEEK = 7 * 24 * 3600 * 1000;

/** Everything of one start; none of it outlives `end`. */
let now;

/** Begins: `page` is what the launcher gives, `App` the WebAssembly part, which shows itself on the screen. */
export function begin(page, screen, words, App) {
  const off = new AbortController();
  const app = new App(screen, page.site, page.wishes);
  now = { ...page, app, screen, off, prefix: `porchlight:${page.site}:`, events: [], timers: {}, requests: {} };
  const on = (target, name, act) => target.addEventListener(name, act, { signal: off.signal });
  on(window, "online", () => take("online"));
  on(window, "offline", () => take("offline"));
  on(window, "pagehide", () => take("leaving"));
  on(window, "pageshow", (event) => event.persisted && take("awake"));
  on(document, "visibilitychange", () => document.hidden || take("awake"));
  on(window, "storage", ({ key, newValue }) => {
    if (key === null) call("shared", "session", undefined);
    else if (key.startsWith(now.prefix)) call("shared", key.slice(now.prefix.length), newValue ?? undefined);
  });
  speak(words);
  take("start", new Date(Date.now() - WEEK).toISOString());
  page.settings.then((settings) => {
    if (now?.app !== app) return;
    now.texts = settings?.texts;
    speak(now.words);
    call("dress", settings);
  });
  if (!navigator.onLine) take("offline");
}

/** Speaks a language from now on; the business's own words go over its words. */
export function speak(words) {
  if (!now) return;
  now.words = words;
  now.screen.speak(words[0], { ...words[1], ...now.texts?.[words[0]] });
}

/** Ends when what is happening is over. */
export const end = () => call("end");

/** Leaves nothing behind. */
function finish() {
  const { off, timers, requests, app, screen } = now;
  watch(false);
  off.abort();
  Object.values(timers).forEach(clearTimeout);
  Object.values(requests).forEach((request) => request.abort());
  lock(false);
  now = undefined;
  screen.destroy();
  app.free();
}

/** Hands on what happens. */
export const take = (what, value = "") => call("take", what, value);

/** Calls the widget; what happens meanwhile waits for its turn. */
export function call(...event) {
  const { events, app, tell } = now ?? {};
  if (!events || events.push(event) > 1) return;
  while (events.length) {
    const [name, ...values] = events[0];
    if (name === "end") return finish();
    try {
      app[name](...values);
    } catch (error) {
      console.error("porchlight:", error);
      tell("error", { messageId: null, reason: "internal" });
    }
    events.shift();
  }
}

function headers(token, more) {
  const headers = { "Content-Type": "application/json", ...more };
  if (token) headers.Authorization = "Bearer " + token;
  return headers;
}

export async function request(channel, method, path, token, more) {
  const { edge, requests } = now;
  const stop = (requests[channel] = new AbortController());
  let timer;
  const within = (milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(), milliseconds);
  };
  let [status, wish, streamed] = [0];
  const told = (text, done) => {
    if (now?.requests[channel] === stop) call("told", channel, status, wish, text, !!streamed, done, Math.random());
  };
  within(PATIENCE);
  const body = method === "POST" ? more : undefined;
  const accept = body || path.includes("/events?") ? "text/event-stream, application/json" : "application/json";
  const place = body || !more ? {} : { "Last-Event-ID": more };
  try {
    const answer = await fetch(edge + path, {
      method, body, cache: "no-store", credentials: "omit", signal: stop.signal, headers: headers(token, { Accept: accept, ...place }),
    });
    const text = answer.headers.get("Retry-After");
    if (text) wish = +text || (Date.parse(text) - Date.now()) / 1000 || undefined;
    streamed = /event-stream/.test(answer.headers.get("Content-Type"));
    ({ status } = answer);
    if (streamed) {
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        within(SILENCE);
        const { value, done } = await reader.read();
        if (done) break;
        told(value, false);
      }
      told("", true);
    } else told(await answer.text(), true);
  } catch {
    // Broken off: what had come has been told.
    if (!streamed) status = 0;
    told("", true);
  }
  clearTimeout(timer);
  if (requests[channel] === stop) delete requests[channel];
}

export function cancel(channel) {
  now.requests[channel]?.abort();
  delete now.requests[channel];
}

export function flush(token, body) {
  fetch(now.edge + "/api/chat", { method: "POST", body, keepalive: true, credentials: "omit", headers: headers(token) }).catch(() => {});
}

/** Does something with the storage; nothing where it is blocked or full. */
const stored = (act) => {
  try {
    return act(localStorage);
  } catch {}
};
const names = (storage, prefix) => Object.keys(storage).filter((name) => name.startsWith(now.prefix + prefix));
export const keep = (name, text) => stored((storage) => (storage.setItem(now.prefix + name, text), true)) ?? false;
export const kept = (name) => stored((storage) => storage.getItem(now.prefix + name)) ?? undefined;
export const kept_all = (prefix) => stored((storage) => names(storage, prefix).map((name) => storage.getItem(name)));
export const forget = (prefix) => stored((storage) => names(storage, prefix).forEach((name) => storage.removeItem(name)));

export function wait(name, milliseconds) {
  clearTimeout(now.timers[name]);
  now.timers[name] = setTimeout(() => take(name), milliseconds);
}

export function lock(wanted) {
  if (!wanted) {
    now.release?.();
    now.release = undefined;
    return;
  }
  const { off, prefix } = now;
  const held = () => {
    if (!off.signal.aborted) return new Promise((release) => {
      now.release = release;
      take("locked");
    });
  };
  // Without locks every tab sends; the server takes nothing twice.
  const asked = navigator.locks?.request(prefix, { signal: off.signal }, held);
  if (asked) asked.catch(held);
  else held();
}

/** A look a second is enough, and costs less than listeners for scrolling and navigation. */
export function watch(wanted) {
  clearInterval(now.watching);
  now.unwatch?.abort();
  if (!wanted || visited()) return;
  let [page, seconds, scrolled] = [location.href, 0, 0];
  const say = (exiting) => take("visit", `${seconds} ${scrolled} ${exiting} ${location.href}`);
  now.watching = setInterval(() => {
    if (page !== location.href) [page, seconds, scrolled] = [location.href, 0, 0];
    if (document.hidden) return;
    seconds++;
    const { scrollTop, scrollHeight, clientHeight } = document.scrollingElement ?? document.documentElement;
    const rest = scrollHeight - clientHeight;
    scrolled = Math.max(scrolled, rest > 0 ? Math.round((scrollTop / rest) * 100) : 0);
    say(0);
  }, 1000);
  now.unwatch = new AbortController();
  document.documentElement.addEventListener("mouseleave", ({ clientY }) => clientY <= 0 && say(1), { signal: now.unwatch.signal });
  say(0);
}

const CLOSED = "closed";
function visited() {
  try {
    return sessionStorage.getItem(now.prefix + CLOSED);
  } catch {}
}
export function stay_closed() {
  try {
    sessionStorage.setItem(now.prefix + CLOSED, "1");
  } catch {}
}

export function clock(timeZone) {
  try {
    const there = new Date(new Date().toLocaleString("en-US", { timeZone }));
    take("clock", `${there.getDay() || 7} ${there.getHours() * 60 + there.getMinutes()}`);
  } catch {
    // A zone that this browser does not know: somebody is there.
  }
}

export function stamp() {
  const [high, middle, low] = crypto.getRandomValues(new Uint32Array(3));
  const time = Date.now();
  return {
    high, middle, low, time,
    sentAt: new Date(time).toISOString(),
    pageUrl: location.href.slice(0, 2048),
    pageTitle: document.title.slice(0, 512) || undefined,
    referrer: document.referrer.slice(0, 2048) || undefined,
    locale: now.words[0],
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

export function tell(name, id, role, text) {
  now.tell(name, {
    message: { messageId: id, role, text },
    email: { email: text },
    error: { messageId: id || null, reason: text },
  }[name] ?? {});
}

const properties = { A: /\p{Alphabetic}/u, U: /\p{Uppercase}/u, L: /\p{Lowercase}/u };
export const has = (property, character) => properties[property].test(character);
export const small = (character) => character.toLowerCase();

export const parse = (text) => {
  try {
    return JSON.parse(text);
  } catch {}
};
export const stringify = (value) => JSON.stringify(value);
export const field = (value, name) => value?.[name];
export const item = (list, index) => list[index];
