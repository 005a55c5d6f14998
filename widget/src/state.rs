//! What the widget knows and decides: a pure function from what happens to what is to be done.
//!
//! No browser, no clock, no chance in here: they come in with the events.

use std::collections::VecDeque;

use porchlight_protocol::email::{Email, find_emails, suggest};
use serde::Serialize;

/// The longest pause between two attempts, in seconds.
const LONGEST_PAUSE: f64 = 60.0;

/// The longest message, in characters.
pub const MAX_TEXT_CHARS: usize = porchlight_protocol::capture::MAX_TEXT_CHARS;

/// Everything the widget knows.
#[derive(Debug, Default)]
pub struct State {
    /// Whether the panel is shown.
    pub open: bool,
    /// The conversation, oldest first.
    pub lines: Vec<Line>,
    /// What stands in the text box.
    pub draft: String,
    /// Where the answer will go.
    pub address: Address,
    session: Option<Session>,
    outbox: VecDeque<Outgoing>,
    /// The message that is under way.
    sending: Option<String>,
    /// Failed attempts in a row.
    attempts: u32,
    /// Whether a pause before the next attempt is running.
    pausing: bool,
}

/// One message as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The message's id.
    pub id: String,
    /// `visitor`, `assistant` or `agent`.
    pub role: String,
    /// Plain text.
    pub text: String,
    /// How far a visitor's message has come.
    pub delivery: Delivery,
}

/// How far a visitor's message has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// In this browser's outbox.
    Kept,
    /// At the edge, which delivers it.
    Queued,
    /// Stored by the server.
    Stored,
    /// Refused for good, for this reason.
    Failed(String),
}

impl Delivery {
    /// A stable name for tests and styles.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Queued => "queued",
            Self::Stored => "stored",
            Self::Failed(_) => "failed",
        }
    }
}

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
    /// Whether the visitor has set it and no message has carried it yet.
    confirmed: bool,
}

/// One conversation, as the browser remembers it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// `sess_` and a ULID.
    pub id: String,
    /// The key to its history, once the server has given it.
    pub token: Option<String>,
    /// The number of its next message.
    pub next_seq: u32,
    /// Its address.
    pub email: Option<String>,
}

/// A message on its way: the body of `POST /api/chat`, and why it was refused, if it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outgoing {
    /// The conversation.
    pub session_id: String,
    /// `msg_` and a ULID: the same however often it is sent.
    pub message_id: String,
    /// Place among the visitor's messages.
    pub seq: u32,
    /// What the visitor wrote.
    pub text: String,
    /// Where, in which language, and when.
    #[serde(flatten)]
    pub page: Page,
    /// The address that the visitor confirmed or the widget saw in the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// RFC 3339.
    pub sent_at: String,
    /// Why the server will not take it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// What the page says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// Its address.
    pub page_url: String,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_title: Option<String>,
    /// Where the visitor came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// The visitor's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The visitor's time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// What a new message needs from outside.
#[derive(Clone, Debug, Default)]
pub struct Stamp {
    /// A new ULID.
    pub ulid: String,
    /// RFC 3339.
    pub now: String,
    /// The page.
    pub page: Page,
}

/// The answer to a message that was taken.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Whether the edge keeps it until the server has it.
    pub queued: bool,
    /// The key to the history.
    pub session_token: Option<String>,
    /// The session's address.
    pub email: Option<String>,
    /// A likelier address.
    pub suggestion: Option<String>,
    /// What was answered.
    pub reply: Option<Told>,
}

/// A message as the server tells it.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The message's id.
    pub message_id: String,
    /// Who wrote it.
    pub role: String,
    /// Plain text.
    pub text: String,
}

