//! The server's own metrics, in the format of Prometheus.
//!
//! Numbers of the store are read when the metrics are requested: values that rise and fall as
//! gauges, values that only rise as counters.

mod names;

use crate::memory::MemoryBudget;
use hinomi_ingest::IngestMetrics;
use hinomi_lake::{LakeStats, SIGNALS, TableId};
use hinomi_listen::ListenMetrics;
use hinomi_registry::RegistryStats;
use names::NameMetrics;
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use std::sync::atomic::Ordering;

/// Reads one number of the store.
type Read = fn(&LakeStats) -> u64;

/// A number of the store: name, help text, reader.
type Figure = (&'static str, &'static str, Read);

/// Several numbers with one name and a label: name, help text, the label, its values with their
/// readers.
type Figures = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, Read)],
);

/// A label's name and value.
type Label = [(&'static str, &'static str); 1];

const GAUGES: &[Figure] = &[
    (
        "memtable_bytes",
        "Bytes durable in the log and not yet in segments",
        |s| s.memtable_bytes,
    ),
    (
        "memtable_spans",
        "Spans durable in the log and not yet in segments",
        |s| s.memtable_spans,
    ),
    (
        "sealed_memtables",
        "Memtables that wait to be written",
        |s| s.sealed_memtables,
    ),
    (
        "queue_bytes",
        "Bytes of batches that wait to be made durable",
        |s| s.queue_bytes,
    ),
    (
        "queue_batches",
        "Batches that wait to be made durable",
        |s| s.queue_batches,
    ),
    (
        "page_cache_bytes",
        "Bytes of pages of segments that are kept for the next query",
        |s| s.page_cache_bytes,
    ),
    ("segment_bytes", "Bytes of all segment files", |s| {
        s.segment_bytes
    }),
    (
        "damaged_segments",
        "Segments that are missing or unreadable and left out of answers",
        |s| s.damaged_segments,
    ),
    (
        "damaged_catalog_rows",
        "Losses that no segment stands for: rows of an old catalog, records of the write-ahead log",
        |s| s.damaged_rows,
    ),
    (
        "lost_log_records",
        "Stretches of the write-ahead log that were acknowledged and gone at the last start",
        |s| s.recovery.lost_log_records,
    ),
    (
        "lost_manifest_records",
        "Records of the catalog that were lost or damaged at the last start",
        |s| s.recovery.lost_manifest_records,
    ),
    (
        "adopted_segments",
        "Segments that the catalog did not name at the last start and that count again",
        |s| s.recovery.adopted_segments,
    ),
    (
        "set_aside_files",
        "Files that the last start did not understand and moved to aside/",
        |s| s.recovery.set_aside_files,
    ),
    (
        "scrub_finished_seconds",
        "When the last background check of all segments ended, since the Unix epoch",
        |s| s.scrub_finished_seconds,
    ),
    ("wal_bytes", "Bytes of the write-ahead log", |s| s.wal_bytes),
    (
        "last_flush_milliseconds",
        "How long the last memtable took to write",
        |s| s.last_flush.as_millis() as u64,
    ),
    ("disk_used_bytes", "Bytes of segments and log", |s| {
        s.disk_used_bytes
    }),
    (
        "disk_budget_bytes",
        "Bytes that segments and log may take; over it the oldest data go",
        |s| s.disk_budget_bytes,
    ),
    (
        "disk_reserve_bytes",
        "Bytes that stay free on the file system; below it spans are refused",
        |s| s.disk_reserve_bytes,
    ),
    ("disk_free_bytes", "Free bytes of the file system", |s| {
        s.disk_free_bytes
    }),
    (
        "clock_apart_seconds",
        "How far the machine's clock is from the time that is trusted, in either direction",
        |s| s.clock.wall.abs_diff(s.clock.now) / 1_000_000_000,
    ),
    (
        "clock_held_seconds",
        "Time by which data may be older than retention takes them for, until senders confirm it",
        |s| s.clock.held.as_secs(),
    ),
    (
        "disk_low",
        "1 while less than the reserve is free and spans are refused",
        |s| s.disk_low.into(),
    ),
];

