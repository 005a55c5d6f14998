//! Cuts a text into sentences and clauses: pieces that say one thing.

use std::sync::LazyLock;

use regex::Regex;

use super::clean;
use super::lexicon::pattern;

/// Where one statement ends and another begins inside a sentence. A comma between digits is part of a number.
static BREAKS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"[;:]\s|\s[–—-]\s|\s\|\s|[()]|,\s|\s(?:and|but|because|since we|so that|plus|also|und|aber|weil|sowie|et|mais|car|parce que|y|pero|porque|e|ma|perché|mas|porque|en|maar|omdat|oraz|ale|bo)\s(?:it |we |i |our |my |they |also |must |should |need |has |have |is |can |do |wir |ich |unser|es |nous |je |on |notre |nos |il faut |necesit|tenemos|quer|que |abbiamo|vorre|temos|precis|we |ik |wij |moet )",
    )
});

/// The end of a sentence. A full stop between digits, or behind a single letter or a number, ends none.
fn ends_sentence(text: &str, at: usize, c: char) -> bool {
    let behind = text[at + c.len_utf8()..].chars().next();
    match c {
        '\n' | '!' | '?' | '…' => true,
        '.' => {
            let before = text[..at].chars().next_back();
            let word: String = text[..at].chars().rev().take_while(|c| c.is_alphanumeric()).collect();
            let is_number = before.is_some_and(|c| c.is_ascii_digit());
            let next_word = text[at + 1..].trim_start().chars().next();
            let goes_on = next_word.is_some_and(|c| c.is_lowercase() || c.is_ascii_digit())
                || names_month(&text[at + 1..]);
            behind.is_none_or(char::is_whitespace)
                && word.chars().count() > 1 | usize::from(is_number)
                && !goes_on
        }
        _ => false,
    }
}

/// Whether the next word is a month: "am 12. Mai".
fn names_month(text: &str) -> bool {
    const MONTHS: &[&str] = &[
        "jan", "feb", "mär", "mar", "apr", "mai", "may", "jun", "jul", "aug", "sep", "okt", "oct", "nov",
        "dez", "dec",
    ];
    let word: String = text.trim_start().chars().take(3).flat_map(char::to_lowercase).collect();
    MONTHS.iter().any(|month| word == *month)
}

/// The sentences of a text, with their end marks, without those that speak to the software.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, c) in text.char_indices() {
        if ends_sentence(text, at, c) {
            let end = at + c.len_utf8();
            found.push(text[from..end].trim());
            from = end;
        }
    }
    found.push(text[from..].trim());
    found.retain(|sentence| !sentence.is_empty() && !clean::is_aimed_at_software(sentence));
    found
}

/// The clauses of a sentence. The first words of what follows a break belong to it.
pub(super) fn clauses(sentence: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    for mark in BREAKS.find_iter(sentence) {
        if mark.start() < from {
            continue;
        }
        found.push(&sentence[from..mark.start()]);
        // Of "and we need" the "we need" is the next clause's.
        let word = mark.as_str().trim_start().split(' ').next().unwrap_or_default();
        let lead = mark.as_str().len() - mark.as_str().trim_start().len();
        from = mark.start() + lead + word.len();
    }
    found.push(&sentence[from..]);
    found
        .iter()
        .map(|clause| clause.trim())
        .filter(|clause| clause.chars().any(char::is_alphanumeric))
        .collect()
}
