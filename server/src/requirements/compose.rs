//! Corrections take the place of what they correct; what is left becomes lines.

use std::collections::HashSet;

use super::read::{Fact, Held, Kind};
use super::values;

/// Most bullets of a conversation.
pub const MAX_BULLETS: usize = 10;
/// The most characters of a bullet.
pub(super) const MAX_CHARS: usize = 70;
/// Clauses of one sentence share a bullet up to this length.
const SHARED_CHARS: usize = 60;

/// Puts a correction's values in the place of those they correct (policy 3). What stays of the fact is new.
pub(super) fn correct(facts: &mut [Fact], mut fact: Fact) -> Option<Fact> {
    // "… sorry, I mean Gare de Lyon": a name alone is a place, where there was one.
    take_for_place(&mut fact);
    let message = fact.place.0;
    let mut left = Vec::new();
    let mut placed = 0;
    for held in std::mem::take(&mut fact.values) {
        if replace(facts, &held, message)
            || (held.kind == values::Kind::Place && replace_name(facts, &held, message))
        {
            placed += 1;
        } else {
            left.push(held);
        }
    }
    let rest = left.is_empty() && placed > 0;
    fact.values = left;
    (!rest).then_some(fact)
}

/// Takes a name alone for that of a place, which another can take the place of.
pub(super) fn take_for_place(fact: &mut Fact) {
    // "NDA before I send it" names none.
    let is_name = fact.text.starts_with(char::is_uppercase) && fact.text.contains(char::is_lowercase);
    if fact.values.is_empty() && is_name && fact.text.split(' ').count() <= 4 {
        fact.values.push(Held { kind: values::Kind::Place, key: String::new(), text: fact.text.clone() });
    }
}

/// "Maybe 700", after a budget of 500 was named: only an amount, of about as many digits. Whether it took that one's place.
pub(super) fn rebid(facts: &mut [Fact], new: &Fact) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    // "300 a month" says how often.
    let is_often = |held: &&Held| matches!(held.kind, values::Kind::Often | values::Kind::Span);
    let mut amounts = new.values.iter().filter(|held| !is_often(held));
    let (Some(held), None) = (amounts.next(), amounts.next()) else { return false };
    let bare = held.kind == values::Kind::Count && held.key.is_empty() && digits(&held.text) > 1;
    let is_short = new.text.split(' ').count() <= 7;
    if new.kind == Kind::Budget || !(bare || held.kind == values::Kind::Money) || !is_short {
        return false;
    }
    let old = facts.iter_mut().rev().find(|old| old.kind == Kind::Budget && old.place.0 < new.place.0);
    let Some((old, was)) = old.and_then(|old| amount(old).map(|was| (old, was))) else { return false };
    if digits(&was).abs_diff(digits(&held.text)) > 1 {
        return false;
    }
    let is = if bare { with_currency_of(&was, &held.text) } else { held.text.clone() };
    old.text = replace_word(&old.text, &was, &is);
    old.values.clone_from(&new.values);
    true
}

/// "$500" and "700" are "$700".
fn with_currency_of(was: &str, number: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit();
    match (was.find(is_digit), was.rfind(is_digit)) {
        (Some(from), Some(to)) => [&was[..from], number, &was[to + 1..]].concat(),
        _ => number.to_owned(),
    }
}

/// What a budget amounts to.
fn amount(fact: &Fact) -> Option<String> {
    let is_amount = |held: &&Held| matches!(held.kind, values::Kind::Money | values::Kind::Count);
    fact.values.iter().find(is_amount).map(|held| held.text.clone())
}

/// A budget takes the place of the one before. Where that one said more than the budget, only its amount changes; what is left
/// to add.
pub(super) fn rebudget(facts: &mut Vec<Fact>, new: Fact) -> Option<Fact> {
    let words = |fact: &Fact| fact.text.split(' ').count();
    let old = facts.iter_mut().find(|old| old.kind == Kind::Budget && words(old) > words(&new) + 1);
    if let (Some(old), Some(is)) = (old, amount(&new))
        && let Some(was) = amount(old)
    {
        old.text = replace_word(&old.text, &was, &is);
        old.values = new.values;
        return None;
    }
    facts.retain(|old| old.kind != Kind::Budget);
    Some(new)
}

