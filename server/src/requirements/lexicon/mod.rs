//! Cue tables by language, and the choice of the table for a message.
//!
//! The stages hold no words of any language; all of them live here, as data.

mod arabic;
mod chinese;
mod dutch;
mod english;
mod french;
mod german;
mod hindi;
mod italian;
mod japanese;
mod korean;
mod polish;
mod portuguese;
mod russian;
mod spanish;
mod swedish;
mod turkish;

use super::text::Word;

/// What words at the start of a clause say about the rest of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// Says who speaks and nothing else: dropped, the next words are looked at.
    Subject,
    /// What follows is wanted.
    Need,
    /// What follows is wanted, and is named with the language's "Looking for".
    Looking,
    /// A question whether what follows is possible.
    Ask,
    /// What follows is what they have.
    Has,
    /// What follows is what they use today.
    Uses,
    /// What follows is what they pay today.
    Pays,
    /// What follows is money they would spend.
    Spend,
    /// What follows must not be part of the solution.
    Unwanted,
    /// What follows is not needed (any more).
    NoNeed,
    /// The whole clause says nothing that is needed.
    Noise,
}

/// What the answer to an agent's question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// Money they want to spend.
    Budget,
    /// A number of the things that the question names next.
    Count,
    /// A date, a deadline, how long or how often.
    Time,
    /// Where.
    Place,
    /// What they use now.
    Uses,
    /// An order, booking or ticket number.
    Reference,
    /// Name, address, phone, password or card: the answer is never shown.
    Contact,
}

/// The cue tables of one language; phrases are in lower case, `*` ends a stem.
pub(super) struct Lexicon {
    /// Frequent words by which the language is recognised.
    pub(super) common: &'static [&'static str],
    /// Greetings, politeness and connecting words dropped at a clause's start.
    pub(super) fillers: &'static [&'static str],
    /// Beginnings of clauses and what they say.
    pub(super) leads: &'static [(Lead, &'static [&'static str])],
    /// Dropped at the start of what is left: articles, "someone to".
    pub(super) articles: &'static [&'static str],
    /// Dropped at the end of a clause.
    pub(super) trailers: &'static [&'static str],
    /// Persons and politeness, dropped wherever they stand.
    pub(super) persons: &'static [&'static str],
    /// Words that may open a clause of its own after "and".
    pub(super) joiners: &'static [&'static str],
    /// Words for a budget.
    pub(super) budget: &'static [&'static str],
    /// Words before an amount that make it a limit.
    pub(super) limits: &'static [&'static str],
    /// Words of being, dropped between "budget" and the amount.
    pub(super) links: &'static [&'static str],
    /// Words that mark dates, deadlines, frequency and urgency.
    pub(super) time: &'static [&'static str],
    /// Words before a place.
    pub(super) place: &'static [&'static str],
    /// Words that mark a need, a feature or a limit.
    pub(super) features: &'static [&'static str],
    /// Words for what is broken or in the way.
    pub(super) problems: &'static [&'static str],
    /// Words that mark the present situation.
    pub(super) present: &'static [&'static str],
    /// Words for demos, samples, quotes, visits and who agrees.
    pub(super) decision: &'static [&'static str],
    /// Words before a reference number.
    pub(super) reference: &'static [&'static str],
    /// Numbers written as words.
    pub(super) numbers: &'static [&'static str],
    /// A clause with one of these is dropped, unless it also holds a need.
    pub(super) noise: &'static [&'static str],
    /// A clause with one of these is dropped whatever else it holds.
    pub(super) foreign: &'static [&'static str],
    /// Words by which an earlier value is replaced.
    pub(super) corrections: &'static [&'static str],
    /// Answers that accept an offer.
    pub(super) yes: &'static [&'static str],
    /// Answers that decline an offer.
    pub(super) no: &'static [&'static str],
    /// Beginnings of an agent's offer.
    pub(super) offers: &'static [&'static str],
    /// What an agent's question asks for.
    pub(super) questions: &'static [(Topic, &'static [&'static str])],
    /// Words after which a person's name follows.
    pub(super) names: &'static [&'static str],
    /// Words in front of bullets: wanted, budget, used now, paid now, not wanted.
    pub(super) labels: Labels,
}

