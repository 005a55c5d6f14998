//! What a clause is about, and its name in few words.

use std::sync::LazyLock;

use regex::Regex;

use super::clauses::{clauses, sentences};
use super::clean;
use super::lexicon::{Lexicon, pattern};

/// The most characters of a bullet.
const MAX_CHARS: usize = 70;

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

/// One thing the visitor needs.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) kind: Kind,
    /// The bullet without its mark.
    pub(super) text: String,
    /// Whether it was said to correct something.
    pub(super) corrects: bool,
}

static MONEY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:(?:us|ca|au|r)?[$€£¥₹]|\b(?:usd|eur|gbp|chf|pln|sek|nok|dkk)\b) ?\d[\d.,' ]*\d?(?: ?(?:k|m|mio|million|tsd|thousand|mil)\b)?(?: ?(?:-|–|to|and|bis|und|à|et|a|y|e|tot|en|do) ?[$€£]? ?\d[\d.,']*(?: ?(?:k|m|mio|million|tsd|thousand|mil)\b)?)?(?: ?(?:€|eur|usd))?|\b\d[\d.,']*(?: ?(?:k|mio|million|tsd\.?|thousand|mil))?(?: ?(?:-|–|to|and|bis|und|à|et|a|y|e|tot|en|do) ?\d[\d.,']*(?: ?(?:k|mio|million|tsd\.?|thousand|mil))?)? ?(?:[$€£]|\b(?:usd|eur(?:os?)?|gbp|chf|dollars?|pounds?|bucks|quid|grand|pln|zł|złotych|francs?|franken|reais|kronor|kroner|kr|euro)\b)|\bzł\b",
    )
});

static BUDGET_WORD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:budget|budżet\w*|presupuesto|orçamento|bilancio|begroting|spend(?:ing)?|afford|ausgeben|dépenser|gastar|spendere|uitgeven|wydać|price range|preisrahmen|price limit)\b",
    )
});

static LIMIT_WORD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:under|below|up to|at most|at the most|max(?:imum|imal|\.)?(?: of)?|less than|no more than|not more than|not (?:go )?over|within|around|about|roughly|approx(?:imately)?\.?|circa|ca\.|between|from|cap(?:ped)?(?: at| of)?|limit(?:ed)?(?: to| of)?|bis(?: zu)?|höchstens|unter|weniger als|nicht mehr als|etwa|rund|zwischen|moins de|maximum|jusqu['’]à|environ|autour de|entre|pas plus de|hasta|menos de|como máximo|alrededor de|unos|fino a|meno di|al massimo|circa|intorno a|tra|até|no máximo|cerca de|por volta de|tot|maximaal|ongeveer|rond|tussen|minder dan|do|maksymalnie|około|poniżej)\b",
    )
});

/// By what and how it is paid.
static PER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^,? ?(?:(?:per|a|an|each|every|pro|par|por|al|à|im|le|mensuel\w*|na) ?(?:month|year|person|head|hour|day|week|user|seat|night|piece|unit|monat|jahr|person|kopf|stück|nacht|tag|stunde|mois|an|personne|nuit|mes|año|persona|noche|mese|anno|notte|mês|ano|pessoa|noite|maand|jaar|persoon|nacht|miesiąc|rok|osobę)|/ ?(?:month|mo|year|yr|person|user|seat|hour|h|night|day|monat|mois|mes|mese|mês|maand)|monthly|yearly|total|all in|in total|max(?:imum|imal)?|at most|or less|tops|p\.?m\.?|pp)\b",
    )
});

static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:order|booking|ticket|invoice|reservation|case|tracking|customer|contract|reference|ref|bestellung|bestellnummer|auftrag|rechnung|buchung|ticketnummer|kundennummer|commande|réservation|facture|pedido|reserva|factura|ordine|prenotazione|fattura|encomenda|bestelling|boeking|factuur|zamówienie|faktura)(?: ?(?:number|no\.?|nr\.?|num\.?|id|nummer|numéro|número|numero|code))?[\s:]*(?:is |ist )?#? ?(?:[a-z]{0,5}[-/]?)?\d[\w/-]{2,}|#\d{3,}|\b[A-Z]{2,5}-\d{3,}",
    )
});

/// A bare question about the business.
static OPENING_HOURS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:when (?:are|do) you (?:open|close)|opening hours|are you open|how are you|who are you|are you (?:a )?(?:bot|human|real|there)|wann (?:haben sie|habt ihr) (?:auf|geöffnet)|öffnungszeiten|horaires|horarios?|orari|openingstijden|is (?:any(?:one|body)|some(?:one|body)) there|just (?:looking|browsing)|test(?:ing)?\b.{0,12}$)",
    )
});

static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\d[\d.,]*(?: ?k\b)?(?: ?(?:-|–|to) ?\d[\d.,]*(?: ?k\b)?)?"));

static HOW_MANY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:how many|wie viele|wieviele|combien de|cuánt[oa]s|quant[ie]|quant[oa]s|hoeveel|ile) ([^?]+)")
});

