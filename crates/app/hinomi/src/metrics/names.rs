//! Metrics of the registry.

use hinomi_registry::RegistryStats;
use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};
use std::sync::atomic::Ordering;

/// All of them.
pub struct NameMetrics(Vec<(Metric, Read)>);

/// Reads one number of the registry.
type Read = fn(&RegistryStats) -> u64;

impl NameMetrics {
    /// All metrics, at zero. `ours` has the prefix of all of Hinomi's metrics.
    pub fn new(ours: &mut Registry) -> Self {
        let mut all = Vec::new();
        for (prefix, figures) in [("store", OF_STORE), ("registry", OF_REGISTRY)] {
            let registry = ours.sub_registry_with_prefix(prefix);
            let each = figures.iter();
            all.extend(each.map(|figure| (Metric::register(registry, figure), figure.3)));
        }
        Self(all)
    }

    /// Sets all of them.
    pub fn set(&self, stats: &RegistryStats) {
        for (metric, read) in &self.0 {
            metric.set(read(stats));
        }
    }
}

/// Numbers of the registry: name, help text, whether it only grows, reader.
type Figure = (&'static str, &'static str, bool, Read);

/// Numbers of the registry that have been among those of the store since before there was a registry.
const OF_STORE: &[Figure] = &[
    (
        "deployments",
        "Deployments that were told and are remembered",
        false,
        |r| r.deployments,
    ),
    (
        "peers",
        "Called hosts that are known to be services",
        false,
        |r| r.peers,
    ),
    (
        "forgotten_deployments",
        "Told deployments that were forgotten for newer ones",
        true,
        |r| r.forgotten_deployments,
    ),
];

const OF_REGISTRY: &[Figure] = &[
    (
        "unwritten_names",
        "Names that were learned and that the registry's database lacks",
        false,
        |r| r.unwritten,
    ),
    (
        "writes",
        "Writes of learned names to the registry's database",
        true,
        |r| r.writes,
    ),
    (
        "write_failures",
        "Changes that the registry's database refused or did not answer",
        true,
        |r| r.write_failures,
    ),
];

/// A metric of the registry.
enum Metric {
    Gauge(Gauge),
    Counter(Counter),
}

impl Metric {
    fn register(to: &mut Registry, &(name, help, grows, _): &Figure) -> Self {
        if grows {
            let counter = Counter::default();
            to.register(name, help, counter.clone());
            return Self::Counter(counter);
        }
        let gauge = Gauge::default();
        to.register(name, help, gauge.clone());
        Self::Gauge(gauge)
    }

    fn set(&self, value: u64) {
        match self {
            Self::Gauge(gauge) => {
                gauge.set(value.cast_signed());
            }
            Self::Counter(counter) => counter.inner().store(value, Ordering::Relaxed),
        }
    }
}
