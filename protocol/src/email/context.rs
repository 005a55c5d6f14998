//! What stands around an address can show that it is none (rule 3.3).

use super::chars::{Script, is_alphanumeric, is_cjk_punctuation, script};
use super::lists::lists;
use super::view::View;

/// Reads the text from left to right and knows, at each `@`, whether it stands inside a URL.
#[derive(Default)]
pub(super) struct UrlState {
    next: usize,
    scheme: bool,
    query: bool,
}

impl UrlState {
    /// Reads on up to the position `at`, which must not go back.
    pub(super) fn read_to(&mut self, view: &View, at: usize) {
        for index in self.next..at {
            let Some(c) = view.at(index) else { break };
            if ends_url(c) {
                (self.scheme, self.query) = (false, false);
            } else if c == '/'
                && view.before(index) == Some('/')
                && view.before(index.wrapping_sub(1)) == Some(':')
            {
                (self.scheme, self.query) = (true, false);
            } else {
                self.query |= matches!(c, '?' | '#');
            }
        }
        self.next = self.next.max(at);
    }

    /// Rule 3.3.2, for an `@` that was read up to and a local part that begins at `start`.
    fn forbids(&self, view: &View, start: usize) -> bool {
        let parameter = self.query && view.before(start) == Some('=');
        self.scheme && !parameter
    }
}

fn ends_url(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '<' | '>' | '"' | '`' | ',' | ';' | '|')
        || is_cjk_punctuation(c)
        || script(c) == Some(Script::Unspaced)
}

/// Whether the surroundings allow an address from `start` to `end`; `local` and `domain` are in lower case.
pub(super) fn allows(view: &View, url: &UrlState, span: (usize, usize), local: &str, domain: &str) -> bool {
    let (start, end) = span;
    let in_chain = view.before(start) == Some('@') || view.at(end) == Some('@');
    !(in_chain
        || url.forbids(view, start)
        || behind_scheme(view, start)
        || before_path_or_port(view, end)
        || behind_remote_command(view, start)
        || is_repository(local, domain)
        || is_file_or_time(domain))
}

/// Rule 3.3.3.
fn behind_scheme(view: &View, start: usize) -> bool {
    const SCHEMES: &str = "sip sips xmpp acct im pres ssh git svn scp sftp ftp";
    if view.before(start) != Some(':') {
        return false;
    }
    let colon = start - 1;
    lists(SCHEMES, &word_before(view, colon, |c| c.is_ascii_alphanumeric()))
}

/// Rule 3.3.4.
fn before_path_or_port(view: &View, end: usize) -> bool {
    // A path or a port is short; looking further would only cost time.
    const LOOK_AHEAD: usize = 256;
    if view.at(end) != Some(':') {
        return false;
    }
    let token = view.slice(end + 1, end + 1 + LOOK_AHEAD).take_while(|c| !c.is_whitespace());
    let token: String = token.collect();
    if token.as_bytes().windows(3).any(|bytes| bytes == b"://") {
        return false;
    }
    let number = token.trim_end_matches(['.', ',', ';', ')']);
    let port = (2..=5).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let path = token.contains('/') && token.chars().any(is_alphanumeric);
    token.starts_with('~') || path || token.ends_with(".git") || port
}

/// Rule 3.3.5.
fn behind_remote_command(view: &View, start: usize) -> bool {
    const COMMANDS: &str = "ssh scp sftp rsync mosh ssh-copy-id";
    let mut end = start;
    // Few commands have more options than this before their target.
    for _ in 0..8 {
        let Some((word, at)) = token_before(view, end) else { return false };
        let command =
            word.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next().unwrap_or_default();
        if lists(COMMANDS, command) {
            return true;
        }
        if word.starts_with('-') {
            end = at;
            continue;
        }
        match token_before(view, at) {
            Some((option, at)) if option.starts_with('-') => end = at,
            _ => return false,
        }
    }
    false
}

/// The token of the same line that ends before `end`, white space between skipped, and where it begins.
pub(super) fn token_before(view: &View, end: usize) -> Option<(String, usize)> {
    const LONGEST: usize = 64;
    let blank = |c: char| c.is_whitespace() && !is_line_break(c);
    let mut to = end;
    while view.before(to).is_some_and(blank) && end - to < LONGEST {
        to -= 1;
    }
    let mut from = to;
    while view.before(from).is_some_and(|c| !c.is_whitespace()) && to - from < LONGEST {
        from -= 1;
    }
    (from < to).then(|| (view.lower(from, to), from))
}

/// Whether the character ends a line.
pub(super) fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn word_before(view: &View, end: usize, belongs: impl Fn(char) -> bool) -> String {
    let mut from = end;
    while view.before(from).is_some_and(&belongs) && end - from < 16 {
        from -= 1;
    }
    view.lower(from, end)
}

/// Rule 3.3.6.
fn is_repository(local: &str, domain: &str) -> bool {
    const HOSTS: &str =
        "bitbucket.org codeberg.org git.sr.ht gitea.com gitee.com github.com gitlab.com ssh.dev.azure.com";
    matches!(local, "git" | "hg") && lists(HOSTS, domain)
}

/// Rule 3.3.7.
fn is_file_or_time(domain: &str) -> bool {
    let Some((name, rest)) = domain.split_once('.') else { return false };
    let retina = matches!(name, "1x" | "2x" | "3x" | "4x") && !rest.contains('.');
    let hour = matches!(name.len(), 1 | 2) && name.bytes().all(|b| b.is_ascii_digit());
    retina || (hour && matches!(rest, "am" | "pm"))
}
