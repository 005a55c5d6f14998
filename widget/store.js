// What the browser keeps: the session, and the messages that the server has not confirmed.
//
// One entry a message, so that several tabs never write over each other's: `out:` until the edge or the server has taken
// it, `queued:` as long as the edge delivers it. Where storage is blocked everything lives in memory, in the widget.

import { happen, now } from "./host.js";
import { Happening } from "./what.ts";

const OUT = "out:";
const QUEUED = "queued:";
const SESSION = "session";
const CLOSED = "closed";

/** Does something with a storage; nothing where it is blocked or full. */
const stored = (act, kind = "localStorage") => {
  try {
    return act(window[kind]);
  } catch {}
};
const names = (storage, prefix) => Object.keys(storage).filter((name) => name.startsWith(now.prefix + prefix));
const write = (name, value) => stored((storage) => (storage.setItem(now.prefix + name, JSON.stringify(value)), true));
/** Reads JSON; an empty object where it is none. */
export const parse = (text) => {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
};

/** Keeps nothing any more under names that begin so. */
export const forget = (...prefixes) =>
  stored((storage) => prefixes.flatMap((prefix) => names(storage, prefix)).forEach((name) => storage.removeItem(name)));

/** A message as it is sent and kept. */
export const message = (seq, page, sessionId, messageId, text, email, sentAt, refused) =>
  ({ ...parse(page), sessionId, messageId, seq, text, email, sentAt, refused });

/** Keeps a message; gives whether the browser has. */
export function keep(seq, queued, page, session, id, ...rest) {
  const kept = write((queued == null ? OUT : QUEUED) + id, message(seq, page, session, id, ...rest));
  if (queued != null) forget(OUT + id);
  return kept;
}

export const keepSession = (nextSeq, id, token, email, seen) => write(SESSION, { id, token, nextSeq, email, seen });

/** Reads the session, where one is kept. */
export const readSession = () => tellSession(stored((storage) => storage.getItem(now.prefix + SESSION)));
function tellSession(text) {
  const { id, token, nextSeq, email, seen } = parse(text);
  happen(Happening.Session, [id, token, email, seen], nextSeq);
}

/** Reads the messages; gives whether the browser keeps anything at all. */
export const readMessages = () => stored((storage) => {
  for (const kind of [OUT, QUEUED]) for (const name of names(storage, kind)) tellMessage(storage.getItem(name), kind === QUEUED);
  return true;
});
function tellMessage(text, queued) {
  const { sessionId, messageId, seq, text: words, email, sentAt, refused, ...page } = parse(text);
  if (messageId) happen(Happening.Message, [JSON.stringify(page), sessionId, messageId, words, email, sentAt, refused], seq, queued);
  return messageId;
}

/** Hands on what another tab has done to an entry, or to all of them. */
export function share(key, text) {
  const [, name] = (key ?? now.prefix + SESSION).split(now.prefix);
  if (name === undefined) return;
  const [kind, id] = name.split(":");
  if (name === SESSION) {
    tellSession(text);
    happen(Happening.SessionElsewhere);
  } else if (!id) return;
  else if (text !== null) tellMessage(text, kind + ":" === QUEUED) && happen(Happening.KeptElsewhere);
  // From the outbox it may have gone to the queued ones.
  else if (stored((storage) => storage.getItem(now.prefix + QUEUED + id)) == null) happen(Happening.GoneElsewhere, [id]);
}

/** Whether the visitor has closed what opens by itself, in this visit and tab. */
export const remembered = () => stored((storage) => storage.getItem(now.prefix + CLOSED), "sessionStorage");
export const remember = () => stored((storage) => storage.setItem(now.prefix + CLOSED, "1"), "sessionStorage");
