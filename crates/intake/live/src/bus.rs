//! The live bus: two ticks per second that name the columns that changed.

use crate::{
    LiveLimits,
    active::{Active, ActiveReport, ActiveRequests},
    folded::{Folded, FoldedNames, Told},
    window::{Changed, Window},
};
use hinomi_model::{RollupKey, RollupRef, RollupSet, Selection, UnixNanos, rollup::ServiceKey};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::broadcast;

/// Number of ticks that a slow subscriber may fall behind before it is told that it missed some.
const BUS_CAPACITY: usize = 32;

/// What changed since the previous tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// Counts up from 1 since the server's start.
    pub number: u64,
    /// The server's time.
    pub now: UnixNanos,
    changed: Changed,
}

impl Tick {
    /// The changed columns, by service.
    pub fn changed(&self) -> impl Iterator<Item = (&ServiceKey, impl Iterator<Item = UnixNanos>)> {
        self.changed
            .iter()
            .map(|(service, columns)| (service, columns.iter().copied()))
    }
}

/// The live rollups and their bus.
pub struct Live {
    window: RwLock<Window>,
    ticks: broadcast::Sender<Arc<Tick>>,
    last: std::sync::atomic::AtomicU64,
    active: ActiveRequests,
    folded: Told,
}

impl Live {
    /// An empty window that ends at `now`. For a store without recent data, or if its rollups are
    /// added before anything reads the window.
    pub fn new(now: UnixNanos, limits: LiveLimits) -> Self {
        let mut window = Window::new(limits.window_bytes);
        window.tick(now);
        Self {
            window: RwLock::new(window),
            ticks: broadcast::Sender::new(BUS_CAPACITY),
            last: Default::default(),
            active: ActiveRequests::default(),
            folded: Told::default(),
        }
    }

    /// Marks the window as complete only from `bound` on, because the store has earlier rollups.
    /// Must be called before anything is added.
    pub fn begin_restore(&self, bound: UnixNanos) {
        self.write().begin_restore(bound);
    }

    /// Adds a rollup of an earlier run. It is hidden until [`Self::restored`] says that its time is
    /// complete.
    pub fn restore(&self, bucket: UnixNanos, key: &RollupKey, rollup: RollupRef<'_>) {
        self.write().restore(bucket, key, rollup);
    }

    /// Marks the window as complete from `from` on. Returns false if older rollups need not be
    /// read, because there is no room for them or they are too old by now.
    pub fn restored(&self, from: UnixNanos) -> bool {
        self.write().restored(from)
    }

    /// Ends the restore. Queries for earlier times are answered from the store until the window has
    /// moved on.
    pub fn end_restore(&self) {
        self.write().end_restore();
    }

    /// Records what admission folded into `(other)`. Returns the foldings that had not occurred
    /// within the last hour.
    pub fn report_folded(&self, now: UnixNanos, folded: Vec<Folded>) -> Vec<FoldedNames> {
        self.folded.report(now, folded)
    }

    /// Foldings of the last hour, most spans first.
    pub fn folded(&self, now: UnixNanos) -> Vec<FoldedNames> {
        self.folded.all(now)
    }

    /// Stores agents' reports of active requests. Returns the number of series that were refused
    /// because of the limit.
    pub fn report_active(&self, now: UnixNanos, reports: Vec<ActiveReport>) -> usize {
        self.active.report(now, reports)
    }

    /// Active requests of a selection, as reported by agents.
    pub fn active(&self, selection: &Selection, now: UnixNanos) -> Option<Active> {
        self.active.of(selection, now)
    }

    /// Adds the rollups of an acknowledged batch. Event times before the window are left to the
    /// store.
    pub fn apply(&self, delta: &RollupSet) {
        self.write().apply(delta);
    }

    /// Moves the window to `now` and sends subscribers what changed. Called twice per second.
    pub fn tick(&self, now: UnixNanos) {
        let changed = self.write().tick(now);
        let number = self.last.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        // Having no subscriber is not an error.
        let _ = self.ticks.send(Arc::new(Tick {
            number,
            now,
            changed,
        }));
    }

    /// Subscribes to ticks from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Tick>> {
        self.ticks.subscribe()
    }

    /// Reads the window under its lock, so `look` must be fast.
    pub fn read<T>(&self, look: impl FnOnce(&Window) -> T) -> T {
        look(&self.window())
    }

    // A poisoned lock means a panic while merging counts. The counts are still the best available.
    fn window(&self) -> RwLockReadGuard<'_, Window> {
        self.window.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Window> {
        self.window.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::{Rollup, TimeRange};
    use std::time::Duration;

    fn second(at: i64) -> UnixNanos {
        UnixNanos::from_millis(at * 1_000)
    }

    fn one(at: i64) -> RollupSet {
        let key = RollupKey::Transaction {
            service: ServiceKey {
                service: "a".into(),
                namespace: "".into(),
                environment: "".into(),
            },
            operation: "GET /".into(),
            instance: "".into(),
            version: "".into(),
        };
        let mut rollup = Rollup::default();
        rollup.record_transaction(Duration::from_millis(7), hinomi_model::Outcome::Ok);
        let mut set = RollupSet::new();
        set.add(
            second(at).floor(hinomi_model::hitmap::COLUMN),
            &key,
            &rollup,
        );
        set
    }

    #[test]
    fn a_tick_names_each_changed_column_once() {
        let live = Live::new(second(10_000), LiveLimits::default());
        let mut ticks = live.subscribe();
        live.apply(&one(9_998));
        live.apply(&one(9_999));
        live.apply(&one(9_980));
        live.tick(second(10_001));
        live.tick(second(10_002));
        let columns = |tick: &Tick| tick.changed().flat_map(|(_, c)| c).collect::<Vec<_>>();
        assert_eq!(
            columns(&ticks.try_recv().unwrap()),
            [second(9_980), second(9_995)]
        );
        assert_eq!(columns(&ticks.try_recv().unwrap()), []);
    }

    #[test]
    fn event_times_before_the_window_are_left_to_the_store() {
        let live = Live::new(second(10_000), LiveLimits::default());
        live.apply(&one(9_999));
        live.apply(&one(8_000));
        assert_eq!(live.read(Window::len), 1);
        live.tick(second(12_000));
        assert!(live.read(Window::is_empty));
    }

    #[test]
    fn what_an_earlier_run_left_is_hidden_until_all_of_its_time_is_there() {
        let live = Live::new(second(10_000), LiveLimits::default());
        live.begin_restore(second(9_995));
        let counts = || -> u64 {
            let all = TimeRange::new(UnixNanos(0), UnixNanos(i64::MAX));
            live.read(|window| window.range(all).map(|(_, _, rollup)| rollup.count).sum())
        };
        live.apply(&one(9_996));
        live.apply(&one(9_990));
        assert_eq!(
            (live.read(Window::whole_from), counts()),
            (second(9_995), 1)
        );
        let earlier = one(9_990);
        let restore = |set: &RollupSet| {
            for (bucket, key, rollup) in set.iter() {
                live.restore(bucket, key, rollup.into());
            }
        };
        restore(&earlier);
        assert_eq!(counts(), 1, "not all of it is there yet");
        assert!(live.restored(second(9_900)));
        assert_eq!(
            (live.read(Window::whole_from), counts()),
            (second(9_900), 3)
        );
        restore(&one(9_800));
        live.end_restore();
        assert_eq!(
            (live.read(Window::whole_from), counts()),
            (second(9_900), 3)
        );
        assert_eq!(
            live.read(Window::len),
            2,
            "what was read in part is forgotten"
        );
    }
}
