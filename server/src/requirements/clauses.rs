//! Cuts a message into sentences, and sentences into clauses that say one thing.

use super::NOT;
use super::lexicon::Class;
use super::tokens::{Shape, Token};

/// Tokens that end with a mark, a line or the message.
pub(super) struct Sentence<'t, 'a> {
    pub(super) tokens: &'t [Token<'a>],
    pub(super) is_question: bool,
    /// Whether it is an item of a list.
    pub(super) is_item: bool,
    /// Whether it only names what the next lines say.
    pub(super) ends_in_colon: bool,
}

/// Behind these a full stop ends nothing.
const ABBREVIATIONS: &[&str] = &[
    "approx", "incl", "excl", "no", "nr", "ca", "max", "min", "st", "dr", "mr", "mrs", "ms", "ext", "vs",
    "bzw", "str", "tel", "env", "inkl", "ggf", "mind", "zzgl", "evtl", "ref", "z.b", "e.g", "i.e", "ok",
    "tsd", "mio", "n", "z", "b", "u", "ul", "pcs", "nº", "núm", "aprox", "ecc", "art", "sig", "sr", "sra",
    "ok.", "ong", "godz", "wg", "np", "tys", "r", "ev", "gr", "bspw", "usw",
];

/// The sentences of a message.
pub(super) fn sentences<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<Sentence<'t, 'a>> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut line_start = true;
    for index in 0..=tokens.len() {
        let ends = index == tokens.len() || ends_sentence(tokens, index);
        if !ends {
            continue;
        }
        let body = &tokens[from..index];
        let marker = if line_start { marker_length(body) } else { 0 };
        let body = &body[marker..];
        if body.iter().any(Token::is_spoken) {
            let ends_in_colon = body.last().is_some_and(|t| t.is_mark(":"));
            let is_question = tokens.get(index).is_some_and(|t| t.text.contains('?'));
            found.push(Sentence { tokens: body, is_question, is_item: marker > 0, ends_in_colon });
        }
        line_start =
            tokens.get(index).is_none_or(|t| t.shape == Shape::Line) || (line_start && body.is_empty());
        from = index + 1;
    }
    found
}

/// The tokens that mark an item of a list at the start of a line: "- ", "* ", "1) ", "2. ".
pub(super) fn marker_length(line: &[Token<'_>]) -> usize {
    match line {
        [mark, next, ..] if mark.is_mark("-–—*•·>+✓✔") && (next.spaced || next.is_spoken()) => 1,
        [number, mark, next, ..]
            if number.text.chars().count() <= 2
                && mark.is_mark(").")
                && next.spaced
                && !next.is(Class::Month)
                && (number.has_digit() || mark.is_mark(")")) =>
        {
            2
        }
        _ => 0,
    }
}

pub(super) fn ends_sentence(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    if token.shape == Shape::Line {
        return true;
    }
    if token.shape != Shape::Mark {
        return false;
    }
    match token.text.chars().next() {
        Some('!' | '?' | '…' | '¡' | '¿') => true,
        Some('.') if token.text.len() > 1 => true,
        Some('.') => {
            let next = tokens.get(at + 1);
            let Some(before) = at.checked_sub(1).map(|i| &tokens[i]) else { return false };
            let small_next =
                next.is_some_and(|n| n.shape == Shape::Number || n.text.starts_with(char::is_lowercase));
            let ordinal = before.shape == Shape::Number
                && (before.text.len() <= 2 || before.text.contains('.'))
                && next.is_some_and(|n| {
                    n.is(Class::Month)
                        || n.shape == Shape::Number
                        || n.spaced
                            && ["bis", "und", "oder", "stock", "etage", "og", "klasse", "geburtstag"]
                                .contains(&n.low.as_str())
                });
            let listed =
                || tokens.windows(2).any(|w| w[0].shape == Shape::Line && w[1].shape == Shape::Number);
            let starts_line = if at < 2 { listed() } else { tokens[at - 2].shape == Shape::Line };
            let is_marker = starts_line && before.shape == Shape::Number && before.text.len() <= 2;
            let numbers_only = matches!(before.low.as_str(), "no" | "nr" | "ok");
            let number_next = next.is_some_and(|n| n.shape == Shape::Number);
            let short = (ABBREVIATIONS.contains(&before.low.as_str()) || before.low.ends_with("str"))
                && (!numbers_only || number_next)
                && (small_next || before.text.chars().count() <= 2);
            !(ordinal
                || is_marker && next.is_some_and(|n| n.spaced)
                || short
                || next.is_some_and(|n| !n.spaced && n.shape != Shape::Line && small_next))
        }
        _ => false,
    }
}

/// What stands before a clause in its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glue {
    /// Nothing: the sentence's first.
    Start,
    /// A comma, a dash, brackets or a conjunction.
    Comma,
    /// A colon.
    Colon,
}