const COUNTERS: &[Figure] = &[
    ("commits", "Group commits", |s| s.commits),
    ("spans", "Spans made durable", |s| s.spans),
    ("commit_failures", "Group commits that failed", |s| {
        s.commit_failures
    }),
    ("flushes", "Memtables written", |s| s.flushes),
    (
        "flush_failures",
        "Memtables that could not be written at once",
        |s| s.flush_failures,
    ),
    ("compactions", "Merges of segments", |s| s.compactions),
    ("compacted_segments", "Segments that merges replaced", |s| {
        s.compacted_segments
    }),
    (
        "compacted_rows",
        "Rows of segments that merges replaced",
        |s| s.compacted_rows,
    ),
    (
        "compacted_bytes",
        "Bytes of segments that merges replaced",
        |s| s.compacted_bytes,
    ),
    (
        "searches_out_of_time",
        "Searches by attribute whose time was up",
        |s| s.searches_out_of_time,
    ),
    ("clock_jumps", "Jumps of the machine's clock", |s| {
        s.clock.jumps
    }),
    (
        "maintenance_failures",
        "Rounds of compaction and retention that failed",
        |s| s.maintenance_failures,
    ),
    (
        "checksum_failures",
        "Reads whose checksum or length did not hold",
        |s| s.checksum_failures,
    ),
    ("scrub_bytes", "Bytes read by the background check", |s| {
        s.scrub_bytes
    }),
    (
        "scrub_passes",
        "Background checks of all segments finished",
        |s| s.scrub_passes,
    ),
    (
        "scrub_failures",
        "Segments that the background check found damaged or could not read",
        |s| s.scrub_failures,
    ),
];

const LABELLED_GAUGES: &[Figures] = &[
    (
        "questions_running",
        "Questions that the store answers now",
        "kind",
        &[
            ("own", |s| s.questions[0].running),
            ("page", |s| s.questions[1].running),
            ("search", |s| s.questions[2].running),
            ("export", |s| s.questions[3].running),
        ],
    ),
    (
        "questions_waiting",
        "Questions that wait for their turn",
        "kind",
        &[
            ("own", |s| s.questions[0].waiting),
            ("page", |s| s.questions[1].waiting),
            ("search", |s| s.questions[2].waiting),
            ("export", |s| s.questions[3].waiting),
        ],
    ),
];

const LABELLED_COUNTERS: &[Figures] = &[
    (
        "questions",
        "Questions to the store",
        "kind",
        &[
            ("own", |s| s.questions[0].asked),
            ("page", |s| s.questions[1].asked),
            ("search", |s| s.questions[2].asked),
            ("export", |s| s.questions[3].asked),
        ],
    ),
    (
        "questions_refused",
        "Questions that were refused because too many waited, or for too long",
        "kind",
        &[
            ("own", |s| s.questions[0].refused),
            ("page", |s| s.questions[1].refused),
            ("search", |s| s.questions[2].refused),
            ("export", |s| s.questions[3].refused),
        ],
    ),
    (
        "deleted_segments",
        "Segments that retention deleted",
        "reason",
        &[
            ("age", |s| s.expired_segments),
            ("budget", |s| s.over_budget_segments),
        ],
    ),
    (
        "deleted_bytes",
        "Bytes of segments that retention deleted",
        "reason",
        &[
            ("age", |s| s.expired_bytes),
            ("budget", |s| s.over_budget_bytes),
        ],
    ),
];

/// The registry, with the numbers that are read from the store on request.
pub struct ServerMetrics {
    registry: Registry,
    /// Metrics of admission.
    pub ingest: IngestMetrics,
    /// Metrics of the connections.
    pub connections: ListenMetrics,
    gauges: Vec<(Gauge, Read)>,
    counters: Vec<(Counter, Read)>,
    /// Segment files of each table.
    segments: Family<Label, Gauge>,
    /// Rows of each signal.
    rows: Family<Label, Counter>,
    names: NameMetrics,
    /// Memory that each share uses, and memory of the whole process.
    shares: Family<Label, Gauge>,
    resident: Gauge,
    live_keys: Gauge,
    live_window: Gauge,
}

