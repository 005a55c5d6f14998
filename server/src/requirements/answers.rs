//! What the business asked or offered, which gives short answers their meaning (policy 3).

use super::clauses::sentences;
use super::lexicon::{Class, Lexicon};
use super::read::{capitalised, written};
use super::tokens::{Shape, Token};
use super::values;

/// The last thing the business said, as far as an answer needs it.
#[derive(Clone, Default)]
pub(super) struct Asked {
    /// What "yes" accepts.
    pub(super) offer: Option<String>,
    /// Whether the offer names several to choose from.
    pub(super) has_choice: bool,
    /// The word for what is asked: `Budget`, `Delivery`.
    pub(super) label: Option<String>,
    /// Whether it is but the name of a thing: "Mileage?"
    pub(super) is_topic: bool,
    /// What "how many" counts.
    pub(super) counted: Option<String>,
    /// What "is there" asks about, for "no".
    pub(super) existing: Option<String>,
    pub(super) is_question: bool,
    pub(super) is_contact: bool,
    /// Whether it asks for a place.
    pub(super) is_place: bool,
    pub(super) is_budget: bool,
    /// Whether it asks for any of a kind.
    pub(super) is_any: bool,
    /// Whether it names a day of its own without asking.
    pub(super) is_timed: bool,
    /// The business cannot give what was asked for: the answer is another wish in its place.
    pub(super) is_taken: bool,
}

/// Asks for a place.
const WHERE: [&str; 24] = [
    "where",
    "where's",
    "whereabouts",
    "location",
    "town",
    "city",
    "postcode",
    "area",
    "wo",
    "wohin",
    "ort",
    "stadt",
    "où",
    "ville",
    "dónde",
    "ciudad",
    "dove",
    "città",
    "onde",
    "cidade",
    "waar",
    "plaats",
    "gdzie",
    "miasto",
];

/// Asks for any of a kind.
const ANY: [&str; 14] = [
    "any",
    "irgendein",
    "irgendeine",
    "irgendwelche",
    "algún",
    "alguna",
    "algum",
    "alguma",
    "qualche",
    "quelque",
    "quelques",
    "enig",
    "jakiś",
    "jakieś",
];

