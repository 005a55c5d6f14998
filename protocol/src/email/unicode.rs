//! What Unicode says of a character: by the standard library's tables, or, with the feature `browser`, by those that the
//! browser has anyway. Both ask for the same properties; the tables would be a sixth of the widget.

#[cfg(not(feature = "browser"))]
mod tables {
    /// Alphabetic.
    pub(crate) fn is_alphabetic(c: char) -> bool {
        c.is_alphabetic()
    }

    /// Uppercase.
    pub(crate) fn is_upper(c: char) -> bool {
        c.is_uppercase()
    }

    /// Lowercase.
    pub(crate) fn is_lower(c: char) -> bool {
        c.is_lowercase()
    }

    /// Adds the small form, which may have two characters.
    pub(crate) fn push_lower(text: &mut String, c: char) {
        text.extend(c.to_lowercase());
    }
}

#[cfg(feature = "browser")]
mod tables {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen(raw_module = "./host.js")]
    extern "C" {
        /// Whether a character has a property: `A`lphabetic, `U`ppercase or `L`owercase.
        fn has(property: char, c: char) -> bool;
        /// The small form.
        fn small(c: char) -> String;
    }

    pub(crate) fn is_alphabetic(c: char) -> bool {
        if c.is_ascii() { c.is_ascii_alphabetic() } else { has('A', c) }
    }

    pub(crate) fn is_upper(c: char) -> bool {
        if c.is_ascii() { c.is_ascii_uppercase() } else { has('U', c) }
    }

    pub(crate) fn is_lower(c: char) -> bool {
        if c.is_ascii() { c.is_ascii_lowercase() } else { has('L', c) }
    }

    pub(crate) fn push_lower(text: &mut String, c: char) {
        if c.is_ascii() {
            text.push(c.to_ascii_lowercase());
        } else {
            text.push_str(&small(c));
        }
    }
}

pub(super) use tables::{is_alphabetic, is_lower, is_upper, push_lower};
