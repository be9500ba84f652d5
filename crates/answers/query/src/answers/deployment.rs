//! Answers about deployments.

use super::{Lost, Quantiles, Top};
use crate::tally::{quantiles, quantiles_of};
use hinomi_model::{LatencyHistogram, Text, TimeRange, UnixNanos, rollup::ServiceKey};
use hinomi_store::RollupSum;
use std::time::Duration;

/// A change of what runs: a version that was seen for the first time, or a deployment that someone
/// told us of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// `service.name`.
    pub service: Text,
    /// `service.namespace`, may be empty.
    pub namespace: Text,
    /// `deployment.environment.name`, may be empty.
    pub environment: Text,
    /// Deployed version; may be empty for a deployment that someone told us of.
    pub version: Text,
    /// The version that ran before, when it is known.
    pub previous: Option<Text>,
    /// When the first transaction of the version ended; without one, the time that was told.
    pub at: UnixNanos,
    /// Label that was told with it, may be empty.
    pub label: Text,
    /// The times that were told for it, in the order in which they arrived.
    pub told: Vec<UnixNanos>,
    /// Whether the version was seen for the first time at `at`.
    pub seen: bool,
}

impl Deployment {
    /// Id in URLs, unique within the service: the version when it is new, else the time.
    pub fn id(&self) -> String {
        if self.is_by_time() {
            by_time(self.at)
        } else {
            self.version.to_string()
        }
    }

    /// Whether old and new are told apart by time instead of by version, because there is no
    /// version or the version had run before.
    pub fn is_by_time(&self) -> bool {
        !self.seen
    }

    /// Whether a URL with `id` means this deployment. Besides its present id, the id by time is
    /// accepted: the deployment had that id after it was told and before its version was seen.
    pub(crate) fn answers_to(&self, id: &str) -> bool {
        self.id() == id || self.told.iter().any(|at| by_time(*at) == id)
    }

    pub(crate) fn is_of(&self, service: &ServiceKey) -> bool {
        self.service == service.service
            && self.namespace == service.namespace
            && self.environment == service.environment
    }
}

fn by_time(at: UnixNanos) -> String {
    format!("at-{}", at.millis())
}

/// The transactions of one version.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VersionSide {
    /// Their durations.
    pub latency: LatencyHistogram,
    /// How many failed.
    pub errors: u64,
}

/// The old and the new version's transactions in one step of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VersionStep {
    /// Transactions of the versions that ran before.
    pub old: VersionSide,
    /// Transactions of the deployed version.
    pub new: VersionSide,
    /// Whether calls to other hosts failed at that time through no fault of the service. Then the step
    /// tells nothing about the version.
    pub is_troubled: bool,
}

/// The old and the new version of one deployment, compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The deployment.
    pub deployment: Deployment,
    /// The compared time before the deployment.
    pub before: TimeRange,
    /// The compared time since the deployment.
    pub since: TimeRange,
    /// Width of a step: 5 s, or one minute when rollups of 5 s are no longer kept.
    pub step: Duration,
    /// The steps before the deployment.
    pub steps_before: Vec<VersionStep>,
    /// The steps since the deployment.
    pub steps_since: Vec<VersionStep>,
    /// Whether the compared time is not over yet.
    pub running: bool,
    /// Old and new by operation, the largest total time first.
    pub operations: Top<DeployedRow>,
    /// Database and cache calls per transaction: before and since.
    pub statements_per_request: (f64, f64),
    /// Error types that did not occur in the day before, each with its operation.
    pub new_errors: Top<NewThing>,
    /// Statements that did not occur in the day before, each with its database.
    pub new_statements: Top<NewThing>,
    /// External hosts that were not called in the day before.
    pub new_externals: Top<NewThing>,
    /// Damaged data that is missing from the comparison; empty when it is complete.
    pub lost: Vec<Lost>,
}

/// One operation's row: the old and the new version.
#[derive(Debug, Clone, PartialEq)]
pub struct DeployedRow {
    /// The operation.
    pub key: Text,
    /// The old versions' transactions.
    pub old: DeployedSide,
    /// The new version's transactions.
    pub new: DeployedSide,
}

/// The numbers of one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeployedSide {
    /// Number of transactions.
    pub count: u64,
    /// How many failed.
    pub errors: u64,
    /// Their latency.
    pub latency: Quantiles,
}

impl DeployedSide {
    pub(crate) fn of(sum: &RollupSum) -> Self {
        Self {
            count: sum.count,
            errors: sum.errors,
            latency: quantiles(&sum.latency),
        }
    }

    /// The sum of several sides.
    pub fn of_all<'a>(sides: impl Iterator<Item = &'a VersionSide>) -> Self {
        let mut whole = VersionSide::default();
        for side in sides {
            whole.latency.merge(&side.latency);
            whole.errors += side.errors;
        }
        Self {
            count: whole.latency.count(),
            errors: whole.errors,
            latency: quantiles_of(&whole.latency),
        }
    }
}

/// An error type, statement or host that did not occur before the deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewThing {
    /// Error type, statement or host.
    pub key: Text,
    /// Operation of an error, database of a statement.
    pub detail: Text,
    /// Number of occurrences since the deployment.
    pub count: u64,
}
