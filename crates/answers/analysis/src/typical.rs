//! The band that a series is usually in: the values that its columns had at the same time of
//! earlier weeks, else of earlier days, within a quarter of an hour.
//!
//! Uses the same basis as [`crate::usual`], so that "usual" means the same for a chart's band and
//! for a verdict. One earlier day alone gives no band: that would be a comparison with yesterday.

use crate::{
    Analysis,
    answer::{Band, Basis, Typical, TypicalPoint, Usually},
    usual::{DAY, DAYS, FEWEST, WEEKS, WEEKS_FEWEST, count},
};
use hinomi_insight::{rank::nearest_rank, share::share};
use hinomi_model::{Selection, TimeRange, UnixNanos};
use hinomi_query::{Columns, Counted, QueryError, answer::Tally};
use hinomi_store::Resolution;
use std::time::Duration;

const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// Fewest earlier days that give a band.
const DAYS_FEWEST: usize = 2;
/// Up to this length a range is read from minute rollups. For longer ranges that would be too much
/// to read, because about ten earlier times are read too.
const BY_MINUTES: Duration = Duration::from_secs(6 * 3_600);
/// How far values may be from a column's own time.
const AROUND: Duration = Duration::from_secs(15 * 60);
/// Fewest values that give a band.
const VALUES_FEWEST: usize = 2;

impl Analysis {
    /// The usual values over a range.
    pub async fn typical(
        &self,
        counted: &Counted,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Usually, QueryError> {
        if range.length() > WEEK {
            return Ok(Usually::TooLong);
        }
        let finest = match range.length() <= BY_MINUTES {
            true => Resolution::Minute,
            false => Resolution::Hour,
        };
        // No horizon here: retention is checked for each earlier time separately.
        let columns = Columns::covering_from(finest, range, |_| UnixNanos(i64::MIN));
        let margin = AROUND.as_secs() / columns.width.as_secs().max(1);
        let earlier = Earlier {
            columns,
            margin: u32::try_from(margin).unwrap_or(0),
        };
        let weeks = self
            .earlier(counted, selection, earlier, (WEEK, WEEKS))
            .await?;
        if weeks.len() >= WEEKS_FEWEST {
            let basis = Basis::HourOfWeek {
                weeks: count(&weeks),
            };
            return Ok(Usually::Known(earlier.typical(&weeks, basis)));
        }
        if range.length() > DAY {
            return Ok(Usually::TooFew);
        }
        let days = self
            .earlier(counted, selection, earlier, (DAY, DAYS))
            .await?;
        if days.len() < DAYS_FEWEST {
            return Ok(Usually::TooFew);
        }
        let basis = Basis::HourOfDay { days: count(&days) };
        Ok(Usually::Known(earlier.typical(&days, basis)))
    }

    /// The earlier times that have enough data, the most recent first.
    async fn earlier(
        &self,
        counted: &Counted,
        selection: &Selection,
        earlier: Earlier,
        (step, times): (Duration, u32),
    ) -> Result<Vec<Time>, QueryError> {
        let project = &selection.scope.project;
        let width = earlier.columns.width;
        let horizon = self.query.rollups_kept_from(project, width);
        let mut found: Vec<Time> = Vec::new();
        for back in 1..=times {
            let columns = earlier.before(step * back);
            if columns.range.from < horizon {
                continue;
            }
            let tallies = self.query.tallies(counted, selection, columns);
            let (tallies, _) = tallies.await?;
            let margin = earlier.margin as usize;
            let inside = tallies.iter().skip(margin).take(earlier.columns.count());
            let total: u64 = inside.map(|tally| tally.counts.total()).sum();
            if total >= FEWEST {
                let values = tallies.iter().map(|tally| Value::of(tally, columns.width));
                found.push(values.map(Some).collect());
            }
        }
        if let Some(oldest) = found.last_mut() {
            // Before the first data nothing tells whether there was anything to count.
            let silent = |value: &&mut Option<Value>| value.is_none_or(|value| value.rate == 0.0);
            oldest
                .iter_mut()
                .take_while(silent)
                .for_each(|value| *value = None);
        }
        Ok(found)
    }
}

/// The columns of one earlier time, with its margins.
type Time = Vec<Option<Value>>;

/// The columns of a series, and how many columns more are read on either side at earlier times.
#[derive(Debug, Clone, Copy)]
struct Earlier {
    columns: Columns,
    margin: u32,
}

impl Earlier {
    /// The same columns `back` earlier, with their margins.
    fn before(&self, back: Duration) -> Columns {
        let Columns { range, width } = self.columns;
        let margin = width * self.margin;
        let from = range.from.minus(back).minus(margin);
        Columns {
            range: TimeRange::new(from, range.to.minus(back).plus(margin)),
            width,
        }
    }

