//! Event-streams: what arrives in pieces of any size, as the events that were sent.

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its name; `message` where none was given.
    pub event: String,
    /// The place in the stream behind it.
    pub id: Option<String>,
    /// What it says; nothing where it is only a place.
    pub data: String,
}

/// What has arrived and makes no whole event yet.
#[derive(Debug, Default)]
pub struct Stream {
    rest: String,
}

impl Stream {
    /// Takes in a piece; gives the events that are complete. Comments are none.
    pub fn read(&mut self, piece: &str) -> Vec<Message> {
        // A line may end in CR LF; a data line never holds a CR.
        self.rest.extend(piece.chars().filter(|c| *c != '\r'));
        let mut events = Vec::new();
        let mut from = 0;
        while let Some(end) = self.rest.as_bytes().get(from..).and_then(blank_line).map(|end| from + end) {
            events.extend(self.rest.get(from..end).and_then(event_of));
            from = end + 2;
        }
        self.rest.drain(..from);
        events
    }
}

/// Where two line breaks follow each other.
fn blank_line(text: &[u8]) -> Option<usize> {
    text.windows(2).position(|bytes| bytes == b"\n\n")
}

fn event_of(lines: &str) -> Option<Message> {
    let mut message = Message { event: "message".to_owned(), ..Message::default() };
    let mut said = false;
    for line in lines.split('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => message.event = value.to_owned(),
            "id" => message.id = Some(value.to_owned()),
            "data" => {
                if said {
                    message.data.push('\n');
                }
                message.data.push_str(value);
                said = true;
            }
            _ => {}
        }
    }
    (said || message.id.is_some()).then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_make_the_same_events() {
        let whole = ": hello\n\nevent: delta\r\ndata: {\"text\":\"é\"}\r\n\r\nid: 7\ndata:a\ndata: b\n\n\nid: 8\n\nevent: done\ndata\n\ndata: cut";
        let message = |event: &str, id: Option<&str>, data: &str| Message {
            event: event.into(),
            id: id.map(str::to_owned),
            data: data.into(),
        };
        let expected = [
            message("delta", None, "{\"text\":\"é\"}"),
            message("message", Some("7"), "a\nb"),
            message("message", Some("8"), ""),
            message("done", None, ""),
        ];
        assert_eq!(Stream::default().read(whole), expected);
        let mut stream = Stream::default();
        let events: Vec<Message> =
            whole.chars().flat_map(|c| stream.read(c.encode_utf8(&mut [0; 4]))).collect();
        assert_eq!(events, expected);
    }
}