/// What happens.
#[derive(Debug)]
pub enum Event {
    /// What the browser has kept from before.
    Restored(Option<Session>, Vec<Outgoing>),
    /// The visitor opens the panel.
    Opened,
    /// The visitor closes it.
    Closed,
    /// The text box holds this now.
    Typed(String),
    /// The visitor sends what stands in the text box.
    Submitted(Stamp),
    /// The page sends a text.
    Said(String, Stamp),
    /// The visitor wants to change the address.
    AddressOpened,
    /// The visitor has typed an address; none ends the change.
    AddressSaved(Option<String>, Stamp),
    /// The visitor takes the likelier address.
    SuggestionTaken(Stamp),
    /// The visitor sends a refused message again.
    Retried(String),
    /// The server, or the edge, has taken a message.
    Answered(String, Answer),
    /// The message will never be taken, for this reason.
    Refused(String, String),
    /// It is not known whether the message was taken: seconds that the server asks for, and chance from 0 to 1.
    Unanswered(String, Option<f64>, f64),
    /// The pause is over, or the network is back.
    Awake,
    /// The session's messages.
    History(Vec<Told>),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Keep the session.
    KeepSession(Session),
    /// Keep a message until it is taken.
    Keep(Outgoing),
    /// It is taken.
    Forget(String),
    /// Send a message, with the session's key where there is one.
    Send(Box<Outgoing>, Option<String>),
    /// Wake up after so many milliseconds.
    Wait(u32),
    /// Ask for the session's messages: its id and its key.
    LoadHistory(String, String),
    /// Put the cursor into the text box.
    FocusInput,
    /// Give the focus back to the button that opens the panel.
    FocusLauncher,
    /// Put the cursor into the box for the address.
    FocusAddress,
}

