//! Reads the yes and the no of an answer, and what they accept (policy 3).

use super::answers::Asked;
use super::lexicon::Class;
use super::read::{Kind, written};
use super::tokens::{Shape, Token};
use super::weigh::is_content;

/// What an answer comes to.
#[derive(Default)]
pub(super) struct Reply {
    /// Where its own words begin, in tokens.
    pub(super) from: usize,
    pub(super) declines: bool,
    /// What it accepts, or says there is none of.
    pub(super) accepts: Option<(String, Kind)>,
}

impl Reply {
    pub(super) fn of(tokens: &[Token<'_>], asked: &Asked) -> Self {
        let Some(first) = tokens.iter().position(Token::is_spoken) else { return Self::default() };
        let says = |t: &Token<'_>| t.is_spoken() && (t.is(Class::Unsure) || !t.is(Class::Filler));
        let said = tokens.iter().position(says).unwrap_or(first);
        let unsure = tokens[said].len_as(Class::Unsure);
        if unsure > 0 && asked.is_question && ends(tokens, said + unsure) {
            return Self { from: said + unsure, declines: true, accepts: None };
        }
        // "Haha yes", "hmm no thanks".
        let decides = |t: &Token<'_>| t.is(Class::Yes) || t.is(Class::No) || !t.is(Class::Filler);
        let first = tokens.iter().position(|t| t.is_spoken() && decides(t)).unwrap_or(first);
        let yes = tokens[first].len_as(Class::Yes);
        let no = tokens[first].len_as(Class::No);
        let negates = no == 1 && tokens[first].low == "no" && names_what_is_not(&tokens[first + 1..]);
        if no > 0 && no >= yes && asked.is_question && !negates {
            return Self::no(tokens, first + no, asked);
        }
        let Some(offer) = &asked.offer else {
            let from = if asked.is_question && yes > 0 { behind_yes(tokens, first + yes) } else { 0 };
            return Self { from, ..Self::default() };
        };
        // "Condition?" – "good" is no consent.
        if yes > 0 && !(asked.is_topic && tokens[first].is(Class::Accept)) {
            return Self::yes(tokens, behind_yes(tokens, first + yes), asked, offer);
        }
        // "A travel cot?" – "2 please".
        let only_counts = tokens.iter().filter(|t| t.is_spoken()).all(|t| counts(t) || t.is(Class::Polite));
        let takes_count = !asked.has_choice && !asked.is_budget && asked.counted.is_none();
        if only_counts && counts(&tokens[first]) && takes_count {
            let accepts = Some((format!("{offer}: {}", tokens[first].text), Kind::Amount));
            return Self { from: tokens.len(), declines: false, accepts };
        }
        let consents = !asked.has_choice && consents(tokens, offer);
        Self { accepts: consents.then(|| (offer.clone(), Kind::Decision)), ..Self::default() }
    }

    /// "Is there parking?" – "no" is a fact; else what follows may be one.
    fn no(tokens: &[Token<'_>], from: usize, asked: &Asked) -> Self {
        let alone = !tokens[from.min(tokens.len())..].iter().any(Token::is_spoken)
            || tokens.get(from).is_some_and(|t| t.is(Class::Conj) || !t.is_spoken());
        let none = asked.existing.as_ref().filter(|_| alone);
        let accepts = none.map(|existing| (format!("No {}", existing.to_lowercase()), Kind::Feature));
        Self { from, declines: true, accepts }
    }

    /// "Employees?" – "yes, 3" says how many.
    fn yes(tokens: &[Token<'_>], from: usize, asked: &Asked, offer: &str) -> Self {
        let says = |t: &&Token<'_>| t.is_spoken() && !t.is(Class::Hollow) && !t.is(Class::Filler);
        let rest: Vec<&Token<'_>> = tokens[from.min(tokens.len())..].iter().filter(says).collect();
        match rest[..] {
            [number] if counts(number) => Self {
                from: tokens.len(),
                declines: false,
                accepts: Some((format!("{offer}: {}", number.text), Kind::Amount)),
            },
            _ if asked.has_choice => Self { from, ..Self::default() },
            // "Any allergies?" – "yes, nuts": which of them is the fact.
            _ if asked.is_any && rest.iter().any(|t| is_content(t)) => {
                let (accepts, end) = specified(tokens, from, offer).unzip();
                let accepts = accepts.map(|text| (text, Kind::Feature));
                Self { from: end.unwrap_or(from), declines: false, accepts }
            }
            _ => {
                let end = if repeats(&rest, offer) { tokens.len() } else { from };
                let (text, end) = timed(tokens, from, offer).unwrap_or_else(|| (offer.to_owned(), end));
                Self { from: end, declines: false, accepts: Some((text, Kind::Decision)) }
            }
        }
    }
}

/// "No rush", "no smart home stuff": what stands right behind a no is what there is none of, not the answer after it.
fn names_what_is_not(behind: &[Token<'_>]) -> bool {
    const NONE_OF: [&str; 5] = ["rush", "hurry", "preference", "prisa", "fretta"];
    let names = |what: &Token<'_>| what.shape == Shape::Word && !what.is_known() && !what.is_capital();
    behind.first().is_some_and(|what| NONE_OF.contains(&what.low.as_str()) || names(what))
}

/// "A free day pass?" – "yes please for thursday": what is accepted, for when; and where that ends.
fn timed(tokens: &[Token<'_>], from: usize, offer: &str) -> Option<(String, usize)> {
    const OF_TIME: [Class; 6] =
        [Class::Day, Class::When, Class::Part, Class::Month, Class::Period, Class::Article];
    const FEW: usize = 5;
    let rest = tokens.get(from..)?;
    let is_timed = |t: &Token<'_>| t.has_digit() || OF_TIME.iter().any(|class| t.is(*class));
    let [first, behind @ ..] = rest else { return None };
    let fits = first.is(Class::Prep) && (1..FEW).contains(&behind.len()) && behind.iter().all(is_timed);
    fits.then(|| ([offer, " ", &written(rest)].concat(), tokens.len()))
}

/// What is asked for, and a few words that say which of it; and where they end.
fn specified(tokens: &[Token<'_>], from: usize, offer: &str) -> Option<(String, usize)> {
    const FEW: usize = 3;
    let rest = tokens.get(from..)?;
    let length = rest.iter().position(|t| !t.is_spoken()).unwrap_or(rest.len());
    let which = &rest[..length];
    let speaks = |t: &Token<'_>| t.is(Class::Person) || t.is(Class::Subject) || t.is(Class::Prep);
    let fits = offer.split(' ').count() < FEW && (1..=FEW).contains(&length) && !which.iter().any(speaks);
    fits.then(|| ([offer, ": ", &written(which)].concat(), from + length))
}

/// "Yes, wed 6 works", where Wednesday at 6 was offered.
fn repeats(rest: &[&Token<'_>], offer: &str) -> bool {
    const AROUND: [Class; 7] =
        [Class::Accept, Class::Prep, Class::Article, Class::Polite, Class::Person, Class::Be, Class::Yes];
    let offer = offer.to_lowercase();
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let is_there = |t: &&Token<'_>| match t.has_digit() {
        true => offer.split(' ').any(|word| digits(word) == digits(&t.low)),
        false if t.is(Class::Day) => offer.contains(&t.low.chars().take(3).collect::<String>()),
        false => AROUND.iter().any(|class| t.is(*class)),
    };
    rest.iter().any(|t| t.has_digit() || t.is(Class::Day)) && rest.iter().all(is_there)
}

fn counts(token: &Token<'_>) -> bool {
    token.has_digit() || token.is(Class::Number)
}

/// "Monday is fine", and a yes at the end; but "PDF is fine", where paper was offered, accepts nothing.
fn consents(tokens: &[Token<'_>], offer: &str) -> bool {
    const SHORT: usize = 5;
    let spoken: Vec<&Token<'_>> = tokens.iter().filter(|t| t.is_spoken()).collect();
    let is_short = spoken.len() <= SHORT;
    let offer = offer.to_lowercase();
    let of_offer = |t: &&Token<'_>| t.is_known() && !t.is(Class::Day) || offer.contains(t.low.as_str());
    let ends_yes = match spoken[..] {
        [.., before, last] => {
            last.is(Class::Yes) && !before.is(Class::Say) && !tokens.iter().any(|t| t.is(Class::Not))
        }
        _ => false,
    };
    let accepts = is_short
        && spoken.iter().any(|t| t.is(Class::Accept) && !t.is(Class::Not))
        && !tokens.iter().any(|t| t.is(Class::Not));
    (ends_yes || accepts)
        && (!is_short || spoken.iter().all(of_offer))
        && !tokens.iter().any(|t| t.is_mark("?"))
}

/// Whether a clause ends here, but for what closes one: "no idea yet tbh".
fn ends(tokens: &[Token<'_>], at: usize) -> bool {
    let next = tokens[at.min(tokens.len())..].iter().find(|t| !t.is(Class::Filler) && !t.is(Class::Polite));
    next.is_none_or(|t| !t.is_spoken() || t.is(Class::Conj) || t.is(Class::Sub))
}

/// Behind what only repeats the yes: "yes, definitely, …".
fn behind_yes(tokens: &[Token<'_>], from: usize) -> usize {
    let mut at = from;
    while tokens.get(at).is_some_and(|t| !t.is_spoken()) {
        at += 1;
    }
    let Some(token) = tokens.get(at) else { return at };
    let length = token.len_as(Class::Yes).max(token.len_as(Class::Polite));
    let closes = tokens.get(at + length).is_none_or(|t| !t.is_spoken());
    if length > 0 && closes { behind_yes(tokens, at + length) } else { at }
}
