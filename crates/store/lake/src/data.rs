//! Where every row is and how it is read: all that a query needs of the engine.

use crate::{
    LakeLimits,
    quarantine::Notes,
    segment::Footers,
    state::{Signal, State},
    stats::Counters,
    tables::rollups::cache::RollupCache,
};
use hinomi_io::Clock;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The data, as queries see them.
pub(crate) struct Data {
    /// The lists that say where every row is.
    pub state: RwLock<State>,
    pub footers: Footers,
    pub rollup_cache: RollupCache,
    pub limits: LakeLimits,
    /// The trusted clock; see [`crate::folder::time_keeper::TimeKeeper`].
    pub clock: Arc<dyn Clock>,
    pub counters: Counters,
    /// Changes of the quarantine that the catalog does not have yet.
    pub notes: Notes,
    /// Wakes the thread that writes them to the catalog.
    pub noted: Signal,
}

impl Data {
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
