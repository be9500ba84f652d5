//! Opening a folder in whatever state it was left: catalog, files, log, in that order.

use crate::{
    LakeError, LakeLimits, OpenError,
    catalog::Contents,
    files, frame, labels,
    memtable::{Chunk, services},
    path::{self, Layout},
    state::State,
};
use hinomi_io::Disk;
use hinomi_model::RollupSet;
use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

/// What a start found and mended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// Segments that count.
    pub segments: u64,
    /// Segments that count but are missing or cut short; answers leave them out.
    pub damaged_segments: u64,
    /// Segments that had been left out and are whole again.
    pub released_segments: u64,
    /// Rows of segments in the catalog whose checksum does not hold; answers leave them out.
    pub damaged_rows: u64,
    /// Whether rows of segments are missing from the catalog.
    pub missing_rows: bool,
    /// Whether the log's checkpoint in the catalog did not hold and was taken from the segments.
    pub damaged_checkpoint: bool,
    /// Files that no catalog row names, deleted: a flush that a crash cut short.
    pub deleted_files: u64,
    /// Batches brought back from the log.
    pub replayed_batches: u64,
    /// Their spans.
    pub replayed_spans: u64,
    /// Log records that were whole but did not decode; left out.
    pub undecodable_batches: u64,
    /// What the log itself found.
    pub log: hinomi_wal::Replay,
}

impl Recovery {
    /// Whether anything that had been stored is gone.
    pub fn has_losses(&self) -> bool {
        self.damaged_segments > 0
            || self.damaged_rows > 0
            || self.missing_rows
            || self.damaged_checkpoint
            || self.undecodable_batches > 0
            || self.log.skipped > 0
    }
}

/// Deletes files that nothing names and marks segments whose file is not there. Answers the highest id
/// that a file has in its name: also of one that is kept without a row, and so must not be given out again.
pub(crate) fn tidy(
    disk: &dyn Disk,
    layout: &Layout,
    contents: &Contents,
    recovery: &mut Recovery,
) -> Result<i64, OpenError> {
    let folder = layout.segments();
    let unwritable = |source| OpenError::Unwritable {
        path: folder.clone(),
        source,
    };
    let mut found: HashMap<PathBuf, u64> = disk
        .list(&folder)
        .map_err(unwritable)?
        .into_iter()
        .map(|entry| (entry.path, entry.len))
        .collect();
    let highest = found.keys().filter_map(|file| path::id_of(file)).max();
    for segment in &contents.segments {
        match found.remove(&layout.segment(&segment.path)) {
            Some(len) if len == segment.bytes => {}
            Some(_) => drop(segment.mark_damaged(&"its size is not what the catalog says")),
            None => drop(segment.mark_damaged(&"its file is missing")),
        }
        recovery.damaged_segments += u64::from(segment.is_damaged());
    }
    let rows_lost = contents.quarantined.iter().any(|lost| lost.segment == 0);
    if rows_lost || contents.missing_rows || !contents.damaged_rows.is_empty() {
        // They may be the files of the rows that are gone.
        tracing::warn!(
            files = found.len(),
            "files that no row names are kept, because the catalog is damaged"
        );
        found.clear();
    }
    for file in found.keys() {
        match disk.remove(file) {
            Ok(()) => recovery.deleted_files += 1,
            // Costs space only; the next start tries again.
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "a left-over file could not be deleted");
            }
        }
    }
    // Of buckets whose last file has gone, now or before a crash. Nobody writes yet.
    let removed = files::remove_empty_dirs(disk, layout, &folder, &contents.segments);
    if let Err(error) = removed {
        tracing::warn!(folder = %folder.display(), %error, "empty folders could not be removed");
    }
    recovery.segments = contents.segments.len() as u64;
    Ok(highest.unwrap_or(0))
}

/// Puts what the log holds and segments do not back into memory.
pub(crate) struct Restorer<'a> {
    pub limits: &'a LakeLimits,
    pub state: &'a mut State,
    pub recovery: &'a mut Recovery,
    /// On the monotonic clock.
    pub now: Duration,
}

impl Restorer<'_> {
    /// Takes one log record. Memtables that it fills are sealed, however many: the log is bounded.
    pub fn restore(&mut self, sequence: u64, payload: &[u8]) {
        match read(payload) {
            Ok((chunk, rollups)) => {
                self.recovery.replayed_batches += 1;
                self.recovery.replayed_spans += chunk.spans.len() as u64;
                for (service, newest) in services(&rollups) {
                    self.state.see_service(&chunk.project, &service, newest);
                }
                self.state.see_versions(&chunk.project, &rollups);
                let resources = chunk.spans.resources.iter().map(|resource| &**resource);
                self.state
                    .see_labels(&chunk.project, &labels::said(resources));
                self.state
                    .apply(sequence, Arc::new(chunk), &rollups, self.now);
                if self.state.active.bytes() >= self.limits.memtable_bytes {
                    self.state.seal();
                }
            }
            Err(error) => {
                self.recovery.undecodable_batches += 1;
                tracing::error!(sequence, %error, "a log record does not decode and is left out");
            }
        }
    }
}

/// The batch of a log frame, counted again.
fn read(payload: &[u8]) -> Result<(Chunk, RollupSet), LakeError> {
    let (project, spans) = frame::read(payload)?;
    let rollups = RollupSet::of(&spans);
    Ok((Chunk::new(project, spans), rollups))
}
