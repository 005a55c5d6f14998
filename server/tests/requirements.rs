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
    #[serde(default)]
    never: Vec<String>,
}

static PERSONAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:i|i'm|we|my|our|your|you|me|us|please|thanks|ich|wir|unser|bitte|je|nous|merci|vous|por favor|gracias)\b").unwrap()
});

fn corpus() -> Vec<Case> {
    toml::from_str::<Corpus>(include_str!("../testdata/requirements.toml")).unwrap().case
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

#[test]
fn the_conversations_are_extracted_as_the_policy_asks() {
    let (mut facts, mut found, mut bullets, mut noise, mut style, mut never, mut form) =
        (0, 0, 0, 0, 0, 0, 0);
    for case in corpus() {
        let text = extract_of(&case);
        let lines: Vec<&str> = text.lines().collect();
        let missing: Vec<&Vec<String>> =
            case.facts.iter().filter(|fact| !lines.iter().any(|line| holds(line, fact))).collect();
        let idle: Vec<&&str> =
            lines.iter().filter(|line| !case.facts.iter().any(|fact| holds(line, fact))).collect();
        let personal = lines.iter().filter(|line| PERSONAL.is_match(line)).count();
        let forbidden = case.never.iter().any(|word| text.to_lowercase().contains(word.as_str()));
        if !missing.is_empty() || !idle.is_empty() || forbidden || personal > 0 {
            println!("{:?}\n{text}\n  missing {missing:?}\n  noise {idle:?}\n", case.turns);
        }
        facts += case.facts.len();
        found += case.facts.len() - missing.len();
        bullets += lines.len();
        noise += idle.len();
        style += personal;
        never += usize::from(forbidden);
        form += usize::from(!is_formed(&text));
    }
    let recall = f64::from(found as u32) / f64::from(facts as u32);
    let noise = f64::from(noise as u32) / f64::from(bullets as u32);
    println!(
        "recall {recall:.3}, noise {noise:.3}, style {style} of {bullets}, forbidden {never}, malformed {form}"
    );
    assert!(recall >= 0.85 && noise <= 0.10 && never == 0 && form == 0 && style == 0);
}

#[test]
fn the_same_conversation_gives_the_same_text() {
    for case in corpus() {
        assert_eq!(extract_of(&case), extract_of(&case));
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