/// Numbers about the live rollups.
#[derive(Debug, Clone, Copy)]
pub struct LiveFigures {
    /// Memory that they use, in bytes.
    pub bytes: u64,
    /// Number of keys that they count under.
    pub keys: u64,
    /// How far back they are complete.
    pub window_seconds: u64,
}

impl ServerMetrics {
    /// All metrics, at zero.
    pub fn new(memory: &MemoryBudget) -> Self {
        let mut registry = Registry::default();
        let resident = Gauge::default();
        registry.register(
            "process_resident_memory_bytes",
            "Memory that the process has",
            resident.clone(),
        );
        let ours = registry.sub_registry_with_prefix("hinomi");
        let shares = register_memory(ours, memory);
        let ingest = IngestMetrics::new(ours);
        let connections = ListenMetrics::new(ours);
        let (live_keys, live_window) = (Gauge::default(), Gauge::default());
        let live = ours.sub_registry_with_prefix("live");
        for (name, help, gauge) in [
            ("keys", "Keys that live rollups count under", &live_keys),
            (
                "window_seconds",
                "How far back live rollups are whole; what is older is read from the store",
                &live_window,
            ),
        ] {
            live.register(name, help, gauge.clone());
        }
        let (mut gauges, mut counters) = (Vec::new(), Vec::new());
        let store = ours.sub_registry_with_prefix("store");
        for &(name, help, read) in GAUGES {
            let gauge = Gauge::default();
            store.register(name, help, gauge.clone());
            gauges.push((gauge, read));
        }
        for &(name, help, read) in COUNTERS {
            let counter = Counter::default();
            store.register(name, help, counter.clone());
            counters.push((counter, read));
        }
        let segments = Family::<Label, Gauge>::default();
        store.register("segments", "Segment files", segments.clone());
        let rows = Family::<Label, Counter>::default();
        let help = "Rows written to the log, by signal";
        store.register("rows", help, rows.clone());
        for &(name, help, label, values) in LABELLED_GAUGES {
            let family = Family::<Label, Gauge>::default();
            store.register(name, help, family.clone());
            let of = |value| family.get_or_create(&[(label, value)]).clone();
            gauges.extend(values.iter().map(|&(value, read)| (of(value), read)));
        }
        for &(name, help, label, values) in LABELLED_COUNTERS {
            let family = Family::<Label, Counter>::default();
            store.register(name, help, family.clone());
            let of = |value| family.get_or_create(&[(label, value)]).clone();
            counters.extend(values.iter().map(|&(value, read)| (of(value), read)));
        }
        let names = NameMetrics::new(ours);
        Self {
            registry,
            ingest,
            connections,
            gauges,
            counters,
            segments,
            rows,
            names,
            shares,
            resident,
            live_keys,
            live_window,
        }
    }

    /// The metrics in OpenMetrics text format. `in_flight` is the memory of requests in flight,
    /// `connections` that of connections, in bytes.
    pub fn text(
        &self,
        (store, names): (LakeStats, RegistryStats),
        in_flight: usize,
        connections: u64,
        live: LiveFigures,
    ) -> String {
        let resident = hinomi_io::resident_memory().unwrap_or(0);
        self.resident.set(resident.cast_signed());
        self.names.set(&names);
        self.text_with(&store, in_flight as u64, connections, live)
    }

    fn text_with(
        &self,
        stats: &LakeStats,
        in_flight: u64,
        connections: u64,
        live: LiveFigures,
    ) -> String {
        self.live_keys.set(live.keys.cast_signed());
        self.live_window.set(live.window_seconds.cast_signed());
        for (share, bytes) in [
            ("connections", connections),
            ("admission", in_flight + stats.queue_bytes),
            ("memtables", stats.memtables_bytes),
            ("writing", stats.writing_bytes),
            ("caches", stats.cache_bytes),
            ("queries", stats.query_bytes),
            ("live", live.bytes),
        ] {
            let share = self.shares.get_or_create(&[("share", share)]);
            share.set(bytes.cast_signed());
        }
        for table in TableId::ALL {
            let segments = stats.segments_by_table[table.position()];
            let gauge = self.segments.get_or_create(&[("table", table.name())]);
            gauge.set(segments.cast_signed());
        }
        for (signal, count) in SIGNALS.iter().zip(stats.rows_by_signal) {
            let rows = self.rows.get_or_create(&[("signal", signal)]);
            rows.inner().store(count, Ordering::Relaxed);
        }
        for (gauge, read) in &self.gauges {
            gauge.set(i64::try_from(read(stats)).unwrap_or(i64::MAX));
        }
        for (counter, read) in &self.counters {
            // The store does the counting; the metric only shows the value.
            counter.inner().store(read(stats), Ordering::Relaxed);
        }
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Writing to a String cannot fail.
            Err(_) => String::new(),
        }
    }
}

