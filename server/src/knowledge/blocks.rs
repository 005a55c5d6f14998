//! Documents as headings and plain text, whatever they are written in.

use html2text::RcDom;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::document::Format;

/// What stands before a point of a list.
const POINT: &str = "• ";

/// What stands between the cells of a table's row.
const CELL: &str = " · ";

/// The longest line of plain text that may be a heading, in characters.
const HEADING_CHARS: usize = 80;

/// A part of a document, without markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// What follows is about; 1 is the outermost level.
    Heading { level: usize, text: String },
    /// A paragraph, a list or a table; its lines belong apart.
    Text(String),
}

impl Block {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Heading { text, .. } | Self::Text(text) => text,
        }
    }
}

/// The blocks of a document in their order, none of them empty.
pub(super) fn blocks(format: Format, text: &str) -> Vec<Block> {
    let blocks = match format {
        Format::Markdown => markdown(text),
        Format::Text => plain(text),
        Format::Html => html(text),
    };
    let has_words = |block: &Block| block.text().chars().any(char::is_alphanumeric);
    blocks.into_iter().filter(has_words).collect()
}

fn markdown(text: &str) -> Vec<Block> {
    let mut reader = MarkdownReader::default();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        reader.take(event);
    }
    reader.end_block();
    reader.blocks
}

#[derive(Default)]
struct MarkdownReader {
    blocks: Vec<Block>,
    text: String,
    /// The lists that are open; with the next number where they have numbers.
    lists: Vec<Option<u64>>,
}

impl MarkdownReader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) | Event::Code(text) => self.text.push_str(&text),
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak => self.text.push('\n'),
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::Table(_) => self.end_block(),
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.end_block();
                }
                self.lists.push(*first);
            }
            Tag::Item => {
                self.end_line();
                match self.lists.last_mut() {
                    Some(Some(number)) => {
                        self.text.push_str(&format!("{number}. "));
                        *number += 1;
                    }
                    _ => self.text.push_str(POINT),
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                let text = std::mem::take(&mut self.text);
                self.blocks.push(Block::Heading { level: depth_of(level), text: text.trim().to_owned() });
            }
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.end_block();
                }
            }
            TagEnd::Paragraph if !self.lists.is_empty() => self.end_line(),
            TagEnd::Paragraph | TagEnd::CodeBlock | TagEnd::Table => self.end_block(),
            TagEnd::TableCell => self.text.push_str(CELL),
            TagEnd::TableHead | TagEnd::TableRow => {
                let row = self.text.trim_end_matches(CELL).len();
                self.text.truncate(row);
                self.text.push('\n');
            }
            _ => {}
        }
    }

    fn end_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(['\n', ' ']) {
            self.text.push('\n');
        }
    }

    fn end_block(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.blocks.push(Block::Text(text.trim().to_owned()));
    }
}

fn depth_of(level: HeadingLevel) -> usize {
    level as usize
}

/// Paragraphs; a short line by itself with no end of a sentence is a heading of those that follow.
fn plain(text: &str) -> Vec<Block> {
    let text = text.replace("\r\n", "\n");
    let paragraphs: Vec<String> = text.split("\n\n").map(unwrapped).filter(|text| !text.is_empty()).collect();
    let last = paragraphs.len().saturating_sub(1);
    let block = |(place, text): (usize, String)| match place < last && is_heading(&text) {
        true => Block::Heading { level: 1, text: text.trim_end_matches(':').to_owned() },
        false => Block::Text(text),
    };
    paragraphs.into_iter().enumerate().map(block).collect()
}

fn is_heading(paragraph: &str) -> bool {
    let ends = paragraph.ends_with(['.', '!', ',', ';']);
    !ends && !paragraph.contains('\n') && paragraph.chars().count() <= HEADING_CHARS
}

/// The lines of a paragraph joined, points of a list apart.
fn unwrapped(paragraph: &str) -> String {
    let mut text = String::new();
    for line in paragraph.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let point = line.strip_prefix(['-', '*', '•', '–']).filter(|rest| rest.starts_with(' '));
        match point {
            Some(point) => text.push_str(&format!("\n{POINT}{}", point.trim_start())),
            None => text.push_str(&format!(" {line}")),
        }
    }
    text.trim_start().to_owned()
}

