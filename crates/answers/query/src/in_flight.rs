//! How many transactions ran at the same time, computed from the end and the duration of each.
//!
//! A span arrives when it ends, so transactions that still run are in no answer. Over a range, the
//! last columns can therefore still rise. "Now" is an instant so long ago that nearly all
//! transactions that ran then have ended.

use crate::{
    Query, QueryError,
    answers::{AGE_SECONDS, AGES, InFlight, InFlightPoint, Lost, Running},
    columns::Columns,
    source::Asked,
};
use hinomi_model::{DurationRange, LatencySum, Selection, TimeRange, UnixNanos, time::nanos};
use hinomi_store::{Dimensions, Families, Measures, Steps, TransactionSearch};
use std::time::Duration;

/// The longest range whose transactions are read one by one.
const EXACT_LONGEST: Duration = Duration::from_secs(3_600);
/// Search windows after a range, in seconds after its end: `(from, to)`. A transaction that began
/// inside the range may end after it. In each window only transactions that took at least `from`
/// seconds can have done so, so little is read. Transactions that end up to a day later are found.
const LATER: [(u64, u64); 5] = [
    (0, 10),
    (10, 100),
    (100, 1_000),
    (1_000, 10_000),
    (10_000, 86_400),
];
/// Least and largest distance of "now" from the present. Closer to the present, too few
/// transactions have ended; further away, the numbers are no longer of interest.
const LAG: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));
/// The transactions that ended within this time tell how long transactions take at present.
const AT_PRESENT: Duration = Duration::from_secs(60);
/// The distance of "now" is chosen so that this share of the transactions takes less.
const ENDED: f64 = 0.99;

/// End and duration of a transaction.
type Time = (UnixNanos, Duration);

