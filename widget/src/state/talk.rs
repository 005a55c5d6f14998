//! What comes back: answers piece by piece, messages of people, the history.

use super::State;
use super::event::{Effect, News};
use super::message::{Answer, Line, Session};

/// The longest pause between two attempts, in milliseconds.
const LONGEST_PAUSE: f64 = 60_000.0;

/// What is being waited for.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// The messages whose answers are being written.
    awaited: Vec<String>,
    /// Whether the stream of messages is open.
    listening: bool,
    /// Whether the server has no such stream, or none for this session.
    deaf: bool,
    /// Failed attempts in a row.
    attempts: u32,
    /// The last place in the stream.
    place: Option<String>,
}

impl Talk {
    pub(super) fn wait_for(&mut self, id: &str) {
        self.awaited.push(id.to_owned());
    }
}

/// Full jitter between one second and a ceiling that doubles up to a minute; in milliseconds.
pub(super) fn pause(attempts: u32, chance: f64) -> u32 {
    let ceiling = f64::from(1_000u32 << attempts.min(6)).min(LONGEST_PAUSE);
    (1_000.0 + chance * (ceiling - 1_000.0)) as u32
}

fn partial_id(id: &str) -> String {
    ["partial_", id].concat()
}

impl State {
    /// What the server says about the session; an address that is still on its way is newer than the answer's.
    pub(super) fn take_answer(&mut self, answer: &Answer, effects: &mut Vec<Effect>) {
        let newer = self.outbox.carries_address();
        let Some(session) = &mut self.session else { return };
        let before = session.clone();
        if answer.session_token.is_some() {
            session.token.clone_from(&answer.session_token);
        }
        // Whoever is given the key is told the session's address, also that there is none any more.
        if (answer.email.is_some() || answer.session_token.is_some()) && !newer {
            session.email.clone_from(&answer.email);
        }
        if *session != before {
            if let Some(email) = session.email.clone().filter(|_| session.email != before.email) {
                effects.push(Effect::Tell(News::Email(email)));
            }
            self.keep_session(effects);
        }
        if !newer && !self.address.confirmed && !self.address.editing {
            self.look_for_address();
            if self.address.suggestion.is_none() && self.address.email == answer.email {
                self.address.suggestion.clone_from(&answer.suggestion);
            }
        }
    }

    pub(super) fn delta(&mut self, id: &str, text: &str) {
        let partial = partial_id(id);
        match self.lines.change(&partial) {
            Some(line) => line.text.push_str(text),
            None => {
                let line = Line {
                    id: partial,
                    role: "assistant".to_owned(),
                    text: text.to_owned(),
                    partial: true,
                    ..Line::default()
                };
                self.lines.insert_behind(id, line);
            }
        }
        self.show_typing();
    }

    pub(super) fn reply(&mut self, id: &str, line: Line, effects: &mut Vec<Effect>) {
        let partial = partial_id(id);
        self.lines.remove(&partial);
        self.talk.awaited.retain(|awaited| awaited != id);
        self.show_typing();
        if !self.lines.holds(&line.id) {
            self.lines.insert_behind(id, line.clone());
            self.announce(line, effects);
        }
    }

    pub(super) fn no_reply(&mut self, id: &str) {
        self.no_reply = true;
        let partial = partial_id(id);
        self.lines.remove(&partial);
        self.talk.awaited.retain(|awaited| awaited != id);
        self.show_typing();
    }

    pub(super) fn ended(&mut self, id: &str, effects: &mut Vec<Effect>) {
        let partial = partial_id(id);
        self.talk.awaited.retain(|awaited| awaited != id);
        if self.lines.holds(&partial) {
            // It broke off: what the server has kept of it is in the history.
            self.lines.remove(&partial);
            self.load_history(effects);
        }
        self.show_typing();
    }

    pub(super) fn show_typing(&mut self) {
        self.typing = !self.person && self.talk.awaited.iter().any(|id| !self.lines.holds(&partial_id(id)));
    }

    /// What came before the first place is in the history.
    pub(super) fn placed(&mut self, place: String, effects: &mut Vec<Effect>) {
        if self.talk.place.replace(place).is_none() {
            self.load_history(effects);
        }
    }

    pub(super) fn arrived(&mut self, line: Line, effects: &mut Vec<Effect>) {
        self.talk.attempts = 0;
        if self.lines.holds(&line.id) {
            return;
        }
        self.lines.push(line.clone());
        if line.role != "visitor" {
            self.announce(line, effects);
        }
    }

    fn announce(&mut self, line: Line, effects: &mut Vec<Effect>) {
        if self.sound {
            effects.push(Effect::Sound);
        }
        if !self.open {
            self.unread += 1;
        }
        self.see(effects);
        effects.push(Effect::Tell(News::Message(line)));
    }

    /// What an open panel shows is seen.
    pub(super) fn see(&mut self, effects: &mut Vec<Effect>) {
        let last = self.lines.iter().rev().find(|line| line.role != "visitor" && !line.partial);
        let (Some(last), Some(session)) = (last.filter(|_| self.open), &mut self.session) else { return };
        if session.seen.as_ref() != Some(&last.id) {
            session.seen = Some(last.id.clone());
            self.keep_session(effects);
        }
    }

    pub(super) fn load_history(&self, effects: &mut Vec<Effect>) {
        if let Some(Session { id, token: Some(token), .. }) = &self.session {
            effects.push(Effect::LoadHistory(id.clone(), token.clone()));
        }
    }

    /// The server's order, and behind it what it does not know yet.
    pub(super) fn take_history(&mut self, lines: Vec<Line>, effects: &mut Vec<Effect>) {
        for line in lines.iter().filter(|line| line.role == "visitor") {
            if self.outbox.remove(&line.id) {
                effects.push(Effect::Forget(line.id.clone()));
            }
        }
        for line in self.lines.replace(lines) {
            if !self.lines.holds(&line.id) {
                self.lines.push(line);
            }
        }
        if !self.open {
            let seen = self.session.as_ref().and_then(|session| session.seen.clone());
            let new = self.lines.iter().rev().take_while(|line| Some(&line.id) != seen.as_ref());
            self.unread = new.filter(|line| line.role != "visitor" && !line.partial).count() as u32;
        }
        self.see(effects);
    }

    /// Also behind a closed panel: what a person answers is to be seen on the button.
    pub(super) fn listen(&mut self, effects: &mut Vec<Effect>) {
        let Some(Session { id, token: Some(token), .. }) = &self.session else { return };
        if !self.hidden && !self.talk.listening && !self.talk.deaf {
            self.talk.listening = true;
            effects.push(Effect::Listen(id.clone(), token.clone(), self.talk.place.clone()));
        }
    }

    pub(super) fn deafen(&mut self, effects: &mut Vec<Effect>) {
        if self.talk.listening {
            self.talk.listening = false;
            effects.push(Effect::Deafen);
        }
    }

    pub(super) fn deafened(&mut self, again: bool, chance: f64, effects: &mut Vec<Effect>) {
        self.talk.listening = false;
        self.talk.deaf = !again;
        if again && !self.hidden {
            self.talk.attempts = self.talk.attempts.saturating_add(1);
            effects.push(Effect::WaitToListen(pause(self.talk.attempts, chance)));
        }
    }
}
