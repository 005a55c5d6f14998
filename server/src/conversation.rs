//! What follows from the messages of one session: its address, its leads, its requirements.
//!
//! Everything here is a pure function of the set of messages, so that any order of arrival, any repetition and any
//! crash in between ends in the same state: stores recompute, they never count up.

use std::collections::BTreeSet;

use porchlight_protocol::capture::{EdgeInfo, Mode, Role, Source};
use porchlight_protocol::email::{self, Email};
use porchlight_protocol::ids::{MessageId, SessionId};
use porchlight_protocol::time::Timestamp;
use sha2::{Digest, Sha256};

use crate::knowledge::Passage;
use crate::requirements::{self, Author, Turn};
use crate::store::Tenant;

/// A message as it reaches the store: checked, timed, its addresses found.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Whose site it was written on.
    pub tenant: Tenant,
    /// The conversation.
    pub session_id: SessionId,
    /// The idempotency key within the session.
    pub message_id: MessageId,
    /// Who wrote it: the visitor, who may begin a session, or an agent or the assistant, who may not.
    pub role: Role,
    /// Place among the visitor's messages; `None` takes one by its time, and an agent's message that of the newest.
    pub seq: Option<u32>,
    /// What was written.
    pub text: String,
    /// Where and in which language.
    pub page: Page,
    /// The addresses of this message, the confirmed one first.
    pub addresses: Vec<String>,
    /// When it was written: the browser's time where it can be believed, else the time of arrival.
    pub at: Timestamp,
    /// When it arrived.
    pub arrived: Timestamp,
    /// Whether the session's token came with it.
    pub authorised: bool,
    /// What the edge added.
    pub edge: Option<EdgeInfo>,
    /// Who is to answer it, where an answer is due.
    pub answerer: Answerer,
    /// What the business has written that may answer it, best first.
    pub known: Vec<Passage>,
    /// Of an answer of the assistant: the visitor's message that it answers. Its id is [`crate::assistant::reply_id`].
    pub reply_to: Option<MessageId>,
    /// Of an answer: what it was taken from.
    pub sources: Vec<Source>,
}

/// Who answers a visitor's message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answerer {
    /// The built-in assistant, in the write that keeps the message.
    #[default]
    Builtin,
    /// A language model, after that: the message is kept as one that is owed an answer.
    Model,
}

/// The page a message was written on, and the visitor's language and time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Absolute address.
    pub url: String,
    /// The page's title.
    pub title: Option<String>,
    /// Where the visitor came from.
    pub referrer: Option<String>,
    /// BCP 47 tag.
    pub locale: Option<String>,
    /// IANA time zone.
    pub time_zone: Option<String>,
}

/// A message as it is kept. Documents from before this system may lack all but session, text, role and time.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The conversation.
    pub session_id: String,
    /// Unique within the session; empty in old documents.
    pub message_id: String,
    /// Place among the visitor's messages; an answer has that of its question.
    pub seq: u32,
    /// Who wrote it.
    pub role: Role,
    /// Plain text.
    pub text: String,
    /// Where it was written.
    pub page: Page,
    /// When it was written.
    pub at: Timestamp,
    /// The addresses of this message itself, the lead's first.
    pub addresses: Vec<String>,
    /// The visitor message that this one answers.
    pub reply_to: Option<String>,
    /// What it was taken from.
    pub sources: Vec<Source>,
    /// Whether it began its session: then its author gets the session's token.
    pub opened: bool,
    /// Whether it was kept without the answer that is due to it: one is to be made for it.
    pub owed: bool,
    /// What the edge knew of its author.
    pub edge: Option<EdgeInfo>,
    /// What a language model has drawn out of the session when this was its newest visitor message.
    pub drawn_out: Option<DrawnOut>,
    /// The session's tag, on every message of it.
    pub tag: Option<Tag>,
    /// Whether something that follows from it may still have to be done.
    pub pending: bool,
    /// Whether it is from before this system and has not been migrated.
    pub old: bool,
}

