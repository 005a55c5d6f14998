//! The rules of a capture written down once more, the slow and obvious way, without any store.
//!
//! It keeps every message in memory and works the leads out of the whole history; the stores must end where it ends.

use std::collections::{BTreeMap, BTreeSet};

use porchlight_server::requirements::{Author, Turn, extract};

/// One visitor message of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) admin: usize,
    pub(crate) session: String,
    pub(crate) message: String,
    pub(crate) seq: u32,
    pub(crate) text: String,
    pub(crate) page: String,
    pub(crate) addresses: Vec<String>,
    pub(crate) at: i64,
}

/// What a person does to a lead.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Edit {
    Status(&'static str),
    Requirements(&'static str),
    Delete,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    said: Vec<Said>,
    /// What was answered to a message.
    answers: BTreeMap<(usize, String, String), String>,
    /// The last that a language model has drawn out of a session.
    drawn_out: BTreeMap<(usize, String), Drawn>,
    leads: BTreeMap<(usize, String), Known>,
}

#[derive(Clone, Debug)]
struct Drawn {
    /// Of how many messages.
    of: u32,
    /// The built-in text then.
    beside: String,
    text: String,
}

#[derive(Clone, Debug)]
struct Known {
    sessions: Vec<String>,
    created: i64,
    last_contact: i64,
    alternates: BTreeSet<String>,
    status: &'static str,
    own_words: Option<&'static str>,
}

/// A lead as both sides show it for comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) email: String,
    pub(crate) sessions: Vec<String>,
    pub(crate) count: u64,
    pub(crate) first_session: String,
    pub(crate) first_message: String,
    pub(crate) source: String,
    pub(crate) created: i64,
    pub(crate) last_contact: i64,
    pub(crate) alternates: BTreeSet<String>,
    pub(crate) status: String,
    pub(crate) requirements: String,
}

impl Model {
    /// Takes a message in, as it arrives.
    pub(crate) fn capture(&mut self, said: &Said) -> Result<bool, ()> {
        let kept = self.of_session(said.admin, &said.session).find(|m| m.message == said.message);
        if let Some(kept) = kept {
            return if kept.text == said.text { Ok(false) } else { Err(()) };
        }
        self.said.push(said.clone());
        let session: Vec<Said> = self.of_session(said.admin, &said.session).cloned().collect();
        let Some(current) = address_of(&session) else { return Ok(true) };
        let newest = session.iter().map(|m| m.at).max().unwrap_or(said.at);
        let linked: BTreeSet<&String> = session.iter().filter_map(|m| m.addresses.first()).collect();
        for email in linked {
            let makes = *email == current || said.addresses.first() == Some(email);
            let key = (said.admin, email.clone());
            if !makes && !self.leads.contains_key(&key) {
                continue;
            }
            let lead = self.leads.entry(key).or_insert_with(|| Known {
                sessions: Vec::new(),
                created: said.at,
                last_contact: said.at,
                alternates: BTreeSet::new(),
                status: "new",
                own_words: None,
            });
            if !lead.sessions.contains(&said.session) {
                lead.sessions.push(said.session.clone());
            }
            lead.last_contact = lead.last_contact.max(newest);
            let beside = session.iter().filter(|m| m.addresses.first() == Some(email));
            lead.alternates.extend(beside.flat_map(|m| m.addresses[1..].iter().cloned()));
        }
        Ok(true)
    }

    /// Takes in what was answered to a message: it gives short words of the visitor their meaning.
    pub(crate) fn answer(&mut self, said: &Said, text: &str) {
        self.answers.insert((said.admin, said.session.clone(), said.message.clone()), text.to_owned());
    }

    /// Takes in what a language model has drawn out of a session as it is; nothing comes of one without messages.
    pub(crate) fn draw_out(&mut self, admin: usize, session: &str, text: &str) {
        let of = self.messages(admin, session).len() as u32;
        let beside = self.built_in_requirements(admin, session);
        let key = (admin, session.to_owned());
        if of > self.drawn_out.get(&key).map_or(0, |older| older.of) {
            self.drawn_out.insert(key, Drawn { of, beside, text: text.to_owned() });
        }
    }

    /// The newest of a session's messages by number and time, if there are any.
    pub(crate) fn newest(&self, admin: usize, session: &str) -> Option<String> {
        let newest = self.of_session(admin, session).max_by_key(|m| (m.seq, m.at, &m.message));
        newest.map(|m| m.message.clone())
    }

