//! What every store must do, one behaviour each.

use std::sync::Arc;

use porchlight_protocol::lead::{Priority, Status};
use porchlight_protocol::time::Timestamp;
use porchlight_server::leads::{
    By, LeadEdit, LeadEvent, LeadFilter, LeadQuery, MAX_SESSION_IDS, Place, PlainFilter, Sort, SortField,
    SourceFilter, Start,
};
use porchlight_server::store::{Admin, CaptureError, Edited, KeyHash, KeyHolder, KeyRecord, StoreError};

use porchlight_server::conversation::Incoming;

use crate::harness::{Fresh, NOON};
use crate::model::Said;

pub(crate) fn said(session: &str, message: &str, seq: u32, text: &str, addresses: &[&str]) -> Said {
    Said {
        admin: 0,
        session: session.to_owned(),
        message: message.to_owned(),
        seq,
        text: text.to_owned(),
        page: format!("https://shop.example/{session}"),
        addresses: addresses.iter().map(|a| (*a).to_owned()).collect(),
        at: NOON + i64::from(seq) * 1_000,
    }
}

pub(crate) async fn keep(fresh: &Fresh, said: &Said) {
    fresh.store.capture(vec![fresh.incoming(said)]).await.remove(0).unwrap();
}

fn by(at: i64) -> By {
    By::new("key_test", Timestamp::from_millis(at))
}

fn query(filter: LeadFilter) -> LeadQuery {
    LeadQuery { filter, sort: Sort::default(), start: Start::Page(1), page_size: 100 }
}

async fn emails(fresh: &Fresh, filter: LeadFilter) -> Vec<String> {
    let (page, total) = fresh.finder().find(&fresh.tenants[0], &query(filter)).await.unwrap();
    assert_eq!(total, page.leads.len() as u64);
    let mut emails: Vec<String> = page.leads.into_iter().map(|record| record.lead.email).collect();
    emails.sort();
    emails
}

pub(crate) async fn admins_are_apart(fresh: Fresh) {
    let own = said("sess_1", "msg_1", 0, "a@example.com", &["a@example.com"]);
    let other = Said {
        admin: 1,
        text: "b@example.com".into(),
        addresses: vec!["b@example.com".into()],
        ..own.clone()
    };
    keep(&fresh, &own).await;
    keep(&fresh, &other).await;
    assert_eq!(fresh.session(0, "sess_1").await.iter().filter(|m| m.text.starts_with("b@")).count(), 0);
    assert_eq!(fresh.shown(0).await[0].email, "a@example.com");
    assert_eq!(fresh.shown(1).await[0].email, "b@example.com");
    let foreign = fresh.lead_id(1, "b@example.com").await.unwrap();
    let tenant = &fresh.tenants[0];
    assert_eq!(fresh.store.lead(tenant, &foreign).await.unwrap(), None);
    assert_eq!(fresh.store.sessions_of_lead(tenant, &foreign).await.unwrap(), None);
    let edit = LeadEdit { notes: Some("mine".into()), ..LeadEdit::default() };
    assert_eq!(
        fresh.store.edit_lead(tenant, &foreign, &edit, None, &by(NOON)).await.unwrap(),
        Edited::Missing
    );
    assert!(!fresh.store.delete_lead(tenant, &foreign, &by(NOON)).await.unwrap());
    assert_eq!(fresh.store.erase_lead(tenant, &foreign, &by(NOON)).await.unwrap(), None);
    assert_eq!(fresh.shown(1).await.len(), 1);
}

pub(crate) async fn a_message_is_kept_once_within_a_batch_too(fresh: Fresh) {
    let first = said("sess_1", "msg_1", 0, "hello", &[]);
    let other = Said { text: "changed".into(), ..first.clone() };
    let batch = [&first, &first, &other, &said("sess_1", "msg_2", 1, "more", &[])];
    let results = fresh.store.capture(batch.map(|s| fresh.incoming(s)).into()).await;
    let told: Vec<Option<bool>> =
        results.iter().map(|r| r.as_ref().ok().map(|kept| kept.duplicate)).collect();
    assert_eq!(told, [Some(false), Some(true), None, Some(false)]);
    assert!(matches!(results[2], Err(CaptureError::Reused)));
    let kept = fresh.session(0, "sess_1").await;
    assert_eq!(kept.iter().filter(|m| m.reply_to.is_none()).count(), 2);
}