impl Query {
    /// How many transactions ran at the same time over a range. The answer is exact where single
    /// transactions are kept and are not too many; elsewhere it has means.
    pub async fn in_flight(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<InFlight, QueryError> {
        let columns = self.columns_of(&selection.scope.project, range);
        let found = match self.is_kept(selection, columns.range) {
            true => self.ran_in(selection, columns.range).await?,
            false => None,
        };
        let exact = found.is_some();
        let (points, lost) = match found {
            Some((times, lost)) => (count(&times, &columns), lost),
            None => self.means(selection, columns).await?,
        };
        Ok(InFlight {
            range: columns.range,
            column: columns.width,
            exact,
            points,
            lost,
        })
    }

    /// The transactions that ran at a recent instant, by age.
    pub async fn running(&self, selection: &Selection) -> Result<Running, QueryError> {
        let now = self.now();
        let lag = self.lag(selection, now).await?;
        let at = now.minus(lag);
        // Clocks of agents may be ahead of ours, so the range has no end.
        let since = TimeRange::new(at, UnixNanos(i64::MAX));
        let found = self.times(selection, since, Duration::ZERO).await?;
        let (ages, lost) = match found {
            None => (None, Vec::new()),
            Some((times, lost)) => (Some(ages(&times, at)), lost),
        };
        Ok(Running {
            at,
            lag,
            ages,
            active: self.live.active(selection, now),
            lost,
        })
    }

    fn is_kept(&self, selection: &Selection, range: TimeRange) -> bool {
        let horizon = self.store.transactions_kept_from(&selection.scope.project);
        range.length() <= EXACT_LONGEST && horizon.is_none_or(|horizon| horizon <= range.from)
    }

    /// The transactions that ran in a range; `None` when there are too many.
    async fn ran_in(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Option<(Vec<Time>, Vec<Lost>)>, QueryError> {
        let Some((mut times, mut lost)) = self.times(selection, range, Duration::ZERO).await?
        else {
            return Ok(None);
        };
        for (from, to) in
            LATER.map(|(from, to)| (Duration::from_secs(from), Duration::from_secs(to)))
        {
            let later = TimeRange::new(range.to.plus(from), range.to.plus(to));
            if later.from > self.now() {
                break;
            }
            let Some((more, missing)) = self.times(selection, later, from).await? else {
                return Ok(None);
            };
            times.extend(more);
            lost.extend(missing);
        }
        Ok(Some((times, lost)))
    }

    /// End and duration of the transactions that ended in a range and took at least `least`; `None`
    /// when there are too many.
    async fn times(
        &self,
        selection: &Selection,
        range: TimeRange,
        least: Duration,
    ) -> Result<Option<(Vec<Time>, Vec<Lost>)>, QueryError> {
        let search = TransactionSearch {
            selection: selection.clone(),
            range,
            duration: DurationRange {
                min: Some(least),
                max: None,
            },
            slow_threshold: self.slow_threshold_of_selection(selection),
            text: None,
            terms: Vec::new(),
            after: None,
            limit: 0,
        };
        let found = self.store.transaction_times(search).await?;
        Ok(found.map(|found| (found.times, found.lost)))
    }

    /// Means, computed from rollups.
    async fn means(
        &self,
        selection: &Selection,
        columns: Columns,
    ) -> Result<(Vec<InFlightPoint>, Vec<Lost>), QueryError> {
        let asked = transactions(selection, Measures::COUNTS);
        let found = self.rollups_by_column(&asked, &columns).await?;
        let mut totals = vec![Duration::ZERO; columns.count()];
        for (column, sum) in found.groups.iter().flat_map(|group| &group.steps) {
            if let Some(total) = totals.get_mut(*column as usize) {
                *total = total.saturating_add(sum.total());
            }
        }
        let points = totals
            .into_iter()
            .enumerate()
            .map(|(index, total)| InFlightPoint {
                start: columns.start(index),
                mean: total.div_duration_f64(columns.width),
                max: None,
            });
        Ok((points.collect(), found.lost))
    }

    /// How long ago an instant must be so that nearly all transactions that ran then have ended.
    async fn lag(&self, selection: &Selection, now: UnixNanos) -> Result<Duration, QueryError> {
        let range = TimeRange::new(now.minus(AT_PRESENT), now).widened(WIDTH);
        let asked = transactions(selection, Measures::LATENCY);
        let found = self.rollups(asked.over(range, WIDTH, Steps::Whole)).await?;
        let mut latency = LatencySum::new();
        for group in found.groups {
            latency.merge(&group.into_whole().latency);
        }
        let [longest] = latency.quantiles([ENDED]);
        Ok(longest.unwrap_or_default().clamp(LAG.0, LAG.1))
    }
}

const WIDTH: Duration = hinomi_model::hitmap::COLUMN;

/// The selection's transactions, all together.
fn transactions(selection: &Selection, measures: Measures) -> Asked {
    let (families, by) = (Families::TRANSACTIONS, Dimensions::NONE);
    Asked::new(selection, families, by, measures)
}

/// How many transactions ran in each column. A transaction runs from its start until just before
/// its end.
fn count(times: &[Time], columns: &Columns) -> Vec<InFlightPoint> {
    let mut changes: Vec<(UnixNanos, i64)> = Vec::with_capacity(2 * times.len());
    for (end, duration) in times {
        let start = end.minus(*duration);
        if start < *end && start < columns.range.to && *end > columns.range.from {
            changes.push((start.max(columns.range.from), 1));
            changes.push((*end, -1));
        }
    }
    // Sorted so that at one instant the ends come first: a transaction does not run at its end.
    changes.sort_unstable();
    let mut changes = changes.into_iter().peekable();
    let mut running = 0_i64;
    (0..columns.count())
        .map(|index| {
            let start = columns.start(index);
            let end = start.plus(columns.width);
            // At the start of a column, the maximum is only known after all changes at that instant
            // are applied.
            let mut most = None;
            let (mut at, mut spent) = (start, 0.0);
            while let Some((change, by)) = changes.next_if(|(change, _)| *change < end) {
                if change > at {
                    most = most.max(Some(running));
                    spent += running as f64 * change.since(at).as_secs_f64();
                    at = change;
                }
                running += by;
            }
            most = most.max(Some(running));
            spent += running as f64 * end.since(at).as_secs_f64();
            InFlightPoint {
                start,
                mean: spent / columns.width.as_secs_f64().max(f64::MIN_POSITIVE),
                max: most.map(|most| u64::try_from(most).unwrap_or(0)),
            }
        })
        .collect()
}

/// How many transactions ran at an instant, by their age at that instant.
fn ages(times: &[Time], at: UnixNanos) -> [u64; AGES] {
    let mut counts = [0; AGES];
    for (end, duration) in times {
        let start = end.minus(*duration);
        if start <= at && at < *end {
            let age = Duration::from_nanos(nanos(at.since(start)).cast_unsigned());
            let of = AGE_SECONDS.partition_point(|least| Duration::from_secs(*least) <= age);
            counts[of.saturating_sub(1)] += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> UnixNanos {
        UnixNanos::from_millis(1_700_000_000_000 + millis)
    }

    fn columns(count: i64, millis: u64) -> Columns {
        Columns {
            range: TimeRange::new(at(0), at(count * millis.cast_signed())),
            width: Duration::from_millis(millis),
        }
    }

    fn time((end, duration): (i64, u64)) -> Time {
        (at(end), Duration::from_millis(duration))
    }

    /// The definition: transactions that had begun and not ended.
    fn running_at(times: &[Time], instant: UnixNanos) -> u64 {
        let runs = |(end, duration): &&Time| end.minus(*duration) <= instant && instant < *end;
        times.iter().filter(runs).count() as u64
    }

    proptest! {
        #[test]
        fn every_column_is_what_a_recount_finds(
            times in prop::collection::vec((-30_i64..160, 0_u64..120), 0..40),
            width in 1_u64..40,
        ) {
            let times: Vec<Time> = times.into_iter().map(time).collect();
            let columns = columns(5, width);
            let points = count(&times, &columns);
            prop_assert_eq!(points.len(), 5);
            for (index, point) in points.iter().enumerate() {
                let start = columns.start(index);
                // Times are whole milliseconds, so the number does not change between two of them.
                let each = (0..width).map(|milli| start.plus(Duration::from_millis(milli)));
                let counts: Vec<u64> = each.map(|instant| running_at(&times, instant)).collect();
                prop_assert_eq!(point.max, counts.iter().max().copied());
                let mean = counts.iter().sum::<u64>() as f64 / width as f64;
                prop_assert!((point.mean - mean).abs() < 1e-6, "{} {}", point.mean, mean);
            }
        }

        #[test]
        fn ages_are_a_recount_by_age(
            times in prop::collection::vec((0_i64..20_000, 0_u64..30_000), 0..60),
            instant in 0_i64..20_000,
        ) {
            let times: Vec<Time> = times.into_iter().map(time).collect();
            let counts = ages(&times, at(instant));
            prop_assert_eq!(counts.iter().sum::<u64>(), running_at(&times, at(instant)));
            let older = times.iter().filter(|(end, duration)| {
                let start = end.minus(*duration);
                at(instant) < *end && start.plus(Duration::from_secs(8)) <= at(instant)
            });
            prop_assert_eq!(counts[3], older.count() as u64);
        }
    }

    #[test]
    fn one_that_ends_as_another_begins_does_not_run_beside_it() {
        let points = count(&[time((10, 10)), time((20, 10))], &columns(2, 10));
        assert_eq!((points[0].max, points[0].mean), (Some(1), 1.0));
        assert_eq!((points[1].max, points[1].mean), (Some(1), 1.0));
    }

    #[test]
    fn ages_begin_with_their_least_second() {
        let of = |age: u64| {
            let begun = -age.cast_signed();
            ages(&[(at(1), at(1).since(at(begun)))], at(0))
        };
        assert_eq!(of(999), [1, 0, 0, 0]);
        assert_eq!(of(1_000), [0, 1, 0, 0]);
        assert_eq!(of(3_000), [0, 0, 1, 0]);
        assert_eq!(of(8_000), [0, 0, 0, 1]);
    }
}
