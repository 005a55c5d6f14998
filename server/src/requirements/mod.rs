//! What a visitor needs, as short bullets for the person who follows up: without a network, the same text for the same
//! conversation. The rules are those of the project's requirements policy.
//!
//! [`mod@clean`], [`mod@orders`] and [`mod@names`] take out what must never appear, [`mod@tokens`] and [`mod@clauses`] cut the
//! rest into pieces that say one thing, [`mod@strip`] takes off what introduces a fact, [`mod@read`] decides whether a piece counts and names it in few words,
//! [`mod@answers`] gives short answers their meaning, [`mod@values`] knows what a correction can replace, and [`mod@compose`] writes
//! the lines. What differs between languages is in [`mod@lexicon`]. Everything is linear in the conversation's length.

mod answers;
mod check;
mod clauses;
mod clean;
mod compose;
mod lexicon;
mod names;
mod orders;
mod read;
mod strip;
mod tokens;
mod values;

pub use check::Check;

use answers::Asked;
use clauses::{Clause, Glue, clauses, sentences};
use lexicon::{Class, Lexicon};
use names::Names;
use read::{Fact, Frame, Kind, Reading, read};
use tokens::{Token, tokens};

/// One message of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// Who wrote it.
    pub author: Author,
    /// Plain text.
    pub text: &'a str,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The visitor, whose words alone are facts.
    Visitor,
    /// The assistant; its questions give short answers their meaning.
    Assistant,
    /// A person of the business, likewise.
    Agent,
}

