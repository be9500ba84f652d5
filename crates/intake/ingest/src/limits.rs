//! Limits of admission, with their defaults and their effects.

use std::time::Duration;

/// Limits of admission.
#[derive(Debug, Clone)]
pub struct IngestLimits {
    /// Bytes of requests and their decoded spans that are not durable yet. At the limit requests
    /// are refused as retryable. Default 256 MiB: room for several requests of the largest size.
    pub in_flight_bytes: usize,
    /// Span keys remembered per generation to recognise repeated requests; there are two
    /// generations. A key takes 10 bytes if the number is seven eighths of a power of two, the load
    /// factor of the hash table, otherwise up to 20. The oldest are forgotten first; a later repeat
    /// of them counts twice. Default 917,504.
    pub dedupe_spans: usize,
    /// How long span keys are remembered. Default 10 min: exporters stop retrying after five
    /// minutes.
    pub dedupe_window: Duration,
    /// Keys per project: combinations of service, environment, operation, instance and version, and
    /// of the attributes that distinguish calls and errors. A key that was unused for 15 minutes
    /// can lose its place. When all are taken, an attribute of a new key becomes `(other)`: one
    /// whose value is new, otherwise the one with the most values. Live rollups take 1.5 KiB of
    /// memory per key. Default 65,536.
    pub keys: usize,
    /// Services per project; each environment counts. Default 2,000; more are counted as `(other)`.
    /// Here and below, a name that was unused for an hour can lose its place.
    pub services: usize,
    /// Environments per service. Default 100; more are counted as `(other)`.
    pub environments: usize,
    /// Operations per service. Default 500; more are counted as `(other)`.
    pub operations: usize,
    /// Instances per service. Default 1,000; more are counted as `(other)`.
    pub instances: usize,
    /// Versions per service. Default 100; more are counted as `(other)`.
    pub versions: usize,
    /// Called hosts, databases and queues per service. Default 1,000; more are counted as `(other)`.
    pub targets: usize,
    /// Called statements, routes and methods per service. Default 2,000; more are counted as
    /// `(other)`.
    pub details: usize,
    /// Error types per service. Default 200; more are counted as `(other)`.
    pub error_types: usize,
    /// Client spans that wait for their server span, and server spans that wait for their client
    /// span, to learn which hosts are services. 40 bytes each. Default 57,344.
    pub peer_candidates: usize,
    /// Time after which a refused client is told to retry. Default 1 s.
    pub retry_after: Duration,
}

impl Default for IngestLimits {
    fn default() -> Self {
        Self {
            in_flight_bytes: 256 << 20,
            dedupe_spans: 7 << 17,
            dedupe_window: Duration::from_secs(10 * 60),
            keys: 1 << 16,
            services: 2_000,
            environments: 100,
            operations: 500,
            instances: 1_000,
            versions: 100,
            targets: 1_000,
            details: 2_000,
            error_types: 200,
            peer_candidates: 7 << 13,
            retry_after: Duration::from_secs(1),
        }
    }
}
