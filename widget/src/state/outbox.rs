//! How a message leaves: kept first, sent by one tab at a time, asked for until the server has it.

use super::event::{Effect, News};
use super::message::{Answer, Delivery, Outgoing, Session, Stamp};
use super::talk::pause;
use super::{Erasing, MAX_TEXT_CHARS, State};

/// As many messages wait at most.
const MOST_WAITING: usize = 500;
/// They weigh as many bytes at most.
const MOST_BYTES: usize = 1024 * 1024;
/// What is sent while the page is being left: browsers allow 64 KiB, of which headers are a part.
const LAST_BYTES: usize = 48 * 1024;
/// The longest pause that the server may ask for, in seconds.
const LONGEST_WISH: f64 = 600.0;
/// Why a message is not taken in: too many are waiting.
const FULL: &str = "full";
/// Why a message is not sent any more: it is too old.
const EXPIRED: &str = "expired";

/// The messages that the server has not confirmed.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// In the order of their numbers.
    waiting: Vec<Outgoing>,
    /// The message that is under way.
    sending: Option<String>,
    /// Failed attempts in a row.
    attempts: u32,
    pause: Pause,
    lock: Lock,
    /// Whether it is time to ask for what the edge has.
    due: bool,
    chance: f64,
}

/// Why nothing is sent for a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Pause {
    #[default]
    None,
    /// An attempt has failed.
    Failed,
    /// An attempt has failed, and the server has said how long to wait.
    Asked,
    /// Nothing is left but what the edge delivers.
    Queued,
}

/// Whether this tab may send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Lock {
    #[default]
    Free,
    Asked,
    Held,
}

impl Outbox {
    pub(super) fn is_busy(&self) -> bool {
        self.sending.is_some()
    }

    pub(super) fn is_failing(&self) -> bool {
        self.has_failed() && self.attempts > 1
    }

    fn has_failed(&self) -> bool {
        matches!(self.pause, Pause::Failed | Pause::Asked)
    }

    /// Whether an address is on its way that the server does not know.
    pub(super) fn carries_address(&self) -> bool {
        self.waiting.iter().any(|outgoing| outgoing.email.is_some())
    }

    fn find(&mut self, id: &str) -> Option<&mut Outgoing> {
        self.waiting.iter_mut().find(|outgoing| outgoing.message_id == id)
    }

    /// Takes a message out; gives whether it was there.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|outgoing| outgoing.message_id != id);
        self.waiting.len() < before
    }

    fn insert(&mut self, outgoing: Outgoing) {
        let place = self
            .waiting
            .iter()
            .position(|other| (other.seq, &other.message_id) > (outgoing.seq, &outgoing.message_id));
        self.waiting.insert(place.unwrap_or(self.waiting.len()), outgoing);
    }

    fn is_full_for(&self, outgoing: &Outgoing) -> bool {
        let weight: usize = self.waiting.iter().map(Outgoing::weight).sum();
        self.waiting.len() >= MOST_WAITING || weight + outgoing.weight() > MOST_BYTES
    }
}

impl State {
    pub(super) fn restore_outbox(&mut self, outbox: Vec<Outgoing>, oldest: &str, effects: &mut Vec<Effect>) {
        for mut outgoing in outbox {
            if outgoing.refused.is_none() && outgoing.sent_at.as_str() < oldest {
                outgoing.refused = Some(EXPIRED.to_owned());
                effects.push(Effect::Keep(outgoing.clone()));
            }
            self.outbox.insert(outgoing);
        }
        for outgoing in &self.outbox.waiting {
            self.lines.push(outgoing.line());
        }
        self.outbox.due = true;
        self.send_next(effects);
    }

    pub(super) fn submit(&mut self, text: &str, stamp: Stamp, effects: &mut Vec<Effect>) {
        let text: String = text.trim().chars().take(MAX_TEXT_CHARS).collect();
        if text.is_empty() {
            return;
        }
        let email = self.address_of(&text);
        self.no_reply = false;
        self.take_kept_session(stamp.session);
        let session = self
            .session
            .get_or_insert_with(|| Session { id: ["sess_", &stamp.ulid].concat(), ..Session::default() });
        let mut outgoing = Outgoing {
            session_id: session.id.clone(),
            message_id: ["msg_", &stamp.ulid].concat(),
            seq: session.next_seq,
            text,
            email: email.clone(),
            sent_at: stamp.sent_at,
            page: stamp.page,
            refused: None,
            queued: false,
            held: true,
        };
        session.next_seq += 1;
        if email.is_some() && session.email != email {
            session.email.clone_from(&email);
            effects.extend(email.map(|email| Effect::Tell(News::Email(email))));
        }
        self.address.email.clone_from(&session.email);
        if self.outbox.is_full_for(&outgoing) {
            outgoing.refused = Some(FULL.to_owned());
            effects.push(Effect::Tell(News::Error(outgoing.message_id.clone(), FULL.to_owned())));
        }
        effects.push(Effect::Tell(News::Message(outgoing.line())));
        self.lines.push(outgoing.line());
        self.outbox.insert(outgoing);
        self.keep_held(effects);
    }

