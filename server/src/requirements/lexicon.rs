//! The words of each language that the extractor goes by: tables in `lexicon/*.txt`, a line a class.
//!
//! A line is `class: phrase, phrase, …`. A phrase is one or more words in lower case; a word that ends in `*` stands for
//! every word that begins so. Nothing in a table is a pattern, so that reading is one look-up a word.

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, OnceLock};

/// What a word or a phrase is in its sentence. The names are those of the tables.
macro_rules! classes {
    ($($name:ident = $key:literal: $doc:literal),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Class { $(#[doc = $doc] $name),+ }

        impl Class {
            const ALL: &[(&str, Class)] = &[$(($key, Class::$name)),+];
        }
    };
}

classes! {
    Greet = "greet": "A greeting.",
    Polite = "polite": "Thanks and politeness.",
    Signoff = "signoff": "The end of a letter; a name follows.",
    Filler = "filler": "Says nothing at either end of a clause.",
    Person = "person": "A word of the first or second person.",
    Subject = "subject": "A pronoun that can begin a clause.",
    Own = "self": "A subject of the first person.",
    Article = "article": "Dropped at the start of what is named.",
    Conj = "conj": "Joins words or clauses.",
    Sub = "sub": "Begins a clause, before a subject.",
    Prep = "prep": "A preposition: where a long line may be cut.",
    Want = "want": "What follows is needed.",
    Ask = "ask": "Begins a question that shows a need.",
    Help = "help": "Follows such a beginning and says nothing of its own.",
    Be = "be": "To be, with or without its subject.",
    Have = "have": "To have, with or without its subject.",
    Not = "not": "A negation.",
    Unwanted = "unwanted": "What follows is not wanted.",
    Iffy = "iffy": "What follows is only imagined.",
    Other = "other": "Somebody whose needs are not the visitor's.",
    Say = "say": "Somebody's words follow.",
    Feel = "feel": "Small talk, praise, and questions about the business or the chat.",
    Correct = "correct": "What follows corrects what was said.",
    Rather = "rather": "What follows is preferred to what was said.",
    Cancel = "cancel": "What was said last does not count.",
    Yes = "yes": "Accepts.",
    No = "no": "Declines.",
    Unsure = "unsure": "Answers that there is no answer yet.",
    Accept = "accept": "Accepts what it stands beside.",
    Now = "now": "Speaks of the present situation.",
    Problem = "problem": "Something fails.",
    Must = "must": "A feature or a limit.",
    Colour = "colour": "A colour or a material.",
    Taken = "taken": "Says that something cannot be had.",
    Instead = "instead": "What follows is replaced by what stands before.",
    Number = "number": "A number in words.",
    Unit = "unit": "A unit of measure.",
    Period = "period": "A unit of time.",
    Month = "month": "A month.",
    Day = "day": "A day of the week.",
    When = "when": "Another time, now or to come.",
    Past = "past": "A time gone by.",
    Often = "often": "How often.",
    Part = "part": "A time of day.",
    At = "at": "Stands before a time of day.",
    Currency = "currency": "A currency.",
    Big = "big": "Thousands and millions.",
    Limit = "limit": "Limits an amount.",
    Budget = "budget": "Speaks of money to be spent.",
    Place = "place": "A preposition of place.",
    Offer = "offer": "Begins what the business offers.",
    Bring = "bring": "The verb of an offer.",
    Topic = "topic": "What a question is about.",
    HowMany = "howmany": "Asks for a number.",
    Wh = "wh": "Begins a question that yes does not answer.",
    Contact = "contact": "Speaks of contact data.",
    Respond = "respond": "To write to whom the contact data is of.",
    Name = "name": "A name follows.",
    Title = "title": "A name follows, always.",
    Role = "role": "A person that a name may follow.",
    Story = "story": "Told, not asked for.",
    Hollow = "pro": "Has no content of its own.",
    Decides = "decides": "Says who must agree.",
    Also = "also": "Adds to what was said.",
    Withdraw = "withdraw": "Takes everything back.",
    Told = "told": "A verb of a story: what was, said with a subject.",
    They = "they": "Somebody else, as a subject.",
    Unfit = "unfit": "At the end of a clause: a time that does not suit.",
    Dealt = "dealt": "Bought from the business, or done by it.",
    Here = "here": "Stands behind the name of the one who writes.",
    // What follows is read in every language: [`FIRST_OF_ANY`].
    Aimed = "aimed": "Speaks to the software.",
    Command = "command": "Gives an order to the software, at the start of a clause.",
    Forget = "forget": "Gives an order, where rules follow.",
    Rules = "rules": "What software is told to go by.",
    Reveal = "reveal": "Gives an order, where a secret follows.",
    Secret = "secret": "What is kept from visitors.",
    Write = "write": "Gives an order, where the summary follows.",
    Summary = "summary": "What software is to write, and what it keeps.",
    Speaker = "speaker": "Pretends to be a part of the software, before a colon.",
    Sheet = "sheet": "Alone on a line: what follows is ready-made.",
    Scam = "scam": "Only advertising and frauds say it.",
    Sells = "sells": "Offers something to the business; advertising with one of the next.",
    Trade = "trade": "What such offers are about.",
    Yours = "yours": "The business itself.",
    Noticed = "noticed": "How such offers begin.",
    Boost = "boost": "What they promise.",
    Pitch = "pitch": "How they close.",
    Windfall = "windfall": "Money from nowhere.",
    Buys = "buys": "A customer's own need, whatever else is said.",
}

/// How many classes there are.
const CLASSES: usize = Class::ALL.len();

/// The first class of the words that belong to no language.
pub(super) const FIRST_OF_ANY: usize = Class::Aimed as usize;

/// The longest phrase of each class that begins at a word, in words; 0 for none.
pub(super) type Marks = [u8; CLASSES];

/// No class.
pub(super) const UNMARKED: Marks = [0; CLASSES];

/// One language.
pub(super) struct Lexicon {
    /// By first word, exact.
    whole: HashMap<&'static str, Vec<Phrase>>,
    /// By first word, its beginning.
    stems: HashMap<&'static str, Vec<Phrase>>,
    /// The bytes of the longest stem.
    longest: usize,
    /// Whether every noun has a capital letter.
    capital_nouns: bool,
    /// Labels by the phrase that asks for them.
    labels: HashMap<&'static str, &'static str>,
}

struct Phrase {
    /// The words behind the first.
    rest: Vec<&'static str>,
    class: Class,
}

const TABLES: [&str; 8] = [
    include_str!("lexicon/en.txt"),
    include_str!("lexicon/de.txt"),
    include_str!("lexicon/fr.txt"),
    include_str!("lexicon/es.txt"),
    include_str!("lexicon/it.txt"),
    include_str!("lexicon/pt.txt"),
    include_str!("lexicon/nl.txt"),
    include_str!("lexicon/pl.txt"),
];

/// What is told to software and sold to businesses, in all languages: it need not be the visitor's.
const ANY: &str = include_str!("lexicon/any.txt");

/// First names of people in the countries of these languages; those that are also words or towns are left out.
static FIRST_NAMES: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("lexicon/names.txt").split_whitespace().collect());

/// Whether a word in lower case is a first name.
pub(super) fn is_first_name(word: &str) -> bool {
    FIRST_NAMES.contains(word)
}

/// Letters that few of the languages write, with the tables of those that do.
const LETTERS: [(&str, &[usize]); 7] = [
    ("ąęłśźżćń", &[7]),
    ("ß", &[1]),
    ("äöü", &[1, 6]),
    ("ñ¿¡", &[3]),
    ("ãõ", &[5]),
    ("âêîûœ", &[2, 5]),
    ("èàùìò", &[2, 4]),
];

/// Read when the first conversation of the language is.
static LEXICONS: [OnceLock<Lexicon>; 8] = [const { OnceLock::new() }; 8];

/// Each frequent word with the languages that have it, a bit each.
static COMMON: OnceLock<HashMap<&'static str, u8>> = OnceLock::new();

impl Lexicon {
    /// The language whose frequent words these are; English where nothing tells.
    pub(super) fn of<'a>(texts: impl Iterator<Item = &'a str>) -> &'static Self {
        let common = COMMON.get_or_init(common_words);
        let mut counts = [0usize; TABLES.len()];
        let mut lower = String::new();
        for text in texts {
            for letter in text.chars().filter(|c| !c.is_ascii()).flat_map(char::to_lowercase) {
                let own = LETTERS.iter().find(|(letters, _)| letters.contains(letter));
                for language in own.into_iter().flat_map(|(_, languages)| *languages) {
                    counts[*language] += 12 / own.map_or(1, |(_, languages)| languages.len());
                }
            }
            for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| (1..=24).contains(&word.len()))
            {
                lower.clear();
                lower.extend(word.chars().flat_map(char::to_lowercase));
                let languages = common.get(lower.as_str()).copied().unwrap_or(0);
                // A word that many languages share tells little.
                let weight = 12 / (languages.count_ones() as usize).max(1);
                for (language, count) in counts.iter_mut().enumerate() {
                    *count += weight * usize::from(languages >> language & 1);
                }
            }
        }
        let best =
            counts.iter().enumerate().rev().max_by_key(|(_, count)| **count).map_or(0, |(index, _)| index);
        LEXICONS[best].get_or_init(|| Self::read(TABLES[best]))
    }

    fn read(table: &'static str) -> Self {
        let mut lexicon = Self {
            whole: HashMap::new(),
            stems: HashMap::new(),
            longest: 0,
            capital_nouns: std::ptr::eq(table, TABLES[1]),
            labels: HashMap::new(),
        };
        for (key, phrases) in lines(table).chain(lines(ANY)) {
            let Some((_, class)) = Class::ALL.iter().find(|(name, _)| *name == key) else { continue };
            for phrase in phrases {
                let (phrase, label) = phrase.split_once('=').unwrap_or((phrase, ""));
                if !label.is_empty() {
                    lexicon.labels.insert(phrase, label);
                }
                lexicon.add(phrase, *class);
            }
        }
        lexicon
    }

    fn add(&mut self, phrase: &'static str, class: Class) {
        let mut words = phrase.split(' ');
        let Some(first) = words.next() else { return };
        let phrase = Phrase { rest: words.collect(), class };
        match first.strip_suffix('*') {
            Some(stem) => {
                self.longest = self.longest.max(stem.len());
                self.stems.entry(stem).or_default().push(phrase);
            }
            None => self.whole.entry(first).or_default().push(phrase),
        }
    }

    /// The classes of the phrases that begin at the first of these words.
    pub(super) fn marks<'w>(&self, words: impl Iterator<Item = &'w str> + Clone) -> Marks {
        let mut marks = UNMARKED;
        let mut words = words;
        let Some(first) = words.next() else { return marks };
        for phrase in self.whole.get(first).into_iter().flatten() {
            phrase.mark(words.clone(), &mut marks);
        }
        let ends = first.char_indices().map(|(at, c)| at + c.len_utf8());
        for end in ends.take_while(|end| *end <= self.longest) {
            for phrase in self.stems.get(&first[..end]).into_iter().flatten() {
                phrase.mark(words.clone(), &mut marks);
            }
        }
        marks
    }

    /// Whether a capital letter tells nothing of a word.
    pub(super) fn has_capital_nouns(&self) -> bool {
        self.capital_nouns
    }

    /// The label of what a question asks for.
    pub(super) fn label(&self, words: &str) -> Option<&'static str> {
        let stem = || {
            let starred =
                |phrase: &&&str| phrase.strip_suffix('*').is_some_and(|stem| words.starts_with(stem));
            self.labels.keys().find(starred).and_then(|phrase| self.labels.get(phrase))
        };
        self.labels.get(words).or_else(stem).copied()
    }
}

impl Phrase {
    fn mark<'w>(&self, mut words: impl Iterator<Item = &'w str>, marks: &mut Marks) {
        let fits = self.rest.iter().all(|own| {
            words.next().is_some_and(|word| match own.strip_suffix('*') {
                Some(stem) => word.starts_with(stem),
                None => word == *own,
            })
        });
        if fits {
            let length = u8::try_from(self.rest.len() + 1).unwrap_or(u8::MAX);
            let mark = &mut marks[self.class as usize];
            *mark = (*mark).max(length);
        }
    }
}

fn lines(table: &'static str) -> impl Iterator<Item = (&'static str, impl Iterator<Item = &'static str>)> {
    table
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(key, phrases)| (key, phrases.split(", ").map(str::trim)))
}

fn common_words() -> HashMap<&'static str, u8> {
    let mut common = HashMap::new();
    for (language, table) in TABLES.iter().enumerate() {
        let words = table.lines().find_map(|line| line.strip_prefix("common: ")).unwrap_or_default();
        for word in words.split(' ') {
            *common.entry(word).or_insert(0) |= 1u8 << language;
        }
    }
    common
}
