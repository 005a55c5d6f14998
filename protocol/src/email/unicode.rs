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

    /// The properties, by their numbers in `widget/characters.js`.
    const ALPHABETIC: i32 = 0;
    const UPPERCASE: i32 = 1;
    const LOWERCASE: i32 = 2;

    #[wasm_bindgen(raw_module = "./characters.js")]
    extern "C" {
        /// Whether a character has a property.
        fn has(property: i32, c: i32) -> bool;
        /// The small form, where it is one character.
        fn small(c: i32) -> i32;
    }

    pub(crate) fn is_alphabetic(c: char) -> bool {
        if c.is_ascii() { c.is_ascii_alphabetic() } else { has(ALPHABETIC, c as i32) }
    }

    pub(crate) fn is_upper(c: char) -> bool {
        if c.is_ascii() { c.is_ascii_uppercase() } else { has(UPPERCASE, c as i32) }
    }

    pub(crate) fn is_lower(c: char) -> bool {
        if c.is_ascii() { c.is_ascii_lowercase() } else { has(LOWERCASE, c as i32) }
    }

    pub(crate) fn push_lower(text: &mut String, c: char) {
        if c.is_ascii() {
            text.push(c.to_ascii_lowercase());
        } else if c == 'İ' {
            // The one small form of two characters.
            text.push_str("i\u{307}");
        } else {
            text.extend(char::from_u32(small(c as i32) as u32));
        }
    }
}

pub(super) use tables::{is_alphabetic, is_lower, is_upper, push_lower};
