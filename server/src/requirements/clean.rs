//! Takes contact data, secrets and mark-up out of a text (policy 4), before it is read word by word.
//!
//! Most messages hold nothing of the kind, so each pattern runs only where a look at the bytes shows that it could match.

use std::borrow::Cow;
use std::sync::LazyLock;

use porchlight_protocol::email::find_emails;
use regex::Regex;

/// What is taken out, and when it is looked for.
struct Private {
    /// Whether the text could hold it.
    may_hold: fn(&str) -> bool,
    pattern: LazyLock<Regex>,
    /// What takes its place.
    leaves: &'static str,
}

/// A mark ends the clause where contact data stood.
const CLAUSE_END: &str = " \u{1} ";

static PRIVATE: [Private; 7] = [
    // What a block of another notation holds is not said by anybody.
    Private {
        may_hold: |text| {
            text.contains(['<', '{', '[', '`'])
                || text.contains("\":")
                || text.contains("\"\"\"")
                || text.contains("'''")
        },
        pattern: LazyLock::new(|| {
            pattern(
                r#"(?s)"{3}.*?"{3}|'{3}.*?'{3}|\{\s*"[^}]*\}|\{\{#.*?\{\{/[^}]*\}\}|\{\{.*?\}\}|"[a-z_]+"\s*:\s*"[^"]*"?|<!--.*?-->|```.*?```|\[(?:system|sys|inst|instructions?|assistant|admin|prompt)\s*:[^\]]*\]|[\[<]\|?(?:system|sys|inst|instructions?|assistant|admin|prompt|script|style)\b[^\]>]*[\]>].*?(?:[\[<]\|?/(?:system|sys|inst|instructions?|assistant|admin|prompt|script|style)\|?[\]>]|$)"#,
            )
        }),
        leaves: "\n",
    },
    Private {
        may_hold: |text| text.contains('<'),
        pattern: LazyLock::new(|| pattern(r"</?[a-z][^<>]{0,200}>|<\|[^<>]{0,40}\|>")),
        leaves: " ",
    },
    // Links and handles.
    Private {
        may_hold: has_link,
        pattern: LazyLock::new(|| {
            pattern(concat!(
                r"\S+@\S+\.[a-z0-9_]+|https?://\S+|\bwww\.\S+|\b(?:linkedin|instagram|facebook|twitter|x|tiktok|t|wa)\.(?:com|me)/\S+",
                r"|\b[a-z0-9-]+\.(?:example|com|net|org|io|co|de|fr|es|it|nl|pl|pt|uk|eu|shop|info)(?:/\S*)?\b|(?:^|\s)@[a-z0-9_]{2,}",
            ))
        }),
        leaves: CLAUSE_END,
    },
    // Numbers of telephones, cards and accounts.
    Private {
        may_hold: |text| text.bytes().filter(u8::is_ascii_digit).count() >= 7,
        pattern: LazyLock::new(|| {
            pattern(concat!(
                r"(?:\+|\b00)[0-9][0-9\s().\/-]{6,}[0-9]|\(?\b0[0-9]{1,5}\)?[\s\/.-]?[0-9]{2,4}[\s\/.-]?[0-9]{2,}[0-9\s\/.-]*[0-9]",
                r"|\([0-9]{3}\)\s?[0-9]{3}-[0-9]{4}|\b[0-9]{3}[-.\s][0-9]{3}[-.\s][0-9]{4}\b|\b[0-9]{2}[ -][0-9]{4}[ -][0-9]{4}\b|\b[0-9](?:[ -]?[0-9]){12,18}\b(?:[^0-9]{1,16}(?:code|cvv|cvc|csc)\s*[0-9]{3,4}\b)?|\b[0-9]{3,4}[ -][0-9]{3,4}[ -][0-9]{3,4}\b|\b[6-9][0-9]{4} [0-9]{5}\b|\b[0-9]{2,3}(?: [0-9]{2,3}){3,}\b",
                r"|\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,}(?: ?[A-Z0-9]{1,4})?\b",
            ))
        }),
        leaves: CLAUSE_END,
    },
    // Keys.
    Private {
        may_hold: |text| text.contains(['_', '-']) || text.contains("AKIA") || text.contains("eyJ"),
        pattern: LazyLock::new(|| {
            pattern(
                r"\b(?:sk|pk|ghp|xox[bp]|AKIA|gho|glpat|api|key)[_-][A-Za-z0-9_-]{6,}|\bAKIA[A-Z0-9]{8,}|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+",
            )
        }),
        leaves: CLAUSE_END,
    },
    // Logins.
    Private {
        may_hold: |text| text.contains(['/', ':', '=']) || text.contains(" is "),
        pattern: LazyLock::new(|| {
            pattern(
                r"\b(?:log-?in|user ?name|user id|credentials|zugangsdaten|benutzername|identifiant|usuario)\b(?:\s*(?:is|are|ist|sind|est|es|:|=))+\s*\S+(?:\s*[/|,]\s*(?:(?:pass ?word|passwort|kennwort|pwd|pw|mot de passe|contraseña|senha|wachtwoord)\s*(?:is|ist|:|=)?\s*)?\S+)?",
            )
        }),
        leaves: CLAUSE_END,
    },
    // What is called a secret, or a handle, and holds a number or a sign.
    Private {
        may_hold: |text| text.bytes().any(|b| b.is_ascii_digit() || b"!@#$%^&*_-".contains(&b)),
        pattern: LazyLock::new(|| {
            pattern(concat!(
                r"\b(?:gate|door|entry|alarm|lock ?box|key ?safe|key ?box|garage) code(?:\s*(?:is|:|=|->|#))*\s*[0-9]{3,8}\b#?|",
                r"\bsort code[^0-9]{0,12}[0-9]{2}[- ]?[0-9]{2}[- ]?[0-9]{2}[^0-9]{1,24}[0-9]{7,8}\b|",
                r"\b(?:my |the |our |login |temp(?:orary)? )?(?:pass ?word|passwort|kennwort|pwd|pw|pass(?:code|phrase)|mot de passe|contraseña|clave|senha|wachtwoord|hasło|pin(?: code)?|cvv2?|cvc|csc|security code|sicherheitscode|prüfziffer|code de sécurité|código de seguridad|one.?time code|otp|2fa code|tan|api key|secret|secret key|access key|token|login code|verification code|sms code|code from the (?:sms|app)|iban|sort code|account number|kontonummer|routing number|ssn|social security number|password di accesso|inlogcode|toegangscode|lösenord|adgangskode|passord|heslo|şifre|salasana|código de acceso|código de acesso|palavra-passe|code d['’]accès|zugangscode|türcode|kod dostępu|codice di accesso)\b(?: (?:van|von|de|du|til|för) [a-zà-ÿ]+)?(?: (?:you|they|u) [a-z]+)?(?:\s*(?:is|was|ist|war|est|es|é|era|to|=|:|->|#|nr|number|no\.?|currently|just)\s*)*[\s:=]*['\x22]?[^\s,;]*[0-9!@#$%^&*_-][^\s,;]*(?:\s+[0-9]{3,4}\b)*",
                r"|\b(?:exp(?:iry|ires|iration)?(?: date)?|valid (?:until|thru)|gültig bis)[\s:.]*[0-9]{1,2}[/-][0-9]{2,4}",
                r"|\b(?:insta(?:gram)?|skype|telegram|discord|snapchat|snap|wechat|twitter|tiktok|handle|username|user name|benutzername|usuario)(?: (?:is|name|id|handle))?[\s:]+[@a-z0-9_][a-z0-9_.]*[0-9_][a-z0-9_]*",
            ))
        }),
        leaves: CLAUSE_END,
    },
];

