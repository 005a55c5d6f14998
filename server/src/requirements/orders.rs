//! Words aimed at the software, and advertising: data, neither followed nor quoted (policy 4).

use super::clauses::{ends_sentence, marker_length};
use super::lexicon::Class;
use super::tokens::{Shape, Token};

/// How far apart, in tokens, the two words of an order may stand.
const REACH: usize = 14;

/// Without what gives orders to software or pretends to be its own words, and without the ready-made lines below.
pub(super) fn take_out(tokens: &mut Vec<Token<'_>>) {
    if !tokens.iter().any(is_suspect) {
        return;
    }
    let mut kept = Vec::with_capacity(tokens.len());
    let (mut ready_made, mut ordering) = (false, false);
    let mut from = 0;
    while from < tokens.len() {
        let ends =
            |at: &usize| ends_sentence(tokens, *at) || tokens[*at].is_mark(";)") || tokens[*at].text == "--";
        let end = (from..tokens.len()).find(ends).map_or(tokens.len(), |at| at + 1);
        let sentence = &tokens[from..end];
        let line_start = from == 0 || tokens[from - 1].shape == Shape::Line;
        let order = aimed_from(sentence);
        ready_made |= order.is_some() || (line_start && is_sheet(sentence));
        let is_item = line_start && marker_length(sentence) > 0;
        // What follows an order is part of it until somebody speaks of their own need.
        ordering = order.is_some() || (ordering && !is_own(sentence));
        match order {
            _ if ready_made && is_item => {}
            Some(at) => kept.extend_from_slice(&sentence[..at]),
            None if ordering => {}
            None => kept.extend_from_slice(sentence),
        }
        if order.is_some() || ordering {
            kept.extend(sentence.last().filter(|t| t.shape == Shape::Line).cloned());
            kept.push(Token::hidden());
        }
        from = end;
    }
    *tokens = kept;
}

/// Whether anything in it is aimed at the software.
pub(super) fn is_aimed(tokens: &[Token<'_>]) -> bool {
    aimed_from(tokens).is_some()
}

/// Whether somebody sells to the business instead of asking.
pub(super) fn is_advertising(tokens: &[Token<'_>]) -> bool {
    const HINTS: [Class; 7] = [
        Class::Sells,
        Class::Trade,
        Class::Yours,
        Class::Noticed,
        Class::Boost,
        Class::Pitch,
        Class::Windfall,
    ];
    let any = |class: Class| tokens.iter().any(|t| t.is(class));
    let hints = || HINTS.iter().filter(|class| any(**class)).count();
    // A customer may well speak of rankings and followers.
    (any(Class::Scam) || hints() >= 2) && !any(Class::Buys)
}

fn is_suspect(token: &Token<'_>) -> bool {
    [Class::Aimed, Class::Command, Class::Rules, Class::Secret, Class::Summary, Class::Speaker, Class::Sheet]
        .iter()
        .any(|class| token.is(*class))
        || token.is_mark("{}#<>`") && token.text.len() > 1
}

/// Where what is aimed at the software begins in a sentence. A need said before it, in a clause of its own, stays.
fn aimed_from(sentence: &[Token<'_>]) -> Option<usize> {
    let at = (0..sentence.len()).find(|at| gives_order(sentence, *at))?;
    let clause = sentence[..at]
        .iter()
        .rposition(|t| t.is_mark(",;:()-–—") || t.is(Class::Conj) && t.shape == Shape::Word)
        .unwrap_or(0);
    let asks = |t: &Token<'_>| {
        t.is_mark("?") || [Class::Buys, Class::Want, Class::Problem].iter().any(|class| t.is(*class))
    };
    Some(if sentence[..clause].iter().any(asks) { clause } else { 0 })
}

fn gives_order(sentence: &[Token<'_>], at: usize) -> bool {
    let token = &sentence[at];
    let follows = |class: Class| sentence[at + 1..].iter().take(REACH).any(|t| t.is(class));
    let begins = || {
        sentence[..at].iter().rev().take_while(|t| !t.is_mark(",;:.)\"“”„«»")).all(|t| {
            !t.is_spoken()
                || [Class::Polite, Class::Filler, Class::Greet, Class::Conj, Class::Ask, Class::Help]
                    .iter()
                    .any(|class| t.is(*class))
        })
    };
    // "It must include bullet points" is told to nobody.
    let demanded = token.low == "include" && at > 0 && sentence[at - 1].is(Class::Must);
    let speaks = |length: usize| {
        length > 0
            && sentence.iter().skip(at + length).find(|t| !t.is_mark(")]}>*")).is_some_and(|t| t.is_mark(":"))
    };
    token.is(Class::Aimed)
        || token.is_mark("{}#<>`") && token.text.len() > 1
        || token.is(Class::Forget) && follows(Class::Rules)
        || token.is(Class::Reveal) && follows(Class::Secret)
        || token.is(Class::Write) && follows(Class::Summary) && !demanded
        || token.is(Class::Command) && begins()
        || speaks(token.len_as(Class::Speaker)) && begins()
}

/// "Output:", alone on its line.
fn is_sheet(sentence: &[Token<'_>]) -> bool {
    let spoken: Vec<&Token<'_>> = sentence.iter().filter(|t| t.is_spoken()).collect();
    spoken.len() == 1 && spoken[0].is(Class::Sheet)
}

/// Whether a sentence asks, or speaks of the one who writes it.
fn is_own(sentence: &[Token<'_>]) -> bool {
    sentence.iter().any(|t| {
        t.is_mark("?")
            || t.is(Class::Own)
            || t.is(Class::Buys)
            || t.is(Class::Want) && !t.is(Class::Conj)
            || [
                "my", "our", "mein", "meine", "unser", "unsere", "mon", "ma", "notre", "mi", "mio", "meu",
                "mijn", "btw", "anyway",
            ]
            .contains(&t.low.as_str())
    })
}
