// What the browser does for the widget's WebAssembly part: tabs, timers, the page. `store.js` keeps, `net.js` asks the
// server, `screen.js` shows. Whatever happens goes to the widget through `take` and its likes, one by one.

import { give, happen as enter } from "./widget_bg.js";
import { Act, Happening } from "./what.ts";
import { ask, cancel, flush, listen, send } from "./net.js";
import { channels } from "./screen.js";
import { forget, keep, keepSession, readMessages, readSession, remembered, remember, share } from "./store.js";

const WEEK = 7 * 24 * 3600 * 1000;

/** Everything of one start; none of it outlives `end`. */
export let now;

/** Begins: `page` is what the launcher gives. */
export function begin(page, screen, words) {
  const off = new AbortController();
  const own = (now = { ...page, screen, off, prefix: `porchlight:${page.site}:`, turns: [], timers: {}, requests: new Set() });
  const on = (target, name, act) => target.addEventListener(name, act, { signal: off.signal });
  on(window, "online", () => take(Happening.Offline, [], 0));
  on(window, "offline", () => take(Happening.Offline, [], 1));
  on(window, "pagehide", () => take(Happening.Leaving));
  on(window, "pageshow", (event) => event.persisted && take(Happening.Awake));
  on(document, "visibilitychange", () => take(document.hidden ? Happening.Hidden : Happening.Awake));
  on(window, "storage", ({ key, newValue }) => turn(() => share(key, newValue)));
  speak(words);
  turn(() => {
    happen(Happening.Begin);
    if (document.hidden) happen(Happening.Hidden);
    readSession();
    readMessages();
    happen(Happening.Start, [new Date(Date.now() - WEEK).toISOString()]);
  });
  page.settings.then((settings) => {
    if (now !== own) return;
    // Who does not know whether to ask first asks first.
    now.settings = settings || { consent: "ask" };
    speak(now.words);
    dress(now.settings);
  });
  if (!navigator.onLine) take(Happening.Offline, [], 1);
}

/** Hands on what the business has set, and the tag's wishes before it. */
function dress(settings) {
  const { wishes } = now;
  const { opening, hours, position } = settings;
  const wish = wishes.consent?.toLowerCase();
  const consent = ["none", "notice", "ask"].includes(wish) ? wish : settings.consent;
  const color = [wishes.color, settings.color].find((color) => CSS.supports("color", color));
  now.screen.business(settings, wishes.position ?? position);
  turn(() => {
    // As a number null would be 0, and so reached at once.
    for (const { url, afterSeconds, scrollPercent, onExit } of opening ?? []) happen(Happening.Rule, [url], afterSeconds ?? NaN, scrollPercent ?? NaN, onExit);
    for (const { days, from, to } of hours?.open ?? []) happen(Happening.Span, [from, to], days?.reduce((set, day) => set | (1 << day), 0));
    happen(Happening.Dress, [consent, color && hex(color)], settings.askEmail, settings.sound, !!hours);
  });
}

/** As `#rrggbb`. */
const hex = (color) => /^#\w{6}$/.test(color) ? color : "#" + channels(color).slice(0, 3).map((channel) => ((256 + channel) | 0).toString(16).slice(1)).join("");

/** Speaks a language from now on; the business's own words, of whatever region, go over its words. */
export function speak(words) {
  if (!now) return;
  now.words = words;
  const own = Object.entries(now.settings?.texts ?? {}).filter(([tag]) => tag.toLowerCase().split("-")[0] === words[0]);
  now.screen.speak(words[0], Object.assign({}, words[1], ...own.map(([, texts]) => texts)));
}

/** Ends when what is happening is over, and leaves nothing behind. */
export const end = () => turn(stop);

function stop() {
  const { off, timers, requests, screen, turns } = now;
  watch(0);
  off.abort();
  Object.values(timers).forEach(clearTimeout);
  requests.forEach((request) => request.stop.abort());
  lock(0);
  turns.length = 0;
  now = undefined;
  screen.destroy();
}

/** Lets something happen; what happens meanwhile waits for its turn. */
export function turn(work) {
  const { turns, tell } = now ?? {};
  if (!turns || turns.push(work) > 1) return;
  while (turns.length) {
    try {
      turns[0]();
    } catch (error) {
      console.error("porchlight:", error);
      tell("error", { messageId: null, reason: "internal" });
      // A module that was thrown out of takes in nothing more: another one goes on with what is kept.
      const { again, screen: { parts } } = now;
      stop();
      again(!parts.panel.hidden, parts.input.value);
    }
    turns.shift();
  }
}

/** Tells the widget, within a turn, what happens: `src/app.rs` says which texts and numbers belong to it. */
export function happen(what, texts = [], ...numbers) {
  for (const text of texts.reverse()) give(typeof text === "string" ? text : undefined);
  enter(what, ...numbers);
}

/** Tells it in a turn of its own. */
export const take = (...event) => turn(() => happen(...event));

