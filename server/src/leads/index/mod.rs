//! What a store's own indexes do not answer: leads by words, tags, source and priority, in every order, with exact
//! totals, and pages at any depth.
//!
//! A business's leads are held in memory, packed, by the UTC day on which they came to be. Nothing is counted up
//! here either: every change of a lead marks its day in the store, and before a question is answered each day with
//! other marks than those it was read at is read again, as far as its leads have other versions. So what one process
//! has changed every other one finds at once.

mod found;
mod part;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bson::oid::ObjectId;
use fixedbitset::FixedBitSet;
use porchlight_protocol::ids::AdminId;

use self::found::Found;
use self::part::{MOST, Part};
use super::{LeadFilter, LeadQuery, LeadRecord, Place, PlainFilter, Sort, SortField, Start, bounds};
use crate::store::{self, Store, StoreError, Tenant};

/// Leads that are read from the store at a time.
const STEP: u32 = 4_096;

/// Changed leads of a day that are held beside its others; with more of them the day is packed anew. A day of many
/// leads may have an eighth of them changed.
const MOST_CHANGED: usize = 256;

/// Filters of a business whose leads are remembered.
const MOST_FOUND: usize = 16;

/// The leads of every business that was asked about.
pub(super) struct LeadIndex {
    store: Arc<dyn Store>,
    /// Bytes that the businesses may take together.
    budget: usize,
    /// With the one asked about last at the end.
    held: Mutex<Vec<(AdminId, Arc<Held>)>>,
}

/// What is held of a business.
#[derive(Default)]
struct Held {
    /// Locked while the store is asked what has changed, so that it is asked once.
    days: tokio::sync::Mutex<Days>,
    /// With the one asked for last at the end.
    found: Mutex<Vec<(LeadFilter, Arc<Found>)>>,
    size: AtomicUsize,
}

#[derive(Default)]
struct Days {
    known: BTreeMap<i64, Arc<Day>>,
    /// The same; made when all of them are true.
    snapshot: Arc<Snapshot>,
}

/// All days of a business at one time, oldest first.
type Snapshot = Vec<Arc<Day>>;

/// The leads that came to be on one UTC day.
struct Day {
    /// Days since 1970.
    number: i64,
    /// The marks that it was read at.
    marks: i64,
    /// How many of the parts were read with the whole day; one behind them holds what has changed since.
    whole: usize,
    /// Each with the leads that have not changed since they were packed.
    parts: Vec<(Arc<Part>, FixedBitSet)>,
}

impl LeadIndex {
    /// Holds leads of a store in about `budget` bytes; the business asked about last is always held as a whole.
    pub(super) fn new(store: Arc<dyn Store>, budget: usize) -> Self {
        Self { store, budget, held: Mutex::default() }
    }

    /// The ids of a page, one more than asked for where there is one, and how many leads meet the filter.
    pub(super) async fn page(
        &self,
        tenant: &Tenant,
        query: &LeadQuery,
    ) -> Result<(Vec<ObjectId>, u64), StoreError> {
        let (found, query) = (self.found(tenant, &query.filter).await?, query.clone());
        let work = move || {
            let count = query.page_size as usize + 1;
            (found.page(query.sort, &query.start, query.page_size, count), found.total)
        };
        blocking(work).await
    }

    /// Reads what has changed, so that the next question need not, where there is room for it.
    pub(super) async fn warm(&self, tenant: &Tenant) -> Result<(), StoreError> {
        match self.size() < self.budget {
            true => self.current(tenant).await.map(|_| ()),
            false => Ok(()),
        }
    }

    async fn found(&self, tenant: &Tenant, filter: &LeadFilter) -> Result<Arc<Found>, StoreError> {
        let (held, snapshot) = self.current(tenant).await?;
        let known = held.recall(filter);
        if let Some(found) = known.as_ref().filter(|known| Arc::ptr_eq(&known.snapshot, &snapshot)) {
            return Ok(Arc::clone(found));
        }
        let asked = filter.clone();
        let found = blocking(move || Arc::new(Found::new(&snapshot, &asked, known.as_deref()))).await?;
        held.remember(filter, &found);
        Ok(found)
    }

    /// The leads of a business as they are now.
    async fn current(&self, tenant: &Tenant) -> Result<(Arc<Held>, Arc<Snapshot>), StoreError> {
        let held = self.held(tenant.admin_id());
        // What is read after the marks holds at least what they stand for.
        let marks = self.store.days(tenant).await?;
        let mut days = held.days.lock().await;
        let known = |day: &store::Day| days.known.get(&day.day).is_some_and(|known| known.marks >= day.marks);
        let stale: Vec<store::Day> = marks.into_iter().filter(|day| !known(day)).collect();
        if !stale.is_empty() {
            self.bring_up_to_date(tenant, &mut days.known, stale).await?;
            days.snapshot = Arc::new(days.known.values().cloned().collect());
            held.size.store(days.snapshot.iter().map(|day| day.size()).sum(), Ordering::Relaxed);
            self.make_room();
        }
        let snapshot = Arc::clone(&days.snapshot);
        drop(days);
        Ok((held, snapshot))
    }

    async fn bring_up_to_date(
        &self,
        tenant: &Tenant,
        known: &mut BTreeMap<i64, Arc<Day>>,
        stale: Vec<store::Day>,
    ) -> Result<(), StoreError> {
        let mut whole: Vec<store::Day> = Vec::new();
        for day in stale {
            let changed = match known.get(&day.day) {
                Some(known) => self.changed(tenant, known, day).await?,
                None => None,
            };
            match changed {
                Some(changed) => drop(known.insert(day.day, Arc::new(changed))),
                None => whole.push(day),
            }
        }
        // Days that follow each other are read in one go.
        for run in whole.chunk_by(|day, next| day.day + 1 == next.day) {
            self.read(tenant, known, run).await?;
        }
        Ok(())
    }

