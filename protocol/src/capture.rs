//! One visitor message on its way: the body of `POST /api/chat` and its answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::email::{self, Email};
use crate::fields::Fields;
use crate::ids::{MessageId, SessionId, SessionToken, SiteKey};
use crate::problem::Problem;
use crate::time::Timestamp;

/// The largest body of a capture, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// What the edge may add to such a body.
pub const MAX_EDGE_BYTES: usize = 4 * 1024;
/// The longest message, in characters after trimming.
pub const MAX_TEXT_CHARS: usize = 4_000;
/// The longest page address, in characters.
pub const MAX_URL_CHARS: usize = 2_048;
/// The largest number a message may have in its session.
pub const MAX_SEQ: u64 = 1_000_000_000;

/// A checked capture: every field is inside its bounds.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(rename_all = "camelCase"))]
pub struct Capture {
    /// Names the site, and with it the business.
    pub site_key: SiteKey,
    /// The conversation.
    pub session_id: SessionId,
    /// The idempotency key within the session.
    pub message_id: MessageId,
    /// Place among the session's visitor messages, from 0; one that is missing the server gives by the
    /// message's time.
    pub seq: Option<u32>,
    /// What the visitor wrote, trimmed; 1 to 4,000 characters.
    pub text: String,
    /// The page it was written on: absolute, http or https, as sent.
    pub page_url: String,
    /// The page's title, at most 512 characters.
    pub page_title: Option<String>,
    /// Where the visitor came from, at most 2,048 characters; an empty one counts as missing.
    pub referrer: Option<String>,
    /// BCP 47 tag of the widget's language, at most 35 characters.
    pub locale: Option<String>,
    /// IANA name of the visitor's time zone, at most 64 characters.
    pub time_zone: Option<String>,
    /// What the visitor confirmed or the widget saw.
    pub email: Option<Email>,
    /// When the visitor pressed Enter, by the browser's clock.
    pub sent_at: Option<Timestamp>,
    /// What only the edge knows; `None` unless read by [`Capture::parse_from_edge`].
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub edge: Option<EdgeInfo>,
}

/// What the edge adds to a capture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct EdgeInfo {
    /// ISO 3166 code.
    pub country: Option<String>,
    /// Region within the country.
    pub region: Option<String>,
    /// City.
    pub city: Option<String>,
    /// IANA time zone of the visitor's address.
    pub timezone: Option<String>,
    /// The data centre that took the request.
    pub colo: Option<String>,
    /// Keyed hash of the visitor's address; the key rotates daily, the address itself is never kept.
    pub ip_hash: Option<String>,
    /// The browser's own name, at most 512 characters.
    pub user_agent: Option<String>,
    /// When the edge received the request.
    pub received_at: Option<Timestamp>,
}

impl Capture {
    /// Reads a visitor's body. Unknown fields are ignored, `edge` among them, since only the edge may say it;
    /// a wrong value in a known field is a 422 that names the field, and so is a tenant.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let mut fields = Fields::parse(body)?;
        fields.take("edge");
        Self::from_fields(fields)
    }

    /// Reads a body that the edge has signed, with the `edge` object it added.
    pub fn parse_from_edge(body: &[u8]) -> Result<Self, Problem> {
        Self::from_fields(Fields::parse(body)?)
    }

    fn from_fields(mut fields: Fields) -> Result<Self, Problem> {
        fields.refuse_tenant();
        for name in ["siteKey", "sessionId", "messageId", "text", "pageUrl"] {
            fields.require(name);
        }
        let site_key = fields.read("siteKey", SiteKey::try_from);
        let session_id = fields.read("sessionId", SessionId::try_from);
        let message_id = fields.read("messageId", MessageId::try_from);
        let seq = read_seq(&mut fields);
        let text = fields.read("text", read_text);
        let page_url = fields.read("pageUrl", read_page_url);
        let page_title = fields.short_text("pageTitle", 512);
        let referrer = fields.short_text("referrer", MAX_URL_CHARS).filter(|text| !text.is_empty());
        let locale = fields.short_text("locale", 35);
        let time_zone = fields.short_text("timeZone", 64);
        let email = fields.read("email", |text| Email::parse(&text));
        let sent_at = fields.read("sentAt", |text| Timestamp::parse(&text).ok_or("must be an RFC 3339 time"));
        let edge = fields.take("edge").and_then(|value| serde_json::from_value(value).ok());
        fields.finish()?;
        // Whatever is missing has been reported by `finish`.
        let (Some(site_key), Some(session_id), Some(message_id), Some(text), Some(page_url)) =
            (site_key, session_id, message_id, text, page_url)
        else {
            return Err(Problem::internal());
        };
        Ok(Self {
            site_key,
            session_id,
            message_id,
            seq,
            text,
            page_url,
            page_title,
            referrer,
            locale,
            time_zone,
            email,
            sent_at,
            edge,
        })
    }

    /// The message's addresses without repeats: the confirmed one first, then those in the text by position.
    pub fn addresses(&self) -> Vec<Email> {
        let mut all: Vec<Email> = self.email.iter().cloned().collect();
        for found in email::addresses(&self.text) {
            if !all.contains(&found) {
                all.push(found);
            }
        }
        all
    }
}

