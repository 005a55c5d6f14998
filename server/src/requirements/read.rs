//! What a clause says, named in few words.

use super::clauses::Clause;
use super::lexicon::Class;
use super::tokens::{Shape, Token};
use super::values::{self, Value};

/// Kinds of facts in the order in which they are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Need,
    Feature,
    Amount,
    Budget,
    Time,
    Place,
    Situation,
    Decision,
    Reference,
}

/// A value as it stands in a fact's text.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) kind: values::Kind,
    pub(super) key: String,
    pub(super) text: String,
}

/// One thing the visitor needs.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) kind: Kind,
    /// The bullet without its mark.
    pub(super) text: String,
    pub(super) values: Vec<Held>,
    /// Whether its own words show that it counts; otherwise it counts beside one that does.
    pub(super) strong: bool,
    /// Whether it says something by itself, or only adds to what stands before it.
    pub(super) whole: bool,
    /// Whether what stands before it is its label.
    pub(super) labelled: bool,
    /// Message and sentence it was said in.
    pub(super) place: (usize, usize),
}

/// What a clause comes to.
pub(super) enum Reading {
    Nothing,
    /// What was said last does not count.
    Cancel,
    /// Not wanted; the words of what.
    Unwanted(Vec<String>),
    Fact(Fact),
}

/// How a clause is to be read.
#[derive(Clone, Copy, Default)]
pub(super) struct Frame {
    pub(super) is_question: bool,
    /// The answer to a question: it counts as it stands.
    pub(super) answers: bool,
    /// In a list: what is no sentence of its own counts.
    pub(super) lists: bool,
    /// In a message that corrects: an explanation of the correction is none of it.
    pub(super) corrects: bool,
    /// Asked for money.
    pub(super) budget: bool,
}

/// What the words before the name of a thing have said of it.
#[derive(Default)]
struct Lead {
    need: bool,
    ask: bool,
    subject: bool,
    person: bool,
    own: bool,
    have: bool,
    corrects: bool,
    unwanted: bool,
    iffy: bool,
    cancel: bool,
    wh: bool,
}

/// A clause read; and whether it corrects what was said before.
pub(super) fn read(clause: &Clause<'_, '_>, frame: Frame) -> (Reading, bool) {
    let tokens = clause.tokens;
    let mut lead = Lead::default();
    let mut from = strip_lead(tokens, 0, &mut lead, frame);
    if let Some(behind) = quoted(tokens, from) {
        from = strip_lead(tokens, behind, &mut lead, frame);
    } else if speaks_of_others(tokens, from) && !lead.need && !lead.ask {
        return (Reading::Nothing, lead.corrects);
    }
    if lead.cancel && tokens.len() - from <= 3 {
        return (Reading::Cancel, true);
    }
    let to = without_tail(tokens, from, tokens.len());
    // "No" alone, and "… is better" at the end.
    lead.corrects |= from < to && tokens[to..].iter().any(|t| t.is(Class::Correct) && !t.is(Class::Polite));
    let alone = tokens.iter().any(|t| t.len_as(Class::No) == 1)
        && tokens
            .iter()
            .filter(|t| t.is_spoken())
            .all(|t| t.is(Class::No) || t.is(Class::Filler) || t.is(Class::Polite) || t.is(Class::Correct));
    if alone {
        return (Reading::Nothing, true);
    }
    let core: Vec<Token<'_>> = content(&tokens[from..to]);
    if lead.unwanted || lead.cancel {
        return (
            Reading::Unwanted(core.iter().filter(|t| is_content(t)).map(|t| t.low.clone()).collect()),
            lead.corrects,
        );
    }
    let found = values::values(&core);
    if lead.iffy
        || (clause.hides && core.iter().filter(|t| is_content(t)).count() <= 3 && found.is_empty())
        || !is_fact(tokens, &core, &found, &lead, frame)
    {
        return (Reading::Nothing, lead.corrects);
    }
    (fact(tokens, &core, &found, &lead, frame).map_or(Reading::Nothing, Reading::Fact), lead.corrects)
}

