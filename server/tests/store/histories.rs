//! Random histories go through the model and a store; both must end in the same state.

use std::sync::Arc;

use futures::StreamExt;
use porchlight_protocol::lead::Status;
use porchlight_protocol::time::Timestamp;
use porchlight_server::analytics::Analytics;
use porchlight_server::conversation::DrawnOut;
use porchlight_server::leads::{By, LeadEdit};
use porchlight_server::store::{CaptureError, Store};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::figures;
use crate::harness::{Fresh, NOON};
use crate::model::{Edit, Model, Said, Shown};

const TEXTS: &[(&str, &[&str])] = &[
    ("Hello there", &[]),
    ("Thanks!", &[]),
    ("I need help with automation, budget under $500", &[]),
    ("We are looking for a web shop for 40 products", &[]),
    ("ann@example.com", &["ann@example.com"]),
    ("Mail me: bob@example.org or ann@example.com", &["bob@example.org", "ann@example.com"]),
    ("Please write to cy@example.net, we need a logo", &["cy@example.net"]),
];

#[derive(Clone, Debug)]
enum Step {
    Say(Said),
    Repeat(prop::sample::Index),
    Reuse(prop::sample::Index),
    Edit(usize, &'static str, Edit),
    /// A language model draws something out of a session.
    Draw(usize, u8, &'static str),
}

fn say() -> impl Strategy<Value = Said> {
    (0..2usize, 0..4u8, 0..6u32, select(TEXTS), 0..50i64, any::<u32>()).prop_map(
        |(admin, session, seq, (text, addresses), minute, id)| Said {
            admin,
            session: format!("sess_{session}"),
            message: format!("msg_{id}"),
            seq,
            text: text.to_owned(),
            page: format!("https://shop.example/p{seq}?utm_source=s{session}"),
            addresses: addresses.iter().map(|a| (*a).to_owned()).collect(),
            at: NOON + minute * 60_000 + i64::from(id % 1_000),
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let emails = select(vec!["ann@example.com", "bob@example.org", "cy@example.net"]);
    let edits = select(vec![
        Edit::Status("converted"),
        Edit::Status("lost"),
        Edit::Requirements("• By hand"),
        Edit::Delete,
    ]);
    prop_oneof![
        12 => say().prop_map(Step::Say),
        3 => any::<prop::sample::Index>().prop_map(Step::Repeat),
        1 => any::<prop::sample::Index>().prop_map(Step::Reuse),
        2 => (0..2usize, emails, edits).prop_map(|(admin, email, edit)| Step::Edit(admin, email, edit)),
        3 => (0..2usize, 0..4u8, select(vec!["• Drawn out", "• Drawn out\n• Anew"]))
            .prop_map(|(admin, session, text)| Step::Draw(admin, session, text)),
    ]
}

/// Values of a strategy from a fixed seed, so that a failure repeats.
fn samples<S: Strategy>(strategy: &S, seed: u8, count: usize) -> Vec<S::Value> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

pub(crate) async fn random_histories_end_as_the_model(fresh: impl AsyncFn() -> Fresh) {
    for seed in 0..24 {
        let steps = samples(&step(), seed, 40);
        let fresh = fresh().await;
        let model = play(&fresh, &steps).await;
        for admin in 0..2 {
            assert_eq!(fresh.shown(admin).await, model.leads(admin), "history {seed}, business {admin}");
            assert_tags(&fresh, &model, admin, seed).await;
        }
    }
}

async fn play(fresh: &Fresh, steps: &[Step]) -> Model {
    let mut model = Model::default();
    let mut said: Vec<Said> = Vec::new();
    let analytics = Analytics::new(Arc::clone(&fresh.store));
    for (turn, step) in steps.iter().enumerate() {
        let process = fresh.either(turn);
        match step {
            Step::Say(new) => {
                send(fresh, process, &mut model, new).await;
                said.push(new.clone());
            }
            Step::Repeat(index) if !said.is_empty() => {
                let again = index.get(&said).clone();
                send(fresh, process, &mut model, &again).await;
            }
            Step::Reuse(index) if !said.is_empty() => {
                let other = Said { text: "something else".into(), ..index.get(&said).clone() };
                send(fresh, process, &mut model, &other).await;
            }
            Step::Edit(admin, email, edit) => {
                change(fresh, *admin, email, edit).await;
                model.edit(*admin, email, edit);
                figures::assert_exact(fresh, &analytics, *admin).await;
            }
            Step::Draw(admin, session, text) => {
                draw(fresh, process, &model, (*admin, &format!("sess_{session}")), text).await;
                model.draw_out(*admin, &format!("sess_{session}"), text);
            }
            Step::Repeat(_) | Step::Reuse(_) => {}
        }
    }
    model
}

async fn send(fresh: &Fresh, process: &Arc<dyn Store>, model: &mut Model, said: &Said) {
    let mut results = process.capture(vec![fresh.incoming(said)]).await;
    match (model.capture(said), results.remove(0)) {
        (Ok(new), Ok(kept)) => {
            assert_eq!(kept.duplicate, !new);
            if let Some(answer) = &kept.reply {
                model.answer(said, &answer.text);
            }
            let tag = model.tag(said.admin, &said.session);
            assert_eq!(kept.session_email, tag.map(|(email, _)| email));
        }
        (Err(()), Err(CaptureError::Reused)) => {}
        (expected, got) => panic!("expected {expected:?}, got {got:?}"),
    }
}

async fn draw(
    fresh: &Fresh,
    process: &Arc<dyn Store>,
    model: &Model,
    (admin, session): (usize, &str),
    text: &str,
) {
    let Some(newest) = model.newest(admin, session) else { return };
    let drawn = DrawnOut {
        of: model.messages(admin, session).len() as u32,
        beside: DrawnOut::digest(&model.built_in_requirements(admin, session)),
        text: text.to_owned(),
    };
    let (session, newest) = (session.parse().unwrap(), newest.parse().unwrap());
    let at = Timestamp::from_millis(NOON);
    process.keep_drawn_out(&fresh.tenants[admin], &session, &newest, &drawn, at).await.unwrap();
}

async fn change(fresh: &Fresh, admin: usize, email: &str, edit: &Edit) {
    let Some(id) = fresh.lead_id(admin, email).await else { return };
    let tenant = &fresh.tenants[admin];
    let by = By::new("key_test", Timestamp::from_millis(NOON));
    let mut change = LeadEdit::default();
    match edit {
        Edit::Status(status) => change.status = Status::from_word(status),
        Edit::Requirements(text) => change.requirements = Some((*text).to_owned()),
        Edit::Delete => {
            assert!(fresh.store.delete_lead(tenant, &id, &by).await.unwrap());
            return;
        }
    }
    fresh.store.edit_lead(tenant, &id, &change, None, &by).await.unwrap();
}

async fn assert_tags(fresh: &Fresh, model: &Model, admin: usize, seed: u8) {
    for session in 0..4 {
        let session = format!("sess_{session}");
        let expected = model.tag(admin, &session);
        let kept = fresh.session(admin, &session).await;
        let visitor = kept.iter().filter(|m| m.reply_to.is_none()).map(|m| m.message_id.clone()).collect();
        assert_eq!(model.messages(admin, &session), visitor, "history {seed}, {session}");
        for message in kept {
            let tag = message.tag.map(|tag| (tag.email, tag.requirements));
            assert_eq!(tag, expected, "history {seed}, {session}, {}", message.message_id);
            assert!(!message.pending, "history {seed}, {session}: something is left to do");
        }
    }
}

/// 1,000 captures and their repetitions, shuffled, 32 at once in batches of 1 to 7, by two processes where those share.
pub(crate) async fn concurrent_captures_end_as_the_model(fresh: Fresh) {
    let said = samples(&say(), 99, 1_000);
    let mut deliveries = said.clone();
    deliveries.extend(said.iter().step_by(2).cloned());
    deliveries.extend(said.iter().step_by(3).cloned());
    shuffle(&mut deliveries);
    let fresh = Arc::new(fresh);
    let batches: Vec<Vec<Said>> = batches(&deliveries);
    futures::stream::iter(batches.into_iter().enumerate())
        .for_each_concurrent(32, |(turn, batch)| {
            let fresh = Arc::clone(&fresh);
            async move {
                let incoming = batch.iter().map(|said| fresh.incoming(said)).collect();
                for result in fresh.either_at_once(turn).capture(incoming).await {
                    assert!(!matches!(result, Err(CaptureError::Store(_))), "{result:?}");
                }
            }
        })
        .await;

    let mut model = Model::default();
    for said in &said {
        let _ = model.capture(said);
        let kept = fresh.session(said.admin, &said.session).await;
        let answer = kept.iter().find(|message| message.reply_to.as_deref() == Some(&said.message));
        answer.iter().for_each(|answer| model.answer(said, &answer.text));
    }
    for admin in 0..2 {
        let found = fresh.shown(admin).await;
        for lead in &found {
            // Which session was linked first is decided by who came first; the opening must be that session's.
            let opening = model.opening(admin, &lead.first_session);
            assert_eq!((&lead.first_message, &lead.source), (&opening.text, &opening.page));
            assert_eq!(lead.first_session, lead.sessions[0]);
        }
        assert_eq!(unordered(found), unordered(model.leads(admin)), "business {admin}");
        assert_tags(&fresh, &model, admin, 99).await;
    }
}

fn batches(deliveries: &[Said]) -> Vec<Vec<Said>> {
    let mut rest = deliveries;
    let mut batches = Vec::new();
    for size in (1..=7).cycle() {
        let (batch, behind) = rest.split_at(size.min(rest.len()));
        batches.push(batch.to_vec());
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    batches
}

/// The fields that do not depend on the order of arrival.
fn unordered(leads: Vec<Shown>) -> Vec<Shown> {
    leads
        .into_iter()
        .map(|mut lead| {
            lead.sessions.sort();
            Shown {
                first_session: String::new(),
                first_message: String::new(),
                source: String::new(),
                created: 0,
                ..lead
            }
        })
        .collect()
}

fn shuffle(deliveries: &mut [Said]) {
    let picks = samples(&any::<prop::sample::Index>(), 7, deliveries.len());
    for (last, pick) in (1..deliveries.len()).rev().zip(picks) {
        deliveries.swap(last, pick.index(last + 1));
    }
}
