//! What a word is, for the search of leads: the same on every store.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The words of the texts, sorted, without repeats.
pub fn words_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let distinct: BTreeSet<String> = texts.into_iter().flat_map(words).collect();
    distinct.into_iter().collect()
}

/// Runs of letters and digits, lower-cased, accents folded, in the order of the text.
pub fn words(text: &str) -> Vec<String> {
    if text.is_ascii() {
        let runs = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|run| !run.is_empty());
        return runs.map(str::to_ascii_lowercase).collect();
    }
    let mut words = Vec::new();
    let mut word = String::new();
    // NFKD takes letters and their accents apart; the accents do not count and do not end a word.
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        if c.is_alphanumeric() {
            push_folded(&mut word, c);
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Letters that a reader takes for an accented one but that Unicode does not take apart.
fn push_folded(word: &mut String, c: char) {
    for lower in c.to_lowercase().filter(|c| !is_combining_mark(*c)) {
        match lower {
            'ß' => word.push_str("ss"),
            'æ' => word.push_str("ae"),
            'œ' => word.push_str("oe"),
            'ø' => word.push('o'),
            'ł' => word.push('l'),
            'đ' | 'ð' => word.push('d'),
            'ħ' => word.push('h'),
            'ı' => word.push('i'),
            'þ' => word.push_str("th"),
            'ς' => word.push('σ'),
            other => word.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(words(text), expected, "{text}");
    }

    #[test]
    fn words_are_folded_runs_of_letters_and_digits() {
        check("Jané.DOE+x@acme.com", &["jane", "doe", "x", "acme", "com"]);
        check("Łódź, Straße 5b — CRÈME brûlée", &["lodz", "strasse", "5b", "creme", "brulee"]);
        check("Cre\u{300}me", &["creme"]);
        check("ＦＵＬＬ İstanbul", &["full", "istanbul"]);
        check("ΟΔΟΣ οδός Ζεύς", &["οδοσ", "οδοσ", "ζευσ"]);
        check("予算は500円", &["予算は500円"]);
        check("  .*$^ ", &[]);
    }
}
