//! Width of a column: narrow enough to show detail, few enough columns to draw, and always a whole
//! number of the rollups that the column is read from.

use hinomi_model::{TimeRange, UnixNanos};
use hinomi_store::{Resolution, Steps};
use std::time::Duration;

/// Most columns that a range is drawn in. Two more are possible when the ends of the range are not
/// column edges.
const MOST_COLUMNS: u64 = 120;

/// Possible widths in seconds. Each is a multiple of the resolution that it is read from.
const WIDTHS: [u64; 21] = [
    5, 10, 15, 30, 60, 120, 180, 300, 360, 600, 720, 900, 1_800, 3_600, 5_400, 7_200, 10_800,
    21_600, 43_200, 86_400, 604_800,
];

/// The width of a column for a range of this length.
pub fn column_width(length: Duration) -> Duration {
    width_of(length, Resolution::FiveSeconds)
}

/// The width when rollups finer than `finest` are not available.
fn width_of(length: Duration, finest: Resolution) -> Duration {
    let seconds = length.as_secs_f64().ceil() as u64;
    let fits = WIDTHS
        .into_iter()
        .filter(|width| width.is_multiple_of(finest.width().as_secs()))
        .find(|width| seconds.div_ceil(*width) <= MOST_COLUMNS);
    Duration::from_secs(fits.unwrap_or(WIDTHS[WIDTHS.len() - 1]))
}

/// The coarsest stored rollups that columns of this width can be built from.
pub(crate) fn resolution(column: Duration) -> Resolution {
    let of = |unit: u64| column.as_secs().is_multiple_of(unit);
    if of(3_600) {
        Resolution::Hour
    } else if of(60) {
        Resolution::Minute
    } else {
        Resolution::FiveSeconds
    }
}

/// The finest rollups that are worth reading for sums over a range of this length. In a long range,
/// an error of a minute at the ends does not matter; from half a day on, whole hours cover nearly
/// all of the range.
pub(crate) fn finest_for_sums(length: Duration) -> Resolution {
    match length.as_secs() {
        0..1_800 => Resolution::FiveSeconds,
        1_800..43_200 => Resolution::Minute,
        _ => Resolution::Hour,
    }
}

/// The columns of a range, all of one width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// The whole columns: the requested range, widened to column edges.
    pub range: TimeRange,
    /// Width of each.
    pub width: Duration,
}

impl Columns {
    /// The columns that cover `range`: as narrow as its length and retention allow. `horizon` gives
    /// for each resolution the instant before which its rollups have been deleted. When even the
    /// hour rollups have been deleted, the answer has the part that is left.
    pub fn covering(range: TimeRange, horizon: impl Fn(Resolution) -> UnixNanos) -> Self {
        Self::covering_from(Resolution::FiveSeconds, range, horizon)
    }

    /// Like [`Self::covering`], with no columns narrower than rollups of `finest`.
    pub fn covering_from(
        finest: Resolution,
        range: TimeRange,
        horizon: impl Fn(Resolution) -> UnixNanos,
    ) -> Self {
        let of = |finest| {
            let width = width_of(range.length(), finest);
            Self {
                range: range.widened(width),
                width,
            }
        };
        let kept = |columns: &Self| horizon(resolution(columns.width)) <= columns.range.from;
        Resolution::ALL
            .into_iter()
            .filter(|resolution| *resolution >= finest)
            .map(of)
            .find(kept)
            .unwrap_or_else(|| of(Resolution::Hour))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        let width = self.width.as_nanos().max(1);
        usize::try_from(self.range.length().as_nanos() / width).unwrap_or(usize::MAX)
    }

    /// The columns as steps of an answer.
    pub fn steps(&self) -> Steps {
        Steps::Of {
            from: self.range.from,
            width: self.width,
        }
    }

    /// The number of the column that holds `instant`, which is inside the range.
    pub fn index(&self, instant: UnixNanos) -> usize {
        let width = u64::try_from(self.width.as_nanos())
            .unwrap_or(u64::MAX)
            .max(1);
        let since = instant.0.saturating_sub(self.range.from.0).max(0);
        usize::try_from(since.cast_unsigned() / width).unwrap_or(usize::MAX)
    }

    /// Where column `index` begins.
    pub fn start(&self, index: usize) -> UnixNanos {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        self.range.from.plus(self.width.saturating_mul(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_follow_the_length_of_the_range() {
        let width = |seconds: u64| column_width(Duration::from_secs(seconds)).as_secs();
        let minutes = |minutes: u64| width(minutes * 60);
        assert_eq!(width(1), 5);
        assert_eq!(minutes(10), 5);
        assert_eq!(minutes(15), 10);
        assert_eq!(minutes(60), 30);
        assert_eq!(minutes(24 * 60), 720);
        assert_eq!(minutes(7 * 24 * 60), 5_400);
        assert_eq!(minutes(30 * 24 * 60), 21_600);
    }

    #[test]
    fn a_column_is_a_whole_number_of_its_rollups() {
        for width in WIDTHS.map(Duration::from_secs) {
            let unit = resolution(width).width();
            assert!(
                width.as_nanos().is_multiple_of(unit.as_nanos()),
                "{width:?}"
            );
        }
    }

    #[test]
    fn where_fine_rollups_are_gone_columns_are_wider() {
        let at = |seconds: i64| UnixNanos::from_millis(seconds * 1_000);
        let hour = 3_600;
        // 5 s rollups are kept since hour 100, minutes since hour 50, hours since hour 10.
        let horizon = |resolution| match resolution {
            Resolution::FiveSeconds => at(100 * hour),
            Resolution::Minute => at(50 * hour),
            Resolution::Hour => at(10 * hour),
        };
        let of = |from: i64, length: i64| {
            let columns = Columns::covering(TimeRange::new(at(from), at(from + length)), horizon);
            assert!(columns.range.from <= at(from) && columns.range.to >= at(from + length));
            columns.width.as_secs()
        };
        assert_eq!(of(100 * hour, 600), 5);
        assert_eq!(of(100 * hour - 1, 600), 60, "its first column began before");
        assert_eq!(of(50 * hour, 600), 60);
        assert_eq!(of(50 * hour - 1, 600), 3_600);
        assert_eq!(
            of(50 * hour - 1, 7 * 24 * hour),
            7_200,
            "5 400 s are no whole hours"
        );
        assert_eq!(
            of(5 * hour, 600),
            3_600,
            "nothing is left; the answer is empty"
        );
        assert_eq!(of(99 * hour, 24 * hour), 720, "made of minutes anyway");
    }

    #[test]
    fn columns_cover_the_range_and_number_from_its_start() {
        let at = |seconds: i64| UnixNanos::from_millis(seconds * 1_000);
        let columns = Columns::covering(TimeRange::new(at(1_003), at(1_603)), |_| at(0));
        assert_eq!(columns.range, TimeRange::new(at(1_000), at(1_605)));
        assert_eq!(columns.count(), 121);
        assert_eq!(columns.index(at(1_604)), 120);
        assert_eq!(columns.start(120), at(1_600));
    }
}
