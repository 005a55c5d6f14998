//! What the page and the browser say about themselves.

use ulid::Ulid;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Window;

use crate::state::{Page, Stamp};

/// The page's window; the widget runs nowhere else.
pub(crate) fn window() -> Window {
    js_sys::global().unchecked_into()
}

/// Time, chance and page for a new message.
pub(crate) fn stamp() -> Stamp {
    let now = js_sys::Date::new_0();
    let mut random = [0u8; 16];
    if let Ok(crypto) = window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut random[..10]);
    }
    let ulid = Ulid::from_parts(now.get_time() as u64, u128::from_le_bytes(random));
    Stamp {
        ulid: ulid.array_to_str(&mut [0; ulid::ULID_LEN]).to_owned(),
        now: now.to_iso_string().into(),
        page: page(),
    }
}

fn page() -> Page {
    let window = window();
    let document = window.document();
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let cut = |text: String, most: usize| text.chars().take(most).collect::<String>();
    Page {
        page_url: cut(window.location().href().unwrap_or_default(), 2_048),
        page_title: document.as_ref().and_then(|document| some(cut(document.title(), 512))),
        referrer: document.as_ref().and_then(|document| some(cut(document.referrer(), 2_048))),
        locale: locale(),
        time_zone: time_zone(),
    }
}

/// The visitor's language: the page's, else the browser's.
fn locale() -> Option<String> {
    let page = window().document().and_then(|document| document.document_element());
    let page = page.and_then(|element| element.get_attribute("lang")).filter(|lang| !lang.is_empty());
    page.or_else(|| window().navigator().language()).filter(|lang| lang.len() <= 35)
}

fn time_zone() -> Option<String> {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    let zone = js_sys::Reflect::get(&format.resolved_options(), &JsValue::from_str("timeZone")).ok()?;
    zone.as_string().filter(|zone| zone.len() <= 64)
}