/// Lines of `• …` joined by line feeds: at most ten, each of at most 70 characters; empty when nothing was asked for.
/// `turns` are in the order of reading.
pub fn extract(turns: &[Turn<'_>]) -> String {
    let visitor = || turns.iter().filter(|turn| turn.author == Author::Visitor).map(|turn| turn.text);
    let lexicon = Lexicon::of(visitor());
    let mut conversation = Conversation {
        lexicon,
        facts: Vec::new(),
        asked: None,
        pending: None,
        message: 0,
        names: Names::default(),
        is_advertising: false,
    };
    for turn in turns {
        match turn.author {
            Author::Visitor => conversation.hear(turn.text),
            Author::Assistant | Author::Agent => conversation.ask(turn.text),
        }
        if conversation.is_advertising {
            return String::new();
        }
    }
    compose::write(conversation.facts)
}

/// What was said so far.
struct Conversation {
    lexicon: &'static Lexicon,
    facts: Vec<Fact>,
    /// What the business said right before.
    asked: Option<Asked>,
    /// An offer that was answered by a question.
    pending: Option<Asked>,
    message: usize,
    names: Names,
    /// Whether somebody sells to the business instead of asking.
    is_advertising: bool,
}

impl Conversation {
    fn ask(&mut self, text: &str) {
        let tokens = tokens(text, self.lexicon);
        self.names.learn_address(&tokens);
        let asked = Asked::of(&tokens, self.lexicon);
        self.asked = Some(match self.pending.take() {
            Some(pending) if asked.offer.is_none() && !asked.is_question => pending,
            _ => asked,
        });
    }

    fn hear(&mut self, text: &str) {
        self.message += 1;
        let asked = self.asked.take().unwrap_or_default();
        let text = clean::without_private(text);
        let mut tokens = tokens(&text, self.lexicon);
        self.is_advertising |= orders::is_advertising(&tokens);
        orders::take_out(&mut tokens);
        self.names.take_out(&mut tokens, self.lexicon);
        if asked.offer.is_some() && text.trim_end().ends_with('?') {
            self.pending = Some(asked.clone());
        }
        let from = self.answer(&tokens, &asked);
        let mut correcting = asked.is_taken;
        let sentences = sentences(&tokens[from..]);
        for (number, sentence) in sentences.iter().enumerate() {
            let mut listing = sentence.is_item;
            let mut budget = false;
            let parts = clauses(sentence.tokens);
            for (at, clause) in parts.iter().enumerate() {
                if contrasted(clause, parts.get(at + 1)) {
                    continue;
                }
                let first = number == 0 && clause.glue == Glue::Start;
                let frame = Frame {
                    is_question: sentence.is_question,
                    answers: number == 0 && asked.is_question && !asked.is_contact,
                    lists: listing,
                    corrects: correcting,
                    budget: (number == 0 && asked.is_budget) || budget,
                };
                budget = clause.tokens.iter().any(|t| t.is(Class::Budget));
                let (reading, corrects) = read(clause, frame);
                correcting |= corrects && !(first && asked.is_question && clause.tokens.len() <= 1);
                listing |= self.keep(reading, clause, (number, correcting), first.then_some(&asked));
            }
        }
    }

    /// Adds what a clause said; whether it was a fact.
    fn keep(
        &mut self,
        reading: Reading,
        clause: &Clause<'_, '_>,
        (number, correcting): (usize, bool),
        asked: Option<&Asked>,
    ) -> bool {
        match reading {
            Reading::Nothing => false,
            Reading::Cancel => {
                self.facts.pop();
                false
            }
            Reading::Unwanted(words) => {
                compose::retract(&mut self.facts, &words);
                false
            }
            Reading::Fact(mut fact) => {
                fact.place = (self.message, number);
                fact.labelled = clause.glue == Glue::Colon;
                if let Some((at, behind)) = instead(&fact.text, clause)
                    && let Some(text) = compose::replace_instead(&mut self.facts, &fact.text, at, behind)
                {
                    fact.text = text;
                }
                if let Some(asked) = asked {
                    label(&mut fact, asked, clause);
                }
                if fact.kind == Kind::Budget {
                    self.facts.retain(|old| old.kind != Kind::Budget);
                } else if correcting {
                    match compose::correct(&mut self.facts, fact) {
                        Some(rest) => self.add(rest),
                        None => return true,
                    }
                    return true;
                }
                self.add(fact);
                true
            }
        }
    }

    /// Reads "yes" and "no" at the start or the end of an answer; where the rest begins.
    fn answer(&mut self, tokens: &[Token<'_>], asked: &Asked) -> usize {
        let Some(first) = tokens.iter().position(Token::is_spoken) else { return 0 };
        let spoken = tokens.iter().filter(|t| t.is_spoken()).count();
        let last = tokens.iter().rposition(Token::is_spoken).unwrap_or(first);
        let yes = tokens[first].len_as(Class::Yes);
        let no = tokens[first].len_as(Class::No);
        if no > 0 && no >= yes && asked.is_question {
            if let (Some(existing), true) = (
                &asked.existing,
                spoken == no || tokens.get(first + no).is_some_and(|t| t.is(Class::Conj) || !t.is_spoken()),
            ) {
                self.accept(&format!("No {}", existing.to_lowercase()), Kind::Feature);
            }
            return first + no;
        }
        let Some(offer) = &asked.offer else {
            return if asked.is_question && yes > 0 { first + yes } else { 0 };
        };
        if yes > 0 {
            if !asked.has_choice {
                self.accept(&offer.clone(), Kind::Decision);
            }
            return first + yes;
        }
        let ends_yes = spoken > 1 && tokens[last].is(Class::Yes) && !tokens[last - 1].is(Class::Not);
        let accepts = spoken <= 5
            && (first..=last).any(|i| tokens[i].is(Class::Accept) && !tokens[i].is(Class::Not))
            && !tokens.iter().any(|t| t.is(Class::Not));
        if (ends_yes || accepts) && !asked.has_choice && !tokens.iter().any(|t| t.is_mark("?")) {
            self.accept(&offer.clone(), Kind::Decision);
        }
        0
    }

    /// Adds a fact. Of a very long conversation the middle gives way, so that looking back takes a bounded time.
    fn add(&mut self, fact: Fact) {
        const MOST: usize = 200;
        if self.facts.len() >= MOST {
            self.facts.drain(MOST / 4..MOST / 2);
        }
        self.facts.push(fact);
    }

    fn accept(&mut self, text: &str, kind: Kind) {
        if let Some(text) = read::capitalised(text) {
            let place = (self.message, usize::MAX);
            self.add(Fact {
                kind,
                text,
                values: Vec::new(),
                strong: true,
                whole: true,
                labelled: false,
                place,
            });
        }
    }
}

/// "Not Monday", before "but Tuesday".
fn contrasted(clause: &Clause<'_, '_>, next: Option<&Clause<'_, '_>>) -> bool {
    const BUT: &[&str] = &["but", "sondern", "mais", "sino", "ma", "bensì", "mas", "maar", "lecz", "ale"];
    let spoken = clause.tokens.iter().filter(|t| t.is_spoken()).count();
    let negated = clause.tokens.iter().find(|t| t.is_spoken()).is_some_and(|t| t.is(Class::Not));
    let but = next
        .and_then(|next| next.tokens.iter().find(|t| t.is_spoken()))
        .is_some_and(|t| BUT.contains(&t.low.as_str()));
    negated && but && spoken <= 4
}

/// Where "instead of" stands in a text: its bytes.
fn instead(text: &str, clause: &Clause<'_, '_>) -> Option<(usize, usize)> {
    let at = clause.tokens.iter().position(|t| t.is(Class::Instead) && !t.is(Class::Not))?;
    let length = clause.tokens[at].len_as(Class::Instead);
    let words: Vec<&str> = clause.tokens.get(at..at + length)?.iter().map(|t| t.text).collect();
    let words = words.join(" ");
    text.find(&words).map(|from| (from, from + words.len()))
}

/// Says what a short answer is about, where its own words do not.
fn label(fact: &mut Fact, asked: &Asked, clause: &Clause<'_, '_>) {
    let short = clause.tokens.iter().filter(|t| t.is_spoken()).count() <= 6;
    if !short {
        return;
    }
    let bare = fact.text.split(' ').count() <= 2
        && fact.values.iter().any(|v| v.kind == values::Kind::Count && v.key.is_empty());
    if let (Some(counted), true) = (&asked.counted, bare) {
        fact.text = format!("{} {counted}", fact.text);
        return;
    }
    if let Some(label) = asked.label {
        let known = fact.text.to_lowercase().contains(&label.to_lowercase());
        if !known && fact.kind != Kind::Budget {
            let joint = if label.ends_with(" of")
                || label.contains("uses")
                || label == "Since"
                || label == "Budget"
            {
                " "
            } else {
                ": "
            };
            fact.text = format!("{label}{joint}{}", fact.text);
        }
    }
}
