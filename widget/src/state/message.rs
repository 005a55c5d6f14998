//! Messages: on their way, on the screen, and as the server tells them.

/// One message as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The message's id.
    pub id: String,
    /// `visitor`, `assistant` or `agent`.
    pub role: String,
    /// Plain text.
    pub text: String,
    /// When it was written, RFC 3339; empty where nobody has said it yet.
    pub at: String,
    /// How far a visitor's message has come.
    pub delivery: Delivery,
    /// What an answer was made of, for the screen: a title and an address a line, a tab between.
    pub sources: String,
    /// Whether more of the text is still to come.
    pub partial: bool,
}

/// How far a visitor's message has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// In memory alone: nothing promises that it outlives the page.
    Held,
    /// In this browser's outbox.
    Kept,
    /// At the edge, which delivers it.
    Queued,
    /// Stored by the server.
    #[default]
    Stored,
    /// Refused for good, for this reason.
    Failed(String),
}

impl Delivery {
    /// A stable name for tests and styles.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Kept => "kept",
            Self::Queued => "queued",
            Self::Stored => "stored",
            Self::Failed(_) => "failed",
        }
    }
}

/// One conversation, as the browser remembers it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// `sess_` and a ULID.
    pub id: String,
    /// The key to its history, once the server has given it.
    pub token: Option<String>,
    /// The number of its next message.
    pub next_seq: u32,
    /// Its address.
    pub email: Option<String>,
    /// The last message that the visitor has seen.
    pub seen: Option<String>,
}

/// A message on its way: what is decided by, and beside it what the browser knows of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// The conversation.
    pub session_id: String,
    /// `msg_` and a ULID: the same however often it is sent.
    pub message_id: String,
    /// Place among the visitor's messages.
    pub seq: u32,
    /// What the visitor wrote.
    pub text: String,
    /// The address that the visitor confirmed or the widget saw in the text.
    pub email: Option<String>,
    /// RFC 3339.
    pub sent_at: String,
    /// Everything else that is sent, as the browser has written it down: site, page, language.
    pub page: String,
    /// Why the server will not take it.
    pub refused: Option<String>,
    /// Whether the edge has it; it is asked for until the server has it too.
    pub queued: bool,
    /// Whether the browser could not keep it.
    pub held: bool,
}

impl Outgoing {
    /// How far it has come.
    pub fn delivery(&self) -> Delivery {
        match &self.refused {
            Some(reason) => Delivery::Failed(reason.clone()),
            None if self.queued => Delivery::Queued,
            None if self.held => Delivery::Held,
            None => Delivery::Kept,
        }
    }

    /// About as many bytes as it takes.
    pub fn weight(&self) -> usize {
        self.text.len() + self.page.len() + 512
    }

    /// How it is shown.
    pub fn line(&self) -> Line {
        Line {
            id: self.message_id.clone(),
            role: "visitor".to_owned(),
            text: self.text.clone(),
            at: self.sent_at.clone(),
            delivery: self.delivery(),
            ..Line::default()
        }
    }
}

/// What a new message needs from outside.
#[derive(Clone, Debug, Default)]
pub struct Stamp {
    /// A new ULID.
    pub ulid: String,
    /// The session as the browser keeps it now: another tab may have written since.
    pub session: Option<Session>,
    /// RFC 3339.
    pub sent_at: String,
    /// What the browser knows of the page; see [`Outgoing::page`].
    pub page: String,
}

/// The answer to a message that was taken.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Whether the edge keeps it until the server has it.
    pub queued: bool,
    /// The key to the history.
    pub session_token: Option<String>,
    /// The session's address.
    pub email: Option<String>,
    /// A likelier address.
    pub suggestion: Option<String>,
}
