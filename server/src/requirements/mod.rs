//! What a visitor needs, as short bullets for the person who follows up: without a network, the same text for the same
//! conversation. The rules are those of the project's requirements policy.
//!
//! [`mod@clean`], [`mod@orders`] and [`mod@names`] take out what must never appear, [`mod@tokens`] and [`mod@clauses`] cut the
//! rest into pieces that say one thing, [`mod@strip`] takes off what introduces a fact, [`mod@weigh`] decides whether a piece
//! counts, [`mod@read`] names it in few words, [`mod@answers`] and [`mod@replies`] give short answers their meaning,
//! [`mod@values`] knows what a correction can replace, and [`mod@compose`] writes the lines. What differs between languages is
//! in [`mod@lexicon`]. Everything is linear in the conversation's length.

mod answers;
mod check;
mod clauses;
mod clean;
mod compose;
mod lexicon;
mod names;
mod orders;
mod read;
mod replies;
mod strip;
mod tokens;
mod values;
mod weigh;

pub use check::Check;
pub use compose::MAX_BULLETS;

use answers::Asked;
use clauses::{Clause, Glue, clauses, sentences};
use lexicon::{Class, Lexicon};
use names::Names;
use read::{Corrects, Fact, Frame, Held, Kind, Reading, read};
use replies::Reply;
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
        is_brief: true,
        is_tale: false,
        withdrawn: None,
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
    if conversation.withdrawn == Some(conversation.facts.len()) {
        return String::new();
    }
    compose::write(conversation.facts)
}

/// Where a clause stands.
#[derive(Clone, Copy)]
struct Place {
    sentence: usize,
    /// Whether it corrects what was said before.
    corrects: bool,
    /// Whether it follows a no: "no, on Saturday".
    declines: bool,
    /// Whether a colon follows.
    is_header: bool,
}

/// A message of so many words is brief.
const BRIEF: usize = 25;

/// A message of more words may tell a story.
const TALE: usize = 90;
/// In one of more words than this a few words of the past are enough for one.
const LONG_TALE: usize = 130;

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
    /// Whether the message is a short one, in which every word is likely to be about the need.
    is_brief: bool,
    /// Whether it is a long one, in which much is told that is not.
    is_tale: bool,
    /// How many facts there were when the visitor took everything back.
    withdrawn: Option<usize>,
    /// Whether somebody sells to the business instead of asking.
    is_advertising: bool,
}

