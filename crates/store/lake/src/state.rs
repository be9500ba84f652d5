//! Shared state: the lists that say where every row is, under one lock, and the components around
//! it.
//!
//! Whenever the lock is held, a row is in exactly one of active memtable, sealed memtable and
//! segment.

use crate::{
    LakeStats, Lost,
    catalog::{Catalog, Contents, Horizon},
    data::Data,
    folder::{path::Layout, time_keeper::TimeKeeper},
    log::queue::Queue,
    maintenance::{Maintenance, disk_watch::DiskWatch},
    memtable::{AnyChunk, Chunk, Memtable, SignalBatch, of_signal},
    quarantine::Quarantined,
    query::pool::QueryPool,
    recovery::{Recovery, leftovers::Leftovers},
    segment::Segment,
    stats::get,
    tables::{TableId, signals},
};
use hinomi_io::{Disk, MemoryShare};
use hinomi_model::{RollupSet, SpanBatch, Text, TimeRange, UnixNanos};
use hinomi_store::Names;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc, Condvar, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// Everything that threads, tasks and queries share, by what it is for.
pub(crate) struct Shared {
    pub data: Data,
    pub files: SegmentFiles,
    pub log: LogState,
    pub threads: Threads,
    pub catalog: Catalog,
    pub time: TimeKeeper,
    /// The registry: it learns the names of every batch.
    pub names: Arc<dyn Names>,
    /// Names are being taken from rollups. Until that is done, the registry has not learned all of
    /// the log before the checkpoint.
    pub restoring_names: AtomicBool,
    pub leftovers: Leftovers,
    pub pool: QueryPool,
    pub maintenance: Maintenance,
    pub disk_watch: DiskWatch,
    /// What the start found and repaired.
    pub recovery: Recovery,
}

/// Where segments are written.
pub(crate) struct SegmentFiles {
    pub disk: Arc<dyn Disk>,
    pub layout: Layout,
    /// Name of this node, recorded with every segment.
    pub node: Text,
    pub next_segment: AtomicI64,
    /// Held for reading while a bucket folder and a file in it are created, for writing while empty
    /// folders are removed.
    pub folders: RwLock<()>,
    /// Memory limit for segments that are being written.
    pub memory: Arc<MemoryShare>,
}

/// The way into the log.
pub(crate) struct LogState {
    pub queue: Arc<Queue>,
    /// The log may delete records before this sequence.
    pub truncate_before: AtomicU64,
}

/// What the threads of the store tell each other.
#[derive(Default)]
pub(crate) struct Threads {
    stopping: AtomicBool,
    /// Wakes the flusher.
    pub flusher: Signal,
    pub progress: watch::Sender<Progress>,
}

impl Shared {
    pub fn is_stopping(&self) -> bool {
        self.threads.stopping.load(Ordering::Acquire)
    }

    /// Stops all threads.
    pub fn stop(&self) {
        self.threads.stopping.store(true, Ordering::Release);
        self.log.queue.stop();
        self.threads.flusher.notify();
        self.data.noted.notify();
        self.maintenance.signal.notify();
        self.catalog.changed.notify();
    }

    /// Bytes of segments and log.
    pub fn used_bytes(&self) -> u64 {
        let segments: u64 = self
            .data
            .read()
            .all_segments()
            .map(|segment| segment.bytes)
            .sum();
        segments + get(&self.data.counters.wal_bytes)
    }

    pub fn stats(&self) -> LakeStats {
        let state = self.data.read();
        let spans = state
            .chunks()
            .filter(|chunk| chunk.signal() == SpanBatch::SIGNAL);
        let spans = spans.map(|chunk| chunk.len() as u64).sum();
        let segments = || state.all_segments();
        let segment_bytes = segments().map(|segment| segment.bytes).sum();
        let wal_bytes = get(&self.data.counters.wal_bytes);
        let rows_by_signal = self.data.counters.rows_by_signal.each_ref().map(get);
        let of_table = |table| segments().filter(|segment| segment.table == table).count() as u64;
        LakeStats {
            memtable_bytes: state.active.bytes() as u64,
            memtables_bytes: state.memtables_bytes() as u64,
            cache_bytes: (self.data.footers.weight()
                + self.data.footers.page_bytes()
                + self.data.rollup_cache.weight()) as u64,
            writing_bytes: self.files.memory.used() as u64,
            query_bytes: self.pool.memory.used() as u64,
            questions: self.pool.stats(),
            memtable_spans: spans,
            sealed_memtables: state.sealed.len() as u64,
            queue_bytes: self.log.queue.bytes() as u64,
            queue_batches: self.log.queue.len() as u64,
            page_cache_bytes: self.data.footers.page_bytes() as u64,
            segments: segments().count() as u64,
            segments_by_table: TableId::ALL.map(of_table),
            segment_bytes,
            damaged_segments: segments().filter(|segment| segment.is_damaged()).count() as u64,
            damaged_rows: state.lost.len() as u64,
            recovery: self.recovery,
            checksum_failures: get(&self.data.counters.checksum_failures),
            scrub_bytes: get(&self.data.counters.scrub_bytes),
            scrub_passes: get(&self.data.counters.scrub_passes),
            scrub_failures: get(&self.data.counters.scrub_failures),
            scrub_finished_seconds: get(&self.data.counters.scrub_finished_ns) / 1_000_000_000,
            wal_bytes,
            commits: get(&self.data.counters.commits),
            spans: rows_by_signal[signals::position(signals::SPANS)],
            rows_by_signal,
            commit_failures: get(&self.data.counters.commit_failures),
            flushes: get(&self.data.counters.flushes),
            flush_failures: get(&self.data.counters.flush_failures),
            last_flush: Duration::from_nanos(get(&self.data.counters.last_flush_ns)),
            compactions: get(&self.data.counters.compactions),
            compacted_segments: get(&self.data.counters.compacted_segments),
            compacted_rows: get(&self.data.counters.compacted_rows),
            compacted_bytes: get(&self.data.counters.compacted_bytes),
            expired_segments: get(&self.data.counters.expired_segments),
            expired_bytes: get(&self.data.counters.expired_bytes),
            over_budget_segments: get(&self.data.counters.over_budget_segments),
            over_budget_bytes: get(&self.data.counters.over_budget_bytes),
            searches_out_of_time: get(&self.data.counters.searches_out_of_time),
            maintenance_failures: get(&self.data.counters.maintenance_failures),
            disk_used_bytes: segment_bytes + wal_bytes,
            disk_budget_bytes: self.disk_watch.budget(),
            disk_reserve_bytes: self.disk_watch.reserve,
            disk_free_bytes: self.disk_watch.free(),
            disk_low: self.disk_watch.is_low(),
            clock: self.time.clock.status(),
        }
    }
}

/// The lists of all data.
#[derive(Default)]
pub(crate) struct State {
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

impl State {
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

/// Progress of the flusher, for callers that wait for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// Number of memtables written; comparable with [`State::generation`].
    pub flushed: u64,
    pub failures: u64,
    pub last_failure: String,
    pub stopped: bool,
}

/// Wakes a waiting thread. A notification is remembered until the next wait.
#[derive(Default)]
pub(crate) struct Signal {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    pub fn notify(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits for a notification, at most `timeout`.
    pub fn wait(&self, timeout: Duration) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_timeout_while(rung, timeout, |rung| !*rung);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }
}
