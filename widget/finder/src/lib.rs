//! Finds addresses in what is typed: a WebAssembly module of its own, which is fetched when the first address may be.
//!
//! It is a third of the widget's bytes, and who leaves no address never needs it.

use porchlight_protocol::email::{Email, first_plain, suggest};

/// The standard one is made for speed and takes four times the bytes.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// The first plainly written address of the text, or, with `whole`, the one that is all of it; behind a space a likelier
/// one, where it looks like a slip. What is spelled out or has slips in it is read by the server alone.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen::prelude::wasm_bindgen)]
pub fn find(text: &str, whole: bool) -> Option<String> {
    let email = if whole { Email::parse_plain(text) } else { first_plain(text) }?;
    let likelier = suggest(&email);
    let mut found = String::from(email);
    if let Some(likelier) = likelier {
        found.push(' ');
        found.push_str(likelier.as_str());
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn an_address_is_found_with_a_likelier_one() {
        assert_eq!(find("I am jane@acme.com, hi", false).as_deref(), Some("jane@acme.com"));
        assert_eq!(find("jane@gmial.com", false).as_deref(), Some("jane@gmial.com jane@gmail.com"));
        assert_eq!(find("jane@acme.com, hi", true), None);
        assert_eq!(find(" jane@acme.com ", true).as_deref(), Some("jane@acme.com"));
        assert_eq!(find("jane at acme dot com", false), None);
    }
}
