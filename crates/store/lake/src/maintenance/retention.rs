//! Retention: chooses the segments to delete, by age and by disk budget. Pure functions of the
//! lists.
//!
//! A segment is deleted as a whole, once its newest row is old enough. So data stay at most one
//! bucket longer than configured. Age is measured from an instant that no clock change moves
//! suddenly; see [`hinomi_io::trusted_time`].

use crate::{schema::Table, segment::Segment};
use hinomi_model::UnixNanos;
use std::{sync::Arc, time::Duration};

/// The budget does not delete data newer than this while there are older data of any kind.
const RECENT: Duration = Duration::from_secs(3_600);

/// How long each kind of data is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Spans, of which traces are built. Default 7 days.
    pub spans: Duration,
    /// Transactions, which a selection in the hitmap lists. Default 30 days.
    pub transactions: Duration,
    /// Rollups of 5 s. Default 3 days.
    pub rollups_5s: Duration,
    /// Rollups of 1 min. Default 60 days.
    pub rollups_1m: Duration,
    /// Rollups of 1 h. Default 400 days: a year and its comparison.
    pub rollups_1h: Duration,
}

/// One day.
const DAY: Duration = Duration::from_secs(24 * 3_600);

impl Default for Retention {
    fn default() -> Self {
        Self {
            spans: 7 * DAY,
            transactions: 30 * DAY,
            rollups_5s: 3 * DAY,
            rollups_1m: 60 * DAY,
            rollups_1h: 400 * DAY,
        }
    }
}

impl Retention {
    /// Nothing is deleted by age.
    pub const FOREVER: Self = Self {
        spans: Duration::MAX,
        transactions: Duration::MAX,
        rollups_5s: Duration::MAX,
        rollups_1m: Duration::MAX,
        rollups_1h: Duration::MAX,
    };

    pub(crate) fn of(&self, table: Table) -> Duration {
        match table {
            Table::Spans => self.spans,
            Table::Transactions => self.transactions,
            Table::Rollups5s => self.rollups_5s,
            Table::Rollups1m => self.rollups_1m,
            Table::Rollups1h => self.rollups_1h,
        }
    }

    /// The longest of all. Names that were silent for longer are forgotten.
    pub(crate) fn longest(&self) -> Duration {
        let all = Table::ALL.map(|table| self.of(table));
        all.into_iter().max().unwrap_or_default()
    }
}

/// The segments that are too old. `instant` returns the instant from which a segment's age counts.
pub(crate) fn expired(
    segments: &[Arc<Segment>],
    reference: UnixNanos,
    retention: &Retention,
    instant: impl Fn(&Segment) -> UnixNanos,
) -> Vec<Arc<Segment>> {
    let old =
        |segment: &&Arc<Segment>| instant(segment) <= reference.minus(retention.of(segment.table));
    segments.iter().filter(old).cloned().collect()
}