/// Questions for contact data: their answers are kept elsewhere.
static ASKS_CONTACT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:e-?mail|address|name|phone|number (?:can|to)|telefon\w*|adresse|adresse e-?mail|correo|indirizzo|endereço|naam|adres|nazw\w+|imię|who am i)\b",
    )
});

/// Endings that a shortened bullet must not have.
static LOOSE_END: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:[\s,;:]+(?:and|or|for|with|to|in|on|of|at|the|a|an|that|but|by|from|is|are|about|und|oder|für|mit|zu|in|der|die|das|et|ou|pour|avec|de|la|le|y|o|para|con|e|per|com|en|of|voor|met|i|z|do|dla|if|so|as))+$",
    )
});

/// The facts of one message of the visitor; `asked` is what they were told right before.
pub(super) fn of_turn(lexicon: &Lexicon, text: &str, asked: Option<&str>) -> Vec<Fact> {
    let text = clean::without_private(text);
    if let Some(facts) = asked.and_then(|asked| of_answer(lexicon, &text, asked)) {
        return facts;
    }
    let mut facts = Vec::new();
    for sentence in sentences(&text) {
        let mut listing = false;
        for clause in clauses(sentence) {
            let before = facts.len();
            of_clause(lexicon, clause, sentence.ends_with('?'), listing, &mut facts);
            // "a website, a shop, a blog": what follows a need in the same sentence is needed too.
            listing |= facts[before..].iter().any(|fact| matches!(fact.kind, Kind::Need | Kind::Feature));
        }
    }
    facts
}

/// The facts of a short answer; `None` where it has to be read by itself.
fn of_answer(lexicon: &Lexicon, text: &str, asked: &str) -> Option<Vec<Fact>> {
    let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
    let question =
        asked.split_inclusive(['?', '.', '!']).rfind(|sentence| sentence.trim().ends_with('?'))?.trim();
    let trimmed = text.trim();
    if words > 8 {
        return None;
    }
    if lexicon.no.is_match(trimmed) && words <= 3 {
        return Some(Vec::new());
    }
    if let Some(yes) = lexicon.yes.find(trimmed) {
        let rest = trimmed[yes.end()..].trim_matches(|c: char| !c.is_alphanumeric());
        let mut facts = Vec::new();
        if !ASKS_CONTACT.is_match(question) {
            facts.extend(accepted(lexicon, question));
        }
        if rest.split_whitespace().count() >= 2 {
            facts.extend(of_turn(lexicon, rest, None));
        }
        return Some(facts);
    }
    if BUDGET_WORD.is_match(question) && NUMBER.is_match(trimmed) {
        let money = MONEY.find(trimmed).or_else(|| NUMBER.find(trimmed))?;
        let limit = LIMIT_WORD.find(&trimmed[..money.start()]).map(|limit| limit.as_str());
        return Some(
            fact(Kind::Budget, &budget(limit, money.as_str(), &trimmed[money.end()..])).into_iter().collect(),
        );
    }
    if let (Some(noun), Some(number)) = (HOW_MANY.captures(question), NUMBER.find(trimmed))
        && words <= 4
        && !lexicon.amount.is_match(trimmed)
    {
        return Some(
            fact(Kind::Amount, &format!("{} {}", number.as_str(), named(lexicon, &noun[1])))
                .into_iter()
                .collect(),
        );
    }
    if words > 5 || lexicon.need.is_match(trimmed) || ASKS_CONTACT.is_match(question) {
        return None;
    }
    let kind = if lexicon.time.is_match(trimmed) {
        Kind::Time
    } else if lexicon.place.is_match(trimmed) {
        Kind::Place
    } else {
        Kind::Feature
    };
    Some(fact(kind, &named(lexicon, trimmed)).into_iter().collect())
}

/// What a question offered: "A visit on Monday?" – "yes".
fn accepted(lexicon: &Lexicon, question: &str) -> Option<Fact> {
    let offered = match lexicon.offer.find(question) {
        Some(offer) => &question[offer.end()..],
        None if lexicon.decision.is_match(question) || lexicon.time.is_match(question) => question,
        None => return None,
    };
    fact(Kind::Decision, &named(lexicon, offered))
}

fn of_clause(lexicon: &Lexicon, clause: &str, is_question: bool, listing: bool, facts: &mut Vec<Fact>) {
    if lexicon.excluded.is_match(clause) || OPENING_HOURS.is_match(clause) {
        return;
    }
    let corrects = lexicon.correction.is_match(clause);
    let before = facts.len();
    let mut rest = clause.to_owned();
    if let Some((found, span)) = budget_of(lexicon, clause) {
        facts.extend(fact(Kind::Budget, &found));
        rest.replace_range(span, " ");
    }
    if let Some(reference) = REFERENCE.find(&rest) {
        facts.extend(fact(Kind::Reference, reference.as_str()));
        let span = reference.range();
        rest.replace_range(span, " ");
    }
    if let Some(kind) = kind_of(lexicon, &rest, is_question, listing) {
        facts.extend(fact(kind, &named(lexicon, &rest)));
    }
    for fact in &mut facts[before..] {
        fact.corrects = corrects;
    }
}

