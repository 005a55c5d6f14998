//! Answers that are made after their question was kept.

use std::sync::Arc;

use porchlight_protocol::capture::{Mode, Role};
use porchlight_protocol::ids::SessionId;
use porchlight_protocol::time::Timestamp;
use porchlight_server::assistant::{OwnModel, reply_id};
use porchlight_server::conversation::{
    Answerer, DrawnOut, Incoming, Message, built_in_requirements, requirements_of,
};
use porchlight_server::leads::By;
use porchlight_server::store::{CaptureError, Kept, Reservation, Reserved, Site, Store, TokenBudget};

use crate::cases::said;
use crate::harness::{Fresh, NOON};
use crate::model::Said;

async fn keep(store: &dyn Store, incoming: Incoming) -> Result<Kept, CaptureError> {
    store.capture(vec![incoming]).await.remove(0)
}

/// Keeps a visitor's message that a model is to answer.
async fn ask(fresh: &Fresh, said: &Said) -> Message {
    let incoming = Incoming { answerer: Answerer::Model, authorised: true, ..fresh.incoming(said) };
    let kept = keep(&*fresh.store, incoming).await.unwrap();
    assert_eq!((kept.reply.is_none(), kept.owes_reply()), (true, true));
    kept.message
}

fn answer(fresh: &Fresh, question: &Message, text: &str) -> Incoming {
    let said = said(&question.session_id, &reply_id(question), question.seq, text, &[]);
    Incoming {
        role: Role::Assistant,
        reply_to: Some(question.message_id.parse().unwrap()),
        at: Timestamp::from_millis(NOON + 60_000),
        ..fresh.incoming(&said)
    }
}

pub(crate) async fn an_owed_answer_is_kept_once(fresh: Fresh) {
    let question = ask(&fresh, &said("sess_1", "msg_0", 0, "Hi, jane@acme.com", &["jane@acme.com"])).await;
    let first = keep(&*fresh.store, answer(&fresh, &question, "Hello Jane")).await.unwrap();
    assert_eq!((first.duplicate, first.message.text.as_str()), (false, "Hello Jane"));
    assert_eq!(first.message.tag.as_ref().map(|tag| tag.email.as_str()), Some("jane@acme.com"));
    // Another process has made one as well.
    let second = keep(&*fresh.other, answer(&fresh, &question, "Good day")).await.unwrap();
    assert_eq!((second.duplicate, second.message.text.as_str()), (true, "Hello Jane"));
    let again = Incoming {
        answerer: Answerer::Model,
        ..fresh.incoming(&said("sess_1", "msg_0", 0, &question.text, &[]))
    };
    for store in [&fresh.other, &fresh.store] {
        let kept = keep(&**store, again.clone()).await.unwrap();
        assert_eq!((kept.duplicate, kept.owes_reply()), (true, false));
        assert_eq!(kept.reply.map(|reply| reply.text).as_deref(), Some("Hello Jane"));
    }
    let session = fresh.session(0, "sess_1").await;
    assert_eq!(session.iter().map(|m| m.role).collect::<Vec<_>>(), [Role::Visitor, Role::Assistant]);
    assert!(session.iter().all(|m| m.tag == session[0].tag && m.tag.is_some()));
    assert_eq!(fresh.shown(0).await.len(), 1);
}

pub(crate) async fn an_answer_needs_its_question_and_no_person(fresh: Fresh) {
    let session: SessionId = "sess_1".parse().unwrap();
    let question = ask(&fresh, &said("sess_1", "msg_0", 0, "Hello", &[])).await;
    let gone = Message { message_id: "msg_9".to_owned(), ..question.clone() };
    let refused = keep(&*fresh.store, answer(&fresh, &gone, "Yes")).await;
    assert!(matches!(refused, Err(CaptureError::Nowhere)), "{refused:?}");
    let at = Timestamp::from_millis(NOON);
    // At another process than the one that is about to answer.
    assert!(fresh.other.hand_over(&fresh.tenants[0], &session, Mode::Human, at).await.unwrap());
    let refused = keep(&*fresh.store, answer(&fresh, &question, "Yes")).await;
    assert!(matches!(refused, Err(CaptureError::Silenced)), "{refused:?}");
    let again = Incoming { authorised: true, ..fresh.incoming(&said("sess_1", "msg_0", 0, "Hello", &[])) };
    assert!(!keep(&*fresh.store, again).await.unwrap().owes_reply(), "a person's session owes nothing");
    assert!(fresh.store.hand_over(&fresh.tenants[0], &session, Mode::Assistant, at).await.unwrap());
    assert!(!keep(&*fresh.store, answer(&fresh, &question, "Yes")).await.unwrap().duplicate);
    assert_eq!(fresh.session(0, "sess_1").await.len(), 2);
}

