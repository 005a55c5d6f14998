//! Amounts, money, dates, times and places in a clause: what a correction can replace.

use super::lexicon::Class;
use super::tokens::{Shape, Token};

/// What a value measures. A correction replaces a value of the same kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Money,
    /// A day of the month, a month, a week of the year.
    Date,
    /// A day of the week, or one named from today.
    Day,
    /// A time of day.
    Clock,
    /// How often.
    Often,
    /// A length of time.
    Span,
    /// A number with a unit.
    Measure,
    /// A number of things, or a bare number.
    Count,
    Place,
    /// A colour or a material.
    Look,
    /// A reference, model or size.
    Code,
}

/// A value and where it stands: tokens `from..to` of its clause.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) kind: Kind,
    pub(super) from: usize,
    pub(super) to: usize,
    /// The unit, the thing counted or the preposition, in lower case; empty where there is none.
    pub(super) key: String,
}

impl Kind {
    /// Whether it says when.
    pub(super) fn is_time(self) -> bool {
        matches!(self, Self::Date | Self::Day | Self::Clock)
    }
}

/// The values of a clause, in order, without overlaps.
pub(super) fn values(tokens: &[Token<'_>]) -> Vec<Value> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match value(tokens, at) {
            Some(mut value) => {
                // A phrase of the sentence may be cut short where words were left out.
                value.to = value.to.min(tokens.len());
                at = value.to.max(at + 1);
                found.push(value);
            }
            None => at += 1,
        }
    }
    found
}

