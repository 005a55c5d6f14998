//! Notices by mail, taken by a mail server that first refuses them for a while.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::system::{Business, Server, create_business};

/// A mail as it was accepted.
#[derive(Clone, Debug)]
struct Mail {
    to: Vec<String>,
    text: String,
}

/// A mail server on loopback that keeps what it accepts.
struct MailServer {
    port: u16,
    accepted: Arc<Mutex<Vec<Mail>>>,
    /// So many recipients are refused for now.
    refusals: Arc<AtomicUsize>,
}

impl MailServer {
    async fn start(refusals: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let server = Self { port, accepted: Arc::default(), refusals: Arc::new(AtomicUsize::new(refusals)) };
        let (accepted, refusals) = (Arc::clone(&server.accepted), Arc::clone(&server.refusals));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (accepted, refusals) = (Arc::clone(&accepted), Arc::clone(&refusals));
                // A peer that goes away ends its conversation.
                tokio::spawn(async move { drop(converse(stream, &accepted, &refusals).await) });
            }
        });
        server
    }

    /// The mails, once they are as they are waited for.
    async fn until(&self, ready: impl Fn(&[Mail]) -> bool) -> Vec<Mail> {
        for _ in 0..600 {
            let mails = self.accepted.lock().expect("no panic").clone();
            if ready(&mails) {
                return mails;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the mails have not come: {:?}", self.accepted.lock().expect("no panic"));
    }
}

async fn converse(
    stream: TcpStream,
    accepted: &Mutex<Vec<Mail>>,
    refusals: &AtomicUsize,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut to = Vec::new();
    stream.write_all(b"220 sink\r\n").await?;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let command = std::mem::take(&mut line);
        let refuse = |left: usize| left.checked_sub(1);
        let answer = match command.get(..4).unwrap_or_default() {
            "EHLO" => "250-sink\r\n250 8BITMIME\r\n",
            "RCPT" if refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, refuse).is_ok() => {
                "451 later\r\n"
            }
            "RCPT" => {
                to.push(command.trim().to_owned());
                "250 good\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                while !text.ends_with("\r\n.\r\n") {
                    stream.read_line(&mut text).await?;
                }
                accepted.lock().expect("no panic").push(Mail { to: std::mem::take(&mut to), text });
                "250 kept\r\n"
            }
            "QUIT" => return stream.write_all(b"221 bye\r\n").await,
            _ => "250 good\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

async fn write(server: &Server, business: &Business, session: &str, text: &str) {
    let body = json!({
        "siteKey": business.site_key, "sessionId": session, "messageId": keyed(text), "text": text,
        "pageUrl": "https://shop.example/pricing",
    });
    let answer =
        Client::new().post(format!("{}/api/chat", server.address())).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// An id made of a text.
fn keyed(text: &str) -> String {
    let letters: String = text.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    format!("msg_{letters}")
}

async fn the_business_is_told_by_mail(kind: &str) {
    let mail = MailServer::start(1).await;
    let settings = vec![
        ("PORCHLIGHT_SMTP", format!("smtp://127.0.0.1:{}", mail.port)),
        ("PORCHLIGHT_MAIL_FROM", "Porchlight <notices@example.com>".to_owned()),
        ("PORCHLIGHT_UNANSWERED_AFTER", "2".to_owned()),
        ("PORCHLIGHT_MAIL_EVERY", "1".to_owned()),
    ];
    let server = Server::open_with(kind, settings);
    let beside = (kind == "mongodb").then(|| server.beside());
    let other = create_business(&server.database, "other@example.com");
    write(&server, &server.business, "sess_1", "I need a website\r\nBcc: spy@example.net\nann@example.com")
        .await;
    write(&server, &server.business, "sess_2", "bob@example.com asks for a quote").await;
    write(&server, &other, "sess_3", "for the other: eve@example.com").await;
    let file = Client::new()
        .post(format!("{}/api/leads-enhanced/import", server.address()))
        .bearer_auth(&server.business.api_key)
        .header("content-type", "text/csv")
        .body("email\nimported@example.com\n");
    assert_eq!(file.send().await.unwrap().status(), 200);
    let handover = Client::new().post(format!("{}/api/chats/sess_2/handover", server.address()));
    let handed = handover
        .bearer_auth(&server.business.api_key)
        .json(&json!({ "mode": "human" }))
        .send()
        .await
        .unwrap();
    assert_eq!(handed.json::<Value>().await.unwrap()["mode"], "human");
    write(&server, &server.business, "sess_2", "Is nobody there?").await;

    // The leads of both businesses, and what nobody has answered.
    let own = |mails: &[Mail]| -> String {
        let own = mails.iter().filter(|mail| mail.to == ["RCPT TO:<owner@example.com>"]);
        own.map(|mail| mail.text.as_str()).collect()
    };
    let first = ["ann@example.com", "asks for a quote", "Is nobody there?"];
    mail.until(|mails| first.iter().all(|text| own(mails).contains(text))).await;
    // Whatever would be told twice would be told with this.
    write(&server, &server.business, "sess_4", "zoe@example.com is late").await;
    let mails = mail.until(|mails| own(mails).contains("zoe@example.com is late")).await;
    assert_eq!(mail.refusals.load(Ordering::SeqCst), 0, "it was refused once");
    let told = own(&mails);
    for text in ["    I need a website", "    bob@example.com asks for a quote", "    Is nobody there?"] {
        assert_eq!(told.matches(text).count(), 1, "{text} in {told}");
    }
    assert!(
        told.contains("Subject: Porchlight: ") && told.contains("Auto-Submitted: auto-generated"),
        "{told}"
    );
    assert!(!told.contains("\nBcc:") && !told.contains("imported@example.com"), "{told}");
    for mail in &mails {
        let of_other = mail.to == ["RCPT TO:<other@example.com>"];
        assert!(of_other || mail.to == ["RCPT TO:<owner@example.com>"], "{mail:?}");
        assert_eq!(mail.text.contains("eve@example.com"), of_other, "{mail:?}");
        assert!(!of_other || !mail.text.contains("ann@example.com"), "{mail:?}");
    }
    drop(beside);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_business_is_told_by_mail_on_sqlite() {
    the_business_is_told_by_mail("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_business_is_told_by_mail_on_mongodb() {
    the_business_is_told_by_mail("mongodb").await;
}