impl State {
    /// Takes in what happened; the effects are to be done in their order.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Restored(session, outbox) => self.restore(session, outbox, &mut effects),
            Event::Opened if !self.open => {
                self.open = true;
                effects.push(Effect::FocusInput);
            }
            Event::Closed if self.open => {
                self.open = false;
                effects.push(Effect::FocusLauncher);
            }
            Event::Opened | Event::Closed => {}
            Event::Typed(text) => {
                self.draft = text;
                self.look_for_address();
            }
            Event::Submitted(stamp) => {
                let text = std::mem::take(&mut self.draft);
                self.submit(&text, stamp, &mut effects);
                effects.push(Effect::FocusInput);
            }
            Event::Said(text, stamp) => self.submit(&text, stamp, &mut effects),
            Event::AddressOpened => {
                self.address.editing = true;
                effects.push(Effect::FocusAddress);
            }
            Event::AddressSaved(typed, stamp) => self.save_address(typed, stamp, &mut effects),
            Event::SuggestionTaken(stamp) => {
                if let Some(email) = self.address.suggestion.take() {
                    self.confirm(email, stamp, &mut effects);
                }
            }
            Event::Retried(id) => self.retry(&id, &mut effects),
            Event::Answered(id, answer) => self.answered(&id, answer, &mut effects),
            Event::Refused(id, reason) => self.refused(&id, reason, &mut effects),
            Event::Unanswered(id, asked, chance) => self.unanswered(&id, asked, chance, &mut effects),
            Event::Awake => {
                self.pausing = false;
                self.send_next(&mut effects);
            }
            Event::History(messages) => self.take_history(messages),
        }
        effects
    }

    /// The address line has something to say.
    pub fn shows_address(&self) -> bool {
        self.address.email.is_some() || self.address.editing
    }

    fn restore(&mut self, session: Option<Session>, mut outbox: Vec<Outgoing>, effects: &mut Vec<Effect>) {
        self.address.email = session.as_ref().and_then(|session| session.email.clone());
        if let Some(Session { id, token: Some(token), .. }) = &session {
            effects.push(Effect::LoadHistory(id.clone(), token.clone()));
        }
        self.session = session;
        outbox.sort_by(|a, b| (a.seq, &a.message_id).cmp(&(b.seq, &b.message_id)));
        self.lines.extend(outbox.iter().map(line_of));
        self.outbox = outbox.into();
        self.send_next(effects);
    }

    /// What is being typed names the address, unless the visitor has set one.
    fn look_for_address(&mut self) {
        if self.address.confirmed || self.address.editing {
            return;
        }
        let known = self.session.as_ref().and_then(|session| session.email.clone());
        match find_emails(&self.draft).into_iter().next() {
            Some(hit) => {
                self.address.suggestion = suggest(&hit.email).map(String::from);
                self.address.email = Some(hit.email.into());
            }
            None => {
                self.address.suggestion = None;
                self.address.email = known;
            }
        }
    }

    fn submit(&mut self, text: &str, stamp: Stamp, effects: &mut Vec<Effect>) {
        let text: String = text.trim().chars().take(MAX_TEXT_CHARS).collect();
        if text.is_empty() {
            return;
        }
        let seen = find_emails(&text).into_iter().next().map(|hit| hit.email);
        let own = match self.address.confirmed {
            true => self.address.email.clone(),
            false => seen.clone().map(String::from),
        };
        self.address.confirmed = false;
        self.address.suggestion = seen
            .filter(|seen| own.as_deref() == Some(seen.as_str()))
            .and_then(|e| suggest(&e))
            .map(String::from);
        let session = self
            .session
            .get_or_insert_with(|| Session { id: ["sess_", &stamp.ulid].concat(), ..Session::default() });
        let outgoing = Outgoing {
            session_id: session.id.clone(),
            message_id: ["msg_", &stamp.ulid].concat(),
            seq: session.next_seq,
            text,
            page: stamp.page,
            email: own.clone(),
            sent_at: stamp.now,
            refused: None,
        };
        session.next_seq += 1;
        if own.is_some() {
            session.email.clone_from(&own);
        }
        self.address.email.clone_from(&session.email);
        // The message first: what was typed must outlive whatever happens next.
        effects.push(Effect::Keep(outgoing.clone()));
        effects.push(Effect::KeepSession(session.clone()));
        self.lines.push(line_of(&outgoing));
        self.outbox.push_back(outgoing);
        self.send_next(effects);
    }

    fn save_address(&mut self, typed: Option<String>, stamp: Stamp, effects: &mut Vec<Effect>) {
        let Some(typed) = typed else {
            self.address.editing = false;
            self.address.wrong = false;
            effects.push(Effect::FocusInput);
            return;
        };
        match Email::parse(&typed) {
            Ok(email) => self.confirm(email.into(), stamp, effects),
            Err(_) => {
                self.address.wrong = true;
                effects.push(Effect::FocusAddress);
            }
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
        effects.push(Effect::FocusInput);
    }

    fn send_next(&mut self, effects: &mut Vec<Effect>) {
        if self.sending.is_some() || self.pausing {
            return;
        }
        // A refused message waits for the visitor and keeps nobody waiting.
        let Some(next) = self.outbox.iter().find(|outgoing| outgoing.refused.is_none()) else { return };
        self.sending = Some(next.message_id.clone());
        let session = self.session.as_ref().filter(|session| session.id == next.session_id);
        effects.push(Effect::Send(Box::new(next.clone()), session.and_then(|session| session.token.clone())));
    }

    fn retry(&mut self, id: &str, effects: &mut Vec<Effect>) {
        let Some(outgoing) = self.outbox.iter_mut().find(|outgoing| outgoing.message_id == id) else {
            return;
        };
        outgoing.refused = None;
        effects.push(Effect::Keep(outgoing.clone()));
        self.mark(id, Delivery::Kept);
        self.pausing = false;
        self.send_next(effects);
    }

    fn answered(&mut self, id: &str, answer: Answer, effects: &mut Vec<Effect>) {
        self.outbox.retain(|outgoing| outgoing.message_id != id);
        effects.push(Effect::Forget(id.to_owned()));
        self.mark(id, if answer.queued { Delivery::Queued } else { Delivery::Stored });
        self.attempts = 0;
        self.take_answer(&answer, effects);
        if let Some(reply) = answer.reply {
            self.show_reply(id, reply);
        }
        self.sent(id, effects);
    }

    /// What the server says about the session; an address that is still on its way is newer than the answer's.
    fn take_answer(&mut self, answer: &Answer, effects: &mut Vec<Effect>) {
        let newer = self.outbox.iter().any(|outgoing| outgoing.email.is_some());
        let Some(session) = &mut self.session else { return };
        let before = session.clone();
        if answer.session_token.is_some() {
            session.token.clone_from(&answer.session_token);
        }
        if answer.email.is_some() && !newer {
            session.email.clone_from(&answer.email);
        }
        if *session != before {
            effects.push(Effect::KeepSession(session.clone()));
        }
        if !newer && !self.address.confirmed && !self.address.editing {
            self.look_for_address();
            if self.address.suggestion.is_none() && self.address.email == answer.email {
                self.address.suggestion.clone_from(&answer.suggestion);
            }
        }
    }

    fn show_reply(&mut self, id: &str, reply: Told) {
        if self.lines.iter().any(|line| line.id == reply.message_id) {
            return;
        }
        let question = self.lines.iter().position(|line| line.id == id);
        let place = question.map_or(self.lines.len(), |index| index + 1);
        self.lines.insert(place, line_told(reply));
    }

    fn refused(&mut self, id: &str, reason: String, effects: &mut Vec<Effect>) {
        if let Some(outgoing) = self.outbox.iter_mut().find(|outgoing| outgoing.message_id == id) {
            outgoing.refused = Some(reason.clone());
            effects.push(Effect::Keep(outgoing.clone()));
        }
        self.mark(id, Delivery::Failed(reason));
        self.sent(id, effects);
    }

    /// Full jitter between one second and a ceiling that doubles up to a minute; the server's wish is the least.
    fn unanswered(&mut self, id: &str, asked: Option<f64>, chance: f64, effects: &mut Vec<Effect>) {
        if self.sending.as_deref() != Some(id) {
            return;
        }
        self.sending = None;
        self.pausing = true;
        self.attempts = self.attempts.saturating_add(1);
        let ceiling = f64::from(1u32 << self.attempts.min(6)).min(LONGEST_PAUSE);
        let pause = (1.0 + chance * (ceiling - 1.0)).max(asked.unwrap_or(0.0)).min(2.0 * LONGEST_PAUSE);
        effects.push(Effect::Wait((pause * 1_000.0) as u32));
    }

    fn sent(&mut self, id: &str, effects: &mut Vec<Effect>) {
        if self.sending.as_deref() == Some(id) {
            self.sending = None;
        }
        self.send_next(effects);
    }

    fn mark(&mut self, id: &str, delivery: Delivery) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.id == id) {
            line.delivery = delivery;
        }
    }

    /// The server's order, and behind it what it does not know yet.
    fn take_history(&mut self, messages: Vec<Told>) {
        let mut lines: Vec<Line> = messages.into_iter().map(line_told).collect();
        let own = std::mem::take(&mut self.lines);
        lines.extend(own.into_iter().filter(|line| !lines_hold(&lines, &line.id)).collect::<Vec<_>>());
        self.lines = lines;
    }
}

