//! Letters, marks, digits and scripts, as section 2 of the policy cuts them.

use super::unicode::is_alphabetic;

/// A family of scripts that decides where glued text ends and where an address begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Greek,
    /// Written without spaces: Han, kana, hangul, Thai and their like.
    Unspaced,
    Other,
}

/// What a character is to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Letter,
    Mark,
    Digit,
    Separator,
}

/// Of the basic plane.
type Range = (u16, u16);

// Beside the policy's ranges the signs for ohm, kelvin and ångström and two blocks of Latin: a letter and its small form
// must be of one script, or an address would not be one in lower case.
const LATIN: &[Range] = &[
    (0x41, 0x5A),
    (0x61, 0x7A),
    (0xAA, 0x24F),
    (0x1E00, 0x1EFF),
    (0x212A, 0x212B),
    (0x2C60, 0x2C7F),
    (0xA720, 0xA7FF),
];
const GREEK: &[Range] = &[(0x370, 0x3FF), (0x1F00, 0x1FFF), (0x2126, 0x2126)];
const CYRILLIC: &[Range] = &[(0x400, 0x52F)];
const UNSPACED: &[Range] = &[
    (0xE00, 0xEFF),
    (0x1000, 0x109F),
    (0x1100, 0x11FF),
    (0x1780, 0x17FF),
    (0x3005, 0x3007),
    (0x3040, 0x318F),
    (0x31F0, 0x31FF),
    (0x3400, 0x9FFF),
    (0xAC00, 0xD7AF),
    (0xF900, 0xFAFF),
];

/// General category M in the common blocks. Variation selectors are left out: behind an emoji they belong to it.
const MARKS: &[Range] = &[
    (0x300, 0x36F),
    (0x483, 0x489),
    (0x591, 0x5BD),
    (0x5BF, 0x5BF),
    (0x5C1, 0x5C2),
    (0x5C4, 0x5C5),
    (0x5C7, 0x5C7),
    (0x610, 0x61A),
    (0x64B, 0x65F),
    (0x670, 0x670),
    (0x6D6, 0x6DC),
    (0x6DF, 0x6E4),
    (0x6E7, 0x6E8),
    (0x6EA, 0x6ED),
    (0x711, 0x711),
    (0x730, 0x74A),
    (0x7A6, 0x7B0),
    (0x8D3, 0x903),
    (0x93A, 0x93C),
    (0x93E, 0x94F),
    (0x951, 0x957),
    (0x962, 0x963),
    (0x981, 0x983),
    (0x9BC, 0x9BC),
    (0x9BE, 0x9CD),
    (0x9D7, 0x9D7),
    (0x9E2, 0x9E3),
    (0xA01, 0xA03),
    (0xA3C, 0xA51),
    (0xA70, 0xA71),
    (0xA75, 0xA75),
    (0xA81, 0xA83),
    (0xABC, 0xABC),
    (0xABE, 0xACD),
    (0xAE2, 0xAE3),
    (0xB01, 0xB03),
    (0xB3C, 0xB3C),
    (0xB3E, 0xB57),
    (0xB62, 0xB63),
    (0xB82, 0xB82),
    (0xBBE, 0xBCD),
    (0xBD7, 0xBD7),
    (0xC00, 0xC04),
    (0xC3E, 0xC56),
    (0xC62, 0xC63),
    (0xC81, 0xC83),
    (0xCBC, 0xCBC),
    (0xCBE, 0xCD6),
    (0xCE2, 0xCE3),
    (0xD00, 0xD03),
    (0xD3B, 0xD3C),
    (0xD3E, 0xD4D),
    (0xD57, 0xD57),
    (0xD62, 0xD63),
    (0xD81, 0xD83),
    (0xDCA, 0xDDF),
    (0xDF2, 0xDF3),
    (0xE31, 0xE31),
    (0xE34, 0xE3A),
    (0xE47, 0xE4E),
    (0xEB1, 0xEB1),
    (0xEB4, 0xEBC),
    (0xEC8, 0xECE),
    (0xF18, 0xF19),
    (0xF35, 0xF35),
    (0xF37, 0xF37),
    (0xF39, 0xF39),
    (0xF3E, 0xF3F),
    (0xF71, 0xF84),
    (0xF86, 0xF87),
    (0xF8D, 0xFBC),
    (0x102B, 0x103E),
    (0x1056, 0x1059),
    (0x105E, 0x1060),
    (0x135D, 0x135F),
    (0x17B4, 0x17D3),
    (0x17DD, 0x17DD),
    (0x1AB0, 0x1ACE),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20F0),
    (0x302A, 0x302F),
    (0x3099, 0x309A),
    (0xFE20, 0xFE2F),
];

/// Alphabetic by Unicode's property, but of another category than L: letter numbers and letters in circles or boxes.
const NOT_LETTERS: &[Range] = &[(0x2160, 0x2188), (0x24B6, 0x24E9)];

/// The first of each run of ten decimal digits; what lies behind the basic plane is left to separators.
const DIGITS: &[u16] = &[
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50,
    0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
    0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0,
];

/// Whether the character is a letter, mark or digit of any script, or else separates.
pub(super) fn kind(c: char) -> Kind {
    if c.is_ascii() {
        return match c {
            'A'..='Z' | 'a'..='z' => Kind::Letter,
            '0'..='9' => Kind::Digit,
            _ => Kind::Separator,
        };
    }
    let code = u32::from(c);
    if within(MARKS, code) {
        Kind::Mark
    } else if DIGITS.iter().any(|zero| code.wrapping_sub(u32::from(*zero)) < 10) {
        Kind::Digit
    } else if is_alphabetic(c) && !(within(NOT_LETTERS, code) || (0x1F130..=0x1F189).contains(&code)) {
        Kind::Letter
    } else {
        Kind::Separator
    }
}

/// Letter, mark or digit of any script.
pub(super) fn is_word(c: char) -> bool {
    kind(c) != Kind::Separator
}

/// Letter or digit.
pub(super) fn is_alphanumeric(c: char) -> bool {
    matches!(kind(c), Kind::Letter | Kind::Digit)
}

/// The script of a letter; digits, marks and separators have none of their own.
pub(super) fn script(c: char) -> Option<Script> {
    if kind(c) != Kind::Letter {
        return None;
    }
    let code = u32::from(c);
    Some(match code {
        _ if within(LATIN, code) => Script::Latin,
        _ if within(CYRILLIC, code) => Script::Cyrillic,
        _ if within(GREEK, code) => Script::Greek,
        _ if within(UNSPACED, code) || (0x20000..=0x3FFFF).contains(&code) => Script::Unspaced,
        _ => Script::Other,
    })
}

/// Whether letters of look-alike scripts stand together: Latin, Cyrillic and Greek do not mix.
pub(super) fn mixes_lookalikes(chars: impl Iterator<Item = char>) -> bool {
    let mut seen = None;
    for script in chars.filter_map(script) {
        if !matches!(script, Script::Latin | Script::Cyrillic | Script::Greek) {
            continue;
        }
        if seen.is_some_and(|first| first != script) {
            return true;
        }
        seen = Some(script);
    }
    false
}

/// Punctuation of the CJK block, which ends a URL.
pub(super) fn is_cjk_punctuation(c: char) -> bool {
    ('\u{3000}'..='\u{303F}').contains(&c)
}

fn within(ranges: &[Range], code: u32) -> bool {
    let at = ranges.partition_point(|range| u32::from(range.1) < code);
    ranges.get(at).is_some_and(|range| u32::from(range.0) <= code)
}
