//! Takes off both ends of a clause what only introduces or closes it.

use super::lexicon::Class;
use super::read::Frame;
use super::tokens::{Shape, Token};

/// What the words before the name of a thing have said of it.
#[derive(Default)]
pub(super) struct Lead {
    pub(super) need: bool,
    pub(super) ask: bool,
    pub(super) subject: bool,
    pub(super) person: bool,
    pub(super) own: bool,
    pub(super) have: bool,
    /// "It's a …".
    pub(super) names: bool,
    pub(super) corrects: bool,
    pub(super) prefers: bool,
    pub(super) unwanted: bool,
    pub(super) iffy: bool,
    pub(super) cancel: bool,
    pub(super) withdraws: bool,
    pub(super) wh: bool,
}

/// Words that introduce a fact, with what they say of it. The longest phrase counts; of equally long ones the first.
const LEADS: [(&[Class], Note); 15] = [
    (&[Class::Withdraw], |lead| lead.withdraws = true),
    (&[Class::Cancel], |lead| lead.cancel = true),
    (&[Class::Unwanted], |lead| lead.unwanted = true),
    (&[Class::Iffy], |lead| lead.iffy = true),
    (&[Class::Rather], |lead| lead.prefers = true),
    (&[Class::Correct], |lead| lead.corrects = true),
    (&[Class::Want], |lead| lead.need = true),
    (&[Class::Ask], |lead| lead.ask = true),
    (&[Class::Polite, Class::Greet], |_| {}),
    (&[Class::Wh], |lead| lead.wh = true),
    (&[Class::Have], |lead| lead.have = true),
    (&[Class::Be], |_| {}),
    (&[Class::Filler, Class::Conj, Class::Sub], |_| {}),
    (&[Class::Accept], |_| {}),
    (&[Class::Person, Class::Subject, Class::Article, Class::Help], |_| {}),
];

/// Notes what an introduction says.
type Note = fn(&mut Lead);

/// Where the name of the thing begins, behind greetings, persons and what introduces it.
pub(super) fn strip_lead(tokens: &[Token<'_>], start: usize, lead: &mut Lead, frame: Frame) -> usize {
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        if !token.is_spoken() {
            at += 1;
            continue;
        }
        if let Some(behind) = couple(tokens, at) {
            (lead.subject, lead.own) = (true, true);
            at = behind;
            continue;
        }
        let longest = |classes: &[Class]| classes.iter().map(|class| token.len_as(*class)).max().unwrap_or(0);
        let Some((best, (classes, note))) = LEADS
            .iter()
            .map(|entry| (longest(entry.0), entry))
            .filter(|(length, entry)| *length > 0 && may_strip(tokens, at, entry.0, *length, lead, frame))
            .rev()
            .max_by_key(|(length, _)| *length)
        else {
            break;
        };
        if classes.contains(&Class::Person) {
            lead.subject |= token.is(Class::Subject) && !token.is(Class::Article);
            lead.person |= token.is(Class::Person);
            lead.own |= token.is(Class::Own);
        }
        let named = tokens.get(at + best).is_some_and(|t| t.is(Class::Article) && !t.is(Class::Sub));
        lead.names |=
            named && token.is(Class::Subject) && !token.is(Class::Own) && classes.contains(&Class::Be);
        // Possessives and articles are no subjects; "it's" and "we're" are.
        lead.subject |= token.is(Class::Subject) && classes.contains(&Class::Be);
        lead.own |= token.is(Class::Own);
        note(lead);
        at += best;
    }
    at.min(tokens.len())
}

