//! A person steps in, and both sides hear of it at once: streams, what they resume, and what a killed server costs.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use crate::listener::{self, Listener, Told};
use crate::system::Server;

struct Chat<'a> {
    server: &'a Server,
    session: String,
    token: String,
}

impl<'a> Chat<'a> {
    async fn begin(server: &'a Server, session: &str, text: &str) -> Self {
        let answer = write(server, session, "msg_0", 0, text, None).await;
        let token = answer["sessionToken"].as_str().expect("a token").to_owned();
        Self { server, session: session.to_owned(), token }
    }

    async fn write(&self, seq: u64, text: &str) -> Value {
        write(self.server, &self.session, &format!("msg_{seq}"), seq, text, Some(&self.token)).await
    }

    fn events(&self) -> String {
        format!("{}/api/chat/events?sessionId={}", self.server.address(), self.session)
    }

    async fn listen(&self, after: Option<&str>) -> Listener {
        Listener::open(&self.events(), &self.token, after).await
    }
}

async fn write(server: &Server, session: &str, id: &str, seq: u64, text: &str, token: Option<&str>) -> Value {
    let body = json!({
        "siteKey": server.business.site_key, "sessionId": session, "messageId": id, "seq": seq, "text": text,
        "pageUrl": "https://shop.example/",
    });
    let mut request = Client::new().post(format!("{}/api/chat", server.address())).json(&body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.json().await.expect("JSON")
}

async fn as_agent(server: &Server, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = Client::new().request(method, format!("{}{path}", server.address()));
    let answer = request.bearer_auth(&server.business.api_key).json(body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn say(server: &Server, session: &str, body: &Value) -> (u16, Value) {
    as_agent(server, Method::POST, &format!("/api/chats/{session}/messages"), body).await
}

async fn business_listens(server: &Server, after: Option<&str>) -> Listener {
    Listener::open(&format!("{}/api/events", server.address()), &server.business.api_key, after).await
}

async fn a_person_steps_in(kind: &str) {
    let server = Server::open(kind);
    let chat = Chat::begin(&server, "sess_1", "Is anybody there?").await;
    let mut business = business_listens(&server, None).await;
    let mut visitor = chat.listen(None).await;
    let place = visitor.next().await.expect("a place");
    assert!(!place.id.is_empty() && place.event.is_empty(), "{place:?}");
    assert_eq!(visitor.next().await.unwrap().data, json!({ "mode": "assistant" }));

    let (status, said) =
        say(&server, "sess_1", &json!({ "text": " Yes, Kim here. ", "messageId": "msg_kim" })).await;
    assert_eq!((status, &said["role"], &said["text"]), (200, &json!("agent"), &json!("Yes, Kim here.")));
    let mode = visitor.next().await.unwrap();
    assert_eq!((mode.event.as_str(), &mode.data), ("mode", &json!({ "mode": "human" })));
    let told = visitor.next().await.unwrap();
    assert_eq!(told.event, "message");
    let own = json!({ "messageId": "msg_kim", "role": "agent", "text": "Yes, Kim here.", "at": said["at"] });
    assert_eq!(told.data, own);

    assert_eq!(chat.write(1, "Great, I am ann@example.com").await["reply"], Value::Null);
    let heard = visitor.next().await.unwrap();
    assert_eq!((&heard.data["role"], &heard.data["messageId"]), (&json!("visitor"), &json!("msg_1")));
    let conversation = server.get("/api/chats?sessionId=sess_1").await["conversations"][0].clone();
    assert_eq!(conversation["mode"], "human");
    let messages = conversation["messages"].as_array().unwrap();
    assert!(messages.iter().all(|message| message["email"] == "ann@example.com"), "{messages:?}");

    let handed =
        as_agent(&server, Method::POST, "/api/chats/sess_1/handover", &json!({ "mode": "assistant" })).await;
    assert_eq!(handed, (200, json!({ "sessionId": "sess_1", "mode": "assistant" })));
    assert_eq!(visitor.next().await.unwrap().data, json!({ "mode": "assistant" }));
    let repeated = say(&server, "sess_1", &json!({ "text": "Yes, Kim here.", "messageId": "msg_kim" })).await;
    assert_eq!((repeated.0, &repeated.1["at"]), (200, &said["at"]));
    assert_ne!(chat.write(2, "And you?").await["reply"], Value::Null, "a repetition takes nothing over");

    let mut heard = Vec::new();
    let mut numbers = Vec::new();
    while heard.last() != Some(&"assistant".to_owned()) {
        let told = business.next().await.expect("an event");
        numbers.push(told.id.parse::<i64>().expect("a number"));
        let of = |name: &str| told.data[name].as_str().unwrap_or_default().to_owned();
        match told.event.as_str() {
            "message" => heard.push(of("role")),
            "session" => heard.push(format!("{} {}", of("action"), of("mode"))),
            "lead" => {
                heard.push(format!("lead {} {}", of("action"), told.data["lead"]["email"].as_str().unwrap()))
            }
            _ => assert!(told.data.is_null(), "{told:?}"),
        }
    }
    let wanted = [
        "handover human",
        "agent",
        "visitor",
        "lead created ann@example.com",
        "handover assistant",
        "visitor",
        "assistant",
    ];
    heard.retain(|what| what != "lead changed ann@example.com");
    assert_eq!(heard, wanted);
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");

    refuses_what_is_wrong(&server).await;
}

async fn refuses_what_is_wrong(server: &Server) {
    let cases = [
        ("sess_none", json!({ "text": "Hello" }), 404, "not_found"),
        ("a b", json!({ "text": "Hello" }), 404, "not_found"),
        ("sess_1", json!({ "text": "  " }), 422, "invalid"),
        ("sess_1", json!({ "text": "x".repeat(4_001) }), 422, "invalid"),
        ("sess_1", json!({ "text": "Hello", "role": "visitor" }), 422, "invalid"),
        ("sess_1", json!({ "text": "Hello", "adminId": "admin_2" }), 422, "invalid"),
        ("sess_1", json!({ "text": "Another", "messageId": "msg_kim" }), 409, "message_id_reused"),
        ("sess_1", json!({ "text": "Is anybody there?", "messageId": "msg_0" }), 409, "message_id_reused"),
    ];
    for (session, body, status, code) in cases {
        let refused = say(server, session, &body).await;
        assert_eq!((refused.0, &refused.1["code"]), (status, &json!(code)), "{session} {body}");
    }
    for mode in [json!("robot"), json!(1), Value::Null] {
        let path = "/api/chats/sess_1/handover";
        assert_eq!(as_agent(server, Method::POST, path, &json!({ "mode": mode })).await.0, 422);
    }
}

/// What a listener has heard: message texts, in order.
async fn hear(listener: &mut Listener, until: &str) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.last().is_none_or(|last| last != until) {
        let told = listener.next_of("message").await;
        heard.push(told.data["text"].as_str().expect("a text").to_owned());
    }
    heard
}

async fn a_stream_goes_on_where_it_was(kind: &str) {
    let mut server = Server::open(kind);
    let (token, session) = {
        let chat = Chat::begin(&server, "sess_1", "hello").await;
        (chat.token, chat.session)
    };
    let mut business = business_listens(&server, None).await;
    let mut visitor =
        Chat { server: &server, session: session.clone(), token: token.clone() }.listen(None).await;
    for text in ["one", "two"] {
        assert_eq!(say(&server, "sess_1", &json!({ "text": text })).await.0, 200);
    }
    hear(&mut business, "one").await;
    hear(&mut visitor, "one").await;
    let (business_at, visitor_at) = (business.last_id.clone(), visitor.last_id.clone());
    drop((business, visitor));
    assert_eq!(say(&server, "sess_1", &json!({ "text": "three" })).await.0, 200);
    server.turn_off();
    server.turn_on();
    assert_eq!(say(&server, "sess_1", &json!({ "text": "four" })).await.0, 200);
    let mut business = business_listens(&server, Some(&business_at)).await;
    assert_eq!(hear(&mut business, "four").await, ["two", "three", "four"]);
    let chat = Chat { server: &server, session, token };
    let mut visitor = chat.listen(Some(&visitor_at)).await;
    assert_eq!(hear(&mut visitor, "four").await, ["two", "three", "four"]);
    // Places that nobody knows.
    // SQLite still has everything from the beginning.
    let too_old = if kind == "sqlite" { "-1" } else { "1" };
    for unknown in [too_old, "9007199254740991", "nonsense"] {
        let mut lost = business_listens(&server, Some(unknown)).await;
        let reset = lost.next().await.expect("an event");
        assert_eq!((reset.event.as_str(), &reset.data), ("reset", &json!({})), "{unknown}");
        let mut lost = chat.listen(Some(unknown)).await;
        assert_eq!(lost.next().await.expect("an event").event, "reset", "{unknown}");
        assert_eq!(lost.next().await.expect("an event").data, json!({ "mode": "human" }));
    }
}

/// SIGTERM with open streams: they end with a hint, and the server ends well.
async fn streams_end_with_a_hint(kind: &str) {
    let mut server = Server::open(kind);
    let chat = Chat::begin(&server, "sess_1", "hello").await;
    let mut listeners = vec![business_listens(&server, None).await, chat.listen(None).await];
    let metrics = reqwest::get(format!("{}/metrics", server.address())).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("porchlight_streams{listener=\"visitor\"} 1"), "{metrics}");
    server.turn_off();
    for listener in &mut listeners {
        let mut last = None;
        while let Some(told) = listener.next().await {
            last = Some(told);
        }
        assert!(last.is_some_and(|last| last.retry.is_some_and(|wait| wait > 0)));
    }
}

/// A listener that does not read is cut off, so that nothing piles up, and misses nothing when it comes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_falls_behind_is_cut_off_and_goes_on() {
    const MESSAGES: usize = 640;
    const SESSIONS: usize = 40;
    let server = Server::open("sqlite");
    for session in 0..SESSIONS {
        Chat::begin(&server, &format!("sess_{session}"), "hello").await;
    }
    // The system must not take in for the listener what it does not read.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 * 1_024).unwrap();
    let mut slow = socket.connect(([127, 0, 0, 1], server.port).into()).await.unwrap();
    // HTTP/1.0 has no chunks: what comes is the stream itself.
    let key = &server.business.api_key;
    let ask = format!("GET /api/events HTTP/1.0\r\nAuthorization: Bearer {key}\r\n\r\n");
    slow.write_all(ask.as_bytes()).await.unwrap();
    let mut text = vec![0; 64];
    slow.read_exact(&mut text).await.unwrap();

    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let (address, key) = (server.address(), key.clone());
        writers.spawn(async move {
            let client = Client::new();
            for number in (writer..MESSAGES).step_by(8) {
                let body = json!({ "text": format!("{number} {}", "\u{1f600}".repeat(3_900)) });
                let path = format!("{address}/api/chats/sess_{}/messages", number % SESSIONS);
                let answer = client.post(path).bearer_auth(&key).json(&body).send().await.expect("an answer");
                assert_eq!(answer.status(), 200);
            }
        });
    }
    writers.join_all().await;
    // Either it was told to come back, or, on a busy machine, it has read nothing for so long that it was cut short.
    let _ =
        tokio::time::timeout(Duration::from_secs(60), slow.read_to_end(&mut text)).await.expect("it ends");
    let text = String::from_utf8_lossy(&text);
    let (_, body) = text.split_once("\r\n\r\n").expect("a head");
    let blocks = body.split_inclusive("\n\n").filter(|block| block.ends_with("\n\n") && *block != ": \n\n");
    let told: Vec<Told> = blocks.map(listener::read).collect();
    let last_id = told.iter().rev().find(|told| !told.id.is_empty()).expect("a place").id.clone();
    let number = |told: &Told| {
        let text = told.data["text"].as_str().filter(|_| told.event == "message")?;
        text.split_once(' ').map(|(number, _)| number.parse::<usize>().expect("a number"))
    };
    let mut heard: Vec<usize> = told.iter().filter_map(number).collect();
    assert!(heard.len() < MESSAGES, "it was cut off");
    let mut again = business_listens(&server, Some(&last_id)).await;
    while heard.len() < MESSAGES {
        let told = again.next().await.expect("an event");
        assert_ne!(told.event, "reset");
        heard.extend(number(&told));
    }
    heard.sort_unstable();
    assert!(heard.into_iter().eq(0..MESSAGES), "each once");
}

