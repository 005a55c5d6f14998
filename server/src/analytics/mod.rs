//! Figures about a business's leads: exact, and quick at a million of them.
//!
//! The leads of a UTC day are summed up into one [`Rollup`]. A rollup is recomputed from the leads, never counted up:
//! every change of a lead marks its day, a rollup remembers the marks it was made at, and one whose day has other
//! marks is made anew before it is used. What does not begin or end with a day is read from the leads themselves.

mod answer;
mod rollup;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use porchlight_protocol::ids::AdminId;
use porchlight_protocol::lead::Status;
use porchlight_protocol::time::Timestamp;

pub use answer::{AnalyticsAnswer, answer};
pub use rollup::{LeadFact, Rollup};

use crate::leads::{DAY, PlainFilter, bounds, day_of};
use crate::store::{Day, KeptRollup, Store, StoreError, Tenant};

/// Most days whose rollups are held in memory.
const MOST_DAYS: usize = 20_000;

/// Most sums over many days that are held in memory.
const MOST_SUMS: usize = 2_000;

/// Days that are brought up to date at a time, where nobody asks.
const AT_ONCE: u32 = 50;

/// The figures of every business, with what was worked out before.
pub struct Analytics {
    store: Arc<dyn Store>,
    /// A day's rollup, and the marks it was made at.
    days: Memory<i64, (i64, Arc<Rollup>)>,
    /// The sum of days, and a fingerprint of their marks.
    sums: Memory<Range<i64>, (u64, Arc<Rollup>)>,
}

/// What is known of something of each business.
type Memory<K, V> = Mutex<HashMap<(AdminId, K), V>>;

/// Leads by when they came to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Then or later.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
}

/// The figures of a span, and how many of its leads are from the last 168 hours.
#[derive(Clone, Debug)]
pub struct Figures {
    /// All of the span.
    pub total: Arc<Rollup>,
    /// Each UTC day with leads, oldest first: leads, and converted ones.
    pub by_day: Vec<(i64, u64, u64)>,
    /// Created in the last 168 hours.
    pub this_week: u64,
}

impl Analytics {
    /// The figures of the leads in a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, days: Mutex::default(), sums: Mutex::default() }
    }

    /// The figures of a business's leads, as they are now.
    pub async fn figures(&self, tenant: &Tenant, span: Span, now: Timestamp) -> Result<Figures, StoreError> {
        let known = self.store.days(tenant).await?;
        let this_week = self.this_week(tenant, &known, span, now).await?;
        let (days, edges) = split(&known, span);
        let known: Vec<Day> = known.into_iter().filter(|day| days.contains(&day.day)).collect();
        let rollups = self.rollups(tenant, &known).await?;
        let mut total = self.sum(tenant, &days, &known, &rollups);
        let mut by_day: Vec<(i64, u64, u64)> = known
            .iter()
            .zip(&rollups)
            .map(|(day, rollup)| (day.day, rollup.leads(), rollup.of(Status::Converted).leads))
            .collect();
        for (from, to) in edges {
            let mut edge = Rollup::default();
            self.store.lead_facts(tenant, from, to).await?.iter().for_each(|fact| edge.add(fact));
            by_day.push((day_of(from), edge.leads(), edge.of(Status::Converted).leads));
            Arc::make_mut(&mut total).merge(&edge);
        }
        by_day.retain(|(_, leads, _)| *leads > 0);
        by_day.sort_unstable();
        Ok(Figures { total, by_day, this_week })
    }

    /// How many leads meet a filter. Whole days are known; only their edges, and days that have changed, are counted.
    pub async fn count(&self, tenant: &Tenant, filter: &PlainFilter) -> Result<u64, StoreError> {
        let known = self.store.days(tenant).await?;
        self.count_in(tenant, &known, filter).await
    }

    /// The same of days that are known.
    async fn count_in(
        &self,
        tenant: &Tenant,
        known: &[Day],
        filter: &PlainFilter,
    ) -> Result<u64, StoreError> {
        let (range, mut pieces) = split(known, Span { from: filter.from, to: filter.to });
        let within = known.iter().copied().filter(|day| range.contains(&day.day));
        let (fresh, stale): (Vec<Day>, Vec<Day>) = within.partition(|day| day.marks == day.counted);
        pieces.extend(stale.iter().map(|day| bounds(day.day)));
        let rollups = self.rollups(tenant, &fresh).await?;
        let mut count: u64 = rollups.iter().map(|rollup| rollup.leads_of(&filter.statuses)).sum();
        for (from, to) in pieces {
            let piece = PlainFilter { from: Some(from), to: Some(to), ..filter.clone() };
            count += self.store.count_leads(tenant, &piece).await?;
        }
        Ok(count)
    }

    /// Brings some rollups that are out of date up to date, so that nobody who asks has to wait for it; returns whose
    /// they were.
    pub async fn freshen(&self) -> Result<Vec<Tenant>, StoreError> {
        let mut tenants = Vec::new();
        for (tenant, day) in self.store.stale_days(AT_ONCE).await? {
            let days = self.store.days(&tenant).await?;
            if let Some(day) = days.into_iter().find(|known| known.day == day) {
                self.roll_up(&tenant, day).await?;
            }
            tenants.push(tenant);
        }
        Ok(tenants)
    }

    /// The rollups of these days, in their order, as true as their marks.
    async fn rollups(&self, tenant: &Tenant, days: &[Day]) -> Result<Vec<Arc<Rollup>>, StoreError> {
        let admin = tenant.admin_id();
        let held = |day: &Day| {
            let held = lock(&self.days);
            let (marks, rollup) = held.get(&(admin.clone(), day.day))?;
            (*marks == day.marks).then(|| Arc::clone(rollup))
        };
        let kept: Vec<i64> = days
            .iter()
            .filter(|day| day.marks == day.counted && held(day).is_none())
            .map(|day| day.day)
            .collect();
        if !kept.is_empty() {
            for KeptRollup { day, text } in self.store.rollups(tenant, &kept).await? {
                if let Some(rollup) = Rollup::read(&text) {
                    self.hold(admin, day.day, day.counted, Arc::new(rollup));
                }
            }
        }
        let mut rollups = Vec::with_capacity(days.len());
        for day in days {
            let rollup = match held(day) {
                Some(rollup) => rollup,
                None => self.roll_up(tenant, *day).await?,
            };
            rollups.push(rollup);
        }
        Ok(rollups)
    }

    /// Makes a day's rollup from its leads. What is read after the marks holds at least what they stand for.
    async fn roll_up(&self, tenant: &Tenant, day: Day) -> Result<Arc<Rollup>, StoreError> {
        let (from, to) = bounds(day.day);
        let mut rollup = Rollup::default();
        self.store.lead_facts(tenant, from, to).await?.iter().for_each(|fact| rollup.add(fact));
        let day = Day { counted: day.marks, ..day };
        self.store.keep_rollup(tenant, &KeptRollup { day, text: rollup.text() }).await?;
        let rollup = Arc::new(rollup);
        self.hold(tenant.admin_id(), day.day, day.marks, Arc::clone(&rollup));
        Ok(rollup)
    }

    fn hold(&self, admin: &AdminId, day: i64, marks: i64, rollup: Arc<Rollup>) {
        remember(&self.days, MOST_DAYS, (admin.clone(), day), (marks, rollup));
    }

    /// All of these days together; the same days with the same marks are added up once.
    fn sum(&self, tenant: &Tenant, range: &Range<i64>, days: &[Day], rollups: &[Arc<Rollup>]) -> Arc<Rollup> {
        let state = fingerprint(days);
        let key = (tenant.admin_id().clone(), range.clone());
        if let Some((_, sum)) = lock(&self.sums).get(&key).filter(|(then, _)| *then == state) {
            return Arc::clone(sum);
        }
        let mut sum = Rollup::default();
        rollups.iter().for_each(|rollup| sum.merge(rollup));
        sum.settle();
        let sum = Arc::new(sum);
        remember(&self.sums, MOST_SUMS, key, (state, Arc::clone(&sum)));
        sum
    }

    async fn this_week(
        &self,
        tenant: &Tenant,
        known: &[Day],
        span: Span,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let week_ago = now.plus_millis(-7 * DAY);
        let from = span.from.map_or(week_ago, |from| from.max(week_ago));
        let week = PlainFilter { from: Some(from), to: span.to, ..PlainFilter::default() };
        self.count_in(tenant, known, &week).await
    }
}

