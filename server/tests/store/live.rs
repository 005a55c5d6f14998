//! People who step in, and what happens as it is told.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use porchlight_protocol::capture::{Mode, Role};
use porchlight_protocol::ids::SessionId;
use porchlight_protocol::time::Timestamp;
use porchlight_server::conversation::Incoming;
use porchlight_server::leads::{By, LeadEdit};
use porchlight_server::legacy::{LegacyQuery, LegacySort};
use porchlight_server::live::{Happened, LeadAction, SessionAction, Tail, TailError, What};
use porchlight_server::store::{CaptureError, Kept};

use crate::cases::{keep, said};
use crate::harness::{Fresh, NOON};

fn agent_says(fresh: &Fresh, session: &str, message: &str, text: &str, at: i64) -> Incoming {
    let visitor = fresh.incoming(&said(session, message, 0, text, &[]));
    Incoming { role: Role::Agent, seq: None, at: Timestamp::from_millis(at), ..visitor }
}

async fn say(fresh: &Fresh, incoming: Incoming) -> Result<Kept, CaptureError> {
    fresh.store.capture(vec![incoming]).await.remove(0)
}

async fn hand_over(fresh: &Fresh, session: &str, mode: Mode) -> bool {
    let session: SessionId = session.parse().unwrap();
    fresh.store.hand_over(&fresh.tenants[0], &session, mode, Timestamp::from_millis(NOON)).await.unwrap()
}

fn known(fresh: &Fresh, message: &str, seq: u32) -> Incoming {
    Incoming { authorised: true, ..fresh.incoming(&said("sess_1", message, seq, "hello again", &[])) }
}

pub(crate) async fn the_assistant_is_silent_while_a_person_has_the_session(fresh: Fresh) {
    assert!(!hand_over(&fresh, "sess_1", Mode::Human).await, "there is no such session");
    keep(&fresh, &said("sess_1", "msg_0", 0, "hello", &[])).await;
    keep(&fresh, &said("sess_2", "msg_0", 0, "hello", &[])).await;
    assert!(say(&fresh, known(&fresh, "msg_1", 1)).await.unwrap().reply.is_some());
    assert!(hand_over(&fresh, "sess_1", Mode::Human).await);
    assert!(hand_over(&fresh, "sess_1", Mode::Human).await, "once more changes nothing");
    let silent = say(&fresh, known(&fresh, "msg_2", 2)).await.unwrap();
    assert_eq!((silent.reply, silent.mode), (None, Mode::Human));
    let again = say(&fresh, known(&fresh, "msg_2", 2)).await.unwrap();
    assert_eq!((again.duplicate, again.reply), (true, None));
    let sessions = ["sess_1".to_owned(), "sess_2".to_owned()];
    let modes = fresh.store.modes(&fresh.tenants[0], &sessions).await.unwrap();
    assert_eq!((modes["sess_1"], modes["sess_2"]), (Mode::Human, Mode::Assistant));
    let modes = fresh.store.modes(&fresh.tenants[1], &sessions).await.unwrap();
    assert_eq!(modes["sess_1"], Mode::Assistant, "another business's session of the same name");
    assert!(hand_over(&fresh, "sess_1", Mode::Assistant).await);
    let spoken = say(&fresh, known(&fresh, "msg_3", 3)).await.unwrap();
    assert!(spoken.reply.is_some() && spoken.mode == Mode::Assistant);
}

