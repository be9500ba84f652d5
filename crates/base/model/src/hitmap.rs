//! The hitmap's grid: columns of 5 s by rows of duration.
//!
//! The rows are the finest grid from which every axis can be drawn without splitting a row. These
//! axes are the linear ones of 5, 10, 20, 40 and 80 s (50 rows each, so edges at every 100 ms to 5
//! s, 200 ms to 10 s, 400 ms to 20 s, 800 ms to 40 s, 1.6 s to 80 s) and the log axis (20 steps a
//! decade below 1 s). Row 0 is everything under 1 ms, the last row everything from 80 s on.

use std::time::Duration;

/// Width of a live column.
pub const COLUMN: Duration = Duration::from_secs(5);

/// Row edges in microseconds, ascending; row `r` holds `ROW_EDGES_US[r] ≤ d < ROW_EDGES_US[r + 1]`
/// and the last row is open-ended.
pub const ROW_EDGES_US: [u32; ROWS] = row_edges();

/// Number of rows.
pub const ROWS: usize = 1 + 40 + 26 + 40 + 25 + 25 + 25 + 25 + 1;

/// The slow threshold of a service that has no other; a row edge.
pub const SLOW_THRESHOLD: Duration = Duration::from_secs(1);

/// The row that holds `duration`.
pub fn row_of(duration: Duration) -> u8 {
    let nanos = duration.as_nanos();
    let row = ROW_EDGES_US.partition_point(|edge| u128::from(*edge) * 1_000 <= nanos);
    (row - 1) as u8
}

/// The first row whose transactions all take at least `threshold`: the threshold is rounded up to a
/// row edge. `ROWS` when there is no such row.
pub fn first_row_from(threshold: Duration) -> usize {
    ROW_EDGES_US.partition_point(|edge| u128::from(*edge) * 1_000 < threshold.as_nanos())
}

/// The lower edge of `row`; the last row's for rows beyond it.
pub fn row_edge(row: usize) -> Duration {
    Duration::from_micros(u64::from(ROW_EDGES_US[row.min(ROWS - 1)]))
}

const fn row_edges() -> [u32; ROWS] {
    // The R20 series of preferred numbers (ISO 3), rounded to three digits: 12 % a step.
    const R20: [u32; 20] = [
        1000, 1120, 1250, 1400, 1600, 1800, 2000, 2240, 2500, 2800, 3150, 3550, 4000, 4500, 5000,
        5600, 6300, 7100, 8000, 9000,
    ];
    // 100 ms to 1 s: R20 and every 100 ms.
    const TENTHS: [u32; 26] = [
        100, 112, 125, 140, 160, 180, 200, 224, 250, 280, 300, 315, 355, 400, 450, 500, 560, 600,
        630, 670, 700, 750, 800, 850, 900, 950,
    ];
    let mut edges = [0; ROWS];
    let mut at = 1;
    let mut step = 0;
    while step < 40 {
        edges[at] = R20[step % 20] * if step < 20 { 1 } else { 10 };
        at += 1;
        step += 1;
    }
    step = 0;
    while step < TENTHS.len() {
        edges[at] = TENTHS[step] * 1_000;
        at += 1;
        step += 1;
    }
    let mut edge = 1_000_000;
    while edge <= 80_000_000 {
        edges[at] = edge;
        at += 1;
        edge += if edge < 5_000_000 {
            100_000
        } else if edge < 10_000_000 {
            200_000
        } else if edge < 20_000_000 {
            400_000
        } else if edge < 40_000_000 {
            800_000
        } else {
            1_600_000
        };
    }
    assert!(at == ROWS);
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_ascend_and_fit_a_byte() {
        assert!(ROW_EDGES_US.windows(2).all(|pair| pair[0] < pair[1]));
        const { assert!(ROWS <= 256) };
    }

    #[test]
    fn every_linear_axis_is_a_union_of_rows() {
        for axis_seconds in [5, 10, 20, 40, 80] {
            for tick in 0..50 {
                let edge = axis_seconds * 1_000_000 / 50 * tick;
                assert!(
                    ROW_EDGES_US.contains(&edge),
                    "{axis_seconds} s axis: {edge} µs"
                );
            }
        }
    }

    #[test]
    fn a_row_holds_its_lower_edge_and_not_its_upper() {
        for (row, edge) in ROW_EDGES_US.iter().enumerate() {
            let edge = Duration::from_micros(u64::from(*edge));
            assert_eq!(usize::from(row_of(edge)), row);
            if row > 0 {
                assert_eq!(usize::from(row_of(edge - Duration::from_nanos(1))), row - 1);
            }
        }
        assert_eq!(usize::from(row_of(Duration::MAX)), ROWS - 1);
    }

    #[test]
    fn a_threshold_snaps_up_to_an_edge() {
        assert_eq!(
            row_edge(first_row_from(Duration::from_secs(1))),
            Duration::from_secs(1)
        );
        assert_eq!(
            row_edge(first_row_from(Duration::from_millis(1_001))),
            Duration::from_millis(1_100)
        );
        assert_eq!(first_row_from(Duration::from_secs(81)), ROWS);
    }
}