/// The words that bullets begin with.
pub(super) struct Labels {
    pub(super) looking: &'static str,
    pub(super) budget: &'static str,
    pub(super) uses: &'static str,
    pub(super) pays: &'static str,
    pub(super) unwanted: &'static str,
}

/// English labels, also used where a language has none of its own.
pub(super) const ENGLISH_LABELS: Labels = Labels {
    looking: "Looking for",
    budget: "Budget",
    uses: "Currently uses",
    pays: "Currently pays",
    unwanted: "Not wanted:",
};

/// A table with nothing in it, for languages that fill in a part.
pub(super) const EMPTY: Lexicon = Lexicon {
    common: &[],
    fillers: &[],
    leads: &[],
    articles: &[],
    trailers: &[],
    persons: &[],
    joiners: &[],
    budget: &[],
    limits: &[],
    links: &[],
    time: &[],
    place: &[],
    features: &[],
    problems: &[],
    present: &[],
    decision: &[],
    reference: &[],
    numbers: &[],
    noise: &[],
    foreign: &[],
    corrections: &[],
    yes: &[],
    no: &[],
    offers: &[],
    questions: &[],
    names: &[],
    labels: ENGLISH_LABELS,
};

/// Every language, the default first.
pub(super) static ALL: &[&Lexicon] = &[
    &english::LEXICON,
    &german::LEXICON,
    &french::LEXICON,
    &spanish::LEXICON,
    &italian::LEXICON,
    &portuguese::LEXICON,
    &dutch::LEXICON,
    &polish::LEXICON,
    &swedish::LEXICON,
    &turkish::LEXICON,
    &russian::LEXICON,
    &japanese::LEXICON,
    &chinese::LEXICON,
    &korean::LEXICON,
    &arabic::LEXICON,
    &hindi::LEXICON,
];

/// The language that most words speak for; `fallback` when too few do.
pub(super) fn recognise(words: &[Word], text: &str, fallback: &'static Lexicon) -> &'static Lexicon {
    if let Some(by_script) = by_script(text) {
        return by_script;
    }
    let hits = |lexicon: &Lexicon| words.iter().filter(|word| lexicon.common.contains(&word.key.as_str())).count();
    let own = hits(fallback);
    ALL.iter()
        .copied()
        .map(|lexicon| (hits(lexicon), lexicon))
        .filter(|(count, _)| *count > own)
        .fold(None, |best: Option<(usize, &'static Lexicon)>, next| match best {
            Some(kept) if kept.0 >= next.0 => Some(kept),
            _ => Some(next),
        })
        .map_or(fallback, |(_, lexicon)| lexicon)
}

fn by_script(text: &str) -> Option<&'static Lexicon> {
    let mut han = 0;
    for c in text.chars() {
        match c {
            '\u{3040}'..='\u{30FF}' => return Some(&japanese::LEXICON),
            '\u{AC00}'..='\u{D7AF}' => return Some(&korean::LEXICON),
            '\u{0400}'..='\u{04FF}' => return Some(&russian::LEXICON),
            '\u{0600}'..='\u{06FF}' => return Some(&arabic::LEXICON),
            '\u{0900}'..='\u{097F}' => return Some(&hindi::LEXICON),
            '\u{4E00}'..='\u{9FFF}' => han += 1,
            _ => {}
        }
    }
    (han > 0).then_some(&chinese::LEXICON)
}

#[cfg(test)]
mod tests {
    use super::super::text::words;
    use super::*;

    #[test]
    fn the_language_follows_the_words() {
        let text = "Wir suchen für unser Büro in Köln eine neue Küche";
        let found = recognise(&words(text), text, ALL[0]);
        assert!(std::ptr::eq(found, ALL[1]));
    }

    #[test]
    fn a_bare_number_keeps_the_language_before_it() {
        assert!(std::ptr::eq(recognise(&words("2k"), "2k", ALL[3]), ALL[3]));
    }

    #[test]
    fn phrases_are_in_lower_case() {
        for lexicon in ALL {
            for phrase in lexicon.fillers.iter().chain(lexicon.persons).chain(lexicon.features) {
                assert_eq!(*phrase, phrase.to_lowercase());
            }
        }
    }
}