/// Puts `edge` into a visitor's body, in place of any that the visitor sent. The body must be a JSON object.
pub fn with_edge(body: &[u8], edge: &EdgeInfo) -> Result<Vec<u8>, serde_json::Error> {
    let mut object: serde_json::Map<String, Value> = serde_json::from_slice(body)?;
    object.insert("edge".to_owned(), serde_json::to_value(edge)?);
    serde_json::to_vec(&object)
}

fn read_seq(fields: &mut Fields) -> Option<u32> {
    let value = fields.take("seq")?;
    let seq = value.as_u64().filter(|seq| *seq <= MAX_SEQ).and_then(|seq| u32::try_from(seq).ok());
    if seq.is_none() {
        fields.refuse("seq", "must be a whole number from 0 to 1000000000");
    }
    seq
}

fn read_text(text: String) -> Result<String, &'static str> {
    let trimmed = text.trim();
    match trimmed.chars().count() {
        1..=MAX_TEXT_CHARS => Ok(trimmed.to_owned()),
        _ => Err("must have 1 to 4000 characters after trimming"),
    }
}

/// Takes a page's address: absolute, http or https, at most [`MAX_URL_CHARS`].
pub fn read_page_url(text: String) -> Result<String, &'static str> {
    if text.chars().count() > MAX_URL_CHARS {
        return Err("must have at most 2048 characters");
    }
    let refused = "must be an absolute http or https address";
    let url = Url::parse(&text).map_err(|_| refused)?;
    // The parser forgives more than a browser ever says of a page: tabs, line feeds, slashes too many or too few.
    let explicit = text.split_once("://").is_some_and(|(scheme, rest)| {
        scheme.eq_ignore_ascii_case(url.scheme()) && !rest.starts_with(['/', '\\'])
    });
    match url.scheme() {
        "http" | "https" if url.has_host() && explicit && !text.contains(char::is_control) => Ok(text),
        _ => Err(refused),
    }
}

/// What is known of a capture once the message and all that follows from it is durable: the event `accepted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// The message that was kept.
    pub message_id: MessageId,
    /// Whether it had been kept before; then nothing changed.
    pub duplicate: bool,
    /// The key to the session's history, for whoever began the session or brought the key.
    pub session_token: Option<SessionToken>,
    /// The address that the session has after this message.
    pub email: Option<Email>,
    /// The address the visitor may have meant.
    pub suggestion: Option<Email>,
}

/// The answer 200 to a capture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaptureAnswer {
    /// What became of the message.
    #[serde(flatten)]
    pub accepted: Accepted,
    /// What was answered, or `None` where nobody did.
    pub reply: Option<ChatMessage>,
}

/// The answer 202: the edge keeps the capture until the origin has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueuedAnswer {
    /// The message that waits.
    pub message_id: MessageId,
    /// Always true.
    pub queued: bool,
    /// The address found in the message itself.
    pub email: Option<Email>,
    /// The address the visitor may have meant.
    pub suggestion: Option<Email>,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The visitor of the page.
    Visitor,
    /// The assistant, built in or a model.
    Assistant,
    /// A person of the business.
    Agent,
}

impl Role {
    /// The role's name on the wire and in the stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Assistant => "assistant",
            Self::Agent => "agent",
        }
    }
}

/// Who answers in a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The assistant, as long as nobody has taken over.
    #[default]
    Assistant,
    /// A person of the business; the assistant is silent.
    Human,
}

impl Mode {
    /// The mode's name on the wire and in the stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assistant => "assistant",
            Self::Human => "human",
        }
    }

    /// The mode of this name.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Assistant, Self::Human].into_iter().find(|mode| mode.as_str() == word)
    }
}

/// What an answer was taken from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Source {
    /// What the business calls it.
    pub title: String,
    /// Where it can be read, absolute, http or https; `None` where that is nowhere.
    pub url: Option<String>,
}

/// A message as its session sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChatMessage {
    /// Unique within its session.
    pub message_id: MessageId,
    /// Who wrote it.
    pub role: Role,
    /// Plain text, never markup.
    pub text: String,
    /// When it was written.
    pub at: Timestamp,
    /// What the business has written that the answer was taken from; missing where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
}

