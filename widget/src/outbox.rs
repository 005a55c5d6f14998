//! What the browser keeps: the session and the messages that are not taken yet.
//!
//! One entry a message, so that several tabs never write over each other's. Where storage is blocked everything lives
//! in memory, in the state.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;
use web_sys::Storage;

use crate::page::window;
use crate::state::{Outgoing, Session};

/// The entries of one site.
pub(crate) struct Outbox {
    prefix: String,
}

impl Outbox {
    pub(crate) fn of(site_key: &str) -> Self {
        Self { prefix: ["porchlight:", site_key, ":"].concat() }
    }

    pub(crate) fn session(&self) -> Option<Session> {
        read(&storage()?, &self.key("session"))
    }

    pub(crate) fn messages(&self) -> Vec<Outgoing> {
        let Some(storage) = storage() else { return Vec::new() };
        let count = storage.length().unwrap_or_default();
        let keys = (0..count).filter_map(|index| storage.key(index).ok().flatten());
        keys.filter(|key| key.starts_with(&self.key("out:"))).filter_map(|key| read(&storage, &key)).collect()
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

/// The JSON text of a value.
pub(crate) fn to_json(value: &impl Serialize) -> Option<String> {
    let value = value.serialize(&Serializer::json_compatible()).ok()?;
    js_sys::JSON::stringify(&value).ok()?.as_string()
}

/// Reads a JSON text.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Option<T> {
    let value: JsValue = js_sys::JSON::parse(text).ok()?;
    serde_wasm_bindgen::from_value(value).ok()
}

/// The browser's storage, where it is not blocked.
fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn read<T: DeserializeOwned>(storage: &Storage, key: &str) -> Option<T> {
    from_json(&storage.get_item(key).ok().flatten()?)
}

fn write(key: &str, value: &impl Serialize) {
    if let (Some(storage), Some(json)) = (storage(), to_json(value)) {
        // A full storage leaves the message in memory, where it is sent from.
        let _ = storage.set_item(key, &json);
    }
}
