//! Whether a clause counts: what the visitor needs (policy 2), and not a story, small talk or somebody else's need (policy 4).

use super::lexicon::Class;
use super::read::Frame;
use super::strip::Lead;
use super::tokens::{Shape, Token};
use super::values::{self, Kind, Value};

/// A clause, cut up.
pub(super) struct Said<'c, 'a> {
    /// All of it.
    pub(super) tokens: &'c [Token<'a>],
    /// Without what introduces and closes it.
    pub(super) core: &'c [Token<'a>],
    /// The values in the core.
    pub(super) found: &'c [Value],
    pub(super) lead: &'c Lead,
    pub(super) frame: Frame,
}

impl Said<'_, '_> {
    pub(super) fn any(&self, class: Class) -> bool {
        self.tokens.iter().any(|t| t.is(class))
    }

    /// Whether it counts, at least beside what shows a need.
    pub(super) fn counts(&self) -> bool {
        if self.is_hollow() {
            return false;
        }
        if self.names_correction() {
            return true;
        }
        if self.explains_correction() {
            return false;
        }
        if self.frame.is_item {
            return true;
        }
        if self.is_talk() {
            return false;
        }
        self.asks() || self.tells() || self.frame.answers || !self.lead.subject
    }

    /// "My van needs …".
    fn needs(&self) -> bool {
        const VERBS: &[&str] = &[
            "needs",
            "need",
            "braucht",
            "brauche",
            "brauchen",
            "bräuchte",
            "bräuchten",
            "benötigt",
            "benötigen",
            "besoin",
            "necesita",
            "necesitan",
            "serve",
            "precisa",
            "nodig",
            "potrzebuje",
        ];
        self.tokens.iter().any(|t| t.is(Class::Want) && VERBS.contains(&t.low.as_str()))
    }

    /// Whether its own words show a need; what does not counts only beside one that does.
    pub(super) fn is_strong(&self) -> bool {
        self.asks()
            || self.needs()
            || self.frame.answers
            || (self.frame.lists && !self.lead.subject)
            || self.any(Class::Problem)
            || self.any(Class::Budget)
            || self.found.iter().any(|v| !matches!(v.kind, Kind::Day | Kind::Place))
    }

    /// Whether it says what is needed or what must be, or what fails.
    pub(super) fn is_plain(&self) -> bool {
        self.asks()
            || self.needs()
            || self.demands()
            || self.excludes()
            || self.any(Class::Problem)
            || self.any(Class::Decides)
    }

    /// Whether it counts in a long message too, where much is said around the need.
    pub(super) fn is_firm(&self) -> bool {
        // "iOS and Android.", and a town alone.
        let is_name = |t: &Token<'_>| t.is_capital() && !t.is_known() && !is_shouted(t);
        let alone = self.core.len() <= 3
            && self.core.iter().all(|t| is_name(t) || t.is(Class::Conj))
            && self.core.first().is_some_and(is_name);
        let named = !self.lead.subject && (alone || self.core.iter().any(is_product));
        self.is_strong()
            || !self.found.is_empty()
            || self.demands()
            || [Class::Now, Class::Part, Class::Decides].iter().any(|class| self.any(*class))
            || named
            || self.excludes()
            || self.any(Class::Also) && !self.any(Class::Told) && !self.any(Class::They)
    }

    /// "No students": a limit of few words.
    fn excludes(&self) -> bool {
        const NONE: [&str; 12] = [
            "no", "without", "kein", "keine", "keinen", "ohne", "sans", "sin", "senza", "sem", "geen", "bez",
        ];
        const FEW: std::ops::RangeInclusive<usize> = 1..=3;
        !self.lead.subject
            && self.core.first().is_some_and(|t| NONE.contains(&t.low.as_str()) && !t.is(Class::Feel))
            && FEW.contains(&self.says())
    }

    fn asks(&self) -> bool {
        self.lead.need || self.lead.ask
    }

    /// How many words have content of their own.
    fn says(&self) -> usize {
        self.core.iter().filter(|t| is_content(t)).count()
    }

    fn told(&self) -> bool {
        // "The printer you sold us" is none of the visitor's story.
        let yours = |at: usize| {
            at > 0 && self.tokens[at - 1].is(Class::Person) && !self.tokens[at - 1].is(Class::Own)
        };
        let spoken: Vec<usize> = (0..self.tokens.len()).filter(|at| self.tokens[*at].is_spoken()).collect();
        let reach = if self.any(Class::Past) || self.frame.in_tale { spoken.len() } else { 8 };
        let heard = spoken.iter().take(reach).chain(spoken.last());
        heard.copied().any(|at| self.tokens[at].is(Class::Told) && !yours(at))
    }

