//! A site's settings, and what happens when a visitor takes a conversation back.

use porchlight_protocol::ids::SessionId;
use porchlight_protocol::lead::Status;
use porchlight_protocol::time::Timestamp;
use porchlight_protocol::widget::WidgetSettings;
use porchlight_server::leads::{By, LeadEdit, LeadEvent};
use porchlight_server::store::{Site, StoreError};

use crate::cases::{keep, said};
use crate::harness::{Fresh, NOON};

fn by(who: &str) -> By {
    By::new(who, Timestamp::from_millis(NOON))
}

async fn take_back(fresh: &Fresh, session: &str) -> Result<u64, StoreError> {
    let session: SessionId = session.parse().unwrap();
    fresh.store.delete_session(&fresh.tenants[0], &session, &by("visitor")).await
}

pub(crate) async fn a_site_is_replaced_only_in_the_state_that_was_read(fresh: Fresh) {
    let read = fresh.store.site_of(&fresh.tenants[0]).await.unwrap().unwrap();
    let widget = WidgetSettings {
        greeting: Some("Hello".into()),
        texts: [("en.x$".into(), [("$set".into(), "kept to the letter".into())].into())].into(),
        ..read.widget.clone()
    };
    let wanted = Site { widget, allowed_origins: vec!["https://a.example".into()], ..read.clone() };
    assert!(fresh.store.replace_site(&read, &wanted).await.unwrap());
    assert!(!fresh.store.replace_site(&read, &wanted).await.unwrap());
    assert_eq!(fresh.store.site(&read.key).await.unwrap(), Some(wanted.clone()));
    let other = fresh.store.site_of(&fresh.tenants[1]).await.unwrap().unwrap();
    assert_eq!(other.widget, WidgetSettings::default());
    assert_eq!(fresh.store.admins().await.unwrap()[0].widget, wanted.widget);
}

pub(crate) async fn a_conversation_taken_back_leaves_nothing_and_does_not_return(fresh: Fresh) {
    let first = said("sess_1", "msg_1", 0, "I need a website", &[]);
    let second = said("sess_1", "msg_2", 1, "gone@example.com", &["gone@example.com"]);
    let stays = said("sess_2", "msg_1", 0, "stays@example.com", &["stays@example.com"]);
    for message in [&first, &second, &stays] {
        keep(&fresh, message).await;
    }
    assert_eq!(take_back(&fresh, "sess_1").await.unwrap(), 3, "two of the visitor, one answer");
    assert_eq!(take_back(&fresh, "sess_1").await.unwrap(), 0);
    assert_eq!(take_back(&fresh, "sess_none").await.unwrap(), 0);
    for message in [&second, &first] {
        let kept = fresh.store.capture(vec![fresh.incoming(message)]).await.remove(0).unwrap();
        assert!(kept.duplicate && kept.reply.is_none());
    }
    assert!(fresh.session(0, "sess_1").await.is_empty());
    let left: Vec<String> = fresh.shown(0).await.into_iter().map(|lead| lead.email).collect();
    assert_eq!(left, ["stays@example.com"], "nobody has worked on the other one");
    keep(&fresh, &said("sess_1", "msg_3", 2, "gone@example.com again", &["gone@example.com"])).await;
    let back = fresh.shown(0).await.remove(0);
    assert_eq!((back.first_message.as_str(), back.count), ("gone@example.com again", 1));
}

