//! Chooses the segments to merge next; a pure function of the list of segments.
//!
//! Within a bucket, segments are taken in order of time, so that merged files cover short time
//! ranges. A merge must be worth its cost: its largest segment must be a small part of the whole,
//! or late spans would cause a large file to be rewritten again and again.

use crate::{
    maintenance::compaction::CompactionLimits,
    segment::Segment,
    tables::{MergeRule, TableId},
};
use hinomi_model::{Text, UnixNanos};
use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

/// In an open bucket a merge must weigh at least this many times its largest segment, unless the
/// merge reaches the full size.
const OPEN_GAIN: u64 = 4;
/// In a closed bucket a merge must weigh at least 5/4 of its largest segment, so nearly everything
/// ends up in one file.
const CLOSED_GAIN: (u64, u64) = (5, 4);
/// In an open bucket, this many segments are enough for a merge if they reach the full size
/// together.
const FULL_SIZE_SEGMENTS: usize = 4;
/// Weight of a segment of full size.
const FULL_SIZE: u64 = 1 << 20;

/// Key of the segments that may be merged with each other: project, table and bucket.
pub(crate) type Place = (Text, TableId, UnixNanos);

/// The place of a segment.
pub(crate) fn place(segment: &Segment) -> Place {
    (segment.project.clone(), segment.table, segment.bucket)
}

/// The segments to merge next, among the places that `wanted` accepts. Prefers the merge that
/// removes the most files per byte written.
pub(crate) fn next(
    segments: impl IntoIterator<Item = Arc<Segment>>,
    now: UnixNanos,
    limits: &CompactionLimits,
    wanted: impl Fn(&Place) -> bool,
) -> Option<Vec<Arc<Segment>>> {
    let mut buckets: BTreeMap<Place, Vec<Arc<Segment>>> = BTreeMap::new();
    for segment in segments {
        if !segment.is_damaged() && weight(&segment, limits) < FULL_SIZE / 2 {
            buckets.entry(place(&segment)).or_default().push(segment);
        }
    }
    buckets
        .into_iter()
        .filter(|(place, _)| wanted(place))
        .filter_map(|((_, table, bucket), segments)| {
            // Late rows that arrive after the end also delay closing, so that more of them are
            // merged at once.
            let newest = segments.iter().map(|segment| segment.written).max();
            let last = bucket
                .plus(table.kind().bucket())
                .max(newest.unwrap_or_default());
            let closed = last.plus(limits.grace) <= now;
            of_bucket(segments, closed, limits)
        })
        .min_by_key(|job| cost(job))
}

/// Bytes written per file that disappears.
fn cost(job: &[Arc<Segment>]) -> u64 {
    let bytes: u64 = job.iter().map(|segment| segment.bytes).sum();
    bytes / (job.len() as u64 - 1).max(1)
}

/// A segment's size as a fraction of the full size, in units of `1 / FULL_SIZE`.
fn weight(segment: &Segment, limits: &CompactionLimits) -> u64 {
    let full_rows = match segment.table.kind().merge_rule() {
        MergeRule::Interleave => limits.segment_rows,
        MergeRule::AddUp => limits.rollup_segment_rows,
    };
    let part = |of: u64, full: u64| of.saturating_mul(FULL_SIZE) / full.max(1);
    let weight = part(segment.rows, full_rows).max(part(segment.bytes, limits.segment_bytes));
    weight.max(1)
}

/// The best run of segments that are consecutive in time.
fn of_bucket(
    mut segments: Vec<Arc<Segment>>,
    closed: bool,
    limits: &CompactionLimits,
) -> Option<Vec<Arc<Segment>>> {
    segments.sort_by_key(|segment| (segment.range.from, segment.id));
    let weights: Vec<u64> = segments
        .iter()
        .map(|segment| weight(segment, limits))
        .collect();
    let run = (0..weights.len())
        .map(|start| start..start + run_length(&weights[start..], closed, limits))
        .min_by_key(|run| Reverse(run.len()))?;
    (run.len() > 1).then(|| segments[run].to_vec())
}

