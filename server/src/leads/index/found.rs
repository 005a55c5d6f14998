//! Which leads meet a filter, and a page of them in an order.

use std::cmp::Ordering;
use std::sync::Arc;

use bson::oid::ObjectId;
use fixedbitset::FixedBitSet;

use super::part::Part;
use super::{Day, Snapshot};
use crate::leads::{LeadFilter, Place, Sort, SortField, SortKey, Start, day_of};
use porchlight_protocol::time::Timestamp;

/// The leads of a snapshot that meet a filter.
pub(super) struct Found {
    /// Of when.
    pub(super) snapshot: Arc<Snapshot>,
    days: Vec<Arc<FoundDay>>,
    /// How many they are.
    pub(super) total: u64,
}

/// The leads of one day that meet a filter.
struct FoundDay {
    day: Arc<Day>,
    /// For each of the day's parts.
    bits: Vec<FixedBitSet>,
    count: usize,
}

/// What a page needs beside the leads to choose from.
struct Wanted {
    descending: bool,
    /// How many come before the page.
    skip: usize,
    /// How many the page takes.
    count: usize,
}

impl Found {
    /// Looks through the days of a snapshot; what an earlier answer to the same filter knows of unchanged days is
    /// taken over.
    pub(super) fn new(snapshot: &Arc<Snapshot>, filter: &LeadFilter, known: Option<&Self>) -> Self {
        let mut known = known.map(|found| found.days.as_slice()).unwrap_or_default().iter().peekable();
        let days = snapshot.iter().map(|day| {
            while known.next_if(|found| found.day.number < day.number).is_some() {}
            match known.peek().filter(|found| Arc::ptr_eq(&found.day, day)) {
                Some(found) => Arc::clone(found),
                None => Arc::new(FoundDay::new(day, filter)),
            }
        });
        let days: Vec<Arc<FoundDay>> = days.collect();
        let total = days.iter().map(|day| day.count as u64).sum();
        Self { snapshot: Arc::clone(snapshot), days, total }
    }

    /// The ids of at most `count` leads from `start`, of pages of `page_size`.
    pub(super) fn page(&self, sort: Sort, start: &Start, page_size: u32, count: usize) -> Vec<ObjectId> {
        let skip = match start {
            Start::Page(number) => number.saturating_sub(1).saturating_mul(page_size.into()),
            Start::Behind(_) => 0,
        };
        let Ok(skip) = usize::try_from(skip) else { return Vec::new() };
        let wanted = Wanted { descending: sort.descending, skip, count };
        let place = match start {
            Start::Page(_) => None,
            Start::Behind(Place { key, id }) => match ObjectId::parse_str(id) {
                Ok(id) => Some((key, id)),
                Err(_) => return Vec::new(),
            },
        };
        let number = place.as_ref().and_then(|(key, id)| match key {
            SortKey::Number(key) => Some((*key, *id)),
            SortKey::Text(_) => None,
        });
        let all = || [self.days.as_slice()].into_iter();
        match sort.field {
            SortField::CreatedAt => {
                pick(self.by_day(sort, number), |part, lead| part.created[lead], number, wanted)
            }
            SortField::UpdatedAt => pick(all(), |part, lead| part.updated[lead], number, wanted),
            SortField::LastContact => pick(all(), |part, lead| part.last_contact[lead], number, wanted),
            SortField::Value => pick(all(), |part, lead| part.cents[lead], number, wanted),
            SortField::ConversationCount => {
                pick(all(), |part, lead| part.conversations[lead], number, wanted)
            }
            SortField::Email => {
                let text = place.as_ref().and_then(|(key, id)| match key {
                    SortKey::Text(key) => Some((key.as_str(), *id)),
                    SortKey::Number(_) => None,
                });
                pick(all(), Part::email, text, wanted)
            }
        }
    }

    /// One day after the other in the order of the list, without those that lie wholly before the place.
    fn by_day(&self, sort: Sort, place: Option<(i64, ObjectId)>) -> impl Iterator<Item = &[Arc<FoundDay>]> {
        let from = place.map(|(created, _)| day_of(Timestamp::from_millis(created)));
        let days = match from {
            None => self.days.as_slice(),
            Some(from) if sort.descending => {
                &self.days[..self.days.partition_point(|found| found.day.number <= from)]
            }
            Some(from) => &self.days[self.days.partition_point(|found| found.day.number < from)..],
        };
        let (mut forth, mut back) = (days.chunks(1), days.rchunks(1));
        std::iter::from_fn(move || if sort.descending { back.next() } else { forth.next() })
    }
}

impl FoundDay {
    fn new(day: &Arc<Day>, filter: &LeadFilter) -> Self {
        let bits: Vec<FixedBitSet> =
            day.parts.iter().map(|(part, alive)| part.matching(filter, alive)).collect();
        let count = bits.iter().map(|bits| bits.count_ones(..)).sum();
        Self { day: Arc::clone(day), bits, count }
    }

    fn leads(&self) -> impl Iterator<Item = (&Part, usize)> {
        let parts = self.day.parts.iter().zip(&self.bits);
        parts.flat_map(|((part, _), bits)| bits.ones().map(|lead| (&**part, lead)))
    }
}

/// The ids of a page. Every lead of a group comes before every lead of the next one.
fn pick<'a, K: Ord + 'a>(
    groups: impl Iterator<Item = &'a [Arc<FoundDay>]>,
    key: impl Fn(&'a Part, usize) -> K,
    place: Option<(K, ObjectId)>,
    Wanted { descending, mut skip, count }: Wanted,
) -> Vec<ObjectId> {
    let order = |a: &(K, ObjectId), b: &(K, ObjectId)| if descending { b.cmp(a) } else { a.cmp(b) };
    let mut ids = Vec::with_capacity(count);
    for group in groups {
        let here: usize = group.iter().map(|day| day.count).sum();
        if here <= skip {
            skip -= here;
            continue;
        }
        let leads = group.iter().flat_map(|day| day.leads());
        let leads = leads.map(|(part, lead)| (key(part, lead), part.ids[lead]));
        let behind =
            |lead: &(K, ObjectId)| place.as_ref().is_none_or(|place| order(lead, place) == Ordering::Greater);
        let mut leads: Vec<(K, ObjectId)> = leads.filter(behind).collect();
        let most = skip + count - ids.len();
        if leads.len() > most {
            leads.select_nth_unstable_by(most, order);
            leads.truncate(most);
        }
        leads.sort_unstable_by(order);
        ids.extend(leads.into_iter().skip(skip).map(|(_, id)| id));
        skip = 0;
        if ids.len() >= count {
            break;
        }
    }
    ids
}
