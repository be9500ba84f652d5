//! The limits of admission, with their defaults and what happens at them.

use std::time::Duration;

/// Limits of admission.
#[derive(Debug, Clone)]
pub struct IngestLimits {
    /// Bytes of requests and of their decoded spans that are not yet durable. At the limit a request is
    /// refused as retryable. 256 MiB: room for several requests of the largest size.
    pub in_flight_bytes: usize,
    /// Span keys remembered to recognise repeated requests, twice: 10 bytes each where the number is
    /// seven eighths of a power of two, which is what a hash table fills, else up to 20. Older ones
    /// are forgotten first; a repeat after that counts twice. 917,504.
    pub dedupe_spans: usize,
    /// How long span keys are remembered. Exporters give up retrying after five minutes.
    pub dedupe_window: Duration,
    /// Keys of a project: combinations of service, environment, operation, instance and version, and
    /// of what calls and errors are told apart by. A key that was not used for 15 minutes leaves its place.
    /// When all are taken, the attribute of a new one whose value is new, or that has the most values, becomes
    /// `(other)`. Live rollups take 1.5 KiB of memory for each. 65,536.
    pub keys: usize,
    /// Services of a project, each environment counted; more are counted as `(other)`. A name, here
    /// and below, leaves its place when it was not used for an hour.
    pub services: usize,
    /// Environments of a service; more are counted as `(other)`.
    pub environments: usize,
    /// Operations of a service; more are counted as `(other)`.
    pub operations: usize,
    /// Instances of a service; more are counted as `(other)`.
    pub instances: usize,
    /// Versions of a service; more are counted as `(other)`.
    pub versions: usize,
    /// Hosts, databases and queues a service calls; more are `(other)`.
    pub targets: usize,
    /// Statements, routes and methods a service calls; more are `(other)`.
    pub details: usize,
    /// Types of error of a service; more are `(other)`.
    pub error_types: usize,
    /// Client spans whose server span is awaited, to learn which hosts are services, and the other
    /// way round; 40 bytes each. 57,344.
    pub peer_candidates: usize,
    /// What a refused client is told to wait.
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