impl Message {
    /// An answer to `question`, which must be a visitor's. Its time is `at`, or just behind the question where the
    /// visitor's clock is ahead.
    pub fn answering(question: &Self, message_id: String, text: String, at: Timestamp) -> Self {
        Self {
            session_id: question.session_id.clone(),
            message_id,
            seq: question.seq,
            role: Role::Assistant,
            text,
            page: Page { url: question.page.url.clone(), ..Page::default() },
            at: at.max(question.at.plus_millis(1)),
            addresses: Vec::new(),
            reply_to: Some(question.message_id.clone()),
            sources: Vec::new(),
            opened: false,
            owed: false,
            edge: None,
            drawn_out: None,
            tag: None,
            pending: false,
            old: false,
        }
    }

    /// Reads the addresses of a message from before this system, which has none noted: those of its text, else that of
    /// its tag.
    pub fn with_old_addresses(mut self) -> Self {
        if self.role == Role::Visitor && self.addresses.is_empty() {
            self.addresses = email::addresses(&self.text).iter().map(Email::to_string).collect();
            if self.addresses.is_empty() {
                self.addresses.extend(self.tagged_address());
            }
        }
        self
    }

    /// The address of its tag, as a lead has it.
    fn tagged_address(&self) -> Option<String> {
        Email::parse(&self.tag.as_ref()?.email).ok().map(String::from)
    }
}

/// Requirements that a language model has drawn out of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnOut {
    /// Of how many visitor messages: more are newer.
    pub of: u32,
    /// [`DrawnOut::digest`] of the built-in text about the same messages.
    pub beside: String,
    /// The bullets, checked.
    pub text: String,
}

impl DrawnOut {
    /// A short hash of a built-in text, to know it again by.
    pub fn digest(text: &str) -> String {
        Sha256::digest(text).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Who wrote a message, by the word that is kept; documents from before this system have words of their own.
pub fn role_of(word: &str) -> Role {
    match word {
        "assistant" | "bot" | "model" | "system" => Role::Assistant,
        "agent" => Role::Agent,
        _ => Role::Visitor,
    }
}

/// What every message of a session with an address carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The session's address.
    pub email: String,
    /// What the visitor needs.
    pub requirements: String,
}

/// Everything that follows from a session's messages, once it has an address.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    /// What every message carries.
    pub tag: Tag,
    /// The leads that the session is linked to, in the order of its messages.
    pub links: Vec<Link>,
    /// The first visitor message, by `seq`, then time.
    pub opening: Opening,
    /// The newest visitor message's time.
    pub last_at: Timestamp,
    /// How soon a person answered first.
    pub first_reply: Option<FirstReply>,
    /// When the oldest of the visitor's messages that are still pending was written; `None` when none is.
    pub pending_since: Option<Timestamp>,
}

/// The first answer of a person in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstReply {
    /// When the visitor wrote first.
    pub asked: Timestamp,
    /// When the first message of a person after that was written.
    pub answered: Timestamp,
}

/// A session's tie to the lead of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The lead's address.
    pub email: String,
    /// Addresses named beside it.
    pub alternates: Vec<String>,
    /// Whether a pending message makes this lead if it is not there: it holds the address, or the session has the
    /// address now. Links for which nothing is pending keep a lead current, but do not bring a deleted one back.
    pub makes_lead: bool,
    /// Whether a message that is no longer pending made this link before.
    pub known: bool,
    /// Of a session that is migrated: since when its messages have shown the address.
    pub since: Option<Timestamp>,
}

/// How a conversation began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The first message.
    pub text: String,
    /// Its page.
    pub page_url: String,
    /// Where the visitor came from.
    pub referrer: Option<String>,
}

/// What becomes of an incoming message beside those that its session has.
#[derive(Clone, Debug, PartialEq)]
pub enum Admission {
    /// Keep it.
    New(Box<Message>),
    /// It is kept already, with the same text.
    Duplicate(Box<Message>),
    /// Its id is taken by another text.
    Reused,
    /// An agent's, and there is no such session; or an answer, and its question is gone.
    Nowhere,
}

