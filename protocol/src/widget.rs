//! The look and the words of a site's widget: the answer of `GET /api/widget`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the widget of a site looks like and says. Everything has a default.
///
/// [`WidgetSettings::change`] holds every bound named here; lengths are in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct WidgetSettings {
    /// The name at the top; the business's own, 1 to 80 characters.
    #[cfg_attr(feature = "openapi", schema(max_length = 80))]
    pub name: String,
    /// The first words, 1 to 500 characters; `None` takes those of the visitor's language.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 500))]
    pub greeting: Option<String>,
    /// The accent as `#rrggbb`, in small letters.
    #[cfg_attr(feature = "openapi", schema(pattern = "^#[0-9a-f]{6}$"))]
    pub color: String,
    /// The corner.
    pub position: Position,
    /// Whether the visitor is asked before anything is sent.
    pub consent: Consent,
    /// Whether the widget asks for an address.
    pub ask_email: bool,
    /// Where the business says what it does with what visitors write: absolute, http or https, at most 2,048
    /// characters.
    #[cfg_attr(feature = "openapi", schema(max_length = 2_048))]
    pub privacy_url: Option<String>,
    /// Whether an answer makes a sound.
    pub sound: bool,
    /// The business's own words over the widget's: by locale (a BCP 47 tag, at most 50 of them), then by the word's
    /// key (1 to 64 of `[A-Za-z0-9_.-]`, at most 100 a locale); 1 to 500 characters each.
    pub texts: BTreeMap<String, BTreeMap<String, String>>,
    /// When the widget opens by itself, at most 20 rules: once a page, and in no page of the same visit after the visitor
    /// has closed it.
    #[cfg_attr(feature = "openapi", schema(max_items = 20))]
    pub opening: Vec<OpeningRule>,
    /// When the business answers; `None` says nothing about it.
    pub hours: Option<Hours>,
}

/// The corner of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Position {
    /// Bottom right.
    Right,
    /// Bottom left.
    Left,
}

/// What the widget says about privacy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Consent {
    /// Nothing.
    None,
    /// A line to read.
    Notice,
    /// A question to answer first.
    Ask,
}

/// Opens the widget where the page's address matches and any of the conditions, of which there is at least one, comes
/// true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct OpeningRule {
    /// The page's address with `*` for any characters, 1 to 500 of them; `None` is every page.
    #[cfg_attr(
        feature = "openapi",
        schema(min_length = 1, max_length = 500, example = "https://acme.com/pricing*")
    )]
    pub url: Option<String>,
    /// After so many seconds on the page, at most a day.
    #[cfg_attr(feature = "openapi", schema(maximum = 86_400))]
    pub after_seconds: Option<u32>,
    /// When so much of the page was scrolled past, 1 to 100.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100))]
    pub scroll_percent: Option<u8>,
    /// When the pointer leaves the page at its top.
    pub on_exit: bool,
}

/// The business's hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Hours {
    /// IANA name of the business's time zone.
    #[cfg_attr(feature = "openapi", schema(example = "Europe/London"))]
    pub time_zone: String,
    /// When somebody is there, 1 to 50 spans.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 50))]
    pub open: Vec<OpenSpan>,
    /// What the widget says outside of them, 1 to 500 characters; `None` takes the words of the visitor's language.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 500))]
    pub away: Option<String>,
}

/// A span of some days of the week; one past midnight is two spans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OpenSpan {
    /// 1 is Monday, 7 is Sunday; at least one, none twice.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 7))]
    pub days: Vec<u8>,
    /// `HH:MM`, from 00:00.
    #[cfg_attr(feature = "openapi", schema(example = "09:00"))]
    pub from: String,
    /// `HH:MM`, later than `from`; 24:00 is the end of the day.
    #[cfg_attr(feature = "openapi", schema(example = "17:00"))]
    pub to: String,
}

impl Default for WidgetSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            greeting: None,
            color: "#2f5d50".to_owned(),
            position: Position::Right,
            consent: Consent::None,
            ask_email: true,
            privacy_url: None,
            sound: false,
            texts: BTreeMap::new(),
            opening: Vec::new(),
            hours: None,
        }
    }
}
/// The file that lists where the widget's files are below their root: `assets/0123456789`, by a hash of all of them.
pub const RELEASE: &str = "release";

/// The same file in the folder of another release; `None` where the path, without its first slash, is none of a release.
///
/// A button from before an update asks for files that have gone. As it fetches all of them together, today's will do.
pub fn in_release(path: &str, folder: &str) -> Option<String> {
    let (hash, name) = path.strip_prefix("assets/")?.split_once('/')?;
    let is_hash = hash.len() == 10 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| [folder, "/", name].concat())
}
