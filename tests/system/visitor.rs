//! A visitor writes, returns, and comes back from elsewhere; the business reads one exact lead.

use serde_json::json;

use crate::browser::Browser;
use crate::system::System;

const FIRST: &str = "Hi, I need help with automation, budget under $500, jane@acme.com";

async fn one_person_is_one_lead(kind: &str) {
    let system = System::start(kind).await;
    let visitor = Browser::open().await;
    visitor.go(&system.page("index.html?utm_source=test")).await;
    visitor.open_chat().await;
    visitor.type_text(FIRST).await;
    visitor.wait("part('address')?.textContent.includes('jane@acme.com')").await;
    visitor.write(FIRST).await;
    visitor.wait("sent('stored') === 1 && root().querySelector('[data-role=assistant]') !== null").await;

    let lead = system.server.leads(1).await.remove(0);
    assert_eq!(lead["email"], "jane@acme.com");
    assert_eq!(lead["adminId"], system.server.business.admin_id.as_str());
    assert_eq!(lead["firstMessage"], FIRST);
    assert_eq!(lead["source"], system.page("index.html?utm_source=test"));
    assert_eq!(lead["conversationCount"], 1);
    let requirements = lead["requirements"].as_str().unwrap_or_default().to_lowercase();
    assert!(requirements.contains("automation") && requirements.contains("$500"), "{requirements}");
    assert_eq!(system.server.stored_messages().await, [("jane@acme.com".to_owned(), FIRST.to_owned())]);

    visitor.reload().await;
    visitor.open_chat().await;
    visitor.wait("root().querySelectorAll('[part~=message][data-role=visitor]').length === 1").await;
    assert_eq!(visitor.messages("visitor").await.len(), 1);
    assert!(visitor.messages("assistant").await.iter().any(|text| text.contains("jane@acme.com")));

    visitor.go(&system.page("pricing.html")).await;
    visitor.open_chat().await;
    visitor.write("We are a team of 12").await;
    visitor.wait("sent('stored') === 2").await;
    let lead = system.server.leads(1).await.remove(0);
    assert_eq!((lead["conversationCount"].as_u64(), lead["firstMessage"].as_str()), (Some(1), Some(FIRST)));
    let stored = system.server.stored_messages().await;
    assert_eq!(stored.len(), 2);
    assert!(stored.iter().all(|(email, _)| email == "jane@acme.com"), "{stored:?}");
    visitor.close().await;

    let elsewhere = Browser::open().await;
    elsewhere.go(&system.page("contact.html")).await;
    elsewhere.open_chat().await;
    assert!(elsewhere.messages("visitor").await.is_empty(), "another browser starts afresh");
    elsewhere.write("It is Jane@Acme.com again").await;
    elsewhere.wait("sent('stored') === 1").await;
    let lead = system.server.leads(1).await.remove(0);
    assert_eq!(lead["conversationCount"], 2);
    assert_eq!(lead["sessionIds"].as_array().map(Vec::len), Some(2));
    elsewhere.close().await;
}

/// What finds addresses is a third of the widget, fetched when the first one may be; without it the server finds them.
#[tokio::test(flavor = "multi_thread")]
async fn who_types_no_address_does_not_pay_for_finding_it() {
    const FETCHED: &str =
        "performance.getEntriesByType('resource').filter(({ name }) => /finder/.test(name)).length";
    let system = System::start("sqlite").await;
    let visitor = Browser::open().await;
    visitor.go(&system.page("index.html")).await;
    visitor.open_chat().await;
    visitor.write("Do you sell helmets?").await;
    visitor.wait("sent('stored') === 1").await;
    assert_eq!(visitor.run(&format!("return {FETCHED}")).await, 0);
    visitor.type_text("I am jane@gmial.com").await;
    visitor.wait("part('suggestion')?.textContent.includes('jane@gmail.com')").await;
    assert_eq!(visitor.run(&format!("return {FETCHED}")).await, 2, "its glue and itself");
    visitor.close().await;

    let without = Browser::open().await;
    without.cdp("Network.enable", json!({})).await;
    without.cdp("Network.setBlockedURLs", json!({ "urls": ["*finder*"] })).await;
    without.go(&system.page("index.html")).await;
    without.open_chat().await;
    without.write("I am bob@acme.com").await;
    without.wait("sent('stored') === 1 && part('address')?.textContent.includes('bob@acme.com')").await;
    assert_eq!(system.server.leads(1).await[0]["email"], "bob@acme.com");
    without.close().await;
}

async fn a_message_outlives_an_outage(kind: &str) {
    let mut system = System::start(kind).await;
    let visitor = Browser::open().await;
    visitor.go(&system.page("index.html")).await;
    visitor.open_chat().await;
    system.server.turn_off();
    visitor.write("Is anybody there? bo@acme.com").await;
    visitor.wait("sent('kept') + sent('queued') === 1").await;
    visitor.reload().await;
    visitor.open_chat().await;
    visitor.wait("sent('kept') + sent('queued') === 1").await;
    system.server.turn_on();
    visitor.wait("sent('stored') === 1").await;
    visitor.online(false).await;
    visitor.wait("part('banner').textContent !== ''").await;
    visitor.online(true).await;
    visitor.wait("part('banner').textContent === ''").await;
    let lead = system.server.leads(1).await.remove(0);
    assert_eq!((lead["email"].as_str(), lead["conversationCount"].as_u64()), (Some("bo@acme.com"), Some(1)));
    assert_eq!(system.server.stored_messages().await.len(), 1);
    visitor.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_one_lead_on_sqlite() {
    one_person_is_one_lead("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_one_lead_on_mongodb() {
    one_person_is_one_lead("mongodb").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_outlives_an_outage_on_sqlite() {
    a_message_outlives_an_outage("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_outlives_an_outage_on_mongodb() {
    a_message_outlives_an_outage("mongodb").await;
}
