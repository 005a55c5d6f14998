//! What a business may set of its site: reads a change field by field, and says what is wrong with each.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::capture::MAX_URL_CHARS;
use crate::fields::Fields;
use crate::origins::parse_allowed;
use crate::widget::{Hours, OpenSpan, OpeningRule, WidgetSettings};

const MAX_ORIGINS: usize = 50;
const MAX_ORIGIN_CHARS: usize = 200;
const MAX_NAME_CHARS: usize = 80;
const MAX_WORDS_CHARS: usize = 500;
const MAX_LOCALES: usize = 50;
const MAX_WORDS: usize = 100;
const MAX_RULES: usize = 20;
const MAX_SPANS: usize = 50;
const MAX_SECONDS: u32 = 86_400;

/// Why a value cannot stand: where within the field, and what it must be.
struct Refusal {
    place: String,
    must: String,
}

impl<T: Into<String>> From<T> for Refusal {
    fn from(must: T) -> Self {
        Self { place: String::new(), must: must.into() }
    }
}

impl Refusal {
    fn within(self, place: &str) -> Self {
        Self { place: [place, &self.place].concat(), must: self.must }
    }
}

type Read<T> = Result<T, Refusal>;

impl WidgetSettings {
    /// Takes what a body changes: what is missing stays, `null` clears what can be null, and what is wrong is noted in
    /// `fields`.
    pub fn change(&mut self, fields: &mut Fields) {
        set(fields, "name", &mut self.name, |value| text(value, MAX_NAME_CHARS));
        set_or_clear(fields, "greeting", &mut self.greeting, |value| text(value, MAX_WORDS_CHARS));
        set(fields, "color", &mut self.color, read_color);
        set(fields, "position", &mut self.position, typed);
        set(fields, "consent", &mut self.consent, typed);
        set(fields, "askEmail", &mut self.ask_email, typed);
        set_or_clear(fields, "privacyUrl", &mut self.privacy_url, read_address);
        set(fields, "sound", &mut self.sound, typed);
        set(fields, "texts", &mut self.texts, read_texts);
        set(fields, "opening", &mut self.opening, |value| list(value, 0, MAX_RULES, read_rule));
        set_or_clear(fields, "hours", &mut self.hours, read_hours);
    }
}

/// Takes `allowedOrigins` out of a body in the same way: at most 50 of at most 200 characters, kept as browsers send
/// them and without repeats.
pub fn change_origins(origins: &mut Vec<String>, fields: &mut Fields) {
    set(fields, "allowedOrigins", origins, |value| {
        let read = list(value, 0, MAX_ORIGINS, |value| Ok(parse_allowed(&text(value, MAX_ORIGIN_CHARS)?)?))?;
        let mut seen = BTreeSet::new();
        Ok(read.into_iter().filter(|origin| seen.insert(origin.clone())).collect())
    });
}

fn set<T>(fields: &mut Fields, name: &str, setting: &mut T, read: impl FnOnce(Value) -> Read<T>) {
    if !fields.has(name) {
        return;
    }
    match fields.take(name).ok_or_else(|| "must not be null".into()).and_then(read) {
        Ok(value) => *setting = value,
        Err(refusal) => fields.refuse(&[name, &refusal.place].concat(), refusal.must),
    }
}

fn set_or_clear<T>(
    fields: &mut Fields,
    name: &str,
    setting: &mut Option<T>,
    read: impl FnOnce(Value) -> Read<T>,
) {
    if !fields.has(name) {
        return;
    }
    match fields.take(name).map(read).transpose() {
        Ok(value) => *setting = value,
        Err(refusal) => fields.refuse(&[name, &refusal.place].concat(), refusal.must),
    }
}

/// A text of 1 to `most` characters after trimming.
fn text(value: Value, most: usize) -> Read<String> {
    let Value::String(text) = value else { return Err("must be a text".into()) };
    let trimmed = text.trim();
    match trimmed.chars().count() {
        count if (1..=most).contains(&count) => Ok(trimmed.to_owned()),
        _ => Err(format!("must have 1 to {most} characters after trimming").into()),
    }
}