pub(crate) async fn the_opener_is_answered_and_a_repetition_gets_the_same_answer(fresh: Fresh) {
    let opener = said("sess_1", "msg_1", 0, "hello", &[]);
    let first = fresh.store.capture(vec![fresh.incoming(&opener)]).await.remove(0).unwrap();
    let again = fresh.store.capture(vec![fresh.incoming(&opener)]).await.remove(0).unwrap();
    assert!(first.message.opened && again.message.opened && again.duplicate);
    assert!(first.reply.is_some());
    assert_eq!(
        first.reply.map(|m| (m.message_id, m.text, m.at)),
        again.reply.map(|m| (m.message_id, m.text, m.at))
    );
    let stranger = said("sess_1", "msg_2", 1, "more", &[]);
    let second = fresh.store.capture(vec![fresh.incoming(&stranger)]).await.remove(0).unwrap();
    assert!(!second.message.opened);
    assert_eq!(second.reply, None);
    let mut known = fresh.incoming(&said("sess_1", "msg_3", 2, "and more", &[]));
    known.authorised = true;
    assert!(fresh.store.capture(vec![known]).await.remove(0).unwrap().reply.is_some());
}

pub(crate) async fn history_reads_in_the_order_of_writing(fresh: Fresh) {
    for seq in [2, 0, 1] {
        keep(&fresh, &said("sess_1", &format!("msg_{seq}"), seq, &format!("text {seq}"), &[])).await;
    }
    let texts: Vec<String> = fresh
        .session(0, "sess_1")
        .await
        .into_iter()
        .filter(|m| m.reply_to.is_none())
        .map(|m| m.text)
        .collect();
    assert_eq!(texts, ["text 0", "text 1", "text 2"]);
    assert!(fresh.session(0, "sess_unknown").await.is_empty());
}

/// Whatever the order of arrival.
pub(crate) async fn messages_without_a_seq_stand_by_their_time(fresh: Fresh) {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for (session, order) in orders.iter().enumerate() {
        let session = format!("sess_{session}");
        for number in order {
            let address = format!("{number}@example.com");
            let mut said = said(&session, &format!("msg_{number}"), 0, &address, &[&address]);
            said.at += number * 60_000;
            let incoming = Incoming { seq: None, ..fresh.incoming(&said) };
            fresh.store.capture(vec![incoming]).await.remove(0).unwrap();
        }
        let kept = fresh.session(0, &session).await;
        let asked: Vec<&str> =
            kept.iter().filter(|m| m.reply_to.is_none()).map(|m| m.text.as_str()).collect();
        assert_eq!(asked, ["0@example.com", "1@example.com", "2@example.com"], "{order:?}");
        assert!(kept.iter().all(|m| m.tag.as_ref().unwrap().email == "2@example.com"), "{order:?}");
    }
}

pub(crate) async fn a_missing_seq_takes_the_next_number(fresh: Fresh) {
    for message in ["msg_a", "msg_b"] {
        let mut incoming = fresh.incoming(&said("sess_1", message, 0, message, &[]));
        incoming.seq = None;
        fresh.store.capture(vec![incoming]).await.remove(0).unwrap();
    }
    let seqs: Vec<u32> =
        fresh.session(0, "sess_1").await.iter().filter(|m| m.reply_to.is_none()).map(|m| m.seq).collect();
    assert_eq!(seqs, [0, 1]);
}

pub(crate) async fn a_returning_lead_keeps_what_people_decided(fresh: Fresh) {
    keep(&fresh, &said("sess_1", "msg_1", 0, "a@example.com", &["a@example.com"])).await;
    let id = fresh.lead_id(0, "a@example.com").await.unwrap();
    let edit = LeadEdit {
        status: Some(Status::Lost),
        priority: Some(Priority::High),
        notes: Some("called".into()),
        tags: Some(vec!["vip".into()]),
        value: Some(Some(12.34)),
        requirements: Some("• Mine".into()),
        follow_up_at: Some(Some(Timestamp::from_millis(NOON))),
    };
    let now = by(NOON + 5);
    let Edited::Done(edited) =
        fresh.store.edit_lead(&fresh.tenants[0], &id, &edit, None, &now).await.unwrap()
    else {
        panic!("the lead is there")
    };
    assert_eq!(edited.lead.updated_at, now.at);
    keep(&fresh, &said("sess_2", "msg_2", 0, "I need a website, a@example.com", &["a@example.com"])).await;
    let back = fresh.store.lead(&fresh.tenants[0], &id).await.unwrap().unwrap().lead;
    assert_eq!((back.status, back.priority, back.notes.as_str()), (Status::Lost, Priority::High, "called"));
    assert_eq!(
        (back.tags, back.value, back.requirements.as_str()),
        (vec!["vip".to_owned()], Some(12.34), "• Mine")
    );
    assert_eq!(back.follow_up_at, Some(Timestamp::from_millis(NOON)));
    assert_eq!(back.session_ids, ["sess_1", "sess_2"]);
}

