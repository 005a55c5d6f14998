//! The order of the events, their repetition, and that an append-only key hears nothing.

use serde_json::{Value, json};

use crate::harness::{Place, Said, names};

pub(crate) async fn an_answer_comes_as_events(place: Place) {
    let server = place.start().await;
    let said = |message, text, token| Said { session: "sess_1", message, text, token };
    let first = server.hear(said("msg_1", "Hello", None)).await;
    assert_eq!(names(&first), ["accepted", "delta", "reply", "done"]);
    let (accepted, reply) = (&first[0].1, &first[2].1);
    assert_eq!((&accepted["messageId"], &accepted["duplicate"]), (&json!("msg_1"), &json!(false)));
    assert_eq!(accepted.get("reply"), None);
    assert_eq!(reply["text"], first[1].1["text"], "the deltas are the reply");
    assert_eq!(reply["role"], "assistant");
    let token = accepted["sessionToken"].as_str().expect("who begins a session gets its token").to_owned();

    let again = server.hear(said("msg_1", "Hello", None)).await;
    assert_eq!((&again[0].1["duplicate"], &again[2].1), (&json!(true), reply), "a repetition hears the same");
    let plain = server.say(said("msg_1", "Hello", None)).await;
    assert_eq!((&plain["reply"], &plain["sessionToken"]), (reply, &json!(token)));

    let unheard = server.hear(said("msg_2", "Anyone?", None)).await;
    assert_eq!(names(&unheard), ["accepted", "done"], "without the token nobody answers");
    assert_eq!(unheard[0].1["sessionToken"], Value::Null);
    let heard = server.hear(said("msg_3", "It is me, jane@acme.com", Some(&token))).await;
    assert_eq!(names(&heard), ["accepted", "delta", "reply", "done"]);
    assert_eq!(heard[0].1["email"], "jane@acme.com");

    let reused = server.post(said("msg_1", "Another text", Some(&token)), "text/event-stream").await;
    assert_eq!(reused.status(), 409, "what is refused is no stream");
    assert_eq!(reused.headers()["content-type"], "application/problem+json");
}
