//! Reads back the stored rollups since an instant, as of the moment of the call. The server does
//! this at start, in the background, to fill the live window.
//!
//! The rollups are read in pieces, newest first. Later appends are not included, even if a flush or
//! merge moves rows meanwhile, because the segments of the call's moment are held.

use super::Lake;
use crate::{
    LakeError, Lost, memtable::Memtable, query::cancel::Cancel, scan, segment::Segment,
    shared::Shared, tables::TableId,
};
use hinomi_io::MemoryShare;
use hinomi_model::{RollupKey, RollupRef, RollupSet, SpanIdentity, Text, TimeRange, UnixNanos};
use std::{ops::ControlFlow, sync::Arc};

/// Rollups of a project in 5 s buckets, not yet read.
pub struct Recent {
    shared: Arc<Shared>,
    project: Text,
    range: TimeRange,
    /// Rollups of the active memtable; `sealed` has the memtables that wait for a flush.
    active: Option<RollupSet>,
    sealed: Vec<Arc<Memtable>>,
    /// Sorted by end; the newest segment is last.
    segments: Vec<Arc<Segment>>,
    lost: Vec<Lost>,
}

/// Result of reading one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// All rollups from this instant on have been passed to the caller.
    Until(UnixNanos),
    /// A segment is damaged. Some of its rollups may have been passed to the caller.
    Damaged,
}

impl Lake {
    /// Rollups of a project since an instant. Reads nothing yet.
    pub fn recent(&self, project: &Text, since: UnixNanos) -> Recent {
        let shared = self.inner.shared.clone();
        let range = TimeRange::new(since, UnixNanos(i64::MAX));
        let state = shared.data.read();
        let active = state.active.rollups.get(project);
        let active = active.map(|rollups| rollups.since(since));
        let sealed = state.sealed.iter().cloned().collect();
        let segments = state.segments(project, TableId::ROLLUPS_5S, Some(range));
        let mut lost = state.lost(project, TableId::ROLLUPS_5S, Some(range));
        drop(state);
        let damaged = segments.iter().filter(|segment| segment.is_damaged());
        lost.extend(damaged.map(|segment| scan::lost(segment)));
        let mut segments: Vec<_> = segments
            .into_iter()
            .filter(|segment| !segment.is_damaged())
            .collect();
        segments.sort_by_key(|segment| segment.range.to);
        Recent {
            shared,
            project: project.clone(),
            range,
            active,
            sealed,
            segments,
            lost,
        }
    }

    /// Folds the identities of [`Self::span_keys_since`] into a state, most recently written first, until
    /// `fold` breaks.
    pub async fn fold_spans_since<T: Send + 'static>(
        &self,
        project: Text,
        since: UnixNanos,
        state: T,
        fold: impl Fn(&mut T, SpanIdentity) -> ControlFlow<()> + Send + 'static,
    ) -> Result<T, LakeError> {
        let shared = self.inner.shared.clone();
        // No query limits apply: requests wait for this, however long it takes.
        let job = move || {
            let cancel = Cancel::new(MemoryShare::new(usize::MAX));
            let mut state = state;
            let mut see = |span| fold(&mut state, span);
            scan::keys::since(&shared.data, &project, since, &cancel, &mut see)?;
            Ok(state)
        };
        tokio::task::spawn_blocking(job)
            .await
            .map_err(|error| LakeError::Internal(error.to_string()))?
    }
}

impl Recent {
    /// End of the newest bucket; `None` if there are no rollups.
    pub fn end(&self) -> Option<UnixNanos> {
        let width = crate::Resolution::FiveSeconds.width();
        let newest = |rollups: &RollupSet| rollups.buckets().next_back();
        let sealed = self.sealed.iter();
        let sealed = sealed.filter_map(|table| newest(table.rollups.get(&self.project)?));
        let active = self.active.as_ref().and_then(newest);
        let in_memory = active.into_iter().chain(sealed).max();
        let in_memory = in_memory.map(|bucket| bucket.plus(width));
        in_memory.into_iter().chain(self.stored_end()).max()
    }

    /// End of the newest bucket among the segments that are still to be read.
    fn stored_end(&self) -> Option<UnixNanos> {
        let width = crate::Resolution::FiveSeconds.width();
        let newest = UnixNanos(self.segments.last()?.range.to.0.saturating_sub(1));
        Some(newest.floor(width).plus(width))
    }

    /// Data that was already missing at the call.
    pub fn lost(&self) -> &[Lost] {
        &self.lost
    }

    /// Passes the rollups of the next piece to `see`. Blocks until done; returns an error if
    /// `is_stopping` becomes true. [`Piece::Until`] with the start of the range means that
    /// everything was passed. After an error or [`Piece::Damaged`], a part of the piece may have
    /// been passed, and no further piece is read.
    pub fn read(
        &mut self,
        is_stopping: &dyn Fn() -> bool,
        see: &mut dyn FnMut(UnixNanos, &RollupKey, RollupRef<'_>),
    ) -> Result<Piece, LakeError> {
        let sealed = std::mem::take(&mut self.sealed);
        let active = self.active.take();
        let mut in_memory = |rollups: &RollupSet| {
            for (bucket, key, rollup) in rollups.range(self.range) {
                see(bucket, key, rollup.into());
            }
        };
        active.iter().for_each(&mut in_memory);
        for memtable in &sealed {
            memtable
                .rollups
                .get(&self.project)
                .into_iter()
                .for_each(&mut in_memory);
        }
        if active.is_some() || !sealed.is_empty() {
            return Ok(self.until());
        }
        if let Some(segment) = self.segments.pop()
            && !scan::recent::each(&self.shared.data, &segment, self.range, is_stopping, see)?
        {
            return Ok(Piece::Damaged);
        }
        Ok(self.until())
    }

    /// Whether everything has been read.
    pub fn is_done(&self) -> bool {
        self.active.is_none() && self.sealed.is_empty() && self.segments.is_empty()
    }

    fn until(&self) -> Piece {
        let from = self.range.from;
        Piece::Until(self.stored_end().map_or(from, |end| end.max(from)))
    }
}