/// Where the name of the thing begins, behind greetings, persons and what introduces it.
fn strip_lead(tokens: &[Token<'_>], start: usize, lead: &mut Lead, frame: Frame) -> usize {
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        if !token.is_spoken() {
            at += 1;
            continue;
        }
        let longest = |classes: &[Class]| classes.iter().map(|class| token.len_as(*class)).max().unwrap_or(0);
        let ordered: [(&[Class], fn(&mut Lead)); 13] = [
            (&[Class::Cancel], |lead| lead.cancel = true),
            (&[Class::Unwanted], |lead| lead.unwanted = true),
            (&[Class::Iffy], |lead| lead.iffy = true),
            (&[Class::Correct], |lead| lead.corrects = true),
            (&[Class::Want], |lead| lead.need = true),
            (&[Class::Ask], |lead| lead.ask = true),
            (&[Class::Polite, Class::Greet], |_| {}),
            (&[Class::Wh], |lead| lead.wh = true),
            (&[Class::Have], |lead| lead.have = true),
            (&[Class::Be], |_| {}),
            (&[Class::Filler, Class::Conj, Class::Sub], |_| {}),
            (&[Class::Accept], |_| {}),
            (&[Class::Person, Class::Subject, Class::Article, Class::Help], |_| {}),
        ];
        let Some((best, (classes, note))) = ordered
            .iter()
            .map(|entry| (longest(entry.0), entry))
            .filter(|(length, entry)| *length > 0 && may_strip(tokens, at, entry.0, *length, lead, frame))
            .rev()
            .max_by_key(|(length, _)| *length)
        else {
            break;
        };
        if classes.contains(&Class::Person) {
            lead.subject |= token.is(Class::Subject) && !token.is(Class::Article);
            lead.person |= token.is(Class::Person);
            lead.own |= token.is(Class::Own);
        }
        // Possessives and articles are no subjects; "it's" and "we're" are.
        lead.subject |= token.is(Class::Subject) && classes.contains(&Class::Be);
        lead.own |= token.is(Class::Own);
        note(lead);
        at += best;
    }
    at.min(tokens.len())
}

