//! The conversation in the shadow root: built once, then only what changed is touched.
//!
//! Text goes in as text nodes, styles as a constructed sheet: nothing here is parsed as markup, and a page's strict
//! policy has nothing to refuse.

use porchlight_protocol::widget::{Position, WidgetSettings};
use wasm_bindgen::prelude::*;
use web_sys::{
    Document, Element, HtmlElement, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent, ShadowRoot,
};

use crate::color::{is_color, text_on};
use crate::page::window;
use crate::state::{Address, Delivery, Line, MAX_TEXT_CHARS, State};
use crate::words::ENGLISH as WORDS;

/// What the visitor does.
pub(crate) enum Input {
    Typed(String),
    Send,
    Close,
    EditAddress,
    SaveAddress(Option<String>),
    TakeSuggestion,
    Retry(String),
}

/// The elements that change.
pub(crate) struct View {
    document: Document,
    host: HtmlElement,
    launcher: HtmlElement,
    panel: HtmlElement,
    title: Element,
    greeting: Element,
    log: Element,
    address: Element,
    address_text: Element,
    editor: Element,
    address_input: HtmlInputElement,
    address_error: Element,
    suggestion: Element,
    input: HtmlTextAreaElement,
    send: Element,
}

/// Makes elements.
struct Maker<'a>(&'a Document);

impl Maker<'_> {
    fn add(&self, parent: &Element, tag: &str, part: &str) -> Result<Element, JsValue> {
        let element = self.0.create_element(tag)?;
        if !part.is_empty() {
            element.set_attribute("part", part)?;
        }
        parent.append_child(&element)?;
        Ok(element)
    }

    fn button(&self, parent: &Element, part: &str, action: &str, text: &str) -> Result<Element, JsValue> {
        let button = self.add(parent, "button", part)?;
        button.set_attribute("type", "button")?;
        button.set_attribute("data-do", action)?;
        button.set_text_content(Some(text));
        Ok(button)
    }

    /// A button that shows a drawing and says its name.
    fn icon_button(
        &self,
        parent: &Element,
        part: &str,
        action: &str,
        name: &str,
        path: &str,
    ) -> Result<Element, JsValue> {
        let button = self.button(parent, part, action, "")?;
        button.set_attribute("aria-label", name)?;
        let svg = self.0.create_element_ns(Some("http://www.w3.org/2000/svg"), "svg")?;
        svg.set_attribute("viewBox", "0 0 24 24")?;
        svg.set_attribute("aria-hidden", "true")?;
        let drawing = self.0.create_element_ns(Some("http://www.w3.org/2000/svg"), "path")?;
        drawing.set_attribute("d", path)?;
        svg.append_child(&drawing)?;
        button.append_child(&svg)?;
        Ok(button)
    }
}

