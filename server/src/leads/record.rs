//! How a lead comes to be and how captures and people change it.

use porchlight_protocol::ids::AdminId;
use porchlight_protocol::lead::{Lead, Priority, Status, Utm};
use porchlight_protocol::time::Timestamp;

use crate::conversation::{Conversation, FirstReply, Link};
use crate::leads::history::{self, By, LeadEvent};
use crate::leads::{ImportRow, search};

/// How many session ids a lead shows; the newest where there are more.
pub const MAX_SESSION_IDS: usize = 1_000;

/// A lead with what the stores need to keep it exact.
#[derive(Clone, Debug, PartialEq)]
pub struct LeadRecord {
    /// What the API shows.
    pub lead: Lead,
    /// Grows by one with every change; a writer replaces only the version it has read.
    pub version: i64,
    /// Who wrote the requirements.
    pub requirements_by: RequirementsBy,
    /// When a person first set the status to `contacted`.
    pub contacted_at: Option<Timestamp>,
    /// The first answer of a person in any linked session.
    pub first_reply: Option<FirstReply>,
    /// Entries of the history that came with this state of the lead, oldest first. A store writes them with the lead
    /// and moves them to the history.
    pub events: Vec<LeadEvent>,
}

/// Who wrote a lead's requirements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequirementsBy {
    /// The extractor, from the session that was last active at the given time; empty where nothing was extracted.
    Machine {
        /// The session that speaks for the lead.
        session_id: String,
        /// Its newest visitor message.
        at: Timestamp,
    },
    /// A person, for good.
    Person,
}

impl RequirementsBy {
    /// Where nothing was extracted yet.
    pub fn nobody() -> Self {
        Self::Machine { session_id: String::new(), at: Timestamp::from_millis(i64::MIN) }
    }
}

/// What a session means for one of its leads.
#[derive(Clone, Copy, Debug)]
pub struct Contact<'a> {
    /// The session.
    pub session_id: &'a str,
    /// What follows from its messages.
    pub conversation: &'a Conversation,
    /// Its tie to this lead.
    pub link: &'a Link,
}

impl LeadRecord {
    /// A new lead of `admin` from its first contact; `id` is 24 hex digits.
    pub fn create(id: String, admin: &AdminId, contact: Contact<'_>, by: &By) -> Self {
        let conversation = contact.conversation;
        let created = contact.link.since.or(conversation.pending_since).unwrap_or(conversation.last_at);
        let mut record = Self::blank(id, admin, &contact.link.email, created, by);
        contact.session_id.clone_into(&mut record.lead.session_id);
        record.absorb(contact, by);
        // One entry says it all.
        record.events.clear();
        record.note(None, by);
        record
    }

    /// A new lead that no visitor has written as yet, from a row of a spreadsheet.
    pub fn imported(id: String, admin: &AdminId, row: &ImportRow, by: &By) -> Self {
        let created = row.created_at.unwrap_or(by.at);
        let mut record = Self::blank(id, admin, &row.email, created, by);
        record.edit(&row.edit, by);
        // What a lead comes with was not done here.
        record.contacted_at = None;
        let lead = &mut record.lead;
        lead.source.clone_from(&row.source);
        lead.first_message.clone_from(&row.first_message);
        lead.alternate_emails.clone_from(&row.alternate_emails);
        lead.utm = Some(Utm::of_page(&row.source)).filter(|utm| !utm.is_empty());
        record.version = 1;
        record.events.clear();
        record.note(None, by);
        record
    }

    fn blank(id: String, admin: &AdminId, email: &str, created: Timestamp, by: &By) -> Self {
        Self {
            lead: Lead {
                id,
                admin_id: admin.clone(),
                email: email.to_owned(),
                requirements: String::new(),
                session_id: String::new(),
                session_ids: Vec::new(),
                status: Status::New,
                source: String::new(),
                first_message: String::new(),
                first_contact: created,
                last_contact: created,
                conversation_count: 0,
                tags: Vec::new(),
                notes: String::new(),
                value: None,
                priority: Priority::Medium,
                alternate_emails: Vec::new(),
                follow_up_at: None,
                referrer: None,
                utm: None,
                created_at: created,
                updated_at: by.at,
            },
            version: 0,
            requirements_by: RequirementsBy::nobody(),
            contacted_at: None,
            first_reply: None,
            events: Vec::new(),
        }
    }