/// The text without addresses, numbers, secrets and mark-up; where contact data stood, a mark ends the clause.
pub(super) fn without_private(text: &str) -> Cow<'_, str> {
    let mut kept = without_emails(text);
    for private in &PRIVATE {
        if (private.may_hold)(&kept)
            && let Cow::Owned(changed) = private.pattern.replace_all(&kept, private.leaves)
        {
            kept = Cow::Owned(changed);
        }
    }
    // A line feed written as an escape, and what stands below a letter.
    for line in ["P.S.", "\\n"] {
        if kept.contains(line) {
            kept = Cow::Owned(kept.replace(line, "\n"));
        }
    }
    kept
}

fn without_emails(text: &str) -> Cow<'_, str> {
    let hits = find_emails(text);
    if hits.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for hit in hits {
        kept.push_str(&text[from..hit.start]);
        kept.push_str(CLAUSE_END);
        from = hit.end;
    }
    kept.push_str(&text[from..]);
    Cow::Owned(kept)
}

/// An at sign, an address, or a full stop between a letter or digit and a letter.
fn has_link(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.contains(['@', '/'])
        || bytes
            .windows(3)
            .any(|w| w[1] == b'.' && w[0].is_ascii_alphanumeric() && w[2].is_ascii_alphabetic())
}

/// Compiles a pattern of this program. Letter case is ignored, and words end where ASCII letters do, which keeps the search
/// linear and fast on text in every script.
fn pattern(text: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "the patterns are constants, compiled by the tests")]
    Regex::new(&format!("(?i){}", text.replace(r"\b", r"(?-u:\b)"))).expect("a constant pattern")
}
