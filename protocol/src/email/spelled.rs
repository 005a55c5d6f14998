//! Addresses that are spelled out or spaced (section 4): `bo (at) acme dot org`, `bo @ acme.org`.

use super::chars::{Kind, is_alphanumeric, kind};
use super::context::{UrlState, allows, is_line_break, token_before};
use super::lists::{is_provider, is_tld};
use super::view::View;

/// A spelled-out address: its place in the view and its parts in lower case.
pub(super) struct Spelled {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) local: String,
    pub(super) domain: String,
}

/// The forms of the policy's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    A,
    B,
    C,
    D,
    E,
    F,
    G,
}

/// What stands between local part and domain: from where the local part ends to where the domain begins.
struct Marker {
    form: Form,
    from: usize,
    to: usize,
}

const BRACKETS: &[(char, char)] = &[('(', ')'), ('[', ']'), ('{', '}'), ('<', '>')];
const AT_WORDS: &[&str] = &["at", "ät", "@", "arroba", "arobase", "chiocciola"];
const DOT_WORDS: &[&str] = &["dot", "punkt", "punto", "point", "ponto"];
const FOREIGN_AT: &[&str] = &["arroba", "arobase", "chiocciola"];

const LEAD_INS: &[&str] = &[
    "a", "address", "adresse", "al", "also", "an", "and", "at", "correo", "e", "e-mail", "email", "es",
    "est", "et", "id", "is", "ist", "it's", "its", "mail", "me", "o", "oder", "on", "or", "ou", "to", "und",
    "via", "y", "à", "är", "è", "é",
];

const CUE_BEGINNINGS: &[&str] = &[
    "e-mail",
    "email",
    "mail",
    "contact",
    "reach",
    "address",
    "correo",
    "kontakt",
    "indirizzo",
    "почт",
    "имейл",
];
const CUE_WORDS: &[&str] = &["inbox", "write", "send", "courriel", "adresse"];

const STOP_WORDS: &[&str] = &[
    "account",
    "accounts",
    "address",
    "aim",
    "also",
    "am",
    "anyone",
    "are",
    "around",
    "arrive",
    "arriving",
    "available",
    "back",
    "bad",
    "based",
    "be",
    "been",
    "being",
    "best",
    "better",
    "bought",
    "buy",
    "chat",
    "down",
    "e-mail",
    "email",
    "end",
    "ends",
    "everyone",
    "find",
    "form",
    "found",
    "good",
    "great",
    "he",
    "her",
    "here",
    "him",
    "home",
    "hosted",
    "i",
    "in",
    "inbox",
    "is",
    "it",
    "just",
    "listed",
    "live",
    "lives",
    "located",
    "login",
    "look",
    "looked",
    "looking",
    "mail",
    "me",
    "meet",
    "meeting",
    "meetings",
    "not",
    "office",
    "on",
    "only",
    "order",
    "ordered",
    "out",
    "over",
    "page",
    "people",
    "price",
    "prices",
    "pricing",
    "product",
    "products",
    "profile",
    "registered",
    "see",
    "seen",
    "she",
    "shop",
    "site",
    "sold",
    "someone",
    "start",
    "starting",
    "starts",
    "stay",
    "store",
    "talk",
    "team",
    "that",
    "them",
    "there",
    "these",
    "they",
    "this",
    "those",
    "up",
    "us",
    "visit",
    "was",
    "we",
    "website",
    "were",
    "what",
    "which",
    "who",
    "work",
    "worked",
    "working",
    "works",
    "you",
];

/// All spelled-out addresses, in order, none of which touches a stretch of `taken` (sorted, not overlapping).
pub(super) fn find(view: &View, taken: &[(usize, usize)]) -> Vec<Spelled> {
    let mut found: Vec<Spelled> = Vec::new();
    let mut url = UrlState::default();
    let message = Message::of(view);
    for index in 0..view.len() {
        let Some(marker) = marker(view, index) else { continue };
        let free_from = found.last().map_or(0, |last| last.end);
        url.read_to(view, marker.from);
        if let Some(hit) = read(view, &marker, &url, &message)
            && hit.start >= free_from
            && !overlaps(taken, hit.start, hit.end)
        {
            found.push(hit);
        }
    }
    found
}

fn overlaps(taken: &[(usize, usize)], start: usize, end: usize) -> bool {
    let next = taken.partition_point(|(_, taken_end)| *taken_end <= start);
    taken.get(next).is_some_and(|(taken_start, _)| *taken_start < end)
}

