//! What is usual for a service at an hour of the week: the typical values of the same hour in
//! earlier weeks, else of the same hour on earlier days, else those of the hour before.
//!
//! The typical value is the median over those hours, of two values the lower one, so that one bad
//! week does not count.

use crate::{Analysis, answer::Basis};
use hinomi_insight::{
    rank::{lower_median, nearest_rank},
    share::share,
};
use hinomi_model::{Scope, Selection, Text, TimeRange, UnixNanos, rollup::ServiceKey};
use hinomi_query::{QueryError, answer::Tally};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Fewer transactions than this are neither judged nor usual.
pub(crate) const FEWEST: u64 = 20;
/// The usual values of one service.
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
    /// The earlier time that they were taken from.
    pub basis: Basis,
}

/// The hours of one service that the usual values are computed from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hours {
    /// The same hour of the week in earlier weeks, the most recent first.
    pub weeks: Vec<Tally>,
    /// The same hour on earlier days.
    pub days: Vec<Tally>,
    /// The hour before, in parts.
    pub before: Vec<Tally>,
}

/// The usual values of each service that has enough weeks or days.
pub(crate) type Usuals = HashMap<ServiceKey, Usual>;

/// Cache of the usual values of one hour of each project: the board asks for them every few seconds.
#[derive(Default)]
pub(crate) struct UsualCache(Mutex<HashMap<Text, Kept>>);

struct Kept {
    hour: UnixNanos,
    read: UnixNanos,
    usuals: Arc<Usuals>,
}

/// Fewest parts of the hour before from which the calmer ones are known.
const PARTS_FEWEST: usize = 4;
/// An hour with more failures or slow ones than this is an outage, and no measure.
const MOST_USUAL: f64 = 0.25;
/// The rank among the parts' 95th percentiles that is usual: the middle of the calmer half.
const CALM_RANK: f64 = 0.25;
/// How long cached values are valid.
const KEPT_FOR: Duration = Duration::from_secs(60);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);
/// How many earlier days are read at the same hour.
pub(crate) const DAYS: u32 = 6;
/// How many earlier weeks are read at the same hour.
pub(crate) const WEEKS: u32 = 4;

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
/// Fewest weeks with enough transactions from which weeks are the basis.
pub(crate) const WEEKS_FEWEST: usize = 2;

impl Hours {
    /// Only the hour before is known.
    pub fn before(before: Vec<Tally>) -> Self {
        Self {
            before,
            ..Self::default()
        }
    }

    /// The usual values from the best basis that has enough transactions; `None` when there is
    /// none.
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
        let parts = enough(&self.before);
        let before = if parts.len() >= PARTS_FEWEST {
            calm(&parts)
        } else {
            let mut whole = Tally::default();
            self.before.iter().for_each(|part| whole.merge(part));
            typical(&enough(&[whole]), Basis::HourBefore)
        };
        before.filter(|usual| usual.error_share <= MOST_USUAL && usual.slow_share <= MOST_USUAL)
    }
}

/// Which hour is added up.
#[derive(Clone, Copy)]
enum Hour {
    Week(usize),
    Day(usize),
}

impl Hours {
    /// Adds an hour's transactions.
    fn add(&mut self, which: Hour, tally: Tally) {
        let (list, number) = match which {
            Hour::Week(number) => (&mut self.weeks, number),
            Hour::Day(number) => (&mut self.days, number),
        };
        if list.len() <= number {
            list.resize_with(number + 1, Tally::default);
        }
        list[number] = tally;
    }
}

impl Analysis {
    /// What is usual at the hour of `at` for the services of a project, from earlier weeks and
    /// days.
    pub(crate) async fn usuals(
        &self,
        project: &Text,
        at: UnixNanos,
    ) -> Result<Arc<Usuals>, QueryError> {
        let (hour, now) = (at.floor(HOUR), self.query.now());
        if let Some(kept) = self.usual.get(project, hour, now) {
            return Ok(kept);
        }
        let selection = Selection::of(Scope::of(project.clone()));
        let horizon = self.query.rollups_kept_from(project, HOUR);
        let mut hours: HashMap<ServiceKey, Hours> = HashMap::new();
        let weeks = (1..=WEEKS).map(|weeks| (Hour::Week(weeks as usize - 1), DAY * 7 * weeks));
        let days = (1..=DAYS).map(|days| (Hour::Day(days as usize - 1), DAY * days));
        for (which, back) in weeks.chain(days) {
            let from = hour.minus(back);
            if from < horizon {
                continue;
            }
            let range = TimeRange::new(from, from.plus(HOUR));
            let tallies = self.query.tallies_by_service(&selection, range, HOUR);
            for (service, tally) in tallies.await? {
                hours.entry(service).or_default().add(which, tally);
            }
        }
        let usuals = hours
            .into_iter()
            .filter_map(|(key, hours)| Some((key, hours.usual()?)));
        let usuals = Arc::new(usuals.collect::<Usuals>());
        let kept = Kept {
            hour,
            read: now,
            usuals: usuals.clone(),
        };
        self.usual.keep(project.clone(), kept);
        Ok(usuals)
    }
}

