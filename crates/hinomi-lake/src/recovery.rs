//! Opening a folder in whatever state it was left: catalog, files, log, in that order.

use crate::{
    LakeError, LakeLimits, OpenError,
    catalog::Contents,
    decode::{Depth, SpanReader},
    frame,
    memtable::{Chunk, services},
    path::Layout,
    state::State,
};
use hinomi_io::{Clock, Disk, Entropy};
use hinomi_model::RollupSet;
use hinomi_wal::{Wal, WalLimits};
use std::{collections::HashMap, path::PathBuf, sync::Arc};

/// What a start found and mended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// Segments that count.
    pub segments: u64,
    /// Segments that count but are missing or cut short; answers leave them out.
    pub damaged_segments: u64,
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
        self.damaged_segments > 0 || self.undecodable_batches > 0 || self.log.skipped > 0
    }
}

/// Deletes files that nothing names and marks segments whose file is not there.
pub(crate) fn tidy(
    disk: &dyn Disk,
    layout: &Layout,
    contents: &Contents,
    recovery: &mut Recovery,
) -> Result<(), OpenError> {
    let folder = layout.segments();
    let unwritable = |source| OpenError::Unwritable {
        path: folder.clone(),
        source,
    };
    let mut files: HashMap<PathBuf, u64> = disk
        .list(&folder)
        .map_err(unwritable)?
        .into_iter()
        .map(|entry| (entry.path, entry.len))
        .collect();
    for segment in &contents.segments {
        match files.remove(&layout.segment(&segment.path)) {
            Some(len) if len == segment.bytes => {}
            Some(_) => segment.mark_damaged(&"its size is not what the catalog says"),
            None => segment.mark_damaged(&"its file is missing"),
        }
        recovery.damaged_segments += u64::from(segment.is_damaged());
    }
    for file in files.keys() {
        match disk.remove(file) {
            Ok(()) => recovery.deleted_files += 1,
            // Costs space only; the next start tries again.
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "a left-over file could not be deleted");
            }
        }
    }
    recovery.segments = contents.segments.len() as u64;
    Ok(())
}

/// Opens the log and puts what the catalog's segments do not hold back into memory.
pub(crate) fn replay(
    disk: Arc<dyn Disk>,
    entropy: Arc<dyn Entropy>,
    clock: &dyn Clock,
    layout: &Layout,
    limits: &LakeLimits,
    checkpoint: u64,
    state: &mut State,
    recovery: &mut Recovery,
) -> Result<Wal, OpenError> {
    let wal_limits = WalLimits {
        file_bytes: limits.wal_file_bytes,
        ..WalLimits::default()
    };
    let each = |sequence: u64, payload: &[u8]| match restore(payload) {
        Ok((chunk, rollups)) => {
            recovery.replayed_batches += 1;
            recovery.replayed_spans += chunk.spans.num_rows() as u64;
            for (service, newest) in services(&rollups) {
                state.see_service(&chunk.project, &service, newest);
            }
            state
                .active
                .apply(sequence, Arc::new(chunk), &rollups, clock.monotonic());
            if state.active.bytes() >= limits.memtable_bytes {
                state.seal();
            }
        }
        Err(error) => {
            recovery.undecodable_batches += 1;
            tracing::error!(sequence, %error, "a log record does not decode and is left out");
        }
    };
    let (wal, found) = Wal::open(disk, entropy, layout.wal(), wal_limits, checkpoint, each)
        .map_err(OpenError::Log)?;
    recovery.log = found;
    Ok(wal)
}

/// The batch of a log frame, counted again.
fn restore(payload: &[u8]) -> Result<(Chunk, RollupSet), LakeError> {
    let (project, spans) = frame::read(payload)?;
    let chunk = Chunk::new(project, spans, payload.len())?;
    let mut rollups = RollupSet::new();
    let mut reader = SpanReader::new(&chunk.spans, Depth::Counted)?;
    for row in 0..chunk.spans.num_rows() {
        rollups.observe(&reader.span(row)?);
    }
    Ok((chunk, rollups))
}