fn value(tokens: &[Token<'_>], at: usize) -> Option<Value> {
    let plain = |kind, from, to| Some(Value { kind, from, to, key: String::new() });
    let token = &tokens[at];
    if token.is(Class::Currency) && is_number(tokens, at + 1) && !is_number(tokens, at) {
        let end = range_end(tokens, at + 1);
        let end = end + usize::from(tokens.get(end).is_some_and(|t| t.is(Class::Big)));
        return plain(Kind::Money, at, end);
    }
    if is_number(tokens, at) {
        return numbered(tokens, at);
    }
    let named_day = ["dia", "día", "giorno", "dnia"].contains(&token.low.as_str());
    if named_day && tokens.get(at + 1).is_some_and(is_day_number) {
        return plain(Kind::Date, at, at + 2);
    }
    if token.is(Class::Month) && token.shape == Shape::Word && is_month(tokens, at) {
        let with_day = tokens.get(at + 1).is_some_and(|t| is_day_number(t)) && !is_counted(tokens, at + 1);
        return plain(Kind::Date, at, at + 1 + usize::from(with_day));
    }
    if token.is(Class::Day)
        && token.text.len() > 2
        && (token.low != "sun" && token.low != "sat" || !token.is(Class::Own))
    {
        return plain(Kind::Day, at, at + token.len_as(Class::Day));
    }
    if token.is(Class::When) {
        return plain(Kind::Day, at, at + token.len_as(Class::When));
    }
    if token.is(Class::Often) && !token.is(Class::Prep) {
        let end = often_end(tokens, at + token.len_as(Class::Often));
        return plain(Kind::Often, at, end);
    }
    if token.is(Class::Place) {
        let from = at + token.len_as(Class::Place);
        let article = usize::from(tokens.get(from).is_some_and(|t| t.is(Class::Article)));
        let end = name_end(tokens, from + article);
        if end > from + article {
            return Some(Value { kind: Kind::Place, from: from + article, to: end, key: token.low.clone() });
        }
    }
    if token.is(Class::Colour) {
        return plain(Kind::Look, at, at + 1);
    }
    let mixed = token.shape == Shape::Word && token.has_digit() && token.text.chars().count() >= 2;
    if mixed || token.text.starts_with('#') {
        return plain(Kind::Code, at, at + 1);
    }
    None
}

/// Where a run of capitalised words ends.
fn name_end(tokens: &[Token<'_>], from: usize) -> usize {
    let mut to = from;
    let capital = |index: usize| {
        tokens.get(index).is_some_and(|t| {
            t.shape == Shape::Word
                && t.is_capital()
                && !t.is(Class::Month)
                && !t.is(Class::Day)
                && !t.is(Class::When)
                && !t.is(Class::Own)
        })
    };
    let particle = |index: usize| {
        tokens.get(index).is_some_and(|t| {
            ["du", "de", "la", "le", "des", "di", "do", "da", "am", "an", "der", "of", "the", "del"]
                .contains(&t.low.as_str())
        })
    };
    while capital(to) || (to > from && particle(to) && capital(to + 1)) {
        to += 1;
    }
    to
}

/// "may" is a month where a capital, a number or a preposition says so.
fn is_month(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    if token.low != "may" && token.low != "mar" {
        return true;
    }
    let before = at.checked_sub(1).and_then(|i| tokens.get(i));
    let numbered = before.is_some_and(is_day_number) || tokens.get(at + 1).is_some_and(is_day_number);
    numbered
        || before.is_some_and(|t| t.is(Class::Prep) || t.is(Class::When))
        || (token.is_capital() && at > 0)
}

fn is_day_number(token: &Token<'_>) -> bool {
    let digits = token.low.trim_end_matches(|c: char| !c.is_ascii_digit());
    let tail = &token.low[digits.len()..];
    let day = digits.parse::<u32>().is_ok_and(|day| (1..=31).contains(&day));
    day && matches!(tail, "" | "st" | "nd" | "rd" | "th" | "er" | "º" | "°" | "ª" | ".")
}

fn is_ordinal(token: &Token<'_>) -> bool {
    is_day_number(token) && token.low.ends_with(|c: char| c.is_alphabetic())
}

fn is_number(tokens: &[Token<'_>], at: usize) -> bool {
    tokens
        .get(at)
        .is_some_and(|t| t.shape == Shape::Number || (t.is(Class::Number) && t.shape == Shape::Word))
}

/// Whether a token behind a number says what is counted.
fn is_counted(tokens: &[Token<'_>], at: usize) -> bool {
    tokens.get(at + 1).is_some_and(|t| t.is(Class::Unit) || t.is(Class::Period) || t.is(Class::Currency))
}

/// Behind a number, or a range of them: "3 to 6", "10 - 12".
fn range_end(tokens: &[Token<'_>], at: usize) -> usize {
    let end = at + tokens[at].len_as(Class::Number).max(1);
    let dotted = end
        + usize::from(
            tokens.get(end).is_some_and(|t| t.is_mark(".") && !t.spaced) && tokens.get(end + 1).is_some(),
        );
    let joins = tokens.get(dotted).is_some_and(|t| {
        t.is_mark("-–x×")
            || [
                "to", "bis", "à", "a", "al", "tot", "do", "or", "x", "and", "und", "et", "y", "e", "en", "i",
                "by", "até", "ao",
            ]
            .contains(&t.low.as_str())
    });
    let sign = dotted + 1 + usize::from(tokens.get(dotted + 1).is_some_and(|t| t.is(Class::Currency)));
    let digits = tokens.get(sign).is_some_and(|t| t.shape == Shape::Number);
    let both = tokens[at].shape == Shape::Number && digits;
    if joins && both { sign + 1 } else { end }
}

/// A value that begins with a number.
fn numbered(tokens: &[Token<'_>], at: usize) -> Option<Value> {
    let first = &tokens[at];
    let mut end = range_end(tokens, at);
    let is = |index: usize, class: Class| tokens.get(index).is_some_and(|t| t.is(class));
    let value = |kind, to: usize, key: &str| Some(Value { kind, from: at, to, key: key.to_owned() });
    let dot = |index: usize| {
        usize::from(tokens.get(index).is_some_and(|t| t.is_mark(".") && !t.spaced && t.text.len() == 1))
    };
    let alone = at == 0 && end == tokens.len();
    let dotted_time = alone
        && first.low.split_once('.').is_some_and(|(hour, minute)| {
            is_short_number(hour) && minute.len() == 2 && minute.parse::<u8>().is_ok_and(|minute| minute < 60)
        });
    // 14:30, 5pm, 14h, 7 Uhr
    let clock = first.low.contains(':')
        || ["am", "pm", "uhr"].iter().any(|half| first.low.ends_with(half) && first.low.len() > half.len());
    let french = first.low.split_once('h').is_some_and(|(hour, minute)| {
        is_short_number(hour) && (minute.is_empty() || is_short_number(minute))
    });
    let clock = clock || french || dotted_time;
    let clock_word = |index: usize| {
        tokens
            .get(index)
            .is_some_and(|t| ["am", "pm", "uhr", "o'clock", "h", "heures", "uur"].contains(&t.low.as_str()))
    };
    if clock || clock_word(end) {
        return value(Kind::Clock, end + usize::from(clock_word(end)), "");
    }
    let of = usize::from(tokens.get(end).is_some_and(|t| matches!(t.low.as_str(), "of" | "de" | "di")));
    let dotted = end + dot(end);
    if is_day_number(&tokens[end - 1]) && (is(end + of, Class::Month) || is(dotted, Class::Month)) {
        let month = if is(dotted, Class::Month) { dotted } else { end + of };
        return value(Kind::Date, month + 1, "");
    }
    if is_ordinal(first) {
        let floor = tokens.get(end).is_some_and(|t| {
            t.shape == Shape::Word && !t.is(Class::Prep) && !t.is(Class::Conj) && !t.is(Class::Filler)
        });
        return if floor {
            value(Kind::Count, end + 1, &tokens[end].low)
        } else {
            value(Kind::Date, end, "")
        };
    }
    let big = usize::from(
        is(end, Class::Big) && !tokens[end].is(Class::Unit)
            || is(end, Class::Big) && is(end + 1, Class::Currency),
    );
    if is(end + big, Class::Currency) {
        return value(Kind::Money, end + big + 1, "");
    }
    let thousands = first.low.ends_with('k')
        && first.low[..first.low.len() - 1]
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'-'));
    if thousands || big > 0 {
        return value(Kind::Money, end + big, "");
    }
    if tokens.get(end).is_some_and(|t| {
        ["times", "x", "mal", "fois", "veces", "volte", "vezes", "keer", "razy"].contains(&t.low.as_str())
    }) || (first.is(Class::Often))
    {
        end = often_end(tokens, end);
        return value(Kind::Often, end, "");
    }
    if is(end, Class::Unit) {
        let to = end + tokens[end].len_as(Class::Unit);
        return value(Kind::Measure, to, &tokens[end].low);
    }
    if is(end, Class::Period) {
        return value(Kind::Span, end + 1, &tokens[end].low);
    }
    let unit: String =
        first.low.chars().skip_while(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
    if first.shape == Shape::Number
        && !unit.is_empty()
        && unit.chars().all(char::is_alphabetic)
        && unit != "ish"
    {
        return value(Kind::Measure, end, &unit);
    }
    if first.low.contains(['/', '-']) && first.low.bytes().filter(u8::is_ascii_digit).count() >= 4 {
        return value(Kind::Code, end, "");
    }
    let before = at.checked_sub(1).map(|i| &tokens[i]);
    let of_day =
        before.is_some_and(|t| t.is(Class::At)) && first.shape == Shape::Number && is_day_number(first);
    let mut counted: Vec<&str> =
        tokens[end..].iter().take(3).take_while(|t| is_thing(t)).map(|t| t.low.as_str()).collect();
    // A colour behind the thing is a value of its own, and what says nothing is none of it.
    while counted.len() > 1
        && [Class::Colour, Class::Filler].iter().any(|class| tokens[end + counted.len() - 1].is(*class))
    {
        counted.pop();
    }
    if tokens.get(end).is_some_and(|t| t.low == "of") {
        return value(Kind::Count, end, "of");
    }
    if of_day && counted.is_empty() {
        return value(Kind::Clock, end, "");
    }
    value(Kind::Count, end + counted.len(), &counted.join(" "))
}

fn is_short_number(text: &str) -> bool {
    matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit())
}

fn often_end(tokens: &[Token<'_>], from: usize) -> usize {
    let mut end = from;
    while tokens.get(end).is_some_and(|t| {
        t.is(Class::Often)
            || (t.is(Class::Number) || t.shape == Shape::Number)
                && tokens.get(end + 1).is_some_and(|next| next.is(Class::Period))
            || t.is(Class::Period)
            || t.is(Class::Article)
            || ["x", "mal", "im", "par", "al", "por", "per", "w", "na"].contains(&t.low.as_str())
    }) {
        end += 1;
    }
    end
}

fn is_thing(token: &Token<'_>) -> bool {
    let word = token.shape == Shape::Word && token.spaced;
    word && ![
        Class::Prep,
        Class::Conj,
        Class::Sub,
        Class::Be,
        Class::Person,
        Class::Article,
        Class::Not,
        Class::Have,
        Class::Correct,
        Class::Polite,
        Class::Day,
        Class::Month,
        Class::When,
        Class::Often,
        Class::Hollow,
        Class::Past,
        Class::Part,
        Class::Period,
        Class::Currency,
        Class::Number,
        Class::Limit,
    ]
    .iter()
    .any(|class| token.is(*class))
}
