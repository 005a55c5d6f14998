//! The passages of one business, ready to be searched.
//!
//! Which passages are nearest to a question BM25 says. Whether the nearest is near enough to be the answer is another
//! question, which scores of BM25 cannot answer: they have no scale. That is how much of what was asked the passage
//! speaks of, each term weighed by how rare it is. What no passage knows is rarest, so that a question for what the
//! business never wrote about is left to a person.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Bound;

use bm25::{Embedder, EmbedderBuilder, Embedding, Scorer, TokenEmbedder, TokenEmbedding};
use unicode_segmentation::UnicodeSegmentation;

use super::Passage;
use super::document::Document;
use super::passages::{Piece, pieces};
use super::words::{Language, language, language_of};

/// Most passages that are given.
const MOST: usize = 4;

/// Passages that are looked at closely.
const CANDIDATES: usize = 8;

/// The share of a question that a passage must speak of to be its answer. Measured with `testdata/knowledge.toml`: with
/// less, questions get wrong answers; with more, good answers are held back.
const GOOD: f32 = 0.55;

/// What a term that says little counts beside one that says much.
const WEAK: f32 = 0.1;

/// What a term counts that stands in a heading.
const IN_HEADING: f32 = 1.5;

/// What a word of the passage counts that is a part of the asked one, or holds it: `Zahnreinigung` and `Reinigung`.
const PART: f32 = 0.6;

/// What a word counts that is the asked one but for a slip of the finger.
const SLIP: f32 = 0.9;

/// The shortest parts and the shortest words with slips, in bytes.
const SHORTEST_PART: usize = 5;

/// Passages of others that every business is thought to have: of a few passages alone nobody can say what is rare.
const OTHERS: f32 = 20.0;

/// Most terms that one of a question is looked for by.
const MOST_RELATED: usize = 12;

/// Most different terms of a question that are looked for; longer messages are no questions.
const MOST_TERMS: usize = 40;

/// Most sentences of a message that are looked at as questions of their own.
const MOST_QUESTIONS: usize = 4;

/// The passages of a business.
#[derive(Default)]
pub struct Shelf {
    passages: Vec<Shown>,
    parts: Vec<Part>,
    /// About what it takes, in bytes.
    pub(super) size: usize,
}

/// A passage as it is shown.
struct Shown {
    title: String,
    url: Option<String>,
    text: String,
}

/// The passages of one language.
struct Part {
    language: &'static Language,
    count: usize,
    scorer: Scorer<usize>,
    /// Where each term stands.
    terms: BTreeMap<String, Places>,
    /// The terms backwards, to find them by their ends.
    endings: BTreeSet<String>,
}

/// The passages that hold a term.
#[derive(Default)]
struct Places {
    all: HashSet<usize>,
    in_headings: HashSet<usize>,
}

impl Shelf {
    /// Reads the passages of documents, all of one business.
    pub fn new(documents: &[Document]) -> Self {
        let mut shelf = Self::default();
        let mut by_language: BTreeMap<&str, Vec<(usize, String, String)>> = BTreeMap::new();
        for document in documents {
            let own = by_language.entry(language_of(&document.text)).or_default();
            for Piece { headings, text } in pieces(document) {
                let above = headings.join("\n");
                own.push((shelf.passages.len(), above, text.clone()));
                shelf.passages.push(Shown {
                    title: document.head.title.clone(),
                    url: document.head.url.clone(),
                    text: with_heading(headings.last(), text),
                });
            }
        }
        shelf.parts = by_language.into_iter().map(|(code, own)| Part::new(language(code), &own)).collect();
        shelf.size = documents.iter().map(|document| document.text.len() * 16 + 1_000).sum();
        shelf
    }

    /// Whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.passages.is_empty()
    }

    /// The passages nearest to a message, best first, at most four; none where the message and the documents have no word
    /// in common.
    pub fn passages(&self, message: &str) -> Vec<Passage> {
        let mut best: HashMap<usize, Match> = HashMap::new();
        for question in questions(message) {
            for found in self.parts.iter().flat_map(|part| part.find(question)) {
                let kept = best.entry(found.place).or_insert(found);
                if found.score > kept.score {
                    *kept = found;
                }
            }
        }
        let mut found: Vec<Match> = best.into_values().collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.place.cmp(&b.place)));
        found.truncate(MOST);
        found.into_iter().map(|found| self.shown(found)).collect()
    }

    fn shown(&self, found: Match) -> Passage {
        let Shown { title, url, text } = &self.passages[found.place];
        Passage {
            title: title.clone(),
            url: url.clone(),
            text: text.clone(),
            score: found.score,
            answers: found.share >= GOOD,
        }
    }
}

/// A short text says what it is about by its heading; one that answers a question of the heading does not need it.
fn with_heading(heading: Option<&String>, text: String) -> String {
    match heading.filter(|heading| !heading.ends_with('?')) {
        Some(heading) => format!("{heading}\n{text}"),
        None => text,
    }
}

