//! What is shown of the state, and what the visitor's gestures mean. `screen.js` carries it out.
//!
//! The same parts in the same order every time, so that only what differs from the last time is touched.

use crate::color::Palette;
use crate::state::{Consent, Delivery, Erasing, Line, Place, State};

/// One thing that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The part of the widget.
    pub part: &'static str,
    /// `shown`, `text`, `value`, an attribute, a custom property; `say`, or `say` and an attribute, for a word.
    pub name: &'static str,
    /// What it is; a word as its key and, behind a space, what stands for `{}`. `None` takes it away.
    pub value: Option<String>,
}

/// What the visitor does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The text box holds this now.
    Typed(String),
    /// Send it.
    Send,
    /// Hide the panel.
    Close,
    /// Change the address.
    EditAddress,
    /// Take this address; none leaves it as it was.
    SaveAddress(Option<String>),
    /// Take the likelier address.
    TakeSuggestion,
    /// Send this refused message again.
    Retry(String),
    /// Yes to the question about privacy.
    Agree,
    /// No to it.
    Decline,
    /// Make answers heard, or not.
    Sound,
    /// Delete the conversation.
    Erase,
    /// It is meant.
    EraseYes,
    /// It is not.
    EraseNo,
}

impl Input {
    /// By the name that a button carries; `value` is what it stands for.
    pub fn named(action: &str, value: String) -> Option<Self> {
        Some(match action {
            "typed" => Self::Typed(value),
            "send" => Self::Send,
            "close" => Self::Close,
            "edit" => Self::EditAddress,
            "save" => Self::SaveAddress(Some(value)),
            "leave" => Self::SaveAddress(None),
            "suggest" => Self::TakeSuggestion,
            "retry" => Self::Retry(value),
            "agree" => Self::Agree,
            "decline" => Self::Decline,
            "sound" => Self::Sound,
            "erase" => Self::Erase,
            "erase-yes" => Self::EraseYes,
            "erase-no" => Self::EraseNo,
            _ => return None,
        })
    }
}

/// The parts and how they are to be. `erased` says that the conversation has just been deleted.
pub fn looks(state: &State, erased: bool) -> Vec<Look> {
    let mut looks = Vec::with_capacity(56);
    dress(state, &mut looks);
    talk(state, &mut looks);
    questions(state, erased, &mut looks);
    address(state, &mut looks);
    // The panel last: what it shows is there when it appears.
    let mut put = |part, name, value| looks.push(Look { part, name, value });
    put("input", "value", Some(state.draft.clone()));
    put("send", "data-empty", some(state.draft.trim().is_empty()));
    put("launcher", "aria-expanded", Some(state.open.to_string()));
    put(
        "launcher",
        "say aria-label",
        Some(match (state.open, state.unread) {
            (true, _) => "close".to_owned(),
            (false, 0) => "open".to_owned(),
            (false, unread) => ["unread ", &number(unread)].concat(),
        }),
    );
    put("badge", "text", (state.unread > 0).then(|| number(state.unread)));
    put("badge", "shown", some(state.unread > 0));
    put("host", "data-open", some(state.open));
    put("panel", "shown", some(state.open));
    looks
}

/// Which part takes the focus.
pub fn focused(place: Place, state: &State) -> &'static str {
    match place {
        Place::Launcher => "launcher",
        Place::Address => "address-input",
        Place::Erase => "erase-no",
        Place::Input if state.asks_consent() => "agree",
        Place::Input => "input",
    }
}

/// What the business has set.
fn dress(state: &State, looks: &mut Vec<Look>) {
    let settings = &state.settings;
    let mut put = |part, name, value| looks.push(Look { part, name, value });
    put("host", "data-position", settings.left.then(|| "left".to_owned()));
    let palette = Palette::of(&settings.color);
    put("host", "--site-accent", palette.as_ref().map(|_| settings.color.clone()));
    put("host", "--site-on-accent", palette.as_ref().map(|palette| palette.on.to_owned()));
    put("host", "--site-link", palette.as_ref().map(|palette| palette.link.clone()));
    put("host", "--site-link-dark", palette.map(|palette| palette.link_dark));
    let name = Some(settings.name.clone()).filter(|name| !name.is_empty());
    looks.push(own_or_word("title", name, "title"));
    looks.push(own_or_word("greeting", settings.greeting.clone(), "greeting"));
    let away = settings.hours.as_ref().and_then(|hours| hours.away.clone());
    looks.push(own_or_word("away", away, "away"));
    looks.push(Look { part: "away", name: "shown", value: some(state.away) });
    for part in ["question-privacy", "notice-privacy"] {
        looks.push(Look { part, name: "href", value: settings.privacy_url.clone() });
        looks.push(Look { part, name: "shown", value: some(settings.privacy_url.is_some()) });
    }
}

