//! The memtable: committed batches unchanged, and the merged rollups of their spans.

use crate::log::codec::Writer;
use hinomi_model::{Resource, RollupSet, Text, TimeRange, UnixNanos};
use hinomi_store::BatchNames;
use std::{any::Any, collections::HashMap, fmt, sync::Arc, time::Duration};

/// Approximate size of a rollup in memory, in bytes. The texts of its key are shared.
const ROLLUP_BYTES: usize = 384;

/// Rows of one signal, as they arrive and as they are held until they are in segments. What the log and
/// the memtable have to know about them.
pub(crate) trait SignalBatch: fmt::Debug + Send + Sync + 'static {
    /// Number of the signal in records of the log; see [`crate::tables::signals`].
    const SIGNAL: u8;
    /// Version in which its rows are written to the log.
    const RECORD_VERSION: u8;

    /// Number of rows.
    fn len(&self) -> usize;

    /// Approximate memory use in bytes.
    fn weight(&self) -> usize;

    /// The instants by which rows are filed and kept.
    fn times(&self) -> impl Iterator<Item = UnixNanos>;

    /// Resources of the senders.
    fn resources(&self) -> &[Arc<Resource>];

    /// Frees the memory that only building the batch needs.
    fn settle(&mut self);

    /// Size of the rows in a record, roughly, in bytes.
    fn record_bytes(&self) -> usize;

    /// Writes the rows of a record.
    fn write(&self, out: &mut Writer);
}

/// One committed batch.
#[derive(Debug)]
pub(crate) struct Chunk<B> {
    pub project: Text,
    pub batch: B,
    /// Range of the rows' times.
    pub range: TimeRange,
    /// Approximate memory use in bytes.
    pub bytes: usize,
}

impl<B: SignalBatch> Chunk<B> {
    pub fn new(project: Text, mut batch: B) -> Self {
        batch.settle();
        let times = || batch.times().map(|time| time.0);
        let first = times().min().unwrap_or(0);
        let last = times().max().unwrap_or(0);
        let range = TimeRange::new(UnixNanos(first), UnixNanos(last.saturating_add(1)));
        let bytes = batch.weight();
        Self {
            project,
            batch,
            range,
            bytes,
        }
    }
}

/// A committed batch of any signal.
pub(crate) trait AnyChunk: fmt::Debug + Send + Sync {
    fn project(&self) -> &Text;
    /// Number of its signal.
    fn signal(&self) -> u8;
    /// Number of rows.
    fn len(&self) -> usize;
    /// Range of the rows' times.
    fn range(&self) -> TimeRange;
    /// Approximate memory use in bytes.
    fn bytes(&self) -> usize;
    /// Resources of the senders.
    fn resources(&self) -> &[Arc<Resource>];
    fn as_any(&self) -> &dyn Any;
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<B: SignalBatch> AnyChunk for Chunk<B> {
    fn project(&self) -> &Text {
        &self.project
    }

    fn signal(&self) -> u8 {
        B::SIGNAL
    }

    fn len(&self) -> usize {
        self.batch.len()
    }

    fn range(&self) -> TimeRange {
        self.range
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn resources(&self) -> &[Arc<Resource>] {
        self.batch.resources()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// The chunk, if it is of this signal.
pub(crate) fn of_signal<B: SignalBatch>(chunk: &Arc<dyn AnyChunk>) -> Option<Arc<Chunk<B>>> {
    if chunk.signal() != B::SIGNAL {
        return None;
    }
    chunk.clone().into_any().downcast().ok()
}

/// Chunks and rollups that are not in segments yet.
#[derive(Debug, Default)]
pub(crate) struct Memtable {
    pub chunks: Vec<Arc<dyn AnyChunk>>,
    pub rollups: HashMap<Text, RollupSet>,
    /// First and last log sequence.
    pub sequences: Option<(u64, u64)>,
    /// Range of the rows' times; `None` if there are no rows.
    pub range: Option<TimeRange>,
    /// When the first chunk was added, on the monotonic clock.
    pub opened: Duration,
    chunk_bytes: usize,
}

impl Memtable {
    /// Adds a committed batch.
    pub fn apply(
        &mut self,
        sequence: u64,
        chunk: Arc<dyn AnyChunk>,
        rollups: &RollupSet,
        now: Duration,
    ) {
        if self.chunks.is_empty() {
            self.opened = now;
        }
        let first = self.sequences.map_or(sequence, |(first, _)| first);
        debug_assert!(self.sequences.is_none_or(|(_, last)| last < sequence));
        self.sequences = Some((first, sequence));
        match self.rollups.get_mut(chunk.project()) {
            _ if rollups.is_empty() => {}
            Some(have) => have.merge(rollups),
            None => {
                self.rollups
                    .insert(chunk.project().clone(), rollups.clone());
            }
        }
        let range = chunk.range();
        self.range = Some(self.range.map_or(range, |have| have.union(range)));
        self.chunk_bytes += chunk.bytes();
        self.chunks.push(chunk);
    }

    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The chunks of a project and signal.
    pub fn chunks_of<B: SignalBatch>(&self, project: &str) -> Vec<&Chunk<B>> {
        let of_project = self
            .chunks
            .iter()
            .filter(|chunk| **chunk.project() == *project);
        of_project
            .filter_map(|chunk| chunk.as_any().downcast_ref())
            .collect()
    }

    /// Approximate memory use in bytes.
    pub fn bytes(&self) -> usize {
        self.chunk_bytes + self.rollups.values().map(RollupSet::len).sum::<usize>() * ROLLUP_BYTES
    }
}

/// The names of a batch.
pub(crate) fn names_of(chunk: &dyn AnyChunk, rollups: &RollupSet) -> BatchNames {
    let resources = chunk.resources().iter();
    BatchNames::of(rollups, resources.map(|resource| &**resource))
}
