// The requests of the widget. What an answer means, `src/app.rs` says.

import { now, happen, take, turn } from "./host.js";
import { message, parse } from "./store.js";
import { Happening } from "./what.ts";

/** How long an answer may take to begin, and how long a stream may be silent, in milliseconds. */
const PATIENCE = 20_000;
const SILENCE = 60_000;

const headers = (token, more) => ({ "Content-Type": "application/json", ...more, ...(token && { Authorization: "Bearer " + token }) });

/**
 * Asks; `event` hears the events of a stream: name, data, place. Gives what came of it: `status`, 0 where there was no
 * answer; the seconds that the server asks to wait; the body; and whether it was a stream.
 */
async function request(kind, path, options, event) {
  const { edge, requests } = now;
  const running = { kind, stop: new AbortController() };
  requests.add(running);
  let timer;
  let [status, wish, body, streamed] = [0];
  const within = (milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(() => running.stop.abort(), milliseconds);
  };
  within(PATIENCE);
  try {
    const answer = await fetch(edge + "/api/chat" + path, { cache: "no-store", credentials: "omit", signal: running.stop.signal, ...options });
    const text = answer.headers.get("Retry-After");
    if (text) wish = +text || (Date.parse(text) - Date.now()) / 1000;
    streamed = /event-stream/.test(answer.headers.get("Content-Type"));
    ({ status } = answer);
    if (streamed) {
      let rest = "";
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        within(SILENCE);
        const { value, done } = await reader.read();
        if (done || !requests.has(running)) break;
        // A line may end in CR LF; a data line never holds a CR.
        const events = (rest + value.replaceAll("\r", "")).split("\n\n");
        rest = events.pop();
        events.forEach((lines) => tellEvent(lines, event));
      }
    } else body = parse(await answer.text());
  } catch {
    // Broken off: what had come has been told.
    if (!streamed) status = 0;
  }
  clearTimeout(timer);
  // Nobody waits for what was cancelled.
  return requests.delete(running) ? { status, wish, body, streamed } : new Promise(() => {});
}

/** One event of a stream; comments are none. */
function tellEvent(lines, event) {
  const fields = { event: "message" };
  for (const line of lines.split("\n")) {
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    fields[field] = field === "data" && fields.data !== undefined ? fields.data + "\n" + value : value;
  }
  if (fields.data !== undefined || fields.id) turn(() => event(fields.event, parse(fields.data), fields.id));
}

/** Sends a message; its answer may come word by word. */
export async function send(seq, token, page, session, id, ...rest) {
  let taken;
  const take = (json) => {
    taken = true;
    happen(Happening.Taken, [id, json.sessionToken, json.email, json.suggestion], json.queued, 0, Math.random());
  };
  const reply = (json) => {
    line(json);
    happen(Happening.Reply, [id]);
  };
  const body = JSON.stringify(message(seq, page, session, id, ...rest));
  const accept = { Accept: "text/event-stream, application/json" };
  const told = await request(Happening.Taken, "", { method: "POST", body, headers: headers(token, accept) }, (name, json) => {
    if (name === "accepted") take(json);
    else if (name === "delta") happen(Happening.Delta, [id, json.text]);
    else if (name === "reply") reply(json);
    else if (name === "error") happen(Happening.NoReply, [id]);
  });
  turn(() => {
    if ((told.status === 200 || told.status === 202) && told.body?.messageId) {
      take(told.body);
      if (told.body.reply) reply(told.body.reply);
    }
    if (taken) happen(Happening.Ended, [id]);
    else happen(Happening.Answered, [id, told.body?.code], told.status, told.wish, Math.random());
  });
}

/** Sends it so that it outlives the page; nobody waits for the answer. */
export function flush(seq, token, ...rest) {
  fetch(now.edge + "/api/chat", { method: "POST", body: JSON.stringify(message(seq, ...rest)), keepalive: true, credentials: "omit", headers: headers(token) }).catch(() => {});
}

/** Asks for a session's messages, or for its end. */
export async function ask(what, session, token) {
  const method = what === Happening.Erased ? "DELETE" : "GET";
  const { status, body } = await request(what, "?sessionId=" + session, { method, headers: headers(token) });
  turn(() => {
    if (what === Happening.Erased) return happen(what, [], status);
    if (status !== 200) return;
    (body.messages ?? []).forEach(line);
    happen(what);
  });
}

/** Listens for messages, from behind a place in the stream. */
export async function listen(session, token, place) {
  const more = { Accept: "text/event-stream, application/json", ...(place && { "Last-Event-ID": place }) };
  const { status, streamed } = await request(Happening.Deafened, "/events?sessionId=" + session, { headers: headers(token, more) }, (name, json, id) => {
    if (name === "mode") happen(Happening.Mode, [], json.mode === "human");
    else if (name === "reset") happen(Happening.Missed);
    else if (name === "message") {
      line(json);
      happen(Happening.Arrived);
    }
    if (id) happen(Happening.Placed, [id]);
  });
  take(Happening.Deafened, [], streamed ? 0 : status, 0, Math.random());
}

/** Breaks off the requests of a kind. */
export function cancel(kind) {
  for (const request of now.requests) {
    if (request.kind === kind && now.requests.delete(request)) request.stop.abort();
  }
}

/** Hands on a message for what happens next. */
function line({ messageId, role, text, at, sources }) {
  const plain = (text) => (text ?? "").replace(/[\t\n]/g, " ");
  const list = (sources ?? []).map(({ title, url }) => plain(title) + "\t" + plain(url)).join("\n");
  happen(Happening.Line, [messageId, role, text, at, list]);
}
