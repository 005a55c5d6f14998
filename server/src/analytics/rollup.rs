//! The leads of some stretch of time, summed up; sums of sums are sums.

use std::collections::BTreeMap;

use porchlight_protocol::lead::{Status, Utm};
use porchlight_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::conversation::FirstReply;

/// What analytics needs of a lead.
#[derive(Clone, Debug, PartialEq)]
pub struct LeadFact {
    /// When the lead came to be.
    pub created_at: Timestamp,
    /// How far the business has come.
    pub status: Status,
    /// What the deal is worth, in whole cents; -1 for nothing said.
    pub cents: i64,
    /// How many sessions are linked.
    pub conversations: u64,
    /// The page of the first message.
    pub source: String,
    /// Where the visitor came from.
    pub referrer: Option<String>,
    /// The first page's campaign.
    pub utm: Option<Utm>,
    /// When the status was first set to `contacted`.
    pub contacted_at: Option<Timestamp>,
    /// The first answer of a person.
    pub first_reply: Option<FirstReply>,
}

/// Leads summed up. All sums are of whole numbers, so that any order of adding gives the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rollup {
    statuses: BTreeMap<Status, Group>,
    conversations: u64,
    /// By the source without query and fragment.
    pub(super) sources: BTreeMap<String, Group>,
    /// By the source's host and path.
    pub(super) pages: BTreeMap<String, Group>,
    /// By the referrer's host.
    pub(super) referrers: BTreeMap<String, Group>,
    /// By `utm_source / utm_medium / utm_campaign`.
    pub(super) campaigns: BTreeMap<String, Group>,
    /// From coming to be to the first `contacted`, in milliseconds.
    pub(super) contact_millis: Vec<u64>,
    /// From the first message to the first answer of a person, in milliseconds.
    pub(super) reply_millis: Vec<u64>,
}

/// Leads that have something in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// How many.
    pub leads: u64,
    /// How many are qualified.
    pub qualified: u64,
    /// How many are converted.
    pub converted: u64,
    /// What they are worth together, in cents.
    pub cents: i128,
}

impl Group {
    pub(super) fn add(&mut self, other: Self) {
        self.leads += other.leads;
        self.qualified += other.qualified;
        self.converted += other.converted;
        self.cents += other.cents;
    }
}

impl Rollup {
    /// Takes a lead in.
    pub fn add(&mut self, fact: &LeadFact) {
        let one = Group {
            leads: 1,
            qualified: u64::from(fact.status == Status::Qualified),
            converted: u64::from(fact.status == Status::Converted),
            cents: fact.cents.max(0).into(),
        };
        self.statuses.entry(fact.status).or_default().add(one);
        self.conversations += fact.conversations;
        for (groups, name) in [
            (&mut self.sources, plain_source(&fact.source).to_owned()),
            (&mut self.pages, page(&fact.source)),
            (&mut self.referrers, referrer(fact.referrer.as_deref())),
            (&mut self.campaigns, campaign(fact.utm.as_ref())),
        ] {
            groups.entry(name).or_default().add(one);
        }
        self.contact_millis.extend(fact.contacted_at.map(|at| between(fact.created_at, at)));
        self.reply_millis.extend(fact.first_reply.map(|reply| between(reply.asked, reply.answered)));
    }

    /// Takes another sum in.
    pub fn merge(&mut self, other: &Self) {
        for (status, group) in &other.statuses {
            self.statuses.entry(*status).or_default().add(*group);
        }
        self.conversations += other.conversations;
        for (groups, more) in [
            (&mut self.sources, &other.sources),
            (&mut self.pages, &other.pages),
            (&mut self.referrers, &other.referrers),
            (&mut self.campaigns, &other.campaigns),
        ] {
            for (name, group) in more {
                match groups.get_mut(name) {
                    Some(known) => known.add(*group),
                    None => drop(groups.insert(name.clone(), *group)),
                }
            }
        }
        self.contact_millis.extend(&other.contact_millis);
        self.reply_millis.extend(&other.reply_millis);
    }

    /// Puts what is asked for by rank in order.
    pub fn settle(&mut self) {
        self.contact_millis.sort_unstable();
        self.reply_millis.sort_unstable();
    }

    /// All leads.
    pub fn leads(&self) -> u64 {
        self.statuses.values().map(|group| group.leads).sum()
    }

    /// Leads of any of these statuses; of all where none is named.
    pub fn leads_of(&self, statuses: &[Status]) -> u64 {
        let wanted = |status: &Status| statuses.is_empty() || statuses.contains(status);
        self.statuses.iter().filter(|(status, _)| wanted(status)).map(|(_, group)| group.leads).sum()
    }

    /// The leads of one status.
    pub fn of(&self, status: Status) -> Group {
        self.statuses.get(&status).copied().unwrap_or_default()
    }

    /// The sessions of all leads; one that is linked to two counts twice.
    pub fn conversations(&self) -> u64 {
        self.conversations
    }

    /// As a store keeps it.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From a store; `None` where another version wrote it.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

fn between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.millis() - from.millis()).unwrap_or_default()
}

/// The source without query and fragment.
fn plain_source(source: &str) -> &str {
    source.split(['?', '#']).next().unwrap_or_default()
}

/// Host and path of the source, as an address is written by hand.
fn page(source: &str) -> String {
    match Url::parse(source) {
        Ok(url) => [url.host_str().unwrap_or_default(), url.path()].concat(),
        Err(_) => plain_source(source).to_owned(),
    }
}

/// The host of the referrer; `direct` without one.
fn referrer(referrer: Option<&str>) -> String {
    let url = referrer.and_then(|text| Url::parse(text).ok());
    let host = url.as_ref().and_then(Url::host_str).filter(|host| !host.is_empty());
    host.unwrap_or("direct").to_owned()
}

/// The three marks of a campaign, a dash for one that is missing; `none` without any.
fn campaign(utm: Option<&Utm>) -> String {
    let Some(utm) = utm.filter(|utm| !utm.is_empty()) else { return "none".to_owned() };
    let marks = [&utm.source, &utm.medium, &utm.campaign];
    marks.map(|mark| mark.as_deref().unwrap_or("-")).join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_named_as_the_answer_shows_them() {
        assert_eq!(plain_source("https://a.example/p?q=1#x"), "https://a.example/p");
        assert_eq!(page("https://a.example:8080/p/q?x#y"), "a.example/p/q");
        assert_eq!(referrer(Some("https://www.google.com/search?q=x")), "www.google.com");
        assert_eq!((referrer(None), referrer(Some("nonsense"))), ("direct".into(), "direct".into()));
        let utm = Utm { source: Some("x".into()), medium: None, campaign: Some("may".into()) };
        assert_eq!((campaign(Some(&utm)), campaign(None)), ("x / - / may".into(), "none".into()));
    }
}