pub(crate) async fn a_lead_is_left_with_its_other_conversations(fresh: Fresh) {
    let mut named = said(
        "sess_1",
        "msg_1",
        0,
        "I need a website for my boats, a@example.com",
        &["a@example.com", "b@example.com"],
    );
    named.page = "https://shop.example/boats?utm_source=news".into();
    keep(&fresh, &named).await;
    keep(
        &fresh,
        &said("sess_2", "msg_1", 0, "I need a logo for my bikes, a@example.com", &["a@example.com"]),
    )
    .await;
    keep(&fresh, &said("sess_1", "msg_2", 1, "Still that boat", &[])).await;
    let before = fresh.shown(0).await.remove(0);
    assert_eq!((before.first_session.as_str(), before.count), ("sess_1", 2));
    assert!(before.requirements.contains("boat"), "{}", before.requirements);
    assert!(before.alternates.contains("b@example.com"));
    assert_eq!(take_back(&fresh, "sess_1").await.unwrap(), 3);
    let after = fresh.shown(0).await.remove(0);
    assert_eq!(
        (after.first_session.as_str(), after.count, after.sessions),
        ("sess_2", 1, vec!["sess_2".to_owned()])
    );
    assert_eq!(
        (after.first_message.as_str(), after.source.as_str()),
        ("I need a logo for my bikes, a@example.com", "https://shop.example/sess_2")
    );
    assert!(
        after.requirements.contains("bike") && !after.requirements.contains("boat"),
        "{}",
        after.requirements
    );
    assert!(after.alternates.is_empty());
    assert_eq!((after.created, after.last_contact), (before.created, before.last_contact), "times stay");
    assert!(!told(&fresh, "a@example.com").await.contains("boat"));
    keep(&fresh, &said("sess_2", "msg_2", 1, "And a bell", &[])).await;
    assert_eq!(fresh.shown(0).await[0].count, 1);
}

/// The history of the first business's lead, as JSON.
async fn told(fresh: &Fresh, email: &str) -> String {
    let id = fresh.lead_id(0, email).await.unwrap();
    let events: Vec<LeadEvent> =
        fresh.store.lead_events(&fresh.tenants[0], &id, None, 100).await.unwrap().unwrap();
    serde_json::to_string(&events).unwrap()
}

pub(crate) async fn a_lead_that_people_worked_on_stays_without_what_the_visitor_said(fresh: Fresh) {
    let tenant = &fresh.tenants[0];
    keep(&fresh, &said("sess_1", "msg_1", 0, "I need a boat, a@example.com", &["a@example.com"])).await;
    let id = fresh.lead_id(0, "a@example.com").await.unwrap();
    let edit = LeadEdit {
        status: Some(Status::Qualified),
        notes: Some("met on Monday".into()),
        ..LeadEdit::default()
    };
    fresh.store.edit_lead(tenant, &id, &edit, None, &by("key_test")).await.unwrap();
    take_back(&fresh, "sess_1").await.unwrap();
    let record = fresh.store.lead(tenant, &id).await.unwrap().unwrap();
    let lead = &record.lead;
    assert_eq!((lead.status, lead.notes.as_str()), (Status::Qualified, "met on Monday"));
    assert_eq!((lead.conversation_count, lead.session_id.as_str(), lead.session_ids.len()), (0, "", 0));
    assert_eq!((lead.first_message.as_str(), lead.requirements.as_str(), lead.source.as_str()), ("", "", ""));
    let history = told(&fresh, "a@example.com").await;
    assert!(history.contains("met on Monday") && !history.contains("boat"), "{history}");
    let sessions = fresh.store.sessions_of_lead(tenant, &id).await.unwrap().unwrap();
    assert!(sessions.is_empty());
    keep(&fresh, &said("sess_2", "msg_1", 0, "Hello again, a@example.com", &["a@example.com"])).await;
    let back = fresh.shown(0).await.remove(0);
    assert_eq!(
        (back.first_message.as_str(), back.first_session.as_str()),
        ("Hello again, a@example.com", "sess_2")
    );
    assert_eq!(back.status, "qualified");
}

pub(crate) async fn an_erased_leads_sessions_leave_the_leads_that_shared_them(fresh: Fresh) {
    keep(&fresh, &said("sess_1", "msg_1", 0, "I am a@example.com", &["a@example.com"])).await;
    keep(&fresh, &said("sess_1", "msg_2", 1, "or b@example.com", &["b@example.com"])).await;
    keep(&fresh, &said("sess_2", "msg_1", 0, "b@example.com here", &["b@example.com"])).await;
    let id = fresh.lead_id(0, "a@example.com").await.unwrap();
    fresh.store.erase_lead(&fresh.tenants[0], &id, &by("key_test")).await.unwrap().unwrap();
    let left = fresh.shown(0).await.remove(0);
    assert_eq!(
        (left.email.as_str(), left.count, left.first_session.as_str()),
        ("b@example.com", 1, "sess_2")
    );
    assert_eq!(left.first_message, "b@example.com here");
}