    /// Keeps what was held in memory, as soon as that is allowed, and sends it.
    pub(super) fn keep_held(&mut self, effects: &mut Vec<Effect>) {
        if !self.may_keep() {
            return;
        }
        let mut kept = false;
        for outgoing in &mut self.outbox.waiting {
            if outgoing.held && outgoing.refused.is_none() {
                outgoing.held = false;
                kept = true;
                // The message first: what was typed must outlive whatever happens next.
                effects.push(Effect::Keep(outgoing.clone()));
                if let Some(line) = self.lines.change(&outgoing.message_id) {
                    line.delivery = outgoing.delivery();
                }
            }
        }
        if kept {
            self.agreed = true;
            self.keep_session(effects);
        }
        self.send_next(effects);
    }

    pub(super) fn keep_session(&self, effects: &mut Vec<Effect>) {
        if let Some(session) = self.session.as_ref().filter(|_| self.agreed) {
            effects.push(Effect::KeepSession(session.clone()));
        }
    }

    /// The session as another tab may have left it.
    fn take_kept_session(&mut self, kept: Option<Session>) {
        let Some(kept) = kept else { return };
        match &mut self.session {
            Some(own) if own.id == kept.id => {
                own.next_seq = own.next_seq.max(kept.next_seq);
                if kept.token.is_some() {
                    own.token = kept.token;
                }
            }
            Some(_) => {}
            None => self.session = Some(kept),
        }
    }

    pub(super) fn send_next(&mut self, effects: &mut Vec<Effect>) {
        let may_send = self.may_keep();
        let outbox = &mut self.outbox;
        if outbox.sending.is_some() || outbox.has_failed() || !may_send {
            return;
        }
        // A refused message waits for the visitor and keeps nobody waiting.
        let open = |outgoing: &&Outgoing| outgoing.refused.is_none();
        let fresh = outbox.waiting.iter().filter(open).find(|outgoing| !outgoing.queued);
        let queued = outbox.waiting.iter().find(open);
        let Some(next) = fresh.or(queued.filter(|_| outbox.due)) else {
            if queued.is_some() && outbox.pause == Pause::None {
                outbox.pause = Pause::Queued;
                outbox.attempts = outbox.attempts.saturating_add(1);
                effects.push(Effect::Wait(pause(outbox.attempts, outbox.chance)));
            }
            if outbox.lock == Lock::Held {
                outbox.lock = Lock::Free;
                effects.push(Effect::Unlock);
            }
            return;
        };
        match outbox.lock {
            Lock::Free => {
                outbox.lock = Lock::Asked;
                effects.push(Effect::Lock);
            }
            Lock::Asked => {}
            Lock::Held => {
                outbox.due &= !next.queued;
                outbox.sending = Some(next.message_id.clone());
                let session = self.session.as_ref().filter(|session| session.id == next.session_id);
                let token = session.and_then(|session| session.token.clone());
                effects.push(Effect::Send(Box::new(next.clone()), token));
            }
        }
    }

    /// What the browser keeps is the truth: another tab may have sent some of it.
    pub(super) fn locked(&mut self, stored: Option<Vec<Outgoing>>, effects: &mut Vec<Effect>) {
        if self.outbox.lock != Lock::Asked {
            effects.push(Effect::Unlock);
            return;
        }
        self.outbox.lock = Lock::Held;
        if let Some(stored) = stored {
            let own =
                self.outbox.waiting.iter().filter(|outgoing| !outgoing.held && outgoing.refused.is_none());
            let there = |id: &str| stored.iter().any(|outgoing| outgoing.message_id == id);
            let gone: Vec<String> =
                own.map(|outgoing| outgoing.message_id.clone()).filter(|id| !there(id)).collect();
            for id in gone {
                self.gone_elsewhere(&id, effects);
            }
            for outgoing in stored {
                self.note(outgoing);
            }
        }
        self.send_next(effects);
    }

    pub(super) fn kept_elsewhere(&mut self, outgoing: Outgoing, effects: &mut Vec<Effect>) {
        self.note(outgoing);
        // Waits for its turn behind the other tab, in case that one is closed before the message is sent.
        self.send_next(effects);
    }

    fn note(&mut self, outgoing: Outgoing) {
        let line = outgoing.line();
        match self.outbox.find(&line.id) {
            Some(known) => *known = outgoing,
            None => self.outbox.insert(outgoing),
        }
        match self.lines.change(&line.id) {
            Some(known) => known.delivery = line.delivery,
            None => self.lines.push(line),
        }
    }

    pub(super) fn gone_elsewhere(&mut self, id: &str, effects: &mut Vec<Effect>) {
        if self.outbox.sending.as_deref() != Some(id) && self.outbox.remove(id) {
            // The history will say whether it is stored.
            self.mark(id, Delivery::Queued);
            self.load_history(effects);
        }
    }