/// Decides about an incoming message; `session` holds every message of its session, in any order.
pub fn admit(session: &[Message], incoming: &Incoming) -> Admission {
    if let Some(question) = &incoming.reply_to {
        return admit_answer(session, incoming, question);
    }
    let taken = session.iter().find(|kept| kept.message_id == incoming.message_id.as_str());
    match taken {
        Some(kept) if kept.role == incoming.role && kept.text == incoming.text => {
            Admission::Duplicate(Box::new(kept.clone()))
        }
        Some(_) => Admission::Reused,
        None if incoming.role != Role::Visitor && session.is_empty() => Admission::Nowhere,
        None => Admission::New(Box::new(Message {
            session_id: incoming.session_id.to_string(),
            message_id: incoming.message_id.to_string(),
            seq: incoming.seq.unwrap_or_else(|| place_of(session, incoming)),
            role: incoming.role,
            text: incoming.text.clone(),
            page: incoming.page.clone(),
            at: time_of(session, incoming),
            addresses: incoming.addresses.clone(),
            reply_to: None,
            sources: Vec::new(),
            opened: session.is_empty(),
            owed: false,
            edge: incoming.edge.clone(),
            drawn_out: None,
            tag: None,
            pending: true,
            old: false,
        })),
    }
}

/// A message has one answer, whoever was first with it.
fn admit_answer(session: &[Message], incoming: &Incoming, question: &MessageId) -> Admission {
    if let Some(kept) = session.iter().find(|m| m.reply_to.as_deref() == Some(question.as_str())) {
        return Admission::Duplicate(Box::new(kept.clone()));
    }
    let asked = session.iter().find(|m| m.message_id == question.as_str() && m.role == Role::Visitor);
    let Some(asked) = asked else { return Admission::Nowhere };
    let id = incoming.message_id.to_string();
    let answer = Message::answering(asked, id, incoming.text.clone(), incoming.at);
    Admission::New(Box::new(Message { pending: true, sources: incoming.sources.clone(), ..answer }))
}

/// Whether a new message is to be answered by the assistant: only who began the session or shows its token hears
/// anything, and not while a person has it.
pub fn is_answer_due(message: &Message, incoming: &Incoming, mode: Mode) -> bool {
    let heard = message.opened || incoming.authorised;
    message.role == Role::Visitor && heard && mode == Mode::Assistant
}

/// What follows from a session's messages; `None` while no visitor message of it holds an address.
pub fn derive(session: &[Message]) -> Option<Conversation> {
    derive_with(session, requirements_of)
}

/// Gives the addresses that old messages are tagged with, but no visitor of the session has written, to the first
/// visitor message with the tag, or else to the first of all: a visitor has confirmed them. Returns the places of the
/// messages that have got one.
pub fn confirm_old_tags(session: &mut [Message]) -> BTreeSet<usize> {
    let mut order: Vec<usize> = (0..session.len()).filter(|place| session[*place].old).collect();
    order.sort_by(|a, b| reading_order(&session[*a]).cmp(&reading_order(&session[*b])));
    let visitor: Vec<usize> =
        order.iter().copied().filter(|place| session[*place].role == Role::Visitor).collect();
    let mut confirmed = BTreeSet::new();
    for email in order.iter().filter_map(|place| session[*place].tagged_address()).collect::<Vec<_>>() {
        if visitor.iter().any(|place| session[*place].addresses.contains(&email)) {
            continue;
        }
        let tagged = visitor.iter().find(|place| session[**place].tagged_address().as_ref() == Some(&email));
        if let Some(place) = tagged.or(visitor.first()) {
            session[*place].addresses.insert(0, email);
            confirmed.insert(*place);
        }
    }
    confirmed
}

