//! What a model wrote, piece by piece, as a visitor may see it: plain text, with links to the business's own hosts alone.

use std::collections::HashSet;

use linkify::{LinkFinder, LinkKind};
use url::{Host, Url};

/// The hosts that a business's answers may link to.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnHosts {
    exact: HashSet<String>,
    /// `.acme.com` for `*.acme.com`.
    endings: Vec<String>,
}

impl OwnHosts {
    /// Those of the origins that may use the site's key, as a business writes them, and of other addresses of its own.
    pub(super) fn of<'a>(origins: &[String], addresses: impl Iterator<Item = &'a str>) -> Self {
        let mut own = Self::default();
        for origin in origins {
            match origin.split_once("://*.") {
                Some((_, domain)) => own.endings.push(format!(".{domain}")),
                None => own.exact.extend(host_of(origin)),
            }
        }
        own.exact.extend(addresses.filter_map(host_of));
        own
    }

    /// Whether a link, with its scheme or without, leads to one of them by HTTP.
    fn allow(&self, link: &str) -> bool {
        let whole = if link.contains("://") { link.to_owned() } else { format!("https://{link}") };
        host_of(&whole).is_some_and(|host| {
            self.exact.contains(&host) || self.endings.iter().any(|ending| host.ends_with(ending.as_str()))
        })
    }
}

/// The host of an absolute HTTP address that names no user.
fn host_of(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let plain =
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    url.host().filter(|_| plain).map(|host: Host<&str>| host.to_string())
}

/// Takes pieces in and gives what may be shown of them. A word is held back until it is whole.
#[derive(Debug)]
pub(super) struct Plain {
    hosts: OwnHosts,
    held: String,
    /// Whether nothing was given yet.
    is_start: bool,
}

impl Plain {
    /// For answers of a business that has these hosts.
    pub(super) fn new(hosts: OwnHosts) -> Self {
        Self { hosts, held: String::new(), is_start: true }
    }

    /// Takes in a piece; gives what is whole now.
    pub(super) fn push(&mut self, piece: &str) -> String {
        self.held.extend(piece.chars().filter(|c| !c.is_control() || *c == '\n' || *c == '\t'));
        // White space at the end is held with the word before it, so that an answer never ends in any.
        let whole = self.held.trim_end().rfind(char::is_whitespace).unwrap_or(0);
        let rest = self.held.split_off(whole);
        let whole = std::mem::replace(&mut self.held, rest);
        self.shown(&whole)
    }

    /// Gives the rest.
    pub(super) fn finish(&mut self) -> String {
        let rest = std::mem::take(&mut self.held);
        self.shown(rest.trim_end())
    }

    fn shown(&mut self, text: &str) -> String {
        let text = if self.is_start { text.trim_start() } else { text };
        self.is_start &= text.is_empty();
        let mut finder = LinkFinder::new();
        finder.url_must_have_scheme(false);
        let mut shown = String::new();
        for span in finder.spans(text) {
            let refused = span.kind() == Some(&LinkKind::Url) && leads_somewhere(span.as_str());
            if !refused || self.hosts.allow(span.as_str()) {
                shown.push_str(span.as_str());
            }
        }
        // What a link of Markdown leaves behind.
        shown.replace("]()", "]").replace("<>", "")
    }
}

/// Whether a reader would follow it: `Node.js` is no link, though it looks like a host.
fn leads_somewhere(link: &str) -> bool {
    link.contains("://") || link.contains('/') || link.to_ascii_lowercase().starts_with("www.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Plain {
        let origins = ["https://acme.com".to_owned(), "https://*.acme.org".to_owned()];
        Plain::new(OwnHosts::of(&origins, ["https://help.acme.net/faq"].into_iter()))
    }

    fn shown(text: &str, size: usize) -> String {
        let mut plain = plain();
        let characters: Vec<char> = text.chars().collect();
        let mut shown = String::new();
        for piece in characters.chunks(size) {
            shown.push_str(&plain.push(&piece.iter().collect::<String>()));
        }
        shown + &plain.finish()
    }

    #[test]
    fn links_lead_to_the_business_alone_however_they_are_cut() {
        let cases = [
            ("See https://acme.com/prices now.", "See https://acme.com/prices now."),
            (
                "See http://shop.acme.org, or help.acme.net/faq",
                "See http://shop.acme.org, or help.acme.net/faq",
            ),
            ("See https://evil.example/x now", "See  now"),
            ("See https://acme.com.evil.example/", "See "),
            ("See https://acme.com@evil.example/", "See "),
            ("See [here](https://evil.example/a), yes", "See [here], yes"),
            ("Go to www.evil.example today", "Go to  today"),
            ("ftp://acme.com/x javascript://acme.com/%0aalert(1)", " "),
            ("We use Node.js, e.g. here", "We use Node.js, e.g. here"),
            ("Write to jane@acme.com", "Write to jane@acme.com"),
            ("  two\n\nlines\u{7} \n", "two\n\nlines"),
        ];
        for (written, expected) in cases {
            for size in [1, 2, 7, 1_000] {
                assert_eq!(shown(written, size).trim_end(), expected.trim_end(), "{written:?} by {size}");
            }
        }
    }
}
