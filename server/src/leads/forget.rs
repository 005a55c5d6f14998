//! How a lead forgets a conversation that was removed.

use std::collections::HashSet;

use serde_json::Value;

use crate::conversation::{Conversation, Link};
use crate::leads::history::{By, Change, LeadEvent, MIGRATION, VISITOR};
use crate::leads::record::MAX_SESSION_IDS;
use crate::leads::{Contact, LeadRecord, RequirementsBy};

/// What the history may go on saying of conversations: nothing that somebody wrote in one.
const UNTOLD: [&str; 4] = ["firstMessage", "source", "requirements", "alternateEmails"];

impl LeadRecord {
    /// Whether the list of sessions holds all of them: beyond the cap it forgets the oldest.
    pub fn lists_all(&self) -> bool {
        self.lead.conversation_count <= self.lead.session_ids.len() as u64
    }

    /// Whether a session is linked, as far as the lead itself can tell.
    pub fn may_have(&self, session_id: &str) -> bool {
        !self.lists_all() || self.lead.session_ids.iter().any(|id| id == session_id)
    }

    /// Whether the lead has no other session.
    pub fn has_only(&self, session_id: &str) -> bool {
        self.lead.conversation_count <= 1 && self.lead.session_ids.iter().all(|id| id == session_id)
    }

    /// Sessions that the messages link to the lead, oldest first, in the order of linking: those that the list does not hold
    /// came before it.
    pub fn in_order(&self, linked: Vec<String>) -> Vec<String> {
        let listed: HashSet<&String> = self.lead.session_ids.iter().collect();
        let before = linked.into_iter().filter(|id| !listed.contains(id));
        before.chain(self.lead.session_ids.iter().cloned()).collect()
    }

    /// Takes removed sessions off the list; gives those that say what is left of the lead: its first session, and all
    /// that it lists then. `linked` are all that were linked, in the order of linking: the list, or, where it does not
    /// hold all, what [`Self::in_order`] gives.
    pub fn unlist(&mut self, gone: &HashSet<&str>, mut linked: Vec<String>) -> Vec<String> {
        linked.retain(|id| !gone.contains(id.as_str()));
        let count = self.lead.conversation_count.saturating_sub(gone.len() as u64);
        // Those from before the lead was deleted once are older than all that count.
        let counted = newest(&linked, usize::try_from(count).unwrap_or(usize::MAX));
        let listed = newest(counted, MAX_SESSION_IDS);
        self.lead.session_ids = listed.to_vec();
        let beyond = counted.first().filter(|_| counted.len() > listed.len());
        beyond.into_iter().chain(listed).cloned().collect()
    }

    /// Brings the lead to what follows from the sessions that it still has. `gone` is the removed session with what
    /// followed from it, `left` are the lead's other sessions as [`Self::unlist`] gives them. What people wrote stays, and
    /// so do the times.
    pub fn forget(&mut self, gone: (&str, &Conversation), left: &[(String, Conversation)], by: &By) {
        let (gone, conversation) = gone;
        let lead = &mut self.lead;
        let count = lead.conversation_count;
        lead.conversation_count = count.saturating_sub(1);
        let first = left.first().map(|(id, _)| id).or(lead.session_ids.first()).cloned().unwrap_or_default();
        let left: Vec<Contact<'_>> =
            left.iter().filter_map(|(id, said)| contact(id, said, &self.lead.email)).collect();
        self.forget_alternates(conversation, &left);
        self.forget_opening(gone, &first, &left);
        self.forget_requirements(gone, &left);
        let replies = left.iter().filter_map(|contact| contact.conversation.first_reply);
        self.first_reply = replies.min_by_key(|reply| reply.answered);
        self.lead.updated_at = by.at;
        self.version += 1;
        let now = self.lead.conversation_count;
        let change = Change { field: "conversationCount".into(), from: count.into(), to: now.into() };
        self.events.push(LeadEvent {
            version: self.version,
            at: by.at,
            who: by.who.clone(),
            changes: vec![change],
        });
    }

    fn forget_alternates(&mut self, gone: &Conversation, left: &[Contact<'_>]) {
        let named = link(gone, &self.lead.email).map(|link| link.alternates.as_slice()).unwrap_or_default();
        let still = |one: &String| left.iter().any(|contact| contact.link.alternates.contains(one));
        self.lead.alternate_emails.retain(|one| !named.contains(one) || still(one));
    }

    /// The next session in the order of linking becomes the first.
    fn forget_opening(&mut self, gone: &str, first: &str, left: &[Contact<'_>]) {
        let lead = &mut self.lead;
        if lead.session_id != gone {
            return;
        }
        first.clone_into(&mut lead.session_id);
        match left.iter().find(|contact| contact.session_id == lead.session_id) {
            Some(first) => self.take_opening(*first),
            None => {
                lead.first_message.clear();
                lead.source.clear();
                lead.referrer = None;
                lead.utm = None;
            }
        }
    }

    fn forget_requirements(&mut self, gone: &str, left: &[Contact<'_>]) {
        let spoke = match &self.requirements_by {
            RequirementsBy::Machine { session_id, .. } => session_id == gone,
            RequirementsBy::Person => false,
        };
        if spoke {
            self.requirements_by = RequirementsBy::nobody();
            self.lead.requirements.clear();
            for contact in left {
                self.take_requirements(*contact);
            }
        }
    }
}

/// The last of them, at most so many.
fn newest(ids: &[String], most: usize) -> &[String] {
    &ids[ids.len().saturating_sub(most)..]
}

fn link<'a>(conversation: &'a Conversation, email: &str) -> Option<&'a Link> {
    conversation.links.iter().find(|link| link.email == email)
}

fn contact<'a>(session_id: &'a str, conversation: &'a Conversation, email: &str) -> Option<Contact<'a>> {
    Some(Contact { session_id, conversation, link: link(conversation, email)? })
}

impl LeadEvent {
    /// Whether a person did it.
    pub fn is_a_persons(&self) -> bool {
        !matches!(self.who.as_str(), VISITOR | MIGRATION)
    }

    /// The entry without what somebody wrote in a conversation; `None` where it says nothing else.
    pub fn without_conversation(mut self) -> Option<Self> {
        match self.is_a_persons() {
            // A person's own words stay, what they replaced does not.
            true => {
                let replaced = self.changes.iter_mut().filter(|change| change.field == "requirements");
                replaced.for_each(|change| change.from = Value::Null);
            }
            false => self.changes.retain(|change| !UNTOLD.contains(&change.field.as_ref())),
        }
        (!self.changes.is_empty()).then_some(self)
    }
}
