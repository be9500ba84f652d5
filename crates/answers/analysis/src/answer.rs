//! The state of a service: the answer to "is it healthy?".

mod typical;

pub use typical::{Band, Typical, TypicalPoint, Usually};

use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use hinomi_query::answer::{Counts, Quantiles, ServiceLabels, TimelinePoint};
use std::time::Duration;

/// One service on the board.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceSummary {
    /// `service.name`.
    pub service: Text,
    /// `service.namespace`, may be empty.
    pub namespace: Text,
    /// `deployment.environment.name`, may be empty.
    pub environment: Text,
    /// Labels of its resource that say who owns it and where it runs: `team`, `k8s.namespace.name`,
    /// ….
    pub labels: ServiceLabels,
    /// Transactions in the range.
    pub counts: Counts,
    /// Their latency.
    pub latency: Quantiles,
    /// The verdict on the end of the range, and its reason.
    pub health: Health,
    /// One point a column over the range, empty columns included.
    pub timeline: Vec<TimelinePoint>,
}

impl ServiceSummary {
    /// The service.
    pub fn key(&self) -> ServiceKey {
        ServiceKey {
            service: self.service.clone(),
            namespace: self.namespace.clone(),
            environment: self.environment.clone(),
        }
    }
}

/// The state of a service at the end of a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// The verdict on the last minutes of the range.
    pub verdict: Verdict,
    /// What the last time was compared with; `None` when no earlier data is known.
    pub basis: Option<Basis>,
    /// How much time the numbers of the reason are of; `None` unless the verdict is bad or watch.
    pub over: Option<Duration>,
    /// When the trouble began; `None` unless the verdict is bad or watch.
    pub since: Option<Since>,
    /// Whether there were too few transactions to judge shares of them.
    pub few: bool,
}

/// The state of a service. Ordered worst first.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Too many transactions fail, or far too many are slow.
    Bad(Reason),
    /// Some transactions fail, many are slow, all are slower than usual, or there are far fewer
    /// than usual.
    Watch(Reason),
    /// Nothing arrived in the range, but something did before it.
    NoData {
        /// The newest column that holds a transaction.
        last_seen: Option<UnixNanos>,
    },
    /// No trouble was found.
    Ok,
}

/// Why a verdict is not OK. The usual value is `None` when no earlier data is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// This share of the transactions failed (0 to 1).
    Errors {
        /// Share in the last minutes.
        share: f64,
        /// Usual share.
        usual: Option<f64>,
    },
    /// This share of the transactions was slow (0 to 1).
    Slow {
        /// Share in the last minutes.
        share: f64,
        /// Usual share.
        usual: Option<f64>,
    },
    /// The 95th percentile is far above the usual one.
    Slower {
        /// 95th percentile in the last minutes.
        p95: Duration,
        /// Usual 95th percentile.
        usual: Duration,
    },
    /// Far fewer transactions than usual.
    Quiet {
        /// Transactions a second in the last minutes.
        per_second: f64,
        /// Usual transactions a second.
        usual: f64,
    },
}

/// The earlier time that the usual values were taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The same hour of the week, in earlier weeks.
    HourOfWeek {
        /// Number of weeks that had enough transactions.
        weeks: u8,
    },
    /// The same hour of the day, on earlier days.
    HourOfDay {
        /// Number of days that had enough transactions.
        days: u8,
    },
    /// The hour before the range.
    HourBefore,
}

/// The time since which a condition has held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// Start of the minute in which it began.
    pub at: UnixNanos,
    /// Whether `at` is the start of the range, so that the condition may have begun earlier.
    pub or_before: bool,
}