pub(crate) async fn an_edit_of_a_stale_lead_is_refused_and_a_no_op_changes_nothing(fresh: Fresh) {
    keep(&fresh, &said("sess_1", "msg_1", 0, "a@example.com", &["a@example.com"])).await;
    let id = fresh.lead_id(0, "a@example.com").await.unwrap();
    let tenant = &fresh.tenants[0];
    let before = fresh.store.lead(tenant, &id).await.unwrap().unwrap();
    let now = by(NOON + 60_000);
    let nothing = LeadEdit { notes: Some(String::new()), status: Some(Status::New), ..LeadEdit::default() };
    let etag = before.etag();
    let done = fresh.store.edit_lead(tenant, &id, &nothing, Some(&etag), &now).await.unwrap();
    assert_eq!(done, Edited::Done(Box::new(before)));
    let real = LeadEdit { notes: Some("x".into()), ..LeadEdit::default() };
    assert!(matches!(
        fresh.store.edit_lead(tenant, &id, &real, Some(&etag), &now).await.unwrap(),
        Edited::Done(_)
    ));
    let late = LeadEdit { notes: Some("y".into()), ..LeadEdit::default() };
    assert_eq!(fresh.store.edit_lead(tenant, &id, &late, Some(&etag), &now).await.unwrap(), Edited::Stale);
    for unknown in ["0123456789abcdef01234567", "lead_123", "", "$ne"] {
        assert_eq!(fresh.store.edit_lead(tenant, unknown, &late, None, &now).await.unwrap(), Edited::Missing);
    }
}

/// Commits that follow each other's heels go through their sessions together: nobody may be forgotten in the handing over.
pub(crate) async fn commits_at_the_same_time_are_each_answered(fresh: Fresh) {
    let fresh = Arc::new(fresh);
    let mut work = tokio::task::JoinSet::new();
    for task in 0..32 {
        let fresh = Arc::clone(&fresh);
        work.spawn(async move {
            for turn in 0..40 {
                let address = format!("visitor{task}x{turn}@example.com");
                let message = said(&format!("sess_{task}x{turn}"), "msg_1", 0, &address, &[&address]);
                let kept = fresh.store.capture(vec![fresh.incoming(&message)]).await.remove(0).unwrap();
                assert_eq!(kept.session_email, Some(address));
            }
        });
    }
    work.join_all().await;
}

pub(crate) async fn concurrent_edits_are_all_kept(fresh: Fresh) {
    keep(&fresh, &said("sess_1", "msg_1", 0, "a@example.com", &["a@example.com"])).await;
    let id = fresh.lead_id(0, "a@example.com").await.unwrap();
    let fresh = Arc::new(fresh);
    let mut work = tokio::task::JoinSet::new();
    for index in 0..20u32 {
        let (fresh, id) = (Arc::clone(&fresh), id.clone());
        work.spawn(async move {
            if index % 2 == 0 {
                let edit = LeadEdit { value: Some(Some(f64::from(index))), ..LeadEdit::default() };
                fresh.store.edit_lead(&fresh.tenants[0], &id, &edit, None, &by(NOON)).await.unwrap();
            } else {
                let session = format!("sess_x{index}");
                keep(&fresh, &said(&session, "msg_1", 0, "a@example.com", &["a@example.com"])).await;
            }
        });
    }
    work.join_all().await;
    let lead = fresh.store.lead(&fresh.tenants[0], &id).await.unwrap().unwrap().lead;
    assert_eq!(lead.conversation_count, 11);
    assert!(lead.value.is_some());
}

