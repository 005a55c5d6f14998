//! A message as words, numbers and marks, each with its classes.

use super::lexicon::{Class, FIRST_OF_ANY, Lexicon, Marks, UNMARKED};

/// The text of a mark that stands where something was taken out.
pub(super) const HIDDEN: &str = "\u{1}";

/// What a token looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Word,
    /// Begins with a digit: `8k`, `1.200`, `14:30`, `28th`.
    Number,
    /// Punctuation; a run of the same character is one token.
    Mark,
    /// The end of a line.
    Line,
}

/// A word, number or mark of a text.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    /// The text as the lexicon knows it: lower case, plain apostrophes, no letter three times in a row.
    pub(super) low: String,
    pub(super) shape: Shape,
    /// Whether white space stands before it.
    pub(super) spaced: bool,
    marks: Marks,
}

impl Token<'_> {
    /// Stands where something was taken out; ends a clause.
    pub(super) fn hidden() -> Self {
        Self { text: HIDDEN, low: String::new(), shape: Shape::Mark, spaced: true, marks: UNMARKED }
    }

    /// How many tokens the longest phrase of a class that begins here has; 0 for none.
    pub(super) fn len_as(&self, class: Class) -> usize {
        usize::from(self.marks[class as usize])
    }

    pub(super) fn is(&self, class: Class) -> bool {
        self.marks[class as usize] > 0
    }

    /// Whether it alone is of the class.
    pub(super) fn is_mark(&self, marks: &str) -> bool {
        self.shape == Shape::Mark && self.text.chars().all(|c| marks.contains(c))
    }

    /// Whether its language's lexicon knows it.
    pub(super) fn is_known(&self) -> bool {
        self.marks[..FIRST_OF_ANY].iter().any(|length| *length > 0)
    }

    pub(super) fn is_spoken(&self) -> bool {
        matches!(self.shape, Shape::Word | Shape::Number)
    }

    pub(super) fn is_capital(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }

    pub(super) fn has_digit(&self) -> bool {
        self.text.bytes().any(|b| b.is_ascii_digit())
    }
}

/// Beginnings that French and Italian write together with the next word.
const ELISIONS: &[&str] = &[
    "l", "d", "j", "c", "n", "s", "t", "m", "qu", "un", "dell", "all", "nell", "dall", "sull", "quest",
    "lorsqu", "jusqu",
];

/// The tokens of a text, in order.
pub(super) fn tokens<'a>(text: &'a str, lexicon: &Lexicon) -> Vec<Token<'a>> {
    let mut found: Vec<Token<'a>> = Vec::with_capacity(text.len() / 5);
    let mut rest = text;
    let mut spaced = false;
    while let Some(c) = rest.chars().next() {
        let (length, shape) = if c == '\n' || c == '\r' {
            (c.len_utf8(), Some(Shape::Line))
        } else if c.is_whitespace() {
            (c.len_utf8(), None)
        } else if c.is_alphanumeric() || (c == '#' && rest[1..].starts_with(char::is_alphanumeric)) {
            let length = word_length(rest);
            let number = rest.trim_start_matches('#').starts_with(|c: char| c.is_ascii_digit());
            (length, Some(if number { Shape::Number } else { Shape::Word }))
        } else if "$€£¥₹".contains(c) {
            (c.len_utf8(), Some(Shape::Word))
        } else {
            let run = rest.find(|other| other != c).unwrap_or(rest.len());
            (run, Some(Shape::Mark))
        };
        let piece = &rest[..length];
        match shape {
            Some(shape) => {
                found.push(Token { text: piece, low: lowered(piece), shape, spaced, marks: UNMARKED });
                spaced = shape == Shape::Line;
            }
            None => spaced = true,
        }
        rest = &rest[length..];
    }
    for index in 0..found.len() {
        if found[index].is_spoken() {
            let words =
                found[index..].iter().filter(|token| !token.is_mark("'")).map(|token| token.low.as_str());
            found[index].marks = lexicon.marks(words);
            // "8 am" is said of a clock, not of oneself.
            let clock = found[index].low == "am" && index > 0 && found[index - 1].shape == Shape::Number;
            let pm = if clock { lexicon.marks(std::iter::once("pm")) } else { UNMARKED };
            if pm != UNMARKED {
                found[index].marks = pm;
            }
        }
    }
    found
}

/// The bytes of the word at the start of a text, with the marks that join its parts.
fn word_length(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    let mut before = '\0';
    while let Some((at, c)) = chars.next() {
        if c.is_alphanumeric() || is_mark_on_letter(c) || (c == '#' && at == 0) {
            before = c;
            continue;
        }
        let Some((_, next)) = chars.peek().copied() else {
            return if joins_end(before, c) { at + c.len_utf8() } else { at };
        };
        if joins_end(before, c) && !next.is_alphanumeric() {
            return at + c.len_utf8();
        }
        if matches!(c, '\'' | '’') && before.is_alphabetic() && next.is_alphabetic() {
            if ELISIONS.contains(&lowered(&text[..at]).as_str()) {
                return at + c.len_utf8();
            }
        } else if !joins(before, c, next) {
            return at;
        }
        before = c;
    }
    text.len()
}

fn joins(before: char, c: char, next: char) -> bool {
    let digits = before.is_ascii_digit() && next.is_ascii_digit();
    let both = before.is_alphanumeric() && next.is_alphanumeric();
    match c {
        '-' | '‑' | '_' | '/' | '&' | '@' => both,
        '.' => {
            digits
                || (before.is_alphabetic() && next.is_lowercase())
                || (both && !before.is_lowercase() && !next.is_uppercase())
        }
        ',' | ':' => digits,
        '×' => digits,
        _ => false,
    }
}

fn joins_end(before: char, c: char) -> bool {
    (before.is_ascii_digit() && matches!(c, '%' | '+' | '°')) || (before.is_alphabetic() && c == '+')
}

fn is_mark_on_letter(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// As the lexicon knows it.
pub(super) fn lowered(text: &str) -> String {
    let mut low = String::with_capacity(text.len());
    let (mut last, mut run) = ('\0', 0);
    for c in text.chars().flat_map(char::to_lowercase) {
        let c = if c == '’' { '\'' } else { c };
        run = if c == last { run + 1 } else { 1 };
        last = c;
        if !(run > 2 && c.is_alphabetic()) {
            low.push(c);
        }
    }
    // "heyy", "sooo": what was drawn out is written once.
    if text.len() > low.len()
        && low.ends_with([last])
        && low.chars().rev().take(2).all(|c| c == last)
        && last.is_alphabetic()
    {
        low.pop();
    }
    low
}
