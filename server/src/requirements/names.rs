//! Takes the names of persons out of a message (policy 4), and remembers them.

use std::collections::HashSet;

use super::lexicon::{Class, Lexicon, is_first_name};
use super::tokens::{Shape, Token};

/// The words of names that were said in a conversation.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// Learns what the business calls the visitor: "Thanks, Priya!".
    pub(super) fn learn_address(&mut self, tokens: &[Token<'_>]) {
        for (at, token) in tokens.iter().enumerate().skip(1) {
            let before = tokens[at - 1].is_spoken() || tokens[at - 1].is_mark(",");
            let closes = tokens.get(at + 1).is_none_or(|t| !t.is_spoken());
            if before && closes && is_small_name(token) && is_first_name(&token.low) {
                self.0.insert(token.text.to_owned());
            }
        }
    }

    /// Takes them out; where more than a first name goes, a mark ends the clause.
    pub(super) fn take_out<'a>(&mut self, tokens: &mut Vec<Token<'a>>, lexicon: &Lexicon) {
        let end = letterhead(tokens).or_else(|| business_card(tokens));
        tokens.truncate(end.unwrap_or_else(|| signature(tokens)));
        self.learn_relatives(tokens, lexicon);
        let mut kept: Vec<Token<'a>> = Vec::with_capacity(tokens.len());
        let mut at = 0;
        while at < tokens.len() {
            if let Some(end) = said(tokens, at, lexicon).or_else(|| greeted(tokens, at)) {
                let words = tokens[at..end].iter().filter(|t| is_small_name(t) && is_first_name(&t.low));
                self.0.extend(words.map(|t| t.text.to_owned()));
                kept.push(Token::hidden());
                at = end;
            } else if self.is_name(tokens, at) {
                at += 1;
                // A surname behind a first name.
                at += tokens[at..].iter().take_while(|t| is_capital(t) && t.spaced && !t.is_known()).count();
            } else {
                kept.push(tokens[at].clone());
                at += 1;
            }
        }
        *tokens = kept;
    }

    /// A first name, or a word that was one before. "31 Jan" is none.
    fn is_name(&self, tokens: &[Token<'_>], at: usize) -> bool {
        let token = &tokens[at];
        let dated = token.is(Class::Month)
            && (at > 0 && tokens[at - 1].has_digit() || tokens.get(at + 1).is_some_and(Token::has_digit));
        // "In Nancy", "à Florence".
        let placed = at > 0
            && ["in", "near", "à", "en", "nach", "aus", "em", "w", "naar"]
                .contains(&tokens[at - 1].low.as_str());
        // "A Reggio Emilia".
        let placed = placed
            || at > 1
                && is_capital(&tokens[at - 1])
                && !tokens[at - 1].is_known()
                && tokens[at - 2].is(Class::Place);
        let own = token.low.trim_end_matches("'s");
        !dated && !placed && (is_capital(token) && is_first_name(own) || self.0.contains(token.text))
    }

    /// "My husband Ben": capitals tell, except where every noun has one.
    fn learn_relatives(&mut self, tokens: &[Token<'_>], lexicon: &Lexicon) {
        if lexicon.has_capital_nouns() {
            return;
        }
        for pair in tokens.windows(2) {
            let (role, name) = (&pair[0], &pair[1]);
            let is_role =
                (role.is(Class::Role) || role.is(Class::Other)) && role.text.starts_with(char::is_lowercase);
            if is_role
                && is_small_name(name)
                && name.spaced
                && ![Class::Day, Class::Month, Class::Own].iter().any(|class| name.is(*class))
            {
                self.0.insert(name.text.to_owned());
            }
        }
    }
}

/// A first name and one or two more words with capital letters, and nothing else.
pub(super) fn is_full_name(tokens: &[Token<'_>]) -> bool {
    let spoken = || tokens.iter().filter(|t| t.is_spoken());
    (2..=3).contains(&spoken().count())
        && spoken().all(|t| is_capital(t) && !t.is_known())
        && spoken().next().is_some_and(|t| is_first_name(&t.low))
}

fn is_capital(token: &Token<'_>) -> bool {
    token.shape == Shape::Word && token.is_capital()
}

/// `Priya`, not `VAT` or `iPad`.
fn is_small_name(token: &Token<'_>) -> bool {
    is_capital(token)
        && token.text.chars().count() > 2
        && token.text.chars().skip(1).all(|c| c.is_lowercase() || c == '-')
}

/// Where a run of words that may be a name ends: capitals that the language has no other use for, and what joins them.
fn run_end(tokens: &[Token<'_>], from: usize) -> usize {
    const PARTICLES: &[&str] =
        &["van", "von", "de", "der", "den", "da", "di", "del", "dos", "la", "le", "el", "bin", "ten", "ter"];
    let named = |at: usize| {
        tokens.get(at).is_some_and(|t| {
            is_capital(t)
                && (at == from || t.spaced)
                && (!t.is_known() || t.is(Class::Title) || is_first_name(&t.low))
        })
    };
    let mut to = from;
    while named(to) && to < from + 5 {
        to += 1;
        let initial = tokens[to - 1].is(Class::Title) || tokens[to - 1].text.chars().count() == 1;
        to += usize::from(initial && tokens.get(to).is_some_and(|t| t.is_mark(".")));
        let particles =
            tokens[to..].iter().take(2).take_while(|t| PARTICLES.contains(&t.low.as_str())).count();
        to += if named(to + particles) { particles } else { 0 };
    }
    to
}

/// "My name is …", "Mr …", "… here": where it ends.
fn said(tokens: &[Token<'_>], at: usize, lexicon: &Lexicon) -> Option<usize> {
    let token = &tokens[at];
    let cue = token.len_as(Class::Name);
    let dot = |index: usize| index + usize::from(tokens.get(index).is_some_and(|t| t.is_mark(".")));
    if token.len_as(Class::Title) == 1 {
        let from = dot(at + 1);
        let end = run_end(tokens, from);
        return (end > from).then(|| with_employer(tokens, end));
    }
    if cue > 0 {
        let from = at + cue;
        let calls = tokens[at..from.min(tokens.len())].iter().any(|t| {
            [
                "name", "heiße", "llamo", "chiamo", "appelle", "heet", "naam", "nazywam", "imię", "nome",
                "nombre",
            ]
            .iter()
            .any(|stem| t.low.contains(stem))
        });
        if calls && tokens.get(from).is_some_and(|t| t.shape == Shape::Word && !t.is_known()) {
            return Some(with_employer(tokens, run_end(tokens, from + 1).max(from + 1)));
        }
        let end = run_end(tokens, from);
        // Where nouns have capitals, one of them is no name yet: "Ich bin Hotelier".
        let is_sure = !lexicon.has_capital_nouns()
            || calls
            || end > from + 1
            || tokens.get(from).is_some_and(|t| is_first_name(&t.low));
        return (end > from && is_sure).then(|| with_employer(tokens, end));
    }
    let starts = at == 0 || !tokens[at - 1].is_spoken() || tokens[at - 1].is(Class::Greet);
    let end = if starts { run_end(tokens, at) } else { at };
    // "Gujarati speaking is a must" names a language.
    let speaks_on = |end: usize| {
        tokens[end].low == "speaking"
            && tokens.get(end + 1).is_some_and(|t| t.is_spoken() && !t.is(Class::Here))
    };
    let is_here = |end: usize| tokens.get(end).is_some_and(|t| t.is(Class::Here)) && !speaks_on(end);
    let employed = with_employer(tokens, end);
    (end > at && (is_here(end) || is_here(employed))).then(|| with_employer(tokens, employed))
}

/// "… from Acme Ltd", behind a name.
fn with_employer(tokens: &[Token<'_>], end: usize) -> usize {
    const FROM: &[&str] = &["from", "at", "von", "vom", "de", "da", "di", "bij", "van", "z", "of"];
    let end = end + tokens.get(end).map_or(0, |t| t.len_as(Class::Here));
    if !tokens.get(end).is_some_and(|t| FROM.contains(&t.low.as_str())) {
        return end;
    }
    let words = tokens[end + 1..].iter().take(4).take_while(|t| is_capital(t) || t.is_mark("&")).count();
    if words > 0 { end + 1 + words } else { end }
}

/// "Dear Tom," and "Hi Anna!": where it ends.
fn greeted(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let greeting = tokens[at].len_as(Class::Greet);
    let starts = at == 0 || !tokens[at - 1].is_spoken();
    let from = at + greeting;
    let end = if greeting > 0 && starts { run_end(tokens, from) } else { from };
    let closes = tokens.get(end).is_some_and(|t| !t.is_spoken());
    (end > from && end <= from + 2 && closes).then_some(end)
}

/// Where the end of a letter begins: thanks or regards, and a name at the end of the message.
fn signature(tokens: &[Token<'_>]) -> usize {
    const NAME: usize = 4;
    const NEAR: usize = 8;
    let last = tokens.iter().rposition(Token::is_spoken).map_or(0, |at| at + 1);
    let is_part = |t: &&Token<'_>| {
        !t.is_spoken() || is_capital(t) && (!t.is_known() || t.is(Class::Title) || is_first_name(&t.low))
    };
    let mut from = last - tokens[..last].iter().rev().take_while(is_part).count();
    while from < last && !tokens[from].is_spoken() {
        from += 1;
    }
    let names = tokens[from..last].iter().filter(|t| t.is_spoken()).count();
    if names == 0 || names > NAME {
        return tokens.len();
    }
    let dashed = from > 1 && tokens[from - 1].is_mark("-–—") && names == 1 && tokens[from - 1].spaced;
    let closing = (from.saturating_sub(NEAR)..from).find(|at| {
        let length = tokens[*at].len_as(Class::Signoff).max(tokens[*at].len_as(Class::Polite));
        let between = tokens.get(at + length..from).unwrap_or_default();
        let is_apart = between.last().is_none_or(|t| !t.is_spoken());
        // "Sorry, Cardiff" is no farewell.
        let is_farewell = length > 0 && !tokens[*at].is(Class::Correct);
        is_farewell && is_apart && !between.iter().any(Token::has_digit)
    });
    match closing {
        Some(at) => at,
        None if dashed => from,
        None => tokens.len(),
    }
}

/// Where a closing stands alone on its line, and a name on the next: behind it are titles and firms, unless somebody goes
/// on to ask.
fn letterhead(tokens: &[Token<'_>]) -> Option<usize> {
    const NAME: std::ops::RangeInclusive<usize> = 1..=4;
    let is_line = |t: &Token<'_>| t.shape == Shape::Line;
    let asks = |t: &Token<'_>| {
        t.is_mark("?") || [Class::Want, Class::Problem, Class::Budget].iter().any(|class| t.is(*class))
    };
    behind_last(tokens, asks).find(|at| {
        let closing = tokens[*at].len_as(Class::Signoff);
        if closing == 0 || *at > 0 && !is_line(&tokens[at - 1]) {
            return false;
        }
        let mut lines = tokens[(at + closing).min(tokens.len())..].split(is_line);
        let alone = lines.next().is_some_and(|rest| !rest.iter().any(Token::is_spoken));
        let name = lines.find(|line| line.iter().any(Token::is_spoken)).unwrap_or_default();
        let words = name.iter().filter(|t| t.is_spoken());
        alone && NAME.contains(&words.clone().count()) && words.clone().all(is_capital)
    })
}

/// "D. Marchetti, Head of Facilities, Pellworth Analytics", behind all that was to be said.
fn business_card(tokens: &[Token<'_>]) -> Option<usize> {
    let ends = |t: &Token<'_>| t.shape == Shape::Line || t.is_mark(".!?");
    let asks = |t: &Token<'_>| {
        t.is_mark("?") || t.has_digit() || [Class::Want, Class::Problem].iter().any(|class| t.is(*class))
    };
    behind_last(tokens, asks).find(|at| match &tokens[*at..] {
        [initial, dot, name, ..] if *at > 0 && ends(&tokens[at - 1]) => {
            let is_initial = initial.text.chars().count() == 1 && initial.is_capital() && dot.is_mark(".");
            is_initial && is_small_name(name) && name.spaced
        }
        _ => false,
    })
}

/// The places behind the last token of a kind: looked for once, so that a long message takes no longer than its length.
fn behind_last<'a>(tokens: &[Token<'a>], is_kind: impl Fn(&Token<'a>) -> bool) -> std::ops::Range<usize> {
    tokens.iter().rposition(is_kind).map_or(0, |at| at + 1)..tokens.len()
}
