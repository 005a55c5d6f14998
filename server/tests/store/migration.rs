//! Chats from before leads had a place of their own.

use std::sync::Arc;

use porchlight_protocol::time::Timestamp;
use porchlight_server::analytics::{Analytics, Span, answer};
use porchlight_server::leads::history::MIGRATION;
use porchlight_server::leads::{By, MAX_SESSION_IDS};
use porchlight_server::legacy::{LegacyLead, LegacyQuery, LegacySort};

use crate::cases::{keep, said};
use crate::harness::{Fresh, NOON, Old};

const TAG: Option<(&str, &str)> = Some(("old@example.com", "• Old words"));

const CHATS: &[Old] = &[
    Old { session: "o_1", role: "assistant", text: "Hello!", at: NOON - 9_000, tag: TAG },
    Old { session: "o_1", role: "user", text: "hi, I need a website", at: NOON - 8_000, tag: TAG },
    Old { session: "o_1", role: "user", text: "it is Old@Example.com", at: NOON - 7_000, tag: TAG },
    Old { session: "o_2", role: "user", text: "50% off? new@example.com", at: NOON - 6_000, tag: None },
    Old { session: "o_3", role: "user", text: "no address here", at: NOON - 5_000, tag: None },
    Old {
        session: "o_4",
        role: "user",
        text: "hello",
        at: NOON - 4_000,
        tag: Some(("Tagged@Example.com", "")),
    },
    Old { session: "o_5", role: "user", text: "me again, old@example.com", at: NOON - 3_000, tag: TAG },
    Old { session: "o_3", role: "bot", text: "write to shop@example.com", at: NOON - 2_000, tag: None },
];

async fn fill(fresh: &Fresh) {
    for (index, old) in CHATS.iter().enumerate() {
        fresh.insert_old(index, old).await;
    }
}

async fn migrate(fresh: &Fresh) -> usize {
    let tenant = &fresh.tenants[0];
    let sessions = fresh.store.old_sessions(tenant).await.unwrap();
    let by = By::new(MIGRATION, Timestamp::from_millis(NOON));
    fresh.store.migrate(tenant, &sessions, &by).await.unwrap();
    sessions.len()
}

pub(crate) async fn old_chats_become_leads_once(fresh: Fresh) {
    fill(&fresh).await;
    // A session that goes on before it is migrated has its address already.
    keep(&fresh, &said("o_1", "msg_1", 5, "and a logo", &[])).await;
    assert!(fresh.session(0, "o_1").await.iter().all(|m| m.tag.as_ref().unwrap().email == "old@example.com"));
    assert_eq!(migrate(&fresh).await, 5);
    for _ in 0..2 {
        let leads = fresh.shown(0).await;
        let told: Vec<_> = leads.iter().map(|l| (l.email.as_str(), l.count, l.sessions.join(" "))).collect();
        assert_eq!(
            told,
            [
                ("new@example.com", 1, "o_2".to_owned()),
                ("old@example.com", 2, "o_1 o_5".to_owned()),
                ("tagged@example.com", 1, "o_4".to_owned()),
            ]
        );
        assert_eq!(leads[0].created, NOON - 6_000, "the first message's time");
        assert_eq!(leads[0].first_message, "50% off? new@example.com");
        assert_eq!(migrate(&fresh).await, 0);
    }
    let texts: Vec<String> = fresh.session(0, "o_2").await.into_iter().map(|m| m.text).collect();
    assert_eq!(texts, ["50% off? new@example.com"]);
    assert!(fresh.shown(1).await.is_empty());
    // A lead that was deleted stays deleted, whoever migrates again.
    let id = fresh.lead_id(0, "new@example.com").await.unwrap();
    let by = By::new("key_test", Timestamp::from_millis(NOON));
    assert!(fresh.store.delete_lead(&fresh.tenants[0], &id, &by).await.unwrap());
    assert_eq!(migrate(&fresh).await, 0);
    assert_eq!(fresh.shown(0).await.len(), 2);
}