/// What belongs to a conversation.
fn talk(state: &State, looks: &mut Vec<Look>) {
    let mut put = |part, name, value| looks.push(Look { part, name, value });
    put("typing", "shown", some(state.typing));
    let failed = state.lines.iter().rev().take_while(|line| line.role == "visitor");
    let failed = failed.filter(|line| matches!(line.delivery, Delivery::Failed(_))).count() > 0;
    put(
        "status",
        "say",
        match (state.typing, failed) {
            (true, _) => Some("typing".to_owned()),
            (_, true) => Some("failed".to_owned()),
            _ => None,
        },
    );
    put("sound", "aria-pressed", Some(state.sound.to_string()));
    for part in ["times", "copy", "download", "erase"] {
        put(part, "shown", some(state.has_conversation()));
    }
}

/// What stands in the place of the text box, or beside it.
fn questions(state: &State, erased: bool, looks: &mut Vec<Look>) {
    let mut put = |part, name, value| looks.push(Look { part, name, value });
    let (asks, erasing) = (state.asks_consent(), state.erasing != Erasing::No);
    put("consent", "shown", some(asks));
    put("sure", "shown", some(erasing && !asks));
    let question = if state.erasing == Erasing::Failed { "eraseFailed" } else { "eraseSure" };
    put("sure-text", "say", Some(question.to_owned()));
    put("erase-yes", "aria-disabled", (state.erasing == Erasing::Running).then(|| "true".to_owned()));
    put("writing", "shown", some(!asks && !erasing));
    put("notice", "shown", some(state.settings.consent == Consent::Notice));
    let news = match () {
        () if erased => Some("erased"),
        () if state.offline => Some("offline"),
        () if state.waits() => Some("waiting"),
        () if state.no_reply => Some("noReply"),
        () => None,
    };
    put("banner", "say", news.map(str::to_owned));
}

fn address(state: &State, looks: &mut Vec<Look>) {
    let address = &state.address;
    let mut put = |part, name, value| looks.push(Look { part, name, value });
    let missing = address.email.is_none() && state.settings.ask_email && state.has_conversation();
    put("address", "shown", some((address.email.is_some() || missing) && !address.editing));
    put(
        "address-text",
        "say",
        Some(match &address.email {
            Some(email) => ["replyTo ", email].concat(),
            None => "askAddress".to_owned(),
        }),
    );
    let edit = if address.email.is_some() { "change" } else { "addAddress" };
    put("address-edit", "say", Some(edit.to_owned()));
    put("address-editor", "shown", some(address.editing));
    let email = address.email.clone().unwrap_or_default();
    put("address-input", "value", address.editing.then_some(email));
    put("address-input", "aria-invalid", address.wrong.then(|| "true".to_owned()));
    put("address-error", "say", address.wrong.then(|| "badAddress".to_owned()));
    let likelier = address.suggestion.as_ref().filter(|_| !address.editing);
    put("suggestion", "say", likelier.map(|email| ["didYouMean ", email].concat()));
    put("suggestion", "shown", some(likelier.is_some()));
}

/// What a line's sources are for the screen: a title and an address a line, a tab between.
pub fn sources(line: &Line) -> String {
    let plain = |text: &str| text.replace(['\t', '\n'], " ");
    let source = |source: &crate::state::Source| {
        [plain(&source.title), "\t".to_owned(), plain(source.url.as_deref().unwrap_or_default())].concat()
    };
    line.sources.iter().map(source).collect::<Vec<_>>().join("\n")
}

fn own_or_word(part: &'static str, own: Option<String>, key: &str) -> Look {
    match own {
        Some(text) => Look { part, name: "text", value: Some(text) },
        None => Look { part, name: "say", value: Some(key.to_owned()) },
    }
}