pub(crate) async fn an_answer_that_comes_late_takes_its_place(fresh: Fresh) {
    let first =
        ask(&fresh, &said("sess_1", "msg_0", 0, "I need a van for jane@acme.com", &["jane@acme.com"])).await;
    let second = ask(&fresh, &said("sess_1", "msg_1", 1, "2k", &[])).await;
    // The answer to the first comes when the second stands already, and gives it its meaning.
    keep(&*fresh.store, answer(&fresh, &first, "What is your budget?")).await.unwrap();
    keep(&*fresh.other, answer(&fresh, &second, "Thanks")).await.unwrap();
    let session = fresh.session(0, "sess_1").await;
    let texts: Vec<&str> = session.iter().map(|m| m.text.as_str()).collect();
    assert_eq!(texts, [first.text.as_str(), "What is your budget?", "2k", "Thanks"]);
    let expected = requirements_of(&session);
    assert!(expected.contains("2k"), "{expected}");
    assert!(session.iter().all(|m| m.tag.as_ref().is_some_and(|tag| tag.requirements == expected)));
    assert_eq!(fresh.shown(0).await[0].requirements, expected);
}

pub(crate) async fn budgets_hold_whoever_asks_at_once(fresh: Fresh) {
    let wanted = |session: &str, day: i64, tokens: u64| Reservation {
        tenant: fresh.tenants[0].clone(),
        session: session.parse().unwrap(),
        day,
        tokens,
    };
    let budget = TokenBudget { business_day: 1_000, session: 600 };
    let asked = (0..30).map(|turn| {
        let store = fresh.either_at_once(turn).clone();
        let wanted = wanted(&format!("sess_{turn}"), 5, 100);
        tokio::spawn(async move { store.reserve_tokens(&wanted, budget).await.unwrap() })
    });
    let mut granted = 0;
    for task in asked.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Reserved::Granted => granted += 1,
            refused => assert_eq!(refused, Reserved::BusinessSpent),
        }
    }
    assert_eq!(granted, 10);
    let reserve = async |store: &Arc<dyn Store>, session: &str, day: i64, tokens: u64| {
        store.reserve_tokens(&wanted(session, day, tokens), budget).await.unwrap()
    };
    let (store, other) = (&fresh.store, &fresh.other);
    // The next day begins anew for the business, not for a session.
    assert_eq!(reserve(other, "sess_a", 6, 500).await, Reserved::Granted);
    assert_eq!(reserve(store, "sess_a", 6, 101).await, Reserved::SessionSpent);
    assert_eq!(reserve(store, "sess_b", 6, 501).await, Reserved::BusinessSpent);
    assert_eq!(reserve(store, "sess_b", 6, 500).await, Reserved::Granted, "what was refused took nothing");
    store.settle_tokens(&wanted("sess_b", 6, 500), 100).await.unwrap();
    assert_eq!(reserve(other, "sess_b", 6, 400).await, Reserved::Granted, "what was not used is there again");
    assert_eq!(reserve(other, "sess_c", 6, 1).await, Reserved::BusinessSpent);
    assert_eq!(reserve(other, "sess_a", 7, 101).await, Reserved::SessionSpent);
    let theirs = Reservation { tenant: fresh.tenants[1].clone(), ..wanted("sess_a", 6, 600) };
    assert_eq!(
        store.reserve_tokens(&theirs, budget).await.unwrap(),
        Reserved::Granted,
        "businesses are apart"
    );
    let unlimited = TokenBudget::default();
    assert_eq!(
        store.reserve_tokens(&wanted("sess_c", 6, 9_999), unlimited).await.unwrap(),
        Reserved::Granted
    );
}

