//! What is usual for a service at an hour of the week: the typical of the same hour in the weeks
//! before, else of the days before, else the hour before.
//!
//! Typical is the median over those hours, so that one bad week does not become the measure.

use crate::{answer::Basis, tally::Tally, verdict::FEWEST};
use std::time::Duration;

/// What is usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usual {
    /// Failing share, 0 to 1.
    pub error_share: f64,
    /// Slow share, 0 to 1.
    pub slow_share: f64,
    /// 95th percentile.
    pub p95: Option<Duration>,
    /// Transactions a second.
    pub per_second: f64,
    /// What it was taken from.
    pub basis: Basis,
}

/// Hours of one service to take the usual from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hours {
    /// The same hour of the week, the last week first.
    pub weeks: Vec<Tally>,
    /// The same hour of the days before.
    pub days: Vec<Tally>,
    /// The hour before.
    pub before: Tally,
}

/// An hour.
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
/// Weeks of the same hour from which they are the measure.
const WEEKS_FEWEST: usize = 2;

impl Hours {
    /// The usual of the best basis that has enough; `None` when none has.
    pub fn usual(&self) -> Option<Usual> {
        let enough = |hours: &[Tally]| -> Vec<Tally> {
            let known = hours.iter().filter(|hour| hour.counts.total() >= FEWEST);
            known.cloned().collect()
        };
        let weeks = enough(&self.weeks);
        if weeks.len() >= WEEKS_FEWEST {
            let basis = Basis::HourOfWeek {
                weeks: count(&weeks),
            };
            return typical(&weeks, basis);
        }
        let days = enough(&self.days);
        if !days.is_empty() {
            let basis = Basis::HourOfDay { days: count(&days) };
            return typical(&days, basis);
        }
        typical(
            &enough(std::slice::from_ref(&self.before)),
            Basis::HourBefore,
        )
    }
}

fn count(hours: &[Tally]) -> u8 {
    u8::try_from(hours.len()).unwrap_or(u8::MAX)
}

fn typical(hours: &[Tally], basis: Basis) -> Option<Usual> {
    let of = |value: &dyn Fn(&Tally) -> f64| {
        let mut values: Vec<f64> = hours.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        // Of two, the better one.
        values.get(values.len().saturating_sub(1) / 2).copied()
    };
    let share = |part: u64, hour: &Tally| part as f64 / hour.counts.total().max(1) as f64;
    let mut p95: Vec<Duration> = hours
        .iter()
        .filter_map(|hour| hour.quantile(0.95))
        .collect();
    p95.sort_unstable();
    Some(Usual {
        error_share: of(&|hour| share(hour.counts.error, hour))?,
        slow_share: of(&|hour| share(hour.counts.slow, hour))?,
        p95: p95.get(p95.len().saturating_sub(1) / 2).copied(),
        per_second: of(&|hour| hour.counts.total() as f64 / HOUR.as_secs_f64())?,
        basis,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Counts;

    fn hour(ok: u64, error: u64) -> Tally {
        let counts = Counts { ok, slow: 0, error };
        Tally::sample(counts, Duration::from_millis(ok / 10))
    }

    #[test]
    fn weeks_are_the_measure_before_days_before_the_hour_before() {
        let mut hours = Hours {
            before: hour(1_000, 10),
            ..Hours::default()
        };
        let basis = |hours: &Hours| hours.usual().map(|usual| usual.basis);
        assert_eq!(basis(&hours), Some(Basis::HourBefore));
        hours.days = vec![hour(1_000, 0), hour(5, 5)];
        assert_eq!(basis(&hours), Some(Basis::HourOfDay { days: 1 }));
        hours.weeks = vec![hour(1_000, 0)];
        assert_eq!(basis(&hours), Some(Basis::HourOfDay { days: 1 }));
        hours.weeks.push(hour(2_000, 0));
        assert_eq!(basis(&hours), Some(Basis::HourOfWeek { weeks: 2 }));
        assert_eq!(basis(&Hours::default()), None);
    }

    #[test]
    fn one_bad_week_is_not_the_measure() {
        let hours = Hours {
            weeks: vec![hour(1_000, 0), hour(500, 500), hour(990, 10)],
            ..Hours::default()
        };
        let usual = hours.usual().unwrap();
        assert!((usual.error_share - 0.01).abs() < 1e-9, "{usual:?}");
        assert!((usual.per_second - 1_000.0 / 3_600.0).abs() < 1e-9);
    }
}
