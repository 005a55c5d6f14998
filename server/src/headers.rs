//! Entity tags and the headers that ask about them.

use axum::http::{HeaderMap, header};

/// The entity tag of a content by its hash: strong, quoted.
pub fn etag_of(hash: &[u8]) -> String {
    let digits: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digits}\"")
}

/// Whether `If-None-Match` says that the caller has this already.
pub fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    known.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag)
}

/// Whether `Accept-Encoding` takes brotli.
pub fn takes_brotli(headers: &HeaderMap) -> bool {
    let accepted =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight: f32 = weight.trim().strip_prefix("q=").and_then(|q| q.parse().ok()).unwrap_or(1.0);
        name.trim().eq_ignore_ascii_case("br") && weight > 0.0
    })
}

/// What `If-Match` asks of a lead.
#[derive(Debug, PartialEq)]
pub enum IfMatch {
    /// Nothing.
    Anything,
    /// One of these tags; weak ones never match.
    OneOf(Vec<String>),
}

impl IfMatch {
    /// Reads the header.
    pub fn of(headers: &HeaderMap) -> Self {
        // A header of several lines is one list.
        let lines = headers.get_all(header::IF_MATCH).iter().map(|line| line.to_str().unwrap_or_default());
        let tags: Vec<String> =
            lines.flat_map(|line| line.split(',')).map(|tag| tag.trim().to_owned()).collect();
        match tags.is_empty() || tags.iter().any(|tag| tag == "*") {
            true => Self::Anything,
            false => Self::OneOf(tags),
        }
    }
}