pub(crate) async fn a_model_of_ones_own_is_kept(fresh: Fresh) {
    let read = async |store: &Arc<dyn Store>| store.site_of(&fresh.tenants[0]).await.unwrap().unwrap();
    assert_eq!(read(&fresh.store).await.model, OwnModel::default());
    let model = OwnModel {
        base_url: Some("https://models.example/v1".to_owned()),
        model: Some("small".to_owned()),
        api_key: Some("sk-own".to_owned()),
        day_tokens: Some(5),
        session_tokens: None,
    };
    assert!(fresh.store.set_model(&fresh.tenants[0], &model).await.unwrap());
    let site = read(&fresh.other).await;
    assert_eq!(site.model, model);
    // What the business sets of its site leaves it alone.
    let wanted = Site { allowed_origins: vec!["https://a.example".into()], ..site.clone() };
    assert!(fresh.store.replace_site(&site, &wanted).await.unwrap());
    assert_eq!(read(&fresh.store).await.model, model);
    assert_eq!(fresh.store.site_of(&fresh.tenants[1]).await.unwrap().unwrap().model, OwnModel::default());
    assert!(fresh.store.set_model(&fresh.tenants[0], &OwnModel::default()).await.unwrap());
    assert_eq!(read(&fresh.store).await.model, OwnModel::default());
}

pub(crate) async fn what_a_model_drew_out_holds_until_something_is_added(fresh: Fresh) {
    let tell = async |store: &Arc<dyn Store>, seq: u32, text: &str| {
        let said = said("sess_1", &format!("msg_{seq}"), seq, text, &["jane@acme.com"]);
        keep(&**store, Incoming { authorised: true, ..fresh.incoming(&said) }).await.unwrap();
    };
    let session = "sess_1".parse().unwrap();
    let draw = async |store: &Arc<dyn Store>, newest: &str, of: u32, text: &str| {
        let built_in = built_in_requirements(&fresh.session(0, "sess_1").await);
        let drawn = DrawnOut { of, beside: DrawnOut::digest(&built_in), text: text.to_owned() };
        let newest = newest.parse().unwrap();
        let at = Timestamp::from_millis(NOON);
        store.keep_drawn_out(&fresh.tenants[0], &session, &newest, &drawn, at).await.unwrap()
    };
    let shown = async || fresh.shown(0).await.remove(0).requirements;
    let (store, other) = (&fresh.store, &fresh.other);
    tell(store, 0, "We need automation for our web shop, jane@acme.com").await;
    tell(store, 1, "The budget is under $500").await;
    let built_in = shown().await;
    assert!(draw(other, "msg_1", 2, "• Shop automation").await);
    assert_eq!(shown().await, "• Shop automation");
    let tags = fresh.session(0, "sess_1").await;
    assert!(tags.iter().all(|m| m.tag.as_ref().unwrap().requirements == "• Shop automation"));
    // What is older, or as old, comes too late.
    assert!(!draw(store, "msg_1", 1, "• Older").await && !draw(store, "msg_1", 2, "• As old").await);
    assert!(draw(store, "msg_0", 1, "• Of the first alone").await);
    assert!(!draw(store, "msg_9", 9, "• Of nothing").await, "its message is not there");
    assert_eq!(shown().await, "• Shop automation");
    // A process that remembers the session as it was before finds what another has drawn out.
    tell(store, 2, "Thanks!").await;
    assert_eq!(shown().await, "• Shop automation");
    tell(store, 3, "We also need a logo").await;
    let now = shown().await;
    assert!(now.contains("ogo") && now != built_in, "{now}");
    assert_eq!(now, built_in_requirements(&fresh.session(0, "sess_1").await));
    assert!(draw(store, "msg_3", 4, "• Shop automation\n• Logo").await);
    assert_eq!(shown().await, "• Shop automation\n• Logo");
    // A deleted lead stays away.
    let by = By::new("key_test", Timestamp::from_millis(NOON));
    let id = fresh.lead_id(0, "jane@acme.com").await.unwrap();
    assert!(fresh.store.delete_lead(&fresh.tenants[0], &id, &by).await.unwrap());
    tell(store, 3, "We also need a logo").await;
    let all = built_in_requirements(&fresh.session(0, "sess_1").await);
    let drawn = DrawnOut { of: 5, beside: DrawnOut::digest(&all), text: "• Late".to_owned() };
    let newest = "msg_3".parse().unwrap();
    let at = Timestamp::from_millis(NOON);
    assert!(store.keep_drawn_out(&fresh.tenants[0], &session, &newest, &drawn, at).await.unwrap());
    assert!(fresh.shown(0).await.is_empty());
}
