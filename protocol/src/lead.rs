//! A lead as the leads API speaks of it.

use serde::{Deserialize, Serialize};

use crate::ids::AdminId;
use crate::time::Timestamp;

/// How far the business has come with a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Just captured.
    New,
    /// The business has reached out.
    Contacted,
    /// A potential customer.
    Qualified,
    /// Became a customer.
    Converted,
    /// No longer pursued.
    Lost,
}

/// How urgent a lead is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Basic inquiry.
    Low,
    /// Standard interest.
    Medium,
    /// Hot prospect.
    High,
}

macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ }) => {
        impl $name {
            /// All values, in the order of the contract.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The value's word on the wire and in the stores.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value of a word, compared exactly.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }
    };
}

words!(Status { New = "new", Contacted = "contacted", Qualified = "qualified", Converted = "converted", Lost = "lost" });
words!(Priority { Low = "low", Medium = "medium", High = "high" });

/// The campaign of the first page, from its `utm_` parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Utm {
    /// `utm_source`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `utm_medium`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// `utm_campaign`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
}

impl Utm {
    /// Whether no parameter was there.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Reads the `utm_` parameters of a page address; the first of each counts.
    pub fn of_page(page_url: &str) -> Self {
        let mut utm = Self::default();
        let Ok(url) = url::Url::parse(page_url) else { return utm };
        for (name, value) in url.query_pairs() {
            let field = match name.as_ref() {
                "utm_source" => &mut utm.source,
                "utm_medium" => &mut utm.medium,
                "utm_campaign" => &mut utm.campaign,
                _ => continue,
            };
            if field.is_none() && !value.is_empty() {
                *field = Some(value.into_owned());
            }
        }
        utm
    }
}

/// One person (one address) of one business.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Lead {
    /// 24 hex digits.
    #[serde(rename = "_id")]
    pub id: String,
    /// The business.
    pub admin_id: AdminId,
    /// The normalised address; unique within the business.
    pub email: String,
    /// What the visitor needs: lines of `• …`, or empty.
    pub requirements: String,
    /// The first linked session.
    pub session_id: String,
    /// The linked sessions in the order of linking; the newest 1,000 where there are more.
    pub session_ids: Vec<String>,
    /// How far the business has come.
    pub status: Status,
    /// The page of the first session's first message.
    pub source: String,
    /// The first session's first message.
    pub first_message: String,
    /// When the lead came to be.
    pub first_contact: Timestamp,
    /// The newest visitor message of any linked session.
    pub last_contact: Timestamp,
    /// How many sessions are linked, exactly.
    pub conversation_count: u64,
    /// Labels of the business.
    pub tags: Vec<String>,
    /// Notes of the business.
    pub notes: String,
    /// What the deal is worth, at most two decimals.
    #[serde(serialize_with = "plain_number")]
    pub value: Option<f64>,
    /// How urgent.
    pub priority: Priority,
    /// Further addresses of the same person.
    pub alternate_emails: Vec<String>,
    /// When to get in touch again.
    pub follow_up_at: Option<Timestamp>,
    /// Where the visitor came from before the first page.
    pub referrer: Option<String>,
    /// The first page's campaign.
    pub utm: Option<Utm>,
    /// The same as `first_contact`.
    pub created_at: Timestamp,
    /// The last change of any field, by whomever.
    pub updated_at: Timestamp,
}

/// A number that is whole is written without a fraction.
fn plain_number<S: serde::Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        None => serializer.serialize_none(),
        Some(value) if value.fract() == 0.0 => serializer.serialize_i64(*value as i64),
        Some(value) => serializer.serialize_f64(*value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_campaign_is_read_from_the_page() {
        let utm = Utm::of_page("https://a.example/?utm_source=x&utm_medium=a%20b&utm_source=y&utm_campaign=");
        assert_eq!(utm, Utm { source: Some("x".into()), medium: Some("a b".into()), campaign: None });
        assert!(Utm::of_page("nonsense").is_empty());
    }

    #[test]
    fn words_are_compared_exactly() {
        assert_eq!(Status::from_word("qualified"), Some(Status::Qualified));
        assert_eq!(Status::from_word("Qualified"), None);
        assert_eq!(Priority::from_word(""), None);
    }
}
