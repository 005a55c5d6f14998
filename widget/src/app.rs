//! State and view tied to the browser: what happens comes in here, and goes out through [`crate::host`].

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::color::Palette;
use crate::host;
use crate::state::{
    Answer, Consent, Effect, Erasing, Event, Line, Outgoing, Rule, Session, Settings, Span, Stamp, State,
    Visit, minutes,
};
use crate::view::{focused, looks};
use crate::what::{Act, Happening};

thread_local! {
    static APP: RefCell<App> = RefCell::default();
}

/// Gives a text, or none, to what happens next: the first that it takes comes last.
#[wasm_bindgen]
pub fn give(text: Option<String>) {
    APP.with_borrow_mut(|app| app.read.given.push(text));
}

/// Takes in what happens, by its number, with three numbers that mean what it says below. Never called while it runs:
/// `host.js` sees to that.
#[wasm_bindgen]
pub fn happen(what: u32, a: f64, b: f64, c: f64) {
    APP.with_borrow_mut(|app| {
        if let Some(event) = Happening::of(what).and_then(|what| app.event(what, a, b, c)) {
            app.dispatch(event);
        }
    });
}

/// The running widget.
#[derive(Default)]
struct App {
    state: State,
    read: Read,
    erasing: bool,
    erased: bool,
}

/// What the browser has read for what happens next.
#[derive(Default)]
struct Read {
    given: Vec<Option<String>>,
    stamp: Stamp,
    session: Option<Session>,
    messages: Vec<Outgoing>,
    lines: Vec<Line>,
    settings: Settings,
}

impl App {
    /// What happens, unless it is only read for later.
    fn event(&mut self, what: Happening, a: f64, b: f64, c: f64) -> Option<Event> {
        let read = &mut self.read;
        Some(match what {
            Happening::Start => Event::Restored(read.session(), read.messages(), read.text()),
            Happening::Dress => read.settings(a > 0.0, b > 0.0, c > 0.0),
            Happening::Identify => Event::Identified(read.given(), read.given()),
            Happening::Typed => Event::Typed(read.text()),
            Happening::Send => Event::Submitted(read.stamp()),
            Happening::Say => Event::Said(read.text(), read.stamp()),
            Happening::Open => Event::Opened,
            Happening::Close => Event::Closed,
            Happening::Toggle => Event::Toggled,
            Happening::Edit => Event::AddressOpened,
            Happening::Save => Event::AddressSaved(read.given(), read.stamp()),
            Happening::Leave => Event::AddressSaved(None, Stamp::default()),
            Happening::Suggest => Event::SuggestionTaken(read.stamp()),
            Happening::Retry => Event::Retried(read.text()),
            Happening::Agree => Event::Agreed,
            Happening::Decline => Event::Declined,
            Happening::Sound => Event::SoundToggled,
            Happening::Erase => Event::EraseAsked,
            Happening::EraseYes => Event::EraseConfirmed,
            Happening::EraseNo => Event::EraseCancelled,
            Happening::CanFind => Event::CanFind,
            // Whether a pause is over.
            Happening::Awake => Event::Awake(a > 0.0),
            Happening::Hidden => Event::Hidden,
            Happening::Listen => Event::Listening,
            // Whether the browser keeps anything at all.
            Happening::Locked => Event::Locked((a > 0.0).then(|| read.messages())),
            Happening::Leaving => Event::Leaving,
            Happening::Offline => Event::Offline(a > 0.0),
            Happening::Visit => {
                let visit = Visit { seconds: a as u32, scrolled: b as u32, exiting: c > 0.0 };
                Event::Visiting(read.text(), visit)
            }
            Happening::Clock => Event::Clock(a as u32, b as u32),
            Happening::KeptElsewhere => Event::KeptElsewhere(read.messages().pop()?),
            Happening::GoneElsewhere => Event::GoneElsewhere(read.text()),
            Happening::SessionElsewhere => Event::SessionElsewhere(read.session()),
            Happening::Begin => {
                *self = Self::default();
                return None;
            }
            told => return self.told(told, a, b, c),
        })
    }

    /// What the server says: `a` is the status of an answer, 0 where there was none, `b` the seconds that it asks to wait,
    /// `c` chance, from 0 to 1.
    fn told(&mut self, what: Happening, a: f64, b: f64, c: f64) -> Option<Event> {
        let status = a as u32;
        let read = &mut self.read;
        Some(match what {
            Happening::Taken => {
                let id = read.text();
                let [session_token, email, suggestion] = [(); 3].map(|()| read.given());
                Event::Taken(id, Answer { queued: a > 0.0, session_token, email, suggestion }, c)
            }
            Happening::Delta => Event::Delta(read.text(), read.text()),
            Happening::Reply => Event::Reply(read.text(), read.lines.pop()?),
            Happening::NoReply => Event::NoReply(read.text()),
            Happening::Ended => Event::Ended(read.text()),
            // 4xx is final, but for those that only ask to wait; of everything else it is not known what came of it.
            Happening::Answered => match status {
                400..500 if !matches!(status, 408 | 425 | 429) => Event::Refused(read.text(), read.text()),
                _ => Event::Unanswered(read.text(), Some(b).filter(|wish| *wish > 0.0), c),
            },
            Happening::History => Event::History(std::mem::take(&mut read.lines)),
            Happening::Arrived => Event::Arrived(read.lines.pop()?),
            Happening::Placed => Event::Placed(read.text()),
            Happening::Mode => Event::Mode(a > 0.0),
            Happening::Missed => Event::Missed,
            // A server that has no such stream, or none for this session, will have none soon.
            Happening::Deafened => Event::Deafened(status == 429 || !matches!(status, 400..=499 | 501), c),
            // What is not there is deleted.
            Happening::Erased => Event::Erased(matches!(status, 200..300 | 401 | 404)),
            piece => {
                read.piece(piece, a, b, c);
                return None;
            }
        })
    }