pub(crate) async fn what_was_drawn_out_before_stands(fresh: Fresh) {
    fill(&fresh).await;
    migrate(&fresh).await;
    let leads = fresh.shown(0).await;
    let old = leads.iter().find(|lead| lead.email == "old@example.com").unwrap();
    assert_eq!((old.requirements.as_str(), old.created), ("• Old words", NOON - 9_000));
    let id = fresh.lead_id(0, "old@example.com").await.unwrap();
    let events = fresh.store.lead_events(&fresh.tenants[0], &id, None, 9).await.unwrap().unwrap();
    assert!(events.iter().all(|event| event.who == MIGRATION));
}

/// What an earlier system had confirmed stands, whatever the texts say; each lead is as old as its address.
pub(crate) async fn tags_of_old_chats_are_leads_since_they_are_there(fresh: Fresh) {
    let tag = |email| Some((email, ""));
    let chats = [
        ("o_1", "user", "I am jane@gmial.com", NOON - 9_000, tag("jane@gmail.com")),
        ("o_2", "user", "hello", NOON - 8_000, tag("a@example.com")),
        ("o_2", "user", "rather this one", NOON - 3_000, tag("b@example.com")),
        ("o_3", "user", "hi", NOON - 7_000, None),
        ("o_3", "assistant", "Thanks", NOON - 6_000, tag("c@example.com")),
        ("o_4", "user", "b@example.com", NOON - 5_000, None),
        ("o_5", "user", "x@example.com", NOON - 2_000, None),
        ("o_5", "user", "or y@example.com", NOON - 1_000, None),
    ];
    for (index, (session, role, text, at, tag)) in chats.into_iter().enumerate() {
        fresh.insert_old(index, &Old { session, role, text, at, tag }).await;
    }
    for _ in 0..2 {
        migrate(&fresh).await;
        let leads = fresh.shown(0).await;
        let told: Vec<_> = leads.iter().map(|l| (l.email.as_str(), NOON - l.created, l.count)).collect();
        assert_eq!(
            told,
            [
                ("a@example.com", 8_000, 1),
                ("b@example.com", 5_000, 2),
                ("c@example.com", 7_000, 1),
                ("jane@gmail.com", 9_000, 1),
                ("x@example.com", 2_000, 1),
                ("y@example.com", 2_000, 1),
            ]
        );
        let alternates: Vec<&String> = leads.iter().flat_map(|lead| &lead.alternates).collect();
        assert_eq!(alternates, ["jane@gmial.com"]);
    }
    let figures = Analytics::new(Arc::clone(&fresh.store));
    let figures =
        figures.figures(&fresh.tenants[0], Span::default(), Timestamp::from_millis(NOON)).await.unwrap();
    assert_eq!(serde_json::json!(answer(&figures))["totalLeads"], 6);
    // A session that goes on keeps what was confirmed.
    keep(&fresh, &said("o_1", "msg_1", 5, "and a logo", &[])).await;
    assert!(fresh.session(0, "o_1").await.iter().all(|m| m.tag.as_ref().unwrap().email == "jane@gmail.com"));
    assert_eq!(fresh.shown(0).await.len(), 6);
}

/// A lead that came to be by a new conversation is as old as its oldest one, once that is migrated.
pub(crate) async fn a_lead_is_as_old_as_its_oldest_chat(fresh: Fresh) {
    const DAY: i64 = 24 * 3_600_000;
    keep(&fresh, &said("sess_1", "msg_1", 0, "a@example.com", &["a@example.com"])).await;
    let figures = Analytics::new(Arc::clone(&fresh.store));
    let by_day = async || {
        let figures =
            figures.figures(&fresh.tenants[0], Span::default(), Timestamp::from_millis(NOON)).await.unwrap();
        serde_json::json!(answer(&figures))["byDay"].clone()
    };
    assert_eq!(by_day().await, serde_json::json!([{ "date": "2026-01-30", "leads": 1, "converted": 0 }]));
    let old = Old { session: "o_1", role: "user", text: "a@example.com", at: NOON - 3 * DAY, tag: None };
    fresh.insert_old(0, &old).await;
    migrate(&fresh).await;
    let lead = fresh.shown(0).await.remove(0);
    assert_eq!((lead.created, lead.count), (NOON - 3 * DAY, 2));
    assert_eq!(by_day().await, serde_json::json!([{ "date": "2026-01-27", "leads": 1, "converted": 0 }]));
}