impl Conversation {
    fn ask(&mut self, text: &str) {
        let tokens = tokens(text, self.lexicon);
        self.names.learn_address(&tokens);
        let asked = Asked::of(&tokens, self.lexicon);
        self.asked = Some(match self.pending.take() {
            Some(pending) if asked.offer.is_none() && !asked.is_question && !asked.is_timed => pending,
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
        let length = tokens.iter().filter(|t| t.is_spoken()).count();
        self.is_brief = length <= BRIEF;
        self.is_tale = length > TALE && !asked.is_question && tells(&tokens, length);
        if asked.offer.is_some() && text.trim_end().ends_with('?') {
            self.pending = Some(asked.clone());
        }
        let reply = Reply::of(&tokens, &asked);
        if let Some((text, kind)) = &reply.accepts {
            self.accept(text, *kind);
        }
        let mut correcting = asked.is_taken && reply.accepts.is_none();
        let sentences = sentences(&tokens[reply.from.min(tokens.len())..]);
        for (number, sentence) in sentences.iter().enumerate() {
            let mut listing = sentence.is_item;
            let (mut budget, mut of_others) = (false, false);
            let parts = clauses(sentence.tokens);
            for (at, clause) in parts.iter().enumerate() {
                let of_contact = asked.is_contact && number == 0 && names_contact(clause);
                let signs = at > 0 && parts[at - 1].hides && names::is_full_name(clause.tokens);
                if of_contact || signs || contrasted(clause, parts.get(at + 1)) || exchanged(clause) {
                    continue;
                }
                let first = number == 0 && clause.glue == Glue::Start;
                let frame = Frame {
                    is_question: sentence.is_question,
                    answers: number == 0 && asked.is_question && !asked.is_contact && !reply.declines,
                    lists: listing,
                    is_item: sentence.is_item,
                    corrects: correcting,
                    budget: asked.is_budget || budget,
                    of_others,
                    in_tale: self.is_tale,
                    is_header: parts.get(at + 1).map_or(sentence.ends_in_colon, |n| n.glue == Glue::Colon),
                };
                budget = clause.tokens.iter().any(|t| t.is(Class::Budget));
                let (reading, corrects) = read(clause, frame);
                let answers_no = first
                    && asked.is_question
                    && clause.tokens.len() <= 1
                    && clause.tokens.iter().any(|t| t.is(Class::No));
                correcting |= corrects == Corrects::Onwards && !answers_no;
                of_others = matches!(reading, Reading::OfOthers);
                let corrects = correcting || corrects == Corrects::Itself;
                let at = Place {
                    sentence: number,
                    corrects,
                    declines: reply.declines && number == 0,
                    is_header: frame.is_header,
                };
                // Who asks back has not answered.
                let answered = (first && !sentence.is_question).then_some(&asked);
                listing |= self.keep(reading, clause, at, answered);
            }
        }
        if self.is_tale {
            compose::without_tale(&mut self.facts, self.message);
        }
    }

    /// Adds what a clause said; whether it was a fact.
    fn keep(
        &mut self,
        reading: Reading,
        clause: &Clause<'_, '_>,
        Place { sentence, corrects, declines, is_header }: Place,
        asked: Option<&Asked>,
    ) -> bool {
        match reading {
            Reading::Nothing | Reading::OfOthers => false,
            Reading::Cancel => {
                self.facts.pop();
                false
            }
            Reading::Withdraw => {
                self.withdrawn = Some(self.facts.len());
                false
            }
            Reading::Unwanted(words) => {
                compose::retract(&mut self.facts, &words);
                false
            }
            Reading::Fact(mut fact) => {
                fact.place = (self.message, sentence);
                fact.firm |= self.is_brief || clause.glue == Glue::Colon || is_header;
                fact.labelled = clause.glue == Glue::Colon;
                fact.strong |= self.message == 1 && self.is_brief && names_wish(&fact);
                if let Some((at, behind)) = instead(&fact.text, clause) {
                    let number = counted_anew(clause);
                    fact.text = compose::replace_instead(&mut self.facts, &fact.text, at, behind, number);
                    fact.values.retain(|held| fact.text.contains(&held.text));
                }
                if let Some(asked) = asked {
                    label(&mut fact, asked, clause);
                }
                if asked.is_some_and(|asked| asked.is_place) {
                    compose::take_for_place(&mut fact);
                }
                let is_amount =
                    self.is_brief && asked.is_none_or(|asked| !asked.is_question || asked.is_budget);
                if is_amount && compose::rebid(&mut self.facts, &fact) {
                    return true;
                }
                let ends_too = clause.tokens.iter().rfind(|t| t.is_spoken()).is_some_and(|t| t.low == "too");
                let adds = ends_too || clause.tokens.iter().any(|t| t.is(Class::Also));
                let is_time = |held: &Held| held.kind.is_time();
                let other_time = declines && !fact.values.is_empty() && fact.values.iter().all(is_time);
                let corrects = !adds && (corrects || other_time || compose::recounts(&self.facts, &fact));
                if fact.kind == Kind::Budget {
                    match compose::rebudget(&mut self.facts, fact) {
                        Some(rest) => self.add(rest),
                        None => return true,
                    }
                    return true;
                } else if corrects {
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
                firm: true,
                plain: true,
                whole: true,
                labelled: false,
                place,
            });
        }
    }
}

/// Whether a text of so many words goes on about what was, in sentences and not in a list.
fn tells(tokens: &[Token<'_>], length: usize) -> bool {
    let past = |t: &&Token<'_>| t.is(Class::Told) || t.is(Class::Story) || t.is(Class::Past);
    let much = if length > LONG_TALE { 2 } else { 5 };
    tokens.iter().filter(past).count() >= much && !sentences(tokens).iter().any(|s| s.is_item)
}

/// "Plumber in Leeds", "van hire Saturday": what somebody begins with is what they want, where it has a place or a day.
fn names_wish(fact: &Fact) -> bool {
    // "Greetings from Leeds" says where somebody is.
    const FROM: [&str; 8] = ["from", "von", "aus", "de", "desde", "da", "uit", "z"];
    let [held] = &fact.values[..] else { return false };
    let located = matches!(held.kind, values::Kind::Place | values::Kind::Day);
    let named =
        fact.text.split(' ').count() > [&held.key, " ", &held.text].concat().split_whitespace().count();
    !fact.whole && located && named && !FROM.contains(&held.key.as_str())
}

/// "It's Rosalind Achterberg", to who asks for a name: a few words that say nothing else.
fn names_contact(clause: &Clause<'_, '_>) -> bool {
    let words = || clause.tokens.iter().filter(|t| weigh::is_content(t));
    let is_named = words().all(Token::is_capital) || words().count() <= 2;
    let says = |t: &Token<'_>| {
        [Class::Want, Class::Problem, Class::Must, Class::Budget].iter().any(|class| t.is(*class))
    };
    is_named && words().count() <= 4 && !clause.tokens.iter().any(|t| says(t) || t.has_digit())
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

/// "Not" between two values.
const NOT: [&str; 7] = ["not", "nicht", "pas", "non", "niet", "nie", "não"];

/// "…, not Hull": what a correction denies by itself.
fn exchanged(clause: &Clause<'_, '_>) -> bool {
    match clause.tokens {
        [not, article, what, ..] if NOT.contains(&not.low.as_str()) && article.is(Class::Article) => {
            clause.glue == Glue::Comma && what.has_digit()
        }
        [not, what] => {
            clause.glue == Glue::Comma
                && NOT.contains(&not.low.as_str())
                && (what.is_capital() || what.is(Class::Day) || what.is(Class::Colour) || what.has_digit())
        }
        _ => false,
    }
}

/// Where "instead of" stands in a text, or "not" between two words: its bytes.
fn instead(text: &str, clause: &Clause<'_, '_>) -> Option<(usize, usize)> {
    let tokens = clause.tokens;
    let exchanges = |t: &Token<'_>| {
        t.is(Class::Day) || t.is(Class::Colour) || t.is(Class::Number) || t.has_digit() || !t.is_known()
    };
    let closes = |t: &Token<'_>| !t.is_spoken() || t.is(Class::Polite) || t.is(Class::Filler);
    let counts = |t: &Token<'_>| t.is(Class::Number) || t.has_digit();
    let denies = |at: usize| {
        NOT.contains(&tokens[at].low.as_str())
            && !tokens[at].is(Class::Problem)
            && at + 1 < tokens.len()
            && tokens[at + 2..].iter().all(closes)
            && exchanges(&tokens[at + 1])
            && (tokens[..at].iter().rfind(|t| !t.is(Class::Filler)).is_some_and(exchanges)
                || counts(&tokens[at + 1]) && at > 1 && counts(&tokens[at - 2]))
    };
    let named = |at: &usize| tokens[*at].is(Class::Instead) && !tokens[*at].is(Class::Not) || denies(*at);
    let at = (0..tokens.len()).find(named)?;
    let length = tokens[at].len_as(Class::Instead).max(1);
    let from = tokens[..at].iter().rposition(|t| !t.is(Class::Filler)).map_or(at, |before| before + 1);
    let words: Vec<&str> = tokens.get(from..at + length)?.iter().map(|t| t.text).collect();
    let words = words.join(" ");
    let apart = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    let stands = |from: &usize| {
        apart(text[..*from].chars().next_back()) && apart(text[from + words.len()..].chars().next())
    };
    text.rmatch_indices(&words).map(|(from, _)| from).find(stands).map(|from| (from, from + words.len()))
}

/// "Seven nights not four": the number that counts.
fn counted_anew<'a>(clause: &Clause<'_, 'a>) -> Option<&'a str> {
    let counts = |t: &&Token<'_>| t.is(Class::Number) || t.has_digit();
    let not = clause.tokens.iter().position(|t| NOT.contains(&t.low.as_str()))?;
    clause.tokens.get(not + 1).filter(counts)?;
    clause.tokens[..not].iter().rev().take(2).find(counts).map(|t| t.text)
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
    if let Some(label) = &asked.label {
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
