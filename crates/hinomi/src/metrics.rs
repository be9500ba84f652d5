//! The server's own metrics as Prometheus reads them.

use hinomi_ingest::IngestMetrics;
use hinomi_lake::Lake;
use prometheus_client::{encoding::text::encode, metrics::gauge::Gauge, registry::Registry};

/// The registry and what is read from the store when asked.
pub struct ServerMetrics {
    registry: Registry,
    /// Admission's.
    pub ingest: IngestMetrics,
    store: Vec<(Gauge, fn(&hinomi_lake::LakeStats) -> i64)>,
}

impl ServerMetrics {
    /// All metrics, at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("hinomi");
        let ingest = IngestMetrics::new(&mut registry);
        let mut store = Vec::new();
        for (name, help, read) in STORE {
            let gauge = Gauge::default();
            registry.sub_registry_with_prefix("store").register(*name, *help, gauge.clone());
            store.push((gauge, *read));
        }
        Self { registry, ingest, store }
    }

    /// The metrics in OpenMetrics' text format.
    pub fn text(&self, lake: &Lake) -> String {
        let stats = lake.stats();
        for (gauge, read) in &self.store {
            gauge.set(read(&stats));
        }
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Writing to a String does not fail.
            Err(_) => String::new(),
        }
    }
}
