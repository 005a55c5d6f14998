//! Some leads with all that a list asks of them, packed. A part never changes.

use std::collections::HashMap;

use bson::oid::ObjectId;
use fixedbitset::FixedBitSet;
use fst::{IntoStreamer, Map, Streamer};
use porchlight_protocol::time::Timestamp;

use crate::leads::{LeadFilter, LeadRecord, SourceFilter};
use crate::store::StoreError;

/// Most leads of a part; their numbers fit into 16 bits.
pub(super) const MOST: usize = 8_192;

/// Leads by their number within the part, oldest first, ties by id.
pub(super) struct Part {
    pub(super) ids: Vec<ObjectId>,
    pub(super) versions: Vec<i64>,
    /// Milliseconds, as all times here.
    pub(super) created: Vec<i64>,
    pub(super) updated: Vec<i64>,
    pub(super) last_contact: Vec<i64>,
    pub(super) cents: Vec<i64>,
    pub(super) conversations: Vec<i64>,
    emails: String,
    email_ends: Vec<u32>,
    /// A kind and a text, to where the leads that have it stand in `postings` and how many they are.
    terms: Map<Vec<u8>>,
    /// Numbers of leads, ascending for each term.
    postings: Vec<u16>,
}

/// The kinds of terms: the first byte of each.
const WORD: u8 = b'w';
const STATUS: u8 = b's';
const PRIORITY: u8 = b'p';
const TAG: u8 = b't';
const HOST: u8 = b'h';
const SOURCE: u8 = b'u';

impl Part {
    /// Packs at most [`MOST`] leads.
    pub(super) fn of(leads: &[LeadRecord]) -> Result<Self, StoreError> {
        let ids = leads.iter().take(MOST).map(|record| ObjectId::parse_str(&record.lead.id));
        let ids: Vec<ObjectId> = ids
            .collect::<Result<_, _>>()
            .map_err(|_| StoreError::Failed("a lead's id cannot be read".to_owned()))?;
        let mut leads: Vec<(ObjectId, &LeadRecord)> = ids.into_iter().zip(leads).collect();
        leads.sort_unstable_by_key(|(id, record)| (record.lead.created_at, *id));
        let column = |value: fn(&LeadRecord) -> i64| leads.iter().map(|(_, record)| value(record)).collect();
        let (mut emails, mut email_ends) = (String::new(), Vec::with_capacity(leads.len()));
        for (_, record) in &leads {
            emails.push_str(&record.lead.email);
            email_ends.push(emails.len() as u32);
        }
        let (terms, postings) = pack(&leads);
        Ok(Self {
            ids: leads.iter().map(|(id, _)| *id).collect(),
            versions: column(|record| record.version),
            created: column(|record| record.lead.created_at.millis()),
            updated: column(|record| record.lead.updated_at.millis()),
            last_contact: column(|record| record.lead.last_contact.millis()),
            cents: column(LeadRecord::value_cents),
            conversations: column(|record| record.lead.conversation_count as i64),
            emails,
            email_ends,
            terms,
            postings,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The lead's address.
    pub(super) fn email(&self, number: usize) -> &str {
        let start = number.checked_sub(1).map_or(0, |before| self.email_ends[before]);
        &self.emails[start as usize..self.email_ends[number] as usize]
    }

    /// About how many bytes this takes.
    pub(super) fn size(&self) -> usize {
        self.len() * 56 + self.emails.len() + self.terms.as_fst().size() + self.postings.len() * 2
    }

    /// Those of `alive` that meet the filter.
    pub(super) fn matching(&self, filter: &LeadFilter, alive: &FixedBitSet) -> FixedBitSet {
        let mut found = alive.clone();
        self.keep_created(&mut found, filter.from, filter.to);
        self.keep_any(&mut found, STATUS, filter.statuses.iter().map(|status| status.as_str()));
        self.keep_any(&mut found, PRIORITY, filter.priorities.iter().map(|priority| priority.as_str()));
        self.keep_any(&mut found, TAG, filter.tags.iter().map(String::as_str));
        match &filter.source {
            Some(SourceFilter::Host(host)) => self.keep_any(&mut found, HOST, [host.as_str()].into_iter()),
            Some(SourceFilter::Prefix(prefix)) => self.keep_beginning(&mut found, SOURCE, prefix),
            None => {}
        }
        for word in &filter.words {
            if found.is_clear() {
                break;
            }
            self.keep_beginning(&mut found, WORD, word);
        }
        found
    }

    fn keep_created(&self, found: &mut FixedBitSet, from: Option<Timestamp>, to: Option<Timestamp>) {
        let before = |time: Timestamp| self.created.partition_point(|created| *created < time.millis());
        found.remove_range(..from.map_or(0, before));
        found.remove_range(to.map_or(self.len(), before)..);
    }

    fn keep_any<'a>(&self, found: &mut FixedBitSet, kind: u8, texts: impl ExactSizeIterator<Item = &'a str>) {
        if texts.len() == 0 {
            return;
        }
        let mut any = FixedBitSet::with_capacity(self.len());
        texts.filter_map(|text| self.terms.get(term(kind, text))).for_each(|place| self.add(&mut any, place));
        found.intersect_with(&any);
    }

    fn keep_beginning(&self, found: &mut FixedBitSet, kind: u8, prefix: &str) {
        let prefix = term(kind, prefix);
        let mut any = FixedBitSet::with_capacity(self.len());
        let mut terms = self.terms.range().ge(&prefix).into_stream();
        while let Some((_, place)) = terms.next().filter(|(term, _)| term.starts_with(&prefix)) {
            self.add(&mut any, place);
        }
        found.intersect_with(&any);
    }

    fn add(&self, found: &mut FixedBitSet, place: u64) {
        let (start, count) = ((place >> 16) as usize, (place & 0xffff) as usize);
        self.postings[start..start + count].iter().for_each(|number| found.insert(usize::from(*number)));
    }
}

fn term(kind: u8, text: &str) -> Vec<u8> {
    let mut term = Vec::with_capacity(1 + text.len());
    term.push(kind);
    term.extend_from_slice(text.as_bytes());
    term
}

fn pack(leads: &[(ObjectId, &LeadRecord)]) -> (Map<Vec<u8>>, Vec<u16>) {
    let mut lists: HashMap<Vec<u8>, Vec<u16>> = HashMap::new();
    for (number, (_, record)) in (0..).zip(leads) {
        for term in terms(record) {
            let list = lists.entry(term).or_default();
            if list.last() != Some(&number) {
                list.push(number);
            }
        }
    }
    let mut lists: Vec<(Vec<u8>, Vec<u16>)> = lists.into_iter().collect();
    lists.sort_unstable();
    let mut postings = Vec::with_capacity(lists.iter().map(|(_, list)| list.len()).sum());
    let places = lists.into_iter().map(|(term, list)| {
        let place = (postings.len() as u64) << 16 | list.len() as u64;
        postings.extend(list);
        (term, place)
    });
    #[expect(clippy::expect_used, reason = "the terms are sorted and distinct, and memory takes all of them")]
    let terms = Map::from_iter(places).expect("sorted, distinct terms");
    (terms, postings)
}

fn terms(record: &LeadRecord) -> impl Iterator<Item = Vec<u8>> {
    let lead = &record.lead;
    let words = record.search_words().into_iter().map(|word| term(WORD, &word));
    let others = [
        term(STATUS, lead.status.as_str()),
        term(PRIORITY, lead.priority.as_str()),
        term(HOST, &record.source_host()),
        term(SOURCE, &lead.source),
    ];
    words.chain(others).chain(lead.tags.iter().map(|tag| term(TAG, tag)))
}