    /// Lets a person work on a lead; nothing happens where there is none.
    pub(crate) fn edit(&mut self, admin: usize, email: &str, edit: &Edit) {
        let key = (admin, email.to_owned());
        let words = self.requirements(&key);
        let Some(lead) = self.leads.get_mut(&key) else { return };
        match edit {
            Edit::Status(status) => lead.status = status,
            Edit::Requirements(text) if *text != words => lead.own_words = Some(text),
            Edit::Requirements(_) => {}
            Edit::Delete => {
                self.leads.remove(&key);
            }
        }
    }

    /// The leads of an admin, by address.
    pub(crate) fn leads(&self, admin: usize) -> Vec<Shown> {
        let own = self.leads.iter().filter(|((of, _), _)| *of == admin);
        own.map(|(key, lead)| {
            let opening = self.opening(admin, &lead.sessions[0]);
            Shown {
                email: key.1.clone(),
                sessions: lead.sessions.clone(),
                count: lead.sessions.len() as u64,
                first_session: lead.sessions[0].clone(),
                first_message: opening.text.clone(),
                source: opening.page.clone(),
                created: lead.created,
                last_contact: lead.last_contact,
                alternates: lead.alternates.clone(),
                status: lead.status.to_owned(),
                requirements: self.requirements(key),
            }
        })
        .collect()
    }

    /// The first message of a session: by number, then time.
    pub(crate) fn opening<'a>(&'a self, admin: usize, session: &'a str) -> &'a Said {
        let first = self.of_session(admin, session).min_by_key(|m| (m.seq, m.at, &m.message));
        first.expect("a linked session has messages")
    }

    /// What each message of a session must carry: address and requirements, or nothing.
    pub(crate) fn tag(&self, admin: usize, session: &str) -> Option<(String, String)> {
        let said: Vec<Said> = self.of_session(admin, session).cloned().collect();
        Some((address_of(&said)?, self.requirements_of_session(admin, session)))
    }

    /// The ids of a session's visitor messages.
    pub(crate) fn messages(&self, admin: usize, session: &str) -> BTreeSet<String> {
        self.of_session(admin, session).map(|m| m.message.clone()).collect()
    }

    fn of_session<'a>(&'a self, admin: usize, session: &'a str) -> impl Iterator<Item = &'a Said> {
        self.said.iter().filter(move |m| m.admin == admin && m.session == session)
    }

    fn requirements(&self, key: &(usize, String)) -> String {
        let Some(lead) = self.leads.get(key) else { return String::new() };
        if let Some(words) = lead.own_words {
            return words.to_owned();
        }
        let telling = lead.sessions.iter().filter(|s| !self.requirements_of_session(key.0, s).is_empty());
        let newest = telling.max_by_key(|s| (self.of_session(key.0, s).map(|m| m.at).max(), (*s).clone()));
        newest.map(|s| self.requirements_of_session(key.0, s)).unwrap_or_default()
    }

    /// The last thing that was drawn out holds as long as the built-in text is what it was then.
    fn requirements_of_session(&self, admin: usize, session: &str) -> String {
        let built_in = self.built_in_requirements(admin, session);
        match self.drawn_out.get(&(admin, session.to_owned())) {
            Some(drawn) if drawn.beside == built_in => drawn.text.clone(),
            _ => built_in,
        }
    }

    /// What the deterministic extractor reads in a session.
    pub(crate) fn built_in_requirements(&self, admin: usize, session: &str) -> String {
        let mut said: Vec<&Said> = self.of_session(admin, session).collect();
        said.sort_by_key(|m| (m.seq, m.at, &m.message));
        let mut turns = Vec::new();
        for number in said.iter().map(|m| m.seq).collect::<BTreeSet<u32>>() {
            let of_number = || said.iter().filter(move |m| m.seq == number);
            turns.extend(of_number().map(|m| Turn { author: Author::Visitor, text: &m.text }));
            let answer = |m: &&Said| self.answers.get(&(admin, session.to_owned(), m.message.clone()));
            let answers = of_number().filter_map(answer);
            turns.extend(answers.map(|text| Turn { author: Author::Assistant, text }));
        }
        extract(&turns)
    }
}

fn address_of(session: &[Said]) -> Option<String> {
    let tagged = session.iter().filter(|m| !m.addresses.is_empty());
    tagged.max_by_key(|m| (m.seq, m.at, &m.message)).map(|m| m.addresses[0].clone())
}
