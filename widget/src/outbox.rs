//! What the browser keeps: the session and the messages that are not taken yet.
//!
//! One entry a message, so that several tabs never write over each other's. Where storage is blocked everything lives
//! in memory, in the state.

use serde::Serialize;
use web_sys::Storage;

use crate::json::{Json, to_json};
use crate::page::window;
use crate::state::{Outgoing, Page, Session};

/// The entries of one site.
pub(crate) struct Outbox {
    prefix: String,
}

impl Outbox {
    pub(crate) fn of(site_key: &str) -> Self {
        Self { prefix: ["porchlight:", site_key, ":"].concat() }
    }

    pub(crate) fn session(&self) -> Option<Session> {
        session(&read(&storage()?, &self.key("session"))?)
    }

    pub(crate) fn messages(&self) -> Vec<Outgoing> {
        let Some(storage) = storage() else { return Vec::new() };
        let count = storage.length().unwrap_or_default();
        let keys = (0..count).filter_map(|index| storage.key(index).ok().flatten());
        keys.filter(|key| key.starts_with(&self.key("out:")))
            .filter_map(|key| outgoing(&read(&storage, &key)?))
            .collect()
    }

    pub(crate) fn keep_session(&self, session: &Session) {
        write(&self.key("session"), session);
    }

    pub(crate) fn keep(&self, outgoing: &Outgoing) {
        write(&self.message_key(&outgoing.message_id), outgoing);
    }

    pub(crate) fn forget(&self, message_id: &str) {
        if let Some(storage) = storage() {
            let _ = storage.remove_item(&self.message_key(message_id));
        }
    }

    fn message_key(&self, message_id: &str) -> String {
        self.key(&["out:", message_id].concat())
    }

    fn key(&self, name: &str) -> String {
        [&self.prefix, name].concat()
    }
}

/// The browser's storage, where it is not blocked.
fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn read(storage: &Storage, key: &str) -> Option<Json> {
    Some(Json::parse(&storage.get_item(key).ok().flatten()?))
}

fn session(json: &Json) -> Option<Session> {
    Some(Session {
        id: json.text("id")?,
        token: json.text("token"),
        next_seq: json.number("nextSeq"),
        email: json.text("email"),
    })
}

fn outgoing(json: &Json) -> Option<Outgoing> {
    Some(Outgoing {
        session_id: json.text("sessionId")?,
        message_id: json.text("messageId")?,
        seq: json.number("seq"),
        text: json.text("text")?,
        page: Page {
            page_url: json.text("pageUrl")?,
            page_title: json.text("pageTitle"),
            referrer: json.text("referrer"),
            locale: json.text("locale"),
            time_zone: json.text("timeZone"),
        },
        email: json.text("email"),
        sent_at: json.text("sentAt")?,
        refused: json.text("refused"),
    })
}

fn write(key: &str, value: &impl Serialize) {
    if let (Some(storage), Some(json)) = (storage(), to_json(value)) {
        // A full storage leaves the message in memory, where it is sent from.
        let _ = storage.set_item(key, &json);
    }
}