/// A value that its type describes well enough.
fn typed<T: DeserializeOwned>(value: Value) -> Read<T> {
    serde_json::from_value(value).map_err(|error| format!("is of another form: {error}").into())
}

/// An object whose fields are all known.
fn object<T: DeserializeOwned>(value: Value, known: &[&str]) -> Read<T> {
    let Some(fields) = value.as_object() else { return Err("must be an object".into()) };
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => Err(Refusal::from(format!("is not known; the fields are {}", known.join(", ")))
            .within(&format!(".{unknown}"))),
        None => typed(value),
    }
}

fn list<T>(value: Value, least: usize, most: usize, read: impl Fn(Value) -> Read<T>) -> Read<Vec<T>> {
    let Value::Array(items) = value else { return Err("must be a list".into()) };
    if !(least..=most).contains(&items.len()) {
        return Err(format!("must have {least} to {most} items").into());
    }
    let read = |(index, item)| read(item).map_err(|refusal| refusal.within(&format!("[{index}]")));
    items.into_iter().enumerate().map(read).collect()
}

fn read_color(value: Value) -> Read<String> {
    let color = value.as_str().unwrap_or_default().to_ascii_lowercase();
    let digits = color.strip_prefix('#').unwrap_or_default();
    match digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(color),
        false => Err("must be a colour like #2f5d50".into()),
    }
}

fn read_address(value: Value) -> Read<String> {
    let address = text(value, MAX_URL_CHARS)?;
    let url = Url::parse(&address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.map(|_| address).ok_or_else(|| "must be an absolute http or https address".into())
}

fn read_texts(value: Value) -> Read<BTreeMap<String, BTreeMap<String, String>>> {
    let is_tag = |tag: &str| {
        (2..=35).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let is_key = |key: &str| {
        (1..=64).contains(&key.len())
            && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
    };
    map(value, MAX_LOCALES, is_tag, |words| map(words, MAX_WORDS, is_key, |word| text(word, MAX_WORDS_CHARS)))
}

fn map<T>(
    value: Value,
    most: usize,
    is_name: impl Fn(&str) -> bool,
    read: impl Fn(Value) -> Read<T>,
) -> Read<BTreeMap<String, T>> {
    let Value::Object(entries) = value else { return Err("must be an object".into()) };
    if entries.len() > most {
        return Err(format!("must have at most {most} entries").into());
    }
    let read = |(name, value): (String, Value)| {
        let read = if is_name(&name) { read(value) } else { Err("is no name of a locale or word".into()) };
        match read {
            Ok(value) => Ok((name, value)),
            Err(refusal) => Err(refusal.within(&format!(".{name}"))),
        }
    };
    entries.into_iter().map(read).collect()
}

fn read_rule(value: Value) -> Read<OpeningRule> {
    let mut rule: OpeningRule = object(value, &["url", "afterSeconds", "scrollPercent", "onExit"])?;
    if let Some(url) = rule.url {
        rule.url = Some(text(url.into(), MAX_WORDS_CHARS).map_err(|refusal| refusal.within(".url"))?);
    }
    if rule.after_seconds.is_some_and(|seconds| seconds > MAX_SECONDS) {
        return Err(Refusal::from("must be at most 86400").within(".afterSeconds"));
    }
    if rule.scroll_percent.is_some_and(|percent| !(1..=100).contains(&percent)) {
        return Err(Refusal::from("must be 1 to 100").within(".scrollPercent"));
    }
    match rule.after_seconds.is_some() || rule.scroll_percent.is_some() || rule.on_exit {
        true => Ok(rule),
        false => Err("needs one of afterSeconds, scrollPercent, onExit".into()),
    }
}

fn read_hours(mut value: Value) -> Read<Hours> {
    let spans = value.get_mut("open").map(Value::take).unwrap_or_default();
    let open = list(spans, 1, MAX_SPANS, read_span).map_err(|refusal| refusal.within(".open"))?;
    value["open"] = Value::Array(Vec::new());
    let hours: Hours = object(value, &["timeZone", "open", "away"])?;
    if !is_zone(&hours.time_zone) {
        return Err(
            Refusal::from("must be the IANA name of a time zone, like Europe/London").within(".timeZone")
        );
    }
    let away = hours.away.map(|away| text(away.into(), MAX_WORDS_CHARS)).transpose();
    Ok(Hours { open, away: away.map_err(|refusal| refusal.within(".away"))?, ..hours })
}

/// Whether a text has the form of a time zone's name; whether there is such a zone only a list of them can tell.
fn is_zone(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'/' | b'+' | b'-'))
}

