//! Metrics of admission.

use hinomi_live::Attribute;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// Labels of a count of records: signal and result.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ResultLabel {
    pub signal: &'static str,
    pub result: &'static str,
}

/// Label with the attribute whose limit was reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct DimensionLabel {
    pub dimension: &'static str,
}

/// Counters of admission. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct IngestMetrics {
    records: Family<ResultLabel, Counter>,
    overflows: Family<DimensionLabel, Counter>,
    folded: Family<DimensionLabel, Counter>,
    keys: Gauge,
    keys_limit: Gauge,
    refused_requests: Counter,
    skewed: Counter,
    truncated: Counter,
}

impl IngestMetrics {
    /// Creates the metrics and registers them under `ingest`.
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let registry = registry.sub_registry_with_prefix("ingest");
        registry.register(
            "records",
            "Records received, by signal and by what became of them",
            metrics.records.clone(),
        );
        registry.register(
            "cardinality_overflows",
            "Times within an hour that names of a service began to be counted as (other)",
            metrics.overflows.clone(),
        );
        registry.register(
            "folded_spans",
            "Spans of which a name is counted as (other), by the attribute that has too many values",
            metrics.folded.clone(),
        );
        registry.register(
            "keys",
            "Combinations of names that are counted apart at present",
            metrics.keys.clone(),
        );
        registry.register(
            "keys_limit",
            "How many there may be before new ones are counted as (other)",
            metrics.keys_limit.clone(),
        );
        registry.register(
            "refused_requests",
            "Requests refused as retryable because a budget was used up",
            metrics.refused_requests.clone(),
        );
        registry.register(
            "clock_skewed_spans",
            "Spans from the future, moved to the time they came",
            metrics.skewed.clone(),
        );
        registry.register(
            "truncated_values",
            "Names, attributes, events and links cut or left out at a limit",
            metrics.truncated.clone(),
        );
        for result in ["accepted", "refused", "duplicate"] {
            metrics.count("traces", result, 0);
        }
        for attribute in Attribute::ALL {
            metrics.count_folded(attribute.as_str(), 0);
        }
        metrics
    }

    /// Counts records of a signal by result.
    pub fn count(&self, signal: &'static str, result: &'static str, records: u64) {
        self.records
            .get_or_create(&ResultLabel { signal, result })
            .inc_by(records);
    }

    /// Counts what decoding corrected: spans with clock skew, and truncated values.
    pub fn count_mended(&self, skewed: u64, truncated: u64) {
        self.skewed.inc_by(skewed);
        self.truncated.inc_by(truncated);
    }

    pub(crate) fn count_folded(&self, dimension: &'static str, spans: u64) {
        self.folded
            .get_or_create(&DimensionLabel { dimension })
            .inc_by(spans);
    }

    pub(crate) fn set_keys(&self, keys: usize, limit: usize) {
        self.keys.set(keys.cast_signed() as i64);
        self.keys_limit.set(limit.cast_signed() as i64);
    }

    pub(crate) fn count_overflow(&self, dimension: &'static str) {
        self.overflows
            .get_or_create(&DimensionLabel { dimension })
            .inc();
    }

    /// Counts a request that was refused.
    pub fn count_refused_request(&self) {
        self.refused_requests.inc();
    }
}