/// Two servers on one database; the one that is listened to is killed while messages arrive at both.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_costs_a_listener_nothing() {
    const MESSAGES: usize = 60;
    let mut first = Server::open("mongodb");
    let second = first.beside();
    let chat = Chat::begin(&second, "sess_1", "hello").await;
    let mut business = business_listens(&first, None).await;
    let at_first = format!("{}/api/chat/events?sessionId=sess_1", first.address());
    let mut visitor = Listener::open(&at_first, &chat.token, None).await;
    let business_place = business.next().await.expect("a place").id;
    let visitor_place = visitor.next().await.expect("a place").id;

    let (first_address, key) = (first.address(), first.business.api_key.clone());
    let second_address = second.address();
    let writers = ["a", "b"].map(|name| {
        let (addresses, key) = ([first_address.clone(), second_address.clone()], key.clone());
        tokio::spawn(async move {
            let client = Client::builder().timeout(Duration::from_secs(10)).build().expect("a client");
            for number in 0..MESSAGES {
                let body = json!({ "text": format!("{name} {number}"), "messageId": format!("msg_{name}_{number}") });
                // One writer prefers the first server, and goes to the other when it gets no answer.
                for at in [usize::from(name == "b"), 1, 1, 1] {
                    let path = format!("{}/api/chats/sess_1/messages", addresses[at]);
                    let answer = client.post(path).bearer_auth(&key).json(&body).send().await;
                    if answer.is_ok_and(|answer| answer.status() == 200) {
                        break;
                    }
                }
            }
        })
    });
    let mut of_business: Vec<(String, String)> = Vec::new();
    let mut of_visitor: Vec<(String, String)> = Vec::new();
    let take = |told: Told| {
        (told.event == "message")
            .then(|| (told.id, told.data["text"].as_str().unwrap_or_default().to_owned()))
    };
    while of_business.len() < 20 {
        of_business.extend(business.next().await.and_then(take));
    }
    while of_visitor.len() < 10 {
        of_visitor.extend(visitor.next().await.and_then(take));
    }
    first.kill();
    // What had been sent before still arrives, then the connection breaks.
    for (listener, heard) in [(&mut business, &mut of_business), (&mut visitor, &mut of_visitor)] {
        while let Some(told) = listener.next().await {
            heard.extend(take(told));
        }
    }
    let last = |listener: &Listener, place: String| {
        if listener.last_id.is_empty() { place } else { listener.last_id.clone() }
    };
    let mut business = business_listens(&second, Some(&last(&business, business_place))).await;
    let mut visitor = chat.listen(Some(&last(&visitor, visitor_place))).await;
    for writer in writers {
        writer.await.expect("a writer");
    }
    assert_eq!(say(&second, "sess_1", &json!({ "text": "the end" })).await.0, 200);
    for (listener, heard) in [(&mut business, &mut of_business), (&mut visitor, &mut of_visitor)] {
        while heard.last().is_none_or(|(_, text)| text != "the end") {
            let told = listener.next().await.expect("an event");
            assert_ne!(told.event, "reset");
            heard.extend(take(told));
        }
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, text) in heard.iter() {
            *times.entry(text).or_default() += 1;
        }
        for name in ["a", "b"] {
            for number in 0..MESSAGES {
                assert_eq!(times.get(format!("{name} {number}").as_str()), Some(&1), "{name} {number}");
            }
        }
        assert!(times.values().all(|count| *count == 1), "{times:?}");
        let numbers: Vec<i64> = heard.iter().map(|(id, _)| id.parse().expect("a number")).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_steps_in_on_sqlite() {
    a_person_steps_in("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_steps_in_on_mongodb() {
    a_person_steps_in("mongodb").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_where_it_was_on_sqlite() {
    a_stream_goes_on_where_it_was("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_where_it_was_on_mongodb() {
    a_stream_goes_on_where_it_was("mongodb").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_a_hint_on_sqlite() {
    streams_end_with_a_hint("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_a_hint_on_mongodb() {
    streams_end_with_a_hint("mongodb").await;
}
