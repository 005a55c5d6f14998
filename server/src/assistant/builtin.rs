//! The assistant without a model: it answers in the business's own words where they answer, and otherwise thanks, and
//! asks for the address or confirms it. It promises nothing else.

use porchlight_protocol::capture::Role;
use porchlight_protocol::time::Timestamp;

use crate::conversation::Message;
use crate::keys;
use crate::knowledge::Passage;

/// The answer to `question`, the newest message of `session` (which holds it already), by what is known, best first.
///
/// A pure function, so that it can be part of the write that keeps the question, and a retry after a crash ends in the
/// same answer.
pub fn reply(session: &[Message], question: &Message, known: &[Passage], at: Timestamp) -> Message {
    let words = words_for(question.page.locale.as_deref());
    let answer = known.first().filter(|best| best.answers);
    let text = text(words, session, question, answer);
    let sources = answer.into_iter().map(Passage::source).collect();
    Message { sources, ..Message::answering(question, reply_id(question), text, at) }
}

/// What the assistant can say in one language; `{email}` stands for the address.
struct Words {
    language: &'static str,
    ask: &'static str,
    confirm: &'static str,
    noted: &'static str,
    /// Before an answer, where no address is known.
    answer_and_ask: &'static str,
    /// Before an answer to a message with an address.
    answer_and_confirm: &'static str,
    /// Before any other answer.
    answer: &'static str,
}

const WORDS: &[Words] = &[
    Words {
        language: "en",
        ask: "Thanks for your message. What e-mail address can we reply to?",
        confirm: "Thank you. We will reply to {email}.",
        noted: "Thanks, we have added that to your message.",
        answer_and_ask: "This is what we have written on that; leave your e-mail address if you would like to hear more:",
        answer_and_confirm: "This is what we have written on that, and we will reply to {email}:",
        answer: "This is what we have written on that:",
    },
    Words {
        language: "de",
        ask: "Danke für Ihre Nachricht. An welche E-Mail-Adresse dürfen wir antworten?",
        confirm: "Vielen Dank. Wir antworten an {email}.",
        noted: "Danke, das haben wir Ihrer Nachricht hinzugefügt.",
        answer_and_ask: "Dazu haben wir geschrieben; wenn Sie mehr wissen möchten, lassen Sie uns Ihre E-Mail-Adresse da:",
        answer_and_confirm: "Dazu haben wir geschrieben, und wir antworten an {email}:",
        answer: "Dazu haben wir geschrieben:",
    },
    Words {
        language: "fr",
        ask: "Merci pour votre message. À quelle adresse e-mail pouvons-nous vous répondre ?",
        confirm: "Merci. Nous vous répondrons à {email}.",
        noted: "Merci, nous l’avons ajouté à votre message.",
        answer_and_ask: "Voici ce que nous avons écrit à ce sujet ; laissez-nous votre adresse e-mail pour en savoir plus :",
        answer_and_confirm: "Voici ce que nous avons écrit à ce sujet, et nous vous répondrons à {email} :",
        answer: "Voici ce que nous avons écrit à ce sujet :",
    },
    Words {
        language: "es",
        ask: "Gracias por su mensaje. ¿A qué dirección de correo podemos responderle?",
        confirm: "Gracias. Le responderemos a {email}.",
        noted: "Gracias, lo hemos añadido a su mensaje.",
        answer_and_ask: "Esto es lo que hemos escrito al respecto; déjenos su correo si desea saber más:",
        answer_and_confirm: "Esto es lo que hemos escrito al respecto, y le responderemos a {email}:",
        answer: "Esto es lo que hemos escrito al respecto:",
    },
    Words {
        language: "it",
        ask: "Grazie per il messaggio. A quale indirizzo e-mail possiamo risponderle?",
        confirm: "Grazie. Le risponderemo a {email}.",
        noted: "Grazie, lo abbiamo aggiunto al suo messaggio.",
        answer_and_ask: "Ecco che cosa abbiamo scritto in proposito; ci lasci il suo indirizzo e-mail se desidera saperne di più:",
        answer_and_confirm: "Ecco che cosa abbiamo scritto in proposito, e le risponderemo a {email}:",
        answer: "Ecco che cosa abbiamo scritto in proposito:",
    },
    Words {
        language: "pt",
        ask: "Obrigado pela sua mensagem. Para que endereço de e-mail podemos responder?",
        confirm: "Obrigado. Vamos responder para {email}.",
        noted: "Obrigado, acrescentámos isso à sua mensagem.",
        answer_and_ask: "É isto que escrevemos sobre o assunto; deixe-nos o seu e-mail se quiser saber mais:",
        answer_and_confirm: "É isto que escrevemos sobre o assunto, e vamos responder para {email}:",
        answer: "É isto que escrevemos sobre o assunto:",
    },
    Words {
        language: "nl",
        ask: "Bedankt voor uw bericht. Naar welk e-mailadres kunnen we antwoorden?",
        confirm: "Bedankt. We antwoorden naar {email}.",
        noted: "Bedankt, we hebben dit aan uw bericht toegevoegd.",
        answer_and_ask: "Dit hebben wij daarover geschreven; laat uw e-mailadres achter als u meer wilt weten:",
        answer_and_confirm: "Dit hebben wij daarover geschreven, en we antwoorden naar {email}:",
        answer: "Dit hebben wij daarover geschreven:",
    },
    Words {
        language: "pl",
        ask: "Dziękujemy za wiadomość. Na jaki adres e-mail możemy odpowiedzieć?",
        confirm: "Dziękujemy. Odpowiemy na {email}.",
        noted: "Dziękujemy, dodaliśmy to do wiadomości.",
        answer_and_ask: "Oto, co na ten temat napisaliśmy; aby dowiedzieć się więcej, prosimy zostawić adres e-mail:",
        answer_and_confirm: "Oto, co na ten temat napisaliśmy; odpowiemy też na {email}:",
        answer: "Oto, co na ten temat napisaliśmy:",
    },
    Words {
        language: "tr",
        ask: "Mesajınız için teşekkürler. Hangi e-posta adresine yanıt verebiliriz?",
        confirm: "Teşekkürler. {email} adresine yanıt vereceğiz.",
        noted: "Teşekkürler, bunu mesajınıza ekledik.",
        answer_and_ask: "Bu konuda yazdıklarımız aşağıda; daha fazlası için e-posta adresinizi bırakın:",
        answer_and_confirm: "Bu konuda yazdıklarımız aşağıda; ayrıca {email} adresine yanıt vereceğiz:",
        answer: "Bu konuda yazdıklarımız:",
    },
    Words {
        language: "uk",
        ask: "Дякуємо за повідомлення. На яку електронну адресу ми можемо відповісти?",
        confirm: "Дякуємо. Ми відповімо на {email}.",
        noted: "Дякуємо, ми додали це до вашого повідомлення.",
        answer_and_ask: "Ось що ми про це написали; щоб дізнатися більше, залиште свою електронну адресу:",
        answer_and_confirm: "Ось що ми про це написали, і ми відповімо на {email}:",
        answer: "Ось що ми про це написали:",
    },
    Words {
        language: "ar",
        ask: "شكرًا على رسالتك. إلى أي بريد إلكتروني يمكننا الرد؟",
        confirm: "شكرًا. سنرد على {email}.",
        noted: "شكرًا، أضفنا ذلك إلى رسالتك.",
        answer_and_ask: "هذا ما كتبناه عن ذلك؛ اترك بريدك الإلكتروني إن أردت معرفة المزيد:",
        answer_and_confirm: "هذا ما كتبناه عن ذلك، وسنرد على {email}:",
        answer: "هذا ما كتبناه عن ذلك:",
    },
    Words {
        language: "he",
        ask: "תודה על ההודעה. לאיזו כתובת דוא״ל נוכל להשיב?",
        confirm: "תודה. נשיב אל {email}.",
        noted: "תודה, הוספנו זאת להודעה שלך.",
        answer_and_ask: "זה מה שכתבנו בנושא; כדי לדעת עוד, אפשר להשאיר כתובת דוא״ל:",
        answer_and_confirm: "זה מה שכתבנו בנושא, ונשיב אל {email}:",
        answer: "זה מה שכתבנו בנושא:",
    },
];

