//! What a visitor needs, as short bullets for the person who follows up: without a network, the same text for the same
//! conversation.
//!
//! [`clean`] takes out what must never appear, [`clauses`] cuts the rest into pieces that say one thing, [`facts`]
//! decides what a piece is about and names it in few words, [`compose`] lets later words replace earlier ones and
//! writes the lines. What differs between languages is in [`lexicon`]. Everything is linear in the conversation's
//! length.

mod clauses;
mod clean;
mod compose;
mod facts;
mod lexicon;

use facts::Fact;
use lexicon::Lexicon;

/// One message of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// Who wrote it.
    pub author: Author,
    /// Plain text.
    pub text: &'a str,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The visitor, whose words alone are facts.
    Visitor,
    /// The assistant; its questions give short answers their meaning.
    Assistant,
    /// A person of the business, likewise.
    Agent,
}

/// Lines of `• …` joined by line feeds: at most ten, each of at most 70 characters; empty when nothing was asked for.
/// `turns` are in the order of reading.
pub fn extract(turns: &[Turn<'_>]) -> String {
    let visitor = || turns.iter().filter(|turn| turn.author == Author::Visitor).map(|turn| turn.text);
    if clean::is_advertising(visitor()) {
        return String::new();
    }
    let lexicon = Lexicon::of(visitor());
    let mut facts: Vec<Fact> = Vec::new();
    let mut asked: Option<&str> = None;
    for turn in turns {
        match turn.author {
            Author::Visitor => {
                compose::take(&mut facts, facts::of_turn(lexicon, turn.text, asked.take()));
            }
            Author::Assistant | Author::Agent => asked = Some(turn.text),
        }
    }
    compose::write(facts)
}
