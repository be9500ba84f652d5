//! The live bus: two ticks per second that name the columns that changed.

use crate::{
    LiveLimits,
    active::{Active, ActiveReport, ActiveRequests},
    folded::{Folded, FoldedNames, Told},
    window::{Changed, Window},
};
use hinomi_model::{
    RollupKey, RollupRef, RollupSet, Selection, Text, UnixNanos, rollup::ServiceKey,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};
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
    /// By project.
    changed: HashMap<Text, Changed>,
}

impl Tick {
    /// The changed columns of a project, by service.
    pub fn changed(
        &self,
        project: &str,
    ) -> impl Iterator<Item = (&ServiceKey, impl Iterator<Item = UnixNanos>)> {
        self.changed
            .get(project)
            .into_iter()
            .flatten()
            .map(|(service, columns)| (service, columns.iter().copied()))
    }
}

/// The live rollups of all projects and their bus.
pub struct Live {
    limits: LiveLimits,
    projects: RwLock<HashMap<Text, Arc<OfProject>>>,
    /// End of the windows, in Unix nanoseconds.
    now: AtomicI64,
    ticks: broadcast::Sender<Arc<Tick>>,
    last: AtomicU64,
}

/// What is known live of a project.
#[derive(Default)]
struct OfProject {
    window: RwLock<Window>,
    active: ActiveRequests,
    folded: Told,
}

