//! The top-level domains of the policy: the IANA root zone with its Unicode forms (npm `tlds` 1.261.0, 2025-10-24), sorted by
//! bytes, a line each; `zip` and `mov` are left out as file extensions.

const LIST: &[u8] = include_bytes!("tlds.txt");

/// Quick, from the list as it is.
#[cfg(any(test, not(feature = "browser")))]
pub(super) mod plain {
    use super::LIST;

    /// Where each line begins and ends.
    static LINES: [(u16, u16); count()] = lines();

    /// Whether a lower-case label is in the list.
    pub(in super::super) fn is_known(label: &str) -> bool {
        let line = |(from, to): &(u16, u16)| LIST.get(usize::from(*from)..usize::from(*to));
        LINES.binary_search_by(|at| line(at).cmp(&Some(label.as_bytes()))).is_ok()
    }

    const fn count() -> usize {
        let (mut at, mut count) = (0, 0);
        while at < LIST.len() {
            count += (LIST[at] == b'\n') as usize;
            at += 1;
        }
        count
    }

    const fn lines() -> [(u16, u16); count()] {
        let mut lines = [(0, 0); count()];
        let (mut at, mut line, mut from) = (0, 0, 0);
        while at < LIST.len() {
            if LIST[at] == b'\n' {
                lines[line] = (from as u16, at as u16);
                line += 1;
                from = at + 1;
            }
            at += 1;
        }
        lines
    }
}

/// Small: of each word only what differs from the one before, behind a byte that says how much does not. Looking through
/// all of it takes some microseconds.
#[cfg(any(test, feature = "browser"))]
pub(super) mod packed {
    use super::LIST;

    /// With room behind it, and how long it is.
    const WIDE: ([u8; LIST.len()], usize) = pack();

    static PACKED: [u8; WIDE.1] = {
        let mut packed = [0; WIDE.1];
        let mut at = 0;
        while at < packed.len() {
            packed[at] = WIDE.0[at];
            at += 1;
        }
        packed
    };

    /// Whether a lower-case label is in the list.
    pub(in super::super) fn is_known(label: &str) -> bool {
        // How long the word is so far, and how much of it is the label's beginning.
        let (mut length, mut same) = (0, 0);
        for byte in &PACKED {
            if *byte < b' ' {
                if same == length && same == label.len() && same > 0 {
                    return true;
                }
                length = usize::from(*byte);
                same = same.min(length);
            } else {
                if same == length && label.as_bytes().get(same) == Some(byte) {
                    same += 1;
                }
                length += 1;
            }
        }
        false
    }

    const fn pack() -> ([u8; LIST.len()], usize) {
        let mut packed = [0; LIST.len()];
        let (mut to, mut before, mut from) = (0, 0, 0);
        while from < LIST.len() {
            let mut shared = 0;
            while from > 0 && LIST[before + shared] == LIST[from + shared] {
                shared += 1;
            }
            packed[to] = shared as u8;
            to += 1;
            let mut at = from + shared;
            while LIST[at] != b'\n' {
                packed[to] = LIST[at];
                to += 1;
                at += 1;
            }
            (before, from) = (from, at + 1);
        }
        // Ends the last word.
        (packed, to + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_know_the_same_words() {
        let words = std::str::from_utf8(LIST).unwrap();
        assert!(words.lines().is_sorted() && words.lines().count() > 1_400);
        for word in words.lines() {
            assert!(plain::is_known(word) && packed::is_known(word), "{word}");
            let shorter: String = word.chars().skip(1).collect();
            for other in [&shorter, &format!("{word}a"), &format!("a{word}"), &word.replace('o', "0")] {
                assert_eq!(packed::is_known(other), words.lines().any(|word| word == other), "{other}");
                assert_eq!(packed::is_known(other), plain::is_known(other), "{other}");
            }
        }
        assert!(!packed::is_known("") && !plain::is_known(""));
    }
}