/// The marker whose first character other than a space is at `index`.
fn marker(view: &View, index: usize) -> Option<Marker> {
    let c = view.at(index)?;
    if BRACKETS.iter().any(|(open, _)| *open == c) {
        let end = bracketed(view, index, AT_WORDS)?;
        return Some(spaced(view, Form::A, index, end, 2));
    }
    if c == '@' {
        let marker = spaced(view, Form::B, index, index + 1, 2);
        let form = match (marker.from < index, marker.to > index + 1) {
            (false, false) => Form::B,
            (false, true) => Form::D,
            (true, _) => Form::E,
        };
        return Some(Marker { form, ..marker });
    }
    let single_spaced = |word: &str| {
        let end = index + word.chars().count();
        let alone = view.before(index) == Some(' ') && view.spells(index, word) && view.at(end) == Some(' ');
        alone.then(|| Marker { form: Form::F, from: index - 1, to: end + 1 })
    };
    match c {
        'A' if view.at(index + 1) == Some('T') => single_spaced("at").map(|m| Marker { form: Form::C, ..m }),
        'a' if view.at(index + 1) == Some('t') => single_spaced("at").map(|m| Marker { form: Form::G, ..m }),
        'a' | 'A' | 'c' | 'C' => FOREIGN_AT.iter().find_map(|word| single_spaced(word)),
        _ => None,
    }
}

/// Widens a marker by the spaces around it, at most `most` on each side.
fn spaced(view: &View, form: Form, from: usize, to: usize, most: usize) -> Marker {
    Marker { form, from: from - spaces_before(view, from, most), to: to + spaces_at(view, to, most) }
}

fn spaces_at(view: &View, from: usize, most: usize) -> usize {
    view.slice(from, from + most).take_while(|c| *c == ' ').count()
}

fn spaces_before(view: &View, to: usize, most: usize) -> usize {
    view.slice(to.saturating_sub(most), to).rev().take_while(|c| *c == ' ').count()
}

/// Behind a word in brackets that open at `index`, with up to one space inside each.
fn bracketed(view: &View, index: usize, words: &[&str]) -> Option<usize> {
    let open = view.at(index)?;
    let close = BRACKETS.iter().find(|(bracket, _)| *bracket == open)?.1;
    let start = index + 1 + spaces_at(view, index + 1, 1);
    let end_of = |word: &&&str| {
        let end = start + word.chars().count();
        let end = end + spaces_at(view, end, 1);
        view.spells(start, word) && view.at(end) == Some(close)
    };
    let word = words.iter().find(end_of)?;
    let end = start + word.chars().count();
    Some(end + spaces_at(view, end, 1) + 1)
}

/// A dot as it may be spelled.
struct Dot {
    from: usize,
    to: usize,
    spelled: bool,
}

/// The dot that begins at `from`.
fn dot_at(view: &View, from: usize, spaced_dots: bool) -> Option<Dot> {
    let plain = |to: usize| Some(Dot { from, to, spelled: false });
    let spelled = |to: usize| Some(Dot { from, to, spelled: true });
    if view.at(from) == Some('.') && view.at(from + 1) != Some(' ') {
        return plain(from + 1);
    }
    let word = from + spaces_at(view, from, 2);
    let bracket_words = ["dot", "punkt", "punto", "point", "ponto", "."];
    if let Some(end) = bracketed(view, word, &bracket_words) {
        return spelled(end + spaces_at(view, end, 2));
    }
    if word > from {
        if let Some(found) = DOT_WORDS.iter().find(|dot| view.spells(word, dot)) {
            let end = word + found.chars().count();
            let gap = spaces_at(view, end, 2);
            return if gap > 0 { spelled(end + gap) } else { None };
        }
        if spaced_dots && word == from + 1 && view.at(word) == Some('.') && view.at(word + 1) == Some(' ') {
            return plain(word + 2);
        }
    }
    None
}

/// The dot that ends at `to`: the longest one that `dot_at` reads up to there.
fn dot_before(view: &View, to: usize, spaced_dots: bool) -> Option<Dot> {
    // Brackets, a word of five letters and six spaces are the most a dot can take.
    const LONGEST: usize = 13;
    let lowest = to.saturating_sub(LONGEST);
    let mut starts = (lowest..to).filter(|from| view.before(*from).is_some_and(is_atom));
    starts.find_map(|from| dot_at(view, from, spaced_dots).filter(|dot| dot.to == to))
}

fn is_atom(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-')
}