    /// "The one", "my boss", "price", and contact data that was taken out: nothing is left to name.
    fn is_hollow(&self) -> bool {
        let says = self.says();
        let valued = !self.found.is_empty();
        let contact =
            self.any(Class::Contact) && self.any(Class::Person) && !self.any(Class::Problem) && !self.asks();
        let mut spoken = self.core.iter().filter(|t| t.is_spoken());
        // "Can you do 5?": of what, is not said.
        let bare = spoken.clone().count() == 1
            && self.found.iter().any(|v| v.kind == Kind::Count && v.key.is_empty());
        let refers_back = spoken.next_back().is_some_and(|t| ["one", "ones"].contains(&t.low.as_str()));
        let persons =
            self.core.iter().filter(|t| is_content(t)).all(|t| t.is(Class::Role) || t.is(Class::Other));
        let topic = says == 1 && (self.any(Class::Budget) || self.any(Class::Contact));
        says == 0
            || !valued && says <= 3 && contact
            || bare && self.frame.is_question
            || !valued && says <= 2 && refers_back
            || !valued && !self.asks() && (persons || topic)
    }

    /// "… and it's Hessle actually".
    fn names_correction(&self) -> bool {
        let named = |t: &Token<'_>| is_content(t) && t.is_capital() && !t.is_known();
        self.frame.corrects && self.says() == 1 && self.core.iter().any(named)
    }

    /// "… the roof is bigger": why something is corrected is no fact.
    fn explains_correction(&self) -> bool {
        let speaks = self.lead.subject
            || [Class::Correct, Class::Problem, Class::Be].iter().any(|class| self.any(*class));
        // "Oh wait no that's …".
        const BACK: [&str; 2] = ["that's", "thats"];
        let back = self.tokens.windows(2).any(|w| w[0].is(Class::No) && BACK.contains(&w[1].low.as_str()));
        self.found.is_empty()
            && (back || self.frame.corrects && !self.asks() && !self.any(Class::Must) && speaks)
    }

    /// Praise, small talk, and questions that show no need.
    fn is_talk(&self) -> bool {
        let valued = !self.found.is_empty();
        let feel = self.tokens.iter().map(|t| t.len_as(Class::Feel)).max().unwrap_or(0);
        let said = self.tokens.iter().take(4).any(|t| t.len_as(Class::Feel) > 2);
        let feels = feel > 0 && !(valued && self.asks()) && !self.any(Class::Problem);
        let wonders =
            self.lead.wh && !self.asks() && !valued && (self.frame.is_question || self.lead.subject);
        said || wonders
            || self.frame.is_header && self.lead.wh && !self.tokens.iter().any(|t| t.low == "que")
            || feels && (feel + 2 >= self.says() || !self.asks())
    }

    /// What was, told with a subject; unless it failed, or a code makes it checkable.
    pub(super) fn is_story(&self) -> bool {
        const SHORT: usize = 6;
        // "We've been using Sage", which goes on.
        let named = |t: &Token<'_>| is_content(t) && t.is_capital() && !t.is_known();
        let goes_on = self.tokens.iter().any(|t| t.low == "been" && t.len_as(Class::Now) > 1)
            && self.core.iter().any(named);
        if self.asks() || self.frame.is_item || self.any(Class::Dealt) || goes_on {
            return false;
        }
        let (told, past, fails) = (self.told(), self.any(Class::Past), self.any(Class::Problem));
        let long_past = self.tokens.iter().any(|t| t.len_as(Class::Past) > 1);
        let timed = |v: &Value| matches!(v.kind, Kind::Day | Kind::Often);
        let corrected = self.frame.corrects && !self.found.is_empty() && self.core.len() <= SHORT;
        let checkable = self.frame.answers || self.found.iter().any(|v| v.kind == Kind::Code);
        told && past && !fails
            || (long_past && !self.any(Class::Not) || past && self.lead.own) && !fails && !checkable
            || self.any(Class::Story) && !fails && self.found.iter().all(timed)
            || told && !fails && !checkable && !corrected
    }

    /// Something that may well belong to a need.
    fn tells(&self) -> bool {
        // "We're in Leeds", also in small letters.
        let located =
            self.lead.own && self.core.len() <= 4 && self.core.first().is_some_and(|t| t.is(Class::Place));
        // "We're bringing a small dog": said of oneself now.
        let past = self.core.first().is_some_and(|t| t.low.len() > 4 && t.low.ends_with("ed"));
        let own = self.lead.own && (self.says() >= 2 || self.lead.have) && !past;
        // "It's got a rain sensor".
        const IT: [&str; 3] = ["it", "it's", "its"];
        let has = self.lead.have
            && self.says() >= 2
            && self.tokens.iter().take(2).any(|t| IT.contains(&t.low.as_str()));
        [Class::Problem, Class::Must, Class::Now, Class::Decides].iter().any(|class| self.any(*class))
            || !self.found.is_empty()
            || located
            || self.core.iter().skip(1).any(is_product)
            || self.lead.names
            || self.needs()
            || has && !self.told()
            || own && !self.any(Class::Other) && !self.any(Class::Story)
    }