pub(crate) async fn filters_combine(fresh: Fresh) {
    for (index, (name, text)) in
        [("ann", "Crème brûlée for 40"), ("bob", "a red bike"), ("cy", "red wine, 50% off")]
            .into_iter()
            .enumerate()
    {
        let email = format!("{name}@example.com");
        let mut message = said(&format!("sess_{name}"), "msg_1", 0, text, &[&email]);
        message.at += index as i64 * 60_000;
        message.page = format!("https://{name}.example:8080/a_b?x=%25");
        keep(&fresh, &message).await;
    }
    let id = fresh.lead_id(0, "bob@example.com").await.unwrap();
    let edit = LeadEdit {
        status: Some(Status::Qualified),
        tags: Some(vec!["VIP".into(), "a,b".into()]),
        ..LeadEdit::default()
    };
    fresh.store.edit_lead(&fresh.tenants[0], &id, &edit, None, &by(NOON)).await.unwrap();
    let words = |text: &str| LeadFilter {
        words: porchlight_server::leads::search::words(text),
        ..LeadFilter::default()
    };
    let with = |change: &dyn Fn(&mut LeadFilter)| {
        let mut filter = LeadFilter::default();
        change(&mut filter);
        filter
    };
    let ann = ["ann@example.com"].as_slice();
    let bob = ["bob@example.com"].as_slice();
    let (both, none): (&[&str], &[&str]) = (&["bob@example.com", "cy@example.com"], &[]);
    let cases: Vec<(LeadFilter, &[&str])> = vec![
        (words("CREME bru"), ann),
        (words("red"), both),
        (words("red bi"), bob),
        (words("re wi"), &["cy@example.com"]),
        (words("ed"), none),
        (words(".* $gt %"), none),
        (words("bob exam"), bob),
        (words("vip"), bob),
        (with(&|f| f.statuses = vec![Status::Qualified]), bob),
        (with(&|f| f.statuses = vec![Status::New]), &["ann@example.com", "cy@example.com"]),
        (
            with(&|f| f.statuses = vec![Status::New, Status::Qualified]),
            &["ann@example.com", "bob@example.com", "cy@example.com"],
        ),
        (with(&|f| f.priorities = vec![Priority::High]), none),
        (with(&|f| f.tags = vec!["VIP".into(), "x".into()]), bob),
        (with(&|f| f.tags = vec!["vip".into()]), none),
        (with(&|f| f.tags = vec!["a,b".into()]), bob),
        (with(&|f| f.source = Some(SourceFilter::Host("ann.example".into()))), ann),
        (with(&|f| f.source = Some(SourceFilter::Host("nn.example".into()))), none),
        (with(&|f| f.source = Some(SourceFilter::Prefix("https://ann.example:8080/a_b?x=%".into()))), ann),
        (with(&|f| f.source = Some(SourceFilter::Prefix("https://ann.example:8080/aXb".into()))), none),
        (with(&|f| f.from = Some(Timestamp::from_millis(NOON + 60_000))), both),
        (with(&|f| f.to = Some(Timestamp::from_millis(NOON + 60_000))), ann),
        (
            with(&|f| {
                f.statuses = vec![Status::New];
                f.from = Some(Timestamp::from_millis(NOON + 1));
            }),
            &["cy@example.com"],
        ),
    ];
    for (filter, expected) in cases {
        // A search without any word is no condition.
        if filter == LeadFilter::default() {
            continue;
        }
        assert_eq!(emails(&fresh, filter.clone()).await, expected, "{filter:?}");
    }
}

pub(crate) async fn sorts_and_walks_show_each_lead_once_with_ties(fresh: Fresh) {
    for index in 0..23u32 {
        let email = format!("p{index:02}@example.com");
        let mut message = said(&format!("sess_{index}"), "msg_1", 0, "hello", &[&email]);
        message.at += i64::from(index / 5) * 1_000;
        keep(&fresh, &message).await;
        if index % 3 == 0 {
            let id = fresh.lead_id(0, &email).await.unwrap();
            let edit = LeadEdit { value: Some(Some(f64::from(index % 2) + 0.5)), ..LeadEdit::default() };
            fresh
                .store
                .edit_lead(&fresh.tenants[0], &id, &edit, None, &by(NOON + i64::from(index)))
                .await
                .unwrap();
        }
    }
    for (name, field) in SortField::ALL {
        for descending in [false, true] {
            let sort = Sort { field: *field, descending };
            let (walked, paged) = (walk(&fresh, sort).await, pages(&fresh, sort).await);
            assert_eq!(walked.len(), 23, "{name} {descending}");
            assert_eq!(walked, paged, "{name} {descending}");
            let mut sorted = walked.clone();
            sorted.sort_by(order);
            if descending {
                sorted.reverse();
            }
            assert_eq!(walked, sorted, "{name} {descending}");
        }
    }
}

