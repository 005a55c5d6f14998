//! What the widget knows and decides: a pure function from what happens to what is to be done.
//!
//! No browser, no clock, no chance in here: they come in with the events. `event` lists both sides, `outbox` is how a
//! message leaves, `talk` what comes back, `address` where the answer goes, `settings` what the business has set.

mod address;
mod event;
mod lines;
mod message;
mod outbox;
mod settings;
mod talk;

#[cfg(test)]
mod tests;

pub use address::Address;
pub use event::{Effect, Event, News, Place};
pub use lines::Lines;
pub use message::{Answer, Delivery, Line, Outgoing, Session, Stamp};
pub use settings::{Consent, Hours, Rule, Settings, Span, Visit, minutes};

use outbox::Outbox;
use talk::Talk;

/// The longest message, in characters.
pub const MAX_TEXT_CHARS: usize = porchlight_protocol::capture::MAX_TEXT_CHARS;

/// Everything the widget knows.
#[derive(Debug, Default)]
pub struct State {
    /// Whether the panel is shown.
    pub open: bool,
    /// The conversation, oldest first.
    pub lines: Lines,
    /// What stands in the text box.
    pub draft: String,
    /// Where the answer will go.
    pub address: Address,
    /// What the business has set.
    pub settings: Settings,
    /// How many answers the visitor has not seen.
    pub unread: u32,
    /// Whether an answer is being written and nothing of it can be shown yet.
    pub typing: bool,
    /// Whether the last answer failed: the message stands, and somebody will read it.
    pub no_reply: bool,
    /// Whether the browser says that it has no network.
    pub offline: bool,
    /// Whether a person answers.
    pub person: bool,
    /// Whether it is outside the business hours.
    pub away: bool,
    /// Whether answers can be heard.
    pub sound: bool,
    /// How far the wish to delete the conversation has come.
    pub erasing: Erasing,
    /// The visitor's name, where the page has said it.
    pub name: Option<String>,
    /// Whether the settings are known, or known not to come.
    dressed: bool,
    /// Whether the visitor has said yes to the question about privacy.
    agreed: bool,
    /// Whether nobody sees the page.
    hidden: bool,
    session: Option<Session>,
    outbox: Outbox,
    talk: Talk,
}

/// How far the wish to delete the conversation has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Erasing {
    /// There is none.
    #[default]
    No,
    /// The visitor is asked whether it is meant.
    Asked,
    /// It is being done.
    Running,
    /// The server could not be reached.
    Failed,
}

