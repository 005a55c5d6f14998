//! What businesses want known: kept by name, with bounded room.

use std::sync::Arc;

use porchlight_protocol::time::Timestamp;
use porchlight_server::conversation::Incoming;
use porchlight_server::knowledge::{Document, Knowledge, MAX_BYTES, MAX_TOTAL_BYTES, NewDocument, Passage};
use serde_json::{Value, json};

use crate::cases::said;
use crate::harness::{Fresh, NOON};

fn document(admin: usize, at: i64, body: &Value) -> Document {
    let new = NewDocument::read(body.to_string().as_bytes()).unwrap();
    new.of(&format!("admin_{admin}").parse().unwrap(), Timestamp::from_millis(at))
}

async fn keep(fresh: &Fresh, admin: usize, document: &Document) -> bool {
    let kept = fresh.store.keep_document(&fresh.tenants[admin], document).await.unwrap();
    kept.is_some_and(|kept| kept.id == document.head.id && kept.digest == document.head.digest)
}

pub(crate) async fn a_document_takes_the_place_of_its_namesake(fresh: Fresh) {
    let first =
        document(0, NOON, &json!({ "text": "Within $a.week \0 or so", "url": "https://a.example/d" }));
    let second = document(0, NOON + 1, &json!({ "text": "# Prices\n\nLow.", "format": "text" }));
    assert!(keep(&fresh, 0, &second).await && keep(&fresh, 0, &first).await);
    let heads = fresh.other.document_heads(&fresh.tenants[0]).await.unwrap();
    assert_eq!(heads, [first.head.clone(), second.head.clone()], "oldest first");

    let again =
        document(0, NOON + 2, &json!({ "text": "Within $a.week \0 or so", "url": "https://a.example/d" }));
    let kept = fresh.store.keep_document(&fresh.tenants[0], &again).await.unwrap().unwrap();
    assert_eq!(kept, first.head, "the very same changes nothing");
    let newer =
        document(0, NOON + 3, &json!({ "text": "In a day", "title": "D", "url": "https://a.example/d" }));
    let kept = fresh.store.keep_document(&fresh.tenants[0], &newer).await.unwrap().unwrap();
    assert_eq!((kept.created_at.millis(), kept.updated_at.millis()), (NOON, NOON + 3));
    let ids = [first.head.id.clone(), "doc_none".to_owned(), second.head.id.clone()];
    let mut found = fresh.store.documents(&fresh.tenants[0], &ids).await.unwrap();
    found.sort_by_key(|found| found.head.updated_at);
    assert_eq!(found, [second, Document { head: kept, text: "In a day".to_owned() }]);
    assert!(fresh.store.remove_document(&fresh.tenants[0], &ids[0]).await.unwrap());
    assert!(!fresh.store.remove_document(&fresh.tenants[0], &ids[0]).await.unwrap());
    assert_eq!(fresh.other.document_heads(&fresh.tenants[0]).await.unwrap().len(), 1);
}

pub(crate) async fn documents_of_businesses_are_apart(fresh: Fresh) {
    let body = json!({ "text": "Delivery takes a week.", "title": "Delivery" });
    let (own, other) = (document(0, NOON, &body), document(1, NOON, &body));
    assert_ne!(own.head.id, other.head.id, "one name, two businesses");
    assert!(keep(&fresh, 0, &own).await);
    assert_eq!(fresh.store.document_heads(&fresh.tenants[1]).await.unwrap(), []);
    let id = [own.head.id.clone()];
    assert_eq!(fresh.store.documents(&fresh.tenants[1], &id).await.unwrap(), []);
    assert!(!fresh.store.remove_document(&fresh.tenants[1], &id[0]).await.unwrap());
    let knowledge = Arc::new(Knowledge::new(fresh.store.clone()));
    let ask =
        async |admin: usize| knowledge.passages(&fresh.tenants[admin], "How long does delivery take?").await;
    assert!(ask(0).await[0].answers);
    assert_eq!(ask(1).await, []);
}

pub(crate) async fn a_business_has_so_much_room(fresh: Fresh) {
    let text = "word ".repeat(MAX_BYTES / 5);
    let large = |number: u64| document(0, NOON, &json!({ "text": text, "title": number.to_string() }));
    let fit = MAX_TOTAL_BYTES / text.len() as u64;
    for number in 0..fit {
        assert!(keep(&fresh, 0, &large(number)).await, "{number} of {fit}");
    }
    assert!(!keep(&fresh, 0, &large(fit)).await);
    assert!(
        keep(&fresh, 0, &document(0, NOON, &json!({ "text": "short", "title": "0" }))).await,
        "its own room is free"
    );
    assert!(keep(&fresh, 0, &large(fit)).await);
}

pub(crate) async fn what_another_process_adds_is_known_soon(fresh: Fresh) {
    let knowledge = Arc::new(Knowledge::new(fresh.store.clone()));
    let ask = async || knowledge.passages(&fresh.tenants[0], "Do you deliver?").await;
    assert_eq!(ask().await, []);
    let added =
        document(0, NOON, &json!({ "text": "We deliver within a week.", "url": "https://a.example/d" }));
    fresh.other.keep_document(&fresh.tenants[0], &added).await.unwrap();
    let known = async |wanted: bool| {
        for _ in 0..100 {
            if ask().await.is_empty() != wanted {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        false
    };
    assert!(known(true).await);
    let passage = ask().await.remove(0);
    assert_eq!(
        (passage.text.as_str(), passage.url.as_deref()),
        ("We deliver within a week.", Some("https://a.example/d"))
    );
    fresh.other.remove_document(&fresh.tenants[0], &added.head.id).await.unwrap();
    assert!(known(false).await, "what was removed is forgotten");
}

pub(crate) async fn an_answer_names_what_it_was_taken_from(fresh: Fresh) {
    let passage = |text: &str, answers| Passage {
        title: "Delivery $1".to_owned(),
        url: Some("https://a.example/d".to_owned()),
        text: text.to_owned(),
        score: 1.0,
        answers,
    };
    let asked = |message: &str, seq, known| {
        let asked = said("sess_1", message, seq, "Do you deliver?", &[]);
        Incoming { known, authorised: true, ..fresh.incoming(&asked) }
    };
    let batch = vec![
        asked("msg_1", 0, vec![passage("Within {email} a week.", true), passage("Other", true)]),
        asked("msg_2", 1, vec![passage("Perhaps this", false)]),
    ];
    let kept = fresh.store.capture(batch.clone()).await;
    let replies: Vec<_> = kept.into_iter().map(|kept| kept.unwrap().reply.unwrap()).collect();
    assert!(replies[0].text.ends_with("\n\nWithin {email} a week."), "{}", replies[0].text);
    assert_eq!(replies[0].sources, [passage("", true).source()]);
    assert!(replies[1].sources.is_empty() && replies[1].text.contains("address"), "{}", replies[1].text);
    let again = fresh.other.capture(batch).await.remove(0).unwrap();
    assert!(again.duplicate);
    assert_eq!(again.reply.unwrap().sources, replies[0].sources);
    let read = fresh.session(0, "sess_1").await;
    let sources: Vec<usize> = read.iter().map(|message| message.sources.len()).collect();
    assert_eq!(sources, [0, 1, 0, 0]);
}