/// Whether these words may go, where they stand.
fn may_strip(
    tokens: &[Token<'_>],
    at: usize,
    classes: &[Class],
    length: usize,
    lead: &Lead,
    frame: Frame,
) -> bool {
    let token = &tokens[at];
    let next = tokens.get(at + length);
    let first = classes[0];
    // A number, and what must be or must not be, are said, not introduced.
    if token.shape == Shape::Number || (token.is(Class::Problem) && token.len_as(Class::Problem) >= length) {
        return false;
    }
    match first {
        Class::Be => {
            lead.subject
                || lead.person
                || token.is(Class::Subject)
                || frame.is_question
                || lead.wh
                || lead.ask
        }
        Class::Have => lead.subject || lead.own || token.is(Class::Subject) || at == 0 || lead.need,
        Class::Ask => length > 1 || frame.is_question || at == 0,
        Class::Wh => true,
        Class::Accept => length > 1,
        Class::Want => (length > 1 || next.is_some() || lead.own) && (token.low != "after" || lead.subject),
        Class::Correct => length > 1 || !token.is(Class::Must) || lead.corrects,
        Class::Filler if token.is(Class::Sub) && token.is(Class::Prep) => {
            next.is_some_and(|n| n.is(Class::Subject) && !n.is(Class::Article))
        }
        Class::Filler => !(token.is(Class::Not) || token.is(Class::Must) && !token.is(Class::Filler)),
        Class::Person if token.is(Class::Place) && next.is_some_and(Token::is_capital) => false,
        Class::Person => !token.is(Class::Must) || token.is(Class::Person),
        _ => true,
    }
}

/// "The insurance guy said …": what was said counts. Behind the verb.
fn quoted(tokens: &[Token<'_>], from: usize) -> Option<usize> {
    let near = tokens.len().min(from + 5);
    let verb = (from..near).find(|i| tokens[*i].is(Class::Say))?;
    (from..verb)
        .any(|i| tokens[i].is(Class::Other) || tokens[i].is(Class::Role))
        .then(|| verb + tokens[verb].len_as(Class::Say))
}

fn speaks_of_others(tokens: &[Token<'_>], from: usize) -> bool {
    let end = tokens.len().min(from + 3);
    (from..end).any(|i| tokens[i].is(Class::Other) && !(from..i).any(|before| tokens[before].is(Class::Prep)))
}

/// Before thanks, fillers, conjunctions and prepositions at the end.
fn without_tail(tokens: &[Token<'_>], from: usize, mut to: usize) -> usize {
    const LOOSE: [Class; 9] = [
        Class::Polite,
        Class::Filler,
        Class::Greet,
        Class::Conj,
        Class::Person,
        Class::Article,
        Class::Feel,
        Class::Correct,
        Class::Sub,
    ];
    'tail: while to > from {
        let last = &tokens[to - 1];
        if !last.is_spoken() {
            to -= 1;
            continue;
        }
        if ["one", "ones"].contains(&last.low.as_str()) && to - from > 1 {
            to -= 1;
            continue;
        }
        // The longest phrase that ends here.
        for back in (1..=6.min(to - from)).rev() {
            let token = &tokens[to - back];
            let loose = LOOSE
                .iter()
                .any(|class| token.len_as(*class) == back && !(*class == Class::Person && back > 1));
            let kept = token.is(Class::Must)
                || token.is(Class::Problem)
                || token.is(Class::Number)
                || token.is(Class::Not)
                || token.is(Class::When)
                || token.shape == Shape::Number;
            let counted = to - back > from
                && (tokens[to - back - 1].is(Class::Number) || tokens[to - back - 1].shape == Shape::Number)
                && token.is(Class::Greet);
            if loose && !(kept && back == 1) && !counted {
                to -= back;
                continue 'tail;
            }
        }
        if last.len_as(Class::Be) == 1 && !last.is(Class::Problem) && last.len_as(Class::Not) == 0 {
            to -= 1;
            continue;
        }
        let dangling = last.is(Class::Prep)
            && !last.is(Class::Must)
            && to - from > 1
            && last.len_as(Class::Prep) == 1
            && !is_particle(last);
        if !dangling {
            break;
        }
        to -= 1;
    }
    to
}

/// "log in", "springt an": a preposition that belongs to its verb.
fn is_particle(token: &Token<'_>) -> bool {
    ["in", "on", "up", "off", "out", "down", "over", "an", "auf", "aus", "ab", "ein", "zu"]
        .contains(&token.low.as_str())
}

/// The tokens without persons, politeness in between, and what strangers have to do with it.
fn content<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut kept: Vec<Token<'a>> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let polite = token.len_as(Class::Polite);
        let person = token.len_as(Class::Person);
        if polite > 0 {
            at += polite;
        } else if token.is(Class::Own)
            && tokens.get(at + 1).is_some_and(|next| next.is(Class::Want) && !next.is(Class::Problem))
            && at + 1 + tokens[at + 1].len_as(Class::Want) < tokens.len()
        {
            at += 1 + tokens[at + 1].len_as(Class::Want);
        } else if person > 0 && !(token.text.chars().all(char::is_uppercase) && token.text.len() > 1) {
            at += person;
        } else if is_strangers(tokens, at) {
            break;
        } else {
            kept.push(token.clone());
            at += 1;
        }
    }
    // A name behind a person's role: "our CFO Henrik".
    let mut index = 1;
    while index < kept.len() {
        if kept[index - 1].is(Class::Role)
            && kept[index].is_capital()
            && kept[index].shape == Shape::Word
            && !kept[index].is(Class::Day)
            && !kept[index].is(Class::Month)
        {
            kept.remove(index);
        } else {
            index += 1;
        }
    }
    kept
}

/// "from a colleague who left": nothing of it is the visitor's.
fn is_strangers(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    let from = token.is(Class::Prep)
        && !["for", "für", "pour", "para", "per", "voor", "dla", "with", "mit"].contains(&token.low.as_str());
    from && at > 0
        && tokens[at + 1..].iter().take(3).any(|t| t.is(Class::Other))
        && tokens[at + 1].is(Class::Article)
}

fn is_content(token: &Token<'_>) -> bool {
    const EMPTY: [Class; 16] = [
        Class::Want,
        Class::Not,
        Class::No,
        Class::Hollow,
        Class::Filler,
        Class::Prep,
        Class::Article,
        Class::Conj,
        Class::Sub,
        Class::Be,
        Class::Have,
        Class::Person,
        Class::Polite,
        Class::Greet,
        Class::Subject,
        Class::Accept,
    ];
    token.is_spoken()
        && (token.shape == Shape::Number || !EMPTY.iter().any(|class| token.len_as(*class) == 1))
        && token.text.chars().any(char::is_alphanumeric)
}

/// Whether the clause is about what the visitor needs (policy 2), and not a story, small talk or a bare question
/// (policy 4).
fn is_fact(tokens: &[Token<'_>], core: &[Token<'_>], found: &[Value], lead: &Lead, frame: Frame) -> bool {
    let any = |class: Class| tokens.iter().any(|t| t.is(class));
    let says = core.iter().filter(|t| is_content(t)).count();
    if says == 0 {
        return false;
    }
    if (any(Class::Contact) && lead.own && !any(Class::Problem)) && says <= 3 && found.is_empty() {
        return false;
    }
    let valued = !found.is_empty();
    let persons = core.iter().filter(|t| is_content(t)).all(|t| t.is(Class::Role) || t.is(Class::Other));
    if persons && !valued && !lead.need && !lead.ask {
        return false;
    }
    let refers_back =
        core.iter().rev().find(|t| t.is_spoken()).is_some_and(|t| ["one", "ones"].contains(&t.low.as_str()));
    if refers_back && !valued && says <= 2 {
        return false;
    }
    if says == 1 && !valued && (any(Class::Budget) || any(Class::Contact)) && !lead.need && !lead.ask {
        return false;
    }
    // "We're in Leeds", also in small letters.
    let located = lead.own && core.len() <= 4 && core.first().is_some_and(|t| t.is(Class::Place));
    let named = located || core.iter().skip(1).any(|t| t.shape == Shape::Word && is_name(t));
    let tells = any(Class::Problem) || any(Class::Must) || any(Class::Now) || valued || named;
    if frame.corrects
        && !valued
        && !lead.need
        && !lead.ask
        && !any(Class::Must)
        && (lead.subject || lead.corrects || any(Class::Problem))
    {
        return false;
    }
    if any(Class::Feel) && !(valued && (lead.need || lead.ask)) && !any(Class::Problem) {
        let feel: usize = tokens.iter().map(|t| t.len_as(Class::Feel)).max().unwrap_or(0);
        if feel + 2 >= says || !(lead.need || lead.ask) {
            return false;
        }
    }
    if any(Class::Story)
        && !(lead.need
            || lead.ask
            || any(Class::Problem)
            || found.iter().any(|v| !matches!(v.kind, values::Kind::Day | values::Kind::Often)))
    {
        return false;
    }
    if lead.wh && !lead.need && !lead.ask && !valued && (frame.is_question || lead.subject) {
        return false;
    }
    // "We're bringing a small dog": said of oneself now, it counts beside a need.
    let past = core.first().is_some_and(|t| t.low.len() > 4 && t.low.ends_with("ed"));
    let tells = tells || (lead.own && says >= 2 && !past && !any(Class::Other) && !any(Class::Story));
    lead.need || lead.ask || tells || frame.answers || !lead.subject
}

/// The name of a product, or an abbreviation.
fn is_name(token: &Token<'_>) -> bool {
    let capitals = token.text.chars().filter(|c| c.is_uppercase()).count();
    capitals > 1 || (capitals == 1 && !token.is_capital())
}

fn fact(
    tokens: &[Token<'_>],
    core: &[Token<'_>],
    found: &[Value],
    lead: &Lead,
    frame: Frame,
) -> Option<Fact> {
    let any = |class: Class| tokens.iter().any(|t| t.is(class));
    let kind = kind_of(tokens, core, found, lead, frame);
    let mut text = written(core);
    if text.chars().count() > super::compose::MAX_CHARS {
        // Articles are the first words to go where a line gets too long.
        let short: Vec<Token<'_>> = core
            .iter()
            .filter(|t| !(t.is(Class::Article) && !t.is(Class::Place) && !t.is(Class::Prep)))
            .cloned()
            .collect();
        text = written(&short);
    }
    if kind == Kind::Budget && !names_budget(core) {
        text = format!("Budget {text}");
    }
    capitalised(&text)?;
    let held = found
        .iter()
        .map(|v| Held { kind: v.kind, key: v.key.clone(), text: written(&core[v.from..v.to]) })
        .collect();
    let strong = lead.need
        || lead.ask
        || frame.answers
        || (frame.lists && !lead.subject)
        || any(Class::Problem)
        || any(Class::Budget)
        || found.iter().any(|v| !matches!(v.kind, values::Kind::Day | values::Kind::Place));
    let whole = lead.need || lead.ask || (lead.subject && core.len() > 3) || kind == Kind::Budget;
    Some(Fact { kind, text, values: held, strong, whole, labelled: false, place: (0, 0) })
}

fn names_budget(core: &[Token<'_>]) -> bool {
    core.iter().any(|t| {
        t.is(Class::Budget)
            && ["budg", "presup", "orçam", "budż", "pric", "preis", "prix", "prec"]
                .iter()
                .any(|stem| t.low.starts_with(stem))
    })
}

fn kind_of(tokens: &[Token<'_>], core: &[Token<'_>], found: &[Value], lead: &Lead, frame: Frame) -> Kind {
    use values::Kind as V;
    let any = |class: Class| tokens.iter().any(|t| t.is(class));
    let has = |kind: V| found.iter().any(|v| v.kind == kind);
    let money = has(V::Money)
        || (found.iter().any(|v| v.kind == V::Count && v.key.is_empty())
            && (frame.budget || any(Class::Budget)));
    let limited = found.iter().any(|v| {
        v.kind == V::Money && (v.from.saturating_sub(3)..v.from).any(|i| core[i].is(Class::Limit))
            || core.get(v.to).is_some_and(|t| t.is(Class::Limit) && v.kind == V::Money)
    });
    if money && (any(Class::Budget) || frame.budget || (limited && !any(Class::Now))) {
        return Kind::Budget;
    }
    if lead.need || lead.ask {
        return Kind::Need;
    }
    if any(Class::Problem) || any(Class::Now) || lead.have {
        return Kind::Situation;
    }
    let only =
        |kinds: &[V]| !found.is_empty() && found.iter().all(|v| kinds.contains(&v.kind)) && core.len() <= 6;
    if only(&[V::Code]) && core.len() <= 4 {
        return Kind::Reference;
    }
    if only(&[V::Date, V::Day, V::Clock, V::Often, V::Span]) {
        Kind::Time
    } else if only(&[V::Place]) {
        Kind::Place
    } else if has(V::Count) || has(V::Measure) {
        Kind::Amount
    } else {
        Kind::Feature
    }
}

/// The tokens as text, spaced as they were.
pub(super) fn written(tokens: &[Token<'_>]) -> String {
    let mut text = String::new();
    for token in tokens.iter().filter(|t| t.shape != Shape::Line && !t.is_mark("•<>\"“”„«»*`~^{}\u{1}"))
    {
        if token.spaced && !text.is_empty() && !token.is_mark(",.") {
            text.push(' ');
        }
        text.push_str(token.text);
    }
    text.trim_matches(|c: char| !c.is_alphanumeric() && !"$€£¥₹#%+²³°\"".contains(c)).to_owned()
}

/// With a capital letter at the start, where something is left to say.
pub(super) fn capitalised(text: &str) -> Option<String> {
    let text = text.trim_matches(|c: char| !c.is_alphanumeric() && !"$€£¥₹#%+²³°".contains(c));
    let mut chars = text.chars();
    let first: String = chars.next()?.to_uppercase().chain(chars).collect();
    (text.chars().filter(|c| c.is_alphanumeric()).count() >= 1).then_some(first)
}
