//! Disk limits: how much the store may use, and how much must stay free.
//!
//! The *budget* limits the store's own files: above it retention deletes the oldest data. The
//! *reserve* must stay free on the file system, whoever uses the space: below it appends are
//! refused. So the store can still write what it has accepted, and other programs keep working.

use hinomi_io::{Disk, Space};
use std::{
    io,
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

/// The default budget is this fraction (80 %) of the space that is free or used by the store, and
/// at most this fraction of the whole file system.
const BUDGET_PARTS: (u64, u64) = (4, 5);
/// Default reserve: this fraction (2 %) of the file system,
const RESERVE_PART: u64 = 50;
/// but at least this many bytes,
const LEAST_RESERVE: u64 = 1 << 30;
/// and at most this fraction (10 %) of the file system.
const MOST_RESERVE_PART: u64 = 10;
/// Appends resume when free space exceeds the reserve by this fraction of it.
const RESUME_PART: u64 = 16;
/// Minimum time between reads of the free space during other work.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Disk limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DiskLimits {
    /// Bytes that segments and log may use; above it the oldest data are deleted. Default: 80 % of
    /// the largest space that was ever free or used by the store, at most 80 % of the file system,
    /// and at least what the store uses when it opens. A disk that others have filled is no reason
    /// to delete data.
    pub budget_bytes: Option<u64>,
    /// Bytes that must stay free on the file system. Below it appends are refused with
    /// [`crate::AppendError::NoSpace`] until there is room again. Default: the larger of 1 GiB and
    /// 2 % of the file system, at most 10 % of it.
    pub reserve_bytes: Option<u64>,
}

/// The limits in force and the current use.
#[derive(Debug)]
pub(crate) struct DiskWatch {
    set_budget: Option<u64>,
    /// Budget if none is configured. Grows with the free space and never shrinks.
    default_budget: AtomicU64,
    used: AtomicU64,
    pub reserve: u64,
    free: AtomicU64,
    low: AtomicBool,
    looked_ns: AtomicU64,
}

impl DiskWatch {
    /// `space` is that of the file system at start, `None` if the disk cannot tell. `used` is what
    /// the store uses. `kept` is the default budget of earlier starts.
    pub fn new(limits: &DiskLimits, space: Option<Space>, used: u64, kept: Option<u64>) -> Self {
        let (part, of) = BUDGET_PARTS;
        let budget = space.map_or(u64::MAX, |space| {
            let kept = kept.unwrap_or(0).min(space.total / of * part);
            kept.max(used)
        });
        let reserve = space.map_or(0, |space| {
            let wanted = (space.total / RESERVE_PART).max(LEAST_RESERVE);
            wanted.min(space.total / MOST_RESERVE_PART)
        });
        let watch = Self {
            set_budget: limits.budget_bytes,
            default_budget: AtomicU64::new(budget),
            used: AtomicU64::new(used),
            reserve: limits.reserve_bytes.unwrap_or(reserve),
            free: AtomicU64::new(u64::MAX),
            low: AtomicBool::new(false),
            looked_ns: AtomicU64::new(0),
        };
        if let Some(space) = space {
            watch.see(space);
        }
        watch
    }

    /// Bytes that segments and log may use.
    pub fn budget(&self) -> u64 {
        self.set_budget.unwrap_or_else(|| self.default_budget())
    }

    /// The default budget, which is saved for the next start.
    pub fn default_budget(&self) -> u64 {
        self.default_budget.load(Ordering::Relaxed)
    }

    /// Sets how much the store uses on the disk.
    pub fn uses(&self, bytes: u64) {
        self.used.store(bytes, Ordering::Relaxed);
    }

    /// Reads the free space; `now` is on the monotonic clock.
    pub fn look(&self, disk: &dyn Disk, folder: &Path, now: Duration) {
        self.looked_ns.store(nanos(now), Ordering::Relaxed);
        match disk.space(folder) {
            Ok(space) => self.see(space),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(error) => tracing::warn!(%error, "the free space of the disk could not be read"),
        }
    }

    /// Reads the free space, unless it was read less than [`LOOK_EVERY`] ago.
    pub fn look_again(&self, disk: &dyn Disk, folder: &Path, now: Duration) {
        let looked = self.looked_ns.load(Ordering::Relaxed);
        if nanos(now).saturating_sub(looked) >= nanos(LOOK_EVERY) {
            self.look(disk, folder, now);
        }
    }

