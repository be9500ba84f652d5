//! Comparisons for tests.

use super::{RANGE, statistics};
use hinomi_model::TimeRange;
use hinomi_query::answer::{Compared, ComparedRow, Statistic};
use std::time::Duration;

/// The first `count` rows of a statistic, compared with the day before. The last row is new.
pub fn compared(statistic: Statistic, count: usize) -> Compared {
    let rows = statistics(statistic, count);
    let last = rows.len().saturating_sub(1);
    let rows = rows.into_iter().enumerate().map(|(index, now)| {
        let mut before = now.clone();
        before.count = before.count * (index as u64 + 2) / 3;
        before.errors /= 4;
        before.total = before.total.mul_f64(0.7);
        before.latency.p95 = before.latency.p95.map(|p95| p95.mul_f64(0.5));
        ComparedRow {
            service: "checkout".into(),
            before: (index < last).then_some(before),
            trend: (0..30).map(|at| Some(f64::from(at % 7) + 3.0)).collect(),
            now,
        }
    });
    let day = Duration::from_secs(86_400);
    Compared {
        range: RANGE,
        against: Some(TimeRange::new(RANGE.from.minus(day), RANGE.to.minus(day))),
        rows: rows.collect(),
        gone: Vec::new(),
        lost: Vec::new(),
    }
}