/// The whole days of a span, and the pieces of days at its ends. Only days that are known count.
fn split(known: &[Day], span: Span) -> (Range<i64>, Vec<(Timestamp, Timestamp)>) {
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return (0..0, Vec::new()) };
    let (first, behind) = (bounds(first.day).0, bounds(last.day).1);
    let from = span.from.map_or(first, |from| from.max(first));
    let to = span.to.map_or(behind, |to| to.min(behind));
    if from >= to {
        return (0..0, Vec::new());
    }
    let whole_from = day_of(from.plus_millis(DAY - 1));
    let whole_to = day_of(to);
    if whole_from > whole_to {
        return (0..0, vec![(from, to)]);
    }
    let (start, end) = (bounds(whole_from).0, bounds(whole_to).0);
    let edges = [(from, start), (end, to)].into_iter().filter(|(from, to)| from < to);
    (whole_from..whole_to, edges.collect())
}

fn fingerprint(days: &[Day]) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    days.iter().for_each(|day| (day.day, day.marks).hash(&mut hasher));
    hasher.finish()
}

/// Keeps a value; when there are too many the old ones are forgotten, which only costs working them out again.
fn remember<K: std::hash::Hash + Eq, V>(memory: &Memory<K, V>, most: usize, key: (AdminId, K), value: V) {
    let mut memory = lock(memory);
    if memory.len() >= most && !memory.contains_key(&key) {
        memory.clear();
    }
    memory.insert(key, value);
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_whole_days_and_edges() {
        let known = [Day { day: 10, marks: 1, counted: 1 }, Day { day: 12, marks: 1, counted: 0 }];
        let at = |days: f64| Some(Timestamp::from_millis((days * DAY as f64) as i64));
        let check = |from, to, days: Range<i64>, edges: &[(f64, f64)]| {
            let edges: Vec<_> =
                edges.iter().map(|(from, to)| (at(*from).unwrap(), at(*to).unwrap())).collect();
            assert_eq!(split(&known, Span { from, to }), (days, edges));
        };
        check(None, None, 10..13, &[]);
        check(at(10.0), at(12.0), 10..12, &[]);
        check(at(10.5), at(12.25), 11..12, &[(10.5, 11.0), (12.0, 12.25)]);
        check(at(10.5), at(10.75), 0..0, &[(10.5, 10.75)]);
        check(at(10.5), at(11.5), 11..11, &[(10.5, 11.0), (11.0, 11.5)]);
        check(at(20.0), None, 0..0, &[]);
        check(at(12.0), at(11.0), 0..0, &[]);
        assert_eq!(split(&[], Span::default()), (0..0, Vec::new()));
    }
}
