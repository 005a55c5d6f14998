//! Later words replace earlier ones; what is left becomes lines.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use super::facts::{Fact, Kind};
use super::lexicon::pattern;

const MAX_BULLETS: usize = 10;

static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d[\d.,]*"));

/// Adds a message's facts to those of the messages before it, and lets corrections take the place of what they correct.
pub(super) fn take(facts: &mut Vec<Fact>, new: Vec<Fact>) {
    for fact in new {
        // A second budget is a newer one, however it is said.
        let replaces = |old: &Fact| {
            (fact.kind == Kind::Budget && old.kind == Kind::Budget)
                || (fact.corrects && is_corrected(old, &fact))
        };
        facts.retain(|old| !replaces(old));
        if fact.corrects && fact.kind == Kind::Amount {
            say_again(facts, &fact.text);
        }
        facts.push(fact);
    }
}

/// Of the same kind and about the same thing, as far as its words tell.
fn is_corrected(old: &Fact, new: &Fact) -> bool {
    if matches!(new.kind, Kind::Time | Kind::Place | Kind::Amount) && old.kind == new.kind {
        return old.kind != Kind::Amount || NUMBER.is_match(&new.text);
    }
    // "… for 5", "no, 7": only the number is said again.
    let numbers = NUMBER.is_match(&old.text) && NUMBER.is_match(&new.text);
    let (old, new) = (words(&old.text), words(&new.text));
    numbers && old.intersection(&new).any(|word| word.chars().all(char::is_alphabetic) && word.len() > 3)
}

/// "A table for 5" – "no, 7 people": the newest need that holds a number takes the new one.
fn say_again(facts: &mut [Fact], text: &str) {
    let Some(number) = NUMBER.find(text) else { return };
    let counted =
        |fact: &&mut Fact| matches!(fact.kind, Kind::Need | Kind::Feature) && NUMBER.is_match(&fact.text);
    if let Some(old) = facts.iter_mut().rev().find(counted) {
        old.text = NUMBER.replace(&old.text, number.as_str()).into_owned();
    }
}

/// The lines: in the order of the kinds, no fact twice.
pub(super) fn write(mut facts: Vec<Fact>) -> String {
    // A day or a town alone is small talk.
    if facts.iter().all(|fact| matches!(fact.kind, Kind::Time | Kind::Place)) {
        return String::new();
    }
    facts.sort_by_key(|fact| fact.kind);
    let mut kept: Vec<(Fact, HashSet<String>)> = Vec::new();
    for fact in facts {
        let own = words(&fact.text);
        if kept.iter().any(|(_, known)| own.is_subset(known)) {
            continue;
        }
        kept.retain(|(_, known)| !known.is_subset(&own));
        kept.push((fact, own));
    }
    let lines: Vec<String> =
        kept.iter().take(MAX_BULLETS).map(|(fact, _)| format!("• {}", fact.text)).collect();
    lines.join("\n")
}

fn words(text: &str) -> HashSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && !"$€£.,".contains(c));
    words.map(|word| word.trim_matches(['.', ',']).to_lowercase()).filter(|word| !word.is_empty()).collect()
}
