//! Finds e-mail addresses in what people write: one linear-time function for the browser, the edge and the server.
//!
//! It judges form only and follows the project's detection policy; the rule numbers in the comments here are that
//! policy's. A wrong address is worse than a missed one. The text is read through a [`view`] that keeps the way back
//! to the bytes; every `@` is looked at once, left ([`local`]) and right ([`domain`]), then what stands around it
//! ([`context`]). Slips ([`repair`]) and spelled-out forms ([`spelled`]) are a second pass.

mod chars;
mod context;
mod domain;
mod lists;
mod local;
mod repair;
mod spelled;
mod suggest;
mod tlds;
mod unicode;
mod view;

use std::fmt;

use serde::{Deserialize, Serialize};

use context::UrlState;
use view::View;

/// The longest address, in bytes: local part, `@` and domain.
const MAX_ADDRESS_BYTES: usize = 254;

/// An address in its normal form: lower-cased, dots and `+tags` kept, international domains in Unicode as typed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "jane@acme.com"))]
pub struct Email(String);

/// The text is not, as a whole, one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one e-mail address")]
pub struct EmailError;

impl Email {
    /// Reads a text that is one address and nothing else; white space around it does not count.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        match find_emails(text).as_slice() {
            [hit] if hit.start == 0 && hit.end == text.len() => Ok(hit.email.clone()),
            _ => Err(EmailError),
        }
    }

    /// Reads a text that is one plainly written address: without the second pass, for where bytes are dear.
    pub fn parse_plain(text: &str) -> Option<Self> {
        let text = text.trim();
        let view = View::of(text);
        match plain::<false>(&view).as_mut_slice() {
            [one] if one.start == 0 && one.end == view.len() => {
                Some(std::mem::replace(&mut one.email, Self(String::new())))
            }
            _ => None,
        }
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    fn of(local: &str, domain: &str) -> Self {
        Self([local, "@", domain].concat())
    }
}

impl TryFrom<String> for Email {
    type Error = EmailError;
    fn try_from(text: String) -> Result<Self, EmailError> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> String {
        email.0
    }
}

impl AsRef<str> for Email {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An address found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where it begins: bytes into the text, on a character boundary.
    pub start: usize,
    /// Where it ends, exclusive.
    pub end: usize,
    /// Its normal form.
    pub email: Email,
    /// The whole address that was probably meant, where this one looks like a slip.
    pub suggest: Option<Email>,
}

/// Every address in the text, by position, without overlaps. Linear in the text's length; never panics.
pub fn find_emails(text: &str) -> Vec<Hit> {
    let view = View::of(text);
    let mut found = plain::<true>(&view);
    let taken: Vec<(usize, usize)> = found.iter().map(|one| (one.start, one.end)).collect();
    found.extend(spelled::find(&view, &taken).into_iter().filter_map(|one| {
        let email = Email::of(&one.local, &one.domain);
        stands(&email).then_some(Found { start: one.start, end: one.end, email, repaired: false })
    }));
    found.sort_by_key(|one| one.start);
    found.into_iter().map(|one| one.into_hit(&view)).collect()
}

/// The first plainly written address of the text: without the second pass, for where bytes are dear.
pub fn first_plain(text: &str) -> Option<Email> {
    plain::<false>(&View::of(text)).into_iter().next().map(|one| one.email)
}

/// The distinct addresses of the text, in order of first appearance.
pub fn addresses(text: &str) -> Vec<Email> {
    let mut distinct: Vec<Email> = Vec::new();
    for hit in find_emails(text) {
        if !distinct.contains(&hit.email) {
            distinct.push(hit.email);
        }
    }
    distinct
}

/// The address that was probably meant, if this one looks like a slip (section 8).
pub fn suggest(email: &Email) -> Option<Email> {
    let (local, domain) = email.0.rsplit_once('@')?;
    suggest::domain(domain).map(|meant| Email::of(local, &meant))
}

/// Whether a spelled-out address, written plainly, is one: section 4 knows fewer rules than section 3.
fn stands(email: &Email) -> bool {
    let view = View::of(&email.0);
    matches!(plain::<true>(&view).as_slice(), [one] if one.start == 0 && one.end == view.len() && one.email == *email)
}

struct Found {
    start: usize,
    end: usize,
    email: Email,
    repaired: bool,
}

impl Found {
    fn into_hit(self, view: &View) -> Hit {
        let (start, end) = view.span(self.start, self.end);
        let suggest = if self.repaired { None } else { suggest(&self.email) };
        Hit { start, end, suggest, email: self.email }
    }
}

/// Section 3, and with `REPAIR` section 5: what is written around an `@`.
fn plain<const REPAIR: bool>(view: &View) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut url = UrlState::default();
    let mut index = 0;
    while index < view.len() {
        let run = (index..view.len()).take_while(|i| view.at(*i) == Some('@')).count();
        // Two in a row read as one; three are noise.
        if matches!(run, 1 | 2) {
            url.read_to(view, index);
            let free_from = found.last().map_or(0, |last| last.end);
            found.extend(
                around::<REPAIR>(view, index, index + run, &url).filter(|one| one.start >= free_from),
            );
        }
        index += run.max(1);
    }
    found
}

/// The address whose `@` stands from `at` to `behind`.
fn around<const REPAIR: bool>(view: &View, at: usize, behind: usize, url: &UrlState) -> Option<Found> {
    let (domain, end, ascii, repaired) = match domain::read(view, behind) {
        Some(domain) => (domain.lower(view), domain.end(), domain.ends_in_ascii(view), false),
        None if !REPAIR => return None,
        None => repair::read(view, behind).map(|one| (one.domain, one.end, true, true))?,
    };
    let start = local::start(view, at, end, ascii)?;
    let local = view.lower(start, at);
    let bytes: usize = local.len() + 1 + domain.len();
    let allowed = bytes <= MAX_ADDRESS_BYTES && context::allows(view, url, (start, end), &local, &domain);
    allowed.then(|| Found { start, end, email: Email::of(&local, &domain), repaired })
}
