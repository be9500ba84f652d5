//! The maintainer: the only thread that compacts and deletes, in the background.
//!
//! Runs after every flush and every few seconds, at lower priority than all other threads. It does
//! one thing at a time; a request to stop waits for at most one batch of rows. A failed step is
//! retried in the next round. No acknowledged or visible data depends on its success.
//!
//! A segment that is no longer in the lists may still be read by a query that took the lists
//! earlier. Its file is deleted when nothing references the segment any more. If a crash comes
//! first, the next start deletes it, because the catalog remembers removed segments until their
//! files are deleted durably.

pub(crate) mod compaction;
pub(crate) mod disk_watch;
pub(crate) mod requests;
pub(crate) mod retention;
pub(crate) mod scrub;

use crate::{
    LakeError,
    catalog::{Horizon, Replacement},
    folder::files,
    maintenance::{
        compaction::compactor::{Compactor, Merged},
        requests::Served,
    },
    quarantine::Note,
    segment::{Segment, ahead::is_ahead},
    shared::Shared,
    stats::{Counters, add},
    tables::TableId,
};
use hinomi_model::{Text, UnixNanos};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

/// Maximum number of segments that retention deletes in one transaction, because flushes wait for
/// it.
const DELETED_AT_ONCE: usize = 500;

pub(crate) struct Maintainer {
    shared: Arc<Shared>,
    compactor: Compactor,
    /// A change that is decided but not yet confirmed by the catalog.
    unpublished: Option<Change>,
    /// Segments that are no longer in the lists and whose files are still to be deleted.
    replaced: Vec<Arc<Segment>>,
    /// TableId folders in which bucket folders may have become empty.
    thinned: BTreeSet<PathBuf>,
}

/// A change of the segment lists, and its reason.
struct Change {
    replacement: Replacement,
    reason: Reason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Compaction,
    Age,
    Budget,
}

