//! Answers about deployments.

use super::{Lost, Quantiles, Top};
use crate::tally::quantiles;
use hinomi_model::{LatencyHistogram, Text, TimeRange, UnixNanos, rollup::ServiceKey};
use hinomi_store::RollupSum;
use std::time::Duration;

/// A change of what runs: a new version that was seen, or one that someone told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// `service.name`.
    pub service: Text,
    /// `service.namespace`, may be empty.
    pub namespace: Text,
    /// `deployment.environment.name`, may be empty.
    pub environment: Text,
    /// The version, may be empty when someone told of it.
    pub version: Text,
    /// The version before, as far as it is known.
    pub previous: Option<Text>,
    /// When the first transaction of the version ended, else when it was told to have been.
    pub at: UnixNanos,
    /// What was told about it, may be empty.
    pub label: Text,
    /// The times that someone told of it with, the first that was told first.
    pub told: Vec<UnixNanos>,
    /// Whether its version was seen for the first time then.
    pub seen: bool,
}

impl Deployment {
    /// What addresses name it by, beside its service: the version where that is new, else the time.
    pub fn id(&self) -> String {
        if self.is_by_time() {
            by_time(self.at)
        } else {
            self.version.to_string()
        }
    }

    /// Whether old and new are told apart by time and not by version: there is none, or it had run
    /// before.
    pub fn is_by_time(&self) -> bool {
        !self.seen
    }

    /// Whether addresses may name it so: by its id, or as it was named between being told of and the
    /// first transaction of its version.
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

/// Transactions of one version.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VersionSide {
    /// Their durations.
    pub latency: LatencyHistogram,
    /// How many failed.
    pub errors: u64,
}

/// One step of time: what the old and the new version answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VersionStep {
    /// The versions before.
    pub old: VersionSide,
    /// The deployed one.
    pub new: VersionSide,
}

/// Old and new of one deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Which.
    pub deployment: Deployment,
    /// The time before that is compared.
    pub before: TimeRange,
    /// The time since that is.
    pub since: TimeRange,
    /// Width of a step: 5 s, or a minute where those are gone.
    pub step: Duration,
    /// Steps before.
    pub steps_before: Vec<VersionStep>,
    /// Steps since.
    pub steps_since: Vec<VersionStep>,
    /// Whether more is to come.
    pub running: bool,
    /// By operation, the most time first.
    pub operations: Top<DeployedRow>,
    /// Database and cache calls a transaction, before and since.
    pub statements_per_request: (f64, f64),
    /// Types of errors that were not there in the day before, each with its operation.
    pub new_errors: Top<NewThing>,
    /// Statements that were not, each with its database.
    pub new_statements: Top<NewThing>,
    /// External hosts that were not.
    pub new_externals: Top<NewThing>,
    /// What is missing; empty when nothing is.
    pub lost: Vec<Lost>,
}

/// One row, old and new.
#[derive(Debug, Clone, PartialEq)]
pub struct DeployedRow {
    /// The operation.
    pub key: Text,
    /// Of the old versions.
    pub old: DeployedSide,
    /// Of the new one.
    pub new: DeployedSide,
}

/// The numbers of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeployedSide {
    /// How many.
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

    /// Of all of some sides.
    pub fn of_all<'a>(sides: impl Iterator<Item = &'a VersionSide>) -> Self {
        let mut whole = VersionSide::default();
        for side in sides {
            whole.latency.merge(&side.latency);
            whole.errors += side.errors;
        }
        Self {
            count: whole.latency.count(),
            errors: whole.errors,
            latency: of_histogram(&whole.latency),
        }
    }
}

fn of_histogram(latency: &LatencyHistogram) -> Quantiles {
    Quantiles {
        p50: latency.quantile(0.50),
        p95: latency.quantile(0.95),
        p99: latency.quantile(0.99),
    }
}

/// Something that was not there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewThing {
    /// Error type, statement or host.
    pub key: Text,
    /// Operation of an error, database of a statement.
    pub detail: Text,
    /// How often since.
    pub count: u64,
}
