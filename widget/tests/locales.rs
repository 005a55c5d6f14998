//! Every language says everything that English says.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by stopping")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Words = BTreeMap<String, String>;

/// The forms that `Intl.PluralRules` may ask for; a language that lacks one has no use for it.
const PLURALS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

fn locales() -> BTreeMap<String, Words> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales");
    let read = |path: &Path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), read(&path)))
        .collect()
}

/// The keys, those of plurals without their form.
fn keys(words: &Words) -> BTreeSet<&str> {
    words.keys().map(|key| key.split('.').next().unwrap_or(key)).collect()
}

#[test]
fn twelve_languages_say_the_same_things() {
    let locales = locales();
    assert_eq!(
        locales.keys().map(String::as_str).collect::<Vec<_>>(),
        ["ar", "de", "en", "es", "fr", "he", "it", "nl", "pl", "pt", "tr", "uk"]
    );
    let english = &locales["en"];
    let places = |text: &str| text.matches("{}").count();
    for (locale, words) in &locales {
        assert_eq!(keys(words), keys(english), "{locale}");
        assert!(words.contains_key("unread.other"), "{locale}");
        for (key, text) in words {
            assert!(!text.is_empty() && text.trim() == text, "{locale}: {key}");
            match key.split_once('.') {
                Some((_, form)) => assert!(PLURALS.contains(&form), "{locale}: {key}"),
                None => assert_eq!(places(text), places(&english[key]), "{locale}: {key}"),
            }
        }
    }
}
