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
}

impl Check {
    /// Reads a conversation; linear in its length.
    pub fn of(turns: &[Turn<'_>]) -> Self {
        let visitor = || turns.iter().filter(|turn| turn.author == Author::Visitor).map(|turn| turn.text);
        let mut numbers: HashSet<String> = visitor().flat_map(numbers_of).collect();
        numbers.extend(numbers_of(&extract(turns)));
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
        Self { lexicon, numbers, hidden }
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