fn order(a: &Place, b: &Place) -> std::cmp::Ordering {
    let key = |place: &Place| match &place.key {
        porchlight_server::leads::SortKey::Number(number) => (*number, String::new()),
        porchlight_server::leads::SortKey::Text(text) => (0, text.clone()),
    };
    (key(a), &a.id).cmp(&(key(b), &b.id))
}

async fn walk(fresh: &Fresh, sort: Sort) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let mut start = Start::Page(1);
    loop {
        let query = LeadQuery { filter: PlainFilter::default(), sort, start, page_size: 4 };
        let page = fresh.store.leads(&fresh.tenants[0], &query).await.unwrap();
        places.extend(page.leads.iter().map(|record| Place::of(record, sort.field)));
        let Some(last) = places.last().filter(|_| page.more) else { return places };
        start = Start::Behind(last.clone());
    }
}

async fn pages(fresh: &Fresh, sort: Sort) -> Vec<Place> {
    let mut places = Vec::new();
    for number in 1..=7 {
        let query =
            LeadQuery { filter: PlainFilter::default(), sort, start: Start::Page(number), page_size: 4 };
        let page = fresh.store.leads(&fresh.tenants[0], &query).await.unwrap();
        assert_eq!(page.more, number < 6, "page {number}");
        places.extend(page.leads.iter().map(|record| Place::of(record, sort.field)));
    }
    places
}

pub(crate) async fn an_erased_lead_is_gone_and_replays_do_not_bring_it_back(fresh: Fresh) {
    let first = said("sess_1", "msg_1", 0, "hello", &[]);
    let second = said("sess_1", "msg_2", 1, "gone@example.com", &["gone@example.com"]);
    let stays = said("sess_2", "msg_1", 0, "stays@example.com", &["stays@example.com"]);
    for message in [&first, &second, &stays] {
        keep(&fresh, message).await;
    }
    let id = fresh.lead_id(0, "gone@example.com").await.unwrap();
    let erased = fresh.store.erase_lead(&fresh.tenants[0], &id, &by(NOON)).await.unwrap().unwrap();
    assert_eq!((erased.messages, erased.sessions), (3, 1), "two of the visitor, one answer");
    assert_eq!(erased.events, 1, "that it came to be");
    assert!(fresh.session(0, "sess_1").await.is_empty());
    for message in [&first, &second] {
        let kept = fresh.store.capture(vec![fresh.incoming(message)]).await.remove(0).unwrap();
        assert!(kept.duplicate);
    }
    assert!(fresh.session(0, "sess_1").await.is_empty());
    assert_eq!(fresh.shown(0).await.len(), 1);
    assert_eq!(fresh.session(0, "sess_2").await.len(), 2);
    keep(&fresh, &said("sess_3", "msg_9", 0, "gone@example.com", &["gone@example.com"])).await;
    assert_eq!(fresh.shown(0).await.len(), 2);
}

