//! Retention: chooses the segments to delete, by age and by disk budget. Pure functions of the
//! lists.
//!
//! A segment is deleted as a whole, once its newest row is old enough. So data stay at most one
//! bucket longer than configured. Age is measured from an instant that no clock change moves
//! suddenly; see [`hinomi_io::trusted_time`].

use crate::{segment::Segment, tables::TableId};
use hinomi_model::UnixNanos;
use std::{sync::Arc, time::Duration};

/// The budget does not delete data newer than this while there are older data of any kind.
const RECENT: Duration = Duration::from_secs(3_600);

/// How long the rows of each table are kept. The defaults stand in the tables' folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention([Duration; TableId::COUNT]);

impl Default for Retention {
    fn default() -> Self {
        Self(TableId::ALL.map(TableId::default_retention))
    }
}

impl Retention {
    /// Nothing is deleted by age.
    pub const FOREVER: Self = Self([Duration::MAX; TableId::COUNT]);

    /// The same, but the rows of `table` are kept for `age`.
    #[must_use]
    pub const fn keeping(mut self, table: TableId, age: Duration) -> Self {
        self.0[table.position()] = age;
        self
    }

    /// How long the rows of a table are kept.
    pub const fn of(&self, table: TableId) -> Duration {
        self.0[table.position()]
    }

    /// The longest of all. Names that were silent for longer are forgotten.
    pub(crate) fn longest(&self) -> Duration {
        self.0.into_iter().max().unwrap_or_default()
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

/// The segments to delete to free `excess` bytes. The oldest rows of the table with the lowest
/// priority go first: spans, then transactions, then rollups from the finest to the coarsest. Data older
/// than one hour go before any newer data.
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
        (
            recent,
            segment.table.kind().budget_priority(),
            newest,
            segment.id,
        )
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
    use crate::tables::DAY;
    use hinomi_model::TimeRange;

    const NOW: UnixNanos = UnixNanos::from_millis(1_795_352_400_000);
    const HOUR: Duration = Duration::from_secs(3_600);

    /// A segment of 100 bytes whose newest row has this age.
    fn segment(id: i64, table: TableId, age: Duration) -> Arc<Segment> {
        let to = NOW.minus(age);
        Arc::new(Segment::new(SegmentRow {
            id,
            project: "default".into(),
            node: "node-1".into(),
            table,
            bucket: to.floor(table.kind().bucket()),
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
            (TableId::SPANS, 7),
            (TableId::TRANSACTIONS, 30),
            (TableId::ROLLUPS_5S, 3),
            (TableId::ROLLUPS_1M, 60),
            (TableId::ROLLUPS_1H, 400),
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
        let mut ahead_by_years = segment(1, TableId::SPANS, HOUR);
        let row = Arc::get_mut(&mut ahead_by_years).unwrap();
        row.range.to = NOW.plus(years);
        let all = [
            ahead_by_years,
            segment(2, TableId::SPANS, 2 * HOUR),
            segment(3, TableId::SPANS, DAY),
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
            segment(1, TableId::ROLLUPS_1H, 90 * DAY),
            segment(2, TableId::ROLLUPS_1M, 50 * DAY),
            segment(3, TableId::ROLLUPS_5S, 2 * DAY),
            segment(4, TableId::TRANSACTIONS, 20 * DAY),
            segment(5, TableId::TRANSACTIONS, 21 * DAY),
            segment(6, TableId::SPANS, HOUR),
            segment(7, TableId::SPANS, 2 * HOUR),
            segment(8, TableId::SPANS, HOUR / 2),
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
