//! What a clause says, named in few words.

use super::clauses::Clause;
use super::lexicon::Class;
use super::strip::{Lead, strip_lead, without_tail};
use super::tokens::{Shape, Token};
use super::values::{self, Value};
use super::weigh::{Said, is_content, speaks_of_others, unfit};

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
    /// Whether it counts in a long message too, where much is said around the need.
    pub(super) firm: bool,
    /// Whether it says what is needed or what must be, or what fails, and so counts in a story too.
    pub(super) plain: bool,
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
    /// Nothing, as it is about somebody else; so is what follows without a subject.
    OfOthers,
    /// What was said last does not count.
    Cancel,
    /// Nothing of what was said counts.
    Withdraw,
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
    /// An item of a list, whatever it says.
    pub(super) is_item: bool,
    /// In a message that corrects: an explanation of the correction is none of it.
    pub(super) corrects: bool,
    /// Asked for money.
    pub(super) budget: bool,
    /// Before a colon.
    pub(super) is_header: bool,
    /// Behind a clause about somebody else.
    pub(super) of_others: bool,
    /// In a message that tells a story.
    pub(super) in_tale: bool,
}

/// Asks for what stands beside it.
const PLEASE: &[&str] = &["please", "pls", "plz", "bitte", "svp", "alsjeblieft"];

/// Whether a clause corrects what was said before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Corrects {
    No,
    /// What it says itself.
    Itself,
    /// And what follows in its message.
    Onwards,
}

/// A clause read; and whether it corrects what was said before.
pub(super) fn read(clause: &Clause<'_, '_>, frame: Frame) -> (Reading, Corrects) {
    let tokens = &clause.tokens[..preferred(clause.tokens)];
    let mut lead = Lead::default();
    let mut from = strip_lead(tokens, 0, &mut lead, frame);
    lead.ask |= tokens.iter().any(|t| PLEASE.contains(&t.low.as_str()))
        && !tokens.get(from).is_some_and(|t| t.is(Class::Not));
    if let Some(behind) = quoted(tokens, from).filter(|_| !frame.in_tale) {
        from = strip_lead(tokens, behind, &mut lead, frame);
    } else if speaks_of_others(tokens, from, &lead, frame) {
        return (Reading::OfOthers, corrects(&lead, false));
    }
    if lead.withdraws && tokens[from..].iter().all(|t| !is_content(t)) {
        return (Reading::Withdraw, Corrects::No);
    }
    // "Forget that last bit".
    const LAST: [&str; 5] = ["last", "bit", "part", "message", "line"];
    if lead.cancel && tokens[from..].iter().all(|t| !is_content(t) || LAST.contains(&t.low.as_str())) {
        return (Reading::Cancel, Corrects::Onwards);
    }
    let to = without_tail(tokens, from, tokens.len());
    // "No" alone, and "… is better" at the end.
    const THEN: &[&str] = &["then", "dann", "alors", "entonces", "allora", "então", "dan"];
    let better = from < to
        && tokens[to..].iter().any(|t| {
            THEN.contains(&t.low.as_str())
                || t.low == "now" && to - from <= 2
                || t.is(Class::Rather)
                || t.is(Class::Correct) && !t.is(Class::Polite)
        });
    let alone = tokens.iter().any(|t| t.len_as(Class::No) == 1)
        && tokens
            .iter()
            .filter(|t| t.is_spoken())
            .all(|t| t.is(Class::No) || t.is(Class::Filler) || t.is(Class::Polite) || t.is(Class::Correct));
    if alone {
        return (Reading::Nothing, Corrects::Onwards);
    }
    let core: Vec<Token<'_>> = content(&tokens[from..to]);
    let found = values::values(&core);
    // "I don't want to spend more than 400 euros".
    if let (true, Some(money)) = (lead.unwanted, found.iter().find(|v| v.kind == values::Kind::Money)) {
        return (Reading::Fact(at_most(&core, money)), corrects(&lead, better));
    }
    if lead.unwanted || lead.cancel {
        return (
            Reading::Unwanted(core.iter().filter(|t| is_content(t)).map(|t| t.low.clone()).collect()),
            corrects(&lead, better),
        );
    }
    if let Some(times) = unfit(tokens, &core, &found, frame.is_question) {
        return (Reading::Unwanted(times), corrects(&lead, better));
    }
    let hides = clause.hides && found.is_empty() && introduces_contact(tokens, &core, &lead);
    let frame = Frame { corrects: frame.corrects || better || lead.prefers, ..frame };
    let said = Said { tokens, core: &core, found: &found, lead: &lead, frame };
    let reading = match said.counts() && !lead.iffy && !hides {
        true if said.is_story() => Reading::OfOthers,
        true => fact(&said).map_or(Reading::Nothing, Reading::Fact),
        false => Reading::Nothing,
    };
    (reading, corrects(&lead, better))
}