impl Asked {
    pub(super) fn of(tokens: &[Token<'_>], lexicon: &Lexicon) -> Self {
        let sentences = sentences(tokens);
        let is_taken = tokens.iter().any(|t| t.is(Class::Taken));
        let mut asked = Self { is_taken, ..Self::default() };
        let Some(last) = sentences.iter().rev().find(|s| s.is_question) else {
            let stated = sentences
                .iter()
                .rev()
                .find(|s| s.tokens.iter().any(|t| t.len_as(Class::Offer) > 1 || t.is(Class::Accept)));
            asked.offer = stated.and_then(|s| offered(s.tokens, true));
            let is_day = |v: &values::Value| matches!(v.kind, values::Kind::Day | values::Kind::Date);
            asked.is_timed = sentences.iter().any(|s| values::values(s.tokens).iter().any(is_day));
            asked.has_choice = stated.is_some_and(|s| has_choice(s.tokens));
            return asked;
        };
        let words = last.tokens;
        let any = |class: Class| words.iter().any(|t| t.is(class));
        asked.is_question = true;
        // "May I have your name?" offers nothing.
        let yours = |pair: &[Token<'_>]| pair[0].is(Class::Person) && pair[1].is(Class::Contact);
        let first = words.iter().filter(|t| t.is_spoken()).take(3).any(|t| t.is(Class::Contact));
        let last = words.iter().rfind(|t| t.is_spoken()).is_some_and(|t| t.is(Class::Contact));
        let offers = any(Class::Offer) && !words.windows(2).any(yours);
        asked.is_contact = first || last || any(Class::Contact) && !offers;
        asked.is_place = words.iter().any(|t| WHERE.contains(&t.low.as_str()));
        asked.is_budget = any(Class::Budget);
        // "Do you see an error?", but not "Would you like a pass?".
        let a_thing = |t: &Token<'_>| ["a", "an"].contains(&t.low.as_str()) && !any(Class::Offer);
        asked.is_any = words.iter().any(|t| ANY.contains(&t.low.as_str()) || a_thing(t));
        asked.is_topic = is_topic(words);
        // "Which size and for how long?" has two answers.
        let asks = words.iter().filter(|t| t.is(Class::Wh) || t.is(Class::HowMany)).count();
        asked.label = label_of(words, lexicon)
            .filter(|_| asks < 2)
            .map(str::to_owned)
            .or_else(|| capitalised(&written(words)).filter(|_| asked.is_topic));
        asked.counted = counted(words);
        asked.has_choice = has_choice(words);
        let open = words.iter().take(3).any(|t| t.is(Class::Wh))
            && !(any(Class::Offer) && words[0].len_as(Class::Offer) > 1);
        if open || asked.is_contact {
            return asked;
        }
        asked.offer = offered(words, false).or_else(|| {
            let before = sentences.iter().rev().skip_while(|s| !s.is_question).nth(1)?;
            offered(before.tokens, true)
        });
        if words[0].low == "is" && words.get(1).is_some_and(|t| t.low == "there")
            || words[0].low == "are" && words.get(1).is_some_and(|t| t.low == "there")
        {
            asked.existing = asked.offer.clone();
        }
        asked
    }
}

fn has_choice(tokens: &[Token<'_>]) -> bool {
    tokens
        .iter()
        .any(|t| ["or", "oder", "ou", "o", "of", "lub", "czy"].contains(&t.low.as_str()) && t.is(Class::Conj))
}

/// One or two words, none of which says anything about the visitor or the chat.
fn is_topic(tokens: &[Token<'_>]) -> bool {
    const OTHER: [Class; 9] = [
        Class::Hollow,
        Class::Filler,
        Class::Person,
        Class::Wh,
        Class::Offer,
        Class::Ask,
        Class::HowMany,
        Class::Period,
        Class::Number,
    ];
    let spoken = || tokens.iter().filter(|t| t.is_spoken());
    (1..=2).contains(&spoken().count())
        && spoken().all(|t| t.shape == Shape::Word && !OTHER.iter().any(|class| t.is(*class)))
}

fn label_of(tokens: &[Token<'_>], lexicon: &Lexicon) -> Option<&'static str> {
    (0..tokens.len()).filter(|i| tokens[*i].is(Class::Topic)).find_map(|i| {
        let length = tokens[i].len_as(Class::Topic);
        let words: Vec<&str> = tokens.get(i..i + length)?.iter().map(|t| t.low.as_str()).collect();
        lexicon.label(&words.join(" "))
    })
}

/// The noun behind "how many".
fn counted(tokens: &[Token<'_>]) -> Option<String> {
    let at = tokens.iter().position(|t| t.is(Class::HowMany))?;
    let rest = tokens.get(at + tokens[at].len_as(Class::HowMany)..)?;
    const ENDS: [Class; 9] = [
        Class::Prep,
        Class::Be,
        Class::Have,
        Class::Person,
        Class::Subject,
        Class::Want,
        Class::Ask,
        Class::Article,
        Class::Offer,
    ];
    let nouns: Vec<Token<'_>> = rest
        .iter()
        .take(4)
        .take_while(|t| t.shape == Shape::Word && !ENDS.iter().any(|class| t.is(*class)))
        .cloned()
        .collect();
    (!nouns.is_empty()).then(|| written(&nouns))
}

/// The thing offered, without the business's words around it and without its price.
fn offered(tokens: &[Token<'_>], is_statement: bool) -> Option<String> {
    let mut from = 0;
    let mut leads = false;
    while let Some(token) = tokens.get(from) {
        const DROPPED: [Class; 11] = [
            Class::Offer,
            Class::Bring,
            Class::Ask,
            Class::Filler,
            Class::Yes,
            Class::Greet,
            Class::Polite,
            Class::Person,
            Class::Article,
            Class::Conj,
            Class::Be,
        ];
        let best = DROPPED.iter().map(|class| token.len_as(*class)).max().unwrap_or(0);
        // "Is it end of tenancy?", "we can be there between 3 and 5".
        let is_empty = ["it", "there"].contains(&token.low.as_str());
        if !token.is_spoken() || is_empty {
            from += 1;
        } else if best > 0 && token.shape == Shape::Word {
            leads |= token.len_as(Class::Offer) == best;
            from += best;
        } else {
            break;
        }
    }
    if tokens.iter().any(|t| t.low == "anything") {
        return None;
    }
    // "I can help with …", "I'm afraid …": nothing of it can be had by a yes.
    if is_statement
        && tokens.iter().any(|t| t.is(Class::Help) && t.low.starts_with("h") || t.is(Class::Taken))
    {
        return None;
    }
    let rest = tokens.get(from..).unwrap_or_default();
    let found = values::values(rest);
    if is_statement && !leads && found.is_empty() {
        return None;
    }
    let price = found.iter().find(|v| v.kind == values::Kind::Money).map(|v| v.from);
    // "Bags at £65, shall I put down 3?": what is offered stands behind the price.
    if let Some(at) = price
        && let Some(behind) = (at..rest.len()).find(|i| rest[*i].len_as(Class::Offer) > 1)
        && !values::values(&rest[behind..]).is_empty()
    {
        return offered(&rest[behind..], is_statement);
    }
    let end = price.map_or(rest.len(), |at| at.saturating_sub(1));
    let kept: Vec<Token<'_>> = rest[..end]
        .iter()
        .filter(|t| {
            !(t.is(Class::Person)
                || t.is(Class::Polite)
                || t.is(Class::Bring) && t.len_as(Class::Bring) == 1 && is_statement
                || ["could", "can", "would", "should", "shall", "free"].contains(&t.low.as_str())
                    && !t.is(Class::Number))
        })
        .cloned()
        .collect();
    // "…, would that work": what only asks for the consent.
    let tag = kept.iter().rposition(|t| t.is_mark(",")).filter(|at| {
        let behind = &kept[at + 1..];
        behind.len() <= 4 && behind.iter().any(|t| t.is(Class::Accept)) && values::values(behind).is_empty()
    });
    let kept = &kept[..tag.unwrap_or(kept.len())];
    let says = kept
        .iter()
        .filter(|t| t.is_spoken() && !t.is(Class::Hollow) && !t.is(Class::Prep) && !t.is(Class::Filler))
        .count();
    if says == 0 {
        return None;
    }
    let mut end = kept.len();
    while end > 0
        && (kept[end - 1].shape == Shape::Mark
            || kept[end - 1].is(Class::Prep)
            || kept[end - 1].is(Class::Be)
            || kept[end - 1].is(Class::Bring) && kept[end - 1].len_as(Class::Bring) == 1
            || kept[end - 1].is(Class::Accept))
    {
        end -= 1;
    }
    capitalised(&written(&kept[..end]))
}
