//! Two processes on one database: what one remembers of a session must not hide what the other has done to it.

use porchlight_protocol::time::Timestamp;
use porchlight_server::leads::By;
use porchlight_server::store::{CaptureError, Kept, Store};

use crate::cases::{keep, said};
use crate::harness::{Fresh, NOON};
use crate::model::Said;

async fn tell(fresh: &Fresh, process: &dyn Store, said: &Said) -> Result<Kept, CaptureError> {
    process.capture(vec![fresh.incoming(said)]).await.remove(0)
}

pub(crate) async fn an_address_brought_to_another_process_is_seen(fresh: Fresh) {
    let (here, there) = (&*fresh.store, &*fresh.other);
    keep(&fresh, &said("sess_1", "msg_1", 0, "hello", &[])).await;
    let with = said("sess_1", "msg_2", 1, "a@example.com", &["a@example.com"]);
    tell(&fresh, there, &with).await.unwrap();
    let kept = tell(&fresh, here, &said("sess_1", "msg_3", 2, "I need a website", &[])).await.unwrap();
    assert_eq!(kept.session_email.as_deref(), Some("a@example.com"));
    let newer = said("sess_1", "msg_4", 3, "b@example.com", &["b@example.com"]);
    tell(&fresh, there, &newer).await.unwrap();
    let kept = tell(&fresh, here, &said("sess_1", "msg_5", 4, "thanks", &[])).await.unwrap();
    assert_eq!(kept.session_email.as_deref(), Some("b@example.com"));
    let messages = fresh.session(0, "sess_1").await;
    assert_eq!(messages.len(), 6, "five of the visitor, one answer");
    let newest = messages[0].tag.clone().unwrap();
    assert_eq!(newest.email, "b@example.com");
    for message in messages {
        assert_eq!(message.tag.as_ref(), Some(&newest), "{}", message.message_id);
    }
    for lead in fresh.shown(0).await {
        assert_eq!(lead.last_contact, NOON + 4_000, "{}", lead.email);
    }
}

pub(crate) async fn a_message_kept_by_another_process_is_a_repetition(fresh: Fresh) {
    let (here, there) = (&*fresh.store, &*fresh.other);
    let [first, second] = ["msg_1", "msg_2"].map(|id| said("sess_1", id, 0, id, &[]));
    assert!(!tell(&fresh, here, &first).await.unwrap().duplicate);
    assert!(!tell(&fresh, there, &second).await.unwrap().duplicate);
    assert!(tell(&fresh, here, &second).await.unwrap().duplicate);
    assert!(tell(&fresh, there, &first).await.unwrap().duplicate);
    let other = Said { text: "else".into(), ..second };
    assert!(matches!(tell(&fresh, here, &other).await, Err(CaptureError::Reused)));
    assert_eq!(fresh.session(0, "sess_1").await.len(), 3, "two of the visitor, one answer");
}

pub(crate) async fn numbers_go_on_where_another_process_has_written(fresh: Fresh) {
    for (turn, id) in ["msg_a", "msg_b", "msg_c", "msg_d"].into_iter().enumerate() {
        let mut incoming = fresh.incoming(&said("sess_1", id, 0, id, &[]));
        incoming.seq = None;
        let process = [&fresh.store, &fresh.other][turn % 2];
        process.capture(vec![incoming]).await.remove(0).unwrap();
    }
    let messages = fresh.session(0, "sess_1").await;
    let seqs: Vec<u32> = messages.iter().filter(|m| m.reply_to.is_none()).map(|m| m.seq).collect();
    assert_eq!(seqs, [0, 1, 2, 3]);
}

pub(crate) async fn what_another_process_erased_stays_erased(fresh: Fresh) {
    let (here, there) = (&*fresh.store, &*fresh.other);
    let first = said("sess_1", "msg_1", 0, "hello", &[]);
    let unseen = said("sess_1", "msg_2", 1, "a@example.com", &["a@example.com"]);
    tell(&fresh, here, &first).await.unwrap();
    tell(&fresh, there, &unseen).await.unwrap();
    let id = fresh.lead_id(0, "a@example.com").await.unwrap();
    let by = By::new("key_test", Timestamp::from_millis(NOON));
    there.erase_lead(&fresh.tenants[0], &id, &by).await.unwrap().unwrap();
    for message in [&first, &unseen] {
        assert!(tell(&fresh, here, message).await.unwrap().duplicate);
    }
    assert!(fresh.session(0, "sess_1").await.is_empty());
    assert!(fresh.shown(0).await.is_empty());
    let fresh_start = tell(&fresh, here, &said("sess_1", "msg_3", 2, "me again", &[])).await.unwrap();
    assert!(fresh_start.message.opened, "nothing was left of the session");
    for message in [&first, &unseen] {
        assert!(tell(&fresh, here, message).await.unwrap().duplicate);
    }
    assert_eq!(fresh.session(0, "sess_1").await.len(), 2, "the new message and its answer");
    there.delete_messages_of(&fresh.tenants[0], &["nobody@example.com".to_owned()], &by).await.unwrap();
    let with = said("sess_2", "msg_1", 0, "c@example.com", &["c@example.com"]);
    tell(&fresh, here, &with).await.unwrap();
    there.delete_messages_of(&fresh.tenants[0], &["c@example.com".to_owned()], &by).await.unwrap();
    let new = tell(&fresh, here, &said("sess_2", "msg_2", 1, "hello", &[])).await.unwrap();
    assert!(new.message.opened && new.session_email.is_none());
}

/// A process was killed between keeping messages and doing what follows from them; another one, which remembers the
/// session, finishes that, and its next messages go on from there.
pub(crate) async fn another_process_finishes_what_a_crash_left(fresh: Fresh) {
    let (here, there) = (&*fresh.store, &*fresh.other);
    let messages = [
        said("sess_1", "msg_1", 0, "I need a website", &[]),
        said("sess_1", "msg_2", 1, "a@example.com", &["a@example.com"]),
    ];
    for message in &messages {
        tell(&fresh, here, message).await.unwrap();
    }
    fresh.leave_half_done("sess_1").await;
    there.finish_pending(Timestamp::from_millis(NOON + 1)).await.unwrap();
    for message in fresh.session(0, "sess_1").await {
        assert_eq!(message.tag.map(|tag| tag.email).as_deref(), Some("a@example.com"));
        assert!(!message.pending);
    }
    assert_eq!(fresh.shown(0).await[0].sessions, ["sess_1"]);
    fresh.leave_half_done("sess_1").await;
    let kept = tell(&fresh, here, &said("sess_1", "msg_3", 2, "thanks", &[])).await.unwrap();
    assert_eq!(kept.session_email.as_deref(), Some("a@example.com"));
    assert_eq!(fresh.shown(0).await[0].count, 1);
    assert!(fresh.session(0, "sess_1").await.iter().all(|m| m.tag.is_some() && !m.pending));
}

pub(crate) async fn a_message_under_way_does_not_keep_an_erased_address(fresh: Fresh) {
    tell(&fresh, &*fresh.store, &said("sess_1", "msg_1", 0, "I need a website", &[])).await.unwrap();
    fresh.tag_wrongly("sess_1", "a@example.com").await;
    fresh.other.finish_pending(Timestamp::from_millis(NOON + 1)).await.unwrap();
    let messages = fresh.session(0, "sess_1").await;
    assert!(messages.iter().all(|message| message.tag.is_none() && !message.pending));
    assert!(fresh.shown(0).await.is_empty());
}