fn kind_of(lexicon: &Lexicon, clause: &str, is_question: bool, listing: bool) -> Option<Kind> {
    let needs = lexicon.need.is_match(clause);
    if lexicon.decision.is_match(clause) && (needs || is_question || lexicon.time.is_match(clause)) {
        return Some(Kind::Decision);
    }
    let asks = lexicon.question.find(clause);
    let at_once = |start: usize| clause[..start].split_whitespace().count() <= 3;
    if needs || asks.is_some_and(|asks| is_question || at_once(asks.start())) {
        return Some(Kind::Need);
    }
    if lexicon.present.is_match(clause) {
        return Some(Kind::Situation);
    }
    if lexicon.amount.is_match(clause) {
        return Some(Kind::Amount);
    }
    if lexicon.time.is_match(clause) {
        return Some(Kind::Time);
    }
    if lexicon.feature.is_match(clause) && clause.split_whitespace().count() <= 12 {
        return Some(Kind::Feature);
    }
    if lexicon.decision.is_match(clause) {
        return Some(Kind::Decision);
    }
    if lexicon.place.is_match(clause) {
        return Some(Kind::Place);
    }
    let short = (1..=4).contains(&clause.split_whitespace().count());
    (listing && short && !lexicon.person.is_match(clause)).then_some(Kind::Feature)
}

/// A budget with the words that limit it, and where it stands in the clause.
fn budget_of(lexicon: &Lexicon, clause: &str) -> Option<(String, std::ops::Range<usize>)> {
    let word = BUDGET_WORD.find(clause);
    let money = MONEY.find(clause);
    let money = match (money, &word) {
        (Some(money), _) => money,
        // A number with a unit of its own is no money.
        (None, Some(word)) => {
            NUMBER.find_at(clause, word.end()).or_else(|| NUMBER.find(clause)).filter(|number| {
                !lexicon
                    .amount
                    .find_iter(clause)
                    .any(|amount| amount.start() <= number.start() && number.end() <= amount.end())
            })?
        }
        (None, None) => return None,
    };
    let limit = LIMIT_WORD.find_iter(&clause[..money.start()]).last();
    let near = limit.filter(|limit| clause[limit.end()..money.start()].split_whitespace().count() <= 1);
    if word.is_none() && near.is_none() {
        return None;
    }
    let tail = &clause[money.end()..];
    let mut start = near.map_or(money.start(), |limit| limit.start());
    let mut end = money.end() + PER.find(tail).map_or(0, |per| per.end());
    if let Some(word) = &word {
        start = start.min(word.start());
        end = end.max(word.end());
    }
    Some((budget(near.map(|limit| limit.as_str()), money.as_str(), tail), start..end))
}

fn budget(limit: Option<&str>, money: &str, tail: &str) -> String {
    let per = PER.find(tail).map(|per| per.as_str().trim_start_matches([',', ' ']));
    let parts = ["Budget", limit.unwrap_or_default(), money.trim(), per.unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A bullet, where something is left to say.
fn fact(kind: Kind, text: &str) -> Option<Fact> {
    let text = shortened(text.trim_matches(|c: char| !c.is_alphanumeric() && !"$€£#".contains(c)));
    let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
    let mut chars = text.chars();
    let capital: String = chars.next()?.to_uppercase().chain(chars).collect();
    (letters >= 2).then_some(Fact { kind, text: capital, corrects: false })
}

/// The clause as a name: without politeness, persons, and the words that only introduce it.
fn named(lexicon: &Lexicon, clause: &str) -> String {
    let mut text = clause.trim().to_owned();
    for introduction in [&lexicon.need, &lexicon.question] {
        text = lexicon.polite.replace_all(text.trim(), " ").trim().to_owned();
        if let Some(found) = introduction.find(&text)
            && (found.start() == 0 || text[..found.start()].split_whitespace().count() <= 4)
        {
            text.replace_range(..found.end(), "");
        }
    }
    text = lexicon.correction.replace_all(&text, " ").into_owned();
    text = lexicon.person.replace_all(&text, " ").into_owned();
    text = lexicon.polite.replace_all(text.trim(), " ").trim().to_owned();
    while let Some(article) = lexicon.article.find(&text).filter(|article| article.end() > 0) {
        text = text[article.end()..].trim_start_matches([' ', ',', '\'', '’']).to_owned();
    }
    let words: Vec<&str> = text.split_whitespace().filter(|word| *word != "," && *word != ";").collect();
    words.join(" ").replace(" ,", ",").replace(['•', '<', '>'], "")
}

/// At most [`MAX_CHARS`], cut between words, without a loose end.
fn shortened(text: &str) -> String {
    let mut short = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count() + usize::from(!short.is_empty());
        if count + length > MAX_CHARS {
            break;
        }
        if !short.is_empty() {
            short.push(' ');
        }
        short.push_str(word);
        count += length;
    }
    let short = LOOSE_END.replace(&short, "").into_owned();
    short.trim_end_matches(|c: char| !c.is_alphanumeric() && !"$€£%²³)+\"'".contains(c)).to_owned()
}