impl State {
    /// Takes in what happened; the effects are to be done in their order.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.happen(event, &mut effects);
        effects
    }

    /// Whether the question about privacy stands before everything else.
    pub fn asks_consent(&self) -> bool {
        self.settings.consent == Consent::Ask && !self.agreed
    }

    /// By how many characters what stands in the text box is too long.
    pub fn excess(&self) -> usize {
        // By the bytes that begin one: the standard library's own count is made for speed and weighs hundreds of bytes.
        let begins = |byte: &u8| byte & 0xC0 != 0x80;
        self.draft.trim().bytes().filter(begins).count().saturating_sub(MAX_TEXT_CHARS)
    }

    /// Whether there is something to copy or delete.
    pub fn has_conversation(&self) -> bool {
        !self.lines.is_empty()
    }

    fn happen(&mut self, event: Event, effects: &mut Vec<Effect>) {
        match event {
            Event::Restored(session, outbox, oldest) => self.restore(session, outbox, &oldest, effects),
            Event::Dressed(settings) => self.dress(*settings, effects),
            Event::Opened => self.open(effects),
            Event::Closed => self.close(effects),
            Event::Toggled if self.open => self.close(effects),
            Event::Toggled => self.open(effects),
            Event::Typed(text) => {
                self.draft = text;
                self.look_for_address();
            }
            Event::Submitted(stamp) => {
                // Nothing is cut behind the visitor's back: what is too long stays, and is said to be.
                if self.excess() == 0 {
                    let text = std::mem::take(&mut self.draft);
                    self.submit(&text, stamp, effects);
                }
                effects.push(Effect::Focus(Place::Input));
            }
            Event::Said(text, stamp) => self.submit(&text, stamp, effects),
            Event::Identified(email, name) => self.identify(email, name, effects),
            Event::AddressOpened => self.edit_address(effects),
            Event::AddressSaved(typed, stamp) => self.save_address(typed, stamp, effects),
            Event::SuggestionTaken(stamp) => self.take_suggestion(stamp, effects),
            Event::Retried(id) => self.retry(&id, effects),
            Event::Agreed => {
                self.agreed = true;
                self.keep_held(effects);
                effects.push(Effect::Focus(Place::Input));
            }
            Event::Declined => {
                self.wipe();
                self.close(effects);
            }
            Event::SoundToggled => self.sound = !self.sound,
            Event::EraseAsked => {
                self.erasing = Erasing::Asked;
                effects.push(Effect::Focus(Place::Erase));
            }
            Event::EraseConfirmed => self.erase(effects),
            Event::EraseCancelled => {
                self.erasing = Erasing::No;
                effects.push(Effect::Focus(Place::Input));
            }
            Event::Erased(done) => self.erased(done, effects),
            Event::Visiting(page_url, visit) => self.visit(&page_url, &visit, effects),
            Event::Clock(day, minute) => {
                self.away = self.settings.hours.as_ref().is_some_and(|hours| !hours.is_open(day, minute));
            }
            sending => self.happen_outside(sending, effects),
        }
    }

    /// What the network and the other tabs do.
    fn happen_outside(&mut self, event: Event, effects: &mut Vec<Effect>) {
        match event {
            Event::Taken(id, answer, chance) => self.taken(&id, answer, chance, effects),
            Event::Delta(id, text) => self.delta(&id, &text),
            Event::Reply(id, line) => self.reply(&id, line, effects),
            Event::NoReply(id) => self.no_reply(&id),
            Event::Ended(id) => self.ended(&id, effects),
            Event::Refused(id, reason) => self.refused(&id, reason, effects),
            Event::Unanswered(id, asked, chance) => self.unanswered(&id, asked, chance, effects),
            Event::Awake(due) => {
                // A pause is over in a hidden page as well.
                self.hidden &= due;
                self.awake(due, effects);
            }
            Event::Hidden => {
                // Browsers allow few connections to one place; they are for those who look.
                self.hidden = true;
                self.deafen(effects);
            }
            Event::CanFind => self.look_for_address(),
            Event::History(lines) => self.take_history(lines, effects),
            Event::Arrived(line) => self.arrived(line, effects),
            Event::Placed(place) => self.placed(place, effects),
            Event::Mode(person) => self.person = person,
            Event::Missed => self.load_history(effects),
            Event::Deafened(again, chance) => self.deafened(again, chance, effects),
            Event::Listening => self.listen(effects),
            Event::Locked(stored) => self.locked(stored, effects),
            Event::Unkept(id) => self.unkept(&id),
            Event::KeptElsewhere(outgoing) => self.kept_elsewhere(outgoing, effects),
            Event::GoneElsewhere(id) => self.gone_elsewhere(&id, effects),
            Event::Offline(offline) => {
                self.offline = offline;
                if !offline {
                    self.awake(false, effects);
                }
            }
            Event::SessionElsewhere(session) => self.session_elsewhere(session, effects),
            Event::Leaving => {
                self.flush(effects);
                // A page that waits for its return must not keep a connection that the next page may need.
                self.deafen(effects);
            }
            _ => {}
        }
    }

    fn restore(
        &mut self,
        session: Option<Session>,
        outbox: Vec<Outgoing>,
        oldest: &str,
        effects: &mut Vec<Effect>,
    ) {
        self.agreed = session.is_some();
        self.address.email = session.as_ref().and_then(|session| session.email.clone());
        self.session = session;
        self.restore_outbox(outbox, oldest, effects);
        self.load_history(effects);
        self.listen(effects);
        effects.push(Effect::Tell(News::Ready));
    }

    fn dress(&mut self, settings: Settings, effects: &mut Vec<Effect>) {
        self.sound = settings.sound;
        if settings.hours.is_some() {
            effects.push(Effect::AskTime);
        }
        if !settings.opening.is_empty() && !self.open {
            effects.push(Effect::Watch(true));
        }
        self.settings = settings;
        self.dressed = true;
        self.keep_held(effects);
    }

    fn open(&mut self, effects: &mut Vec<Effect>) {
        if self.open {
            return;
        }
        self.open = true;
        self.unread = 0;
        // Once a visit: whoever has opened it by hand needs no rule.
        effects.push(Effect::Watch(false));
        effects.push(Effect::Focus(Place::Input));
        effects.push(Effect::Tell(News::Open));
        if self.settings.hours.is_some() {
            effects.push(Effect::AskTime);
        }
        self.see(effects);
        self.listen(effects);
    }

    fn close(&mut self, effects: &mut Vec<Effect>) {
        if !self.open {
            return;
        }
        self.open = false;
        if !self.settings.opening.is_empty() {
            effects.push(Effect::RememberClosed);
        }
        effects.push(Effect::Focus(Place::Launcher));
        effects.push(Effect::Tell(News::Close));
    }

    fn visit(&mut self, page_url: &str, visit: &Visit, effects: &mut Vec<Effect>) {
        if !self.open && self.settings.opening.iter().any(|rule| rule.fires(page_url, visit)) {
            self.open(effects);
            // Nobody has asked for it: the focus stays where it is.
            effects.retain(|effect| !matches!(effect, Effect::Focus(_)));
        }
    }

    /// Whether the server cannot be reached and what was written waits.
    pub fn waits(&self) -> bool {
        self.outbox.is_failing()
    }

    /// Whether anything may be kept or sent.
    fn may_keep(&self) -> bool {
        self.dressed && !self.asks_consent()
    }

    fn erase(&mut self, effects: &mut Vec<Effect>) {
        self.erasing = Erasing::Running;
        match &self.session {
            Some(Session { id, token: Some(token), .. }) => {
                effects.push(Effect::Erase(id.clone(), token.clone()));
            }
            // What is under way brings the key with it, and then it is done.
            _ if self.outbox.is_busy() => {}
            _ => self.erased(true, effects),
        }
    }

    fn erased(&mut self, done: bool, effects: &mut Vec<Effect>) {
        if !done {
            self.erasing = Erasing::Failed;
            return;
        }
        self.deafen(effects);
        self.wipe();
        effects.push(Effect::ForgetAll);
        effects.push(Effect::Unlock);
        effects.push(Effect::Focus(Place::Input));
    }

    /// As if the visitor had never written, nor agreed to anything.
    fn wipe(&mut self) {
        self.agreed = false;
        self.lines.replace(Vec::new());
        self.session = None;
        self.address = Address::default();
        self.outbox = Outbox::default();
        self.talk = Talk::default();
        self.erasing = Erasing::No;
        self.typing = false;
        self.person = false;
        self.unread = 0;
    }
}
