//! The rollups of the live window, and which of them changed since the last tick.

use hinomi_model::{RollupSet, TimeRange, UnixNanos, hitmap::COLUMN, rollup::ServiceKey};
use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

/// How far back live rollups reach: the ten minutes on screen and five for late spans.
pub const LIVE_WINDOW: Duration = Duration::from_secs(15 * 60);

/// Columns that changed, by service.
pub(crate) type Changed = HashMap<ServiceKey, BTreeSet<UnixNanos>>;

#[derive(Debug, Default)]
pub(crate) struct Window {
    pub rollups: RollupSet,
    changed: Changed,
    /// Buckets that start before this are no longer kept.
    floor: UnixNanos,
}

impl Window {
    /// Adds what is inside the window and marks its columns as changed.
    pub fn apply(&mut self, delta: &RollupSet) {
        for (bucket, key, rollup) in delta.range(TimeRange::new(self.floor, UnixNanos(i64::MAX))) {
            self.rollups.add(bucket, key, rollup);
            match self.changed.get_mut(key.service()) {
                Some(columns) => {
                    columns.insert(bucket);
                }
                None => {
                    self.changed
                        .insert(key.service().clone(), BTreeSet::from([bucket]));
                }
            }
        }
    }

    /// Moves the window on to end at `now` and hands out what changed since the last call.
    pub fn tick(&mut self, now: UnixNanos) -> Changed {
        let floor = now.minus(LIVE_WINDOW).floor(COLUMN);
        if floor > self.floor {
            self.floor = floor;
            self.rollups.forget_before(floor);
        }
        std::mem::take(&mut self.changed)
    }

    /// First instant that is kept.
    pub fn floor(&self) -> UnixNanos {
        self.floor
    }
}