/// What follows from a session that is migrated: its old messages make leads, and what was drawn out of them before
/// stands.
pub fn derive_old(session: &[Message]) -> Option<Conversation> {
    let mut session = session.to_vec();
    sort_for_reading(&mut session);
    confirm_old_tags(&mut session);
    session.iter_mut().for_each(|message| message.pending = message.old);
    let drawn_out = |session: &[Message]| {
        let old = session.iter().rev().filter(|m| m.old).filter_map(|m| m.tag.as_ref());
        let old = old.map(|tag| tag.requirements.clone()).find(|text| !text.is_empty());
        old.unwrap_or_else(|| requirements_of(session))
    };
    let mut derived = derive_with(&session, drawn_out)?;
    let tag = derived.tag.email.clone();
    for link in &mut derived.links {
        link.since = shown_since(&session, &link.email, &tag);
    }
    Some(derived)
}

/// When the first old message was written that carries the address, or will once those without a tag have the
/// session's; of an address that none carries, the first that holds it.
fn shown_since(session: &[Message], email: &str, tag: &str) -> Option<Timestamp> {
    let old = || session.iter().filter(|m| m.old);
    let carries = |m: &&Message| m.tagged_address().as_deref().unwrap_or(tag) == email;
    let carried = old().filter(carries).map(|m| m.at).min();
    carried.or_else(|| old().filter(|m| m.addresses.iter().any(|one| one == email)).map(|m| m.at).min())
}

/// As [`derive()`], for a caller who may know the requirements of these very messages already.
pub fn derive_with(
    session: &[Message],
    requirements: impl FnOnce(&[Message]) -> String,
) -> Option<Conversation> {
    let mut visitor: Vec<&Message> = session.iter().filter(|m| m.role == Role::Visitor).collect();
    visitor.sort_by_key(|m| (m.seq, m.at, &m.message_id));
    let email = visitor.iter().rev().find_map(|m| m.addresses.first())?.clone();
    let opening = visitor.first()?;
    Some(Conversation {
        links: links(&visitor, &email),
        opening: Opening {
            text: opening.text.clone(),
            page_url: opening.page.url.clone(),
            referrer: opening.page.referrer.clone(),
        },
        last_at: visitor.iter().map(|m| m.at).max()?,
        first_reply: first_reply(session),
        pending_since: pending_since(session),
        tag: Tag { email, requirements: requirements(session) },
    })
}

/// Of old sessions the first message counts, whoever wrote it.
fn pending_since(session: &[Message]) -> Option<Timestamp> {
    let making = session.iter().filter(|m| m.pending && (m.role == Role::Visitor || m.old));
    making.map(|m| m.at).min()
}

fn first_reply(session: &[Message]) -> Option<FirstReply> {
    let of = |role: Role| session.iter().filter(move |m| m.role == role).map(|m| m.at);
    let asked = of(Role::Visitor).min()?;
    let answered = of(Role::Agent).filter(|at| *at >= asked).min()?;
    Some(FirstReply { asked, answered })
}

/// Leaves of a session the messages that carry an address in one of its spellings; gives the session with the links that
/// it has lost when they are gone.
pub fn untag(session: &mut Vec<Message>, spellings: &[String]) -> Option<Conversation> {
    let carries = |message: &Message| message.tag.as_ref().is_some_and(|tag| spellings.contains(&tag.email));
    let lost = derive(session);
    let (gone, left) = std::mem::take(session).into_iter().partition(carries);
    *session = gone;
    let left = derive(&left).map(|left| left.links).unwrap_or_default();
    let mut lost = lost?;
    lost.links.retain(|link| !left.iter().any(|left| left.email == link.email));
    Some(lost)
}

/// The newest visitor message of a session, when nobody has answered it: neither the assistant nor a person.
pub fn unanswered(session: &[Message]) -> Option<&Message> {
    let visitors = session.iter().filter(|m| m.role == Role::Visitor);
    let newest = visitors.max_by_key(|m| (m.seq, m.at, &m.message_id))?;
    let answers = |m: &&Message| {
        m.reply_to.as_ref() == Some(&newest.message_id) || (m.role != Role::Visitor && m.at >= newest.at)
    };
    session.iter().find(answers).is_none().then_some(newest)
}

/// Sorts messages as a reader wants them: the visitor's by `seq`, each answer behind its question. Messages from elsewhere
/// have no `seq`; they stand by their time.
pub fn sort_for_reading(messages: &mut [Message]) {
    messages.sort_by(|a, b| reading_order(a).cmp(&reading_order(b)));
}

