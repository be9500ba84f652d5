//! The memtable: committed batches unchanged, and their merged rollups.

use hinomi_model::{RollupSet, SpanBatch, Text, TimeRange, UnixNanos};
use std::{collections::HashMap, sync::Arc, time::Duration};

/// Approximate size of a rollup in memory, in bytes. The texts of its key are shared.
const ROLLUP_BYTES: usize = 384;

/// One committed batch.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub project: Text,
    pub spans: SpanBatch,
    /// Range of the spans' ends.
    pub range: TimeRange,
    /// Approximate memory use in bytes.
    pub bytes: usize,
}

impl Chunk {
    pub fn new(project: Text, mut spans: SpanBatch) -> Self {
        spans.settle();
        let ends = || spans.rows.iter().map(|row| row.end.0);
        let first = ends().min().unwrap_or(0);
        let last = ends().max().unwrap_or(0);
        let range = TimeRange::new(UnixNanos(first), UnixNanos(last.saturating_add(1)));
        let bytes = spans.weight();
        Self {
            project,
            spans,
            range,
            bytes,
        }
    }
}

/// Chunks and rollups that are not in segments yet.
#[derive(Debug, Default)]
pub(crate) struct Memtable {
    pub chunks: Vec<Arc<Chunk>>,
    pub rollups: HashMap<Text, RollupSet>,
    /// First and last log sequence.
    pub sequences: Option<(u64, u64)>,
    /// Range of the spans' ends; `None` if there are no spans.
    pub range: Option<TimeRange>,
    /// When the first chunk was added, on the monotonic clock.
    pub opened: Duration,
    chunk_bytes: usize,
}

impl Memtable {
    /// Adds a committed batch.
    pub fn apply(&mut self, sequence: u64, chunk: Arc<Chunk>, rollups: &RollupSet, now: Duration) {
        if self.chunks.is_empty() {
            self.opened = now;
        }
        let first = self.sequences.map_or(sequence, |(first, _)| first);
        debug_assert!(self.sequences.is_none_or(|(_, last)| last < sequence));
        self.sequences = Some((first, sequence));
        match self.rollups.get_mut(&chunk.project) {
            Some(have) => have.merge(rollups),
            None => {
                self.rollups.insert(chunk.project.clone(), rollups.clone());
            }
        }
        self.range = Some(
            self.range
                .map_or(chunk.range, |have| have.union(chunk.range)),
        );
        self.chunk_bytes += chunk.bytes;
        self.chunks.push(chunk);
    }

    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Approximate memory use in bytes.
    pub fn bytes(&self) -> usize {
        self.chunk_bytes + self.rollups.values().map(RollupSet::len).sum::<usize>() * ROLLUP_BYTES
    }
}
