//! The look and the words of a site's widget: the answer of `GET /api/widget`.

use serde::{Deserialize, Serialize};

/// What the widget of a site looks like and says. Everything has a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct WidgetSettings {
    /// The name at the top; the business's own, at most 80 characters.
    pub name: String,
    /// The first words; `None` takes those of the visitor's language.
    pub greeting: Option<String>,
    /// The accent as `#rrggbb`.
    pub color: String,
    /// The corner.
    pub position: Position,
    /// Whether the visitor is asked before anything is sent.
    pub consent: Consent,
    /// Whether the widget asks for an address.
    pub ask_email: bool,
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

impl Default for WidgetSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            greeting: None,
            color: "#2f5d50".to_owned(),
            position: Position::Right,
            consent: Consent::None,
            ask_email: true,
        }
    }
}
