//! The site's settings as `GET /api/widget` tells them, under the wishes of the script tag.

use crate::json::Json;
use crate::state::{Consent, Hours, Rule, Settings, Span, minutes};

/// Reads them; what is not there has its default. `wishes` are the tag's `data-` attributes.
pub(crate) fn read(json: &Json, wishes: &Json) -> Settings {
    let either = |name: &str| wishes.text(name).or_else(|| json.text(name));
    Settings {
        name: json.text("name").unwrap_or_default(),
        greeting: json.text("greeting"),
        color: either("color").unwrap_or_default(),
        left: either("position").as_deref() == Some("left"),
        consent: Consent::named(&either("consent").unwrap_or_default()),
        privacy_url: json.text("privacyUrl"),
        ask_email: json.flag("askEmail"),
        sound: json.flag("sound"),
        opening: json.field("opening").items().map(|rule| read_rule(&rule)).collect(),
        hours: read_hours(&json.field("hours")),
    }
}

fn read_rule(json: &Json) -> Rule {
    let whole = |name: &str| json.number(name).map(|number| number as u32);
    Rule {
        url: json.text("url"),
        after_seconds: whole("afterSeconds"),
        scroll_percent: whole("scrollPercent"),
        on_exit: json.flag("onExit"),
    }
}

fn read_hours(json: &Json) -> Option<Hours> {
    let span = |json: Json| {
        let days = json.field("days");
        Some(Span {
            days: days.items().filter_map(|day| day.as_number()).map(|day| day as u32).collect(),
            from: minutes(&json.text("from")?)?,
            to: minutes(&json.text("to")?)?,
        })
    };
    Some(Hours {
        time_zone: json.text("timeZone")?,
        open: json.field("open").items().filter_map(span).collect(),
        away: json.text("away"),
    })
}
