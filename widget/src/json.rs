//! JSON by the browser's own parser, read field by field.
//!
//! A derived reader would bring its messages and their formatting, more than half of the widget's bytes, for errors
//! that nobody reads: what is missing or of another type is simply not there.

use js_sys::{Array, JSON, Reflect};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::{JsCast, JsValue};

/// A value of which nothing is known yet.
pub(crate) struct Json(JsValue);

impl Json {
    /// Reads a text; one that is no JSON has no fields.
    pub(crate) fn parse(text: &str) -> Self {
        Self(JSON::parse(text).unwrap_or(JsValue::UNDEFINED))
    }

    /// Whether it is an object.
    pub(crate) fn is_object(&self) -> bool {
        self.0.is_object()
    }

    /// A field; the field of what is no object is not there.
    pub(crate) fn field(&self, name: &str) -> Self {
        Self(Reflect::get(&self.0, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED))
    }

    /// A field that holds a text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.field(name).0.as_string()
    }

    /// A field that holds a whole number, 0 where it does not.
    pub(crate) fn number(&self, name: &str) -> u32 {
        self.field(name).0.as_f64().unwrap_or_default() as u32
    }

    /// A field that holds true.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.field(name).0.is_truthy()
    }

    /// The items of a field that holds a list.
    pub(crate) fn list(&self, name: &str) -> impl Iterator<Item = Self> {
        self.field(name).0.dyn_into::<Array>().unwrap_or_default().into_iter().map(Self)
    }
}

/// The JSON text of a value.
pub(crate) fn to_json(value: &impl Serialize) -> Option<String> {
    let value = value.serialize(&Serializer::json_compatible()).ok()?;
    JSON::stringify(&value).ok()?.as_string()
}
