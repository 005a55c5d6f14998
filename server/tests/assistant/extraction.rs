//! Requirements that a model draws out.

use std::time::Duration;

use porchlight_server::leads::{By, LeadEdit, LeadQuery, LeadRecord, PlainFilter, Sort, SortField, Start};
use porchlight_server::{clock, conversation};
use serde_json::json;

use crate::harness::{Place, Said, Server};
use crate::model::start;
use crate::provider::{Act, Provider, says};

/// A short pause, so that tests need not wait long; longer than two messages take.
const QUIET: &[&str] = &["--llm-quiet-ms", "500"];

const ADDRESS: &str = "We need automation for our web shop, write to jane@acme.com";

fn draws(bullets: &[(&str, &[&str])]) -> Act {
    let bullets: Vec<_> =
        bullets.iter().map(|(text, ids)| json!({ "text": text, "messageIds": ids })).collect();
    says(&json!({ "bullets": bullets }).to_string())
}

async fn lead(server: &Server) -> LeadRecord {
    let query = LeadQuery {
        filter: PlainFilter::default(),
        sort: Sort { field: SortField::Email, descending: false },
        start: Start::Page(1),
        page_size: 10,
    };
    server.store.leads(&server.tenant, &query).await.unwrap().leads.remove(0)
}

async fn requirements(server: &Server) -> String {
    lead(server).await.lead.requirements
}

/// Waits until the lead says this.
async fn until_it_says(server: &Server, text: &str) {
    let mut said = String::new();
    for _ in 0..300 {
        said = requirements(server).await;
        if said == text {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the lead says {said:?}, not {text:?}");
}

async fn say(server: &Server, message: &str, text: &str, token: Option<&str>) -> String {
    say_in("sess_1", server, message, text, token).await
}

async fn say_in(session: &str, server: &Server, message: &str, text: &str, token: Option<&str>) -> String {
    let answer = server.say(Said { session, message, text, token }).await;
    answer["sessionToken"].as_str().unwrap_or_default().to_owned()
}

async fn quiet(provider: &Provider) -> usize {
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    provider.read().len()
}

pub(crate) async fn requirements_are_drawn_out_once_the_visitor_pauses(place: Place) {
    let (server, provider) = start(&place, says("Thanks."), QUIET).await;
    provider.draw(draws(&[
        ("Automation for web shop", &["msg_1"]),
        ("Free shipping to Norway", &["msg_1"]),
        ("Budget 9000", &["msg_2"]),
        ("Budget under $500", &["msg_2"]),
        ("Automation of warehouse", &["msg_elsewhere"]),
    ]));
    let token = say(&server, "msg_1", ADDRESS, None).await;
    let built_in = requirements(&server).await;
    assert!(!built_in.is_empty(), "the built-in text is there at once");
    say(&server, "msg_2", "The budget is under $500", Some(&token)).await;
    until_it_says(&server, "• Automation for web shop\n• Budget under $500").await;
    assert_eq!(quiet(&provider).await, 1, "both messages are read together, and once");
    let messages = server.session("sess_1").await;
    let tags: Vec<_> = messages.iter().filter_map(|m| m.tag.as_ref()).map(|tag| &tag.requirements).collect();
    assert!(tags.len() == messages.len() && tags.iter().all(|text| text.starts_with("• Automation for web")));

    // What adds nothing changes nothing, not for a moment.
    let version = lead(&server).await.version;
    provider.draw(Act::Refuse(500, None));
    say(&server, "msg_3", "Thanks!", Some(&token)).await;
    assert_eq!(requirements(&server).await, "• Automation for web shop\n• Budget under $500");
    // What adds something is there at once, in the built-in words.
    say(&server, "msg_4", "And we need a logo for 40 products", Some(&token)).await;
    let shown = requirements(&server).await;
    assert!(shown.contains("Logo for 40") && lead(&server).await.version > version, "{shown}");
    assert_eq!(shown, conversation::built_in_requirements(&server.session("sess_1").await));

    // A site key alone has nothing read.
    let before = quiet(&provider).await;
    say(&server, "msg_5", "Also a brochure, 16 pages", None).await;
    assert_eq!(quiet(&provider).await, before);
}

pub(crate) async fn rubbish_leaves_the_built_in_requirements(place: Place) {
    let acts = [
        says("I would say they need automation"),
        says("{\"bullets\": [{\"text\": \"Automation\"}]}"),
        draws(&[("Everything <b>now</b>", &["msg_1"])]),
        Act::BreakAfter("{\"bullets\": [".to_owned()),
    ];
    for (index, act) in acts.into_iter().enumerate() {
        let (server, provider) = start(&place, says("Thanks."), QUIET).await;
        provider.draw(act);
        say_in(&format!("sess_{index}"), &server, "msg_1", ADDRESS, None).await;
        let built_in = requirements(&server).await;
        server.until(|| !provider.read().is_empty()).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(requirements(&server).await, built_in);
    }
}

pub(crate) async fn a_persons_words_are_never_replaced(place: Place) {
    let (server, provider) = start(&place, says("Thanks."), QUIET).await;
    provider.draw(draws(&[("Automation for web shop", &["msg_1"])]));
    say(&server, "msg_1", ADDRESS, None).await;
    let edit = LeadEdit { requirements: Some("• By hand".to_owned()), ..LeadEdit::default() };
    let by = By::new("key_test", clock::now());
    let id = lead(&server).await.lead.id;
    server.store.edit_lead(&server.tenant, &id, &edit, None, &by).await.unwrap();
    server.until(|| !provider.read().is_empty()).await;
    let mut drawn = false;
    for _ in 0..200 {
        drawn = server.session("sess_1").await.iter().any(|m| m.drawn_out.is_some());
        if drawn {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(drawn);
    assert_eq!(requirements(&server).await, "• By hand");
}