fn reading_order(message: &Message) -> (u32, bool, Timestamp, &str) {
    let answers = message.role != Role::Visitor && !message.message_id.is_empty();
    (message.seq, answers, message.at, &message.message_id)
}

/// The place of a message that brings none: the next one, or, where others were written after it, that of the newest one
/// before it, so that the order of arrival does not count.
fn place_of(session: &[Message], incoming: &Incoming) -> u32 {
    let visitor = || session.iter().filter(|m| m.role == Role::Visitor);
    let newest = visitor().map(|m| m.seq).max();
    if incoming.role != Role::Visitor {
        return newest.unwrap_or_default();
    }
    // Of those written in the same millisecond, where that is the time of arrival, the later one arrived later.
    let is_dated = incoming.at != incoming.arrived;
    let is_before = |m: &&Message| {
        m.at < incoming.at
            || m.at == incoming.at && (!is_dated || m.message_id.as_str() < incoming.message_id.as_str())
    };
    if visitor().all(|m| is_before(&m)) {
        return newest.map_or(0, |seq| seq.saturating_add(1));
    }
    let before = visitor().filter(is_before).map(|m| m.seq).max();
    before.or_else(|| visitor().map(|m| m.seq).min()).unwrap_or_default()
}

/// A person answers what is there, whatever the visitor's clock says of it.
fn time_of(session: &[Message], incoming: &Incoming) -> Timestamp {
    let newest = session.iter().map(|m| m.at).max().filter(|_| incoming.role != Role::Visitor);
    newest.map_or(incoming.at, |newest| incoming.at.max(newest.plus_millis(1)))
}

fn links(visitor: &[&Message], current: &str) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for message in visitor {
        let Some((email, others)) = message.addresses.split_first() else { continue };
        let link = match links.iter_mut().find(|link| link.email == *email) {
            Some(link) => link,
            None => {
                links.push(Link {
                    email: email.clone(),
                    alternates: Vec::new(),
                    makes_lead: false,
                    known: false,
                    since: None,
                });
                let newest = links.len() - 1;
                &mut links[newest]
            }
        };
        link.makes_lead |= message.pending;
        link.known |= !message.pending;
        for other in others {
            if !link.alternates.contains(other) {
                link.alternates.push(other.clone());
            }
        }
    }
    let any_pending = visitor.iter().any(|m| m.pending);
    for link in &mut links {
        link.makes_lead |= any_pending && link.email == current;
    }
    links
}

/// What the visitor of a session needs: what a language model has drawn out last, as long as the built-in text is the
/// one that it was drawn out beside, else that. So a message that adds nothing changes nothing, and one that adds
/// something shows it at once.
pub fn requirements_of(session: &[Message]) -> String {
    let drawn = session.iter().filter_map(|m| Some((m.drawn_out.as_ref()?, m)));
    let newest = drawn.max_by_key(|(drawn, m)| (drawn.of, m.seq, m.at, &m.message_id));
    let built_in = built_in_requirements(session);
    match newest {
        Some((drawn, _)) if drawn.beside == DrawnOut::digest(&built_in) => drawn.text.clone(),
        _ => built_in,
    }
}

/// What the deterministic extractor makes of a session.
pub fn built_in_requirements(session: &[Message]) -> String {
    requirements::extract(&turns_of(session))
}

/// A session as it is read for what the visitor needs.
pub fn turns_of(session: &[Message]) -> Vec<Turn<'_>> {
    let mut ordered: Vec<&Message> = session.iter().collect();
    ordered.sort_by(|a, b| reading_order(a).cmp(&reading_order(b)));
    ordered.iter().map(|m| Turn { author: author_of(m.role), text: &m.text }).collect()
}

fn author_of(role: Role) -> Author {
    match role {
        Role::Visitor => Author::Visitor,
        Role::Assistant => Author::Assistant,
        Role::Agent => Author::Agent,
    }
}