    pub(super) fn session_elsewhere(&mut self, session: Option<Session>, effects: &mut Vec<Effect>) {
        match (session, &self.session) {
            (None, Some(_)) => self.wipe(),
            (kept, own) => {
                let is_key_new = own.as_ref().is_none_or(|own| own.token.is_none());
                self.agreed |= kept.is_some();
                let email = kept.as_ref().and_then(|kept| kept.email.clone());
                self.take_kept_session(kept);
                if let Some(session) = self.session.as_mut().filter(|_| email.is_some()) {
                    session.email = email;
                    self.look_for_address();
                }
                if is_key_new {
                    self.load_history(effects);
                    self.listen(effects);
                }
            }
        }
    }

    pub(super) fn retry(&mut self, id: &str, effects: &mut Vec<Effect>) {
        let Some(outgoing) = self.outbox.find(id) else { return };
        outgoing.refused = None;
        outgoing.held = true;
        if self.outbox.pause != Pause::Asked {
            self.outbox.pause = Pause::None;
        }
        self.keep_held(effects);
    }

    pub(super) fn taken(&mut self, id: &str, answer: Answer, chance: f64, effects: &mut Vec<Effect>) {
        self.outbox.chance = chance;
        if answer.queued {
            if let Some(outgoing) = self.outbox.find(id) {
                outgoing.queued = true;
                effects.push(Effect::Keep(outgoing.clone()));
            }
            self.outbox.due = false;
            self.mark(id, Delivery::Queued);
        } else {
            self.outbox.remove(id);
            effects.push(Effect::Forget(id.to_owned()));
            self.mark(id, Delivery::Stored);
            self.outbox.attempts = 0;
            self.talk.wait_for(id);
        }
        self.take_answer(&answer, effects);
        self.show_typing();
        self.sent(id, effects);
        self.listen(effects);
        if self.erasing == Erasing::Running {
            self.erase(effects);
        }
    }

    pub(super) fn refused(&mut self, id: &str, reason: String, effects: &mut Vec<Effect>) {
        if let Some(outgoing) = self.outbox.find(id) {
            outgoing.refused = Some(reason.clone());
            effects.push(Effect::Keep(outgoing.clone()));
        }
        effects.push(Effect::Tell(News::Error(id.to_owned(), reason.clone())));
        self.mark(id, Delivery::Failed(reason));
        self.sent(id, effects);
    }

    /// A pause by chance; the server's wish is the least.
    pub(super) fn unanswered(
        &mut self,
        id: &str,
        asked: Option<f64>,
        chance: f64,
        effects: &mut Vec<Effect>,
    ) {
        let outbox = &mut self.outbox;
        if outbox.sending.as_deref() != Some(id) {
            return;
        }
        outbox.sending = None;
        outbox.chance = chance;
        outbox.pause = if asked.is_some() { Pause::Asked } else { Pause::Failed };
        outbox.attempts = outbox.attempts.saturating_add(1);
        let asked = asked.map_or(0, |seconds| (seconds.min(LONGEST_WISH) * 1_000.0) as u32);
        effects.push(Effect::Wait(pause(outbox.attempts, chance).max(asked)));
    }

    /// `due` says that the pause is over; whatever else wakes the page does not cut short what the server has asked for.
    pub(super) fn awake(&mut self, due: bool, effects: &mut Vec<Effect>) {
        if due || self.outbox.pause != Pause::Asked {
            self.outbox.pause = Pause::None;
            self.outbox.due = true;
        }
        self.send_next(effects);
        self.listen(effects);
    }

    pub(super) fn unkept(&mut self, id: &str) {
        if let Some(outgoing) = self.outbox.find(id) {
            outgoing.held = true;
            self.mark(id, Delivery::Held);
        }
    }

    /// The page is being left: what fits is sent once more in a way that outlives it. It stays in the outbox until an
    /// answer is read.
    pub(super) fn flush(&mut self, effects: &mut Vec<Effect>) {
        if !self.may_keep() {
            return;
        }
        let mut bytes = 0;
        for outgoing in self.outbox.waiting.iter().filter(|one| one.refused.is_none() && !one.queued) {
            bytes += outgoing.weight();
            if bytes > LAST_BYTES {
                break;
            }
            let session = self.session.as_ref().filter(|session| session.id == outgoing.session_id);
            let token = session.and_then(|session| session.token.clone());
            effects.push(Effect::Flush(Box::new(outgoing.clone()), token));
        }
        // A page that holds a lock cannot be kept for the way back.
        self.outbox.lock = Lock::Free;
        effects.push(Effect::Unlock);
    }

    fn sent(&mut self, id: &str, effects: &mut Vec<Effect>) {
        if self.outbox.sending.as_deref() == Some(id) {
            self.outbox.sending = None;
        }
        self.send_next(effects);
    }

    fn mark(&mut self, id: &str, delivery: Delivery) {
        if let Some(line) = self.lines.change(id) {
            line.delivery = delivery;
        }
    }
}