    /// A day with those of its leads packed anew that have changed; `None` where they are too many for that.
    async fn changed(
        &self,
        tenant: &Tenant,
        known: &Day,
        day: store::Day,
    ) -> Result<Option<Day>, StoreError> {
        let (from, to) = bounds(day.day);
        let now = self.store.lead_versions(tenant, from, to).await?;
        let mut now: HashMap<ObjectId, i64> = now.into_iter().collect();
        let mut parts = Vec::with_capacity(known.whole + 1);
        for (part, _) in known.parts.iter().take(known.whole) {
            let mut alive = FixedBitSet::with_capacity(part.len());
            for (number, (id, version)) in part.ids.iter().zip(&part.versions).enumerate() {
                if now.get(id) == Some(version) {
                    now.remove(id);
                    alive.insert(number);
                }
            }
            parts.push((Arc::clone(part), alive));
        }
        let count: usize = parts.iter().map(|(part, _)| part.len()).sum();
        if now.len() > MOST_CHANGED.max(count / 8).min(MOST) {
            return Ok(None);
        }
        let ids: Vec<ObjectId> = now.into_keys().collect();
        if !ids.is_empty() {
            parts.push(pack(self.store.leads_by_ids(tenant, &ids).await?).await?);
        }
        Ok(Some(Day { number: day.day, marks: day.marks, whole: known.whole, parts }))
    }

    /// Reads and packs all leads of days that follow each other. What is read stays read when the asker goes away.
    async fn read(
        &self,
        tenant: &Tenant,
        known: &mut BTreeMap<i64, Arc<Day>>,
        run: &[store::Day],
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return Ok(()) };
        let (from, to) = (bounds(first.day).0, bounds(last.day).1);
        let filter = PlainFilter { from: Some(from), to: Some(to), ..PlainFilter::default() };
        let sort = Sort { field: SortField::CreatedAt, descending: false };
        let mut query = LeadQuery { filter, sort, start: Start::Page(1), page_size: STEP };
        let days: Vec<Day> = run.iter().map(|day| Day::empty(day.day, day.marks)).collect();
        let mut days = days.into_iter().peekable();
        loop {
            let page = self.store.leads(tenant, &query).await?;
            let next = page.leads.last().filter(|_| page.more).map(|last| Place::of(last, sort.field));
            for (number, leads) in by_day(page.leads) {
                while let Some(done) = days.next_if(|day| day.number < number) {
                    known.insert(done.number, Arc::new(done));
                }
                let packed = pack(leads).await?;
                if let Some(day) = days.peek_mut() {
                    day.parts.push(packed);
                    day.whole += 1;
                }
            }
            match next {
                Some(place) => query.start = Start::Behind(place),
                None => break,
            }
        }
        known.extend(days.map(|day| (day.number, Arc::new(day))));
        Ok(())
    }

    /// What is held of a business, which is now the one asked about last.
    fn held(&self, admin: &AdminId) -> Arc<Held> {
        let mut all = lock(&self.held);
        let known = all.iter().position(|(other, _)| other == admin);
        let held = known.map(|at| all.remove(at).1).unwrap_or_default();
        all.push((admin.clone(), Arc::clone(&held)));
        held
    }

    fn size(&self) -> usize {
        lock(&self.held).iter().map(|(_, held)| held.size.load(Ordering::Relaxed)).sum()
    }

    /// Forgets the businesses that were asked about longest ago, which only costs reading them again.
    fn make_room(&self) {
        while self.size() > self.budget {
            let mut held = lock(&self.held);
            if held.len() < 2 {
                break;
            }
            held.remove(0);
        }
    }
}

impl Held {
    fn recall(&self, filter: &LeadFilter) -> Option<Arc<Found>> {
        let mut all = lock(&self.found);
        let known = all.iter().position(|(other, _)| other == filter)?;
        let entry = all.remove(known);
        let found = Arc::clone(&entry.1);
        all.push(entry);
        Some(found)
    }

    fn remember(&self, filter: &LeadFilter, found: &Arc<Found>) {
        let mut all = lock(&self.found);
        all.retain(|(other, _)| other != filter);
        if all.len() >= MOST_FOUND {
            all.remove(0);
        }
        all.push((filter.clone(), Arc::clone(found)));
    }
}

impl Day {
    fn empty(number: i64, marks: i64) -> Self {
        Self { number, marks, whole: 0, parts: Vec::new() }
    }

    fn size(&self) -> usize {
        self.parts.iter().map(|(part, alive)| part.size() + alive.len() / 8).sum()
    }
}

/// Leads in the order of their days, cut at the end of each.
fn by_day(leads: Vec<LeadRecord>) -> Vec<(i64, Vec<LeadRecord>)> {
    let mut days: Vec<(i64, Vec<LeadRecord>)> = Vec::new();
    for lead in leads {
        match days.last_mut().filter(|(day, _)| *day == lead.day()) {
            Some((_, leads)) => leads.push(lead),
            None => days.push((lead.day(), vec![lead])),
        }
    }
    days
}

/// Leads in one part, all of them alive.
async fn pack(leads: Vec<LeadRecord>) -> Result<(Arc<Part>, FixedBitSet), StoreError> {
    let part = blocking(move || Part::of(&leads)).await??;
    let mut alive = FixedBitSet::with_capacity(part.len());
    alive.insert_range(..);
    Ok((Arc::new(part), alive))
}

/// Work that takes longer than others should wait.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Failed(error.to_string()))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