fn words_for(locale: Option<&str>) -> &'static Words {
    let language = locale.and_then(|tag| tag.split(['-', '_']).next()).unwrap_or("en");
    WORDS.iter().find(|words| words.language.eq_ignore_ascii_case(language)).unwrap_or(&WORDS[0])
}

fn text(words: &Words, session: &[Message], question: &Message, answer: Option<&Passage>) -> String {
    let address = question.addresses.first();
    let known = session.iter().any(|m| !m.addresses.is_empty());
    // An answer asks in passing; the visitor may not have noticed.
    let asked = session.iter().any(|m| m.role == Role::Assistant && m.sources.is_empty());
    let words = match (answer, address) {
        (Some(_), Some(_)) => words.answer_and_confirm,
        (Some(_), None) if known => words.answer,
        (Some(_), None) => words.answer_and_ask,
        (None, Some(_)) => words.confirm,
        (None, None) if known || asked => words.noted,
        (None, None) => words.ask,
    };
    let mut text = words.replace("{email}", address.map_or("", String::as_str));
    if let Some(answer) = answer {
        text.push_str("\n\n");
        text.push_str(&answer.text);
    }
    text
}

/// The id of the answer to a question. Of several answers that are made at once, one can be kept.
pub fn reply_id(question: &Message) -> String {
    keys::derived_id("msg_", &["reply", &question.session_id, &question.message_id])
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

    #[test]
    fn every_language_says_all_there_is_to_say() {
        for words in WORDS {
            assert!(words.confirm.contains("{email}") && words.answer_and_confirm.contains("{email}"));
            assert!(words.answer_and_ask.ends_with(':') && words.answer.ends_with(':'), "{}", words.language);
        }
    }
}