fn read_span(value: Value) -> Read<OpenSpan> {
    let span: OpenSpan = object(value, &["days", "from", "to"])?;
    let days: BTreeSet<u8> = span.days.iter().copied().filter(|day| (1..=7).contains(day)).collect();
    if days.is_empty() || days.len() != span.days.len() {
        return Err(Refusal::from("must name days from 1 (Monday) to 7, none twice").within(".days"));
    }
    for (place, time, latest) in [(".from", &span.from, 23 * 60 + 59), (".to", &span.to, 24 * 60)] {
        if minutes(time).is_none_or(|minutes| minutes > latest) {
            return Err(Refusal::from("must be a time like 09:00").within(place));
        }
    }
    match minutes(&span.from) < minutes(&span.to) {
        true => Ok(span),
        false => Err(Refusal::from("must be later than from; a span past midnight is two").within(".to")),
    }
}

/// Minutes since midnight of an `HH:MM`.
fn minutes(time: &str) -> Option<u32> {
    let (hours, minutes) = time.split_once(':')?;
    let number = |digits: &str| {
        let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse::<u32>().ok()).flatten()
    };
    Some(number(hours)? * 60 + number(minutes).filter(|minutes| *minutes < 60)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The settings after a change, or the fields that are wrong.
    fn change(body: Value) -> Result<(WidgetSettings, Vec<String>), Vec<String>> {
        let (mut widget, mut origins) = (WidgetSettings::default(), vec!["https://a.example".to_owned()]);
        let mut fields = Fields::parse(body.to_string().as_bytes()).unwrap();
        widget.change(&mut fields);
        change_origins(&mut origins, &mut fields);
        match fields.finish() {
            Ok(()) => Ok((widget, origins)),
            Err(problem) => Err(problem.errors.into_iter().map(|error| error.field).collect()),
        }
    }

    #[test]
    fn what_is_missing_stays_and_null_clears() {
        let (widget, origins) = change(json!({})).unwrap();
        assert_eq!((widget, origins), (WidgetSettings::default(), vec!["https://a.example".to_owned()]));
        let all = json!({
            "name": " Acme ", "greeting": "Hello", "color": "#ABCDEF", "position": "left", "consent": "ask",
            "askEmail": false, "privacyUrl": "https://acme.com/privacy", "sound": true,
            "texts": { "en-GB": { "send": "Off you go" } },
            "opening": [{ "url": "https://acme.com/pricing*", "afterSeconds": 30 }, { "onExit": true }],
            "hours": {
                "timeZone": "Europe/London", "away": null,
                "open": [{ "days": [1, 2, 3, 4, 5], "from": "09:00", "to": "17:00" }, { "days": [6], "from": "20:00", "to": "24:00" }],
            },
            "allowedOrigins": ["https://Acme.com/", "https://acme.com", "https://*.acme.com"],
        });
        let (widget, origins) = change(all).unwrap();
        assert_eq!((widget.name.as_str(), widget.color.as_str()), ("Acme", "#abcdef"));
        assert_eq!(widget.opening[0].after_seconds, Some(30));
        assert_eq!(widget.hours.as_ref().unwrap().open.len(), 2);
        assert_eq!(origins, ["https://acme.com", "https://*.acme.com"]);
        let read: WidgetSettings = serde_json::from_value(serde_json::to_value(&widget).unwrap()).unwrap();
        assert_eq!(read, widget);
        let (cleared, origins) =
            change(json!({ "greeting": null, "hours": null, "privacyUrl": null, "allowedOrigins": [] }))
                .unwrap();
        assert_eq!((cleared, origins), (WidgetSettings::default(), vec![]));
    }

    #[test]
    fn each_value_outside_its_bounds_is_named() {
        let span = |days: Value, from: &str, to: &str| json!({ "hours": { "timeZone": "UTC", "open": [{ "days": days, "from": from, "to": to }] } });
        let texts = |tag: &str, key: &str, word: &str| json!({ "texts": { tag: { key: word } } });
        let cases = [
            (json!({ "name": "" }), "name"),
            (json!({ "name": null }), "name"),
            (json!({ "name": "x".repeat(81) }), "name"),
            (json!({ "greeting": 1 }), "greeting"),
            (json!({ "greeting": "x".repeat(501) }), "greeting"),
            (json!({ "color": "red" }), "color"),
            (json!({ "color": "#12345" }), "color"),
            (json!({ "position": "top" }), "position"),
            (json!({ "consent": true }), "consent"),
            (json!({ "askEmail": "yes" }), "askEmail"),
            (json!({ "privacyUrl": "/privacy" }), "privacyUrl"),
            (json!({ "privacyUrl": "javascript:alert(1)" }), "privacyUrl"),
            (json!({ "sound": 1 }), "sound"),
            (json!({ "texts": [] }), "texts"),
            (texts("e", "send", "x"), "texts.e"),
            (texts("en", "$where", "x"), "texts.en.$where"),
            (texts("en", "send", ""), "texts.en.send"),
            (json!({ "opening": [{ "url": "*" }] }), "opening[0]"),
            (
                json!({ "opening": [{ "onExit": true }, { "afterSeconds": 90_000 }] }),
                "opening[1].afterSeconds",
            ),
            (json!({ "opening": [{ "scrollPercent": 0 }] }), "opening[0].scrollPercent"),
            (json!({ "opening": [{ "afterSecond": 1 }] }), "opening[0].afterSecond"),
            (json!({ "opening": [{ "url": "", "onExit": true }] }), "opening[0].url"),
            (json!({ "opening": vec![json!({ "onExit": true }); 21] }), "opening"),
            (json!({ "hours": 9 }), "hours.open"),
            (json!({ "hours": { "timeZone": "UTC", "open": [] } }), "hours.open"),
            (
                json!({ "hours": { "timeZone": "Neverland 1", "open": [{ "days": [1], "from": "09:00", "to": "10:00" }] } }),
                "hours.timeZone",
            ),
            (span(json!([]), "09:00", "10:00"), "hours.open[0].days"),
            (span(json!([8]), "09:00", "10:00"), "hours.open[0].days"),
            (span(json!([1, 1]), "09:00", "10:00"), "hours.open[0].days"),
            (span(json!([1]), "24:00", "24:00"), "hours.open[0].from"),
            (span(json!([1]), "9:00", "10:00"), "hours.open[0].from"),
            (span(json!([1]), "09:60", "10:00"), "hours.open[0].from"),
            (span(json!([1]), "09:00", "24:01"), "hours.open[0].to"),
            (span(json!([1]), "17:00", "09:00"), "hours.open[0].to"),
            (json!({ "allowedOrigins": null }), "allowedOrigins"),
            (json!({ "allowedOrigins": ["https://a.example", "acme.com"] }), "allowedOrigins[1]"),
            (json!({ "allowedOrigins": vec!["https://a.example"; 51] }), "allowedOrigins"),
        ];
        for (body, field) in cases {
            assert_eq!(change(body.clone()), Err(vec![field.to_owned()]), "{body}");
        }
    }
}
