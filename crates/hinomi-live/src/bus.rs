//! The live bus: one tick a second that names the columns that changed.

use crate::{
    active::{Active, ActiveReport, ActiveRequests},
    window::{Changed, Window},
};
use hinomi_model::{RollupSet, Selection, UnixNanos, rollup::ServiceKey};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::broadcast;

/// Ticks a slow subscriber may fall behind before it is told that it missed some.
const BUS_CAPACITY: usize = 16;

/// What changed within one second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// Counts up from 1 since the server's start.
    pub number: u64,
    /// The server's time.
    pub now: UnixNanos,
    changed: Changed,
}

impl Tick {
    /// The changed columns of every service that has any.
    pub fn changed(&self) -> impl Iterator<Item = (&ServiceKey, impl Iterator<Item = UnixNanos>)> {
        self.changed
            .iter()
            .map(|(service, columns)| (service, columns.iter().copied()))
    }
}

/// Live rollups with their bus.
pub struct Live {
    window: RwLock<Window>,
    ticks: broadcast::Sender<Arc<Tick>>,
    last: std::sync::atomic::AtomicU64,
    active: ActiveRequests,
}

impl Live {
    /// An empty window that ends at `now`, filled from `recent`: what the store knows of it.
    pub fn new(now: UnixNanos, recent: &RollupSet) -> Self {
        let mut window = Window::default();
        window.tick(now);
        window.apply(recent);
        window.tick(now);
        Self {
            window: RwLock::new(window),
            ticks: broadcast::Sender::new(BUS_CAPACITY),
            last: Default::default(),
            active: ActiveRequests::default(),
        }
    }

    /// Takes what agents tell of active requests; answers how many series were refused because there
    /// are too many.
    pub fn report_active(&self, now: UnixNanos, reports: Vec<ActiveReport>) -> usize {
        self.active.report(now, reports)
    }

    /// What agents tell of the active requests of a selection.
    pub fn active(&self, selection: &Selection, now: UnixNanos) -> Option<Active> {
        self.active.of(selection, now)
    }

    /// Counts an acknowledged batch. Event times before the window are left to the store.
    pub fn apply(&self, delta: &RollupSet) {
        self.write().apply(delta);
    }

    /// Moves the window to `now` and tells every subscriber what changed. Called once a second.
    pub fn tick(&self, now: UnixNanos) {
        let changed = self.write().tick(now);
        let number = self.last.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        // No subscriber is no error.
        let _ = self.ticks.send(Arc::new(Tick {
            number,
            now,
            changed,
        }));
    }

    /// Ticks from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Tick>> {
        self.ticks.subscribe()
    }

    /// Looks at the rollups of the window under its lock; be brief. The first argument is the
    /// first instant that the window holds.
    pub fn read<T>(&self, look: impl FnOnce(UnixNanos, &RollupSet) -> T) -> T {
        let window = self.window();
        look(window.floor(), &window.rollups)
    }

    // A poisoned lock means a panic while merging counts; the counts are still the best there are.
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
    use hinomi_model::{Rollup, RollupKey};
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
        let live = Live::new(second(10_000), &RollupSet::new());
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
        let live = Live::new(second(10_000), &one(9_999));
        live.apply(&one(8_000));
        assert_eq!(live.read(|_, rollups| rollups.len()), 1);
        live.tick(second(12_000));
        assert!(live.read(|_, rollups| rollups.is_empty()));
    }
}
