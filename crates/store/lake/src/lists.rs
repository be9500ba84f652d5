//! The lists that say where every row is, under one lock.
//!
//! Whenever the lock is held, a row is in exactly one of active memtable, sealed memtable and
//! segment.

use crate::{
    Lost,
    catalog::{Contents, Horizon},
    memtable::{AnyChunk, Chunk, Memtable, SignalBatch, of_signal},
    quarantine::Quarantined,
    segment::Segment,
    tables::TableId,
};
use hinomi_model::{RollupSet, Text, TimeRange, UnixNanos};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

/// The lists of all data.
#[derive(Default)]
pub(crate) struct Lists {
    pub active: Memtable,
    /// Number of batches added to memory since the start.
    pub applied: u64,
    /// Sealed memtables, oldest first.
    pub sealed: VecDeque<Arc<Memtable>>,
    /// Number of memtables that have been sealed.
    pub generation: u64,
    /// Segments by project, then by table in the order of [`TableId::ALL`].
    pub segments: HashMap<Text, [Vec<Arc<Segment>>; TableId::COUNT]>,
    /// Losses without a segment: damaged and missing catalog rows, and lost log records.
    pub lost: Vec<Quarantined>,
    /// By project and table: retention has deleted rows from before the instant.
    pub horizons: HashMap<(Text, TableId), UnixNanos>,
}

/// The data that a query has to read.
pub(crate) struct Snapshot<B> {
    pub chunks: Vec<Arc<Chunk<B>>>,
    pub segments: Vec<Arc<Segment>>,
    /// Lost data without a segment. Segments that turn out to be damaged are not included.
    pub lost: Vec<Lost>,
}

impl Lists {
    /// The state at start, from the catalog.
    pub fn restored(contents: &Contents, lost: Vec<Quarantined>) -> Self {
        let mut state = Self {
            lost,
            ..Self::default()
        };
        let horizons = contents.horizons.iter();
        state.horizons = horizons
            .map(|((project, table), instant)| ((project.clone(), *table), *instant))
            .collect();
        state.add_segments(contents.segments.values().cloned());
        state
    }

    /// Adds a committed batch.
    pub fn apply(
        &mut self,
        sequence: u64,
        chunk: Arc<dyn AnyChunk>,
        rollups: &RollupSet,
        now: Duration,
    ) {
        self.active.apply(sequence, chunk, rollups, now);
        self.applied += 1;
    }

    /// The batches that were added after the first `since`, and whether some of these are no longer
    /// in memory.
    pub fn chunks_since(&self, since: u64) -> (impl Iterator<Item = &Arc<dyn AnyChunk>>, bool) {
        let held = self.chunks().count();
        let gone = self.applied - held as u64;
        let skipped = usize::try_from(since.saturating_sub(gone)).unwrap_or(usize::MAX);
        (self.chunks().skip(skipped), since < gone)
    }

    /// Seals the active memtable and starts an empty one.
    pub fn seal(&mut self) {
        self.sealed
            .push_back(Arc::new(std::mem::take(&mut self.active)));
        self.generation += 1;
    }

    pub fn add_segments(&mut self, segments: impl IntoIterator<Item = Arc<Segment>>) {
        for segment in segments {
            let tables = match self.segments.get_mut(&segment.project) {
                Some(tables) => tables,
                None => self.segments.entry(segment.project.clone()).or_default(),
            };
            tables[segment.table.position()].push(segment);
        }
    }

    pub fn snapshot<B: SignalBatch>(
        &self,
        project: &str,
        table: TableId,
        range: Option<TimeRange>,
    ) -> Snapshot<B> {
        let inside = |of: TimeRange| range.is_none_or(|range| range.overlaps(&of));
        let wanted =
            |chunk: &&Arc<dyn AnyChunk>| **chunk.project() == *project && inside(chunk.range());
        Snapshot {
            chunks: self.chunks().filter(wanted).filter_map(of_signal).collect(),
            segments: self.segments(project, table, range),
            lost: self.lost(project, table, range),
        }
    }

    /// Losses without a segment, for this table and range.
    pub fn lost(&self, project: &str, table: TableId, range: Option<TimeRange>) -> Vec<Lost> {
        let lost = self.lost.iter();
        lost.filter(|lost| lost.concerns(project, table, range))
            .map(|lost| Lost {
                table: table.name(),
                range: lost.range,
            })
            .collect()
    }

    /// Segments with rows in the range.
    pub fn segments(
        &self,
        project: &str,
        table: TableId,
        range: Option<TimeRange>,
    ) -> Vec<Arc<Segment>> {
        let inside =
            |segment: &&Arc<Segment>| range.is_none_or(|range| range.overlaps(&segment.range));
        let tables = self.segments.get(project);
        tables
            .map(|tables| {
                tables[table.position()]
                    .iter()
                    .filter(inside)
                    .cloned()
                    .collect()
            })
            .unwrap_or_default()
    }

    /// Segments of all projects and tables.
    pub fn all_segments(&self) -> impl Iterator<Item = &Arc<Segment>> {
        self.segments.values().flatten().flatten()
    }

    /// Applies a replacement of segments that the catalog has committed.
    pub fn replace_segments(
        &mut self,
        removed: &[Arc<Segment>],
        added: Option<Arc<Segment>>,
        horizons: &[Horizon],
    ) {
        let ids: HashSet<i64> = removed.iter().map(|segment| segment.id).collect();
        for segments in self.segments.values_mut().flatten() {
            segments.retain(|segment| !ids.contains(&segment.id));
        }
        self.add_segments(added);
        self.see_horizons(horizons);
    }

    pub fn see_horizons(&mut self, horizons: &[Horizon]) {
        for (project, table, instant) in horizons {
            let horizon = self
                .horizons
                .entry((project.clone(), *table))
                .or_insert(*instant);
            *horizon = (*instant).max(*horizon);
        }
    }

    /// Bytes of all memtables.
    pub fn memtables_bytes(&self) -> usize {
        let sealed = self.sealed.iter().map(|table| table.bytes());
        self.active.bytes() + sealed.sum::<usize>()
    }

    pub fn chunks(&self) -> impl Iterator<Item = &Arc<dyn AnyChunk>> {
        self.sealed
            .iter()
            .flat_map(|table| &table.chunks)
            .chain(&self.active.chunks)
    }
}
