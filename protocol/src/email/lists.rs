//! The policy's lists: top-level domains and section 9.

#[cfg(feature = "browser")]
use super::tlds::packed::is_known;
#[cfg(not(feature = "browser"))]
use super::tlds::plain::is_known;

/// Section 9, targets, in the order in which a suggestion is chosen.
pub(super) const TARGETS: &str = "\
    gmail.com yahoo.com hotmail.com outlook.com icloud.com googlemail.com protonmail.com yahoo.co.uk \
    yahoo.fr yahoo.de yahoo.es yahoo.it yahoo.co.in yahoo.com.br hotmail.co.uk hotmail.fr hotmail.es \
    hotmail.it hotmail.de outlook.fr outlook.es outlook.de comcast.net verizon.net sbcglobal.net \
    bellsouth.net btinternet.com rediffmail.com yandex.ru laposte.net wanadoo.fr orange.fr libero.it \
    t-online.de freenet.de";

/// Section 9, known: real providers that get no suggestion and are not proposed.
const KNOWN: &str = "\
    aol.com gmx.com gmx.net gmx.de gmx.at gmx.ch web.de live.com live.co.uk live.fr live.nl live.ca \
    msn.com me.com mac.com mail.com email.com ymail.com rocketmail.com proton.me pm.me fastmail.com \
    fastmail.fm zoho.com hey.com duck.com mailbox.org posteo.de tutanota.com qq.com 163.com 126.com \
    139.com sina.com sina.cn foxmail.com naver.com daum.net hanmail.net mail.ru bk.ru inbox.ru list.ru \
    yandex.com ya.ru rambler.ru ukr.net wp.pl o2.pl onet.pl interia.pl seznam.cz abv.bg free.fr sfr.fr \
    neuf.fr bluewin.ch telia.com ziggo.nl kpnmail.nl cox.net att.net charter.net shaw.ca rogers.com \
    telus.net sympatico.ca bigpond.com optusnet.com.au xtra.co.nz sky.com talktalk.net virginmedia.com \
    ntlworld.com tiscali.it alice.it virgilio.it terra.com.br uol.com.br bol.com.br";

/// Rule 3.2: slips of a top-level domain, and what was meant.
const TYPO_TLDS: [(&str, &str); 3] = [
    ("com", "con cmo ocm comm coom ccom vom xom cpm cim conm comn clm"),
    ("net", "nte ner nett nrt"),
    ("org", "ogr orgg orq"),
];

/// Whether a word is in a list with a space between the words: half the bytes of a list of texts.
pub(super) fn lists(list: &str, word: &str) -> bool {
    list.split(' ').any(|listed| listed == word)
}

/// Whether a lower-case domain is in one of the lists of section 9.
pub(super) fn is_provider(domain: &str) -> bool {
    lists(TARGETS, domain) || lists(KNOWN, domain)
}

/// Whether a lower-case label is a known top-level domain.
pub(super) fn is_tld(label: &str) -> bool {
    match label.strip_prefix("xn--") {
        Some(rest) => !rest.is_empty(),
        None => is_known(label),
    }
}

/// What was meant by a slip of a top-level domain.
pub(super) fn typo_tld(label: &str) -> Option<&'static str> {
    TYPO_TLDS.iter().find(|(_, slips)| lists(slips, label)).map(|(meant, _)| *meant)
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
}