/// Whether these words may go, where they stand.
fn may_strip(
    tokens: &[Token<'_>],
    at: usize,
    classes: &[Class],
    length: usize,
    lead: &Lead,
    frame: Frame,
) -> bool {
    let token = &tokens[at];
    let next = tokens.get(at + length);
    let first = classes[0];
    // A number, and what must be or must not be, are said, not introduced.
    if token.shape == Shape::Number || (token.is(Class::Problem) && token.len_as(Class::Problem) >= length) {
        return false;
    }
    // "Someone at work" is somebody else.
    if token.len_as(Class::Other) > length {
        return false;
    }
    match first {
        Class::Be => {
            lead.subject
                || lead.person
                || token.is(Class::Subject)
                || frame.is_question
                || lead.wh
                || lead.ask
        }
        Class::Have => lead.subject || lead.own || token.is(Class::Subject) || at == 0 || lead.need,
        Class::Ask => length > 1 || frame.is_question || at == 0,
        Class::Wh => true,
        // "My mate" is somebody, "mate" is who is spoken to.
        Class::Polite if token.is(Class::Other) => at == 0 || !tokens[at - 1].is(Class::Person),
        Class::Accept => length > 1,
        Class::Want if token.low == "after" => lead.subject || next.is_some_and(|n| n.is(Class::Article)),
        Class::Want => length > 1 || next.is_some() || lead.own,
        // "No" before a verb denies it; alone, or before a number, it corrects.
        Class::Correct if length == 1 && token.is(Class::No) => {
            next.is_none_or(|n| !n.is_spoken() || n.shape == Shape::Number || n.is(Class::Correct))
        }
        Class::Correct => length > 1 || !token.is(Class::Must) || lead.corrects,
        Class::Filler if token.is(Class::Sub) && token.is(Class::Prep) => {
            next.is_some_and(|n| n.is(Class::Subject) && !n.is(Class::Article))
        }
        Class::Filler => !(token.is(Class::Not) || token.is(Class::Must) && !token.is(Class::Filler)),
        // "This week" is a time, all of it.
        Class::Person if token.len_as(Class::When) > length => false,
        Class::Person if token.is(Class::Place) && next.is_some_and(Token::is_capital) => false,
        Class::Person => !token.is(Class::Must) || token.is(Class::Person),
        _ => true,
    }
}

/// "My wife and I": behind it.
fn couple(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let is = |index: usize, class: Class| tokens.get(at + index).is_some_and(|t| t.is(class));
    let first = is(0, Class::Person) && is(1, Class::Role) && is(2, Class::Conj) && is(3, Class::Own);
    let last = is(0, Class::Own) && is(1, Class::Conj) && is(2, Class::Person) && is(3, Class::Role);
    (first || last).then_some(at + 4)
}

/// Before thanks, fillers, conjunctions and prepositions at the end.
pub(super) fn without_tail(tokens: &[Token<'_>], from: usize, mut to: usize) -> usize {
    const LOOSE: [Class; 10] = [
        Class::Polite,
        Class::Filler,
        Class::Greet,
        Class::Conj,
        Class::Person,
        Class::Article,
        Class::Feel,
        Class::Correct,
        Class::Rather,
        Class::Sub,
    ];
    'tail: while to > from {
        let last = &tokens[to - 1];
        if !last.is_spoken() {
            to -= 1;
            continue;
        }
        if ["one", "ones"].contains(&last.low.as_str()) && to - from > 1 {
            to -= 1;
            continue;
        }
        // The longest phrase that ends here.
        for back in (1..=6.min(to - from)).rev() {
            let token = &tokens[to - back];
            let loose = LOOSE
                .iter()
                .any(|class| token.len_as(*class) == back && !(*class == Class::Person && back > 1));
            let kept = token.is(Class::Must)
                || token.is(Class::Problem)
                || token.is(Class::Number)
                || token.is(Class::Not)
                || token.is(Class::When)
                || token.shape == Shape::Number;
            let counted = to - back > from
                && (tokens[to - back - 1].is(Class::Number) || tokens[to - back - 1].shape == Shape::Number)
                && token.is(Class::Greet);
            if loose && !(kept && back == 1) && !counted {
                to -= back;
                continue 'tail;
            }
        }
        if last.len_as(Class::Be) == 1 && !last.is(Class::Problem) && last.len_as(Class::Not) == 0 {
            to -= 1;
            continue;
        }
        let dangling = last.is(Class::Prep)
            && !last.is(Class::Must)
            && to - from > 1
            && last.len_as(Class::Prep) == 1
            && !is_particle(last);
        if !dangling {
            break;
        }
        to -= 1;
    }
    to
}

/// "log in", "springt an": a preposition that belongs to its verb.
fn is_particle(token: &Token<'_>) -> bool {
    ["in", "on", "up", "off", "out", "down", "over", "an", "auf", "aus", "ab", "ein", "zu"]
        .contains(&token.low.as_str())
}
