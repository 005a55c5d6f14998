//! What is shown of the state. `screen.js` carries it out, and touches only what differs from the last time.

use crate::state::{Consent, Delivery, Erasing, Place, State};

/// Says how the parts are to be: the part; `shown`, `text`, `value`, an attribute, or `say`, or `say` and an attribute, for a
/// word; and what it is, a word as its key and, behind a space, what stands for `{}`. `None` takes it away. `erased` says
/// that the conversation has just been deleted.
pub fn looks(state: &State, erased: bool, put: &mut impl FnMut(&'static str, &'static str, Option<&str>)) {
    put("away", "shown", some(state.away));
    talk(state, put);
    questions(state, erased, put);
    address(state, put);
    // The panel last: what it shows is there when it appears.
    put("input", "value", Some(&state.draft));
    let too_long = state.excess() > 0;
    put("input", "aria-invalid", too_long.then_some("true"));
    put("send", "data-empty", some(too_long || state.draft.trim().is_empty()));
    put("launcher", "aria-expanded", truth(state.open));
    let unread = (state.unread > 0).then(|| number(state.unread as usize));
    match &unread {
        _ if state.open => put("launcher", "say aria-label", Some("close")),
        None => put("launcher", "say aria-label", Some("open")),
        Some(unread) => put("launcher", "say aria-label", Some(&["unread ", unread].concat())),
    }
    put("badge", "text", unread.as_deref());
    put("badge", "shown", some(state.unread > 0));
    put("host", "data-open", some(state.open));
    put("panel", "shown", some(state.open));
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

/// What belongs to a conversation.
fn talk(state: &State, put: &mut impl FnMut(&'static str, &'static str, Option<&str>)) {
    put("typing", "shown", some(state.typing));
    let failed = state.lines.iter().rev().take_while(|line| line.role == "visitor");
    let failed = failed.filter(|line| matches!(line.delivery, Delivery::Failed(_))).count() > 0;
    put(
        "status",
        "say",
        match (state.typing, failed) {
            (true, _) => Some("typing"),
            (_, true) => Some("failed"),
            _ => None,
        },
    );
    put("sound", "aria-pressed", truth(state.sound));
    for part in ["times", "copy", "download", "erase"] {
        put(part, "shown", some(state.has_conversation()));
    }
}

/// What stands in the place of the text box, or beside it.
fn questions(state: &State, erased: bool, put: &mut impl FnMut(&'static str, &'static str, Option<&str>)) {
    let (asks, erasing) = (state.asks_consent(), state.erasing != Erasing::No);
    put("consent", "shown", some(asks));
    put("sure", "shown", some(erasing && !asks));
    let question = if state.erasing == Erasing::Failed { "eraseFailed" } else { "eraseSure" };
    put("sure-text", "say", Some(question));
    put("erase-yes", "aria-disabled", (state.erasing == Erasing::Running).then_some("true"));
    put("writing", "shown", some(!asks && !erasing));
    put("notice", "shown", some(state.settings.consent == Consent::Notice));
    let excess = state.excess();
    let too_long = ["tooLong ", &number(excess)].concat();
    let news = match () {
        () if excess > 0 => Some(too_long.as_str()),
        () if erased => Some("erased"),
        () if state.offline => Some("offline"),
        () if state.waits() => Some("waiting"),
        () if state.no_reply => Some("noReply"),
        () => None,
    };
    put("banner", "say", news);
}

fn address(state: &State, put: &mut impl FnMut(&'static str, &'static str, Option<&str>)) {
    let address = &state.address;
    let missing = address.email.is_none() && state.settings.ask_email && state.has_conversation();
    put("address", "shown", some((address.email.is_some() || missing) && !address.editing));
    match &address.email {
        Some(email) => put("address-text", "say", Some(&["replyTo ", email].concat())),
        None => put("address-text", "say", Some("askAddress")),
    }
    let edit = if address.email.is_some() { "change" } else { "addAddress" };
    put("address-edit", "say", Some(edit));
    put("address-editor", "shown", some(address.editing));
    let email = address.email.as_deref().unwrap_or_default();
    put("address-input", "value", address.editing.then_some(email));
    put("address-input", "aria-invalid", address.wrong.then_some("true"));
    put("address-error", "say", address.wrong.then_some("badAddress"));
    let likelier = address.suggestion.as_ref().filter(|_| !address.editing);
    put("suggestion", "say", likelier.map(|email| ["didYouMean ", email].concat()).as_deref());
    put("suggestion", "shown", some(likelier.is_some()));
}

fn some(there: bool) -> Option<&'static str> {
    there.then_some("")
}

fn truth(is: bool) -> Option<&'static str> {
    Some(if is { "true" } else { "false" })
}

/// Digits without the formatting machinery.
fn number(value: usize) -> String {
    let mut digits = if value < 10 { String::new() } else { number(value / 10) };
    digits.push(char::from(b'0' + (value % 10) as u8));
    digits
}

/// How a message's delivery is named, and why it has failed.
pub fn delivery(line: &crate::state::Line) -> (&'static str, &str) {
    match &line.delivery {
        Delivery::Failed(reason) => ("failed", reason),
        _ if line.partial => ("partial", ""),
        delivery => (delivery.as_str(), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Event, Settings, Stamp};

    /// What a part shows, by what of it.
    fn look(state: &State, part: &str, name: &str) -> Option<String> {
        let mut found = Vec::new();
        looks(state, false, &mut |its_part, its_name, value| {
            if (its_part, its_name) == (part, name) {
                found.push(value.map(str::to_owned));
            }
        });
        assert_eq!(found.len(), 1, "{part} has {name} once");
        found.remove(0)
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
        let names = |state: &State| {
            let mut names = Vec::new();
            looks(state, false, &mut |part, name, _| names.push((part, name)));
            names
        };
        let empty = names(&State::default());
        let mut state =
            dressed(Settings { consent: Consent::Notice, ask_email: true, ..Settings::default() });
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
    fn a_message_that_is_too_long_stays_and_says_so() {
        let mut state = State::default();
        said(&mut state, &"é".repeat(4_012));
        assert_eq!(look(&state, "banner", "say").as_deref(), Some("tooLong 12"));
        assert_eq!(look(&state, "input", "aria-invalid").as_deref(), Some("true"));
        assert!(look(&state, "send", "data-empty").is_some());
        assert!(state.lines.is_empty() && state.draft.chars().count() == 4_012);
        said(&mut state, &format!(" {} ", "é".repeat(4_000)));
        assert_eq!(look(&state, "banner", "say"), None);
        assert!(state.draft.is_empty() && !state.lines.is_empty());
    }

    #[test]
    fn numbers_are_digits() {
        assert_eq!([0, 7, 10, 4_096].map(number), ["0", "7", "10", "4096"]);
    }
}