/// Who, when, from, to; each change once, newest first, page by page, and none for what changes nothing.
pub(crate) async fn every_change_stands_in_the_history(fresh: Fresh) {
    let tenant = &fresh.tenants[0];
    let first = said("sess_1", "msg_1", 0, "I need a website, a@example.com", &["a@example.com"]);
    keep(&fresh, &first).await;
    let id = fresh.lead_id(0, "a@example.com").await.unwrap();
    let edits = [
        LeadEdit { status: Some(Status::Contacted), ..LeadEdit::default() },
        LeadEdit { status: Some(Status::Contacted), ..LeadEdit::default() },
        LeadEdit { notes: Some("called".into()), value: Some(Some(5.5)), ..LeadEdit::default() },
    ];
    for (index, edit) in edits.iter().enumerate() {
        fresh.store.edit_lead(tenant, &id, edit, None, &by(NOON + index as i64)).await.unwrap();
    }
    keep(&fresh, &first).await;
    keep(&fresh, &said("sess_2", "msg_1", 0, "a@example.com again", &["a@example.com"])).await;
    let all = fresh.store.lead_events(tenant, &id, None, 100).await.unwrap().unwrap();
    let told: Vec<(&str, Vec<&str>)> = all
        .iter()
        .map(|event| (event.who.as_str(), event.changes.iter().map(|change| &*change.field).collect()))
        .collect();
    assert_eq!(told[0], ("visitor", vec!["conversationCount"]));
    assert_eq!(told[1], ("key_test", vec!["notes", "value"]));
    assert_eq!(told[2], ("key_test", vec!["status"]));
    assert_eq!(told[3].0, "visitor");
    assert!(told[3].1.contains(&"email") && told[3].1.contains(&"requirements"), "{told:?}");
    assert_eq!(told.len(), 4);
    let status = &all[2];
    assert_eq!(status.at, Timestamp::from_millis(NOON));
    assert_eq!((&status.changes[0].from, &status.changes[0].to), (&"new".into(), &"contacted".into()));
    let mut walked = Vec::new();
    while let Some(page) =
        fresh.store.lead_events(tenant, &id, walked.last().map(|e: &LeadEvent| e.version), 1).await.unwrap()
        && !page.is_empty()
    {
        walked.extend(page);
    }
    assert_eq!(walked, all);
    assert_eq!(fresh.store.lead_events(&fresh.tenants[1], &id, None, 9).await.unwrap(), None);
    assert!(fresh.store.delete_lead(tenant, &id, &by(NOON)).await.unwrap());
    assert_eq!(fresh.store.lead_events(tenant, &id, None, 9).await.unwrap(), None);
}

pub(crate) async fn a_lead_of_many_sessions_shows_the_newest_and_counts_all(fresh: Fresh) {
    let total = MAX_SESSION_IDS + 20;
    for chunk in (0..total).collect::<Vec<_>>().chunks(200) {
        let batch = chunk.iter().map(|index| {
            fresh.incoming(&said(&format!("sess_{index}"), "msg_1", 0, "a@example.com", &["a@example.com"]))
        });
        for result in fresh.store.capture(batch.collect()).await {
            result.unwrap();
        }
    }
    // A session that the list has forgotten writes again.
    keep(&fresh, &said("sess_3", "msg_2", 1, "me again, a@example.com", &["a@example.com"])).await;
    let lead = fresh.shown(0).await.remove(0);
    assert_eq!(lead.count, total as u64);
    assert_eq!(lead.sessions.len(), MAX_SESSION_IDS);
    assert_eq!(lead.sessions.last().map(String::as_str), Some(format!("sess_{}", total - 1).as_str()));
    assert_eq!(lead.first_session, "sess_0");
    let id = fresh.lead_id(0, "a@example.com").await.unwrap();
    let shown = fresh.store.sessions_of_lead(&fresh.tenants[0], &id).await.unwrap().unwrap();
    assert_eq!(shown.len(), total, "the forgotten ones too");
    // The list is filled up again where one of it goes; where the first goes, the next one is it.
    for (gone, count) in [(0, total - 1), (total - 1, total - 2)] {
        let gone = format!("sess_{gone}").parse().unwrap();
        fresh.store.delete_session(&fresh.tenants[0], &gone, &by(NOON)).await.unwrap();
        let lead = fresh.shown(0).await.remove(0);
        assert_eq!((lead.count, lead.sessions.len()), (count as u64, MAX_SESSION_IDS));
        assert_eq!(lead.first_session, "sess_1");
    }
    let lead = fresh.store.lead(&fresh.tenants[0], &id).await.unwrap().unwrap().lead;
    assert_eq!(lead.source, "https://shop.example/sess_1");
    let total = total - 2;
    let erased = fresh.store.erase_lead(&fresh.tenants[0], &id, &by(NOON)).await.unwrap().unwrap();
    assert_eq!((erased.sessions, erased.messages), (total as u64, 2 * total as u64 + 1));
    assert!(fresh.session(0, "sess_3").await.is_empty());
}

