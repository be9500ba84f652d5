//! Limits of the registry.

use std::time::Duration;

/// Limits of the registry: how much it remembers of a project, all of it in memory too, and how long
/// it waits for its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistryLimits {
    /// Number of services that are remembered per project; each environment counts separately.
    /// Default 10 000: five times the number that admission distinguishes at once. Beyond it, services
    /// that were silent for the longest time are forgotten, but their data stay.
    pub services: usize,
    /// Number of services that are forgotten at once. Default 1000, so that not every new service
    /// needs a search of all of them.
    pub services_forgotten: usize,
    /// Number of versions per service. Default 1000. Beyond it the version that was first seen
    /// earliest is forgotten.
    pub versions_of_service: usize,
    /// Number of versions of all services of a project together. Default 100 000. Beyond it the
    /// service with the most versions forgets the older half of them.
    pub versions: usize,
    /// Number of services per project with labels. Default 10 000. Beyond it no service's labels are
    /// learned.
    pub labelled_services: usize,
    /// Number of hosts per project that are remembered as services. Default 10 000. A new host
    /// replaces the one that was not seen for the longest time.
    pub peers: usize,
    /// Number of reported deployments that are kept per project. Default 10 000: thirty a day for a
    /// year. A new one replaces the one that was reported first.
    pub deployments: usize,
    /// Number of attributes that can be promoted in a project. Default 16: each costs a column and
    /// a bloom filter in every row group. Beyond it [`hinomi_store::PromoteError::TooMany`].
    pub promoted_attributes: usize,
    /// Number of services per project that have settings. Default 10 000. Beyond it a setting of
    /// another service is refused.
    pub service_settings: usize,
    /// Bytes of the texts that identify a row, such as service, namespace, environment and version.
    /// Default 2000: PostgreSQL refuses index entries over 2704 bytes. A longer name is remembered
    /// until the end of the process only.
    pub key_bytes: usize,
    /// How long a change may take until it counts as failed. Default 5 s: a flush waits for it.
    pub write_time: Duration,
    /// After a failure, learned names are not written for this time. Default 10 s: a database that does
    /// not answer delays a flush at most this often.
    pub retry_pause: Duration,
    /// How long the start waits for the database. Default 30 s: PostgreSQL may be starting too.
    pub open_time: Duration,
}

impl Default for RegistryLimits {
    fn default() -> Self {
        Self {
            services: 10_000,
            services_forgotten: 1_000,
            versions_of_service: 1_000,
            versions: 100_000,
            labelled_services: 10_000,
            peers: 10_000,
            deployments: 10_000,
            promoted_attributes: 16,
            service_settings: 10_000,
            key_bytes: 2_000,
            write_time: Duration::from_secs(5),
            retry_pause: Duration::from_secs(10),
            open_time: Duration::from_secs(30),
        }
    }
}
