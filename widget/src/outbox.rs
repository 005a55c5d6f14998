//! What the browser keeps: the session, and the messages that the server has not confirmed.
//!
//! One entry a message, so that several tabs never write over each other's: `out:` until the edge or the server has
//! taken it, `queued:` as long as the edge delivers it. Where storage is blocked everything lives in memory, in the
//! state.

use crate::host;
use crate::json::{Json, to_json};
use crate::state::{Outgoing, Session};

const OUT: &str = "out:";
const QUEUED: &str = "queued:";
const SESSION: &str = "session";

/// The session, where one is kept.
pub(crate) fn session() -> Option<Session> {
    read_session(&host::kept(SESSION)?)
}

/// The messages; `None` where the browser keeps nothing.
pub(crate) fn messages() -> Option<Vec<Outgoing>> {
    let mut all = read_all(OUT, false)?;
    all.extend(read_all(QUEUED, true)?);
    Some(all)
}

fn read_all(prefix: &str, queued: bool) -> Option<Vec<Outgoing>> {
    let texts = Json::of(host::kept_all(prefix));
    if !texts.is_object() {
        return None;
    }
    let read = |text: Json| read_message(&text.as_text()?, queued);
    Some(texts.items().filter_map(read).collect())
}

pub(crate) fn keep_session(session: &Session) {
    if let Some(json) = to_json(session) {
        host::keep(SESSION, &json);
    }
}

/// Keeps a message; gives whether the browser has.
pub(crate) fn keep(outgoing: &Outgoing) -> bool {
    let id = &outgoing.message_id;
    let Some(json) = to_json(outgoing) else { return false };
    if !outgoing.queued {
        return host::keep(&[OUT, id].concat(), &json);
    }
    let kept = host::keep(&[QUEUED, id].concat(), &json);
    host::forget(&[OUT, id].concat());
    kept
}

pub(crate) fn forget(id: &str) {
    host::forget(&[OUT, id].concat());
    host::forget(&[QUEUED, id].concat());
}

/// What another tab has done to an entry.
pub(crate) enum Change {
    Kept(Outgoing),
    Gone(String),
    Session(Option<Session>),
}

/// Reads an entry that another tab has written, or taken away.
pub(crate) fn change(name: &str, text: Option<&str>) -> Option<Change> {
    if name == SESSION {
        return Some(Change::Session(text.and_then(read_session)));
    }
    let (id, queued) = match name.strip_prefix(OUT) {
        Some(id) => (id, false),
        None => (name.strip_prefix(QUEUED)?, true),
    };
    match text {
        Some(text) => read_message(text, queued).map(Change::Kept),
        // From the outbox it may have gone to the queued ones.
        None if host::kept(&[QUEUED, id].concat()).is_some() => None,
        None => Some(Change::Gone(id.to_owned())),
    }
}

fn read_session(text: &str) -> Option<Session> {
    let json = Json::parse(text);
    Some(Session {
        id: json.text("id")?,
        token: json.text("token"),
        next_seq: json.whole("nextSeq"),
        email: json.text("email"),
        seen: json.text("seen"),
    })
}

fn read_message(text: &str, queued: bool) -> Option<Outgoing> {
    let outgoing = read_outgoing(&Json::parse(text));
    (!outgoing.message_id.is_empty()).then_some(Outgoing { queued, ..outgoing })
}

/// The fields that are there.
pub(crate) fn read_outgoing(json: &Json) -> Outgoing {
    let needed = |name: &str| json.text(name).unwrap_or_default();
    Outgoing {
        site_key: needed("siteKey"),
        session_id: needed("sessionId"),
        message_id: needed("messageId"),
        seq: json.whole("seq"),
        text: needed("text"),
        page_url: needed("pageUrl"),
        page_title: json.text("pageTitle"),
        referrer: json.text("referrer"),
        locale: json.text("locale"),
        time_zone: json.text("timeZone"),
        email: json.text("email"),
        sent_at: needed("sentAt"),
        refused: json.text("refused"),
        queued: false,
        held: false,
    }
}