/// "I'd rather have a replacement than a refund": where what is liked less begins.
fn preferred(tokens: &[Token<'_>]) -> usize {
    let than = tokens.iter().rposition(|t| t.low == "than").filter(|at| {
        let rather = tokens[..*at].iter().any(|t| t.is(Class::Rather));
        rather && tokens.get(at + 1).is_some_and(|t| t.is_spoken() && !t.has_digit())
    });
    than.unwrap_or(tokens.len())
}

/// "You can write to": a few words before contact data that say of nothing else that it is needed, or fails.
fn introduces_contact(tokens: &[Token<'_>], core: &[Token<'_>], lead: &Lead) -> bool {
    const FEW: usize = 3;
    let shows_need = lead.need || lead.ask || tokens.iter().any(|t| t.is(Class::Problem));
    const OF_CONTACT: [Class; 4] = [Class::Contact, Class::Respond, Class::Role, Class::Other];
    let names = |t: &&Token<'_>| is_content(t) && !OF_CONTACT.iter().any(|class| t.is(*class));
    core.iter().filter(|t| is_content(t)).count() <= FEW && !(shows_need && core.iter().any(|t| names(&t)))
}

fn corrects(lead: &Lead, better: bool) -> Corrects {
    match (lead.corrects, lead.prefers || better) {
        (true, _) => Corrects::Onwards,
        (false, true) => Corrects::Itself,
        (false, false) => Corrects::No,
    }
}

/// "The insurance guy said …": what was said counts. Behind the verb.
fn quoted(tokens: &[Token<'_>], from: usize) -> Option<usize> {
    let near = tokens.len().min(from + 5);
    let verb = (from..near).find(|i| tokens[*i].is(Class::Say))?;
    // "One said 400".
    if verb + 2 >= tokens.len() {
        return None;
    }
    (from..verb)
        .chain(0..from)
        .any(|i| tokens[i].is(Class::Role) || tokens[i].is(Class::They) || tokens[i].low == "guy")
        .then(|| verb + tokens[verb].len_as(Class::Say))
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

fn fact(said: &Said<'_, '_>) -> Option<Fact> {
    let Said { core, lead, .. } = said;
    let kind = kind_of(said);
    let named = if kind == Kind::Budget { budget(said) } else { core };
    let mut text = written(named);
    if text.chars().count() > super::compose::MAX_CHARS {
        // Articles are the first words to go where a line gets too long.
        let short: Vec<Token<'_>> = named
            .iter()
            .filter(|t| !(t.is(Class::Article) && !t.is(Class::Place) && !t.is(Class::Prep)))
            .cloned()
            .collect();
        text = written(&short);
    }
    if kind == Kind::Budget && !names_budget(named) {
        text = format!("Budget {text}");
    }
    capitalised(&text)?;
    let held = |v: &Value| Held { kind: v.kind, key: v.key.clone(), text: written(&core[v.from..v.to]) };
    Some(Fact {
        kind,
        text,
        values: said.found.iter().map(held).collect(),
        strong: said.is_strong(),
        firm: said.is_firm(),
        plain: kind == Kind::Budget || said.is_plain(),
        whole: lead.need || lead.ask || (lead.subject && core.len() > 3) || kind == Kind::Budget,
        labelled: false,
        place: (0, 0),
    })
}

/// A budget that is not to be passed.
fn at_most(core: &[Token<'_>], money: &Value) -> Fact {
    let amount = written(&core[money.from..money.to]);
    Fact {
        kind: Kind::Budget,
        text: format!("Budget max {amount}"),
        values: vec![Held { kind: money.kind, key: String::new(), text: amount }],
        strong: true,
        firm: true,
        plain: true,
        whole: true,
        labelled: false,
        place: (0, 0),
    }
}

/// A budget from its limit on: "at most 150 pounds", of "I can pay at most 150 pounds".
fn budget<'c, 'a>(said: &Said<'c, 'a>) -> &'c [Token<'a>] {
    let Said { core, found, lead, .. } = said;
    match found {
        [only, ..] if !lead.need && !lead.ask && !names_budget(core) => {
            let limit = (0..only.from)
                .find(|at| core[*at].is(Class::Limit) && core[*at].len_as(Class::Limit) >= only.from - at);
            &core[limit.unwrap_or(only.from)..]
        }
        _ => core,
    }
}

fn names_budget(core: &[Token<'_>]) -> bool {
    core.iter().any(|t| {
        t.is(Class::Budget)
            && ["budg", "presup", "orçam", "budż", "pric", "preis", "prix", "prec"]
                .iter()
                .any(|stem| t.low.starts_with(stem))
    })
}

fn kind_of(said: &Said<'_, '_>) -> Kind {
    // "Two bikes worth 2 grand each": what something is worth is not what may be spent.
    const WORTH: [&str; 10] =
        ["worth", "valued", "wert", "vaut", "valent", "vale", "valen", "valgono", "valem", "waard"];
    use values::Kind as V;
    let Said { core, found, lead, frame, .. } = said;
    let any = |class: Class| said.any(class);
    let has = |kind: V| found.iter().any(|v| v.kind == kind);
    let money = has(V::Money)
        || (found.iter().any(|v| v.kind == V::Count && v.key.is_empty())
            && (frame.budget || any(Class::Budget)));
    // "About 140k" may be miles; a currency, or a limit that is one, makes it money.
    const SOFT: &[&str] = &[
        "about", "around", "roughly", "ca", "circa", "etwa", "rund", "environ", "unos", "ongeveer", "około",
    ];
    let limited = found.iter().any(|v| {
        let priced = core[v.from..v.to].iter().any(|t| t.is(Class::Currency));
        let limits = |t: &Token<'_>| t.is(Class::Limit) && (priced || !SOFT.contains(&t.low.as_str()));
        v.kind == V::Money && (v.from.saturating_sub(3)..v.from).any(|i| limits(&core[i]))
            || core.get(v.to).is_some_and(|t| t.is(Class::Limit) && v.kind == V::Money)
    });
    let is_worth = core.iter().any(|t| WORTH.contains(&t.low.as_str()));
    let may_spend = any(Class::Budget) || !is_worth && (frame.budget || (limited && !any(Class::Now)));
    if money && may_spend {
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
    let mut spaced = false;
    for token in tokens {
        spaced |= token.spaced;
        if token.shape == Shape::Line || token.is_mark("•<>\"“”„«»*`~^{}\u{1}") {
            continue;
        }
        if spaced && !text.is_empty() && !token.is_mark(",.") {
            text.push(' ');
        }
        text.push_str(token.text);
        spaced = false;
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
