//! Where the answer will go.

use super::State;
use super::event::{Effect, News, Place};
use super::message::Stamp;
use crate::finder::{one, seen_in};

/// Where the answer will go.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The address that is shown.
    pub email: Option<String>,
    /// A likelier one.
    pub suggestion: Option<String>,
    /// Whether the visitor is changing it.
    pub editing: bool,
    /// Whether what the visitor typed is no address.
    pub wrong: bool,
    /// Whether it is set and no message has carried it yet.
    pub(super) confirmed: bool,
}

impl State {
    /// The address line has something to say.
    pub fn shows_address(&self) -> bool {
        self.address.email.is_some() || self.address.editing
    }

    /// What is being typed names the address, unless it is set.
    pub(super) fn look_for_address(&mut self) {
        if self.address.confirmed || self.address.editing {
            return;
        }
        let seen = seen_in(&self.draft);
        self.address.suggestion = seen.as_ref().and_then(|seen| seen.likelier.clone());
        self.address.email = match seen {
            Some(seen) => Some(seen.email),
            None => self.session.as_ref().and_then(|session| session.email.clone()),
        };
    }

    /// The address that a message with this text carries.
    pub(super) fn address_of(&mut self, text: &str) -> Option<String> {
        let seen = seen_in(text);
        let own = match self.address.confirmed {
            true => self.address.email.clone(),
            false => seen.as_ref().map(|seen| seen.email.clone()),
        };
        self.address.confirmed = false;
        let seen = seen.filter(|seen| own.as_ref() == Some(&seen.email));
        self.address.suggestion = seen.and_then(|seen| seen.likelier);
        own
    }

    pub(super) fn identify(
        &mut self,
        email: Option<String>,
        name: Option<String>,
        effects: &mut Vec<Effect>,
    ) {
        if name.is_some() {
            self.name = name;
        }
        let known = self.session.as_ref().and_then(|session| session.email.clone());
        match email.map(|email| one(&email)) {
            Some(Some(email)) if known.as_ref() != Some(&email) => {
                effects.push(Effect::Tell(News::Email(email.clone())));
                self.address = Address { email: Some(email), confirmed: true, ..Address::default() };
            }
            Some(None) => {
                effects.push(Effect::Tell(News::Error(String::new(), "invalid_email".to_owned())));
            }
            _ => {}
        }
    }

    pub(super) fn edit_address(&mut self, effects: &mut Vec<Effect>) {
        self.address.editing = true;
        effects.push(Effect::Focus(Place::Address));
    }

    pub(super) fn save_address(&mut self, typed: Option<String>, stamp: Stamp, effects: &mut Vec<Effect>) {
        let Some(typed) = typed else {
            self.address.editing = false;
            self.address.wrong = false;
            effects.push(Effect::Focus(Place::Input));
            return;
        };
        match one(&typed) {
            Some(email) => self.confirm(email, stamp, effects),
            None => {
                self.address.wrong = true;
                effects.push(Effect::Focus(Place::Address));
            }
        }
    }

    pub(super) fn take_suggestion(&mut self, stamp: Stamp, effects: &mut Vec<Effect>) {
        if let Some(email) = self.address.suggestion.take() {
            self.confirm(email, stamp, effects);
        }
    }

    /// The visitor has set the address: the next message carries it, and where nothing is being written the address
    /// itself is that message.
    fn confirm(&mut self, email: String, stamp: Stamp, effects: &mut Vec<Effect>) {
        let changed = self.session.as_ref().is_some_and(|session| session.email.as_ref() != Some(&email));
        self.address = Address { email: Some(email.clone()), confirmed: true, ..Address::default() };
        if changed && self.draft.trim().is_empty() {
            self.submit(&email, stamp, effects);
        }
        effects.push(Effect::Focus(Place::Input));
    }
}