    /// Whether less than the reserve is free.
    pub fn is_low(&self) -> bool {
        self.low.load(Ordering::Relaxed)
    }

    /// Free bytes at the last read; `u64::MAX` if unknown.
    pub fn free(&self) -> u64 {
        self.free.load(Ordering::Relaxed)
    }

    /// Whether `bytes` more can be written without touching the reserve.
    pub fn has_room_for(&self, bytes: u64) -> bool {
        self.free() >= self.reserve.saturating_add(bytes)
    }

    fn see(&self, space: Space) {
        self.free.store(space.free, Ordering::Relaxed);
        let (part, of) = BUDGET_PARTS;
        let ours = space.free.saturating_add(self.used.load(Ordering::Relaxed));
        self.default_budget
            .fetch_max(ours.min(space.total) / of * part, Ordering::Relaxed);
        let resume = self.reserve.saturating_add(self.reserve / RESUME_PART);
        let low = space.free < if self.is_low() { resume } else { self.reserve };
        if self.low.swap(low, Ordering::Relaxed) == low {
            return;
        }
        let (free, reserve) = (space.free, self.reserve);
        if low {
            tracing::error!(
                free,
                reserve,
                "the disk is nearly full: spans are refused until there is room; free some space or lower the disk budget"
            );
        } else {
            tracing::info!(free, "the disk has room again: spans are taken");
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn space(total: u64, free: u64) -> Option<Space> {
        Some(Space { total, free })
    }

    #[test]
    fn the_defaults_follow_the_size_of_the_disk() {
        let defaults = DiskLimits::default();
        for (total_gib, reserve) in [(5, GIB / 2), (20, GIB), (500, 10 * GIB)] {
            let total = total_gib * GIB;
            let watch = DiskWatch::new(&defaults, space(total, total / 2), total / 4, None);
            assert_eq!(watch.reserve, reserve, "{total_gib}");
            assert_eq!(
                watch.budget() / GIB,
                total * 3 / 4 * 4 / 5 / GIB,
                "{total_gib}"
            );
        }
    }

    #[test]
    fn what_is_set_stands_over_the_defaults() {
        let limits = DiskLimits {
            budget_bytes: Some(7),
            reserve_bytes: Some(5),
        };
        let watch = DiskWatch::new(&limits, space(GIB, GIB), 0, Some(9));
        assert_eq!((watch.budget(), watch.reserve), (7, 5));
    }

    #[test]
    fn a_disk_that_cannot_tell_has_room() {
        let watch = DiskWatch::new(&DiskLimits::default(), None, 0, None);
        assert!(!watch.is_low() && watch.has_room_for(u64::MAX));
        assert_eq!((watch.budget(), watch.reserve), (u64::MAX, 0));
    }

    #[test]
    fn a_disk_that_others_fill_does_not_shrink_the_budget() {
        let defaults = DiskLimits::default();
        let watch = |free, used, kept| {
            DiskWatch::new(&defaults, space(100 * GIB, free * GIB), used * GIB, kept)
        };
        let first = watch(90, 10, None);
        assert_eq!(first.budget(), 80 * GIB);
        let kept = Some(first.default_budget());
        assert_eq!(watch(0, 10, kept).budget(), 80 * GIB, "at the next start");
        assert_eq!(watch(0, 10, None).budget(), 10 * GIB, "what is there stays");
        let full = watch(0, 10, None);
        full.see(space(100 * GIB, 50 * GIB).unwrap());
        assert_eq!(
            full.budget(),
            48 * GIB,
            "and room that is given back counts"
        );
        let moved = DiskWatch::new(&defaults, space(20 * GIB, 10 * GIB), 5 * GIB, kept);
        assert_eq!(moved.budget(), 16 * GIB, "on a smaller disk");
    }

    #[test]
    fn it_is_low_below_the_reserve_and_no_longer_a_little_above() {
        let limits = DiskLimits {
            budget_bytes: None,
            reserve_bytes: Some(1_600),
        };
        let watch = DiskWatch::new(&limits, space(10_000, 1_600), 0, None);
        for (free, low) in [
            (1_599, true),
            (1_600, true),
            (1_699, true),
            (1_700, false),
            (1_600, false),
        ] {
            watch.see(Space {
                total: 10_000,
                free,
            });
            assert_eq!(watch.is_low(), low, "{free}");
        }
    }
}
