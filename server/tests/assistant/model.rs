//! Answers by a language model, and what becomes of visitors when it misbehaves.

use std::time::{Duration, Instant};

use porchlight_server::assistant::OwnModel;
use porchlight_server::conversation::Answerer;
use serde_json::{Value, json};

use crate::harness::{Place, Said, Server, events, names};
use crate::provider::{Act, Provider, says};

const ANSWER: &str = "We open at nine o’clock.";

pub(crate) async fn start(place: &Place, act: Act, more: &[&str]) -> (Server, Provider) {
    let (provider, url) = Provider::start(act).await;
    let mut arguments = vec![
        "--llm-base-url",
        &url,
        "--llm-model",
        "test",
        "--llm-api-key",
        "sk-test",
        "--llm-piece-ms",
        "400",
    ];
    arguments.extend(more);
    (place.start_with(&arguments).await, provider)
}

fn hello(session: &str) -> Said<'_> {
    Said { session, message: "msg_1", text: "When do you open?", token: None }
}

/// The texts of a session's history.
async fn history(server: &Server, session: &str) -> Vec<(String, String)> {
    let messages = server.session(session).await;
    messages.into_iter().map(|m| (m.role.as_str().to_owned(), m.text)).collect()
}

fn is_builtin(reply: &Value) -> bool {
    reply["text"].as_str().is_some_and(|text| text.contains("e-mail address"))
}

pub(crate) async fn words_come_as_the_model_writes_them(place: Place) {
    let act = Act::SayInTwo("We open at nine ".to_owned(), "o’clock.".to_owned());
    let (server, provider) = start(&place, act, &["--llm-piece-ms", "10000"]).await;
    let mut answer = server.post(hello("sess_1"), "text/event-stream").await;
    let mut text = String::new();
    while !text.contains("event: delta") {
        text += std::str::from_utf8(&answer.chunk().await.unwrap().expect("more")).unwrap();
    }
    assert!(text.starts_with("event: accepted"), "{text}");
    assert_eq!(history(&server, "sess_1").await.len(), 1, "nothing is kept before the end");
    provider.go_on();
    while let Some(piece) = answer.chunk().await.unwrap() {
        text += std::str::from_utf8(&piece).unwrap();
    }
    let heard = events(&text);
    assert_eq!(names(&heard), ["accepted", "delta", "reply", "done"]);
    let reply = heard.iter().find(|(name, _)| name == "reply").unwrap().1.clone();
    assert_eq!((&reply["text"], &reply["role"]), (&json!(ANSWER), &json!("assistant")));
    let deltas = heard.iter().filter(|(name, _)| name == "delta");
    let words: String = deltas.map(|(_, data)| data["text"].as_str().unwrap()).collect();
    assert_eq!(words, ANSWER);
    let kept = history(&server, "sess_1").await;
    assert_eq!(kept[1], ("assistant".to_owned(), ANSWER.to_owned()));

    let again = server.say(hello("sess_1")).await;
    assert_eq!((&again["duplicate"], &again["reply"]), (&json!(true), &reply), "a repetition hears the same");
    assert_eq!(provider.asked().len(), 1, "and asks nobody");
    assert_eq!(provider.headers()["authorization"], "Bearer sk-test");
}

pub(crate) async fn a_model_that_fails_at_once_is_not_noticed(place: Place) {
    let acts = [
        Act::Stall,
        Act::Refuse(500, None),
        Act::Refuse(401, None),
        Act::Refuse(429, Some(3_600)),
        Act::Rubbish("text/html", "<html>Jane</html>"),
        Act::Rubbish("text/event-stream", "data: Jane\n\n"),
        Act::Rubbish("text/event-stream", "data: [DONE]\n\n"),
        Act::Rubbish("text/event-stream", "data: {\"error\":{\"message\":\"Jane\"}}\n\n"),
        Act::Say(vec!["  ".to_owned(), "\n".to_owned()]),
    ];
    for (index, act) in acts.into_iter().enumerate() {
        // A server each, so that no breaker hides a kind of failure.
        let (server, provider) = start(&place, act.clone(), &[]).await;
        let session = format!("sess_{index}");
        let heard = server.hear(hello(&session)).await;
        assert_eq!(names(&heard), ["accepted", "delta", "reply", "done"], "{act:?}");
        assert!(is_builtin(&heard[2].1), "{act:?} {heard:?}");
        assert!(!provider.asked().is_empty());
        assert_eq!(history(&server, &session).await.len(), 2, "{act:?}");
    }
}

