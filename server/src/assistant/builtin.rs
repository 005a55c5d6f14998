//! The assistant without a model: it thanks, and asks for the address or confirms it; it promises nothing else.

use porchlight_protocol::capture::Role;
use porchlight_protocol::time::Timestamp;
use sha2::{Digest, Sha256};

use crate::conversation::Message;

/// The answer to `question`, the newest message of `session` (which holds it already).
///
/// A pure function, so that it can be part of the write that keeps the question, and a retry after a crash ends in the
/// same answer.
pub fn reply(session: &[Message], question: &Message, at: Timestamp) -> Message {
    let words = words_for(question.page.locale.as_deref());
    Message::answering(question, reply_id(question), text(words, session, question), at)
}

/// What the assistant can say in one language; `{email}` stands for the address.
struct Words {
    language: &'static str,
    ask: &'static str,
    confirm: &'static str,
    noted: &'static str,
}

const WORDS: &[Words] = &[
    Words {
        language: "en",
        ask: "Thanks for your message. What e-mail address can we reply to?",
        confirm: "Thank you. We will reply to {email}.",
        noted: "Thanks, we have added that to your message.",
    },
    Words {
        language: "de",
        ask: "Danke für Ihre Nachricht. An welche E-Mail-Adresse dürfen wir antworten?",
        confirm: "Vielen Dank. Wir antworten an {email}.",
        noted: "Danke, das haben wir Ihrer Nachricht hinzugefügt.",
    },
    Words {
        language: "fr",
        ask: "Merci pour votre message. À quelle adresse e-mail pouvons-nous vous répondre ?",
        confirm: "Merci. Nous vous répondrons à {email}.",
        noted: "Merci, nous l’avons ajouté à votre message.",
    },
    Words {
        language: "es",
        ask: "Gracias por su mensaje. ¿A qué dirección de correo podemos responderle?",
        confirm: "Gracias. Le responderemos a {email}.",
        noted: "Gracias, lo hemos añadido a su mensaje.",
    },
    Words {
        language: "it",
        ask: "Grazie per il messaggio. A quale indirizzo e-mail possiamo risponderle?",
        confirm: "Grazie. Le risponderemo a {email}.",
        noted: "Grazie, lo abbiamo aggiunto al suo messaggio.",
    },
    Words {
        language: "pt",
        ask: "Obrigado pela sua mensagem. Para que endereço de e-mail podemos responder?",
        confirm: "Obrigado. Vamos responder para {email}.",
        noted: "Obrigado, acrescentámos isso à sua mensagem.",
    },
    Words {
        language: "nl",
        ask: "Bedankt voor uw bericht. Naar welk e-mailadres kunnen we antwoorden?",
        confirm: "Bedankt. We antwoorden naar {email}.",
        noted: "Bedankt, we hebben dit aan uw bericht toegevoegd.",
    },
];

fn words_for(locale: Option<&str>) -> &'static Words {
    let language = locale.and_then(|tag| tag.split(['-', '_']).next()).unwrap_or("en");
    WORDS.iter().find(|words| words.language.eq_ignore_ascii_case(language)).unwrap_or(&WORDS[0])
}

fn text(words: &Words, session: &[Message], question: &Message) -> String {
    if let Some(email) = question.addresses.first() {
        return words.confirm.replace("{email}", email);
    }
    let asked = session.iter().any(|m| m.role == Role::Assistant);
    let known = session.iter().any(|m| !m.addresses.is_empty());
    match known || asked {
        true => words.noted.to_owned(),
        false => words.ask.to_owned(),
    }
}

/// The id of the answer to a question: `msg_` and 26 digits of Crockford's base 32, as new ids have, made of the
/// question's id. Of several answers that are made at once, one can be kept.
pub fn reply_id(question: &Message) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let hash = Sha256::new()
        .chain_update(b"reply\0")
        .chain_update(&question.session_id)
        .chain_update(b"\0")
        .chain_update(&question.message_id)
        .finalize();
    let digits = hash.iter().take(26).map(|byte| char::from(DIGITS[usize::from(byte & 31)]));
    "msg_".chars().chain(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_found_by_its_tag_and_english_stands_in() {
        for (tag, language) in [("de-AT", "de"), ("PT", "pt"), ("zh", "en"), ("", "en")] {
            assert_eq!(words_for(Some(tag)).language, language, "{tag}");
        }
        assert_eq!(words_for(None).language, "en");
    }
}