    /// "It must …", "ideally …", but not "I only …".
    fn demands(&self) -> bool {
        const VERBS: &[&str] = &[
            "must", "should", "has", "have", "muss", "müssen", "soll", "sollte", "doit", "debe", "deve",
            "moet", "musi",
        ];
        self.tokens.iter().any(|t| {
            let joins = t.len_as(Class::Must) == 1 && (t.is(Class::Prep) || t.is(Class::Not));
            t.is(Class::Must) && !joins && (!self.lead.subject || VERBS.contains(&t.low.as_str()))
        })
    }
}

/// Whether a word says something by itself.
pub(super) fn is_content(token: &Token<'_>) -> bool {
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

/// `SOCKS`, not `VAT`.
fn is_shouted(token: &Token<'_>) -> bool {
    token.text.len() > 4 && token.text.chars().all(char::is_uppercase)
}

/// The name of a product, or an abbreviation.
fn is_product(token: &Token<'_>) -> bool {
    let capitals = token.text.chars().filter(|c| c.is_uppercase()).count();
    token.shape == Shape::Word
        && !is_shouted(token)
        && (capitals > 1 || (capitals == 1 && !token.is_capital()))
}

/// "My brother pays …", "he had …", and what follows in their sentence without a subject. `from` is where the clause's core
/// begins.
pub(super) fn speaks_of_others(tokens: &[Token<'_>], from: usize, lead: &Lead, frame: Frame) -> bool {
    let (head, core) = tokens.split_at(from);
    let they = head.iter().any(|t| t.is(Class::They)) && !lead.own;
    let wanted = they && head.iter().any(|t| t.low == "wanted");
    if (lead.need && !wanted) || lead.ask || frame.is_item {
        return false;
    }
    // At the end of a clause it is who is spoken to: "it's broken, mate".
    let named = core
        .iter()
        .take(3)
        .position(|t| t.is(Class::Other))
        .is_some_and(|at| at + 1 < core.len() && !core[..at].iter().any(|before| before.is(Class::Prep)));
    let fails = tokens.iter().any(|t| t.is(Class::Problem));
    let told = |reach: usize| core.iter().take(reach).any(|t| t.is(Class::Told));
    let related = core.iter().take(4).any(|t| t.is(Class::Role)) && told(7);
    let found = values::values(core);
    // "My wife isn't keen": a person, and nothing that could be a limit.
    let limits =
        [Class::Must, Class::Decides, Class::Want].iter().any(|class| tokens.iter().any(|t| t.is(*class)));
    let of_person = core.iter().take(2).any(|t| t.is(Class::Role)) && !head.iter().any(|t| t.is(Class::Prep));
    let idle = of_person
        && found.iter().all(|v| v.kind == Kind::Span)
        && !fails
        && !limits
        && !frame.answers
        && core.len() > 2;
    let has = |kind: Kind| found.iter().any(|v| v.kind == kind);
    let told = told(if they { 12 } else { 4 }) || head.iter().any(|t| t.is(Class::Told));
    let goes_on = frame.of_others
        && !frame.corrects
        && !lead.subject
        && !lead.own
        && ![Kind::Count, Kind::Measure, Kind::Code].into_iter().any(has);
    let quoted = !lead.own && core.iter().take(6).any(|t| t.is(Class::Say)) && has(Kind::Money);
    let decides = tokens.iter().any(|t| t.is(Class::Decides));
    quoted
        || named && !decides
        || related
        || idle
        || they && (told && !fails || has(Kind::Money))
        || goes_on && (!fails || found.is_empty())
}

/// "Thursday is no good": the words of times that do not suit, where nothing else is said.
pub(super) fn unfit(
    tokens: &[Token<'_>],
    core: &[Token<'_>],
    found: &[Value],
    is_question: bool,
) -> Option<Vec<String>> {
    let phrase = match tokens.iter().find(|t| t.is(Class::Unfit)) {
        Some(unfit) => unfit.len_as(Class::Unfit),
        // "Wednesday no", but not "Wednesday or no".
        None => match tokens {
            [.., before, no] if no.low == "no" && !is_question && !before.is(Class::Conj) => 1,
            _ => return None,
        },
    };
    let is_time = |at: usize| found.iter().any(|v| v.kind.is_time() && (v.from..v.to).contains(&at));
    let is_phrase = |at: usize| {
        (at.saturating_sub(phrase - 1)..=at).any(|from| core[from].len_as(Class::Unfit) > at - from)
    };
    let times = || (0..core.len()).filter(|at| is_time(*at));
    let only_times = (0..core.len()).all(|at| !is_content(&core[at]) || is_time(at) || is_phrase(at));
    (only_times && times().next().is_some()).then(|| times().map(|at| core[at].low.clone()).collect())
}