pub(crate) async fn an_answer_that_breaks_off_is_an_error_and_the_capture_stands(place: Place) {
    let acts = [Act::BreakAfter("We open at ".to_owned()), Act::StallAfter("We open at ".to_owned())];
    for (act, session) in acts.into_iter().zip(["sess_1", "sess_2"]) {
        let (server, _provider) = start(&place, act, &[]).await;
        let heard = server.hear(hello(session)).await;
        assert_eq!(names(&heard), ["accepted", "delta", "error", "done"]);
        assert_eq!(heard[1].1["text"], "We open");
        assert_eq!(heard[2].1["code"], "no_reply");
        let kept = history(&server, session).await;
        assert_eq!(kept.len(), 2);
        assert!(kept[1].1.contains("e-mail address"), "what broke off is not kept: {kept:?}");
        let again = server.hear(hello(session)).await;
        assert_eq!(names(&again), ["accepted", "delta", "reply", "done"]);
        assert!(is_builtin(&again[2].1), "a repetition hears what is kept");
    }
}

pub(crate) async fn who_takes_no_stream_waits_a_short_while_and_then_not_at_all(place: Place) {
    let (server, provider) =
        start(&place, Act::Stall, &["--llm-piece-ms", "60000", "--llm-patience-ms", "300"]).await;
    for number in 0..5 {
        let session = format!("sess_{number}");
        let begun = Instant::now();
        let answer = server.say(hello(&session)).await;
        assert!(is_builtin(&answer["reply"]), "{answer}");
        assert!(begun.elapsed() >= Duration::from_millis(300) && begun.elapsed() < Duration::from_secs(2));
    }
    assert_eq!(provider.asked().len(), 5);
    let begun = Instant::now();
    let answer = server.say(hello("sess_6")).await;
    assert!(is_builtin(&answer["reply"]));
    assert!(begun.elapsed() < Duration::from_millis(300), "a model that fails again and again is not asked");
    assert_eq!(provider.asked().len(), 5);
}

pub(crate) async fn a_busy_model_is_asked_again_when_it_has_said(place: Place) {
    let (server, provider) = start(&place, says(ANSWER), &["--llm-piece-ms", "5000"]).await;
    // More than the pauses that are made where nothing is said.
    provider.play(vec![Act::Refuse(429, Some(2)), says(ANSWER)]);
    let begun = Instant::now();
    let heard = server.hear(hello("sess_1")).await;
    assert_eq!(heard[heard.len() - 2].1["text"], ANSWER, "{heard:?}");
    assert!(begun.elapsed() >= Duration::from_secs(2), "not before it said");
    provider.play(vec![Act::Refuse(503, None), Act::Refuse(429, None), says(ANSWER)]);
    let heard = server.hear(hello("sess_2")).await;
    assert_eq!(heard[heard.len() - 2].1["text"], ANSWER, "{heard:?}");
    assert_eq!(provider.asked().len(), 5);
}

pub(crate) async fn an_answer_is_written_to_its_end_for_who_went_away(place: Place) {
    let act = Act::SayInTwo("We open at nine ".to_owned(), "o’clock.".to_owned());
    let (server, provider) = start(&place, act, &["--llm-piece-ms", "10000"]).await;
    let mut answer = server.post(hello("sess_1"), "text/event-stream").await;
    answer.chunk().await.unwrap();
    drop(answer);
    server.until(|| provider.asked().len() == 1).await;
    // Who comes back meanwhile waits for the same answer.
    let (again, ()) = tokio::join!(server.hear(hello("sess_1")), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        provider.go_on();
    });
    assert_eq!(again[0].1["duplicate"], true);
    assert_eq!(again[again.len() - 2].1["text"], ANSWER);
    assert_eq!(history(&server, "sess_1").await.len(), 2);
    assert_eq!(provider.asked().len(), 1);
}

pub(crate) async fn what_a_crash_left_unanswered_is_answered_when_it_comes_again(place: Place) {
    let (server, provider) = start(&place, says(ANSWER), &[]).await;
    // As the process leaves it that ends between the two writes.
    server.capture_only(hello("sess_1"), Answerer::Model).await;
    assert_eq!(history(&server, "sess_1").await.len(), 1);
    let (one, other) = tokio::join!(server.hear(hello("sess_1")), server.say(hello("sess_1")));
    assert_eq!(one[one.len() - 2].1["text"], ANSWER);
    assert_eq!(other["reply"]["text"], ANSWER);
    assert_eq!(provider.asked().len(), 1, "both hear one answer");
}

