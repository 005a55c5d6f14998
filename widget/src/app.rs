//! State, view, transport and outbox tied together; what `main.js` starts.

use wasm_bindgen::prelude::*;

use crate::json::Json;
use crate::outbox::{self, Change};
use crate::page::stamp;
use crate::state::{Effect, Event, News, State, Visit};
use crate::transport::{Told, Transport};
use crate::view::{Input, View};
use crate::{host, settings};

/// The running widget. Its methods are never called while one of them runs: `host.js` sees to that.
#[wasm_bindgen]
pub struct App {
    state: State,
    view: View,
    transport: Transport,
    site_key: String,
    wishes: Json,
}

#[wasm_bindgen]
impl App {
    /// For a screen, a site's key and the wishes of the script tag (its `data-` attributes).
    #[wasm_bindgen(constructor)]
    pub fn new(screen: JsValue, site_key: String, wishes: JsValue) -> Self {
        Self {
            state: State::default(),
            view: View::of(screen),
            transport: Transport::default(),
            site_key,
            wishes: Json::of(wishes),
        }
    }

    /// Takes in what the visitor, the page or the browser does.
    pub fn take(&mut self, what: &str, value: String) {
        if let Some(event) = self.event(what, value) {
            self.dispatch(event);
        }
    }

    /// Takes in the site's settings; nothing where they cannot be had.
    pub fn dress(&mut self, told: JsValue) {
        let settings = settings::read(&Json::of(told), &self.wishes);
        self.dispatch(Event::Dressed(Box::new(settings)));
    }

    /// Takes in who the visitor is.
    pub fn identify(&mut self, email: Option<String>, name: Option<String>) {
        self.dispatch(Event::Identified(email, name));
    }

    /// Takes in what another tab has done to what is kept under a name.
    pub fn shared(&mut self, name: &str, text: Option<String>) {
        match outbox::change(name, text.as_deref()) {
            Some(Change::Kept(outgoing)) => self.dispatch(Event::KeptElsewhere(outgoing)),
            Some(Change::Gone(id)) => self.dispatch(Event::GoneElsewhere(id)),
            Some(Change::Session(session)) => self.dispatch(Event::SessionElsewhere(session)),
            None => {}
        }
    }

    /// Takes in what came of a request, or a piece of it.
    #[expect(clippy::too_many_arguments, reason = "an object would cost more than its fields")]
    pub fn told(
        &mut self,
        channel: u32,
        status: u16,
        wish: Option<f64>,
        text: String,
        streamed: bool,
        done: bool,
        chance: f64,
    ) {
        let told = Told { channel, status, wish, text, streamed, done, chance };
        for event in self.transport.told(told) {
            self.dispatch(event);
        }
    }
}

impl App {
    fn event(&self, what: &str, value: String) -> Option<Event> {
        Some(match what {
            "start" => Event::Restored(outbox::session(), outbox::messages().unwrap_or_default(), value),
            "open" => Event::Opened,
            "toggle" => Event::Toggled,
            "say" => Event::Said(value, stamp(&self.site_key)),
            "awake" => Event::Awake,
            "listen" => Event::Listening,
            "locked" => Event::Locked(outbox::messages()),
            "leaving" => Event::Leaving,
            "offline" => Event::Offline(true),
            "online" => Event::Offline(false),
            "visit" => visiting(&value)?,
            "clock" => clock(&value)?,
            _ => self.meaning(Input::named(what, value)?),
        })
    }

    fn meaning(&self, input: Input) -> Event {
        match input {
            Input::Typed(text) => Event::Typed(text),
            Input::Send => Event::Submitted(stamp(&self.site_key)),
            Input::Close => Event::Closed,
            Input::EditAddress => Event::AddressOpened,
            Input::SaveAddress(typed) => Event::AddressSaved(typed, stamp(&self.site_key)),
            Input::TakeSuggestion => Event::SuggestionTaken(stamp(&self.site_key)),
            Input::Retry(id) => Event::Retried(id),
            Input::Agree => Event::Agreed,
            Input::Decline => Event::Declined,
            Input::Sound => Event::SoundToggled,
            Input::Erase => Event::EraseAsked,
            Input::EraseYes => Event::EraseConfirmed,
            Input::EraseNo => Event::EraseCancelled,
        }
    }

    fn dispatch(&mut self, event: Event) {
        let effects = self.state.update(event);
        self.view.render(&self.state);
        for effect in effects {
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::KeepSession(session) => outbox::keep_session(&session),
            Effect::Keep(outgoing) => {
                if !outbox::keep(&outgoing) {
                    self.dispatch(Event::Unkept(outgoing.message_id));
                }
            }
            Effect::Forget(id) => outbox::forget(&id),
            Effect::ForgetAll => host::forget(""),
            Effect::Lock => host::lock(true),
            Effect::Unlock => host::lock(false),
            Effect::Send(outgoing, token) => self.transport.send(&outgoing, token.as_deref()),
            Effect::Flush(outgoing, token) => self.transport.flush(&outgoing, token.as_deref()),
            Effect::Wait(milliseconds) => host::wait("awake", milliseconds),
            Effect::LoadHistory(session, token) => self.transport.history(&session, &token),
            Effect::Listen(session, token, place) => {
                self.transport.listen(&session, &token, place.as_deref());
            }
            Effect::Deafen => self.transport.deafen(),
            Effect::WaitToListen(milliseconds) => host::wait("listen", milliseconds),
            Effect::Erase(session, token) => self.transport.erase(&session, &token),
            Effect::Focus(place) => self.view.focus(place, &self.state),
            Effect::Tell(news) => tell(&news),
            Effect::Watch(wanted) => host::watch(wanted),
            Effect::AskTime(time_zone) => host::clock(&time_zone),
            Effect::RememberClosed => host::stay_closed(),
            Effect::Sound => self.view.chime(),
        }
    }
}

fn tell(news: &News) {
    match news {
        News::Ready => host::tell("ready", "", "", ""),
        News::Open => host::tell("open", "", "", ""),
        News::Close => host::tell("close", "", "", ""),
        News::Message(line) => host::tell("message", &line.id, &line.role, &line.text),
        News::Email(email) => host::tell("email", "", "", email),
        News::Error(id, reason) => host::tell("error", id, "", reason),
    }
}

/// Seconds, percent, whether the pointer has left, and the page's address.
fn visiting(value: &str) -> Option<Event> {
    let mut words = value.splitn(4, ' ');
    let mut whole = || words.next()?.parse().ok();
    let visit = Visit { seconds: whole()?, scrolled: whole()?, exiting: whole()? != 0 };
    Some(Event::Visiting(words.next()?.to_owned(), visit))
}

/// The day of the week and the minute of the day.
fn clock(value: &str) -> Option<Event> {
    let (day, minute) = value.split_once(' ')?;
    Some(Event::Clock(day.parse().ok()?, minute.parse().ok()?))
}