/// Registers the memory limit and the limits of the shares. Returns the family for what the shares
/// use.
fn register_memory(registry: &mut Registry, memory: &MemoryBudget) -> Family<Label, Gauge> {
    let registry = registry.sub_registry_with_prefix("memory");
    let limit = Gauge::<i64>::default();
    limit.set(memory.limit.cast_signed());
    registry.register("limit_bytes", "Memory that the server may take", limit);
    let limits = Family::<Label, Gauge>::default();
    for (share, bytes) in memory.shares() {
        let limit = limits.get_or_create(&[("share", share)]);
        limit.set(bytes.cast_signed());
    }
    let used = Family::default();
    for (name, help, family) in [
        (
            "share_limit_bytes",
            "What each share of it may take",
            limits,
        ),
        (
            "share_used_bytes",
            "What each share of it has",
            used.clone(),
        ),
    ] {
        registry.register(name, help, family);
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_is_a_counter_and_what_stands_a_gauge() {
        let stats = LakeStats {
            commits: 7,
            memtable_bytes: 8,
            queue_bytes: 20,
            segments_by_table: [1, 2, 3, 4, 5, 6],
            expired_segments: 9,
            over_budget_bytes: 10,
            disk_low: true,
            disk_budget_bytes: u64::MAX,
            ..LakeStats::default()
        };
        let memory = MemoryBudget::new(256 << 20).unwrap();
        let metrics = ServerMetrics::new(&memory);
        let _port = metrics.connections.port("pages", 7);
        let live = LiveFigures {
            bytes: 4,
            keys: 5,
            window_seconds: 900,
        };
        let text = metrics.text_with(&stats, 3, 4, live);
        assert_eq!(
            metrics.text_with(&stats, 3, 4, live),
            text,
            "asking changes nothing"
        );
        let queries = format!(
            "hinomi_memory_share_limit_bytes{{share=\"queries\"}} {}",
            memory.queries
        );
        for line in [
            &*queries,
            "hinomi_memory_limit_bytes 268435456",
            "hinomi_memory_share_used_bytes{share=\"admission\"} 23",
            "hinomi_memory_share_used_bytes{share=\"connections\"} 4",
            "hinomi_connections_limit{port=\"pages\"} 7",
            "hinomi_connections_open{port=\"pages\"} 0",
            "hinomi_connections_accepted_total{port=\"pages\"} 0",
            "hinomi_connections_closed_total{port=\"pages\",reason=\"displaced\"} 0",
            "hinomi_memory_share_used_bytes{share=\"live\"} 4",
            "hinomi_live_keys 5",
            "hinomi_live_window_seconds 900",
            "# TYPE process_resident_memory_bytes gauge",
            "# TYPE hinomi_store_commits counter",
            "hinomi_store_commits_total 7",
            "# TYPE hinomi_store_memtable_bytes gauge",
            "hinomi_store_memtable_bytes 8",
            "hinomi_store_segments{table=\"rollups_5s\"} 3",
            "hinomi_store_deleted_segments_total{reason=\"age\"} 9",
            "hinomi_store_deleted_bytes_total{reason=\"budget\"} 10",
            "hinomi_store_disk_low 1",
            "# TYPE hinomi_store_deployments gauge",
            "hinomi_store_peers 0",
            "# TYPE hinomi_store_forgotten_deployments counter",
            "hinomi_registry_unwritten_names 0",
            "hinomi_registry_write_failures_total 0",
            "hinomi_store_disk_budget_bytes 9223372036854775807",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