impl Maintainer {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            compactor: Compactor::default(),
            unpublished: None,
            replaced: Vec::new(),
            thinned: BTreeSet::new(),
        }
    }

    /// Runs until the lake stops.
    pub fn run(mut self) {
        if let Err(error) = hinomi_io::yield_to_others() {
            tracing::debug!(%error, "compaction runs with the priority of all else");
        }
        while !self.shared.is_stopping() {
            let asked = self.shared.maintenance.asked.load(Ordering::SeqCst);
            let round = catch_unwind(AssertUnwindSafe(|| self.round()));
            let failure = match round {
                Ok(Ok(())) => None,
                Ok(Err(LakeError::Closed)) => break,
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("it panicked; please report this".into()),
            };
            if let Some(failure) = &failure {
                tracing::error!(
                    error = failure,
                    "compaction or retention failed; it is tried again, nothing is lost"
                );
                add(&self.shared.data.counters.maintenance_failures, 1);
            }
            let served = Served {
                asked,
                failure,
                stopped: false,
            };
            self.shared.maintenance.served.send_replace(served);
            let interval = self.shared.data.limits.maintenance_interval;
            self.shared.maintenance.signal.wait(interval);
        }
        self.delete_files();
        let shared = &self.shared;
        let budget = shared.disk_watch.default_budget();
        shared
            .time
            .save(&*shared.files.disk, &shared.files.layout, budget);
        let stopped = |served: &mut Served| served.stopped = true;
        self.shared.maintenance.served.send_modify(stopped);
    }

    /// Does everything that is due.
    fn round(&mut self) -> Result<(), LakeError> {
        let shared = self.shared.clone();
        shared.disk_watch.uses(shared.used_bytes());
        shared.disk_watch.look(
            &*shared.files.disk,
            &shared.files.layout.dir,
            shared.data.clock.monotonic(),
        );
        let budget = shared.disk_watch.default_budget();
        let (disk, layout) = (&*shared.files.disk, &shared.files.layout);
        shared.time.save_again(disk, layout, budget);
        let done = self
            .publish()
            .and_then(|()| self.expire())
            .and_then(|()| self.compact());
        self.delete_files();
        done
    }

    /// Deletes segments that are too old or exceed the disk budget.
    fn expire(&mut self) -> Result<(), LakeError> {
        loop {
            let segments: Vec<_> = self.shared.data.read().all_segments().cloned().collect();
            let (ahead, now, reference) = self.shared.time.look(&segments);
            let limits = &self.shared.data.limits.retention;
            let before = reference.minus(limits.longest());
            if self.shared.names.forget_before(before) {
                self.shared.names.write(None);
            }
            self.forget_losses(before);
            let mut reason = Reason::Age;
            let instant = |segment: &Segment| ahead.instant(segment, now);
            let mut removed = retention::expired(&segments, reference, limits, instant);
            if removed.is_empty() {
                let budget = self.shared.disk_watch.budget();
                let excess = self.shared.used_bytes().saturating_sub(budget);
                reason = Reason::Budget;
                removed = retention::over_budget(&segments, now, excess, instant);
            }
            if removed.is_empty() {
                break;
            }
            self.pause()?;
            removed.truncate(DELETED_AT_ONCE);
            let replacement = Replacement {
                horizons: horizons(&removed, now),
                removed,
                added: None,
            };
            self.unpublished = Some(Change {
                replacement,
                reason,
            });
            self.publish()?;
        }
        Ok(())
    }

    /// Forgets lost data whose retention time is over.
    fn forget_losses(&self, before: UnixNanos) {
        let mut forgotten = Vec::new();
        self.shared.data.write().lost.retain(|lost| {
            let is_old = lost.range.to < before;
            if is_old {
                forgotten.push(lost.segment);
            }
            !is_old
        });
        for id in forgotten {
            self.shared.data.note(Note::Released(id));
        }
    }

    /// Merges until no merge is due.
    fn compact(&mut self) -> Result<(), LakeError> {
        let shared = self.shared.clone();
        let pause = || pause(&shared);
        loop {
            pause()?;
            let now = UnixNanos(shared.data.clock.unix_nanos());
            let Some(Merged { inputs, output }) = self.compactor.merge(&shared, now, &pause)?
            else {
                return Ok(());
            };
            let replacement = Replacement {
                removed: inputs,
                added: Some(output),
                horizons: Vec::new(),
            };
            let reason = Reason::Compaction;
            self.unpublished = Some(Change {
                replacement,
                reason,
            });
            self.publish()?;
            self.delete_files();
        }
    }

    fn pause(&self) -> Result<(), LakeError> {
        pause(&self.shared)
    }

    /// Publishes the decided change in the catalog, then in the lists. After a failure the change
    /// is kept: if the record reached the disk despite the error, it names these files.
    fn publish(&mut self) -> Result<(), LakeError> {
        let Some(change) = &self.unpublished else {
            return Ok(());
        };
        let shared = &self.shared;
        shared
            .leftovers
            .settle(&*shared.files.disk, &shared.files.layout)?;
        shared.catalog.replace(&change.replacement)?;
        let Some(Change {
            replacement,
            reason,
        }) = self.unpublished.take()
        else {
            return Ok(());
        };
        count(&self.shared.data.counters, &replacement, reason);
        let Replacement {
            removed,
            added,
            horizons,
        } = replacement;
        self.shared
            .data
            .write()
            .replace_segments(&removed, added, &horizons);
        self.replaced.extend(removed);
        Ok(())
    }

    /// Deletes the files of segments that nothing references any more.
    fn delete_files(&mut self) {
        let shared = &self.shared;
        let mut gone: BTreeMap<PathBuf, Vec<i64>> = BTreeMap::new();
        self.replaced.retain(|segment| {
            // One reference is ours. No new one can appear, because the segment is in no list.
            if Arc::strong_count(segment) > 1 {
                return true;
            }
            shared.data.footers.forget(segment);
            shared.data.rollup_cache.forget(segment.id);
            let file = shared.files.layout.segment(&segment.path);
            self.thinned
                .extend(file.ancestors().nth(2).map(PathBuf::from));
            let folder = file.parent().unwrap_or(&file).to_owned();
            match shared.files.disk.remove(&file) {
                Ok(()) => {
                    gone.entry(folder).or_default().push(segment.id);
                    false
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    gone.entry(folder).or_default().push(segment.id);
                    false
                }
                // This only costs space: the catalog remembers the file, and the next start
                // retries.
                Err(error) => {
                    tracing::warn!(file = %file.display(), %error, "a file that is no longer needed could not be deleted");
                    false
                }
            }
        });
        for (folder, ids) in gone {
            // The catalog remembers the file until its deletion is synced.
            match shared.files.disk.sync_dir(&folder) {
                Ok(()) => shared.catalog.deleted(ids),
                Err(error) => {
                    tracing::debug!(folder = %folder.display(), %error, "a folder could not be synced; the next start looks again");
                }
            }
        }
        self.delete_folders();
    }

    /// Removes empty bucket folders. If a file is being written at the moment, the next round does
    /// it.
    fn delete_folders(&mut self) {
        let shared = &self.shared;
        let Ok(_removing) = shared.files.folders.try_write() else {
            return;
        };
        if self.thinned.is_empty() {
            return;
        }
        let segments: Vec<_> = shared.data.read().all_segments().cloned().collect();
        for table in std::mem::take(&mut self.thinned) {
            let (disk, layout) = (&*shared.files.disk, &shared.files.layout);
            let removed = files::remove_empty_dirs(disk, layout, &table, &segments);
            if let Err(error) = removed {
                tracing::warn!(folder = %table.display(), %error, "empty folders could not be removed; the next start tries again");
            }
        }
    }
}