pub(crate) async fn an_agents_message_is_one_of_the_session(fresh: Fresh) {
    let nowhere = say(&fresh, agent_says(&fresh, "sess_1", "msg_a", "Hello?", NOON)).await;
    assert!(matches!(nowhere, Err(CaptureError::Nowhere)));
    assert!(fresh.session(0, "sess_1").await.is_empty(), "a person begins no session");
    keep(&fresh, &said("sess_1", "msg_0", 0, "I need a web shop, ann@example.com", &["ann@example.com"]))
        .await;
    keep(&fresh, &said("sess_1", "msg_1", 1, "Anybody there?", &[])).await;
    let before = fresh.records(0).await.remove(0);
    let kept =
        say(&fresh, agent_says(&fresh, "sess_1", "msg_a", "Your budget?", NOON + 60_000)).await.unwrap();
    assert_eq!((kept.message.role, kept.duplicate, kept.reply), (Role::Agent, false, None));
    let tag = kept.message.tag.clone().expect("the session's tag");
    assert_eq!(tag.email, "ann@example.com");
    let after = fresh.records(0).await.remove(0);
    assert_eq!(
        (after.lead.last_contact, after.lead.updated_at),
        (before.lead.last_contact, before.lead.updated_at)
    );
    assert_eq!(after.first_reply.map(|reply| reply.answered), Some(kept.message.at));

    let again =
        say(&fresh, agent_says(&fresh, "sess_1", "msg_a", "Your budget?", NOON + 90_000)).await.unwrap();
    assert!(again.duplicate && again.message.at == kept.message.at);
    let other = say(&fresh, agent_says(&fresh, "sess_1", "msg_a", "Another text", NOON)).await;
    assert!(matches!(other, Err(CaptureError::Reused)));
    let visitors = say(&fresh, agent_says(&fresh, "sess_1", "msg_0", "Hello", NOON)).await;
    assert!(matches!(visitors, Err(CaptureError::Reused)), "the visitor's id");

    keep(&fresh, &said("sess_1", "msg_2", 2, "2k", &[])).await;
    let session = fresh.session(0, "sess_1").await;
    let written: Vec<&str> =
        session.iter().filter(|m| m.reply_to.is_none()).map(|m| m.message_id.as_str()).collect();
    assert_eq!(written, ["msg_0", "msg_1", "msg_a", "msg_2"]);
    let tags: BTreeSet<String> = session.iter().map(|m| format!("{:?}", m.tag)).collect();
    assert_eq!(tags.len(), 1, "every message carries the same: {tags:?}");
    let requirements = fresh.records(0).await.remove(0).lead.requirements;
    assert!(
        requirements.to_lowercase().contains("budget"),
        "the agent's question gives the answer its meaning: {requirements}"
    );
    let query =
        LegacyQuery { page: 1, page_size: 10, sort: LegacySort::LastSeen, descending: true, search: None };
    let (old, _) = fresh.store.legacy_leads(&fresh.tenants[0], &query).await.unwrap();
    assert_eq!(old[0].message_count, session.len() as u64);
}

/// Reads from the beginning; `None` where the deployment cannot tell what happens, and says so.
async fn follow(fresh: &Fresh) -> Option<Box<dyn Tail>> {
    match (fresh.store.tail(None).await, fresh.store.place().await) {
        (Ok((_, tail)), Ok(_)) => Some(tail),
        (Err(TailError::Unsupported), Err(TailError::Unsupported)) => None,
        (tail, place) => panic!("{:?} {place:?}", tail.err()),
    }
}

/// Reads until so many events have come, for at most half a minute.
async fn read(tail: &mut Box<dyn Tail>, wanted: usize) -> Vec<Happened> {
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut found = Vec::new();
    while found.len() < wanted && Instant::now() < deadline {
        found.extend(tail.next().await.unwrap());
    }
    assert_eq!(found.len(), wanted, "{found:#?}");
    found
}

/// An event in a few words.
fn short(happened: &Happened) -> String {
    let what = match &happened.what {
        What::Message(message) => format!("{} {}", message.role.as_str(), message.session_id),
        What::Lead { action, lead, .. } => {
            let email = lead.as_ref().map(|lead| format!(" {}", lead.email)).unwrap_or_default();
            format!("lead {}{email}", action.as_str())
        }
        What::Session { id, action } => format!("{id} {action:?}"),
    };
    format!("{}: {what}", happened.admin)
}