    /// Takes in what a session says now. Doing it again changes nothing; returns whether anything changed.
    pub fn absorb(&mut self, contact: Contact<'_>, by: &By) -> bool {
        let before = self.lead.clone();
        self.link_session(contact);
        self.lead.last_contact = self.lead.last_contact.max(contact.conversation.last_at);
        self.take_since(contact);
        for other in &contact.link.alternates {
            if *other != self.lead.email && !self.lead.alternate_emails.contains(other) {
                self.lead.alternate_emails.push(other.clone());
            }
        }
        if self.lead.session_id == contact.session_id {
            self.take_opening(contact);
        }
        let unseen_change = self.take_requirements(contact) | self.take_reply(contact);
        if self.lead == before && !unseen_change {
            return false;
        }
        if self.lead != before {
            self.lead.updated_at = by.at;
        }
        self.version += 1;
        self.note(Some(&before), by);
        true
    }

    /// Puts what has changed since `before` into the history.
    fn note(&mut self, before: Option<&Lead>, by: &By) {
        let changes = history::changes(before, &self.lead);
        if !changes.is_empty() {
            self.events.push(LeadEvent { version: self.version, at: by.at, who: by.who.clone(), changes });
        }
    }

    /// A session that is migrated may be older than the lead.
    fn take_since(&mut self, contact: Contact<'_>) {
        if let Some(since) = contact.link.since.filter(|since| *since < self.lead.created_at) {
            self.lead.first_contact = since;
            self.lead.created_at = since;
        }
    }

    /// The earliest answer of a person counts.
    fn take_reply(&mut self, contact: Contact<'_>) -> bool {
        let Some(reply) = contact.conversation.first_reply else { return false };
        let earlier = self.first_reply.is_none_or(|known| reply.answered < known.answered);
        if earlier {
            self.first_reply = Some(reply);
        }
        earlier
    }

    /// Whether the session stands among the linked ones, as far as the lead itself can tell.
    fn link_session(&mut self, contact: Contact<'_>) {
        // Where the list does not hold all, the session's own finished messages tell.
        let forgotten = !self.lists_all() && contact.link.known;
        let ids = &mut self.lead.session_ids;
        if ids.iter().any(|id| id == contact.session_id) || forgotten {
            return;
        }
        ids.push(contact.session_id.to_owned());
        if ids.len() > MAX_SESSION_IDS {
            ids.remove(0);
        }
        self.lead.conversation_count += 1;
        // A lead that was imported has its first session only now.
        if self.lead.session_id.is_empty() {
            contact.session_id.clone_into(&mut self.lead.session_id);
        }
    }

    pub(super) fn take_opening(&mut self, contact: Contact<'_>) {
        let opening = &contact.conversation.opening;
        self.lead.first_message.clone_from(&opening.text);
        self.lead.source.clone_from(&opening.page_url);
        self.lead.referrer.clone_from(&opening.referrer);
        self.lead.utm = Some(Utm::of_page(&opening.page_url)).filter(|utm| !utm.is_empty());
    }

    /// The session that was active last speaks for the lead; one that says nothing takes nothing away from another.
    pub(super) fn take_requirements(&mut self, contact: Contact<'_>) -> bool {
        let RequirementsBy::Machine { session_id, at } = &self.requirements_by else { return false };
        let text = &contact.conversation.tag.requirements;
        let candidate = (contact.conversation.last_at, contact.session_id);
        let own = session_id == contact.session_id;
        if !own && (text.is_empty() || candidate <= (*at, session_id.as_str())) {
            return false;
        }
        let next =
            RequirementsBy::Machine { session_id: contact.session_id.to_owned(), at: candidate.0.max(*at) };
        let moved = next != self.requirements_by;
        self.requirements_by = next;
        self.lead.requirements.clone_from(text);
        moved
    }

