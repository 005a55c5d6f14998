//! The extractor on the project's own conversations, scored as its policy says.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by stopping")]

use std::sync::LazyLock;

use porchlight_server::requirements::{Author, Turn, extract};
use regex::Regex;
use serde::Deserialize;

#[derive(Deserialize)]
struct Corpus {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    turns: Vec<String>,
    facts: Vec<Vec<String>>,
    /// Facts that may be listed and need not be.
    #[serde(default)]
    optional: Vec<Vec<String>>,
    #[serde(default)]
    never: Vec<String>,
}

static PERSONAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:i|i'm|we|my|our|your|you|me|us|please|thanks|ich|wir|unser|bitte|je|nous|merci|vous|por favor|gracias)\b").unwrap()
});

fn read(text: &str) -> Vec<Case> {
    toml::from_str::<Corpus>(text).unwrap().case
}

fn corpus() -> Vec<Case> {
    read(include_str!("../testdata/requirements.toml"))
}

fn extract_of(case: &Case) -> String {
    let turns: Vec<Turn<'_>> = case
        .turns
        .iter()
        .map(|text| match text.strip_prefix("agent: ") {
            Some(text) => Turn { author: Author::Agent, text },
            None => Turn { author: Author::Visitor, text },
        })
        .collect();
    extract(&turns)
}

/// Whether every keyword of a fact stands in the bullet; thousands separators do not matter.
fn holds(bullet: &str, fact: &[String]) -> bool {
    let plain = |text: &str| text.to_lowercase().replace([',', '.', '\u{a0}'], "");
    let bullet = plain(bullet);
    fact.iter().all(|keyword| keyword.split('|').any(|word| bullet.contains(&plain(word))))
}

fn is_formed(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    lines.len() <= 10
        && lines.iter().all(|line| {
            let bullet = line.strip_prefix("• ");
            bullet.is_some_and(|b| {
                !b.is_empty() && b.chars().count() <= 70 && !b.ends_with('.') && b.trim() == b
            })
        })
}

/// What the policy counts, over all conversations.
#[derive(Default)]
struct Figures {
    facts: usize,
    found: usize,
    bullets: usize,
    noise: usize,
    style: usize,
    forbidden: usize,
    malformed: usize,
    score: f64,
}

impl Figures {
    fn take(&mut self, case: &Case) {
        let text = extract_of(case);
        let lines: Vec<&str> = text.lines().collect();
        let missing: Vec<_> =
            case.facts.iter().filter(|fact| !lines.iter().any(|line| holds(line, fact))).collect();
        let listed = |line: &&&str| case.facts.iter().chain(&case.optional).any(|fact| holds(line, fact));
        let idle: Vec<&&str> = lines.iter().filter(|line| !listed(line)).collect();
        let personal = lines.iter().filter(|line| PERSONAL.is_match(line)).count();
        let forbidden = case.never.iter().any(|word| text.to_lowercase().contains(word.as_str()));
        let formed = is_formed(&text);
        if !missing.is_empty() || !idle.is_empty() || forbidden || personal > 0 || !formed {
            println!("{:?}\n{text}\n  missing {missing:?}\n  noise {idle:?}\n", case.turns);
        }
        self.facts += case.facts.len();
        self.found += case.facts.len() - missing.len();
        self.bullets += lines.len();
        self.noise += idle.len();
        self.style += personal;
        self.forbidden += usize::from(forbidden);
        self.malformed += usize::from(!formed);
        self.score += match (formed && !forbidden, case.facts.is_empty()) {
            (false, _) => 0.0,
            (true, true) => f64::from(u8::from(lines.is_empty())),
            (true, false) => {
                let recall = 1.0 - share(missing.len(), case.facts.len());
                let precise = 1.0 - share(2 * idle.len() + personal, 2 * lines.len());
                if recall + precise > 0.0 { 2.0 * recall * precise / (recall + precise) } else { 0.0 }
            }
        };
    }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Scores conversations; recall, noise and the score are to be at least, at most, at least these, and nothing else is to
/// be wrong.
fn hold_to(cases: &[Case], least_recall: f64, most_noise: f64, least_score: f64) {
    let mut figures = Figures::default();
    cases.iter().for_each(|case| figures.take(case));
    let Figures { facts, found, bullets, noise, style, forbidden, malformed, score } = figures;
    let (recall, noise, style) = (share(found, facts), share(noise, bullets), share(style, bullets));
    let score = score / cases.len() as f64;
    println!(
        "{} conversations: recall {recall:.3}, noise {noise:.3}, style {style:.3}, forbidden {forbidden}, malformed {malformed}, score {score:.3}",
        cases.len()
    );
    assert!(recall >= least_recall && noise <= most_noise && score >= least_score);
    assert!(style == 0.0 && forbidden == 0 && malformed == 0);
}

#[test]
fn the_conversations_are_extracted_as_the_policy_asks() {
    hold_to(&corpus(), 0.97, 0.02, 0.97);
}

#[test]
fn conversations_that_it_does_not_know_are_extracted_well() {
    hold_to(&read(include_str!("../testdata/requirements_unseen.toml")), 0.94, 0.04, 0.94);
}

#[test]
fn the_same_conversation_gives_the_same_text() {
    for case in corpus() {
        assert_eq!(extract_of(&case), extract_of(&case));
    }
}

/// Conversations cut anywhere and put together anew: nothing that a visitor types may stop the capture.
#[test]
fn whatever_is_typed_has_the_form() {
    let texts: Vec<String> =
        corpus().iter().map(|case| case.turns.join(" ").replace("agent: ", "")).collect();
    for (text, other) in texts.iter().zip(texts.iter().cycle().skip(1)) {
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        for at in ends.iter().step_by(7) {
            let middle = other.char_indices().nth(at % 61).map_or(0, |(at, _)| at);
            let mixed = format!("{}{}", &text[..*at], &other[middle..]);
            let turns = [
                Turn { author: Author::Visitor, text: &mixed },
                Turn { author: Author::Agent, text: &text[*at..] },
                Turn { author: Author::Visitor, text: &text[*at..] },
            ];
            let lines = extract(&turns);
            assert!(is_formed(&lines), "{turns:?}\n{lines}");
        }
    }
}

#[test]
fn a_long_conversation_is_read_whole_and_in_time() {
    let filler = "and then we talked about the weather, which was fine. ".repeat(70);
    let mut turns = vec![Turn { author: Author::Visitor, text: &filler }; 200];
    turns.push(Turn { author: Author::Visitor, text: "We need a printer for 30 users" });
    let started = std::time::Instant::now();
    assert!(extract(&turns).contains("30 users"));
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
