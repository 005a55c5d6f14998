//! What the browser does for the widget: `host.js`, function by function.
//!
//! By hand and not by `web-sys`, because each of its bindings costs more bytes than a line of JavaScript, and futures
//! and closures cost more than all of these together. Whatever happens comes back through [`crate::app::App`].

use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./host.js")]
extern "C" {
    /// Sends a request, and tells what comes of it under the channel's number; an event-stream piece by piece.
    pub(crate) fn request(channel: u32, method: &str, path: &str, token: Option<&str>, more: Option<&str>);
    /// Breaks a request off.
    pub(crate) fn cancel(channel: u32);
    /// Sends a message without waiting for an answer, also when the page is gone.
    pub(crate) fn flush(token: Option<&str>, body: &str);
    /// Keeps a text; gives whether the browser has.
    pub(crate) fn keep(name: &str, text: &str) -> bool;
    /// What is kept under a name.
    pub(crate) fn kept(name: &str) -> Option<String>;
    /// The texts kept under names that begin so; no list where the browser keeps nothing.
    pub(crate) fn kept_all(prefix: &str) -> JsValue;
    /// Keeps nothing any more under names that begin so.
    pub(crate) fn forget(prefix: &str);
    /// Makes something happen after so many milliseconds.
    pub(crate) fn wait(name: &str, milliseconds: u32);
    /// Asks to be the one tab that sends, or lets another one.
    pub(crate) fn lock(wanted: bool);
    /// Watches what the visitor does on the page, or does not any more.
    pub(crate) fn watch(wanted: bool);
    /// Remembers for this visit that the panel is not to open by itself again.
    pub(crate) fn stay_closed();
    /// Asks for the day of the week and the minute of the day in a time zone.
    pub(crate) fn clock(time_zone: &str);
    /// Time, chance and page for a message.
    pub(crate) fn stamp() -> JsValue;
    /// Tells the page.
    pub(crate) fn tell(name: &str, id: &str, role: &str, text: &str);
    /// Reads JSON; nothing where it is none.
    pub(crate) fn parse(text: &str) -> JsValue;
    /// The JSON text of a value.
    pub(crate) fn stringify(value: &JsValue) -> String;
    /// A value's field; nothing where there is none.
    pub(crate) fn field(value: &JsValue, name: &str) -> JsValue;
    /// A list's item.
    pub(crate) fn item(list: &JsValue, index: u32) -> JsValue;
}
