//! Whether a line that a language model wrote may stand (policy 1, 4 and 5).

use std::collections::HashSet;

use super::compose::MAX_CHARS;
use super::lexicon::{Class, Lexicon};
use super::names::Names;
use super::read::capitalised;
use super::tokens::{Token, tokens};
use super::{Author, Turn, clean, extract, orders};

/// What the lines about one conversation are held to.
pub struct Check {
    lexicon: &'static Lexicon,
    /// Numbers that the visitor, or an offer they accepted, has named; without separators.
    numbers: HashSet<String>,
    /// Words of contact data, names and secrets, in lower case.
    hidden: HashSet<String>,
    /// Words and numbers of offers that the visitor has accepted, as far as they are not the visitor's own.
    offered: (Vec<String>, Vec<String>),
}

impl Check {
    /// Reads a conversation; linear in its length.
    pub fn of(turns: &[Turn<'_>]) -> Self {
        let visitor = || turns.iter().filter(|turn| turn.author == Author::Visitor).map(|turn| turn.text);
        let mut numbers: HashSet<String> = visitor().flat_map(numbers_of).collect();
        let read = extract(turns);
        let own: HashSet<String> = visitor().flat_map(words).collect();
        let offered: (Vec<String>, Vec<String>) = (
            words(&read).filter(|word| !own.contains(word)).collect(),
            numbers_of(&read).filter(|number| !numbers.contains(number)).collect(),
        );
        numbers.extend(offered.1.iter().cloned());
        let mut hidden = HashSet::new();
        let lexicon = Lexicon::of(visitor());
        let mut names = Names::default();
        for text in visitor() {
            let public = clean::without_private(text);
            let mut told = tokens(&public, lexicon);
            names.take_out(&mut told, lexicon);
            let kept: HashSet<String> = told.iter().flat_map(|token| words(token.text)).collect();
            hidden.extend(words(text).filter(|word| word.chars().count() > 2 && !kept.contains(word)));
        }
        hidden.retain(|word| !tokens(word, lexicon).iter().any(Token::is_known));
        Self { lexicon, numbers, hidden, offered }
    }

    /// Whether these messages of the visitor say what the line says: its numbers stand in them, and at least half of
    /// its words that mean something of their own. Both may stand in an offer as well that the visitor has accepted.
    pub fn is_supported(&self, line: &str, cited: &[&str]) -> bool {
        if cited.is_empty() {
            return false;
        }
        let mut numbers: HashSet<String> = cited.iter().flat_map(|text| numbers_of(text)).collect();
        numbers.extend(self.offered.1.iter().cloned());
        let mut said: Vec<String> = cited.iter().flat_map(|text| words(text)).collect();
        said.extend(self.offered.0.iter().cloned());
        let is_said = |word: &String| said.iter().any(|other| is_akin(word, other));
        let is_plain = |word: &String| {
            !tokens(word, self.lexicon).iter().any(Token::is_known)
                && !word.chars().all(|c| c.is_ascii_digit())
        };
        let meaning: Vec<String> = words(line).filter(is_plain).collect();
        let found = meaning.iter().filter(|word| is_said(word)).count();
        numbers_of(line).all(|number| numbers.contains(&number))
            && 2 * found >= meaning.len()
            && words(line).any(|word| is_said(&word))
    }

    /// The line as it may be shown, without mark and full stop and with a capital letter; `None` where it is longer than
    /// 70 characters, speaks in the first or second person, gives orders to software, repeats contact data or a secret, or
    /// holds a number that nobody named.
    pub fn line(&self, line: &str) -> Option<String> {
        let text = line.trim().trim_start_matches(['•', '-', '*', '–']).trim().trim_end_matches(['.', ' ']);
        let text = capitalised(text)?;
        let tokens = tokens(&text, self.lexicon);
        let speaks = tokens.iter().any(|t| {
            t.len_as(Class::Person) > 0 && !(t.text.len() > 1 && t.text.chars().all(char::is_uppercase))
        });
        let allowed = text.chars().count() <= MAX_CHARS
            && !text.contains(['\n', '<', '>'])
            && !speaks
            && clean::without_private(&text).trim() == text
            && !orders::is_aimed(&tokens)
            && numbers_of(&text).all(|number| self.numbers.contains(&number))
            && words(&text).all(|word| !self.hidden.contains(&word));
        allowed.then_some(text)
    }
}

/// The digits of each number, separators left out.
fn numbers_of(text: &str) -> impl Iterator<Item = String> {
    let runs = text.split(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',' | '\'' | '\u{a0}'));
    runs.map(|run| run.chars().filter(char::is_ascii_digit).collect::<String>()).filter(|run| !run.is_empty())
}

/// Whether two words in lower case are the same or forms of one: they begin alike, for most of the shorter one. Of
/// scripts that write no spaces two characters in a row are enough.
fn is_akin(word: &str, other: &str) -> bool {
    let chars: Vec<char> = word.chars().collect();
    if chars.iter().any(|c| *c >= '\u{2e80}') {
        let mut pairs = chars.windows(2).map(|pair| pair.iter().collect::<String>());
        return word == other || pairs.any(|pair| other.contains(&pair));
    }
    let common = word.chars().zip(other.chars()).take_while(|(one, two)| one == two).count();
    let shorter = chars.len().min(other.chars().count());
    word == other || (common >= 4 && 4 * common >= 3 * shorter)
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stands_only_on_what_the_visitor_said() {
        let turn = |author, text| Turn { author, text };
        let turns = [
            turn(
                Author::Visitor,
                "My name is Peter Smith, peter@acme.com. I need 12 chairs, password: Moewe!77",
            ),
            turn(Author::Agent, "Would you like delivery on 5 May for 30 euros?"),
            turn(Author::Visitor, "yes please"),
        ];
        let check = Check::of(&turns);
        let visit = ["yes please"];
        assert!(check.is_supported("Delivery on 5 May", &visit), "an offer that was accepted");
        assert!(!check.is_supported("Delivery for 30 euros in Norway", &visit));
        assert!(
            !check.is_supported("12 chairs", &visit) && check.is_supported("12 chairs", &[turns[0].text])
        );
        assert!(!check.is_supported("12 chairs", &[]));
        assert_eq!(check.line("• 12 chairs.").as_deref(), Some("12 chairs"));
        assert_eq!(check.line("delivery on 5 May").as_deref(), Some("Delivery on 5 May"));
        let refused = [
            "13 chairs",
            "Chairs for Peter",
            "Password Moewe!77",
            "My chairs",
            "Chairs <b>",
            "Delivery for 30 euros",
            "",
            "Mail peter@acme.com",
        ];
        for line in refused {
            assert_eq!(check.line(line), None, "{line}");
        }
    }
}