/// Whether a fact counts anew what an earlier message has counted: "8 adults", then "7 adults".
pub(super) fn recounts(facts: &[Fact], fact: &Fact) -> bool {
    let counts = |held: &&Held| held.kind == values::Kind::Count && !held.key.is_empty();
    let anew =
        |old: &Held, new: &Held| old.key == new.key && old.text.to_lowercase() != new.text.to_lowercase();
    fact.values.iter().filter(counts).any(|new| {
        let earlier = facts.iter().filter(|old| old.place.0 < fact.place.0);
        earlier.flat_map(|old| &old.values).filter(counts).any(|old| anew(old, new))
    })
}

/// Replaces the newest value of the same kind; `false` where there is none, or it is the same.
fn replace(facts: &mut [Fact], new: &Held, message: usize) -> bool {
    // A bare number corrects what was counted first, anything else, and in one message, what was said last.
    let bare = new.kind == values::Kind::Count && new.key.is_empty();
    let here = facts.iter().rev().take_while(|fact| fact.place.0 == message).count();
    let earlier = facts.len() - here;
    let order = |index: usize| if bare { index } else { earlier - 1 - index };
    let counted = |fact: &Fact| fact.values.iter().any(|held| held.kind == values::Kind::Count);
    let may_measure = bare && !facts[earlier..].iter().any(counted);
    for index in (earlier..facts.len()).rev().chain((0..earlier).map(order)) {
        let fact = &mut facts[index];
        // "48 months, no, make it 60".
        let measured = |old: &Held| {
            may_measure && index >= earlier && matches!(old.kind, values::Kind::Measure | values::Kind::Span)
        };
        let replaceable = |old: &&mut Held| is_same_kind(old, new) || measured(old);
        let Some(old) = fact.values.iter_mut().rev().find(replaceable) else { continue };
        if old.text.to_lowercase() == new.text.to_lowercase() {
            return true;
        }
        // "One dog", then "two dogs": the noun changes with the number.
        let other_form = !new.key.is_empty() && old.key != new.key && is_same_word(&old.key, &new.key);
        let counts = new.kind == values::Kind::Count || new.kind == values::Kind::Measure;
        let (was, is) = if counts && !other_form {
            (number(&old.text), number(&new.text))
        } else {
            (old.text.clone(), new.text.clone())
        };
        let text = replace_word(&fact.text, &was, &is);
        if text == fact.text {
            continue;
        }
        old.text = old.text.replacen(&was, &is, 1);
        fact.text = text;
        return true;
    }
    false
}

/// "The address is Basel. No, Zurich": the name that a fact of the same message ends in.
fn replace_name(facts: &mut [Fact], new: &Held, message: usize) -> bool {
    for fact in facts.iter_mut().rev().filter(|fact| fact.place.0 == message && fact.values.is_empty()) {
        let Some((head, last)) = fact.text.rsplit_once(' ') else { continue };
        if last.starts_with(char::is_uppercase)
            && last.chars().skip(1).all(char::is_lowercase)
            && last.chars().count() > 2
        {
            fact.text = [head, " ", &new.text].concat();
            return true;
        }
    }
    false
}

fn is_same_kind(old: &Held, new: &Held) -> bool {
    use values::Kind::{Clock, Count, Date, Day, Look, Measure, Money, Often, Place, Span};
    if matches!((old.kind, new.kind), (Date, Day) | (Day, Date)) {
        return false;
    }
    if old.kind != new.kind {
        return false;
    }
    match new.kind {
        Money | Date | Day | Clock | Often | Place | Span | Look => true,
        Measure => old.key == new.key,
        Count => {
            let general = |key: &str| {
                key.is_empty()
                    || [
                        "of us",
                        "people",
                        "personen",
                        "personas",
                        "personnes",
                        "persone",
                        "pessoas",
                        "osób",
                        "of them",
                        "guests",
                    ]
                    .contains(&key)
            };
            general(&old.key) && general(&new.key)
                || new.key.is_empty()
                || PIECES.contains(&new.key.as_str())
                || old
                    .key
                    .split(' ')
                    .any(|word| word.len() > 2 && new.key.split(' ').any(|other| is_same_word(word, other)))
        }
        _ => false,
    }
}

/// Words that count whatever was counted before.
const PIECES: [&str; 9] = ["stück", "pieces", "pcs", "piezas", "pièces", "pezzi", "peças", "stuks", "sztuk"];

