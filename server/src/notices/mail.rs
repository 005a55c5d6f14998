//! The mail itself: plain text, no visitor's word in its head.

use std::time::Duration;

use anyhow::Context;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use porchlight_protocol::ids::SessionId;
use sha2::{Digest, Sha256};

use super::{Due, Notice, NoticeKind};
use crate::conversation;
use crate::store::{Store, StoreError};

/// How long the mail server may take for one step.
const STEP_PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take for a mail; shorter than the right to send lasts.
const PATIENCE: Duration = Duration::from_secs(40);

/// How many characters of a message are shown.
const SHOWN: usize = 200;

/// Hands mails to a mail server.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// What is to be told, in words.
pub(super) struct Text {
    subject: String,
    body: String,
}

/// Reads whom mails are from.
pub fn read_sender(from: &str) -> anyhow::Result<Mailbox> {
    from.parse().context("--mail-from must be like Acme <notices@acme.com>")
}

impl Mailer {
    /// `smtp` is `smtp://…` or `smtps://…`, `from` an address with or without a name.
    pub fn new(smtp: &str, from: &str) -> anyhow::Result<Self> {
        // The address may hold a password: neither it nor what is said of it is repeated.
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(smtp).ok().context(
            "--smtp must be like smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST:587?tls=required",
        )?;
        let from = read_sender(from)?;
        Ok(Self { transport: builder.timeout(Some(STEP_PATIENCE)).build(), from })
    }

    /// An error says why in a word.
    pub(super) async fn send(&self, due: &Due, text: Text) -> Result<(), &'static str> {
        let to: Address =
            due.email.parse().map_err(|_| "the business's address is none that mail can go to")?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .message_id(Some(self.message_id(due)))
            .subject(text.subject)
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(text.body)
            .map_err(|_| "the mail cannot be written")?;
        match tokio::time::timeout(PATIENCE, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err("the mail server refuses it"),
            Ok(Err(error)) if error.is_transient() => Err("the mail server refuses it for now"),
            Ok(Err(_)) => Err("the mail server cannot be reached"),
            Err(_) => Err("the mail server is too slow"),
        }
    }

    /// The same for the same notices, so that a mailbox can tell a repetition.
    fn message_id(&self, due: &Due) -> String {
        let mut digest = Sha256::new();
        digest.update(due.tenant.admin_id().as_str());
        for notice in &due.notices {
            digest.update(format!("\0{}\0{}\0{}", notice.kind.as_str(), notice.subject, notice.at.millis()));
        }
        let digits: String = digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("<{digits}@{}>", self.from.email.domain())
    }
}

/// Nobody's holiday notice answers.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The mail about these notices; `None` when none of them is true any more.
pub(super) async fn compose(store: &dyn Store, due: &Due) -> Result<Option<Text>, StoreError> {
    let (mut leads, mut unanswered) = (Vec::new(), Vec::new());
    for notice in &due.notices {
        match notice.kind {
            NoticeKind::Lead => leads.extend(about_lead(store, due, notice).await?),
            NoticeKind::Unanswered => unanswered.extend(about_session(store, due, notice).await?),
        }
    }
    let parts = [
        (leads, "new lead", "new leads"),
        (unanswered, "message without an answer", "messages without an answer"),
    ];
    let (mut heads, mut body) = (Vec::new(), String::new());
    for (lines, one, many) in parts.iter().filter(|(lines, ..)| !lines.is_empty()) {
        let head = format!("{} {}", lines.len(), if lines.len() == 1 { one } else { many });
        body.push_str(&format!("{head}\n\n{}\n", lines.join("\n")));
        heads.push(head);
    }
    body.push_str("Conversations and leads are in your Porchlight.\n");
    Ok((!heads.is_empty()).then(|| Text { subject: format!("Porchlight: {}", heads.join(", ")), body }))
}

async fn about_lead(store: &dyn Store, due: &Due, notice: &Notice) -> Result<Option<String>, StoreError> {
    let Some(record) = store.lead(&due.tenant, &notice.subject).await? else { return Ok(None) };
    let lead = record.lead;
    Ok(Some(lines(&lead.email, &[&lead.first_message, &lead.source])))
}

/// `None` when it was answered meanwhile.
async fn about_session(store: &dyn Store, due: &Due, notice: &Notice) -> Result<Option<String>, StoreError> {
    let Ok(session) = notice.subject.parse::<SessionId>() else { return Ok(None) };
    let messages = store.session(&due.tenant, &session).await?;
    let Some(message) = conversation::unanswered(&messages) else { return Ok(None) };
    let email = message.tag.as_ref().map_or("A visitor who has left no address", |tag| tag.email.as_str());
    let head = format!("{email}, at {}", message.at);
    Ok(Some(lines(&head, &[&message.text, &message.page.url])))
}

fn lines(head: &str, below: &[&str]) -> String {
    let mut text = format!("{}\n", one_line(head));
    for line in below.iter().map(|line| one_line(line)).filter(|line| !line.is_empty()) {
        text.push_str(&format!("    {line}\n"));
    }
    text
}

/// On one line, without what could steer a terminal or turn the reading direction, and not too long.
fn one_line(text: &str) -> String {
    let steers = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String = text.chars().map(|c| if steers(c) { ' ' } else { c }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitors_text_stays_on_its_line() {
        assert_eq!(one_line("a\r\nBcc: x@y.example\t\u{202e}b\u{1b}[1m"), "a Bcc: x@y.example b [1m");
        assert_eq!(one_line(&"é".repeat(500)).chars().count(), SHOWN + 1);
    }

    #[test]
    fn wrong_settings_are_refused_without_their_password() {
        for wrong in
            ["mail.acme.com", "http://u:geheim@mail.acme.com", "smtp://u:geheim@mail.acme.com?tls=no"]
        {
            let error = Mailer::new(wrong, "a@acme.com").err().expect("refused");
            assert!(!format!("{error:#}").contains("geheim"), "{error:#}");
        }
        assert!(Mailer::new("smtp://127.0.0.1:25", "Acme\r\nBcc: x@y.example").is_err());
    }
}