/// Number of leading segments that are worth merging; 0 if none are.
fn run_length(weights: &[u64], closed: bool, limits: &CompactionLimits) -> usize {
    let (mut sum, mut largest, mut length) = (0_u64, 0, 0);
    for (taken, weight) in (1..).zip(weights.iter().take(limits.inputs)) {
        sum += weight;
        largest = largest.max(*weight);
        let full = sum >= FULL_SIZE;
        let (enough, pays) = if closed {
            let (of, part) = CLOSED_GAIN;
            (limits.closed_segments, sum * part >= largest * of)
        } else if full {
            (FULL_SIZE_SEGMENTS, true)
        } else {
            (limits.open_segments, sum >= largest * OPEN_GAIN)
        };
        if taken >= enough.max(2) && pays {
            length = taken;
        }
        if full {
            break;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::{SegmentRow, unread};
    use hinomi_model::TimeRange;
    use std::time::Duration;

    const HOUR: Duration = Duration::from_secs(3_600);

    /// Consecutive segments with the given thousands of rows, in the bucket of hour 0.
    fn segments(table: TableId, thousands: &[u64]) -> Vec<Arc<Segment>> {
        let segment = |(at, thousand): (usize, &u64)| {
            let from = UnixNanos::from_millis(at as i64);
            Arc::new(Segment::new(SegmentRow {
                id: at as i64,
                project: "default".into(),
                node: "node-1".into(),
                table,
                bucket: UnixNanos(0),
                range: TimeRange::new(from, from.plus(HOUR)),
                rows: thousand * 1_000,
                extent: unread(thousand * 50_000),
                lineage: crate::segment::lineage::Lineage::default(),
                written: from,
                path: String::new(),
            }))
        };
        thousands.iter().enumerate().map(segment).collect()
    }

    /// Segment ids of the next merge, for an open or a closed bucket.
    fn planned(thousands: &[u64], closed: bool) -> Vec<i64> {
        let now = UnixNanos(0).plus(if closed { 2 * HOUR } else { HOUR });
        let limits = CompactionLimits::default();
        next(segments(TableId::SPANS, thousands), now, &limits, |_| true)
            .unwrap_or_default()
            .iter()
            .map(|segment| segment.id)
            .collect()
    }

    #[test]
    fn an_open_bucket_waits_for_enough_segments_of_similar_size() {
        assert_eq!(planned(&[10; 15], false), [0_i64; 0]);
        assert_eq!(planned(&[10; 16], false), Vec::from_iter(0..16));
        let mut large_first = vec![300];
        large_first.extend([10; 16]);
        assert_eq!(planned(&large_first, false), Vec::from_iter(1..17));
    }

    #[test]
    fn an_open_bucket_does_not_wait_when_the_full_size_is_there() {
        assert_eq!(planned(&[250, 250, 250], false), [0_i64; 0]);
        assert_eq!(planned(&[240; 4], false), [0_i64; 0]);
        assert_eq!(planned(&[270; 4], false), [0, 1, 2, 3]);
        assert_eq!(planned(&[150; 12], false), Vec::from_iter(0..7));
    }

    #[test]
    fn a_bucket_that_is_over_ends_in_one_file() {
        assert_eq!(planned(&[10], true), [0_i64; 0]);
        assert_eq!(planned(&[10, 20, 400], true), [0, 1]);
        assert_eq!(planned(&[10, 10, 40, 40], true), [0, 1, 2, 3]);
    }

    #[test]
    fn a_large_segment_is_not_written_again_for_a_few_late_rows() {
        assert_eq!(planned(&[450, 1], true), [0_i64; 0]);
        assert_eq!(planned(&[1, 450, 1], true), [0_i64; 0]);
        assert_eq!(planned(&[450, 1, 1], true), [1, 2]);
    }

    #[test]
    fn a_segment_of_half_the_full_size_or_more_is_final() {
        assert_eq!(planned(&[490, 490, 2_000], true), [0, 1]);
        assert_eq!(planned(&[500, 500, 2_000], true), [0_i64; 0]);
    }

    #[test]
    fn damaged_segments_and_unwanted_buckets_are_left_out() {
        let (limits, now) = (CompactionLimits::default(), UnixNanos(0).plus(2 * HOUR));
        let all = segments(TableId::SPANS, &[10; 3]);
        all[1].mark_damaged(&"a test says so");
        let ids = |wanted: bool| {
            let job = next(all.clone(), now, &limits, |_| wanted);
            job.map(|job| job.iter().map(|segment| segment.id).collect::<Vec<_>>())
        };
        assert_eq!(ids(true), Some(vec![0, 2]));
        assert_eq!(ids(false), None);
    }

    #[test]
    fn a_merge_never_reads_more_than_its_limit_and_the_grace_is_waited_for() {
        let limits = CompactionLimits {
            inputs: 5,
            ..CompactionLimits::default()
        };
        let plan = |after: Duration| {
            let now = UnixNanos(0).plus(HOUR + after);
            next(segments(TableId::ROLLUPS_5S, &[1; 9]), now, &limits, |_| {
                true
            })
        };
        assert!(plan(limits.grace - Duration::from_nanos(1)).is_none());
        assert_eq!(plan(limits.grace).map(|job| job.len()), Some(5));
    }

    #[test]
    fn a_bucket_with_new_late_rows_counts_as_open() {
        let limits = CompactionLimits::default();
        let end = UnixNanos(0).plus(HOUR);
        let plan = |now: UnixNanos| {
            let mut all = segments(TableId::SPANS, &[1; 3]);
            let mut late = listed(&[(7, 10)]);
            Arc::get_mut(&mut late[0]).unwrap().written = end.plus(HOUR);
            all.extend(late);
            next(all, now, &limits, |_| true).map(|job| job.len())
        };
        assert_eq!(plan(end.plus(HOUR)), None);
        assert_eq!(plan(end.plus(HOUR + limits.grace)), Some(4));
    }

    #[test]
    fn every_row_is_written_again_a_few_times_at_most() {
        // An hour of flushes, one per minute, in order of arrival.
        let limits = CompactionLimits::default();
        for rows in [100, 2_000, 20_000, 60_000, 200_000] {
            let (mut held, mut written, mut total) = (Vec::new(), 0, 0);
            for minute in 0..90 {
                if minute < 60 {
                    held.push((minute as i64, rows));
                    total += rows;
                }
                let now = UnixNanos(0).plus(Duration::from_secs(60 * minute));
                while let Some(job) = next(listed(&held), now, &limits, |_| true) {
                    let ids: Vec<i64> = job.iter().map(|segment| segment.id).collect();
                    let sum = job.iter().map(|segment| segment.rows).sum();
                    held.retain(|(id, _)| !ids.contains(id));
                    held.push((ids[0], sum));
                    written += sum;
                }
                assert!(held.len() < 40, "{rows}: {} files", held.len());
            }
            assert!(written <= total * 2, "{rows}: {written} of {total}");
            let fewest = total.div_ceil(limits.segment_rows * 3 / 2);
            assert!(held.len() as u64 <= fewest + 2, "{rows}: {held:?}");
        }
    }

    fn listed(held: &[(i64, u64)]) -> Vec<Arc<Segment>> {
        let segment = |(id, rows): &(i64, u64)| {
            let from = UnixNanos::from_millis(*id);
            Arc::new(Segment::new(SegmentRow {
                id: *id,
                project: "default".into(),
                node: "node-1".into(),
                table: TableId::SPANS,
                bucket: UnixNanos(0),
                range: TimeRange::new(from, from.plus(HOUR)),
                rows: *rows,
                extent: unread(rows * 60),
                lineage: crate::segment::lineage::Lineage::default(),
                written: from,
                path: String::new(),
            }))
        };
        held.iter().map(segment).collect()
    }
}