/// The old way to delete takes messages alone; leads say what is left of them.
pub(crate) async fn leads_forget_what_the_old_way_deletes(fresh: Fresh) {
    let ann = &["ann@example.com"];
    keep(&fresh, &said("sess_1", "msg_1", 0, "ann@example.com", ann)).await;
    keep(&fresh, &said("sess_2", "msg_1", 0, "a logo, ann@example.com", ann)).await;
    keep(&fresh, &said("sess_2", "msg_2", 1, "rather bob@example.com", &["bob@example.com"])).await;
    let now = By::new("key_test", Timestamp::from_millis(NOON));
    let delete = async |spellings: &[&str]| {
        let spellings: Vec<String> = spellings.iter().map(|one| (*one).to_owned()).collect();
        fresh.store.delete_messages_of(&fresh.tenants[0], &spellings, &now).await.unwrap()
    };
    let left = async || -> Vec<(String, String)> {
        fresh.shown(0).await.into_iter().map(|l| (l.email, l.sessions.join(" "))).collect()
    };
    let pair = |email: &str, sessions: &str| (email.to_owned(), sessions.to_owned());
    assert_eq!(left().await, [pair("ann@example.com", "sess_1 sess_2"), pair("bob@example.com", "sess_2")]);
    assert_eq!(delete(&["Ann@Example.com", "ann@example.com"]).await, 2);
    assert_eq!(left().await, [pair("ann@example.com", "sess_2"), pair("bob@example.com", "sess_2")]);
    assert_eq!(fresh.shown(0).await[0].first_message, "a logo, ann@example.com");
    assert!(delete(&["bob@example.com"]).await > 2);
    assert_eq!(left().await, [pair("ann@example.com", ""), pair("bob@example.com", "")]);
    assert_eq!(fresh.shown(0).await[0].count, 0);
    // Nothing comes back by a repetition.
    keep(&fresh, &said("sess_1", "msg_1", 0, "ann@example.com", ann)).await;
    assert_eq!(left().await[0], pair("ann@example.com", ""));
}

