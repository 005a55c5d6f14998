//! What is shown of the state, and what the visitor's gestures mean. `screen.js` carries it out.
//!
//! The same parts in the same order every time, so that only what differs from the last time is touched.

use crate::color::Palette;
use crate::state::{Consent, Delivery, Erasing, Place, State};

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
    let mut looks = Looks(Vec::with_capacity(64));
    looks.dress(state);
    looks.talk(state);
    looks.questions(state, erased);
    looks.address(state);
    // The panel last: what it shows is there when it appears.
    looks.put("input", "value", Some(&state.draft));
    looks.flag("send", "data-empty", state.draft.trim().is_empty());
    looks.put("launcher", "aria-expanded", Some(truth(state.open)));
    let unread = number(state.unread);
    match (state.open, state.unread) {
        (true, _) => looks.say("launcher", "say aria-label", "close", ""),
        (false, 0) => looks.say("launcher", "say aria-label", "open", ""),
        (false, _) => looks.say("launcher", "say aria-label", "unread", &unread),
    }
    looks.put("badge", "text", Some(&*unread).filter(|_| state.unread > 0));
    looks.flag("badge", "shown", state.unread > 0);
    looks.flag("host", "data-open", state.open);
    looks.flag("panel", "shown", state.open);
    looks.0
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

/// What is being put together. Its smallest steps stand once in the module, for they are called seventy times.
struct Looks(Vec<Look>);

impl Looks {
    #[inline(never)]
    fn put(&mut self, part: &'static str, name: &'static str, value: Option<&str>) {
        self.0.push(Look { part, name, value: value.map(str::to_owned) });
    }

    #[inline(never)]
    fn flag(&mut self, part: &'static str, name: &'static str, there: bool) {
        self.put(part, name, there.then_some(""));
    }

    /// The word of a key, with what stands for `{}`; no key is no word.
    #[inline(never)]
    fn say(&mut self, part: &'static str, name: &'static str, key: &str, place: &str) {
        let word = if place.is_empty() { key.to_owned() } else { [key, " ", place].concat() };
        self.put(part, name, Some(&*word).filter(|word| !word.is_empty()));
    }

    /// The business's own text, or the word of the key.
    #[inline(never)]
    fn own(&mut self, part: &'static str, own: Option<&str>) {
        match own {
            Some(text) => self.put(part, "text", Some(text)),
            None => self.put(part, "say", Some(part)),
        }
    }

    /// What the business has set.
    fn dress(&mut self, state: &State) {
        let settings = &state.settings;
        self.put("host", "data-position", settings.left.then_some("left"));
        let palette = Palette::of(&settings.color);
        self.put("host", "--site-accent", palette.as_ref().map(|_| &*settings.color));
        self.put("host", "--site-on-accent", palette.as_ref().map(|palette| palette.on));
        self.put("host", "--site-link", palette.as_ref().map(|palette| &*palette.link));
        self.put("host", "--site-link-dark", palette.as_ref().map(|palette| &*palette.link_dark));
        self.own("title", Some(&*settings.name).filter(|name| !name.is_empty()));
        self.own("greeting", settings.greeting.as_deref());
        self.own("away", settings.hours.as_ref().and_then(|hours| hours.away.as_deref()));
        self.flag("away", "shown", state.away);
        let privacy = settings.privacy_url.as_deref();
        for part in ["question-privacy", "notice-privacy"] {
            self.put(part, "href", privacy);
            self.flag(part, "shown", privacy.is_some());
        }
    }

    /// What belongs to a conversation.
    fn talk(&mut self, state: &State) {
        self.flag("typing", "shown", state.typing);
        let mut newest = state.lines.iter().rev().take_while(|line| line.role == "visitor");
        let failed = newest.any(|line| matches!(line.delivery, Delivery::Failed(_)));
        let status = match (state.typing, failed) {
            (true, _) => "typing",
            (_, true) => "failed",
            _ => "",
        };
        self.say("status", "say", status, "");
        self.put("sound", "aria-pressed", Some(truth(state.sound)));
        for part in ["times", "copy", "download", "erase"] {
            self.flag(part, "shown", state.has_conversation());
        }
    }

    /// What stands in the place of the text box, or beside it.
    fn questions(&mut self, state: &State, erased: bool) {
        let (asks, erasing) = (state.asks_consent(), state.erasing != Erasing::No);
        self.flag("consent", "shown", asks);
        self.flag("sure", "shown", erasing && !asks);
        let question = if state.erasing == Erasing::Failed { "eraseFailed" } else { "eraseSure" };
        self.say("sure-text", "say", question, "");
        self.put("erase-yes", "aria-disabled", (state.erasing == Erasing::Running).then_some("true"));
        self.flag("writing", "shown", !asks && !erasing);
        self.flag("notice", "shown", state.settings.consent == Consent::Notice);
        let news = match () {
            () if erased => "erased",
            () if state.offline => "offline",
            () if state.waits() => "waiting",
            () if state.no_reply => "noReply",
            () => "",
        };
        self.say("banner", "say", news, "");
    }

    fn address(&mut self, state: &State) {
        let address = &state.address;
        let email = address.email.as_deref().unwrap_or_default();
        let missing = email.is_empty();
        let asks = state.settings.ask_email && state.has_conversation();
        self.flag("address", "shown", (asks || !missing) && !address.editing);
        let (text, edit) = if missing { ("askAddress", "addAddress") } else { ("replyTo", "change") };
        self.say("address-text", "say", text, email);
        self.say("address-edit", "say", edit, "");
        self.flag("address-editor", "shown", address.editing);
        self.put("address-input", "value", address.editing.then_some(email));
        self.put("address-input", "aria-invalid", address.wrong.then_some("true"));
        self.say("address-error", "say", if address.wrong { "badAddress" } else { "" }, "");
        let likelier = address.suggestion.as_deref().filter(|_| !address.editing);
        self.say("suggestion", "say", likelier.map_or("", |_| "didYouMean"), likelier.unwrap_or_default());
        self.flag("suggestion", "shown", likelier.is_some());
    }
}

fn truth(there: bool) -> &'static str {
    if there { "true" } else { "false" }
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

    use super::{Look, focused, looks};
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
        );
        #[wasm_bindgen(method)]
        fn source(this: &Screen, index: usize, place: usize, title: &str, url: &str);
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
            shown.erasing = state.erasing == Erasing::Running;
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
                self.screen.line(index, &line.id, &line.role, &line.text, state, reason, &line.at);
                for (place, source) in line.sources.iter().enumerate() {
                    let url = source.url.as_deref().unwrap_or_default();
                    self.screen.source(index, place, &source.title, url);
                }
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
