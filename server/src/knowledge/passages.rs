//! Documents cut into passages: each short enough to be an answer, with the headings that it stands under.

use unicode_segmentation::UnicodeSegmentation;

use super::blocks::{Block, blocks};
use super::document::Document;

/// About how long a passage becomes, in bytes: what a reader takes in within a chat.
const LENGTH: usize = 600;

/// The longest word that is not cut, in characters.
const LONGEST_WORD: usize = LENGTH / 4;

/// A piece of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The headings above it, the outermost first.
    pub(super) headings: Vec<String>,
    /// One or more lines.
    pub(super) text: String,
}

/// The pieces of a document in their order.
pub(super) fn pieces(document: &Document) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut headings: Vec<(usize, String)> = Vec::new();
    let mut section: Vec<String> = Vec::new();
    for block in blocks(document.head.format, &document.text) {
        match block {
            Block::Text(text) => section.push(text),
            Block::Heading { level, text } => {
                close(&mut pieces, &headings, &mut section);
                headings.retain(|(above, _)| *above < level);
                headings.push((level, text));
            }
        }
    }
    close(&mut pieces, &headings, &mut section);
    pieces
}

fn close(pieces: &mut Vec<Piece>, headings: &[(usize, String)], section: &mut Vec<String>) {
    let names: Vec<String> = headings.iter().map(|(_, name)| name.clone()).collect();
    // Under a heading paragraphs are about one thing; without one each speaks for itself.
    let texts = packed(std::mem::take(section), !names.is_empty());
    pieces.extend(texts.into_iter().map(|text| Piece { headings: names.clone(), text }));
}

/// Paragraphs put together while they are short, and taken apart where they are long.
fn packed(paragraphs: Vec<String>, together: bool) -> Vec<String> {
    let mut packed: Vec<String> = Vec::new();
    for paragraph in paragraphs {
        let mut first = true;
        for part in parts(&paragraph) {
            let joins = |last: &String| {
                let belongs = !first || together || last.ends_with(':');
                belongs && last.len() + part.len() < LENGTH
            };
            match packed.last_mut().filter(|last| joins(last)) {
                Some(last) => last.push_str(&format!("{}{}", if first { "\n" } else { part.gap }, part.text)),
                None => packed.push(part.text.to_owned()),
            }
            first = false;
        }
    }
    packed
}

/// A part of a paragraph, and what stands between it and the one before it.
struct Part<'a> {
    gap: &'static str,
    text: &'a str,
}

impl Part<'_> {
    fn len(&self) -> usize {
        self.text.len()
    }
}

/// The lines of a paragraph; the sentences of a long line; the words of a long sentence.
fn parts(paragraph: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for line in paragraph.lines() {
        if line.len() <= LENGTH {
            parts.push(Part { gap: "\n", text: line });
            continue;
        }
        for (place, sentence) in line.unicode_sentences().map(str::trim_end).enumerate() {
            let gap = if place == 0 { "\n" } else { " " };
            match sentence.len() <= LENGTH {
                true => parts.push(Part { gap, text: sentence }),
                false => {
                    let words = sentence.split_whitespace().flat_map(cut);
                    parts.extend(words.map(|text| Part { gap: " ", text }));
                }
            }
        }
    }
    parts
}

/// A word, or the pieces of one that is far longer than words are.
fn cut(mut word: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    while let Some((end, _)) = word.char_indices().nth(LONGEST_WORD) {
        pieces.push(&word[..end]);
        word = &word[end..];
    }
    pieces.push(word);
    pieces
}

#[cfg(test)]
mod tests {
    use porchlight_protocol::time::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::knowledge::NewDocument;

    fn cut(format: &str, text: &str) -> Vec<Piece> {
        let body = json!({ "text": text, "format": format }).to_string();
        let new = NewDocument::read(body.as_bytes()).unwrap();
        pieces(&new.of(&"admin_1".parse().unwrap(), Timestamp::from_millis(0)))
    }

    #[test]
    fn a_section_is_a_passage_under_its_headings() {
        let found = cut("markdown", "Hello\n\nyou\n\n# A\n\none\n\ntwo\n\n### B\n\nthree\n\n## C\n\nfour");
        let shown: Vec<(String, &str)> =
            found.iter().map(|piece| (piece.headings.join("/"), piece.text.as_str())).collect();
        let expected = [("", "Hello"), ("", "you"), ("A", "one\ntwo"), ("A/B", "three"), ("A/C", "four")];
        assert_eq!(shown, expected.map(|(headings, text)| (headings.to_owned(), text)));
    }

    #[test]
    fn long_sections_are_cut_between_sentences_and_nothing_is_lost() {
        let sentence = "This goes on and on, as texts do that nobody has cut. ";
        let word = "word ".repeat(300);
        let text = format!("# A\n\n{}\n\n{word}\n\n{}", sentence.repeat(40), "x".repeat(2_000));
        let found = cut("markdown", &text);
        assert!(found.iter().all(|piece| piece.text.len() <= LENGTH));
        assert!(found.iter().filter(|piece| piece.text.starts_with("This")).count() >= 3);
        let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let all: String = found.iter().map(|piece| letters(&piece.text)).collect();
        assert_eq!(all, letters(text.strip_prefix("# A").unwrap()));
    }

    #[test]
    fn an_introduction_stays_with_its_list() {
        let found = cut("text", "We repair:\n- bikes\n- trikes\n\nBring it along.");
        let shown: Vec<&str> = found.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(shown, ["We repair:\n• bikes\n• trikes", "Bring it along."]);
    }
}
