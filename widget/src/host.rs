//! What the browser does for the widget: `host.js` and its neighbours, one function for each [`Act`].
//!
//! By hand and not by `web-sys`, and through two functions for all, because each binding costs more bytes than a line of
//! JavaScript; futures and closures cost more than all of these together. Whatever happens comes back through
//! [`crate::app`].

use wasm_bindgen::prelude::*;

use crate::state::{Line, News, Outgoing, Session};
use crate::view::delivery;
use crate::what::Act;

#[wasm_bindgen(raw_module = "./host.js")]
extern "C" {
    /// Gives a text, or none, to what is done next.
    fn arg(text: Option<&str>);
    /// Does it; gives whether it was done.
    fn act(what: i32, number: f64) -> bool;
    /// Asks the module that finds addresses; none while it is not there.
    pub(crate) fn find(text: &str, whole: bool) -> Option<String>;
}

fn give(text: &str) {
    arg(Some(text));
}

/// Does what needs no more than a number.
pub(crate) fn number(what: Act, number: u32) {
    act(what as i32, f64::from(number));
}

/// Does what needs nothing.
pub(crate) fn plain(what: Act) {
    number(what, 0);
}

/// Sets a part of the screen; see [`crate::view::looks`].
#[inline(never)]
pub(crate) fn set(part: &str, name: &str, value: Option<&str>) {
    give(part);
    give(name);
    arg(value);
    plain(Act::Set);
}

/// Shows a message at its place.
pub(crate) fn line(place: usize, line: &Line) {
    let (state, reason) = delivery(line);
    for text in [&line.id, &line.role, &line.text, state, reason, &line.at, &line.sources] {
        give(text);
    }
    number(Act::Line, place as u32);
}

/// Puts the focus on a part.
pub(crate) fn focus(part: &str) {
    give(part);
    plain(Act::Focus);
}

/// Keeps a message; gives whether the browser has.
pub(crate) fn keep(outgoing: &Outgoing) -> bool {
    arg(outgoing.queued.then_some(""));
    message(Act::Keep, outgoing)
}

/// Sends a message, with the session's key; or, when the page is being left, without waiting for an answer.
pub(crate) fn send(how: Act, outgoing: &Outgoing, token: Option<&str>) {
    arg(token);
    message(how, outgoing);
}

fn message(what: Act, outgoing: &Outgoing) -> bool {
    give(&outgoing.page);
    give(&outgoing.session_id);
    give(&outgoing.message_id);
    give(&outgoing.text);
    arg(outgoing.email.as_deref());
    give(&outgoing.sent_at);
    arg(outgoing.refused.as_deref());
    act(what as i32, f64::from(outgoing.seq))
}

/// Keeps the session.
pub(crate) fn keep_session(session: &Session) {
    give(&session.id);
    for text in [&session.token, &session.email, &session.seen] {
        arg(text.as_deref());
    }
    number(Act::KeepSession, session.next_seq);
}

/// Keeps a message no more.
pub(crate) fn forget(id: &str) {
    give(id);
    plain(Act::Forget);
}

/// Asks the server something of a session, with its key; to listen, also from which place on.
pub(crate) fn ask(what: Act, session: &str, token: &str, place: Option<&str>) {
    give(session);
    give(token);
    arg(place);
    plain(what);
}

/// Tells the page.
pub(crate) fn tell(news: &News) {
    let told = match news {
        News::Ready => ["ready", "", "", ""],
        News::Open => ["open", "", "", ""],
        News::Close => ["close", "", "", ""],
        News::Message(line) => ["message", &line.text, &line.id, &line.role],
        News::Email(email) => ["email", email, "", ""],
        News::Error(id, reason) => ["error", reason, id, ""],
    };
    told.into_iter().for_each(give);
    plain(Act::Tell);
}
