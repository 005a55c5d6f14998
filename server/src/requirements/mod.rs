//! What a visitor needs, as short bullets: a deterministic extractor without any network.

use porchlight_protocol::email::find_emails;

/// Who wrote a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The visitor of the page.
    Visitor,
    /// The assistant.
    Assistant,
    /// A person of the business.
    Agent,
}

/// One message of a conversation, as the extractor reads it.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// Who wrote it.
    pub author: Author,
    /// Plain text.
    pub text: &'a str,
}

const MAX_BULLETS: usize = 10;
const MAX_CHARS: usize = 70;

/// What introduces a need in English; the longest first, so that nothing of it is left over.
const NEEDS: &[&str] = &[
    "we are looking for",
    "i am looking for",
    "we're looking for",
    "i'm looking for",
    "i need help with",
    "we need help with",
    "i would like",
    "we would like",
    "looking for",
    "do you offer",
    "do you have",
    "i'd like",
    "we'd like",
    "need help with",
    "we need",
    "i need",
    "i want",
    "we want",
];

/// The bullets, one a line, needs before budgets; empty where nothing was asked for. Linear in the conversation.
pub fn extract(turns: &[Turn<'_>]) -> String {
    let (mut needs, mut budgets) = (Vec::new(), Vec::new());
    for turn in turns.iter().filter(|turn| turn.author == Author::Visitor) {
        let text = without_addresses(turn.text);
        for clause in text.split([',', ';', '!', '?', '\n']).flat_map(|part| part.split(". ")) {
            let clause = clause.trim().trim_end_matches('.');
            if let Some(budget) = budget(clause) {
                // A later budget replaces the earlier one.
                budgets = vec![budget];
            } else if let Some(need) = need(clause)
                && !needs.contains(&need)
            {
                needs.push(need);
            }
        }
    }
    let bullets = needs.into_iter().chain(budgets).take(MAX_BULLETS);
    bullets.map(|bullet| format!("• {bullet}")).collect::<Vec<_>>().join("\n")
}

fn without_addresses(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for hit in find_emails(text) {
        kept.push_str(&text[from..hit.start]);
        from = hit.end;
    }
    kept.push_str(&text[from..]);
    kept
}

fn need(clause: &str) -> Option<String> {
    let lower = clause.to_ascii_lowercase();
    let (at, cue) = NEEDS.iter().find_map(|cue| lower.find(cue).map(|at| (at, cue)))?;
    let object = clause.get(at + cue.len()..)?.trim();
    let bullet = format!("Looking for {object}");
    (!object.is_empty() && bullet.chars().count() <= MAX_CHARS).then_some(bullet)
}

fn budget(clause: &str) -> Option<String> {
    let lower = clause.to_ascii_lowercase();
    let at = lower.find("budget")?;
    let amount = clause.get(at + "budget".len()..)?.trim_start_matches([' ', ':']);
    let amount = amount.strip_prefix("is ").unwrap_or(amount);
    let bullet = format!("Budget {amount}");
    (amount.chars().any(|c| c.is_ascii_digit()) && bullet.chars().count() <= MAX_CHARS).then_some(bullet)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(extract(&[Turn { author: Author::Visitor, text }]), expected, "{text}");
    }

    #[test]
    fn needs_and_budgets_are_named() {
        let text = "Hi, I need help with automation, budget under $500, jane@acme.com";
        check(text, "• Looking for automation\n• Budget under $500");
        check("Hello there. Thanks!", "");
        check("our budget is 2k", "• Budget 2k");
    }
}
