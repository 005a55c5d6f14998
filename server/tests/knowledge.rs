//! How well questions are answered from what businesses have written: `testdata/knowledge.toml`. The last line says it
//! in figures (`cargo xtask bench knowledge`), and the floor is held.

#![expect(clippy::expect_used, reason = "a test says what it expects by stopping")]

use porchlight_protocol::time::Timestamp;
use porchlight_server::knowledge::{Document, NewDocument, Shelf};
use serde::Deserialize;
use serde_json::json;

/// The share of answerable questions that get the right passage, at least.
const RIGHT: f64 = 0.84;

/// The share of unanswerable questions that are left to a person, at least.
const DECLINED: f64 = 0.95;

/// Answerable questions that get another passage, at most.
const WRONG: usize = 1;

#[derive(Deserialize)]
struct Corpus {
    business: Vec<Business>,
}

#[derive(Deserialize)]
struct Business {
    name: String,
    document: String,
    /// A question, and the heading of the passage that answers it.
    answered: Vec<(String, String)>,
    declined: Vec<String>,
}

#[derive(Default)]
struct Figures {
    right: usize,
    wrong: usize,
    held_back: usize,
    declined: usize,
    made_up: usize,
}

fn document(business: &Business) -> Document {
    let body = json!({ "text": business.document, "title": business.name });
    let new = NewDocument::read(body.to_string().as_bytes()).expect("a good document");
    new.of(&"admin_1".parse().expect("an id"), Timestamp::from_millis(0))
}

/// The heading of the passage that answers, if one does.
fn answer(shelf: &Shelf, question: &str) -> Option<String> {
    let best = shelf.passages(question).into_iter().next().filter(|best| best.answers)?;
    best.text.lines().next().map(str::to_owned)
}

impl Figures {
    fn count(&mut self, business: &Business) {
        let shelf = Shelf::new(&[document(business)]);
        for (question, heading) in &business.answered {
            match answer(&shelf, question) {
                Some(found) if found == *heading => self.right += 1,
                Some(found) => {
                    self.wrong += 1;
                    println!("{}: {question} -> {found}, not {heading}", business.name);
                }
                None => {
                    self.held_back += 1;
                    println!("{}: {question} -> nothing", business.name);
                }
            }
        }
        for question in &business.declined {
            match answer(&shelf, question) {
                None => self.declined += 1,
                Some(found) => {
                    self.made_up += 1;
                    println!("{}: {question} -> {found}, but nothing answers it", business.name);
                }
            }
        }
    }
}

#[test]
fn questions_get_the_right_passage_or_none() {
    let corpus: Corpus = toml::from_str(include_str!("../testdata/knowledge.toml")).expect("a corpus");
    let mut figures = Figures::default();
    corpus.business.iter().for_each(|business| figures.count(business));
    let Figures { right, wrong, held_back, declined, made_up } = figures;
    let (answerable, unanswerable) = (right + wrong + held_back, declined + made_up);
    assert_eq!((answerable, unanswerable), (80, 40), "the corpus is whole");
    println!(
        "answered by the right passage: {right} of {answerable} ({wrong} by a wrong one); rightly declined: {declined} of \
         {unanswerable}"
    );
    assert!(right as f64 >= RIGHT * answerable as f64 && wrong <= WRONG);
    assert!(declined as f64 >= DECLINED * unanswerable as f64);
}
