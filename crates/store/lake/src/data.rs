//! Where every row is and how it is read: all that a query needs of the engine.

use crate::{
    LakeError, LakeLimits,
    lists::Lists,
    quarantine::{Meaning, Note, Notes, entry},
    segment::{Footers, Segment},
    stats::{Counters, add},
    tables::rollups::cache::RollupCache,
    wake::Wake,
};
use hinomi_io::Clock;
use hinomi_model::UnixNanos;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The data, as queries see them.
pub(crate) struct Data {
    /// The lists that say where every row is.
    pub state: RwLock<Lists>,
    pub footers: Footers,
    pub rollup_cache: RollupCache,
    pub limits: LakeLimits,
    /// The trusted clock; see [`crate::folder::time_keeper::TimeKeeper`].
    pub clock: Arc<dyn Clock>,
    pub counters: Counters,
    /// Changes of the quarantine that the catalog does not have yet.
    pub notes: Notes,
    /// Wakes the thread that writes them to the catalog.
    pub noted: Wake,
}

impl Data {
    pub fn read(&self) -> RwLockReadGuard<'_, Lists> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write(&self) -> RwLockWriteGuard<'_, Lists> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Data {
    /// Leaves a segment out from now on, if the error requires it. Returns whether it does.
    pub fn leave_out(&self, segment: &Segment, error: &LakeError) -> bool {
        let meaning = Meaning::for_segment(segment, error);
        if meaning == Meaning::Passing {
            return false;
        }
        if matches!(error, LakeError::Damaged(_)) {
            add(&self.counters.checksum_failures, 1);
        }
        self.footers.forget(segment);
        if segment.mark_damaged(error) && meaning == Meaning::Damage {
            self.note(Note::Lost(entry(segment, self.now(), error.to_string())));
        }
        true
    }

    /// Schedules a change for the catalog.
    pub fn note(&self, note: Note) {
        self.notes.push(note);
        self.noted.notify();
    }

    pub fn now(&self) -> UnixNanos {
        UnixNanos(self.clock.unix_nanos())
    }
}