/// Wider than any line: the lines of a paragraph stay together.
const WIDTH: usize = 1_000_000;

/// How deep elements may lie in each other: people's pages stay below a tenth, and work grows with its square.
const MOST_DEPTH: usize = 400;

/// Nothing where elements lie too deep in each other.
fn html(text: &str) -> Vec<Block> {
    let config = html2text::config::rich().raw_mode(true).unicode_strikeout(false);
    let Ok(page) = config.parse_html(text.as_bytes()) else { return Vec::new() };
    if depth(&page) > MOST_DEPTH {
        return Vec::new();
    }
    let lines = config.dom_to_render_tree(&page).and_then(|tree| config.render_to_string(tree, WIDTH));
    let mut blocks = vec![Block::Text(String::new())];
    for line in lines.unwrap_or_default().lines().map(str::trim) {
        match (heading(line), blocks.last_mut()) {
            (Some((level, text)), _) => blocks.push(Block::Heading { level, text }),
            (None, Some(Block::Text(text))) if !line.is_empty() && !text.is_empty() => {
                text.push_str(&format!("\n{}", with_point(line)));
            }
            (None, _) => blocks.push(Block::Text(with_point(line))),
        }
    }
    blocks
}

/// The library writes headings as Markdown does, and nothing else within a line.
fn heading(line: &str) -> Option<(usize, String)> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    text.strip_prefix(' ').filter(|_| level > 0).map(|text| (level, text.trim().to_owned()))
}

fn with_point(line: &str) -> String {
    line.strip_prefix("* ").map_or_else(|| line.to_owned(), |point| format!("{POINT}{point}"))
}

fn depth(page: &RcDom) -> usize {
    let mut deepest = 0;
    let mut waiting = vec![(page.document.clone(), 0)];
    while let Some((node, depth)) = waiting.pop() {
        deepest = deepest.max(depth);
        waiting.extend(node.children.borrow().iter().map(|child| (child.clone(), depth + 1)));
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(format: Format, text: &str) -> Vec<String> {
        let show = |block| match block {
            Block::Heading { level, text } => format!("{level} {text}"),
            Block::Text(text) => text,
        };
        blocks(format, text).into_iter().map(show).collect()
    }

    #[test]
    fn markdown_loses_its_marks_and_keeps_its_lines() {
        let text = "Delivery\n===\nWe *deliver* in\n`3` [days](https://a.example).\n\n## What it costs\n\n- one\n- two\n  \
                    - deep\n\n1. first\n2. second\n\n| Bike | Price |\n|--|--|\n| City | € 990 |\n\n<b>raw</b>\n\n***\n";
        let expected = [
            "1 Delivery",
            "We deliver in 3 days.",
            "2 What it costs",
            "• one\n• two\n• deep",
            "1. first\n2. second",
            "Bike · Price\nCity · € 990",
            "raw",
        ];
        assert_eq!(shown(Format::Markdown, text), expected);
    }

    #[test]
    fn plain_text_has_headings_where_lines_stand_alone() {
        let text =
            "Opening hours:\r\n\r\nTuesday to\r\nSaturday.\r\n\r\nWe repair:\n- bikes\n* trikes\n\nThe end";
        let expected =
            ["1 Opening hours", "Tuesday to Saturday.", "We repair:\n• bikes\n• trikes", "The end"];
        assert_eq!(shown(Format::Text, text), expected);
    }

    #[test]
    fn pages_lose_what_nobody_reads() {
        let text = "<html><head><title>T</title><style>p{}</style></head><body><script>1</script><h1>Delivery &amp; more</h1>\
                    <p>In <b>3</b>&nbsp;days, <s>2</s> &lt;b&gt;<br>or so.</p><ul><li>one</li><li>two</li></ul>\
                    <table><tr><td>City</td><td>&euro; 990</td></tr></table></body></html>";
        let expected = ["1 Delivery & more", "In 3\u{a0}days, 2 <b>\nor so.\n• one\n• two", "City\n€ 990"];
        assert_eq!(shown(Format::Html, text), expected);
        assert!(shown(Format::Html, &("<i>".repeat(MOST_DEPTH) + "x")).is_empty(), "too deep");
    }
}