    fn typical(&self, times: &[Time], basis: Basis) -> Typical {
        let Columns { range, width } = self.columns;
        let points = (0..self.columns.count()).map(|index| {
            let near = index..=index + 2 * self.margin as usize;
            let values: Vec<Value> = times
                .iter()
                .filter_map(|time| time.get(near.clone()))
                .flatten()
                .filter_map(|value| *value)
                .collect();
            let of = |value: fn(&Value) -> Option<f64>| band(values.iter().filter_map(value));
            let latency = |value| {
                of(value).map(|band| Band {
                    low: Duration::from_secs_f64(band.low),
                    middle: Duration::from_secs_f64(band.middle),
                    high: Duration::from_secs_f64(band.high),
                })
            };
            TypicalPoint {
                start: self.columns.start(index),
                rate: of(|value| Some(value.rate)),
                p50: latency(|value| value.latency[0]),
                p95: latency(|value| value.latency[1]),
                p99: latency(|value| value.latency[2]),
                error_share: of(|value| value.error_share),
            }
        });
        Typical {
            range,
            column: width,
            basis,
            around: width * self.margin,
            points: points.collect(),
        }
    }
}

/// The values of one column.
#[derive(Debug, Clone, Copy)]
struct Value {
    /// Transactions or calls a second.
    rate: f64,
    /// Quantiles in seconds.
    latency: [Option<f64>; 3],
    error_share: Option<f64>,
}

impl Value {
    fn of(tally: &Tally, width: Duration) -> Self {
        let total = tally.counts.total();
        let latency = tally.quantiles();
        Self {
            rate: total as f64 / width.as_secs_f64().max(1.0),
            latency: [latency.p50, latency.p95, latency.p99]
                .map(|latency| latency.map(|latency| latency.as_secs_f64())),
            error_share: (total > 0).then_some(share(tally.counts.error, total)),
        }
    }
}

fn band(values: impl Iterator<Item = f64>) -> Option<Band<f64>> {
    let mut values: Vec<f64> = values.collect();
    if values.len() < VALUES_FEWEST {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    Some(Band {
        low: nearest_rank(&values, 0.1)?,
        middle: nearest_rank(&values, 0.5)?,
        high: nearest_rank(&values, 0.9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use hinomi_query::answer::Counts;

    fn value(ok: u64, error: u64) -> Option<Value> {
        let counts = Counts { ok, slow: 0, error };
        let tally = sample::tally(counts, Duration::from_millis(ok));
        Some(Value::of(&tally, Duration::from_secs(60)))
    }

    fn earlier(margin: u32) -> Earlier {
        let at = |minutes: i64| UnixNanos::from_millis(minutes * 60_000);
        Earlier {
            columns: Columns {
                range: TimeRange::new(at(600), at(603)),
                width: Duration::from_secs(60),
            },
            margin,
        }
    }

    #[test]
    fn eight_of_ten_values_are_inside() {
        let band = band((0..=10).map(f64::from)).unwrap();
        assert_eq!((band.low, band.middle, band.high), (1.0, 5.0, 9.0));
        assert_eq!(super::band(std::iter::once(3.0)), None);
    }

    #[test]
    fn an_earlier_time_has_its_margins() {
        let before = earlier(15).before(DAY);
        assert_eq!(before.count(), 33);
        let from = earlier(15).columns.range.from;
        assert_eq!(before.range.from.plus(DAY), from.minus(AROUND));
        // The columns are the same ones, a day earlier.
        assert_eq!(before.start(15).plus(DAY), from);
    }

    #[test]
    fn a_column_is_held_against_those_around_it_of_all_times() {
        let times = [
            vec![
                value(60, 0),
                value(120, 0),
                value(180, 0),
                value(240, 0),
                value(300, 0),
            ],
            vec![
                None,
                None,
                value(180, 0),
                value(240, 60),
                value(6_000, 6_000),
            ],
        ];
        let typical = earlier(1).typical(&times, Basis::HourOfDay { days: 2 });
        assert_eq!(typical.points.len(), 3);
        assert_eq!(typical.around, Duration::from_secs(60));
        let first = typical.points[0].rate.unwrap();
        assert_eq!((first.low, first.middle, first.high), (1.0, 3.0, 3.0));
        let second = typical.points[1];
        // Values 2, 3 and 4 a second at one time; 3 and 5 at the other, which has no data before.
        assert_eq!(second.rate.unwrap().middle, 3.0);
        assert_eq!(second.error_share.unwrap().low, 0.0);
        assert_eq!(second.error_share.unwrap().high, 0.2);
        assert!(second.p95.unwrap().low >= Duration::from_millis(119));
    }
}