impl View {
    /// Builds the panel, hidden.
    pub(crate) fn build(root: &ShadowRoot) -> Result<Self, JsValue> {
        let document = window().document().ok_or("no document")?;
        let sheet = web_sys::CssStyleSheet::new()?;
        sheet.replace_sync(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/style.css")))?;
        let sheets = js_sys::Reflect::get(root, &"adoptedStyleSheets".into())?;
        js_sys::Reflect::set(
            root,
            &"adoptedStyleSheets".into(),
            &js_sys::Array::from(&sheets).concat(&js_sys::Array::of1(&sheet)),
        )?;
        let launcher: HtmlElement =
            root.query_selector("[part~=launcher]")?.ok_or("no launcher")?.dyn_into()?;

        let maker = Maker(&document);
        let panel = document.create_element("section")?;
        panel.set_attribute("part", "panel")?;
        panel.set_attribute("role", "dialog")?;
        panel.set_attribute("aria-labelledby", "title")?;
        panel.set_attribute("hidden", "")?;
        let header = maker.add(&panel, "header", "header")?;
        let title = maker.add(&header, "h2", "title")?;
        title.set_id("title");
        title.set_text_content(Some(WORDS.title));
        maker.icon_button(&header, "close", "close", WORDS.close, "M6 6l12 12M18 6L6 18")?;
        let scroller = maker.add(&panel, "div", "messages")?;
        scroller.set_attribute("tabindex", "0")?;
        let greeting = maker.add(&scroller, "p", "greeting")?;
        greeting.set_text_content(Some(WORDS.greeting));
        let log = maker.add(&scroller, "div", "log")?;
        log.set_attribute("role", "log")?;
        log.set_attribute("aria-live", "polite")?;

        let footer = maker.add(&panel, "footer", "footer")?;
        let address = maker.add(&footer, "div", "address")?;
        let address_text = maker.add(&address, "span", "address-text")?;
        maker.button(&address, "address-edit", "edit", WORDS.change)?;
        let editor = maker.add(&footer, "div", "address-editor")?;
        let address_input: HtmlInputElement = maker.add(&editor, "input", "address-input")?.dyn_into()?;
        address_input.set_type("email");
        address_input.set_attribute("autocomplete", "email")?;
        address_input.set_attribute("aria-label", WORDS.address)?;
        address_input.set_attribute("aria-describedby", "address-error")?;
        maker.button(&editor, "address-save", "save", WORDS.save)?;
        let address_error = maker.add(&editor, "p", "address-error")?;
        address_error.set_id("address-error");
        address_error.set_attribute("role", "alert")?;
        let suggestion = maker.button(&footer, "suggestion", "suggest", "")?;
        let composer = maker.add(&footer, "div", "composer")?;
        let input: HtmlTextAreaElement = maker.add(&composer, "textarea", "input")?.dyn_into()?;
        input.set_rows(1);
        input.set_max_length(MAX_TEXT_CHARS as i32);
        input.set_placeholder(WORDS.placeholder);
        input.set_attribute("aria-label", WORDS.placeholder)?;
        let send = maker.icon_button(&composer, "send", "send", WORDS.send, "M4 12h14M12 5l7 7-7 7")?;
        root.append_child(&panel)?;
        Ok(Self {
            host: root.host().dyn_into()?,
            panel: panel.dyn_into()?,
            document,
            launcher,
            title,
            greeting,
            log,
            address,
            address_text,
            editor,
            address_input,
            address_error,
            suggestion,
            input,
            send,
        })
    }

    /// Hands on what the visitor does, for as long as the page lives.
    pub(crate) fn listen(
        &self,
        root: &ShadowRoot,
        take: impl Fn(Input) + Clone + 'static,
    ) -> Result<(), JsValue> {
        let input = self.input.clone();
        let typed = take.clone();
        on(root, "input", move |event| {
            if target(&event).is_some_and(|element| element.is_same_node(Some(&input))) {
                typed(Input::Typed(input.value()));
            }
        })?;
        let address = self.address_input.clone();
        let clicked = take.clone();
        on(root, "click", move |event| {
            let Some(element) = target(&event).and_then(|t| t.closest("[data-do]").ok().flatten()) else {
                return;
            };
            let action = element.get_attribute("data-do").unwrap_or_default();
            clicked(match action.as_str() {
                "send" => Input::Send,
                "close" => Input::Close,
                "edit" => Input::EditAddress,
                "save" => Input::SaveAddress(Some(address.value())),
                "suggest" => Input::TakeSuggestion,
                "retry" => Input::Retry(element.get_attribute("data-message").unwrap_or_default()),
                _ => return,
            });
        })?;
        let address = self.address_input.clone();
        on(root, "keydown", move |event| {
            let Some(key) = event.dyn_ref::<KeyboardEvent>().filter(|key| !key.is_composing()) else {
                return;
            };
            let in_address = target(&event).is_some_and(|element| element.is_same_node(Some(&address)));
            let in_text = target(&event).is_some_and(|element| element.tag_name() == "TEXTAREA");
            let input = match (key.key().as_str(), in_address) {
                ("Enter", true) => Input::SaveAddress(Some(address.value())),
                ("Enter", false) if in_text && !key.shift_key() => Input::Send,
                ("Escape", true) => Input::SaveAddress(None),
                ("Escape", false) => Input::Close,
                _ => return,
            };
            event.prevent_default();
            take(input);
        })
    }

    /// Puts on the site's look and words; `color` of the script tag wins.
    pub(crate) fn dress(&self, settings: &WidgetSettings, color: Option<&str>) {
        if !settings.name.is_empty() {
            self.title.set_text_content(Some(&settings.name));
        }
        if let Some(greeting) = &settings.greeting {
            self.greeting.set_text_content(Some(greeting));
        }
        let accent = color.filter(|color| is_color(color)).unwrap_or(&settings.color);
        if is_color(accent) {
            let style = self.host.style();
            let _ = style.set_property("--porchlight-accent", accent);
            let _ = style.set_property("--porchlight-on-accent", text_on(accent));
        }
        if settings.position == Position::Left && !self.host.has_attribute("data-position") {
            let _ = self.host.set_attribute("data-position", "left");
        }
    }

    /// Brings what is shown to the state.
    pub(crate) fn render(&self, state: &State) {
        set_shown(&self.panel, state.open);
        let _ = self.launcher.set_attribute("aria-expanded", if state.open { "true" } else { "false" });
        let _ = self.host.toggle_attribute_with_force("data-open", state.open);
        self.render_lines(&state.lines);
        self.render_address(&state.address, state.shows_address());
        if self.input.value() != state.draft {
            self.input.set_value(&state.draft);
        }
        let _ = self.send.toggle_attribute_with_force("data-empty", state.draft.trim().is_empty());
    }

    fn render_lines(&self, lines: &[Line]) {
        let shown = self.log.children();
        let mut added = false;
        for (index, line) in lines.iter().enumerate() {
            let there = shown.item(index as u32);
            let element =
                match there.filter(|element| element.get_attribute("data-id").as_deref() == Some(&line.id)) {
                    Some(element) => element,
                    None => {
                        added = true;
                        let Ok(element) = self.make_line(line) else { continue };
                        let before = shown.item(index as u32);
                        let _ = self.log.insert_before(&element, before.as_deref());
                        element
                    }
                };
            self.render_delivery(&element, line);
        }
        while shown.length() > lines.len() as u32 {
            let Some(last) = self.log.last_element_child() else { break };
            last.remove();
        }
        if added && let Some(last) = self.log.last_element_child() {
            last.scroll_into_view_with_bool(false);
        }
    }

    fn make_line(&self, line: &Line) -> Result<Element, JsValue> {
        let element = self.document.create_element("div")?;
        element.set_attribute("part", "message")?;
        element.set_attribute("data-id", &line.id)?;
        element.set_attribute("data-role", &line.role)?;
        let text = Maker(&self.document).add(&element, "span", "text")?;
        text.set_attribute("dir", "auto")?;
        text.set_text_content(Some(&line.text));
        Ok(element)
    }

    /// The mark below a visitor's message tells how far it has come, and nothing more.
    fn render_delivery(&self, element: &Element, line: &Line) {
        let state = line.delivery.as_str();
        if line.role != "visitor" || element.get_attribute("data-state").as_deref() == Some(state) {
            return;
        }
        let _ = element.set_attribute("data-state", state);
        while element.child_element_count() > 1 {
            let Some(last) = element.last_element_child() else { break };
            last.remove();
        }
        let maker = Maker(&self.document);
        let Ok(mark) = maker.add(element, "span", "state") else { return };
        match &line.delivery {
            Delivery::Kept | Delivery::Queued => mark.set_text_content(Some(WORDS.kept)),
            Delivery::Stored => mark.set_text_content(Some(WORDS.stored)),
            Delivery::Failed(reason) if reason.is_empty() => mark.set_text_content(Some(WORDS.failed)),
            Delivery::Failed(reason) => mark.set_text_content(Some(&[WORDS.failed, ": ", reason].concat())),
        }
        if matches!(line.delivery, Delivery::Failed(_))
            && let Ok(retry) = maker.button(element, "retry", "retry", WORDS.retry)
        {
            let _ = retry.set_attribute("data-message", &line.id);
        }
    }

    fn render_address(&self, address: &Address, shown: bool) {
        let email = address.email.as_deref().unwrap_or_default();
        set_shown(&self.address, shown && !address.editing);
        set_text(&self.address_text, &WORDS.reply_to.replace("{}", email));
        let opening = address.editing && self.editor.has_attribute("hidden");
        set_shown(&self.editor, address.editing);
        if opening {
            self.address_input.set_value(email);
        }
        set_text(&self.address_error, if address.wrong { WORDS.bad_address } else { "" });
        let _ =
            self.address_input.set_attribute("aria-invalid", if address.wrong { "true" } else { "false" });
        set_shown(&self.suggestion, address.suggestion.is_some() && !address.editing);
        let likelier = address.suggestion.as_deref().unwrap_or_default();
        set_text(&self.suggestion, &WORDS.did_you_mean.replace("{}", likelier));
    }

    pub(crate) fn focus_input(&self) {
        let _ = self.input.focus();
    }

    pub(crate) fn focus_launcher(&self) {
        let _ = self.launcher.focus();
    }

    pub(crate) fn focus_address(&self) {
        let _ = self.address_input.focus();
        self.address_input.select();
    }
}

fn on(root: &ShadowRoot, name: &str, take: impl Fn(web_sys::Event) + 'static) -> Result<(), JsValue> {
    let listener = Closure::<dyn Fn(web_sys::Event)>::new(take);
    root.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref())?;
    // It lives as long as the page.
    listener.forget();
    Ok(())
}

fn target(event: &web_sys::Event) -> Option<Element> {
    event.target().and_then(|target| target.dyn_into().ok())
}

fn set_shown(element: &Element, shown: bool) {
    let _ = element.toggle_attribute_with_force("hidden", !shown);
}

/// Leaves equal text alone: a live region would read it again.
fn set_text(element: &Element, text: &str) {
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
}