pub(crate) async fn what_happens_is_told_in_order_and_again(fresh: Fresh) {
    let (store, tenant) = (&fresh.store, &fresh.tenants[0]);
    let Some(mut tail) = follow(&fresh).await else { return };
    let by = By::new("key_test", Timestamp::from_millis(NOON));
    keep(&fresh, &said("sess_1", "msg_0", 0, "hello", &[])).await;
    let between = store.place().await.unwrap();
    let mut told = read(&mut tail, 3).await;
    assert!(told.iter().all(|event| event.place <= between), "{told:?} {between}");
    keep(&fresh, &said("sess_1", "msg_1", 1, "ann@example.com", &["ann@example.com"])).await;
    told.extend(read(&mut tail, 2).await);
    assert!(told[3].place > between);
    assert!(hand_over(&fresh, "sess_1", Mode::Human).await);
    assert!(hand_over(&fresh, "sess_1", Mode::Human).await, "which is no event");
    say(&fresh, agent_says(&fresh, "sess_1", "msg_a", "Hello Ann", NOON + 60_000)).await.unwrap();
    told.extend(read(&mut tail, 3).await);
    let lead = fresh.lead_id(0, "ann@example.com").await.unwrap();
    let edit = LeadEdit { notes: Some("called".into()), ..LeadEdit::default() };
    store.edit_lead(tenant, &lead, &edit, None, &by).await.unwrap();
    told.extend(read(&mut tail, 1).await);
    store.delete_lead(tenant, &lead, &by).await.unwrap();
    told.extend(read(&mut tail, 1).await);
    assert!(told.iter().map(|event| event.place).is_sorted_by(|a, b| a < b));
    let words: Vec<String> = told.iter().map(short).collect();
    assert_eq!(
        words,
        [
            "admin_0: sess_1 Started",
            "admin_0: visitor sess_1",
            "admin_0: assistant sess_1",
            "admin_0: visitor sess_1",
            "admin_0: lead created ann@example.com",
            "admin_0: sess_1 Mode(Human)",
            "admin_0: agent sess_1",
            // Its first answer was timed.
            "admin_0: lead changed ann@example.com",
            "admin_0: lead changed ann@example.com",
            "admin_0: lead deleted",
        ]
    );

    // Another reader goes on behind any of them and is told the same, at the same places. What is gone may be missing.
    let (floor, mut again) = store.tail(Some(between)).await.unwrap();
    let last = told.last().unwrap().place;
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut repeated: Vec<Happened> = Vec::new();
    while repeated.last().is_none_or(|event| event.place < last) && Instant::now() < deadline {
        repeated.extend(again.next().await.unwrap());
    }
    assert!(floor <= between && repeated.iter().all(|event| event.place > floor));
    let lasting = |events: &[Happened]| -> Vec<(i64, String)> {
        let is_lead = |event: &Happened| matches!(event.what, What::Lead { lead: Some(_), .. });
        let behind = events.iter().filter(|event| event.place > between && !is_lead(event));
        behind.map(|event| (event.place, short(event))).collect()
    };
    assert_eq!(lasting(&repeated), lasting(&told));
}

pub(crate) async fn erasure_is_told_and_takes_the_mode_along(fresh: Fresh) {
    let (store, tenant) = (&fresh.store, &fresh.tenants[0]);
    keep(&fresh, &said("sess_1", "msg_0", 0, "ann@example.com", &["ann@example.com"])).await;
    assert!(hand_over(&fresh, "sess_1", Mode::Human).await);
    let Some(mut tail) = follow(&fresh).await else { return };
    read(&mut tail, 5).await;
    let by = By::new("key_test", Timestamp::from_millis(NOON));
    let lead = fresh.lead_id(0, "ann@example.com").await.unwrap();
    store.erase_lead(tenant, &lead, &by).await.unwrap().unwrap();
    let told = read(&mut tail, 2).await;
    let erased = |event: &Happened| {
        matches!(
            &event.what,
            What::Session { action: SessionAction::Erased, .. }
                | What::Lead { action: LeadAction::Erased, .. }
        )
    };
    assert!(told.iter().all(erased), "{told:?}");
    let modes = store.modes(tenant, &["sess_1".to_owned()]).await.unwrap();
    assert_eq!(modes["sess_1"], Mode::Assistant);
    assert!(fresh.records(0).await.is_empty());
}
