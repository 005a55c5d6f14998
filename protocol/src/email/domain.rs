//! The right-hand side of an address (rule 3.2).

use super::chars::{Kind, Script, kind, mixes_lookalikes, script};
use super::lists::{is_tld, typo_tld};
use super::unicode::{is_lower, is_upper};
use super::view::View;

/// A domain found in the view: its labels as positions, without the dots.
pub(super) struct Domain {
    labels: Vec<(usize, usize)>,
}

impl Domain {
    /// The first position behind the domain.
    pub(super) fn end(&self) -> usize {
        self.labels.last().map_or(0, |label| label.1)
    }

    /// The domain in lower case, joined by plain dots.
    pub(super) fn lower(&self, view: &View) -> String {
        let mut lower = String::new();
        for (from, to) in &self.labels {
            if !lower.is_empty() {
                lower.push('.');
            }
            lower.push_str(&view.lower(*from, *to));
        }
        lower
    }

    /// Whether the last label is ASCII.
    pub(super) fn ends_in_ascii(&self, view: &View) -> bool {
        self.labels.last().is_some_and(|(from, to)| view.slice(*from, *to).all(|c| c.is_ascii()))
    }
}

/// The domain that begins at `from`: the longest run of labels that ends validly.
pub(super) fn read(view: &View, from: usize) -> Option<Domain> {
    let mut labels = labels(view, from);
    let whole = labels.len();
    // Only the last label may be cut; what stands before it must be good as it is.
    let good = labels.iter().take_while(|label| is_valid(view, **label)).count();
    labels.truncate(good + 1);
    while labels.len() >= 2 {
        let is_last_read = labels.len() == whole;
        if let Some(end) = ending(view, &labels, is_last_read) {
            if let Some(last) = labels.last_mut() {
                last.1 = end;
            }
            return Some(Domain { labels });
        }
        labels.pop();
    }
    None
}

/// The labels as they can be read, joined by dots, up to where a new sentence starts (S2).
fn labels(view: &View, from: usize) -> Vec<(usize, usize)> {
    let mut labels: Vec<(usize, usize)> = Vec::new();
    let mut start = from;
    let mut small = true;
    loop {
        let end = label_end(view, start);
        if end == start || (small && starts_sentence(view, &labels, (start, end))) {
            return labels;
        }
        small = small && !view.slice(start, end).any(is_upper);
        labels.push((start, end));
        match view.at(end) {
            Some('.') => {}
            Some('。') if ideographic_dot_joins(view, &labels, end) => {}
            _ => return labels,
        }
        start = end + 1;
    }
}

fn label_end(view: &View, from: usize) -> usize {
    let mut end = from;
    while view.at(end).is_some_and(|c| c == '-' || kind(c) != Kind::Separator) {
        end += 1;
    }
    end
}

/// Whether `。` at `dot` stands for a dot.
fn ideographic_dot_joins(view: &View, labels: &[(usize, usize)], dot: usize) -> bool {
    if !view.at(dot + 1).is_some_and(|c| c.is_ascii_alphanumeric()) {
        return false;
    }
    let Some((from, to)) = labels.last().copied() else { return false };
    let last = view.lower(from, to);
    let complete = labels.len() >= 2 && is_tld(&last);
    !complete || (takes_country(&last) && two_letter_tld_follows(view, dot + 1))
}

fn takes_country(label: &str) -> bool {
    matches!(label, "com" | "net" | "org" | "co" | "edu" | "gov" | "ac")
}

fn two_letter_tld_follows(view: &View, from: usize) -> bool {
    let letters = (from..view.len()).take_while(|i| view.at(*i).is_some_and(|c| c.is_ascii_alphanumeric()));
    letters.take(3).count() == 2 && is_tld(&view.lower(from, from + 2))
}

/// S2: a capitalised word behind labels in lower case that make a complete domain.
fn starts_sentence(view: &View, labels: &[(usize, usize)], label: (usize, usize)) -> bool {
    let Some(last) = labels.last().filter(|_| labels.len() >= 2) else { return false };
    let mut word = view.slice(label.0, label.1);
    if !(word.next().is_some_and(is_upper) && word.all(is_lower)) {
        return false;
    }
    let ending = view.lower(last.0, last.1);
    ending != "co" && is_tld(&ending)
}

/// Length, hyphens and scripts of a label.
fn is_valid(view: &View, (from, to): (usize, usize)) -> bool {
    let bytes: usize = view.slice(from, to).take(64).map(char::len_utf8).sum();
    (1..=63).contains(&bytes)
        && view.at(from) != Some('-')
        && view.before(to) != Some('-')
        && !mixes_lookalikes(view.slice(from, to))
}

/// Where the last of these labels ends, whole or cut, if the domain can end there.
fn ending(view: &View, labels: &[(usize, usize)], is_last_read: bool) -> Option<usize> {
    let (from, to) = *labels.last()?;
    // No top-level domain is longer; what is longer can still be cut.
    let candidates = [Some(to), first_boundary(view, from, to)];
    for (index, end) in candidates.into_iter().enumerate() {
        let Some(end) = end.filter(|end| is_valid(view, (from, *end))) else { continue };
        let text = view.lower(from, end);
        let slip = index == 0 && is_last_read && typo_tld(&text).is_some();
        if (is_tld(&text) || slip) && may_end(view, labels, &text) {
            return Some(end);
        }
    }
    unspaced_prefix(view, from, to).filter(|end| may_end(view, labels, &view.lower(from, *end)))
}

/// S1: behind com, net or org a final label counts only if it has two letters.
fn may_end(view: &View, labels: &[(usize, usize)], last: &str) -> bool {
    let Some((from, to)) = labels.len().checked_sub(2).and_then(|at| labels.get(at)).copied() else {
        return false;
    };
    let before = view.lower(from, to);
    labels.len() < 3
        || !matches!(before.as_str(), "com" | "net" | "org")
        || last.chars().take(3).fold(0, |count, _| count + 1) == 2
}

/// The first place inside a label where glued text may begin.
fn first_boundary(view: &View, from: usize, to: usize) -> Option<usize> {
    let mut script_before = None;
    for index in from..to {
        let c = view.at(index)?;
        let before = view.before(index);
        if index > from && (c == '-' || is_boundary(before?, script_before, c)) {
            return Some(index);
        }
        script_before = script(c).or(script_before);
    }
    None
}

fn is_boundary(before: char, script_before: Option<Script>, c: char) -> bool {
    use Script::{Cyrillic, Greek, Latin, Other, Unspaced};
    if is_lower(before) && is_upper(c) {
        return true;
    }
    match (kind(before), kind(c)) {
        (Kind::Letter | Kind::Mark, Kind::Digit) => true,
        (Kind::Digit, Kind::Letter) => script(c) != Some(Latin),
        (_, Kind::Letter) => match (script_before, script(c)) {
            (Some(Latin), Some(other)) => other != Latin,
            (Some(_), Some(Latin)) => true,
            (Some(Cyrillic | Greek | Other), Some(Unspaced)) => true,
            _ => false,
        },
        _ => false,
    }
}

/// The longest prefix of a last label in an unspaced script that is a known top-level domain.
fn unspaced_prefix(view: &View, from: usize, to: usize) -> Option<usize> {
    if view.at(from).and_then(script) != Some(Script::Unspaced) {
        return None;
    }
    // The longest such domain has fewer than 16 characters.
    let longest = to.min(from + 16);
    (from + 1..=longest).rev().find(|end| is_tld(&view.lower(from, *end)))
}