/// The same word, or another form of it.
fn is_same_word(a: &str, b: &str) -> bool {
    let shared = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    let longer = a.chars().count().max(b.chars().count());
    let plural = a.strip_suffix('s') == Some(b) || b.strip_suffix('s') == Some(a);
    a == b || plural || (shared >= 4 && longer - shared <= 2)
}

fn number(text: &str) -> String {
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// Replaces a text where it stands between words.
fn replace_word(text: &str, was: &str, is: &str) -> String {
    let lower = text.to_lowercase();
    let found = lower.match_indices(&was.to_lowercase()).map(|(at, found)| (at, at + found.len())).find(
        |(from, to)| {
            let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            !letter(lower[..*from].chars().next_back()) && !letter(lower[*to..].chars().next())
        },
    );
    match found {
        Some((from, to)) if text.is_char_boundary(from) && text.is_char_boundary(to) => {
            [&text[..from], is, &text[to..]].concat()
        }
        _ => text.to_owned(),
    }
}

/// "800 brochures, A5 instead of A4": takes the new value's place in what was said before, where the old one stands.
/// What is left to say of the new fact.
pub(super) fn replace_instead(
    facts: &mut [Fact],
    text: &str,
    at: usize,
    behind: usize,
    number: Option<&str>,
) -> String {
    let (new, old) = (text[..at].trim(), text[behind..].trim());
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let last = || new.rsplit(' ').find(|word| !is_number(old) || is_number(word)).unwrap_or_default();
    let value = number.unwrap_or_else(last);
    for fact in facts.iter_mut().rev() {
        let text = replace_word(&fact.text, old, value);
        if text != fact.text {
            fact.text = text;
            break;
        }
    }
    new.to_owned()
}

/// Of the facts of a message that tells a story, leaves those that say what is needed or what fails, and the details that
/// follow a need.
pub(super) fn without_tale(facts: &mut Vec<Fact>, message: usize) {
    /// So many sentences behind a need its details are told.
    const NEAR: usize = 3;
    /// And so many before it what has failed.
    const CAUSE: usize = 2;
    let needed = |fact: &Fact| fact.plain && fact.kind != Kind::Situation;
    let told = |fact: &Fact| fact.place.0 == message;
    let Some(first) = facts.iter().find(|f| told(f) && needed(f)).map(|fact| fact.place.1) else { return };
    let mut need: Option<usize> = None;
    facts.retain(|fact| {
        let sentence = fact.place.1;
        if !told(fact) || fact.labelled {
            return true;
        }
        if needed(fact) {
            need = Some(sentence);
            return true;
        }
        if fact.plain {
            return sentence + CAUSE >= first;
        }
        let far = if fact.values.is_empty() { 0 } else { NEAR };
        need.is_some_and(|need| sentence <= need + far)
    });
}

/// Joins two of a kind.
const AND: [&str; 8] = ["and", "und", "et", "y", "e", "en", "i", "&"];

/// Takes back what is not wanted any more: facts that are mostly about these words.
pub(super) fn retract(facts: &mut Vec<Fact>, unwanted: &[String]) {
    if unwanted.is_empty() {
        return;
    }
    for fact in facts.iter_mut() {
        for (and, word) in AND.iter().flat_map(|and| unwanted.iter().map(move |word| (and, word))) {
            fact.text = replace_word(&fact.text, &format!(" {and} {word}"), "");
            fact.text = replace_word(&fact.text, &format!("{word} {and} "), "");
        }
    }
    facts.retain(|fact| {
        let words = words(&fact.text);
        let content: Vec<&String> = words.iter().filter(|w| w.chars().count() > 3).collect();
        let shared = content.iter().filter(|w| unwanted.contains(w)).count();
        shared == 0 || shared * 2 < content.len()
    });
}

/// The lines: in the order of the kinds, no fact twice.
pub(super) fn write(mut facts: Vec<Fact>) -> String {
    if !facts.iter().any(|fact| fact.strong) {
        return String::new();
    }
    // What shows no need by itself counts beside what does.
    let needed: HashSet<(usize, usize)> =
        facts.iter().filter(|f| f.strong && f.kind != Kind::Situation).map(|f| f.place).collect();
    facts.retain(|fact| fact.firm || !fact.whole && needed.contains(&fact.place));
    let mut joined = join(without_repeats(facts), SHARED_CHARS, false);
    if joined.len() > MAX_BULLETS {
        joined = join(joined, MAX_CHARS, true);
    }
    while joined.len() > MAX_BULLETS {
        let Some(weakest) = (0..joined.len()).rev().find(|i| !joined[*i].strong) else { break };
        joined.remove(weakest);
    }
    joined.sort_by_key(|fact| fact.kind);
    let lines: Vec<String> = joined
        .iter()
        .flat_map(|fact| cut(&fact.text))
        .take(MAX_BULLETS)
        .map(|line| ["• ", &line].concat())
        .collect();
    lines.join("\n")
}

/// Neighbours of one sentence, or of one message, in one bullet where they fit.
fn join(facts: Vec<Fact>, most: usize, in_message: bool) -> Vec<Fact> {
    let mut joined: Vec<Fact> = Vec::with_capacity(facts.len());
    for fact in facts {
        if let Some(last) = joined.last_mut() {
            let near = if in_message {
                last.place.0 == fact.place.0
            } else {
                last.place == fact.place && !fact.whole
            };
            let apart = fact.kind == Kind::Budget || last.kind == Kind::Budget;
            let length = last.text.chars().count() + fact.text.chars().count() + 2;
            if near && !apart && length <= most {
                let joint = if fact.labelled { ": " } else { ", " };
                last.text = [&last.text, joint, &fact.text].concat();
                last.strong |= fact.strong;
                last.values.extend(fact.values);
                last.kind = last.kind.min(fact.kind);
                continue;
            }
        }
        joined.push(fact);
    }
    joined
}

fn without_repeats(facts: Vec<Fact>) -> Vec<Fact> {
    let mut kept: Vec<(Fact, HashSet<String>)> = Vec::new();
    for fact in facts {
        let own = words(&fact.text);
        if kept.iter().any(|(_, known)| own.is_subset(known)) {
            continue;
        }
        kept.retain(|(old, known)| !(known.is_subset(&own) && old.kind == fact.kind));
        kept.push((fact, own));
    }
    kept.into_iter().map(|(fact, _)| fact).collect()
}

/// A text in pieces of at most [`MAX_CHARS`] characters, cut at commas and before short words where that is possible.
fn cut(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text.to_owned();
    while rest.chars().count() > MAX_CHARS && pieces.len() < 3 {
        let near = rest.char_indices().take(MAX_CHARS + 1);
        let spaces: Vec<usize> = near.filter(|(_, c)| *c == ' ').map(|(at, _)| at).collect();
        let comma = spaces.iter().rev().find(|at| rest[..**at].ends_with([',', ';']) && **at > 15);
        let joins = |at: &&usize, words: &[&str]| {
            let head = rest[..**at].rsplit(' ').next().unwrap_or_default();
            **at > 20
                && !SHORT.contains(&head)
                && rest[**at + 1..].split(' ').next().is_some_and(|w| words.contains(&w))
        };
        let joint = spaces.iter().rev().find(|at| joins(at, JOINTS));
        let short = spaces.iter().rev().find(|at| joins(at, SHORT));
        let Some(at) = comma.or(joint).or(short).or(spaces.last()).copied() else {
            // One word that is longer than a bullet says nothing.
            return pieces;
        };
        let (head, tail) = rest.split_at(at);
        pieces.extend(super::read::capitalised(head.trim_end_matches([',', ';', ' '])));
        rest = tail.trim_start().to_owned();
    }
    if rest.chars().count() <= MAX_CHARS {
        pieces.extend(super::read::capitalised(&rest));
    }
    pieces
}

/// Words before which a long line is best cut.
const JOINTS: &[&str] = &[
    "and", "or", "with", "without", "because", "und", "oder", "mit", "et", "avec", "y", "con", "e", "com",
    "met", "i", "z",
];

/// Words before which it may be.
const SHORT: &[&str] = &[
    "for", "from", "to", "in", "on", "at", "by", "that", "für", "von", "zu", "im", "am", "pour", "para",
    "per", "en", "voor", "dla",
];

fn words(text: &str) -> HashSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && !"$€£.,:".contains(c));
    words
        .map(|word| word.trim_matches(['.', ',', ':']).to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}
