//! What counts as an address: a corpus of texts, read natively and in WebAssembly, and properties that hold for all.

use std::collections::BTreeMap;

use porchlight_protocol::email::{Hit, find_emails};
use wasm_bindgen_test::wasm_bindgen_test;

/// Classes of texts; each text with its addresses.
type Corpus = BTreeMap<String, Vec<Vec<String>>>;

#[wasm_bindgen_test(unsupported = test)]
fn every_text_of_the_corpus_gives_its_addresses() {
    let corpus: Corpus = toml::from_str(include_str!("../testdata/email.toml")).unwrap();
    let mut wrong = Vec::new();
    for (class, cases) in &corpus {
        for case in cases {
            let Some((marked, expected)) = case.split_first() else { continue };
            let (text, spans) = unmark(marked);
            let hits = find_emails(&text);
            let found: Vec<String> = hits.iter().map(shown).collect();
            let covered: Vec<(usize, usize)> = hits.iter().map(|hit| (hit.start, hit.end)).collect();
            if found != expected || covered != spans {
                wrong.push(format!(
                    "{class}: {marked:?} gives {found:?} at {covered:?}, not {expected:?} at {spans:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(corpus.values().map(Vec::len).sum::<usize>() > 300, "the corpus is read whole");
}

/// The text without its marks, and what they covered: bytes, end exclusive.
fn unmark(marked: &str) -> (String, Vec<(usize, usize)>) {
    let (mut text, mut spans) = (String::new(), Vec::new());
    let mut start = 0;
    for c in marked.chars() {
        match c {
            '«' => start = text.len(),
            '»' => spans.push((start, text.len())),
            other => text.push(other),
        }
    }
    (text, spans)
}

/// A hit as the corpus writes it.
fn shown(hit: &Hit) -> String {
    match &hit.suggest {
        Some(suggestion) => format!("{} > {suggestion}", hit.email),
        None => hit.email.to_string(),
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use porchlight_protocol::email::{Email, find_emails};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn hits_are_slices_in_order_and_normal_forms_stand(text in "[a-zA-Z0-9@.(),: \n_+'-]{0,80}|.{0,60}") {
            let mut end = 0;
            for hit in find_emails(&text) {
                prop_assert!(hit.start >= end && hit.start < hit.end);
                prop_assert!(text.get(hit.start..hit.end).is_some());
                let again = Email::parse(hit.email.as_str());
                prop_assert_eq!(again.map(String::from), Ok(String::from(hit.email)));
                end = hit.end;
            }
        }
    }
}
