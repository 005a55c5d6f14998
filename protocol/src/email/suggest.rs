//! "Did you mean gmail.com?" (section 8): rare and right rather than often.

use super::lists::{TARGETS, is_provider, typo_tld};

/// The domain that was probably meant, for a lower-case domain.
pub(super) fn domain(domain: &str) -> Option<String> {
    if is_provider(domain) {
        return None;
    }
    let (head, last) = domain.rsplit_once('.')?;
    let mended = typo_tld(last).map(|meant| [head, ".", meant].concat());
    let read = mended.as_deref().unwrap_or(domain);
    let (name, rest) = read.split_once('.')?;
    let target = same_name(name, rest).or_else(|| one_edit_away(name, rest));
    target.map(str::to_owned).or(mended)
}

/// Rule 8.1.
fn same_name(name: &str, rest: &str) -> Option<&'static str> {
    TARGETS.split(' ').find(|target| {
        target.split_once('.').is_some_and(|(target_name, target_rest)| {
            let slip = target_rest == "com" && matches!(rest, "co" | "cm" | "om" | "cam");
            name == target_name && (rest == target_rest || slip)
        })
    })
}

/// Rule 8.2.
fn one_edit_away(name: &str, rest: &str) -> Option<&'static str> {
    TARGETS.split(' ').find(|target| {
        target.split_once('.').is_some_and(|(target_name, target_rest)| {
            rest == target_rest && target_name.len() >= 5 && is_one_edit(name, target_name)
        })
    })
}

/// Whether one insertion, deletion, replacement or swap of neighbours makes `b` of `a`.
fn is_one_edit(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (a.get(head..).unwrap_or_default(), b.get(head..).unwrap_or_default());
    match (a, b) {
        ([_, a @ ..], [_, b @ ..]) if a == b => true,
        ([_, rest @ ..], b) if rest == b => true,
        (a, [_, rest @ ..]) if a == rest => true,
        ([a1, a2, a @ ..], [b1, b2, b @ ..]) => a1 == b2 && a2 == b1 && a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn suggests_only_what_the_policy_names() {
        let cases = [
            ("gmial.com", Some("gmail.com")),
            ("gmail.co", Some("gmail.com")),
            ("gmail.con", Some("gmail.com")),
            ("gmai.con", Some("gmail.com")),
            ("hotmial.co.uk", Some("hotmail.co.uk")),
            ("acme.con", Some("acme.com")),
            ("acme.orgg", Some("acme.org")),
            ("yahooo.com", Some("yahoo.com")),
            ("gmail.com", None),
            ("mail.com", None),
            ("gmx.at", None),
            ("acme.co", None),
            ("gmx.con", Some("gmx.com")),
            ("yahoo.nl", None),
            ("gnail.fr", None),
        ];
        for (typed, expected) in cases {
            assert_eq!(super::domain(typed).as_deref(), expected, "{typed}");
        }
    }
}