fn some(there: bool) -> Option<String> {
    there.then(String::new)
}

/// Digits without the formatting machinery.
fn number(mut value: u32) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from(b'0' + (value % 10) as u8));
        value /= 10;
        if value == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

#[cfg(target_arch = "wasm32")]
pub(crate) use screen::View;

#[cfg(target_arch = "wasm32")]
mod screen {
    use std::cell::RefCell;

    use wasm_bindgen::prelude::*;

    use super::{Look, focused, looks, sources};
    use crate::state::{Delivery, Erasing, Line, Place, State};

    #[wasm_bindgen]
    extern "C" {
        /// The class of `screen.js`; `main.js` makes the one of it.
        type Screen;
        #[wasm_bindgen(method)]
        fn set(this: &Screen, part: &str, name: &str, value: Option<&str>);
        #[wasm_bindgen(method)]
        fn line(
            this: &Screen,
            index: usize,
            id: &str,
            role: &str,
            text: &str,
            state: &str,
            reason: &str,
            at: &str,
            sources: &str,
        );
        #[wasm_bindgen(method)]
        fn trim(this: &Screen, count: usize);
        #[wasm_bindgen(method)]
        fn focus(this: &Screen, part: &str);
        #[wasm_bindgen(method)]
        fn chime(this: &Screen);
    }

    /// The panel in the shadow root.
    pub(crate) struct View {
        screen: Screen,
        shown: RefCell<Shown>,
    }

    /// What the screen shows now.
    #[derive(Default)]
    struct Shown {
        looks: Vec<Look>,
        lines: Vec<Line>,
        erasing: bool,
        erased: bool,
    }

    impl View {
        /// On a screen, which shows the closed panel.
        pub(crate) fn of(screen: JsValue) -> Self {
            Self { screen: screen.unchecked_into(), shown: RefCell::default() }
        }

        /// Brings what is shown to the state.
        pub(crate) fn render(&self, state: &State) {
            let shown = &mut *self.shown.borrow_mut();
            shown.erased = !state.has_conversation() && (shown.erased || shown.erasing);
            shown.erasing = state.erasing != Erasing::No;
            self.render_lines(&mut shown.lines, &state.lines);
            let new = looks(state, shown.erased);
            for (index, look) in new.iter().enumerate() {
                let before = shown.looks.get(index);
                // At first nothing is there that could be taken away.
                if before != Some(look) && (before.is_some() || look.value.is_some()) {
                    self.screen.set(look.part, look.name, look.value.as_deref());
                }
            }
            shown.looks = new;
        }

        /// From the first message that differs on, for those behind it may have moved.
        fn render_lines(&self, shown: &mut Vec<Line>, lines: &[Line]) {
            if *shown == lines {
                return;
            }
            let same = shown.iter().zip(lines).take_while(|(before, now)| before == now).count();
            for (index, line) in lines.iter().enumerate().skip(same) {
                let (state, reason) = match &line.delivery {
                    Delivery::Failed(reason) => ("failed", reason.as_str()),
                    _ if line.partial => ("partial", ""),
                    delivery => (delivery.as_str(), ""),
                };
                let sources = sources(line);
                self.screen.line(index, &line.id, &line.role, &line.text, state, reason, &line.at, &sources);
            }
            self.screen.trim(lines.len());
            *shown = lines.to_vec();
        }

        pub(crate) fn focus(&self, place: Place, state: &State) {
            self.screen.focus(focused(place, state));
        }

        /// Makes an answer heard.
        pub(crate) fn chime(&self) {
            self.screen.chime();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Event, Settings, Stamp};

    /// What a part shows, by what of it.
    fn look(state: &State, part: &str, name: &str) -> Option<String> {
        let looks = looks(state, false);
        let mut found = looks.into_iter().filter(|look| look.part == part && look.name == name);
        let look = found.next().unwrap_or_else(|| panic!("{part} has no {name}"));
        assert_eq!(found.next(), None, "{part} has {name} once");
        look.value
    }

    fn shown(state: &State, part: &str) -> bool {
        look(state, part, "shown").is_some()
    }

