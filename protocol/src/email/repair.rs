//! Slips in the domains of well-known providers (section 5).

use super::chars::{Kind, is_alphanumeric, kind};
use super::lists::is_provider;
use super::view::View;

/// A repaired domain: where its slip ends, and what was meant, in lower case.
pub(super) struct Repaired {
    pub(super) end: usize,
    pub(super) domain: String,
}

/// Repairs the domain that begins at `from`, if it is one of a provider.
pub(super) fn read(view: &View, from: usize) -> Option<Repaired> {
    let name_end = name_end(view, from);
    let name = view.lower(from, name_end);
    if name.is_empty() || name.len() > 63 {
        return None;
    }
    // "bo@gmail,thx" has a comma, and yet another slip.
    [comma_or_two_dots, space_for_dot, no_dot, no_ending]
        .into_iter()
        .filter_map(|repair| repair(view, name_end, &name))
        .find(|repaired| is_provider(&repaired.domain))
}

fn name_end(view: &View, from: usize) -> usize {
    let mut end = from;
    while view.at(end).is_some_and(|c| c == '-' || kind(c) != Kind::Separator) && end - from < 64 {
        end += 1;
    }
    end
}

fn comma_or_two_dots(view: &View, at: usize, name: &str) -> Option<Repaired> {
    let (first, second) = (view.at(at)?, view.at(at + 1));
    let separator = match (first, second) {
        ('.', Some('.' | ',')) | (',', Some('.')) => 2,
        (',', _) => 1,
        _ => return None,
    };
    let (ending, end) = letters(view, at + separator).filter(|(text, _)| matches!(text.len(), 2 | 3))?;
    let country = matches!(view.at(end), Some('.' | ','))
        .then(|| letters(view, end + 1))
        .flatten()
        .filter(|(text, _)| text.len() == 2)
        .map(|(text, country_end)| Repaired {
            end: country_end,
            domain: [name, ".", &ending, ".", &text].concat(),
        })
        .filter(|repaired| is_provider(&repaired.domain));
    country.or_else(|| Some(Repaired { end, domain: [name, ".", &ending].concat() }))
}

fn space_for_dot(view: &View, at: usize, name: &str) -> Option<Repaired> {
    let after_space = |index: usize| if view.at(index) == Some(' ') { index + 1 } else { index };
    let before = after_space(at);
    let behind = if view.at(before) == Some('.') { after_space(before + 1) } else { before };
    let spaced = before > at || behind > before + 1;
    let (ending, end) = letters(view, behind).filter(|(text, _)| text == "com")?;
    spaced.then(|| Repaired { end, domain: [name, ".", &ending].concat() })
}

fn no_dot(view: &View, at: usize, name: &str) -> Option<Repaired> {
    let provider = name.strip_suffix("com").filter(|_| !goes_on(view, at))?;
    matches!(provider, "gmail" | "hotmail" | "yahoo" | "outlook" | "icloud")
        .then(|| Repaired { end: at, domain: [provider, ".com"].concat() })
}

fn no_ending(view: &View, at: usize, name: &str) -> Option<Repaired> {
    (matches!(name, "gmail" | "icloud") && !goes_on(view, at))
        .then(|| Repaired { end: at, domain: [name, ".com"].concat() })
}

/// Whether what follows still belongs to the name.
fn goes_on(view: &View, at: usize) -> bool {
    match view.at(at) {
        Some('.') => view.at(at + 1).is_some_and(is_alphanumeric),
        Some(c) => c == '_' || c == '-' || is_alphanumeric(c),
        None => false,
    }
}

/// A run of up to three ASCII letters that no letter, digit, `_` or `-` follows, in lower case.
fn letters(view: &View, from: usize) -> Option<(String, usize)> {
    let mut end = from;
    while view.at(end).is_some_and(|c| c.is_ascii_alphabetic()) && end - from < 4 {
        end += 1;
    }
    let whole = !view.at(end).is_some_and(|c| c == '_' || c == '-' || is_alphanumeric(c));
    (whole && end > from && end - from <= 3).then(|| (view.lower(from, end), end))
}
