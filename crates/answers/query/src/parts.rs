//! Splits a range at whole hours: the middle is read from hour rollups and the ends from minute
//! rollups. A day is then cheap to read and its ends are exact to the minute.

use crate::columns::Columns;
use hinomi_model::{TimeRange, UnixNanos};
use hinomi_store::Steps;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
/// Shorter ranges are not split: they have too few whole hours.
const SHORTEST: Duration = Duration::from_secs(3 * 3_600);
/// Most points of a trend.
const TREND_POINTS: u32 = 30;

/// The parts that make up the columns' range, each with the width of the rollups that it is read
/// from.
pub(crate) fn parts(columns: &Columns) -> Vec<(TimeRange, Duration)> {
    let TimeRange { from, to } = columns.range;
    let (first, last) = (from.ceil(HOUR), to.floor(HOUR));
    let cut = columns.range.length() >= SHORTEST
        && columns.width.as_secs().is_multiple_of(MINUTE.as_secs())
        && first < last;
    if !cut {
        return vec![(columns.range, columns.width)];
    }
    [
        (TimeRange::new(from, first), MINUTE),
        (TimeRange::new(first, last), HOUR),
        (TimeRange::new(last, to), MINUTE),
    ]
    .into_iter()
    .filter(|(part, _)| part.from < part.to)
    .collect()
}

/// A range divided into at most thirty points, to show a trend. No rollup that [`parts`] reads
/// crosses the edge of a point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trend {
    from: UnixNanos,
    step: Duration,
    range: TimeRange,
}

impl Trend {
    /// The trend over the columns' range.
    pub fn over(columns: &Columns) -> Self {
        let range = columns.range;
        let unit = if parts(columns).len() > 1 {
            HOUR
        } else {
            columns.width
        };
        let from = range.from.floor(unit);
        let units = range.to.since(from).div_duration_f64(unit).ceil() as u32;
        let step = unit.saturating_mul(units.div_ceil(TREND_POINTS).max(1));
        Self { from, step, range }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        let length = self.range.to.since(self.from);
        (length.div_duration_f64(self.step).ceil() as usize).max(1)
    }

    /// The points as steps of an answer.
    pub fn steps(&self) -> Steps {
        Steps::Of {
            from: self.from,
            width: self.step,
        }
    }

    /// Start of a point.
    pub fn start(&self, index: usize) -> UnixNanos {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        self.from.plus(self.step.saturating_mul(index))
    }

    /// Seconds of a point that are inside the range and not in the future; `None` when less than
    /// half of the point is, which is too little for a rate.
    pub fn seconds(&self, index: usize, now: UnixNanos) -> Option<f64> {
        let start = self.start(index);
        let end = start.plus(self.step).min(self.range.to).min(now);
        let covered = end.since(start.max(self.range.from));
        (covered >= self.step / 2).then_some(covered.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixNanos {
        UnixNanos::from_millis(seconds * 1_000)
    }

    fn columns(from: i64, to: i64, width: u64) -> Columns {
        Columns {
            range: TimeRange::new(at(from), at(to)),
            width: Duration::from_secs(width),
        }
    }

    #[test]
    fn parts_are_the_range_without_gap_or_overlap() {
        for (from, to, width) in [
            (0, 600, 5),
            (60, 86_460, 720),
            (3_600, 90_000, 720),
            (720, 11_520, 120),
            (0, 7 * 86_400, 7_200),
            (1_200, 12_000, 300),
        ] {
            let columns = columns(from, to, width);
            let parts = parts(&columns);
            assert_eq!(parts[0].0.from, columns.range.from);
            assert_eq!(parts[parts.len() - 1].0.to, columns.range.to);
            assert!(parts.windows(2).all(|pair| pair[0].0.to == pair[1].0.from));
            for (part, width) in parts {
                let unit = if width.as_secs() >= 3_600 {
                    HOUR
                } else {
                    width.min(MINUTE)
                };
                assert_eq!(part.from, part.from.floor(unit), "{from} {to}");
                assert_eq!(part.to, part.to.floor(unit), "{from} {to}");
            }
        }
    }

    #[test]
    fn a_trend_has_few_points_and_an_hour_is_in_one() {
        for (from, to, width) in [(0, 600, 5), (60, 86_460, 720), (0, 30 * 86_400, 21_600)] {
            let columns = columns(from, to, width);
            let trend = Trend::over(&columns);
            assert!((1..=31).contains(&trend.len()), "{}", trend.len());
            for (part, width) in parts(&columns) {
                let step = width.min(HOUR);
                let mut bucket = part.from;
                while bucket < part.to {
                    let last = bucket.plus(step).minus(Duration::from_nanos(1));
                    let steps = trend.steps();
                    assert_eq!(steps.index(bucket), steps.index(last));
                    assert!((steps.index(last) as usize) < trend.len());
                    bucket = bucket.plus(step);
                }
            }
        }
    }

    #[test]
    fn a_point_that_is_still_filling_has_no_rate() {
        let columns = columns(0, 600, 5);
        let trend = Trend::over(&columns);
        assert_eq!(trend.seconds(0, at(600)), Some(20.0));
        assert_eq!(trend.seconds(29, at(585)), None);
        assert_eq!(trend.seconds(29, at(592)), Some(12.0));
    }
}
