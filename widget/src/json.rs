//! JSON by the browser's own parser, read field by field.
//!
//! A derived reader would bring its messages and their formatting, more than half of the widget's bytes, for errors
//! that nobody reads: what is missing or of another type is simply not there.

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::host;

/// A value of which nothing is known yet.
pub(crate) struct Json(JsValue);

impl Json {
    /// A value that the browser has made.
    pub(crate) fn of(value: JsValue) -> Self {
        Self(value)
    }

    /// Reads a text; one that is no JSON has no fields.
    pub(crate) fn parse(text: &str) -> Self {
        Self(host::parse(text))
    }

    /// Whether it is an object.
    pub(crate) fn is_object(&self) -> bool {
        self.0.is_object()
    }

    /// A field; the field of what is no object is not there.
    pub(crate) fn field(&self, name: &str) -> Self {
        Self(host::field(&self.0, name))
    }

    /// The value itself, where it is a text.
    pub(crate) fn as_text(&self) -> Option<String> {
        self.0.as_string()
    }

    /// The value itself, where it is a number.
    pub(crate) fn as_number(&self) -> Option<f64> {
        self.0.as_f64()
    }

    /// A field that holds a text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.field(name).as_text()
    }

    /// A field that holds a number.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.field(name).as_number()
    }

    /// A field that holds a whole number, 0 where it does not.
    pub(crate) fn whole(&self, name: &str) -> u32 {
        self.number(name).unwrap_or_default() as u32
    }

    /// A field that holds true.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.field(name).0.as_bool() == Some(true)
    }

    /// The items of a list; none where it is no list.
    pub(crate) fn items(&self) -> impl Iterator<Item = Self> {
        let length = self.whole("length");
        (0..length).map(|index| Self(host::item(&self.0, index)))
    }
}

/// The JSON text of a value.
pub(crate) fn to_json(value: &impl Serialize) -> Option<String> {
    let value = value.serialize(&Serializer::json_compatible()).ok()?;
    Some(host::stringify(&value))
}
