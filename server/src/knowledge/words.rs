//! Texts as the terms that they are found by: words without accents and endings, and one word for all that mean the same.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use bm25::Tokenizer;
use rust_stemmers::{Algorithm, Stemmer};
use whichlang::Lang;

use crate::leads::search::words;

/// How much of a text is looked at to tell its language, in characters.
const LOOK: usize = 4_000;

/// How texts of one language become terms.
pub(super) struct Language {
    stemmer: Option<Stemmer>,
    /// Terms that say little of what is asked.
    weak: HashSet<String>,
    /// The term that stands for another.
    same: HashMap<String, String>,
}

/// Every language that is more than words: its common words come from a library, the rest from `lexicon/`.
static LANGUAGES: LazyLock<HashMap<&str, Language>> = LazyLock::new(|| {
    let all = [
        ("de", Algorithm::German, include_str!("lexicon/de.txt")),
        ("en", Algorithm::English, include_str!("lexicon/en.txt")),
        ("es", Algorithm::Spanish, include_str!("lexicon/es.txt")),
        ("fr", Algorithm::French, include_str!("lexicon/fr.txt")),
        ("it", Algorithm::Italian, include_str!("lexicon/it.txt")),
        ("nl", Algorithm::Dutch, include_str!("lexicon/nl.txt")),
        ("pt", Algorithm::Portuguese, include_str!("lexicon/pt.txt")),
        ("sv", Algorithm::Swedish, ""),
        ("tr", Algorithm::Turkish, ""),
    ];
    all.into_iter()
        .map(|(code, algorithm, lexicon)| (code, Language::new(code, algorithm, lexicon)))
        .collect()
});

/// For all others.
static ANY: LazyLock<Language> =
    LazyLock::new(|| Language { stemmer: None, weak: HashSet::new(), same: HashMap::new() });

/// The code of a text's language; empty where only its words are known.
pub(super) fn language_of(text: &str) -> &'static str {
    let start: String = text.chars().take(LOOK).collect();
    match whichlang::detect_language(&start) {
        Lang::Deu => "de",
        Lang::Eng => "en",
        Lang::Spa => "es",
        Lang::Fra => "fr",
        Lang::Ita => "it",
        Lang::Nld => "nl",
        Lang::Por => "pt",
        Lang::Swe => "sv",
        Lang::Tur => "tr",
        _ => "",
    }
}

/// The language of this code.
pub(super) fn language(code: &str) -> &'static Language {
    LANGUAGES.get(code).unwrap_or(&ANY)
}

impl Language {
    fn new(code: &str, algorithm: Algorithm, lexicon: &str) -> Self {
        let mut language =
            Self { stemmer: Some(Stemmer::create(algorithm)), weak: HashSet::new(), same: HashMap::new() };
        let common = stop_words::lookup(code).unwrap_or_default().join(" ");
        language.weak.extend(language.terms(&common));
        for line in lexicon.lines().filter(|line| !line.starts_with('#')) {
            match line.strip_prefix('~') {
                Some(weak) => language.weak.extend(language.terms(weak)),
                None => language.learn(line),
            }
        }
        language
    }

    /// Takes in a line of words that mean the same. What they stand for is never weak: it is in the lexicon because
    /// it is asked for.
    fn learn(&mut self, line: &str) {
        let terms: Vec<String> =
            words(line).iter().filter(|word| counts(word)).map(|word| self.stem(word)).collect();
        let Some(first) = terms.first().cloned() else { return };
        self.weak.remove(&first);
        for term in terms {
            self.same.entry(term).or_insert_with(|| first.clone());
        }
    }

    fn stem(&self, word: &str) -> String {
        self.stemmer.as_ref().map_or_else(|| word.to_owned(), |stemmer| stemmer.stem(word).into_owned())
    }

    /// The terms of a text, in its order, with repeats.
    pub(super) fn terms(&self, text: &str) -> Vec<String> {
        let stems = words(text).into_iter().filter(|word| counts(word)).map(|word| self.stem(&word));
        stems.map(|term| self.same.get(&term).cloned().unwrap_or(term)).collect()
    }

    /// Whether a term says little of what is asked.
    pub(super) fn is_weak(&self, term: &str) -> bool {
        self.weak.contains(term)
    }
}

/// Single letters are what is left of a contraction.
fn counts(word: &str) -> bool {
    word.len() > 1 || word.bytes().all(|byte| byte.is_ascii_digit())
}

impl Tokenizer for &'static Language {
    fn tokenize(&self, text: &str) -> Vec<String> {
        self.terms(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_mean_the_same_are_one_term() {
        let cases = [
            ("en", "What's the shipping fee?", "How much does delivery cost?"),
            ("de", "Wie hoch sind die Liefergebühren für den Versand?", "Liefergebühren Lieferung"),
            ("fr", "Combien coûte la livraison ?", "prix expédition"),
        ];
        for (code, one, other) in cases {
            let strong = |text: &str| -> HashSet<String> {
                let language = language(code);
                language.terms(text).into_iter().filter(|term| !language.is_weak(term)).collect()
            };
            assert_eq!(strong(one), strong(other), "{one}");
        }
    }

    #[test]
    fn texts_tell_their_language() {
        assert_eq!(
            language_of("We deliver within two weeks, and you may return what you do not like."),
            "en"
        );
        assert_eq!(
            language_of("Wir liefern innerhalb von zwei Wochen, und Sie dürfen alles zurückgeben."),
            "de"
        );
    }
}
