//! The server's own metrics as Prometheus reads them.

use hinomi_ingest::IngestMetrics;
use hinomi_lake::{Lake, LakeStats};
use prometheus_client::{encoding::text::encode, metrics::gauge::Gauge, registry::Registry};

/// Reads one figure of the store.
type Read = fn(&LakeStats) -> u64;

/// A gauge that is read from the store when the metrics are asked for: name, help, figure.
type StoreGauge = (&'static str, &'static str, Read);

const STORE: &[StoreGauge] = &[
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
    ("segments", "Segment files", |s| s.segments),
    ("segment_bytes", "Bytes of all segment files", |s| {
        s.segment_bytes
    }),
    ("damaged_segments", "Segments that could not be read", |s| {
        s.damaged_segments
    }),
    ("wal_bytes", "Bytes of the write-ahead log", |s| s.wal_bytes),
    ("commits", "Group commits since the start", |s| s.commits),
    ("spans", "Spans made durable since the start", |s| s.spans),
    (
        "commit_failures",
        "Group commits that failed since the start",
        |s| s.commit_failures,
    ),
    ("flushes", "Memtables written since the start", |s| {
        s.flushes
    }),
    (
        "flush_failures",
        "Memtables that could not be written since the start",
        |s| s.flush_failures,
    ),
    (
        "last_flush_milliseconds",
        "How long the last memtable took to write",
        |s| s.last_flush.as_millis() as u64,
    ),
    (
        "searches_out_of_time",
        "Searches by attribute whose time was up since the start",
        |s| s.searches_out_of_time,
    ),
];

/// The registry and what is read from the store when asked.
pub struct ServerMetrics {
    registry: Registry,
    /// Admission's.
    pub ingest: IngestMetrics,
    store: Vec<(Gauge, Read)>,
}

impl ServerMetrics {
    /// All metrics, at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("hinomi");
        let ingest = IngestMetrics::new(&mut registry);
        let mut store = Vec::new();
        let stored = registry.sub_registry_with_prefix("store");
        for &(name, help, read) in STORE {
            let gauge = Gauge::default();
            stored.register(name, help, gauge.clone());
            store.push((gauge, read));
        }
        Self {
            registry,
            ingest,
            store,
        }
    }

    /// The metrics in OpenMetrics' text format.
    pub fn text(&self, lake: &Lake) -> String {
        let stats = lake.stats();
        for (gauge, read) in &self.store {
            gauge.set(i64::try_from(read(&stats)).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Writing to a String does not fail.
            Err(_) => String::new(),
        }
    }
}
