//! The left-hand side of an address (rule 3.1).

use super::chars::{Kind, Script, is_word, kind, mixes_lookalikes, script};
use super::view::View;

/// Where the local part before the `@` at `at` begins, for a domain that ends at `domain_end`.
pub(super) fn start(view: &View, at: usize, domain_end: usize, ascii_ending: bool) -> Option<usize> {
    let mut start = run_start(view, at);
    start = behind_double_dots(view, start, at);
    if mixes_lookalikes(view.slice(start, at)) {
        return None;
    }
    if ascii_ending {
        start = behind_glued_text(view, start, at);
    }
    start = drop_leading_punctuation(view, start, at);
    if start == at || matches!(view.before(at), Some('.' | '\'' | '&')) {
        return None;
    }
    start = drop_emphasis(view, start, at, domain_end);
    // What is left is read again, so that it would be left as it is if it stood alone.
    while at - start > 4 && view.spells(start, "www.") {
        start += 4;
    }
    start = drop_leading_punctuation(view, start, at);
    let unspaced = |c: char| script(c) == Some(Script::Unspaced);
    if start == at || (ascii_ending && view.slice(start, at).any(unspaced)) {
        return None;
    }
    let bytes: usize = view.slice(start, at).take(65).map(char::len_utf8).sum();
    (bytes <= 64).then_some(start)
}

/// Back over what a local part may hold. Each character belongs to one `@` only, so that this is linear in all.
fn run_start(view: &View, at: usize) -> usize {
    let mut start = at;
    while view.before(start).is_some_and(is_local) {
        start -= 1;
    }
    start
}

fn is_local(c: char) -> bool {
    is_word(c) || matches!(c, '_' | '.' | '-' | '+' | '\'' | '&')
}

/// Rule 3.1.1.
fn behind_double_dots(view: &View, start: usize, at: usize) -> usize {
    let pair = (start + 1..at).rev().find(|i| view.at(*i) == Some('.') && view.before(*i) == Some('.'));
    pair.map_or(start, |second| second + 1)
}

/// Rule 3.1.3.
fn behind_glued_text(view: &View, start: usize, at: usize) -> usize {
    // From the right, `next` is the letter or digit that follows, with marks skipped; `near` forgets it at dots and
    // hyphens, over which only an unspaced letter looks.
    let (mut next, mut near): (Option<char>, Option<char>) = (None, None);
    for index in (start..at).rev() {
        let Some(c) = view.at(index) else { continue };
        let glued = match script(c) {
            Some(Script::Unspaced) => next.is_some_and(|n| script(n) != Some(Script::Unspaced)),
            Some(Script::Other) => near.and_then(script).is_some_and(|s| s != Script::Other),
            _ => false,
        };
        if glued {
            return behind_marks(view, index + 1, at);
        }
        match kind(c) {
            Kind::Letter | Kind::Digit => (next, near) = (Some(c), Some(c)),
            Kind::Mark => {}
            Kind::Separator if matches!(c, '.' | '-') => near = None,
            Kind::Separator => (next, near) = (None, None),
        }
    }
    start
}

fn behind_marks(view: &View, mut index: usize, at: usize) -> usize {
    while index < at && view.at(index).is_some_and(|c| kind(c) == Kind::Mark) {
        index += 1;
    }
    index
}

/// Rule 3.1.4. A mark that follows no letter goes too: it belongs to what stands before.
fn drop_leading_punctuation(view: &View, mut start: usize, at: usize) -> usize {
    let droppable = |c: char| matches!(c, '.' | '-' | '+' | '\'' | '&') || kind(c) == Kind::Mark;
    while start < at && view.at(start).is_some_and(droppable) {
        start += 1;
    }
    start
}

/// Rule 3.1.6.
fn drop_emphasis(view: &View, start: usize, at: usize, domain_end: usize) -> usize {
    let leading = view.slice(start, at).take_while(|c| *c == '_').count();
    let behind = view.slice(domain_end, domain_end + leading + 1).take_while(|c| *c == '_').count();
    if leading > 0 && leading == behind && start + leading < at { start + leading } else { start }
}