impl UsualCache {
    fn get(&self, project: &Text, hour: UnixNanos, now: UnixNanos) -> Option<Arc<Usuals>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(project)
            .filter(|kept| kept.hour == hour && kept.is_valid(now))
            .map(|kept| kept.usuals.clone())
    }

    fn keep(&self, project: Text, new: Kept) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, kept| kept.is_valid(new.read));
        kept.insert(project, new);
    }
}

impl Kept {
    fn is_valid(&self, now: UnixNanos) -> bool {
        self.read <= now && now.since(self.read) < KEPT_FOR
    }
}

/// The number of hours as [`Basis`] stores it.
pub(crate) fn count<T>(hours: &[T]) -> u8 {
    u8::try_from(hours.len()).unwrap_or(u8::MAX)
}

/// The usual values of the calmer half of an hour's parts: a fault in the hour before is not usual.
fn calm(parts: &[Tally]) -> Option<Usual> {
    let share_of = |part: &dyn Fn(&Tally) -> u64| {
        let mut shares: Vec<(f64, u64, u64)> = parts
            .iter()
            .map(|tally| {
                let (some, all) = (part(tally), tally.counts.total());
                (share(some, all), some, all)
            })
            .collect();
        shares.sort_by(|a, b| a.0.total_cmp(&b.0));
        shares.truncate(parts.len().div_ceil(2));
        let (some, all) = shares
            .iter()
            .fold((0, 0), |sum, one| (sum.0 + one.1, sum.1 + one.2));
        share(some, all)
    };
    let mut p95: Vec<Duration> = parts
        .iter()
        .filter_map(|part| part.quantile(0.95))
        .collect();
    p95.sort_unstable();
    let total: u64 = parts.iter().map(|part| part.counts.total()).sum();
    Some(Usual {
        error_share: share_of(&|part| part.counts.error),
        slow_share: share_of(&|part| part.counts.slow),
        p95: nearest_rank(&p95, CALM_RANK),
        per_second: total as f64 / HOUR.as_secs_f64(),
        basis: Basis::HourBefore,
    })
}

fn typical(hours: &[Tally], basis: Basis) -> Option<Usual> {
    let of = |value: &dyn Fn(&Tally) -> f64| {
        let mut values: Vec<f64> = hours.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        lower_median(&values)
    };
    let mut p95: Vec<Duration> = hours
        .iter()
        .filter_map(|hour| hour.quantile(0.95))
        .collect();
    p95.sort_unstable();
    Some(Usual {
        error_share: of(&|hour| share(hour.counts.error, hour.counts.total()))?,
        slow_share: of(&|hour| share(hour.counts.slow, hour.counts.total()))?,
        p95: lower_median(&p95),
        per_second: of(&|hour| hour.counts.total() as f64 / HOUR.as_secs_f64())?,
        basis,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use hinomi_query::answer::Counts;

    fn hour(ok: u64, error: u64) -> Tally {
        let counts = Counts { ok, slow: 0, error };
        sample::tally(counts, Duration::from_millis(ok / 10))
    }

    #[test]
    fn weeks_are_the_measure_before_days_before_the_hour_before() {
        let mut hours = Hours {
            before: vec![hour(1_000, 10)],
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
    fn a_fault_in_the_hour_before_is_not_the_measure() {
        let mut before = vec![hour(500, 1); 7];
        before.extend(vec![hour(5_000, 2_000); 5]);
        let usual = Hours::before(before).usual().unwrap();
        assert!((usual.error_share - 1.0 / 501.0).abs() < 1e-9, "{usual:?}");
        assert!(usual.p95.unwrap() < Duration::from_millis(60), "{usual:?}");
    }

    #[test]
    fn an_hour_of_outage_is_no_measure() {
        assert_eq!(Hours::before(vec![hour(0, 500); 12]).usual(), None);
        assert!(Hours::before(vec![hour(450, 50); 12]).usual().is_some());
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
