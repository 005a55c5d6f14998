//! What the business has set, and what follows from it: hours, rules of opening, consent.

/// The site's settings, as far as the widget decides by them; the script tag's wishes are in here already. What is only
/// shown, names and words, goes to the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// What is said about privacy.
    pub consent: Consent,
    /// Whether the widget asks for an address.
    pub ask_email: bool,
    /// Whether an answer may be heard.
    pub sound: bool,
    /// When the panel opens by itself.
    pub opening: Vec<Rule>,
    /// When somebody is there; always where it is not said.
    pub hours: Option<Hours>,
}

/// What is said about privacy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// Nothing.
    #[default]
    None,
    /// A line to read.
    Notice,
    /// A question to answer first: nothing is kept or sent before.
    Ask,
}

impl Consent {
    /// By its name on the wire; what is no such name is [`Consent::None`].
    pub fn named(name: &str) -> Self {
        match name {
            "ask" => Self::Ask,
            "notice" => Self::Notice,
            _ => Self::None,
        }
    }
}

/// The panel opens by itself when the page's address matches and one of the conditions comes true; a rule without
/// conditions opens it at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// `*` stands for anything; no pattern matches every page.
    pub url: Option<String>,
    /// Seconds on the page.
    pub after_seconds: Option<u32>,
    /// How far the page was scrolled, in percent.
    pub scroll_percent: Option<u32>,
    /// Whether the pointer leaves towards the browser's own controls.
    pub on_exit: bool,
}

/// What a visitor does on the page that a rule may wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visit {
    /// Seconds on the page.
    pub seconds: u32,
    /// The furthest the page was scrolled, in percent.
    pub scrolled: u32,
    /// Whether the pointer has left.
    pub exiting: bool,
}

impl Rule {
    /// Whether the panel is to open.
    pub fn fires(&self, page_url: &str, visit: &Visit) -> bool {
        let unconditional = self.after_seconds.is_none() && self.scroll_percent.is_none() && !self.on_exit;
        let reached = |wanted: Option<u32>, is: u32| wanted.is_some_and(|wanted| is >= wanted);
        self.url.as_deref().is_none_or(|pattern| matches(pattern.as_bytes(), page_url.as_bytes()))
            && (unconditional
                || reached(self.after_seconds, visit.seconds)
                || reached(self.scroll_percent, visit.scrolled)
                || (self.on_exit && visit.exiting))
    }
}

/// Whether a pattern with `*` matches a whole text. Goes back to the last star only, so that it is never slow.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, read));
                at += 1;
            }
            Some(byte) if text.get(read) == Some(byte) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((behind, from)) = star else { return false };
                star = Some((behind, from + 1));
                at = behind;
                read = from + 1;
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// Business hours: when somebody is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours(pub Vec<Span>);

/// The same hours on some days of the week. One that ends before it begins ends on the next day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// A bit for each day; the second, of value 2, is Monday's.
    pub days: u32,
    /// Minutes from midnight.
    pub from: u32,
    /// Minutes from midnight, exclusive.
    pub to: u32,
}

impl Hours {
    /// Whether somebody is there, for a day of the week (1 is Monday) and minutes from midnight in the business's
    /// time zone.
    pub fn is_open(&self, day: u32, minute: u32) -> bool {
        let day_before = if day == 1 { 7 } else { day - 1 };
        self.0.iter().any(|span| {
            let on = |day: u32| span.days >> day & 1 == 1;
            let (today, yesterday) = (on(day), on(day_before));
            if span.from < span.to {
                today && (span.from..span.to).contains(&minute)
            } else {
                (today && minute >= span.from) || (yesterday && minute < span.to)
            }
        })
    }
}

/// Minutes from midnight of `HH:MM`.
pub fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    Some(number(hours)? * 60 + number(minutes)?)
}

fn number(digits: &str) -> Option<u32> {
    let mut value = 0;
    for byte in digits.bytes() {
        value = value * 10 + u32::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
    }
    (1..=2).contains(&digits.len()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_addresses() {
        let cases = [
            ("*", "https://a.com/", true),
            ("*/pricing*", "https://a.com/pricing?x=1", true),
            ("*/pricing", "https://a.com/pricing/", false),
            ("https://a.com/*/b", "https://a.com/x/b/b", true),
            ("https://a.com", "https://a.com/", false),
            ("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("", "", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_rule_fires_where_its_page_matches_and_one_condition_holds() {
        let visit = Visit { seconds: 5, scrolled: 30, exiting: false };
        let rule = |after_seconds, scroll_percent, on_exit| Rule {
            url: Some("*/pricing".into()),
            after_seconds,
            scroll_percent,
            on_exit,
        };
        let here = "https://a.com/pricing";
        assert!(rule(None, None, false).fires(here, &visit));
        assert!(rule(Some(5), Some(90), false).fires(here, &visit));
        assert!(rule(Some(6), Some(30), false).fires(here, &visit));
        assert!(!rule(Some(6), Some(31), true).fires(here, &visit));
        assert!(rule(None, None, true).fires(here, &Visit { exiting: true, ..visit }));
        assert!(!rule(None, None, false).fires("https://a.com/", &visit));
    }

    #[test]
    fn hours_hold_their_edges_and_go_over_midnight() {
        let span = |days: &[u32], from: &str, to: &str| Span {
            days: days.iter().map(|day| 1 << day).sum(),
            from: minutes(from).unwrap(),
            to: minutes(to).unwrap(),
        };
        let hours = Hours(vec![span(&[1, 2, 3, 4, 5], "09:00", "17:00"), span(&[7], "22:00", "02:00")]);
        for (day, minute, expected) in [
            (1, 539, false),
            (1, 540, true),
            (5, 1_019, true),
            (5, 1_020, false),
            (6, 600, false),
            (7, 1_320, true),
            (1, 119, true),
            (1, 120, false),
            (2, 60, false),
        ] {
            assert_eq!(hours.is_open(day, minute), expected, "{day} {minute}");
        }
        for bad in ["", "9", "09:0x", ":", "123:00"] {
            assert_eq!(minutes(bad), None, "{bad}");
        }
    }
}