/// A message, and each of its sentences that asks: around a question people say much else.
fn questions(message: &str) -> Vec<&str> {
    let asked = message.unicode_sentences().map(str::trim).filter(|sentence| sentence.ends_with('?'));
    let mut questions: Vec<&str> =
        asked.filter(|sentence| *sentence != message).take(MOST_QUESTIONS).collect();
    questions.push(message);
    questions
}

/// A passage that has to do with a question.
#[derive(Clone, Copy)]
struct Match {
    place: usize,
    /// How near it is.
    score: f32,
    /// The share of the question that it speaks of.
    share: f32,
}

/// A term of a question with the terms that it is looked for by, each with what it counts.
struct Asked {
    term: String,
    weight: f32,
    by: Vec<(String, f32)>,
}

impl Part {
    /// `own`: the place, the headings and the text of each passage.
    fn new(language: &'static Language, own: &[(usize, String, String)]) -> Self {
        // What stands in a heading counts twice.
        let texts: Vec<String> =
            own.iter().map(|(_, headings, text)| [headings.as_str(), headings, text].join("\n")).collect();
        let corpus: Vec<&str> = texts.iter().map(String::as_str).collect();
        let embedder: Embedder<u32, &'static Language> =
            EmbedderBuilder::with_tokenizer_and_fit_to_corpus(language, &corpus).build();
        let mut scorer = Scorer::new();
        let mut terms: BTreeMap<String, Places> = BTreeMap::new();
        for ((place, headings, text), whole) in own.iter().zip(&texts) {
            scorer.upsert(place, embedder.embed(whole));
            for term in language.terms(headings) {
                terms.entry(term).or_default().in_headings.insert(*place);
            }
            for term in language.terms(text) {
                terms.entry(term).or_default().all.insert(*place);
            }
        }
        for places in terms.values_mut() {
            places.all.extend(&places.in_headings);
        }
        let endings = terms.keys().map(|term| backwards(term)).collect();
        Self { language, count: own.len(), scorer, terms, endings }
    }

    fn find(&self, question: &str) -> Vec<Match> {
        let asked = self.asked(question);
        // What says much alone decides, where there is any.
        let strong = asked.iter().any(|asked| asked.weight > WEAK && !asked.by.is_empty());
        let decisive = asked.iter().filter(|asked| !strong || asked.weight > WEAK);
        let by = decisive.flat_map(|asked| &asked.by);
        let wanted =
            Embedding(by.map(|(term, _)| TokenEmbedding { index: u32::embed(term), value: 1.0 }).collect());
        let mut found = self.scorer.matches(&wanted);
        // Those that are as near come in the order of their documents, each time.
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
        found
            .into_iter()
            .take(CANDIDATES)
            .map(|found| {
                let share = self.share(&asked, found.id);
                Match { place: found.id, score: found.score * share, share }
            })
            .collect()
    }

    fn asked(&self, question: &str) -> Vec<Asked> {
        let mut seen = HashSet::new();
        let terms = self.language.terms(question).into_iter().filter(|term| seen.insert(term.clone()));
        let asked = terms.take(MOST_TERMS).map(|term| {
            let weight = if self.language.is_weak(&term) { WEAK } else { 1.0 };
            let by = if weight > WEAK { self.related(&term) } else { self.itself(&term) };
            Asked { term, weight, by }
        });
        asked.collect()
    }

    fn itself(&self, term: &str) -> Vec<(String, f32)> {
        self.terms.contains_key(term).then(|| (term.to_owned(), 1.0)).into_iter().collect()
    }

    /// The term itself, those that it is a part of or that are parts of it, and, where nobody knows it, those that it
    /// may be a slip for.
    fn related(&self, term: &str) -> Vec<(String, f32)> {
        let mut related = self.itself(term);
        if related.is_empty() {
            related.extend(self.slips(term).take(MOST_RELATED).map(|other| (other.clone(), SLIP)));
        }
        if term.len() >= SHORTEST_PART {
            related.extend(
                self.beginning_with(term)
                    .filter(|other| *other != term)
                    .take(MOST_RELATED)
                    .map(|other| (other.clone(), PART)),
            );
            let ends = backwards(term);
            let longer = self.endings.range::<str, _>((Bound::Excluded(ends.as_str()), Bound::Unbounded));
            let longer = longer.take_while(|other| other.starts_with(&ends));
            related.extend(longer.take(MOST_RELATED).map(|other| (backwards(other), PART)));
        }
        let cuts = term.char_indices().map(|(cut, _)| cut);
        for part in cuts.flat_map(|cut| [&term[..cut], &term[cut..]]) {
            if part.len() >= SHORTEST_PART && part != term && self.terms.contains_key(part) {
                related.push((part.to_owned(), PART));
            }
        }
        related.truncate(MOST_RELATED);
        related
    }