    fn dispatch(&mut self, event: Event) {
        self.read.given.clear();
        let effects = self.state.update(event);
        self.render();
        for effect in effects {
            self.perform(effect);
        }
    }

    /// Brings the screen to the state.
    fn render(&mut self) {
        self.erased = !self.state.has_conversation() && (self.erased || self.erasing);
        self.erasing = self.state.erasing != Erasing::No;
        if let Some(first) = self.state.lines.take_changed() {
            for (place, line) in self.state.lines.iter().enumerate().skip(first) {
                host::line(place, line);
            }
            host::number(Act::Trim, self.state.lines.len() as u32);
        }
        looks(&self.state, self.erased, &mut host::set);
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::KeepSession(session) => host::keep_session(&session),
            Effect::Keep(outgoing) => {
                if !host::keep(&outgoing) {
                    self.dispatch(Event::Unkept(outgoing.message_id));
                }
            }
            Effect::Forget(id) => host::forget(&id),
            Effect::ForgetAll => host::plain(Act::ForgetAll),
            Effect::Lock => host::number(Act::Lock, 1),
            Effect::Unlock => host::number(Act::Lock, 0),
            Effect::Send(outgoing, token) => host::send(Act::Send, &outgoing, token.as_deref()),
            Effect::Flush(outgoing, token) => host::send(Act::Flush, &outgoing, token.as_deref()),
            Effect::Wait(milliseconds) => host::number(Act::Wait, milliseconds),
            Effect::LoadHistory(session, token) => host::ask(Act::History, &session, &token, None),
            Effect::Listen(session, token, place) => {
                host::ask(Act::Listen, &session, &token, place.as_deref());
            }
            Effect::Deafen => host::plain(Act::Deafen),
            Effect::WaitToListen(milliseconds) => host::number(Act::WaitToListen, milliseconds),
            Effect::Erase(session, token) => host::ask(Act::Erase, &session, &token, None),
            Effect::Focus(place) => host::focus(focused(place, &self.state)),
            Effect::Tell(news) => host::tell(&news),
            Effect::Watch(wanted) => host::number(Act::Watch, u32::from(wanted)),
            Effect::AskTime => host::plain(Act::AskTime),
            Effect::RememberClosed => host::plain(Act::StayClosed),
            Effect::Sound => host::plain(Act::Chime),
        }
    }
}

impl Read {
    fn given(&mut self) -> Option<String> {
        self.given.pop().flatten()
    }

    fn text(&mut self) -> String {
        self.given().unwrap_or_default()
    }

    /// Takes in what is read for what happens next; `NaN` stands for a number that is not there.
    fn piece(&mut self, what: Happening, a: f64, b: f64, c: f64) {
        let there = |number: f64| (number >= 0.0).then_some(number as u32);
        match what {
            Happening::Stamp => {
                self.stamp = Stamp {
                    ulid: self.text(),
                    sent_at: self.text(),
                    page: self.text(),
                    session: self.session(),
                };
            }
            Happening::Session => {
                let [id, token, email, seen] = [(); 4].map(|()| self.given());
                self.session = id.map(|id| Session { id, token, email, seen, next_seq: a as u32 });
            }
            Happening::Message => {
                let outgoing = Outgoing {
                    page: self.text(),
                    session_id: self.text(),
                    message_id: self.text(),
                    text: self.text(),
                    email: self.given(),
                    sent_at: self.text(),
                    refused: self.given(),
                    seq: a as u32,
                    queued: b > 0.0,
                    held: false,
                };
                self.messages.push(outgoing);
            }
            Happening::Line => {
                if let (Some(id), Some(role), Some(text)) = (self.given(), self.given(), self.given()) {
                    let (at, sources) = (self.text(), self.text());
                    self.lines.push(Line { id, role, text, at, sources, ..Line::default() });
                }
            }
            Happening::Rule => {
                let rule = Rule {
                    url: self.given(),
                    after_seconds: there(a),
                    scroll_percent: there(b),
                    on_exit: c > 0.0,
                };
                self.settings.opening.push(rule);
            }
            Happening::Span => {
                if let (Some(from), Some(to)) = (minutes(&self.text()), minutes(&self.text())) {
                    let hours = self.settings.hours.get_or_insert_default();
                    hours.0.push(Span { days: a as u32, from, to });
                }
            }
            _ => {}
        }
        self.given.clear();
    }

    fn stamp(&mut self) -> Stamp {
        std::mem::take(&mut self.stamp)
    }

    fn session(&mut self) -> Option<Session> {
        self.session.take()
    }

    fn messages(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.messages)
    }

    fn settings(&mut self, ask_email: bool, sound: bool, has_hours: bool) -> Event {
        let mut settings = std::mem::take(&mut self.settings);
        if has_hours {
            settings.hours.get_or_insert_default();
        }
        settings.consent = Consent::named(&self.text());
        let color = self.text();
        if let Some(palette) = Palette::of(&color) {
            host::set("host", "--site-accent", Some(&color));
            host::set("host", "--site-on-accent", Some(palette.on));
            host::set("host", "--site-link", Some(&palette.link));
            host::set("host", "--site-link-dark", Some(&palette.link_dark));
        }
        Event::Dressed(Box::new(Settings { ask_email, sound, ..settings }))
    }
}
