//! State, view, transport and outbox tied together; what the launcher starts.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::ShadowRoot;

use crate::outbox::Outbox;
use crate::page::{stamp, window};
use crate::state::{Effect, Event, State};
use crate::transport::Transport;
use crate::view::{Input, View};

/// The running widget.
#[wasm_bindgen]
pub struct App(Rc<Inner>);

struct Inner {
    state: RefCell<State>,
    view: View,
    transport: Transport,
    outbox: Outbox,
}

/// Builds the conversation inside the launcher's shadow root, closed: for the edge's address, and the script tag's
/// site key and colour.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "called from the launcher alone")]
pub fn start(root: ShadowRoot, edge: String, site: String, color: Option<String>) -> Result<App, JsValue> {
    let inner = Rc::new(Inner {
        state: RefCell::default(),
        view: View::build(&root)?,
        transport: Transport { edge, site_key: site.clone() },
        outbox: Outbox::of(&site),
    });
    let for_inputs = Rc::clone(&inner);
    inner.view.listen(&root, move |input| for_inputs.take(input))?;
    let for_network = Rc::clone(&inner);
    let online = Closure::<dyn FnMut()>::new(move || for_network.dispatch(Event::Awake));
    window().add_event_listener_with_callback("online", online.as_ref().unchecked_ref())?;
    online.forget();
    inner.dispatch(Event::Restored(inner.outbox.session(), inner.outbox.messages()));
    let for_settings = Rc::clone(&inner);
    spawn_local(async move {
        let settings = for_settings.transport.settings().await.unwrap_or_default();
        for_settings.view.dress(&settings, color.as_deref());
    });
    Ok(App(inner))
}

#[wasm_bindgen]
impl App {
    /// Shows the panel.
    pub fn open(&self) {
        self.0.dispatch(Event::Opened);
    }

    /// Hides the panel.
    pub fn close(&self) {
        self.0.dispatch(Event::Closed);
    }

    /// Shows the panel, or hides it.
    pub fn toggle(&self) {
        let open = self.0.state.borrow().open;
        self.0.dispatch(if open { Event::Closed } else { Event::Opened });
    }

    /// Sends a message as if the visitor had typed it.
    pub fn send(&self, text: String) {
        self.0.dispatch(Event::Said(text, stamp()));
    }
}

impl Inner {
    fn take(self: &Rc<Self>, input: Input) {
        self.dispatch(match input {
            Input::Typed(text) => Event::Typed(text),
            Input::Send => Event::Submitted(stamp()),
            Input::Close => Event::Closed,
            Input::EditAddress => Event::AddressOpened,
            Input::SaveAddress(typed) => Event::AddressSaved(typed, stamp()),
            Input::TakeSuggestion => Event::SuggestionTaken(stamp()),
            Input::Retry(id) => Event::Retried(id),
        });
    }

    fn dispatch(self: &Rc<Self>, event: Event) {
        let effects = self.state.borrow_mut().update(event);
        self.view.render(&self.state.borrow());
        for effect in effects {
            self.perform(effect);
        }
    }

    fn perform(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::KeepSession(session) => self.outbox.keep_session(&session),
            Effect::Keep(outgoing) => self.outbox.keep(&outgoing),
            Effect::Forget(id) => self.outbox.forget(&id),
            Effect::Send(outgoing, token) => {
                self.later(async move |inner| Some(inner.transport.send(&outgoing, token.as_deref()).await))
            }
            Effect::LoadHistory(session, token) => self.later(async move |inner| {
                inner.transport.history(&session, &token).await.map(Event::History)
            }),
            Effect::Wait(milliseconds) => self.wait(milliseconds),
            Effect::FocusInput => self.view.focus_input(),
            Effect::FocusLauncher => self.view.focus_launcher(),
            Effect::FocusAddress => self.view.focus_address(),
        }
    }

    /// Does something that takes time; what comes of it is an event.
    fn later(self: &Rc<Self>, work: impl AsyncFnOnce(&Self) -> Option<Event> + 'static) {
        let inner = Rc::clone(self);
        spawn_local(async move {
            if let Some(event) = work(&inner).await {
                inner.dispatch(event);
            }
        });
    }

    fn wait(self: &Rc<Self>, milliseconds: u32) {
        let inner = Rc::clone(self);
        let wake = Closure::once_into_js(move || inner.dispatch(Event::Awake));
        let milliseconds = i32::try_from(milliseconds).unwrap_or(i32::MAX);
        let _ = window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(wake.unchecked_ref(), milliseconds);
    }
}