/// A piece of a sentence.
pub(super) struct Clause<'t, 'a> {
    pub(super) tokens: &'t [Token<'a>],
    pub(super) glue: Glue,
    /// Whether contact data or a secret stood behind it.
    pub(super) hides: bool,
}

/// The clauses of a sentence.
pub(super) fn clauses<'t, 'a>(sentence: &'t [Token<'a>]) -> Vec<Clause<'t, 'a>> {
    let mut found = Vec::new();
    let (mut from, mut glue) = (0, Glue::Start);
    let run_on = sentence.len() > 20 && !sentence.iter().any(|t| t.is_mark(",;:"));
    let mut push = |from: usize, to: usize, glue: Glue| {
        let mut add = |tokens: &'t [Token<'a>], glue: Glue, hides: bool| {
            if tokens.iter().any(Token::is_spoken) {
                found.push(Clause { tokens, glue, hides });
            }
        };
        let clause = &sentence[from..to];
        let hides = sentence.get(to).is_some_and(|t| t.is_mark("\u{1}"));
        match contact_at(clause).filter(|at| hides && *at > 0) {
            Some(at) => {
                add(&clause[..at], glue, false);
                add(&clause[at..], Glue::Comma, true);
            }
            None => add(clause, glue, hides),
        }
    };
    for index in 0..sentence.len() {
        let token = &sentence[index];
        if denies_date(sentence, index) {
            push(from, index, glue);
            (from, glue) = (index, Glue::Comma);
        } else if is_break(sentence, index) {
            push(from, index, glue);
            glue = if token.is_mark(":") { Glue::Colon } else { Glue::Comma };
            from = index + 1;
        } else if index > from && begins_clause(sentence, from, index, run_on) {
            push(from, index, glue);
            (from, glue) = (index, Glue::Comma);
        }
    }
    push(from, sentence.len(), glue);
    found
}