    fn said(state: &mut State, text: &str) {
        state.update(Event::Typed(text.to_owned()));
        state.update(Event::Submitted(Stamp { ulid: "1".to_owned(), ..Stamp::default() }));
    }

    fn dressed(settings: Settings) -> State {
        let mut state = State::default();
        state.update(Event::Dressed(Box::new(settings)));
        state
    }

    #[test]
    fn the_parts_are_the_same_whatever_the_state() {
        let names = |state: &State| looks(state, false).into_iter().map(|look| look.part).collect::<Vec<_>>();
        let empty = names(&State::default());
        let mut state = dressed(Settings {
            name: "Acme".to_owned(),
            greeting: Some("Hi".to_owned()),
            color: "#ffd400".to_owned(),
            ..Settings::default()
        });
        state.update(Event::Opened);
        said(&mut state, "I am jane@gmial.com");
        assert_eq!(names(&state), empty);
    }

    #[test]
    fn an_open_panel_is_announced_by_the_button_and_unread_messages_too() {
        let mut state = State::default();
        assert_eq!(look(&state, "launcher", "say aria-label").as_deref(), Some("open"));
        state.unread = 12;
        assert_eq!(look(&state, "launcher", "say aria-label").as_deref(), Some("unread 12"));
        assert_eq!(look(&state, "badge", "text").as_deref(), Some("12"));
        state.update(Event::Opened);
        assert_eq!(look(&state, "launcher", "say aria-label").as_deref(), Some("close"));
        assert_eq!(look(&state, "launcher", "aria-expanded").as_deref(), Some("true"));
        assert!(shown(&state, "panel") && !shown(&state, "badge"));
    }

    #[test]
    fn a_question_stands_in_the_place_of_the_text_box() {
        let mut state = dressed(Settings { consent: Consent::Ask, ..Settings::default() });
        assert!(shown(&state, "consent") && !shown(&state, "writing") && !shown(&state, "sure"));
        assert_eq!(focused(Place::Input, &state), "agree");
        state.update(Event::Agreed);
        assert!(!shown(&state, "consent") && shown(&state, "writing"));
        assert_eq!(focused(Place::Input, &state), "input");
        state.update(Event::EraseAsked);
        assert!(shown(&state, "sure") && !shown(&state, "writing"));
        state.update(Event::EraseCancelled);
        assert!(!shown(&state, "sure") && shown(&state, "writing"));
    }

    #[test]
    fn the_address_is_shown_asked_for_or_changed() {
        let mut state = dressed(Settings { ask_email: true, ..Settings::default() });
        assert!(!shown(&state, "address"), "nothing is asked before the visitor writes");
        said(&mut state, "Hello");
        assert!(shown(&state, "address"));
        assert_eq!(look(&state, "address-text", "say").as_deref(), Some("askAddress"));
        state.update(Event::Typed("jane@gmial.com".to_owned()));
        assert_eq!(look(&state, "address-text", "say").as_deref(), Some("replyTo jane@gmial.com"));
        assert_eq!(look(&state, "suggestion", "say").as_deref(), Some("didYouMean jane@gmail.com"));
        state.update(Event::AddressOpened);
        assert!(shown(&state, "address-editor") && !shown(&state, "address") && !shown(&state, "suggestion"));
        assert_eq!(look(&state, "address-input", "value").as_deref(), Some("jane@gmial.com"));
        state.update(Event::AddressSaved(Some("no".to_owned()), Stamp::default()));
        assert_eq!(look(&state, "address-error", "say").as_deref(), Some("badAddress"));
        assert_eq!(look(&state, "address-input", "aria-invalid").as_deref(), Some("true"));
    }

    #[test]
    fn every_button_means_something() {
        for action in [
            "typed",
            "send",
            "close",
            "edit",
            "save",
            "leave",
            "suggest",
            "retry",
            "agree",
            "decline",
            "sound",
            "erase",
            "erase-yes",
            "erase-no",
        ] {
            assert!(Input::named(action, String::new()).is_some(), "{action}");
        }
        assert_eq!(Input::named("nothing", String::new()), None);
    }

    #[test]
    fn numbers_are_digits() {
        assert_eq!([0, 7, 10, 4_294_967_295].map(number), ["0", "7", "10", "4294967295"]);
    }
}