fn is_label(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

/// The local part that ends at `end`: where it begins, and its atoms.
fn local_before(view: &View, end: usize, spaced_dots: bool) -> Option<(usize, Vec<String>)> {
    let mut atoms: Vec<String> = Vec::new();
    let mut to = end;
    loop {
        let mut from = to;
        while view.before(from).is_some_and(is_atom) && to - from <= 64 {
            from -= 1;
        }
        if from == to || to - from > 64 {
            return None;
        }
        atoms.insert(0, view.lower(from, to));
        match dot_before(view, from, spaced_dots).filter(|_| atoms.len() < 6) {
            Some(dot) => to = dot.from,
            None => return Some((from, atoms)),
        }
    }
}

struct SpelledDomain {
    end: usize,
    text: String,
    spelled_dot: bool,
}

/// The domain that begins at `from`, shortened to its last label that is a known top-level domain.
fn domain_at(view: &View, from: usize, spaced_dots: bool) -> Option<SpelledDomain> {
    let mut best = None;
    let (mut text, mut start, mut spelled_dot) = (String::new(), from, false);
    for count in 1..=6 {
        let mut end = start;
        while view.at(end).is_some_and(is_label) && end - start <= 63 {
            end += 1;
        }
        let label = view.lower(start, end);
        if label.is_empty() || label.len() > 63 || label.starts_with('-') || label.ends_with('-') {
            break;
        }
        text.push_str(&label);
        if count >= 2 && is_tld(&label) {
            best = Some(SpelledDomain { end, text: text.clone(), spelled_dot });
        }
        let Some(dot) = dot_at(view, end, spaced_dots) else { break };
        spelled_dot |= dot.spelled;
        text.push('.');
        start = dot.to;
    }
    best
}

/// The address around a marker, if the table accepts it.
fn read(view: &View, marker: &Marker, url: &UrlState, message: &Message) -> Option<Spelled> {
    let spaced_dots = matches!(marker.form, Form::D | Form::E);
    let domain = domain_at(view, marker.to, spaced_dots)?;
    let (start, atoms) = local_before(view, marker.from, spaced_dots)?;
    let before_ok =
        view.before(start).is_none_or(|c| !is_alphanumeric(c) && !matches!(c, '_' | '@' | '+' | '-'));
    let behind_ok = view.at(domain.end).is_none_or(|c| !is_alphanumeric(c) && c != '@');
    let local = atoms.join(".");
    let stops = STOP_WORDS.contains(&local.as_str())
        || atoms.last().is_some_and(|a| STOP_WORDS.contains(&a.as_str()));
    let fits = local.len() <= 64 && local.len() + 1 + domain.text.len() <= 254;
    let span = (start, domain.end);
    let accepted = before_ok
        && behind_ok
        && !stops
        && fits
        && form_holds(view, marker, span, &domain, message)
        && allows(view, url, span, &local, &domain.text);
    accepted.then_some(Spelled { start, end: domain.end, local, domain: domain.text })
}

fn form_holds(
    view: &View,
    marker: &Marker,
    span: (usize, usize),
    domain: &SpelledDomain,
    message: &Message,
) -> bool {
    let (start, end) = span;
    let led = || has_lead_in(view, start);
    let alone = || message.is_only(start, end);
    match marker.form {
        Form::A | Form::D => true,
        Form::B => domain.spelled_dot,
        Form::C => view.slice(start, marker.from).any(|c| c.is_ascii_lowercase()),
        Form::E => led() && (alone() || has_cue(view, start) || is_provider(&domain.text)),
        Form::F => led(),
        Form::G => {
            led() && (alone() || has_cue(view, start) || (is_provider(&domain.text) && domain.spelled_dot))
        }
    }
}

/// Whether what stands before a local part shows that it begins there.
fn has_lead_in(view: &View, start: usize) -> bool {
    match view.before(start) {
        None => true,
        Some(c) if !c.is_whitespace() => !is_alphanumeric(c),
        Some(_) => match token_before(view, start) {
            None => true,
            Some((token, _)) => {
                let ends_in_punctuation =
                    token.chars().next_back().is_some_and(|c| kind(c) == Kind::Separator);
                ends_in_punctuation || LEAD_INS.contains(&token.as_str())
            }
        },
    }
}

/// Whether one of the 60 characters before `start` begins a word that speaks of mail.
fn has_cue(view: &View, start: usize) -> bool {
    const NEAR: usize = 60;
    let from = start.saturating_sub(NEAR);
    (from..start).filter(|i| !view.before(*i).is_some_and(is_alphanumeric)).any(|i| {
        let ends = |word: &str| !view.at(i + word.len()).is_some_and(is_alphanumeric);
        CUE_BEGINNINGS.iter().any(|word| view.spells(i, word))
            || CUE_WORDS.iter().any(|word| view.spells(i, word) && ends(word))
    })
}

/// Where the message's own words begin and end, punctuation set aside.
struct Message {
    first: usize,
    end: usize,
}

impl Message {
    fn of(view: &View) -> Self {
        let speaks = |index: &usize| {
            view.at(*index).is_some_and(|c| {
                !c.is_whitespace()
                    && !is_line_break(c)
                    && !matches!(
                        c,
                        '.' | '!'
                            | '?'
                            | ','
                            | ';'
                            | ':'
                            | '('
                            | ')'
                            | '['
                            | ']'
                            | '-'
                            | '–'
                            | '*'
                            | '"'
                            | '\''
                    )
            })
        };
        let first = (0..view.len()).find(speaks).unwrap_or(0);
        let end = (0..view.len()).rev().find(speaks).map_or(0, |last| last + 1);
        Self { first, end }
    }

    /// Whether nothing is said outside this stretch.
    fn is_only(&self, start: usize, end: usize) -> bool {
        self.first >= start && self.end <= end
    }
}
