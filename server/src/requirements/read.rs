//! What a clause says, named in few words.

use super::clauses::Clause;
use super::lexicon::Class;
use super::strip::{Lead, strip_lead, without_tail};
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