impl OfProject {
    // A poisoned lock means a panic while merging counts. The counts are still the best available.
    fn window(&self) -> RwLockReadGuard<'_, Window> {
        self.window.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Window> {
        self.window.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    /// Windows that end at `now`. A project's window is empty at first and complete: what the store has
    /// of its last minutes is restored, see [`Self::begin_restore`].
    pub fn new(now: UnixNanos, limits: LiveLimits) -> Self {
        Self {
            limits,
            projects: RwLock::default(),
            now: AtomicI64::new(now.0),
            ticks: broadcast::Sender::new(BUS_CAPACITY),
            last: AtomicU64::default(),
        }
    }

    /// Marks the window of a project as complete only from `bound` on, because the store has earlier
    /// rollups. Must be called before anything is added.
    pub fn begin_restore(&self, project: &str, bound: UnixNanos) {
        self.of(project).write().begin_restore(bound);
    }

    /// Adds a rollup of an earlier run. It is hidden until [`Self::restored`] says that its time is
    /// complete.
    pub fn restore(
        &self,
        project: &str,
        bucket: UnixNanos,
        key: &RollupKey,
        rollup: RollupRef<'_>,
    ) {
        self.of(project).write().restore(bucket, key, rollup);
    }

    /// Marks the window of a project as complete from `from` on. Returns false if older rollups need
    /// not be read, because there is no room for them or they are too old by now.
    pub fn restored(&self, project: &str, from: UnixNanos) -> bool {
        self.of(project).write().restored(from)
    }

    /// Ends the restore of a project. Queries for earlier times are answered from the store until the
    /// window has moved on.
    pub fn end_restore(&self, project: &str) {
        self.of(project).write().end_restore();
    }

    /// Records what admission folded into `(other)`. Returns the foldings that had not occurred
    /// within the last hour.
    pub fn report_folded(
        &self,
        project: &str,
        now: UnixNanos,
        folded: Vec<Folded>,
    ) -> Vec<FoldedNames> {
        self.of(project).folded.report(now, folded)
    }

    /// Foldings of the last hour in a project, most spans first.
    pub fn folded(&self, project: &str, now: UnixNanos) -> Vec<FoldedNames> {
        self.of(project).folded.all(now)
    }

    /// Stores agents' reports of active requests. Returns the number of series that were refused
    /// because of the limit.
    pub fn report_active(
        &self,
        project: &str,
        now: UnixNanos,
        reports: Vec<ActiveReport>,
    ) -> usize {
        self.of(project).active.report(now, reports)
    }

    /// Active requests of a selection, as reported by agents.
    pub fn active(&self, selection: &Selection, now: UnixNanos) -> Option<Active> {
        self.of(&selection.scope.project).active.of(selection, now)
    }

    /// Adds the rollups of an acknowledged batch. Event times before the window are left to the
    /// store.
    pub fn apply(&self, project: &str, delta: &RollupSet) {
        self.of(project).write().apply(delta);
    }

    /// Moves the windows to `now` and sends subscribers what changed. Called twice per second.
    pub fn tick(&self, now: UnixNanos) {
        self.now.store(now.0, Ordering::Relaxed);
        let mut changed = HashMap::new();
        for (project, of_project) in self.projects().iter() {
            let of_project = of_project.write().tick(now);
            if !of_project.is_empty() {
                changed.insert(project.clone(), of_project);
            }
        }
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
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

    /// Reads the window of a project under its lock, so `look` must be fast.
    pub fn read<T>(&self, project: &str, look: impl FnOnce(&Window) -> T) -> T {
        look(&self.of(project).window())
    }

    /// Memory of all windows in bytes, the number of their keys, and the instant from which on every
    /// one is complete; `None` without any project.
    pub fn figures(&self) -> (usize, usize, Option<UnixNanos>) {
        let projects = self.projects();
        let windows = || projects.values().map(|of_project| of_project.window());
        (
            windows().map(|window| window.bytes()).sum(),
            windows().map(|window| window.keys()).sum(),
            windows().map(|window| window.whole_from()).max(),
        )
    }

    fn projects(&self) -> RwLockReadGuard<'_, HashMap<Text, Arc<OfProject>>> {
        self.projects.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a project. A project that was not asked for before begins with an empty
    /// window.
    fn of(&self, project: &str) -> Arc<OfProject> {
        if let Some(known) = self.projects().get(project) {
            return known.clone();
        }
        let mut projects = self
            .projects
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = projects.get(project) {
            return known.clone();
        }
        // All windows share the memory in equal parts.
        let limit = self.limits.window_bytes / (projects.len() + 1);
        for other in projects.values() {
            other.write().set_limit(limit);
        }
        let mut window = Window::new(limit);
        window.tick(UnixNanos(self.now.load(Ordering::Relaxed)));
        let new = Arc::new(OfProject {
            window: RwLock::new(window),
            ..OfProject::default()
        });
        projects.insert(project.into(), new.clone());
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::{Rollup, TimeRange};
    use std::time::Duration;

    const SHOP: &str = "shop";

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
            kind: hinomi_model::TransactionKind::Request,
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
        live.apply(SHOP, &one(9_998));
        live.apply(SHOP, &one(9_999));
        live.apply(SHOP, &one(9_980));
        live.tick(second(10_001));
        live.tick(second(10_002));
        let columns = |tick: &Tick| tick.changed(SHOP).flat_map(|(_, c)| c).collect::<Vec<_>>();
        assert_eq!(
            columns(&ticks.try_recv().unwrap()),
            [second(9_980), second(9_995)]
        );
        assert_eq!(columns(&ticks.try_recv().unwrap()), []);
    }

    #[test]
    fn event_times_before_the_window_are_left_to_the_store() {
        let live = Live::new(second(10_000), LiveLimits::default());
        live.apply(SHOP, &one(9_999));
        live.apply(SHOP, &one(8_000));
        assert_eq!(live.read(SHOP, Window::len), 1);
        live.tick(second(12_000));
        assert!(live.read(SHOP, Window::is_empty));
    }

    #[test]
    fn what_an_earlier_run_left_is_hidden_until_all_of_its_time_is_there() {
        let live = Live::new(second(10_000), LiveLimits::default());
        live.begin_restore(SHOP, second(9_995));
        let counts = || -> u64 {
            let all = TimeRange::new(UnixNanos(0), UnixNanos(i64::MAX));
            live.read(SHOP, |window| {
                window.range(all).map(|(_, _, rollup)| rollup.count).sum()
            })
        };
        live.apply(SHOP, &one(9_996));
        live.apply(SHOP, &one(9_990));
        assert_eq!(
            (live.read(SHOP, Window::whole_from), counts()),
            (second(9_995), 1)
        );
        let earlier = one(9_990);
        let restore = |set: &RollupSet| {
            for (bucket, key, rollup) in set.iter() {
                live.restore(SHOP, bucket, key, rollup.into());
            }
        };
        restore(&earlier);
        assert_eq!(counts(), 1, "not all of it is there yet");
        assert!(live.restored(SHOP, second(9_900)));
        assert_eq!(
            (live.read(SHOP, Window::whole_from), counts()),
            (second(9_900), 3)
        );
        restore(&one(9_800));
        live.end_restore(SHOP);
        assert_eq!(
            (live.read(SHOP, Window::whole_from), counts()),
            (second(9_900), 3)
        );
        assert_eq!(
            live.read(SHOP, Window::len),
            2,
            "what was read in part is forgotten"
        );
    }

    #[test]
    fn projects_see_nothing_of_each_other() {
        let live = Live::new(second(10_000), LiveLimits::default());
        let mut ticks = live.subscribe();
        live.apply(SHOP, &one(9_998));
        assert_eq!(live.read("bank", Window::len), 0);
        live.begin_restore("bank", second(9_000));
        live.tick(second(10_001));
        let tick = ticks.try_recv().unwrap();
        assert_eq!(tick.changed(SHOP).count(), 1);
        assert_eq!(tick.changed("bank").count(), 0);
        assert_eq!(live.read(SHOP, Window::len), 1);
    }

    #[test]
    fn projects_share_the_memory_in_equal_parts() {
        let limits = LiveLimits {
            window_bytes: 4 << 20,
        };
        let live = Live::new(second(10_000), limits);
        for project in ["a", "b", "c", "d"] {
            for at in 9_200..9_990 {
                for _ in 0..20 {
                    live.apply(project, &one(at));
                }
            }
        }
        let (bytes, ..) = live.figures();
        assert!(bytes <= limits.window_bytes, "{bytes}");
        live.tick(second(10_001));
        assert_eq!(live.figures().2, Some(second(9_100)));
    }
}
