//! What must never appear: contact data, secrets, words aimed at the software, advertising.

use std::sync::LazyLock;

use porchlight_protocol::email::find_emails;
use regex::Regex;

use super::lexicon::pattern;

/// Sentences that speak to the software, or bring ready-made output.
static AIMED_AT_SOFTWARE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|prompts?|rules?|above|previous|prior|everything)\b|(?:ignoriere|vergiss)\b.{0,30}(?:anweisung|regeln)|(?:ignore[zr]?|oublie[zr]?)\b.{0,30}(?:consignes|instructions)|ignora\b.{0,30}(?:instrucciones|istruzioni|instruções)|\bsystem ?(?:prompt|message)\b|^\s*(?:system|assistant|developer|admin|user|agent|bot)\s*:|\byou are now\b|\bact as (?:a|an|the|if)\b|\bpretend (?:to|you)\b|\bjailbreak|\b(?:print|output|repeat|respond with|reply with|answer only|return only|write exactly)\b.{0,40}\b(?:following|exactly|only|text|json|bullets?|summary|word)\b|\b(?:add|append|insert|include|list)\b.{0,25}\b(?:bullets?|requirements?)\b|\b(?:summary|requirements?|bullets?) (?:must|should|is|are)\b|<[^>]*>|\{\{|\}\}|```|^\s*[•*#]",
    )
});

/// Services offered to the business, prizes, money from strangers.
static ADVERTISING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:backlinks?|guest post|seo (?:services?|packages?|experts?|agency|audit)|rank (?:your|you|#1|first|higher)|first page of google|page one of google|increase (?:your|the) (?:traffic|sales|ranking|revenue|followers)|boost your|grow your (?:business|sales|followers)|(?:buy|cheap) (?:followers|likes|viagra|cialis)|crypto(?:currency)? (?:invest\w*|giveaway|opportunity)|guaranteed (?:returns?|profits?|income)|double your (?:money|bitcoin)|you(?:'ve| have)? (?:been selected|won|are (?:the|a) (?:lucky )?winner)|claim (?:your|the) (?:prize|reward|gift)|lottery|inheritance|next of kin|transfer (?:of )?(?:the )?(?:funds?|usd|\$)|western union|work from home and earn|earn \$?\d+ (?:a|per) (?:day|week)|loan offer|we (?:offer|provide|specialize|specialise) (?:in )?(?:\w+ ){0,4}(?:services|solutions|development|design|marketing|packages)|(?:our|my) (?:agency|team|company) (?:offers|provides|specializes|specialises|can help your)|i (?:can|could|will) (?:redesign|improve|optimi[sz]e|promote) your (?:website|site|business|ranking)|casino|herzlichen glückwunsch.{0,20}gewonnen|sie haben gewonnen|has ganado|vous avez gagné)\b",
    )
});

/// Numbers of telephones and cards, keys, and what is called a secret.
static PRIVATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:\b(?:phone|tel|telephone|mobile|cell|whatsapp|call me (?:on|at)|reach me (?:on|at)|telefon(?:nummer)?|handy|tél(?:éphone)?|teléfono|telefono|telefone|móvil|cellulare)\b[\s:.#nº°ois]{0,10})?(?:\+|\b00)\d[\d\s().\/-]{6,}\d|\(?\b0\d{1,4}\)?[\s\/.-]?\d{2,4}[\s\/.-]?\d{2,}[\d\s\/.-]*\d|\(\d{3}\)\s?\d{3}-\d{4}|\b\d{3}[-.\s]\d{3}[-.\s]\d{4}\b|\b\d(?:[ -]?\d){12,18}\b|\b(?:sk|pk|ghp|xox[bp]|AKIA)[_-]?[A-Za-z0-9_-]{8,}|\b(?:my |the |our )?(?:password|passwort|pass ?word|pwd|mot de passe|contraseña|senha|pin(?: code)?|cvv|cvc|security code|one.?time code|otp|api key|secret|login code|verification code|iban)\b(?: (?:is|ist|est|es|é))?[\s:=]*\S+(?: exp\S* \S+)?|\b(?:exp(?:iry|ires)?|valid until)[\s:]*\d{2}/\d{2,4}|https?://\S+|\bwww\.\S+|(?:^|\s)@\w{2,}|\b(?:linkedin|instagram|facebook|twitter|x)\.com/\S+|\b[A-Z]{2}\d{2}(?: ?\d{4}){3,}",
    )
});

/// A person's name, where it is said to be one. The letters' case counts within the name.
static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a constant, compiled by the tests")]
    Regex::new(
        r"(?:\b(?i:my name(?:'s| is)|(?:and )?name[:]|i am called|this is|i'm|i am|it's|mein name ist|ich bin|ich heiße|je m['’]appelle|je suis|me llamo|soy|mi chiamo|sono|meu nome é|chamo-me|sou|mijn naam is|ik ben|nazywam się|jestem|contact person is|ask for|speak to|regards,?|best,|cheers,|thanks,|thx,|greetings,|gruß,?|grüße,?|saludos,?|cordialement,?|groet(?:en)?,?|(?:mr|mrs|ms|dr|herr|frau|mme)\.?)\s+)\p{Lu}[\p{L}'’-]+(?:\s+(?:(?:van|von|de|der|da|di|del|la|le)\s+)*\p{Lu}[\p{L}'’.-]*){0,2}(?i:\s+(?:here|speaking|hier|ici)\b)?|^\p{Lu}\p{Ll}+(?:\s\p{Lu}\p{Ll}+)?\s+(?:here|hier)\b",
    )
    .expect("a constant pattern")
});

/// Whether somebody sells to the business instead of asking.
pub(super) fn is_advertising<'a>(mut texts: impl Iterator<Item = &'a str>) -> bool {
    texts.any(|text| ADVERTISING.is_match(text))
}

/// Whether a sentence speaks to the software: it is data, and dropped.
pub(super) fn is_aimed_at_software(sentence: &str) -> bool {
    AIMED_AT_SOFTWARE.is_match(sentence)
}

/// The text without addresses, numbers, names and secrets; a mark that ends a clause stands in their place.
pub(super) fn without_private(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for hit in find_emails(text) {
        kept.push_str(&text[from..hit.start]);
        kept.push_str(" ; ");
        from = hit.end;
    }
    kept.push_str(&text[from..]);
    let kept = PRIVATE.replace_all(&kept, " ; ");
    NAMES.replace_all(&kept, " ; ").into_owned()
}
