//! Follows the store once for all listeners of this process, remembers what was told lately, and tells it to whom it
//! concerns.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use porchlight_protocol::ids::AdminId;
use porchlight_protocol::problem::Problem;
use tokio::sync::{mpsc, watch};

use super::entry::Entry;
use super::{Happened, Tail, TailError};
use crate::clock;
use crate::config::ServeConfig;
use crate::error::ApiError;
use crate::metrics;
use crate::store::{Store, Tenant};

/// How many events a listener may be behind before it is cut off; it can go on where it was.
const QUEUE: usize = 256;

/// How many events of a business are remembered for those who come back.
const RECENT: usize = 2_000;

/// What all remembered events may weigh, in bytes.
const MOST_WEIGHT: usize = 48 << 20;

/// How long the store is followed after the last listener has gone.
const LINGER: Duration = Duration::from_secs(300);

/// Streams of one session: tabs, and connections that nobody has noticed to be dead. The newest count.
const OF_SESSION: usize = 8;

/// Streams of one API's callers.
const OF_BUSINESS: usize = 64;

/// How far ahead of ours a place may be: another process may have seen a little more.
const AHEAD: i64 = 60_000 << 14;

/// The events of this process.
pub struct Live {
    store: Arc<dyn Store>,
    state: Mutex<State>,
    /// Held while the store's events are being opened.
    opening: tokio::sync::Mutex<()>,
    stopping: watch::Sender<bool>,
    /// Most streams at once, of all and of one site's visitors.
    most: (usize, usize),
}

#[derive(Default)]
struct State {
    /// Whether a task follows the store.
    following: bool,
    /// Nothing up to this place is known.
    floor: i64,
    recent: HashMap<AdminId, Recent>,
    weight: usize,
    listeners: HashMap<AdminId, Vec<Listener>>,
    count: usize,
    /// Numbers listeners.
    next: u64,
    quiet_since: Option<Instant>,
}

/// The newest events of a business, oldest first.
#[derive(Default)]
struct Recent {
    entries: VecDeque<Arc<Entry>>,
    /// Events up to this place are forgotten.
    floor: i64,
}

struct Listener {
    number: u64,
    /// The session it listens to; `None` for the whole business.
    session: Option<String>,
    /// Events up to this place are none of its.
    after: i64,
    queue: mpsc::Sender<Arc<Entry>>,
}

/// What somebody listens to from now on.
pub(super) struct Heard {
    /// The place it begins behind.
    pub(super) place: i64,
    /// Whether what lies between the place asked for and this one is no longer known.
    pub(super) reset: bool,
    /// What happened since the place asked for.
    pub(super) missed: Vec<Arc<Entry>>,
    /// What happens; ends when the listener is too far behind.
    pub(super) queue: mpsc::Receiver<Arc<Entry>>,
    /// Becomes true when the server ends.
    pub(super) stopping: watch::Receiver<bool>,
    /// Takes the listener out when it is dropped.
    pub(super) _place_taken: Leave,
}

/// Takes a listener out when it is dropped.
pub(super) struct Leave {
    live: Arc<Live>,
    admin: AdminId,
    number: u64,
}

impl Live {
    /// Nothing is followed before somebody listens.
    pub fn new(store: Arc<dyn Store>, config: &ServeConfig) -> Self {
        Self {
            store,
            state: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            stopping: watch::Sender::new(false),
            most: (config.streams, config.site_streams),
        }
    }