pub(crate) async fn the_old_view_groups_chats_by_address(fresh: Fresh) {
    fill(&fresh).await;
    keep(&fresh, &said("sess_1", "msg_1", 0, "A.B: new lead z@example.com", &["z@example.com"])).await;
    let query =
        LegacyQuery { page: 1, page_size: 10, sort: LegacySort::LastSeen, descending: true, search: None };
    let view = async |query: &LegacyQuery| -> (Vec<LegacyLead>, u64) {
        fresh.store.legacy_leads(&fresh.tenants[0], query).await.unwrap()
    };
    let (rows, total) = view(&query).await;
    assert_eq!(total, 3);
    let row = rows.iter().find(|row| row.email == "old@example.com").unwrap();
    assert_eq!(
        *row,
        LegacyLead {
            id: "old@example.com".into(),
            email: "old@example.com".into(),
            first_seen: Timestamp::from_millis(NOON - 9_000),
            last_seen: Timestamp::from_millis(NOON - 3_000),
            message_count: 4,
            session_id: "o_5".into(),
            requirements: Some("• Old words".into()),
            latest_content: "me again, old@example.com".into(),
            latest_role: "user".into(),
        }
    );
    assert_eq!(rows[0].email, "z@example.com", "the newest first");
    for (search, expected) in [
        ("WEBSITE", vec!["old@example.com"]),
        ("tagged@", vec!["Tagged@Example.com"]),
        ("a.b", vec!["z@example.com"]),
        ("a%b", vec![]),
    ] {
        let search = Some(search.to_ascii_lowercase());
        let found = view(&LegacyQuery { search, ..query.clone() }).await;
        let emails: Vec<&str> = found.0.iter().map(|row| row.email.as_str()).collect();
        assert_eq!((emails, found.1), (expected.clone(), expected.len() as u64));
    }
    let by_count = LegacyQuery { sort: LegacySort::MessageCount, page_size: 1, page: 1, ..query.clone() };
    let (rows, total) = view(&by_count).await;
    assert_eq!((rows[0].email.as_str(), rows[0].message_count, total), ("old@example.com", 4, 3));
    let now = By::new("key_test", Timestamp::from_millis(NOON));
    let delete = async |tenant: usize, email: &str| {
        fresh.store.delete_messages_of(&fresh.tenants[tenant], &[email.to_owned()], &now).await.unwrap()
    };
    assert_eq!((delete(0, "old@example.com").await, delete(0, "old@example.com").await), (4, 0));
    assert_eq!(delete(1, "z@example.com").await, 0);
    assert_eq!(view(&query).await.1, 2);
    assert_eq!(
        fresh.store.legacy_addresses(&fresh.tenants[0]).await.unwrap(),
        ["Tagged@Example.com", "z@example.com"]
    );
}

pub(crate) async fn a_persons_first_answer_is_timed(fresh: Fresh) {
    let said = [
        ("user", NOON - 9_000),
        ("assistant", NOON - 8_000),
        ("user", NOON - 7_000),
        ("agent", NOON - 5_000),
        ("agent", NOON - 1_000),
    ];
    for (index, (role, at)) in said.into_iter().enumerate() {
        let text = if role == "user" { "a@example.com" } else { "Hello" };
        fresh.insert_old(index, &Old { session: "o_1", role, text, at, tag: None }).await;
    }
    let order = async || fresh.session(0, "o_1").await.into_iter().map(|m| m.at.millis()).collect::<Vec<_>>();
    let written: Vec<i64> = said.iter().map(|(_, at)| *at).collect();
    assert_eq!(order().await, written);
    migrate(&fresh).await;
    assert_eq!(order().await, written);
    let analytics = Analytics::new(Arc::clone(&fresh.store));
    let now = Timestamp::from_millis(NOON);
    let figures = analytics.figures(&fresh.tenants[0], Span::default(), now).await.unwrap();
    let times = serde_json::json!(answer(&figures))["responseTimes"]["firstReplySeconds"].clone();
    assert_eq!(times, serde_json::json!({ "median": 4.0, "p90": 4.0 }));
}

pub(crate) async fn a_lead_of_many_old_chats_is_erased_whole(fresh: Fresh) {
    let total = MAX_SESSION_IDS + 3;
    for index in 0..total {
        let (session, at) = (format!("o_{index}").leak(), NOON - 1_000_000 + index as i64);
        let tag = Some(("a@example.com", ""));
        fresh.insert_old(index, &Old { session, role: "user", text: "hello", at, tag }).await;
    }
    migrate(&fresh).await;
    let now = By::new("key_test", Timestamp::from_millis(NOON));
    let gone = format!("o_{}", total - 1).parse().unwrap();
    fresh.store.delete_session(&fresh.tenants[0], &gone, &now).await.unwrap();
    let lead = fresh.shown(0).await.remove(0);
    assert_eq!((lead.count, lead.sessions.len()), (total as u64 - 1, MAX_SESSION_IDS));
    let id = fresh.lead_id(0, "a@example.com").await.unwrap();
    let erased = fresh.store.erase_lead(&fresh.tenants[0], &id, &now).await.unwrap().unwrap();
    assert_eq!((erased.sessions, erased.messages), (total as u64 - 1, total as u64 - 1));
}
