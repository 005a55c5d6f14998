//! The policy's lists: top-level domains and section 9.

/// The IANA root zone, a line for each length in bytes.
const TLDS: &str = include_str!("tlds.txt");

/// Section 9, targets: "name rest", in the order in which a suggestion is chosen.
pub(super) const TARGETS: &[&str] = &[
    "gmail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "icloud.com",
    "googlemail.com",
    "protonmail.com",
    "yahoo.co.uk",
    "yahoo.fr",
    "yahoo.de",
    "yahoo.es",
    "yahoo.it",
    "yahoo.co.in",
    "yahoo.com.br",
    "hotmail.co.uk",
    "hotmail.fr",
    "hotmail.es",
    "hotmail.it",
    "hotmail.de",
    "outlook.fr",
    "outlook.es",
    "outlook.de",
    "comcast.net",
    "verizon.net",
    "sbcglobal.net",
    "bellsouth.net",
    "btinternet.com",
    "rediffmail.com",
    "yandex.ru",
    "laposte.net",
    "wanadoo.fr",
    "orange.fr",
    "libero.it",
    "t-online.de",
    "freenet.de",
];

/// Section 9, known: real providers that get no suggestion and are not proposed.
const KNOWN: &[&str] = &[
    "aol.com",
    "gmx.com",
    "gmx.net",
    "gmx.de",
    "gmx.at",
    "gmx.ch",
    "web.de",
    "live.com",
    "live.co.uk",
    "live.fr",
    "live.nl",
    "live.ca",
    "msn.com",
    "me.com",
    "mac.com",
    "mail.com",
    "email.com",
    "ymail.com",
    "rocketmail.com",
    "proton.me",
    "pm.me",
    "fastmail.com",
    "fastmail.fm",
    "zoho.com",
    "hey.com",
    "duck.com",
    "mailbox.org",
    "posteo.de",
    "tutanota.com",
    "qq.com",
    "163.com",
    "126.com",
    "139.com",
    "sina.com",
    "sina.cn",
    "foxmail.com",
    "naver.com",
    "daum.net",
    "hanmail.net",
    "mail.ru",
    "bk.ru",
    "inbox.ru",
    "list.ru",
    "yandex.com",
    "ya.ru",
    "rambler.ru",
    "ukr.net",
    "wp.pl",
    "o2.pl",
    "onet.pl",
    "interia.pl",
    "seznam.cz",
    "abv.bg",
    "free.fr",
    "sfr.fr",
    "neuf.fr",
    "bluewin.ch",
    "telia.com",
    "ziggo.nl",
    "kpnmail.nl",
    "cox.net",
    "att.net",
    "charter.net",
    "shaw.ca",
    "rogers.com",
    "telus.net",
    "sympatico.ca",
    "bigpond.com",
    "optusnet.com.au",
    "xtra.co.nz",
    "sky.com",
    "talktalk.net",
    "virginmedia.com",
    "ntlworld.com",
    "tiscali.it",
    "alice.it",
    "virgilio.it",
    "terra.com.br",
    "uol.com.br",
    "bol.com.br",
];

/// Rule 3.2: slips of a top-level domain, and what was meant.
const TYPO_TLDS: &[(&str, &[&str])] = &[
    (
        "com",
        &["con", "cmo", "ocm", "comm", "coom", "ccom", "vom", "xom", "cpm", "cim", "conm", "comn", "clm"],
    ),
    ("net", &["nte", "ner", "nett", "nrt"]),
    ("org", &["ogr", "orgg", "orq"]),
];

/// Whether a lower-case domain is in one of the lists of section 9.
pub(super) fn is_provider(domain: &str) -> bool {
    TARGETS.contains(&domain) || KNOWN.contains(&domain)
}

/// Whether a lower-case label is a known top-level domain.
pub(super) fn is_tld(label: &str) -> bool {
    if let Some(rest) = label.strip_prefix("xn--") {
        return !rest.is_empty();
    }
    let line = LINES.get(label.len()).and_then(|(from, to)| TLDS.as_bytes().get(*from..*to));
    line.is_some_and(|line| holds(line, label.as_bytes()))
}

/// No top-level domain has as many bytes.
const TOO_LONG: usize = 64;

/// Where the words of each length begin and end in [`TLDS`]; nothing for a length that none has.
static LINES: [(usize, usize); TOO_LONG] = lines(TLDS.as_bytes());

const fn lines(list: &[u8]) -> [(usize, usize); TOO_LONG] {
    let mut found = [(0, 0); TOO_LONG];
    let mut from = behind_line(list, 0);
    while from < list.len() {
        let end = behind_line(list, from);
        let mut length = 0;
        while list[from + length] > b' ' {
            length += 1;
        }
        found[length] = (from, end - 1);
        from = end;
    }
    found
}

const fn behind_line(list: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < list.len() && list[at] != b'\n' {
        at += 1;
    }
    at + 1
}

/// What was meant by a slip of a top-level domain.
pub(super) fn typo_tld(label: &str) -> Option<&'static str> {
    TYPO_TLDS.iter().find(|(_, slips)| slips.contains(&label)).map(|(meant, _)| *meant)
}

/// Binary search in a line of words of one length, sorted, with a space between.
fn holds(line: &[u8], word: &[u8]) -> bool {
    let step = word.len() + 1;
    let (mut low, mut high) = (0, line.len().div_ceil(step));
    while low < high {
        let middle = (low + high) / 2;
        let start = middle * step;
        match line.get(start..start + word.len()).map(|found| found.cmp(word)) {
            Some(std::cmp::Ordering::Equal) => return true,
            Some(std::cmp::Ordering::Less) => low = middle + 1,
            _ => high = middle,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_endings_are_found_and_file_names_are_not() {
        for known in
            ["com", "aaa", "zw", "online", "рф", "みんな", "vermögensberatung", "xn--p1ai", "international"]
        {
            assert!(is_tld(known), "{known}");
        }
        for unknown in ["", "png", "local", "zip", "mov", "c", "xn--", "co ", " com", "comcom"] {
            assert!(!is_tld(unknown), "{unknown}");
        }
    }

    #[test]
    fn every_line_of_endings_is_sorted_and_of_one_length() {
        for line in TLDS.lines().skip(1) {
            let words: Vec<&str> = line.split(' ').collect();
            assert!(words.is_sorted() && words.iter().all(|word| word.len() == words[0].len()), "{line}");
        }
    }
}