pub(crate) async fn conversations_of_a_lead_come_in_order(fresh: Fresh) {
    let mut early = said("sess_b", "msg_1", 0, "a@example.com", &["a@example.com"]);
    early.at -= 1_000_000;
    keep(&fresh, &said("sess_a", "msg_1", 0, "a@example.com", &["a@example.com"])).await;
    keep(&fresh, &early).await;
    keep(&fresh, &said("sess_c", "msg_1", 0, "z@example.com", &["z@example.com"])).await;
    let id = fresh.lead_id(0, "a@example.com").await.unwrap();
    let sessions = fresh.store.sessions_of_lead(&fresh.tenants[0], &id).await.unwrap().unwrap();
    let order: Vec<&str> = sessions.iter().map(|messages| messages[0].session_id.as_str()).collect();
    assert_eq!(order, ["sess_b", "sess_a"]);
}

pub(crate) async fn keys_are_found_by_hash_until_they_are_revoked(fresh: Fresh) {
    let admin = fresh.tenants[0].admin_id().clone();
    let key = KeyRecord {
        id: "key_1".into(),
        admin_id: admin.clone(),
        hash: KeyHash("ab".into()),
        prefix: "sk_abcd".into(),
        created_at: Timestamp::from_millis(NOON),
        revoked_at: None,
        used_at: None,
    };
    assert!(fresh.store.create_key(key.clone()).await.unwrap());
    let orphan = KeyRecord {
        id: "key_2".into(),
        admin_id: "nobody".parse().unwrap(),
        hash: KeyHash("cd".into()),
        ..key.clone()
    };
    assert!(!fresh.store.create_key(orphan).await.unwrap());
    assert_eq!(
        fresh.store.key_holder(&KeyHash("ab".into())).await.unwrap(),
        Some(KeyHolder { tenant: fresh.tenants[0].clone(), key_id: "key_1".into() })
    );
    assert_eq!(fresh.store.key_holder(&KeyHash("cd".into())).await.unwrap(), None);
    assert_eq!(fresh.store.keys(&admin).await.unwrap(), [key]);
    for used in [NOON + 7, NOON + 3] {
        fresh.store.key_used("key_1", Timestamp::from_millis(used)).await.unwrap();
    }
    assert_eq!(fresh.store.keys(&admin).await.unwrap()[0].used_at, Some(Timestamp::from_millis(NOON + 7)));
    let now = Timestamp::from_millis(NOON + 1);
    assert!(fresh.store.revoke_key("key_1", now).await.unwrap());
    assert!(fresh.store.revoke_key("key_1", Timestamp::from_millis(NOON + 2)).await.unwrap());
    assert!(!fresh.store.revoke_key("key_9", now).await.unwrap());
    assert_eq!(fresh.store.key_holder(&KeyHash("ab".into())).await.unwrap(), None);
    assert_eq!(fresh.store.keys(&admin).await.unwrap()[0].revoked_at, Some(now));
}

pub(crate) async fn an_admin_is_unique_and_the_secret_stays(fresh: Fresh) {
    let admins = fresh.store.admins().await.unwrap();
    assert_eq!(admins.len(), 2);
    let copy = Admin {
        id: "admin_other".parse().unwrap(),
        site_key: "pk_zzzzzzzzzzzzzzzzzzzzzzzz".parse().unwrap(),
        ..admins[0].clone()
    };
    assert!(matches!(fresh.store.create_admin(copy).await, Err(StoreError::Taken(_))));
    let secret = fresh.store.secret().await.unwrap();
    assert_ne!(secret, [0; 32]);
    assert_eq!(fresh.store.secret().await.unwrap(), secret);
    fresh.store.ping().await.unwrap();
}

pub(crate) async fn odd_text_is_kept_to_the_letter(fresh: Fresh) {
    let texts = [
        "nul \0 inside",
        "$where: 1",
        "a.b.c",
        "{\"$gt\": \"\"}",
        "'; DROP TABLE chats; --",
        "👩‍👩‍👧 e\u{301}",
        "line\nline",
    ];
    for (seq, text) in texts.iter().enumerate() {
        keep(&fresh, &said("sess_1", &format!("msg_{seq}"), seq as u32, text, &[])).await;
    }
    let kept: Vec<String> = fresh
        .session(0, "sess_1")
        .await
        .into_iter()
        .filter(|m| m.reply_to.is_none())
        .map(|m| m.text)
        .collect();
    assert_eq!(kept, texts);
}