/// Where a clause comes to the contact data that stands behind it: "I need a crane | email me at".
fn contact_at(clause: &[Token<'_>]) -> Option<usize> {
    const LOOSE: [Class; 9] = [
        Class::Person,
        Class::Polite,
        Class::Filler,
        Class::Conj,
        Class::Be,
        Class::Prep,
        Class::Article,
        Class::Respond,
        Class::Sub,
    ];
    const LONGEST: usize = 4;
    let speaks_of_contact =
        |at: usize| (0..LONGEST.min(at + 1)).any(|back| clause[at - back].len_as(Class::Contact) > back);
    let introduces = |at: &usize| {
        let token = &clause[*at];
        !token.is_spoken() || speaks_of_contact(*at) || LOOSE.iter().any(|class| token.len_as(*class) == 1)
    };
    let from = (0..clause.len()).rev().take_while(introduces).last()?;
    (from..clause.len()).any(|at| speaks_of_contact(at) || clause[at].is(Class::Respond)).then_some(from)
}

/// "… the 29th of April not the 28th", at the not.
fn denies_date(sentence: &[Token<'_>], at: usize) -> bool {
    let dates = |t: &Token<'_>| t.is(Class::Month) || t.has_digit() && t.text.ends_with(char::is_alphabetic);
    let tail = &sentence[at + 1..];
    let tail = &tail[tail.iter().take_while(|t| t.is(Class::Article)).count()..];
    NOT.contains(&sentence[at].low.as_str())
        && at.checked_sub(1).is_some_and(|before| dates(&sentence[before]))
        && (1..=3).contains(&tail.len())
        && tail[0].has_digit()
}

fn is_break(sentence: &[Token<'_>], at: usize) -> bool {
    const LAUGHS: &[&str] =
        &["lol", "lmao", "haha", "hahaha", "hehe", "omg", "xd", "jaja", "jajaja", "mdr", "ptdr"];
    let token = &sentence[at];
    if token.shape != Shape::Mark {
        return LAUGHS.contains(&token.low.as_str());
    }
    let next_spaced = sentence.get(at + 1).is_none_or(|next| next.spaced);
    match token.text.chars().next() {
        Some(';' | '(' | ')' | '|' | '[' | ']' | '—' | '\u{1}' | ',' | '→') => true,
        Some(':') => true,
        Some('-' | '–') => token.spaced && next_spaced && !between_numbers(sentence, at),
        Some('.') => false,
        _ => false,
    }
}

fn between_numbers(sentence: &[Token<'_>], at: usize) -> bool {
    let number =
        |index: Option<usize>| index.and_then(|i| sentence.get(i)).is_some_and(|t| t.shape == Shape::Number);
    number(at.checked_sub(1)) && number(Some(at + 1))
}

/// Whether a new clause begins at a word: a conjunction with a subject or a question behind it, or, where nobody
/// wrote commas, the subject itself.
fn begins_clause(sentence: &[Token<'_>], from: usize, at: usize, run_on: bool) -> bool {
    let token = &sentence[at];
    if !token.is_spoken() {
        return false;
    }
    let begins = |index: usize| {
        let timed = sentence.get(index + 1).is_some_and(|next| {
            next.is(Class::Part) || next.is(Class::Period) || next.is(Class::Day) || next.is(Class::Month)
        });
        sentence.get(index).is_some_and(|t| {
            (t.is(Class::Subject) && !(t.is(Class::Article) && timed))
                || t.len_as(Class::Ask) > 1
                || t.len_as(Class::Unwanted) > 1
                || t.len_as(Class::Want) > 1
        })
    };
    // "She can't come, so 7 adults".
    let so = ["so", "donc", "quindi", "dus", "więc", "portanto"].contains(&token.low.as_str());
    let counts = |at: usize| sentence.get(at).is_some_and(|t| t.has_digit() || t.is(Class::Number));
    let article = usize::from(sentence.get(at + 1).is_some_and(|t| t.is(Class::Article)));
    if so
        && (counts(at + 1 + article)
            || sentence.get(at + 1).is_some_and(|t| t.is(Class::Prep) || t.is(Class::Correct)))
    {
        return true;
    }
    if token.is(Class::Sub) || token.is(Class::Conj) {
        let mut next = at + token.len_as(Class::Sub).max(token.len_as(Class::Conj));
        while sentence.get(next).is_some_and(|t| t.is(Class::Filler) && !t.is(Class::Subject)) {
            next += 1;
        }
        // "… y lo necesito": a pronoun before the verb.
        let verb = next + usize::from(sentence.get(next).is_some_and(|t| t.is(Class::Person)));
        let wants = sentence.get(verb).is_some_and(|t| {
            t.is(Class::Want)
                && !t.is(Class::Hollow)
                && !t.is(Class::Prep)
                && !["wants", "needs"].contains(&t.low.as_str())
                && verb + 1 < sentence.len()
        });
        return begins(next)
            || wants
            || [
                "but", "aber", "mais", "pero", "ma", "mas", "maar", "ale", "because", "weil", "sondern",
                "sino",
            ]
            .contains(&token.low.as_str());
    }
    // "I don't want a refund I want a replacement".
    let turns = token.is(Class::Own)
        && at > from + 1
        && sentence.get(at + 1).is_some_and(|t| t.is(Class::Want) && !t.is(Class::Not))
        && sentence[from..at].iter().any(|t| t.is(Class::Unwanted));
    if turns {
        return true;
    }
    run_on
        && at > from + 1
        && (token.len_as(Class::Ask) > 1 || (token.is(Class::Own) && !sentence[at - 1].is(Class::Conj)))
}