    /// Makes a person's edit; returns whether anything changed. An edit that changes nothing leaves `updatedAt` alone.
    pub fn edit(&mut self, edit: &LeadEdit, by: &By) -> bool {
        let before = self.lead.clone();
        let lead = &mut self.lead;
        if let Some(status) = edit.status {
            lead.status = status;
        }
        if let Some(priority) = edit.priority {
            lead.priority = priority;
        }
        if let Some(notes) = &edit.notes {
            lead.notes.clone_from(notes);
        }
        if let Some(tags) = &edit.tags {
            lead.tags.clone_from(tags);
        }
        if let Some(value) = edit.value {
            lead.value = value;
        }
        if let Some(follow_up_at) = edit.follow_up_at {
            lead.follow_up_at = follow_up_at;
        }
        if let Some(requirements) = &edit.requirements
            && *requirements != lead.requirements
        {
            lead.requirements.clone_from(requirements);
            self.requirements_by = RequirementsBy::Person;
        }
        if self.lead == before {
            return false;
        }
        if self.lead.status == Status::Contacted && before.status != Status::Contacted {
            self.contacted_at.get_or_insert(by.at);
        }
        self.lead.updated_at = by.at;
        self.version += 1;
        self.note(Some(&before), by);
        true
    }

    /// The last entry of a lead's history.
    pub fn farewell(&self, by: &By) -> LeadEvent {
        let change = history::Change { field: "deleted".into(), from: false.into(), to: true.into() };
        LeadEvent { version: self.version + 1, at: by.at, who: by.who.clone(), changes: vec![change] }
    }

    /// The UTC day on which the lead came to be, in days since 1970.
    pub fn day(&self) -> i64 {
        day_of(self.lead.created_at)
    }

    /// The entity tag of this state of the lead: strong, quoted.
    pub fn etag(&self) -> String {
        format!("\"{}-{}\"", self.lead.id, self.version)
    }

    /// The words that a search finds this lead by, sorted, without repeats.
    pub fn search_words(&self) -> Vec<String> {
        let lead = &self.lead;
        let texts = [&lead.email, &lead.requirements, &lead.first_message, &lead.notes];
        search::words_of(
            texts.into_iter().chain(&lead.alternate_emails).chain(&lead.tags).map(String::as_str),
        )
    }

    /// The value in whole cents, -1 where there is none: exact to add, and sorted as the API promises.
    pub fn value_cents(&self) -> i64 {
        self.lead.value.map_or(-1, |value| (value * 100.0).round() as i64)
    }

    /// The host of the source in lower case, without a port; empty where the source is no address.
    pub fn source_host(&self) -> String {
        let url = url::Url::parse(&self.lead.source).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// A person's edit: a field that is `None` is left alone; the inner `None` clears.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeadEdit {
    /// How far the business has come.
    pub status: Option<Status>,
    /// How urgent.
    pub priority: Option<Priority>,
    /// Notes, at most 20,000 characters.
    pub notes: Option<String>,
    /// Labels: trimmed, without repeats, at most 50 of 1 to 64 characters.
    pub tags: Option<Vec<String>>,
    /// What the deal is worth: 0 to 1e12, at most two decimals.
    pub value: Option<Option<f64>>,
    /// What the visitor needs, in a person's words, at most 20,000 characters.
    pub requirements: Option<String>,
    /// When to get in touch again.
    pub follow_up_at: Option<Option<Timestamp>>,
}

/// The UTC day of a moment, in days since 1970.
pub fn day_of(at: Timestamp) -> i64 {
    at.millis().div_euclid(DAY)
}

/// Where a UTC day begins, and where the next one does.
pub fn bounds(day: i64) -> (Timestamp, Timestamp) {
    (Timestamp::from_millis(day * DAY), Timestamp::from_millis((day + 1) * DAY))
}

/// Milliseconds of a day.
pub const DAY: i64 = 24 * 3_600_000;
