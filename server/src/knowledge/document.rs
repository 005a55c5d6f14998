//! A document as the business gives it: what it is called, where it can be read, and its text.

use porchlight_protocol::capture::read_page_url;
use porchlight_protocol::fields::Fields;
use porchlight_protocol::ids::AdminId;
use porchlight_protocol::problem::Problem;
use porchlight_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::blocks::{Block, blocks};
use crate::keys;
use crate::params::one_of;

/// The largest text of a document, in bytes of UTF-8.
pub const MAX_BYTES: usize = 128 * 1024;
/// Most documents of a business.
pub const MAX_DOCUMENTS: u64 = 500;
/// The most that the texts of a business may come to, in bytes of UTF-8.
pub const MAX_TOTAL_BYTES: u64 = 4 * 1024 * 1024;
/// The longest title, in characters.
const MAX_TITLE_CHARS: usize = 200;

/// How a document's text is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// CommonMark, with tables.
    #[default]
    Markdown,
    /// Paragraphs between empty lines.
    Text,
    /// A page or a part of one.
    Html,
}

impl Format {
    const ALL: [Self; 3] = [Self::Markdown, Self::Text, Self::Html];

    /// The format's name on the wire and in the stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Text => "text",
            Self::Html => "html",
        }
    }

    /// The format of this name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }
}

/// What is known of a document without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentHead {
    /// `doc_` and what follows from the business and the document's name, which is its address, else its title.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Where it can be read: absolute, http or https.
    pub url: Option<String>,
    /// How its text is written.
    pub format: Format,
    /// The size of its text.
    pub bytes: u64,
    /// Differs where anything that the business wrote differs.
    pub digest: String,
    /// When a document of this name was first kept.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A text that the assistant may answer with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// All but the text.
    pub head: DocumentHead,
    /// As the business wrote it.
    pub text: String,
}

/// A document on its way, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDocument {
    title: String,
    url: Option<String>,
    format: Format,
    text: String,
}

impl NewDocument {
    /// Reads the body of `POST /api/knowledge`; what is wrong is named. A document without a title takes its first
    /// heading, else its first words.
    pub fn read(body: &[u8]) -> Result<Self, Problem> {
        Self::take(Fields::parse(body)?)
    }

    /// The same for fields that come from elsewhere.
    pub fn take(mut fields: Fields) -> Result<Self, Problem> {
        fields.refuse_tenant();
        fields.require("text");
        let title = fields.read("title", read_title);
        let url = fields.read("url", read_page_url);
        let format = fields.read("format", |word| {
            Format::from_word(&word).ok_or_else(|| one_of(Format::ALL.map(Format::as_str).into_iter()))
        });
        let format = format.unwrap_or_default();
        let read = fields.read("text", |text| read_text(format, text));
        let unknown: Vec<String> =
            fields.rest().filter(|name| !fields.failed(name)).map(str::to_owned).collect();
        for name in &unknown {
            fields.refuse(name, "is not a field here; send title, url, format and text");
        }
        fields.finish()?;
        // Whatever is missing has been reported by `finish`.
        let (text, found) = read.ok_or_else(Problem::internal)?;
        Ok(Self { title: title.unwrap_or(found), url, format, text })
    }

    /// As it is kept for a business. The same name gives the same id.
    pub fn of(self, admin: &AdminId, now: Timestamp) -> Document {
        let name = match &self.url {
            Some(url) => ["document", admin.as_str(), "url", url],
            None => ["document", admin.as_str(), "title", &self.title],
        };
        let id = keys::derived_id("doc_", &name);
        let url = self.url.as_deref().unwrap_or_default();
        let all = [self.format.as_str(), &self.title, url, &self.text].join("\0");
        let digest = Sha256::digest(all).iter().map(|byte| format!("{byte:02x}")).collect();
        let bytes = self.text.len() as u64;
        let Self { title, url, format, text } = self;
        let head = DocumentHead { id, title, url, format, bytes, digest, created_at: now, updated_at: now };
        Document { head, text }
    }
}

fn read_title(text: String) -> Result<String, String> {
    let title = one_line(&text);
    match title.chars().count() {
        1..=MAX_TITLE_CHARS => Ok(title),
        _ => Err(format!("must have 1 to {MAX_TITLE_CHARS} characters")),
    }
}

/// The text, and what the document is called where nobody says otherwise.
fn read_text(format: Format, text: String) -> Result<(String, String), String> {
    if text.len() > MAX_BYTES {
        return Err(format!("must have at most {MAX_BYTES} bytes"));
    }
    let blocks = blocks(format, &text);
    let heading = blocks.iter().find(|block| matches!(block, Block::Heading { .. }));
    let first = heading.or(blocks.first()).ok_or("holds no words that can be read")?;
    let title: String = one_line(first.text()).chars().take(MAX_TITLE_CHARS).collect();
    Ok((text, title))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: Value) -> Result<NewDocument, Problem> {
        NewDocument::read(body.to_string().as_bytes())
    }

    fn kept(body: Value) -> Document {
        read(body).unwrap().of(&"admin_1".parse().unwrap(), Timestamp::from_millis(1))
    }

    #[test]
    fn a_document_is_named_by_its_address_else_by_its_title() {
        let first = kept(json!({ "text": "# Delivery\n\nWithin a week.", "url": "https://a.example/d" }));
        assert_eq!((first.head.title.as_str(), first.head.format), ("Delivery", Format::Markdown));
        let second = kept(json!({ "text": "Other", "title": "New", "url": "https://a.example/d" }));
        assert_eq!(first.head.id, second.head.id);
        assert_ne!(first.head.digest, second.head.digest);
        let titled = kept(json!({ "text": "Within a week.", "title": " Delivery\n " }));
        assert_ne!(titled.head.id, first.head.id);
        assert_eq!(titled.head.id, kept(json!({ "text": "# Delivery\n\nIn a day" })).head.id);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            (json!({}), "text"),
            (json!({ "text": " \n " }), "text"),
            (json!({ "text": "<script>1</script>", "format": "html" }), "text"),
            (json!({ "text": "x".repeat(MAX_BYTES + 1) }), "text"),
            (json!({ "text": "a", "format": "pdf" }), "format"),
            (json!({ "text": "a", "url": "/delivery" }), "url"),
            (json!({ "text": "a", "url": "javascript:alert(1)" }), "url"),
            (json!({ "text": "a", "title": " " }), "title"),
            (json!({ "text": "a", "title": "x".repeat(201) }), "title"),
            (json!({ "text": "a", "name": "b" }), "name"),
            (json!({ "text": "a", "adminId": "b" }), "adminId"),
        ];
        for (body, field) in cases {
            let named: Vec<String> =
                read(body.clone()).unwrap_err().errors.into_iter().map(|e| e.field).collect();
            assert_eq!(named, [field], "{body}");
        }
    }
}