/// The answer of `GET /api/chat`: the session's messages, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct History {
    /// Oldest first; visitor messages by `seq`, each answer behind its question.
    pub messages: Vec<ChatMessage>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut value = json!({
            "siteKey": "pk_abcdefghijklmnopqrstuvwx", "sessionId": "sess_1", "messageId": "msg_1", "seq": 0,
            "text": "  Hi, jane@acme.com  ", "pageUrl": "https://company.com/pricing?utm_source=x",
        });
        change(&mut value);
        serde_json::to_vec(&value).unwrap()
    }

    fn refused_fields(body: &[u8]) -> Vec<String> {
        let problem = Capture::parse(body).unwrap_err();
        assert_eq!(problem.status, 422);
        problem.errors.into_iter().map(|e| e.field).collect()
    }

    #[test]
    fn a_good_body_is_read_and_trimmed() {
        let capture = Capture::parse(&body(|_| {})).unwrap();
        assert_eq!(capture.text, "Hi, jane@acme.com");
        assert_eq!(capture.addresses(), [Email::parse("jane@acme.com").unwrap()]);
        assert_eq!(capture.edge, None);
    }

    #[test]
    fn the_confirmed_address_comes_first() {
        let capture = Capture::parse(&body(|b| b["email"] = json!("Boss@Acme.com"))).unwrap();
        let found: Vec<String> = capture.addresses().into_iter().map(String::from).collect();
        assert_eq!(found, ["boss@acme.com", "jane@acme.com"]);
    }

    #[test]
    fn each_field_outside_its_bounds_is_named() {
        let long = "x".repeat(4_001);
        let cases = [
            ("siteKey", json!("sk_1")),
            ("siteKey", json!(null)),
            ("sessionId", json!("a b")),
            ("sessionId", json!({"$ne": ""})),
            ("messageId", json!(7)),
            ("seq", json!(-1)),
            ("seq", json!(1.5)),
            ("seq", json!("0")),
            ("text", json!("  ")),
            ("text", json!(long)),
            ("text", json!(["a"])),
            ("pageUrl", json!("/pricing")),
            ("pageUrl", json!("ftp://a.example/")),
            ("pageUrl", json!("https:a.example")),
            ("pageUrl", json!("https:////a.example")),
            ("pageUrl", json!("https://a.example/\n")),
            ("pageUrl", json!("https://a.exa\tmple/")),
            ("pageUrl", json!(format!("https://a.example/{}", "x".repeat(2_048)))),
            ("pageTitle", json!(1)),
            ("referrer", json!(false)),
            ("locale", json!([])),
            ("timeZone", json!({})),
            ("email", json!("not an address")),
            ("email", json!(1)),
            ("sentAt", json!("soon")),
            ("sentAt", json!(1)),
            ("adminId", json!("admin_2")),
        ];
        for (field, value) in cases {
            let sent = body(|b| b[field] = value.clone());
            assert_eq!(refused_fields(&sent), [field], "{field}: {value}");
        }
    }

    #[test]
    fn all_missing_fields_are_named_at_once() {
        assert_eq!(refused_fields(b"{}"), ["siteKey", "sessionId", "messageId", "text", "pageUrl"]);
        assert_eq!(refused_fields(b"[]"), ["body"]);
    }

    #[test]
    fn what_is_no_json_is_400() {
        let deep = "[".repeat(200);
        for bad in ["", "{", "{\"text\": \"\\ud800\"}", "{\"seq\": 1e999}", deep.as_str()] {
            assert_eq!(Capture::parse(bad.as_bytes()).unwrap_err().code, "malformed_json", "{bad}");
        }
        assert_eq!(Capture::parse(b"{\"text\": \"\xff\"}").unwrap_err().status, 400);
    }

    #[test]
    fn only_the_edge_may_say_where_a_visitor_is() {
        let edge = EdgeInfo { country: Some("NO".into()), ..EdgeInfo::default() };
        let forged = body(|b| b["edge"] = json!({"country": "XX"}));
        assert_eq!(Capture::parse(&forged).unwrap().edge, None);
        let forwarded = with_edge(&forged, &edge).unwrap();
        assert_eq!(Capture::parse_from_edge(&forwarded).unwrap().edge, Some(edge));
    }

    #[test]
    fn unknown_and_null_fields_are_ignored() {
        let sent = body(|b| {
            b["new"] = json!({"a.b": {"$gt": 1}});
            b["email"] = json!(null);
        });
        assert!(Capture::parse(&sent).is_ok());
    }
}
