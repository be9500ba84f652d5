//! The truth about a service: its traffic compared with the traffic of the same seed in a world
//! without faults and harmful releases.
//!
//! Where nothing happens, both worlds have the same requests with the same durations. So a
//! difference is never chance; it is what faults and releases did.

use hinomi_sim::{SimSpan, SpanKind, Workload};
use std::collections::{BTreeMap, VecDeque};

/// The truth looks back this far, in nanoseconds.
pub const LOOKS_BACK_NS: i64 = 30_000_000_000;
/// Fewer transactions than this do not show that a service is bad.
const FEWEST: usize = 10;
/// A service is bad when the failing share is higher by this much…
const BAD_FAILING: f64 = 0.05;
/// …or when the 95th percentile is this many times as high.
const BAD_SLOWER: f64 = 3.0;
/// A service is fine when the failing share is higher by less than this…
const FINE_FAILING: f64 = 0.01;
/// …and the 95th percentile is less than this many times as high.
const FINE_SLOWER: f64 = 1.3;

/// The truth about a service at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// Much worse than without faults. Whoever says so is right.
    Bad,
    /// Neither bad nor fine. What is said counts neither for nor against anyone.
    Between,
    /// As without faults. Whoever says bad is wrong.
    Fine,
}

/// A transaction that ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ended {
    /// End, in Unix nanoseconds.
    pub at: i64,
    /// Duration in nanoseconds.
    pub took: i64,
    /// Whether it failed.
    pub failed: bool,
}

impl Ended {
    /// The transaction of a span, as far as services are judged by it: a request or a message, but
    /// no probe and no job.
    pub(crate) fn of(span: &SimSpan) -> Option<Self> {
        let is_judged = matches!(span.kind, SpanKind::Server | SpanKind::Consumer);
        (is_judged && span.name != "GET /healthz").then_some(Self {
            at: span.end_unix_ns,
            took: span.duration_ns(),
            failed: span.failed,
        })
    }
}

/// The transactions of the last 30 s, in the order of their ends.
#[derive(Debug, Clone, Default)]
pub struct Window(VecDeque<Ended>);

impl Window {
    /// Adds the transaction that ended next.
    pub fn add(&mut self, ended: Ended) {
        self.0.push_back(ended);
    }

    /// Forgets what ended more than 30 s before `now`.
    pub fn forget(&mut self, now: i64) {
        while self
            .0
            .front()
            .is_some_and(|first| first.at < now - LOOKS_BACK_NS)
        {
            self.0.pop_front();
        }
    }

    /// Number of transactions.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    fn failing(&self) -> f64 {
        let failed = self.0.iter().filter(|ended| ended.failed).count();
        failed as f64 / self.0.len().max(1) as f64
    }

    fn p95(&self) -> Option<i64> {
        p95(self.0.iter().map(|ended| ended.took).collect())
    }
}

/// The 95th percentile: the smallest value that at least 95 % do not exceed.
pub fn p95(mut values: Vec<i64>) -> Option<i64> {
    let place = (values.len() * 95).div_ceil(100).checked_sub(1)?;
    let (_, value, _) = values.select_nth_unstable(place);
    Some(*value)
}

/// The truth about a service that has this traffic, and would have that traffic without faults.
pub fn truth(actual: &Window, quiet: &Window) -> Truth {
    let more_failing = actual.failing() - quiet.failing();
    let times = match (actual.p95(), quiet.p95()) {
        (Some(actual), Some(quiet)) => actual as f64 / quiet.max(1) as f64,
        (None, None) => return Truth::Fine,
        // Requests hang, or come late: nothing tells how they end.
        _ => return Truth::Between,
    };
    if actual.count() >= FEWEST && (more_failing >= BAD_FAILING || times >= BAD_SLOWER) {
        return Truth::Bad;
    }
    // With half of the requests missing, those that ended do not speak for all.
    let is_whole = actual.count() * 2 > quiet.count();
    if more_failing < FINE_FAILING && times < FINE_SLOWER && is_whole {
        return Truth::Fine;
    }
    Truth::Between
}

/// The last 30 s of every service of a workload.
pub(crate) struct Traffic(BTreeMap<&'static str, Window>);

impl Traffic {
    pub(crate) fn new() -> Self {
        let services = hinomi_sim::SERVICES.iter();
        Self(
            services
                .map(|service| (service.name, Window::default()))
                .collect(),
        )
    }

    /// Adds a span that ended, if it is a transaction.
    pub(crate) fn add(&mut self, workload: &Workload, span: &SimSpan) {
        let (service, _) = workload.maker(span);
        if let Some(ended) = Ended::of(span)
            && let Some(window) = self.0.get_mut(service.name)
        {
            window.add(ended);
        }
    }

    pub(crate) fn forget(&mut self, now: i64) {
        self.0.values_mut().for_each(|window| window.forget(now));
    }

    pub(crate) fn of(&self, service: &str) -> Option<&Window> {
        self.0.get(service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn window(count: usize, failed: usize, took: i64) -> Window {
        let mut window = Window::default();
        for nth in 0..count {
            window.add(Ended {
                at: nth as i64,
                took: took * MS,
                failed: nth < failed,
            });
        }
        window
    }

    fn check(actual: Window, quiet: Window, expected: Truth) {
        assert_eq!(truth(&actual, &quiet), expected);
    }

    #[test]
    fn five_points_more_failures_or_three_times_the_percentile_are_bad() {
        check(window(100, 5, 10), window(100, 0, 10), Truth::Bad);
        check(window(100, 0, 30), window(100, 0, 10), Truth::Bad);
        check(window(100, 5, 10), window(100, 1, 10), Truth::Between);
        check(window(100, 0, 29), window(100, 0, 10), Truth::Between);
    }

    #[test]
    fn less_than_a_point_and_a_third_are_fine() {
        check(window(100, 0, 12), window(100, 0, 10), Truth::Fine);
        check(window(101, 1, 10), window(100, 0, 10), Truth::Fine);
        check(window(100, 1, 10), window(100, 0, 10), Truth::Between);
        check(window(100, 0, 13), window(100, 0, 10), Truth::Between);
        check(window(0, 0, 0), window(0, 0, 0), Truth::Fine);
    }

    #[test]
    fn few_transactions_are_never_bad_and_missing_ones_never_fine() {
        check(window(9, 9, 10), window(9, 0, 10), Truth::Between);
        check(window(0, 0, 0), window(20, 0, 10), Truth::Between);
        check(window(10, 0, 10), window(20, 0, 10), Truth::Between);
    }

    #[test]
    fn what_ended_half_a_minute_ago_is_forgotten() {
        let mut window = Window::default();
        for second in 0..60 {
            window.add(Ended {
                at: second * 1_000 * MS,
                took: MS,
                failed: false,
            });
        }
        window.forget(60_000 * MS);
        assert_eq!(window.count(), 30);
    }

    #[test]
    fn the_percentile_is_a_value_that_occurs() {
        assert_eq!(p95((1..=100).collect()), Some(95));
        assert_eq!(p95(vec![7]), Some(7));
        assert_eq!(p95(vec![]), None);
    }
}