    fn beginning_with<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a String> {
        let from = self.terms.range::<str, _>((Bound::Included(start), Bound::Unbounded));
        from.map(|(term, _)| term).take_while(move |term| term.starts_with(start))
    }

    /// Terms that begin with the same two letters and are one letter away: slips in the first ones are rare.
    fn slips<'a>(&'a self, term: &'a str) -> impl Iterator<Item = &'a String> {
        let letters = term.char_indices().nth(2).map_or(term.len(), |(at, _)| at);
        let near = self.beginning_with(&term[..letters]);
        near.filter(move |other| term.len() > SHORTEST_PART && is_slip(term, other))
    }

    /// How much of what was asked a passage speaks of, from 0 to 1.
    fn share(&self, asked: &[Asked], place: usize) -> f32 {
        let (mut spoken, mut all) = (0.0, f32::EPSILON);
        for Asked { term, weight, by } in asked {
            let places = self.terms.get(term);
            let in_heading = places.is_some_and(|places| places.in_headings.contains(&place));
            let weight = weight * self.rarity(places) * if in_heading { IN_HEADING } else { 1.0 };
            let holds =
                |term: &String| self.terms.get(term).is_some_and(|places| places.all.contains(&place));
            let counts = by.iter().filter(|(term, _)| holds(term)).map(|(_, counts)| *counts);
            spoken += weight * counts.fold(0.0, f32::max);
            all += weight;
        }
        spoken / all
    }

    /// As BM25 weighs terms.
    fn rarity(&self, places: Option<&Places>) -> f32 {
        let holding = places.map_or(0, |places| places.all.len()) as f32;
        let all = self.count as f32 + OTHERS;
        (1.0 + (all - holding + 0.5) / (holding + 0.5)).ln()
    }
}

fn backwards(term: &str) -> String {
    term.chars().rev().collect()
}

/// Whether two words differ by one letter: another one, one too many, or two that have changed places.
fn is_slip(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let start = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[start..], &other[start..]);
    let end = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&one[..one.len() - end], &other[..other.len() - end]) {
        ([a, b], [c, d]) => a == d && b == c,
        (one, other) => one.len() <= 1 && other.len() <= 1,
    }
}

#[cfg(test)]
mod tests {
    use porchlight_protocol::time::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::knowledge::NewDocument;

    fn shelf(texts: &[&str]) -> Shelf {
        let document = |text: &&str| {
            let body = json!({ "text": text, "url": "https://a.example/", "title": text.lines().next() });
            let new = NewDocument::read(body.to_string().as_bytes()).unwrap();
            new.of(&"admin_1".parse().unwrap(), Timestamp::from_millis(0))
        };
        Shelf::new(&texts.iter().map(document).collect::<Vec<_>>())
    }

    fn answer(shelf: &Shelf, question: &str) -> Option<String> {
        let best = shelf.passages(question).into_iter().next()?;
        best.answers.then_some(best.text)
    }

    const DELIVERY: &str = "## Delivery\n\nWe deliver within two weeks.";

    #[test]
    fn a_question_is_found_in_what_else_is_said() {
        let shelf = shelf(&[DELIVERY, "## Prices\n\nA bike is 990 euros."]);
        let asked = "Hi there, this is Jane from Acme, we met at the fair in Bergen! Do you deliver? Have a nice day.";
        assert_eq!(answer(&shelf, asked).as_deref(), Some("Delivery\nWe deliver within two weeks."));
        assert_eq!(answer(&shelf, "Do you have chocolate?"), None);
        assert_eq!(answer(&shelf, "Thank you!"), None);
        assert_eq!(shelf.passages("???"), []);
    }

    #[test]
    fn slips_and_parts_of_words_are_understood() {
        let shelf = shelf(&[DELIVERY, "## Repairs\n\nOur workshop repairs every bicycle you bring to it."]);
        assert!(answer(&shelf, "Do you repair bicylces?").is_some_and(|text| text.starts_with("Repairs")));
        for slip in ["bicylce", "bicycles", "bicyle", "bicycle5", "bikycle"] {
            assert!(is_slip("bicycle", slip), "{slip}");
        }
        assert!(!is_slip("bicycle", "tricycle") && !is_slip("bicycle", "bycicle"));
    }

    #[test]
    fn each_language_is_searched_in_its_own_words() {
        let german = "## Lieferung\n\nWir liefern innerhalb von zwei Wochen zu Ihnen nach Hause.";
        let shelf = shelf(&[DELIVERY, german]);
        assert!(answer(&shelf, "Liefern Sie auch?").is_some_and(|text| text.starts_with("Lieferung")));
        assert!(
            answer(&shelf, "How long does delivery take?").is_some_and(|text| text.starts_with("Delivery"))
        );
    }

    #[test]
    fn a_heading_that_asks_is_not_repeated() {
        let shelf = shelf(&["## Do you deliver?\n\nYes, within two weeks."]);
        assert_eq!(answer(&shelf, "do you deliver").as_deref(), Some("Yes, within two weeks."));
    }
}