    /// Ends all streams, each with a hint when to come back.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Listens to a session, or to all of a business, behind `after`; `None` begins now.
    pub(super) async fn listen(
        self: &Arc<Self>,
        tenant: &Tenant,
        session: Option<&str>,
        after: Option<&str>,
    ) -> Result<Heard, ApiError> {
        if *self.stopping.borrow() {
            return Err(Problem::unavailable(1).into());
        }
        self.follow().await?;
        let now = self.store.place().await.map_err(refused)?;
        let admin = tenant.admin_id();
        let mut state = self.lock();
        state.make_room(admin, session, self.most)?;
        let floor = state.recent.get(admin).map_or(0, |recent| recent.floor).max(state.floor);
        let known = |place: &i64| (floor..=now.saturating_add(AHEAD)).contains(place);
        let asked = after.map(|text| text.parse().ok().filter(known));
        let place = asked.flatten().unwrap_or(now);
        let recent = state.recent.get(admin).map(|recent| &recent.entries);
        let missed =
            recent.into_iter().flatten().filter(|entry| entry.place > place && entry.is_for(session));
        let missed = missed.cloned().collect();
        let (sender, queue) = mpsc::channel(QUEUE);
        let number = state.next;
        state.next += 1;
        state.count += 1;
        state.quiet_since = None;
        state.listeners.entry(admin.clone()).or_default().push(Listener {
            number,
            session: session.map(str::to_owned),
            after: place,
            queue: sender,
        });
        Ok(Heard {
            place,
            reset: asked == Some(None),
            missed,
            queue,
            stopping: self.stopping.subscribe(),
            _place_taken: Leave { live: Arc::clone(self), admin: admin.clone(), number },
        })
    }

    /// Sees to it that the store is followed.
    async fn follow(self: &Arc<Self>) -> Result<(), ApiError> {
        let _one = self.opening.lock().await;
        {
            let mut state = self.lock();
            if state.following {
                // Whoever is about to listen keeps it going.
                state.quiet_since = None;
                return Ok(());
            }
        }
        let (floor, tail) = self.store.tail(None).await.map_err(refused)?;
        let mut state = self.lock();
        state.following = true;
        state.floor = floor;
        state.quiet_since = None;
        drop(state);
        tokio::spawn(Arc::clone(self).tell_all(tail, floor));
        Ok(())
    }

    /// The task that reads what happens, until nobody has listened for a while.
    async fn tell_all(self: Arc<Self>, mut tail: Box<dyn Tail>, mut read: i64) {
        loop {
            match tail.next().await {
                Ok(happened) => {
                    read = happened.last().map_or(read, |last| last.place);
                    self.tell(happened);
                }
                Err(error) => {
                    tracing::warn!(%error, "what happens cannot be read; it will be tried again");
                    let Some(again) = self.reopen(&mut read).await else { return };
                    tail = again;
                }
            }
            if self.may_end() {
                return;
            }
        }
    }