fn lines_hold(lines: &[Line], id: &str) -> bool {
    lines.iter().any(|line| line.id == id)
}

fn line_of(outgoing: &Outgoing) -> Line {
    Line {
        id: outgoing.message_id.clone(),
        role: "visitor".to_owned(),
        text: outgoing.text.clone(),
        delivery: outgoing.refused.clone().map_or(Delivery::Kept, Delivery::Failed),
    }
}

fn line_told(told: Told) -> Line {
    Line { id: told.message_id, role: told.role, text: told.text, delivery: Delivery::Stored }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(ulid: &str) -> Stamp {
        Stamp { ulid: ulid.to_owned(), ..Stamp::default() }
    }

    fn say(state: &mut State, text: &str, ulid: &str) -> Vec<Effect> {
        state.update(Event::Typed(text.to_owned()));
        state.update(Event::Submitted(stamp(ulid)))
    }

    fn sent(effects: &[Effect]) -> Option<(&str, Option<&str>)> {
        effects.iter().find_map(|effect| match effect {
            Effect::Send(outgoing, token) => Some((outgoing.message_id.as_str(), token.as_deref())),
            _ => None,
        })
    }

    fn answer(token: &str) -> Answer {
        Answer { session_token: Some(token.to_owned()), ..Answer::default() }
    }

    #[test]
    fn a_message_is_kept_before_it_is_sent_and_forgotten_when_it_is_taken() {
        let mut state = State::default();
        let effects = say(&mut state, "  Hello ", "1");
        assert!(matches!(&effects[0], Effect::Keep(kept) if kept.text == "Hello" && kept.seq == 0));
        assert_eq!(sent(&effects), Some(("msg_1", None)));
        assert_eq!(state.lines[0].delivery, Delivery::Kept);
        let effects = state.update(Event::Answered("msg_1".into(), answer("st_1")));
        assert!(effects.contains(&Effect::Forget("msg_1".into())));
        assert_eq!(state.lines[0].delivery, Delivery::Stored);
        assert_eq!(sent(&say(&mut state, "More", "2")), Some(("msg_2", Some("st_1"))));
    }

    #[test]
    fn messages_go_one_by_one_in_their_order() {
        let mut state = State::default();
        assert_eq!(sent(&say(&mut state, "one", "1")), Some(("msg_1", None)));
        assert_eq!(sent(&say(&mut state, "two", "2")), None);
        let effects = state.update(Event::Answered("msg_1".into(), answer("st_1")));
        assert_eq!(sent(&effects), Some(("msg_2", Some("st_1"))));
    }

    #[test]
    fn a_refused_message_keeps_nobody_waiting_and_can_be_sent_again() {
        let mut state = State::default();
        say(&mut state, "one", "1");
        say(&mut state, "two", "2");
        let effects = state.update(Event::Refused("msg_1".into(), "too odd".into()));
        assert_eq!(sent(&effects), Some(("msg_2", None)));
        assert_eq!(state.lines[0].delivery, Delivery::Failed("too odd".into()));
        state.update(Event::Answered("msg_2".into(), Answer::default()));
        assert_eq!(sent(&state.update(Event::Retried("msg_1".into()))), Some(("msg_1", None)));
    }

    #[test]
    fn pauses_grow_with_chance_and_honour_the_servers_wish() {
        let mut state = State::default();
        say(&mut state, "one", "1");
        let mut pauses = Vec::new();
        for _ in 0..9 {
            let effects = state.update(Event::Unanswered("msg_1".into(), None, 1.0));
            pauses.extend(
                effects.iter().filter_map(|e| if let Effect::Wait(ms) = e { Some(*ms) } else { None }),
            );
            assert_eq!(sent(&say(&mut state, "more", "x")), None, "nothing is sent during a pause");
            assert_eq!(sent(&state.update(Event::Awake)), Some(("msg_1", None)));
        }
        assert_eq!(pauses, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]);
        let effects = state.update(Event::Unanswered("msg_1".into(), Some(90.0), 0.0));
        assert_eq!(effects, [Effect::Wait(90_000)]);
    }

    #[test]
    fn a_reload_goes_on_where_it_was() {
        let mut state = State::default();
        let session = Session {
            id: "sess_1".into(),
            token: Some("st_1".into()),
            next_seq: 2,
            email: Some("a@b.com".into()),
        };
        let left = |id: &str, seq| Outgoing {
            session_id: "sess_1".into(),
            message_id: id.into(),
            seq,
            ..Outgoing::default()
        };
        let effects = state.update(Event::Restored(Some(session), vec![left("msg_b", 1), left("msg_a", 0)]));
        assert_eq!(effects[0], Effect::LoadHistory("sess_1".into(), "st_1".into()));
        assert_eq!(sent(&effects), Some(("msg_a", Some("st_1"))));
        assert_eq!(state.address.email.as_deref(), Some("a@b.com"));
        let told = |id: &str| Told { message_id: id.into(), role: "visitor".into(), text: String::new() };
        state.update(Event::History(vec![told("msg_0"), told("msg_a")]));
        let ids: Vec<&str> = state.lines.iter().map(|line| line.id.as_str()).collect();
        assert_eq!(ids, ["msg_0", "msg_a", "msg_b"]);
    }

    #[test]
    fn the_address_is_seen_while_typing_and_travels_with_the_message() {
        let mut state = State::default();
        state.update(Event::Typed("write to jane@gmial.com".into()));
        assert_eq!(state.address.email.as_deref(), Some("jane@gmial.com"));
        assert_eq!(state.address.suggestion.as_deref(), Some("jane@gmail.com"));
        state.update(Event::SuggestionTaken(stamp("0")));
        assert_eq!(state.address.email.as_deref(), Some("jane@gmail.com"));
        let effects = state.update(Event::Submitted(stamp("1")));
        assert!(matches!(&effects[0], Effect::Keep(kept) if kept.email.as_deref() == Some("jane@gmail.com")));
        let effects = say(&mut state, "no address here", "2");
        assert!(matches!(&effects[0], Effect::Keep(kept) if kept.email.is_none()));
        assert_eq!(state.address.email.as_deref(), Some("jane@gmail.com"));
    }

    #[test]
    fn an_address_changed_after_the_message_is_a_message_of_its_own() {
        let mut state = State::default();
        say(&mut state, "I am jane@acme.com", "1");
        state.update(Event::AddressOpened);
        state.update(Event::AddressSaved(Some("nonsense".into()), stamp("2")));
        assert!(state.address.wrong && state.address.editing);
        let effects = state.update(Event::AddressSaved(Some("jane@example.org".into()), stamp("2")));
        assert!(matches!(&effects[0], Effect::Keep(kept) if kept.text == "jane@example.org"));
        assert_eq!(state.lines.len(), 2);
    }

    #[test]
    fn nothing_is_kept_before_the_visitor_writes() {
        let mut state = State::default();
        assert_eq!(state.update(Event::Restored(None, Vec::new())), []);
        assert_eq!(state.update(Event::Opened), [Effect::FocusInput]);
        state.update(Event::Typed("   ".into()));
        assert_eq!(state.update(Event::Submitted(stamp("1"))), [Effect::FocusInput]);
    }
}
