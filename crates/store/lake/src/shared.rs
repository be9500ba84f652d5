//! What the parts of the store share.

use crate::{
    LakeStats,
    catalog::Catalog,
    data::Data,
    folder::time_keeper::TimeKeeper,
    log::queue::Queue,
    maintenance::{disk_watch::DiskWatch, requests::Maintenance},
    memtable::SignalBatch,
    query::pool::QueryPool,
    recovery::{Recovery, leftovers::Leftovers},
    segment::files::SegmentFiles,
    stats::get,
    tables::{TableId, signals},
    wake::Wake,
};
use hinomi_model::SpanBatch;
use hinomi_store::Names;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
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
    pub flusher: Wake,
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

/// Progress of the flusher, for callers that wait for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// Number of memtables written; comparable with [`crate::lists::Lists::generation`].
    pub flushed: u64,
    pub failures: u64,
    pub last_failure: String,
    pub stopped: bool,
}