    /// Goes on behind what was read; where that is not known any more every listener is cut off, and told so when it
    /// comes back.
    async fn reopen(&self, read: &mut i64) -> Option<Box<dyn Tail>> {
        let mut after = Some(*read);
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            match self.store.tail(after).await {
                Ok((floor, tail)) => {
                    if after.is_none() {
                        *read = floor;
                        self.lock().forget_all(floor);
                    }
                    return Some(tail);
                }
                Err(TailError::Lost) => after = None,
                Err(error) => tracing::warn!(%error, "what happens still cannot be read"),
            }
            if self.may_end() {
                return None;
            }
        }
    }

    fn tell(&self, happened: Vec<Happened>) {
        if let Some(last) = happened.last() {
            metrics::event_told(clock::now().millis() - last.at.millis());
        }
        // Written before anybody has to wait for the lock.
        let entries: Vec<Arc<Entry>> =
            happened.into_iter().map(|happened| Arc::new(Entry::of(happened))).collect();
        let mut state = self.lock();
        for entry in entries {
            state.tell(entry);
        }
    }

    /// Whether nobody has listened for a while; then nothing is followed any more.
    fn may_end(&self) -> bool {
        let mut state = self.lock();
        if state.count > 0 {
            return false;
        }
        let since = *state.quiet_since.get_or_insert_with(Instant::now);
        if since.elapsed() < LINGER {
            return false;
        }
        state.following = false;
        state.forget_all(0);
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Refuses one too many; of one session the oldest streams make room.
    fn make_room(
        &mut self,
        admin: &AdminId,
        session: Option<&str>,
        (most, most_of_site): (usize, usize),
    ) -> Result<(), ApiError> {
        if self.count >= most {
            return Err(Problem::unavailable(5).into());
        }
        let Some(listeners) = self.listeners.get_mut(admin) else { return Ok(()) };
        let same = |listener: &&Listener| listener.session.as_deref() == session;
        match session {
            Some(_) => {
                let own: Vec<u64> = listeners.iter().filter(same).map(|listener| listener.number).collect();
                if let Some(oldest) = own.first().filter(|_| own.len() >= OF_SESSION) {
                    listeners.retain(|listener| listener.number != *oldest);
                    self.count -= 1;
                }
                let visitors = listeners.iter().filter(|listener| listener.session.is_some()).count();
                if visitors >= most_of_site {
                    return Err(Problem::too_many_requests(10).into());
                }
            }
            None if listeners.iter().filter(same).count() >= OF_BUSINESS => {
                return Err(Problem::too_many_requests(10).into());
            }
            None => {}
        }
        Ok(())
    }

    fn tell(&mut self, entry: Arc<Entry>) {
        if entry.erases {
            self.forget_erased(&entry);
        }
        if let Some(listeners) = self.listeners.get_mut(&entry.admin) {
            let before = listeners.len();
            listeners.retain(|listener| {
                let concerned = entry.place > listener.after && entry.is_for(listener.session.as_deref());
                // A full queue: the listener reads too slowly, and goes on at its place when it comes back.
                !concerned || listener.queue.try_send(Arc::clone(&entry)).is_ok()
            });
            let cut = before - listeners.len();
            self.count -= cut;
            metrics::streams_cut(cut);
        }
        self.remember(entry);
    }

    fn remember(&mut self, entry: Arc<Entry>) {
        self.weight += entry.weight;
        let recent = self.recent.entry(entry.admin.clone()).or_default();
        recent.entries.push_back(entry);
        // Whoever fills the memory forgets first.
        while recent.entries.len() > RECENT || (self.weight > MOST_WEIGHT && !recent.entries.is_empty()) {
            if let Some(oldest) = recent.entries.pop_front() {
                recent.floor = oldest.place;
                self.weight -= oldest.weight;
            }
        }
    }

    /// Events of what was erased are not told again.
    fn forget_erased(&mut self, erasing: &Entry) {
        let Some(recent) = self.recent.get_mut(&erasing.admin) else { return };
        recent.entries.retain(|entry| {
            let same_session = erasing.session.is_some() && entry.session == erasing.session;
            let same_lead = erasing.lead.is_some() && entry.lead == erasing.lead;
            if same_session || same_lead {
                self.weight -= entry.weight;
            }
            !(same_session || same_lead)
        });
    }

    fn forget_all(&mut self, floor: i64) {
        self.floor = floor;
        self.recent.clear();
        self.weight = 0;
        self.listeners.clear();
        self.count = 0;
    }
}

impl Entry {
    /// Whether it is told to whoever listens to this session, or to all of the business.
    fn is_for(&self, session: Option<&str>) -> bool {
        session.is_none() || (self.visitor.is_some() && self.session.as_deref() == session)
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        let mut state = self.live.lock();
        let Some(listeners) = state.listeners.get_mut(&self.admin) else { return };
        let before = listeners.len();
        listeners.retain(|listener| listener.number != self.number);
        let gone = before - listeners.len();
        if listeners.is_empty() {
            state.listeners.remove(&self.admin);
        }
        state.count -= gone;
    }
}

fn refused(error: TailError) -> ApiError {
    match error {
        TailError::Unsupported => {
            let detail = "The server's MongoDB is no replica set and cannot tell what happens: ask again and again \
                          instead, or let the operator make it a replica set of one node.";
            Problem {
                retry_after: Some(300),
                ..Problem::new(503, "no_live_events", "No live events here", detail)
            }
            .into()
        }
        TailError::Lost => Problem::unavailable(1).into(),
        TailError::Store(error) => error.into(),
    }
}