/// Aborts a merge if the lake stops or the disk is nearly full.
fn pause(shared: &Shared) -> Result<(), LakeError> {
    if shared.is_stopping() {
        return Err(LakeError::Closed);
    }
    shared.disk_watch.look_again(
        &*shared.files.disk,
        &shared.files.layout.dir,
        shared.data.clock.monotonic(),
    );
    Ok(())
}

/// The newest instant whose data are no longer complete, by project and table. Segments that are
/// ahead of time are ignored, because they say nothing about the time before them.
fn horizons(removed: &[Arc<Segment>], now: UnixNanos) -> Vec<Horizon> {
    let mut newest: BTreeMap<(Text, TableId), UnixNanos> = BTreeMap::new();
    let on_time = |segment: &&Arc<Segment>| !is_ahead(segment.range.to, now);
    for segment in removed.iter().filter(on_time) {
        let instant = newest
            .entry((segment.project.clone(), segment.table))
            .or_insert(segment.range.to);
        *instant = segment.range.to.max(*instant);
    }
    newest
        .into_iter()
        .map(|((project, table), instant)| (project, table, instant))
        .collect()
}

fn count(counters: &Counters, replacement: &Replacement, reason: Reason) {
    let removed = &replacement.removed;
    let bytes = removed.iter().map(|segment| segment.bytes).sum();
    match reason {
        Reason::Compaction => {
            add(&counters.compactions, 1);
            add(&counters.compacted_segments, removed.len() as u64);
            add(
                &counters.compacted_rows,
                removed.iter().map(|segment| segment.rows).sum(),
            );
            add(&counters.compacted_bytes, bytes);
        }
        Reason::Age => {
            add(&counters.expired_segments, removed.len() as u64);
            add(&counters.expired_bytes, bytes);
        }
        Reason::Budget => {
            tracing::warn!(
                segments = removed.len(),
                bytes,
                "the disk budget is used up: the oldest data were deleted"
            );
            add(&counters.over_budget_segments, removed.len() as u64);
            add(&counters.over_budget_bytes, bytes);
        }
    }
}