/** What the visitor or the page does; a message that may come of it gets what it needs from outside. */
export function gesture(what, ...texts) {
  const act = () => turn(() => {
    if ([Happening.Send, Happening.Say, Happening.Save, Happening.Suggest].includes(what)) stamp();
    happen(what, texts);
  });
  if (what === Happening.Edit) canFind();
  if (what === Happening.Save && !finder) canFind().then(act);
  else act();
}

/** Finds addresses, once it is there. */
let finder, fetching;
/** Fetches what finds addresses; it is waited for whether it comes or not, and tried again a little later. */
export const canFind = () => (fetching ??= import("./finder.js").then(({ start }) => start()).then(
  (find) => {
    finder = find;
    take(Happening.CanFind);
  },
  () => void setTimeout(() => (fetching = undefined), 5e3),
));
/** The first address of a text, or the one that is all of it, and behind a space a likelier one. */
export const find = (text, whole) => {
  if (finder) return finder(text, whole);
  canFind();
};

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * Cut off, so that the longest message still fits beside it, and without halves of characters: they are no JSON.
 * Nothing where nothing is left.
 */
const short = (text, most) => text.slice(0, most).replace(/\p{Surrogate}/gu, "") || undefined;

/** Time, chance and page for a new message, and the session as it is kept now: another tab may have written since. */
function stamp() {
  const time = Date.now();
  const page = {
    siteKey: now.site,
    pageUrl: location.href.slice(0, 2048),
    pageTitle: short(document.title, 256),
    referrer: short(document.referrer, 512),
    locale: now.words[0],
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
  // A ULID: 48 bits of time and 80 of chance.
  let ulid = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => CROCKFORD[byte & 31]).join("");
  for (let rest = time, digits = 0; digits < 10; digits++, rest = Math.floor(rest / 32)) ulid = CROCKFORD[rest % 32] + ulid;
  readSession();
  happen(Happening.Stamp, [ulid, new Date(time).toISOString(), JSON.stringify(page)]);
}

const wait = (what, milliseconds) => {
  clearTimeout(now.timers[what]);
  now.timers[what] = setTimeout(() => take(what, [], 1), milliseconds);
};

function lock(wanted) {
  if (!wanted) {
    now.release?.();
    now.release = undefined;
    return;
  }
  const { off, prefix } = now;
  const held = () => {
    if (!off.signal.aborted) return new Promise((release) => {
      now.release = release;
      turn(() => happen(Happening.Locked, [], readMessages()));
    });
  };
  // Without locks every tab sends; the server takes nothing twice.
  const asked = navigator.locks?.request(prefix, { signal: off.signal }, held);
  if (asked) asked.catch(held);
  else held();
}

/** A look a second is enough, and costs less than listeners for scrolling and navigation. */
function watch(wanted) {
  clearInterval(now.watching);
  now.unwatch?.abort();
  if (!wanted || remembered()) return;
  let [page, seconds, scrolled] = [location.href, 0, 0];
  const say = (exiting) => take(Happening.Visit, [location.href], seconds, scrolled, exiting);
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

function clock() {
  try {
    const there = new Date(new Date().toLocaleString("en-US", { timeZone: now.settings.hours.timeZone }));
    take(Happening.Clock, [], there.getDay() || 7, there.getHours() * 60 + there.getMinutes());
  } catch {
    // A zone that this browser does not know: somebody is there.
  }
}

function tell(_, name, text, id, role) {
  now.tell(name, {
    message: { messageId: id, role, text },
    email: { email: text },
    error: { messageId: id || null, reason: text },
  }[name] ?? {});
}

/** What is to be done, by its number; the texts that belong to it come behind the number that does. */
const acts = {
  [Act.Set]: (_, ...look) => now.screen.set(...look),
  [Act.Line]: (place, ...line) => now.screen.line(place, ...line),
  [Act.Trim]: (count) => now.screen.trim(count),
  [Act.Focus]: (_, part) => now.screen.focus(part),
  [Act.Chime]: () => now.screen.chime(),
  [Act.Keep]: keep,
  [Act.KeepSession]: keepSession,
  [Act.Forget]: (_, id) => forget("out:" + id, "queued:" + id),
  [Act.ForgetAll]: () => forget(""),
  [Act.Lock]: lock,
  [Act.Send]: send,
  [Act.Flush]: flush,
  [Act.History]: (_, session, token) => ask(Happening.History, session, token),
  [Act.Listen]: (_, ...session) => listen(...session),
  [Act.Deafen]: () => cancel(Happening.Deafened),
  [Act.Erase]: (_, session, token) => ask(Happening.Erased, session, token),
  [Act.Wait]: (milliseconds) => wait(Happening.Awake, milliseconds),
  [Act.WaitToListen]: (milliseconds) => wait(Happening.Listen, milliseconds),
  [Act.Watch]: watch,
  [Act.AskTime]: clock,
  [Act.StayClosed]: remember,
  [Act.Tell]: tell,
};

const given = [];
/** Takes a text for what is done next. */
export const arg = (text) => {
  given.push(text);
};
/** Does what the number says; gives whether it was done. */
export const act = (what, number) => !!acts[what](number, ...given.splice(0));
