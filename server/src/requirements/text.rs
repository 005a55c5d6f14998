//! Words and phrases: the small vocabulary in which every other stage is written.

use std::collections::HashSet;

/// What stands in for removed contact data; never part of a bullet.
pub(super) const REDACTED: &str = "\u{FFFC}";

const CURRENCY_SIGNS: &str = "$€£¥₹₽₺₩";

/// One word as written, with the form that tables are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// As the visitor wrote it, punctuation included.
    pub(super) raw: String,
    /// Lower case, without punctuation around it.
    pub(super) key: String,
}

impl Word {
    pub(super) fn new(raw: &str) -> Self {
        let key = raw
            .trim_matches(|c: char| !c.is_alphanumeric() && !CURRENCY_SIGNS.contains(c) && c != '%' && c != '#')
            .to_lowercase();
        Self { raw: raw.to_owned(), key }
    }

    pub(super) fn has_digit(&self) -> bool {
        self.raw.chars().any(char::is_numeric)
    }

    pub(super) fn is_capitalised(&self) -> bool {
        self.raw.chars().find(|c| c.is_alphanumeric()).is_some_and(char::is_uppercase)
    }

    /// Whether the word itself names a currency (`$500`, `500€`, `2k`).
    pub(super) fn has_currency(&self) -> bool {
        self.raw.contains(|c| CURRENCY_SIGNS.contains(c))
    }

    /// Whether the word closes a part of the sentence.
    pub(super) fn ends_part(&self) -> bool {
        self.raw.ends_with([',', ';', ':', '…', '–', '—', ')', '，', '、', '：', '；', '،'])
    }
}

/// Splits at white space; words made only of marks stay, with an empty key.
pub(super) fn words(text: &str) -> Vec<Word> {
    text.split_whitespace().map(Word::new).collect()
}

/// How many words `phrase` takes at the start of `words`, if it stands there.
///
/// A `*` at the end of a phrase word stands for any ending.
pub(super) fn prefix_len(words: &[Word], phrase: &str) -> Option<usize> {
    let mut count = 0;
    for part in phrase.split(' ') {
        let key = &words.get(count)?.key;
        let fits = match part.strip_suffix('*') {
            Some(stem) => key.starts_with(stem),
            None => key == part,
        };
        if !fits {
            return None;
        }
        count += 1;
    }
    Some(count)
}

/// The longest phrase of `table` that `words` begin with, as a number of words.
pub(super) fn longest_prefix(words: &[Word], table: &[&str]) -> Option<usize> {
    table.iter().filter_map(|phrase| prefix_len(words, phrase)).max()
}

/// Position and length of the first phrase of `table` in `words`.
pub(super) fn find_any(words: &[Word], table: &[&str]) -> Option<(usize, usize)> {
    (0..words.len()).find_map(|at| longest_prefix(&words[at..], table).map(|len| (at, len)))
}

/// Whether any phrase of `table` stands in `words`.
pub(super) fn has_any(words: &[Word], table: &[&str]) -> bool {
    find_any(words, table).is_some()
}

/// Whether any text of `table` stands in `text`, which must be in lower case.
pub(super) fn contains_any(text: &str, table: &[&str]) -> bool {
    table.iter().any(|cue| text.contains(cue))
}

/// Scripts written without spaces between words.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{0E00}'..='\u{0E7F}')
}

/// The words joined by one space each.
pub(super) fn join(words: &[Word]) -> String {
    words.iter().map(|word| word.raw.as_str()).collect::<Vec<_>>().join(" ")
}

/// The keys that carry meaning, for comparing two bullets.
pub(super) fn content_keys(text: &str) -> HashSet<String> {
    const LIGHT: &[&str] = &[
        "a", "an", "the", "of", "for", "to", "in", "on", "at", "and", "is", "are", "with", "looking", "by",
    ];
    words(text)
        .into_iter()
        .map(|word| word.key)
        .filter(|key| !key.is_empty() && !LIGHT.contains(&key.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_match_whole_words_and_starred_stems() {
        let text = words("Do you deliver to Oslo?");
        assert_eq!(prefix_len(&text, "do you deliv*"), Some(3));
        assert_eq!(prefix_len(&text, "do yo"), None);
        assert_eq!(find_any(&text, &["to oslo"]), Some((3, 2)));
    }

    #[test]
    fn keys_keep_currency_and_drop_marks() {
        assert_eq!(Word::new("\"$500\",").key, "$500");
        assert_eq!(Word::new("Oslo?!").key, "oslo");
    }
}
