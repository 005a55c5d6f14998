//! The text as it is read (section 2): without invisible characters, full-width forms as their ASCII twins, and with
//! a way back to the byte offsets of the original.

use super::unicode::{is_alphabetic, push_lower};

/// The characters of a text as they are read.
pub(super) struct View<'a> {
    text: &'a str,
    chars: Vec<Read>,
}

#[derive(Clone, Copy)]
struct Read {
    c: char,
    start: u32,
}

impl<'a> View<'a> {
    /// Reads a text; linear in its length. Texts of 4 GiB and more are read up to there.
    pub(super) fn of(text: &'a str) -> Self {
        let mut chars = Vec::with_capacity(text.len());
        for (start, c) in text.char_indices() {
            let Ok(start) = u32::try_from(start) else { break };
            if !is_invisible(c) {
                chars.push(Read { c: read_as(c), start });
            }
        }
        Self { text, chars }
    }

    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// The character at a position; `None` behind the end, and before the start by wrapping.
    pub(super) fn at(&self, index: usize) -> Option<char> {
        self.chars.get(index).map(|read| read.c)
    }

    /// The character before a position.
    pub(super) fn before(&self, index: usize) -> Option<char> {
        self.at(index.wrapping_sub(1))
    }

    /// The characters from `from` up to `to`, which are put in order and inside the text if need be.
    pub(super) fn slice(&self, from: usize, to: usize) -> impl DoubleEndedIterator<Item = char> + Clone {
        let to = to.min(self.chars.len());
        self.chars.get(from.min(to)..to).unwrap_or_default().iter().map(|read| read.c)
    }

    /// The byte offsets in the original that a stretch of the view covers.
    pub(super) fn span(&self, from: usize, to: usize) -> (usize, usize) {
        let start = self.chars.get(from).map_or(0, |read| read.start as usize);
        let last = self.chars.get(to.wrapping_sub(1)).map_or(start, |read| read.start as usize);
        let behind = self.text.get(last..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        (start, last + behind)
    }

    /// The stretch in lower case, by Unicode's rules: a capital sigma that ends a word becomes the final one, so that
    /// a Greek address is the same in capitals and in small letters.
    pub(super) fn lower(&self, from: usize, to: usize) -> String {
        let mut lower = String::with_capacity(to.saturating_sub(from));
        let mut before = None;
        let mut chars = self.slice(from, to).peekable();
        while let Some(c) = chars.next() {
            let ends_word = !chars.peek().is_some_and(|next| is_alphabetic(*next));
            if c == 'Σ' && ends_word && before.is_some_and(is_alphabetic) {
                lower.push('ς');
            } else {
                push_lower(&mut lower, c);
            }
            before = Some(c);
        }
        lower
    }

    /// Whether the stretch from `from` spells an ASCII word, in any case.
    pub(super) fn spells(&self, from: usize, word: &str) -> bool {
        let mut index = from;
        word.chars().all(|wanted| {
            let same = self.at(index).is_some_and(|c| same_letter(c, wanted));
            index += 1;
            same
        })
    }
}

fn same_letter(c: char, wanted: char) -> bool {
    c.eq_ignore_ascii_case(&wanted) || is_small_form(c, wanted)
}

fn is_small_form(c: char, wanted: char) -> bool {
    let mut small = String::new();
    if !c.is_ascii() {
        push_lower(&mut small, c);
    }
    small.len() == wanted.len_utf8() && small.starts_with(wanted)
}

/// Rule 2.1.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'
            | '\u{2066}'..='\u{2069}' | '\u{FEFF}'
    )
}

/// Rules 2.2 and 2.3.
fn read_as(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{FE6B}' => '@',
        '\u{FF61}' => '\u{3002}',
        '\u{2010}' | '\u{2011}' => '-',
        '\u{2019}' | '\u{2BC}' => '\'',
        other => other,
    }
}
