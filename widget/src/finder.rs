//! Addresses in what is typed, as the module of `../finder` finds them. In the browser `finder.js` fetches it when it is
//! first asked; until it is there nothing is found, and then [`crate::state::Event::CanFind`] happens.

/// An address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Its normal form.
    pub(crate) email: String,
    /// What was probably meant, where it looks like a slip.
    pub(crate) likelier: Option<String>,
}

/// The first address of a text.
pub(crate) fn seen_in(text: &str) -> Option<Seen> {
    // Nothing is an address without.
    text.contains('@').then(|| ask(text, false)).flatten()
}

/// The address that is all of a text.
pub(crate) fn one(text: &str) -> Option<String> {
    ask(text, true).map(|seen| seen.email)
}

fn ask(text: &str, whole: bool) -> Option<Seen> {
    let found = find(text, whole)?;
    Some(match found.split_once(' ') {
        Some((email, likelier)) => Seen { email: email.to_owned(), likelier: Some(likelier.to_owned()) },
        None => Seen { email: found, likelier: None },
    })
}

#[cfg(target_arch = "wasm32")]
use crate::host::find;

#[cfg(not(target_arch = "wasm32"))]
use porchlight_finder::find;
