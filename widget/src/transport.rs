//! The requests of the widget, and what their answers mean.

use crate::host;
use crate::json::{Json, to_json};
use crate::state::{Answer, Event, Line, Outgoing, Source};
use crate::stream::{Message, Stream};

/// A request that is under way.
struct Running {
    channel: u32,
    what: What,
    stream: Stream,
    /// Whether the message was taken: what comes behind that is only the answer.
    taken: bool,
}

enum What {
    Message(String),
    History,
    Events,
    Erasure,
}

/// What is told of a request.
pub(crate) struct Told {
    /// Which one.
    pub(crate) channel: u32,
    /// The status; 0 where there was no answer.
    pub(crate) status: u16,
    /// Seconds that the server asks to wait.
    pub(crate) wish: Option<f64>,
    /// The body, or a piece of it.
    pub(crate) text: String,
    /// Whether it is an event-stream.
    pub(crate) streamed: bool,
    /// Whether nothing more comes.
    pub(crate) done: bool,
    /// By chance, from 0 to 1.
    pub(crate) chance: f64,
}

/// The requests that are under way.
#[derive(Default)]
pub(crate) struct Transport {
    running: Vec<Running>,
    last: u32,
}

impl Transport {
    pub(crate) fn send(&mut self, outgoing: &Outgoing, token: Option<&str>) {
        let channel = self.begin(What::Message(outgoing.message_id.clone()));
        host::request(channel, "POST", "/api/chat", token, to_json(outgoing).as_deref());
    }

    pub(crate) fn flush(&self, outgoing: &Outgoing, token: Option<&str>) {
        if let Some(body) = to_json(outgoing) {
            host::flush(token, &body);
        }
    }

    pub(crate) fn history(&mut self, session: &str, token: &str) {
        let channel = self.begin(What::History);
        host::request(channel, "GET", &chat("?sessionId=", session), Some(token), None);
    }

    /// Listens for messages, from behind a place in the stream.
    pub(crate) fn listen(&mut self, session: &str, token: &str, place: Option<&str>) {
        let channel = self.begin(What::Events);
        host::request(channel, "GET", &chat("/events?sessionId=", session), Some(token), place);
    }

    pub(crate) fn deafen(&mut self) {
        self.running.retain(|running| {
            let stays = !matches!(running.what, What::Events);
            if !stays {
                host::cancel(running.channel);
            }
            stays
        });
    }

    pub(crate) fn erase(&mut self, session: &str, token: &str) {
        let channel = self.begin(What::Erasure);
        host::request(channel, "DELETE", &chat("?sessionId=", session), Some(token), None);
    }

    fn begin(&mut self, what: What) -> u32 {
        self.last += 1;
        self.running.push(Running { channel: self.last, what, stream: Stream::default(), taken: false });
        self.last
    }

    /// What it means that this was told.
    pub(crate) fn told(&mut self, told: Told) -> Vec<Event> {
        let Some(index) = self.running.iter().position(|running| running.channel == told.channel) else {
            return Vec::new();
        };
        let running = &mut self.running[index];
        let mut events = Vec::new();
        if told.streamed {
            for message in running.stream.read(&told.text) {
                running.said(message, told.chance, &mut events);
            }
        }
        if told.done {
            running.ended(&told, &mut events);
            self.running.remove(index);
        }
        events
    }
}

fn chat(rest: &str, session: &str) -> String {
    ["/api/chat", rest, session].concat()
}

impl Running {
    fn said(&mut self, message: Message, chance: f64, events: &mut Vec<Event>) {
        let json = Json::parse(&message.data);
        match &self.what {
            What::Message(id) => match message.event.as_str() {
                "accepted" => {
                    self.taken = true;
                    events.push(Event::Taken(id.clone(), answer(&json), chance));
                }
                "delta" => events.extend(json.text("text").map(|text| Event::Delta(id.clone(), text))),
                "reply" => events.extend(line(&json).map(|line| Event::Reply(id.clone(), line))),
                "error" => events.push(Event::NoReply(id.clone())),
                _ => {}
            },
            What::Events => {
                match message.event.as_str() {
                    "message" => events.extend(line(&json).map(Event::Arrived)),
                    "mode" => events.push(Event::Mode(json.text("mode").as_deref() == Some("human"))),
                    "reset" => events.push(Event::Missed),
                    _ => {}
                }
                events.extend(message.id.map(Event::Placed));
            }
            _ => {}
        }
    }

    /// 2xx is taken; 4xx is final, but for those that only ask to wait; everything else is not known.
    fn ended(&mut self, told: &Told, events: &mut Vec<Event>) {
        let json = Json::parse(&told.text);
        let good = (200..300).contains(&told.status);
        match &self.what {
            What::Message(id) if self.taken => events.push(Event::Ended(id.clone())),
            What::Message(id) => match told.status {
                200 | 202 if json.is_object() => {
                    events.push(Event::Taken(id.clone(), answer(&json), told.chance));
                    events.extend(line(&json.field("reply")).map(|line| Event::Reply(id.clone(), line)));
                    events.push(Event::Ended(id.clone()));
                }
                408 | 425 | 429 | 0..400 | 500.. => {
                    events.push(Event::Unanswered(id.clone(), told.wish, told.chance));
                }
                _ => events.push(Event::Refused(id.clone(), json.text("title").unwrap_or_default())),
            },
            What::History if good => {
                let lines = json.field("messages").items().filter_map(|json| line(&json)).collect();
                events.push(Event::History(lines));
            }
            What::History => {}
            What::Events => {
                // A server that has no such stream, or none for this session, will have none soon.
                let again = told.streamed || told.status < 400 || told.status == 429 || told.status >= 500;
                events.push(Event::Deafened(again && told.status != 501, told.chance));
            }
            // What is not there is deleted.
            What::Erasure => events.push(Event::Erased(good || matches!(told.status, 401 | 404))),
        }
    }
}

fn answer(json: &Json) -> Answer {
    Answer {
        queued: json.flag("queued"),
        session_token: json.text("sessionToken"),
        email: json.text("email"),
        suggestion: json.text("suggestion"),
    }
}

fn line(json: &Json) -> Option<Line> {
    let source = |json: Json| Some(Source { title: json.text("title")?, url: json.text("url") });
    Some(Line {
        id: json.text("messageId")?,
        role: json.text("role")?,
        text: json.text("text")?,
        at: json.text("at").unwrap_or_default(),
        sources: json.field("sources").items().filter_map(source).collect(),
        ..Line::default()
    })
}