pub(crate) async fn a_person_silences_the_model(place: Place) {
    let act = Act::SayInTwo("We open at nine ".to_owned(), "o’clock.".to_owned());
    let (server, provider) = start(&place, act, &["--llm-piece-ms", "10000"]).await;
    let (heard, ()) = tokio::join!(server.hear(hello("sess_1")), async {
        server.until(|| provider.asked().len() == 1).await;
        server.hand_over("sess_1", true).await;
        provider.go_on();
    });
    assert_eq!(
        names(&heard),
        ["accepted", "delta", "error", "done"],
        "what it wrote meanwhile does not count"
    );
    let token = heard[0].1["sessionToken"].as_str().unwrap();
    let next = |message| Said { session: "sess_1", message, text: "Hello?", token: Some(token) };
    assert_eq!(names(&server.hear(next("msg_2")).await), ["accepted", "done"]);
    assert_eq!(history(&server, "sess_1").await.len(), 2, "nothing of the assistant");
    assert_eq!(provider.asked().len(), 1, "and it is not asked");
    server.hand_over("sess_1", false).await;
    provider.play(vec![says(ANSWER)]);
    let heard = server.hear(next("msg_3")).await;
    assert_eq!(heard[heard.len() - 2].1["text"], ANSWER);
}

pub(crate) async fn a_site_key_alone_never_has_a_session_read(place: Place) {
    let (server, provider) = start(&place, says(ANSWER), &[]).await;
    server.hear(Said { text: "My secret is 4711", ..hello("sess_1") }).await;
    for message in ["msg_2", "msg_2", "msg_3"] {
        let text = "What did I say before?";
        let heard = server.hear(Said { session: "sess_1", message, text, token: None }).await;
        assert_eq!(names(&heard), ["accepted", "done"]);
    }
    let wrong = Said { session: "sess_1", message: "msg_4", text: "And now?", token: Some("st_wrong") };
    assert_eq!(names(&server.hear(wrong).await), ["accepted", "done"]);
    assert_eq!(provider.asked().len(), 1, "only the opener had it asked");
}

pub(crate) async fn a_spent_budget_is_answered_without_the_model(place: Place) {
    // Room for one question with its answer, and not for a second one beside it.
    let (server, provider) = start(&place, says(ANSWER), &["--llm-session-tokens", "1500"]).await;
    let first = server.hear(hello("sess_1")).await;
    assert_eq!(first[first.len() - 2].1["text"], ANSWER);
    let token = first[0].1["sessionToken"].as_str().unwrap();
    let long = "And what does it cost? ".repeat(150);
    let more = Said { session: "sess_1", message: "msg_2", text: &long, token: Some(token) };
    let heard = server.hear(more).await;
    assert_eq!(names(&heard), ["accepted", "delta", "reply", "done"]);
    assert_ne!(heard[2].1["text"], ANSWER);
    assert_eq!(provider.asked().len(), 1);
    let other = server.hear(hello("sess_2")).await;
    assert_eq!(other[other.len() - 2].1["text"], ANSWER, "another session has its own");

    let (server, provider) = start(&place, says(ANSWER), &["--llm-day-tokens", "100"]).await;
    for session in ["sess_3", "sess_4"] {
        assert!(is_builtin(&server.say(hello(session)).await["reply"]));
    }
    assert!(provider.asked().is_empty());
}

pub(crate) async fn a_business_may_have_a_model_of_its_own(place: Place) {
    let (server, house) = start(&place, says(ANSWER), &[]).await;
    let (own, url) = Provider::start(says("Our own answer.")).await;
    let model = OwnModel { base_url: Some(url), model: Some("own".to_owned()), ..OwnModel::default() };
    assert!(server.store.set_model(&server.tenant, &model).await.unwrap());
    let heard = server.hear(hello("sess_1")).await;
    assert_eq!(heard[heard.len() - 2].1["text"], "Our own answer.");
    assert_eq!((own.asked()[0]["model"].as_str(), house.asked().len()), (Some("own"), 0));
    // The server's key stays at the server's model, and an empty one would be refused by some.
    assert!(own.headers().get("authorization").is_none());
}