/// The segments to delete to free `excess` bytes. The oldest spans go first, then transactions,
/// then rollups from the finest to the coarsest. Data older than one hour go before any newer data.
pub(crate) fn over_budget(
    segments: &[Arc<Segment>],
    now: UnixNanos,
    excess: u64,
    instant: impl Fn(&Segment) -> UnixNanos,
) -> Vec<Arc<Segment>> {
    let mut order: Vec<&Arc<Segment>> = segments.iter().collect();
    order.sort_by_key(|segment| {
        let newest = instant(segment);
        let recent = newest > now.minus(RECENT);
        (recent, segment.table, newest, segment.id)
    });
    let mut freed = 0;
    let needed = order.into_iter().take_while(|segment| {
        let more = freed < excess;
        freed += segment.bytes;
        more
    });
    needed.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::ahead::Ahead;
    use crate::segment::{SegmentRow, unread};
    use hinomi_model::TimeRange;

    const NOW: UnixNanos = UnixNanos::from_millis(1_795_352_400_000);
    const HOUR: Duration = Duration::from_secs(3_600);

    /// A segment of 100 bytes whose newest row has this age.
    fn segment(id: i64, table: Table, age: Duration) -> Arc<Segment> {
        let to = NOW.minus(age);
        Arc::new(Segment::new(SegmentRow {
            id,
            project: "default".into(),
            node: "node-1".into(),
            table,
            bucket: to.floor(table.bucket()),
            range: TimeRange::new(to.minus(HOUR), to),
            rows: 1,
            extent: unread(100),
            lineage: crate::segment::lineage::Lineage::default(),
            written: NOW,
            path: String::new(),
        }))
    }

    fn to(segment: &Segment) -> UnixNanos {
        segment.range.to
    }

    fn ids(segments: &[Arc<Segment>]) -> Vec<i64> {
        segments.iter().map(|segment| segment.id).collect()
    }

    #[test]
    fn each_table_has_an_age_of_its_own() {
        let retention = Retention::default();
        let second = Duration::from_secs(1);
        let mut all = Vec::new();
        for (table, age) in [
            (Table::Spans, 7),
            (Table::Transactions, 30),
            (Table::Rollups5s, 3),
            (Table::Rollups1m, 60),
            (Table::Rollups1h, 400),
        ] {
            all.push(segment(age, table, DAY * age as u32));
            all.push(segment(-age, table, DAY * age as u32 - second));
        }
        assert_eq!(
            ids(&expired(&all, NOW, &retention, to)),
            [7, 30, 3, 60, 400]
        );
        assert_eq!(
            ids(&expired(&all, NOW, &Retention::FOREVER, to)),
            [0_i64; 0]
        );
        assert_eq!(retention.longest(), 400 * DAY);
    }

    #[test]
    fn what_is_ahead_of_time_is_as_old_as_the_moment_it_was_seen() {
        let years = 3_650 * DAY;
        let mut ahead_by_years = segment(1, Table::Spans, HOUR);
        let row = Arc::get_mut(&mut ahead_by_years).unwrap();
        row.range.to = NOW.plus(years);
        let all = [
            ahead_by_years,
            segment(2, Table::Spans, 2 * HOUR),
            segment(3, Table::Spans, DAY),
        ];
        let mut ahead = Ahead::default();
        let mut at = |now: UnixNanos| {
            ahead.look(&all, now);
            let instant = |segment: &Segment| ahead.instant(segment, now);
            let expired = ids(&expired(&all, now, &Retention::default(), instant));
            (expired, ids(&over_budget(&all, now, 300, instant)))
        };
        assert_eq!(at(NOW), (vec![], vec![3, 2, 1]));
        assert_eq!(at(NOW.plus(7 * DAY - HOUR)).0, [2, 3]);
        assert_eq!(at(NOW.plus(7 * DAY)).0, [1, 2, 3]);
        assert_eq!(at(NOW.plus(years)).0, [2, 3], "its time has come");
        let seen = ahead.seen().to_vec();
        assert_eq!(seen, [], "and it is not ahead any more");
    }

    #[test]
    fn a_budget_takes_the_oldest_spans_first_and_hours_of_counts_last() {
        let all = [
            segment(1, Table::Rollups1h, 90 * DAY),
            segment(2, Table::Rollups1m, 50 * DAY),
            segment(3, Table::Rollups5s, 2 * DAY),
            segment(4, Table::Transactions, 20 * DAY),
            segment(5, Table::Transactions, 21 * DAY),
            segment(6, Table::Spans, HOUR),
            segment(7, Table::Spans, 2 * HOUR),
            segment(8, Table::Spans, HOUR / 2),
        ];
        let order = [7, 6, 5, 4, 3, 2, 1, 8];
        for (excess, count) in [(0, 0), (1, 1), (100, 1), (101, 2), (450, 5), (10_000, 8)] {
            assert_eq!(
                ids(&over_budget(&all, NOW, excess, to)),
                order[..count],
                "{excess}"
            );
        }
    }
}
