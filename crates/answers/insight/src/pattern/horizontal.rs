//! Horizontal: transactions end after one constant duration, whatever the other transactions do.
//!
//! The line of a timeout is one or two rows high and has almost nothing just below it. Ordinary
//! kinds of request spread over more rows on any axis.

use super::{
    Pattern, PatternKind, overlap,
    window::{HitmapWindow, high, low, row_of_share},
};
use hinomi_model::hitmap::{ROW_EDGES_US, ROWS};
use std::{ops::Range, time::Duration};

/// Shortest duration of a line, in seconds. Shorter lines are ordinary, such as answers from a
/// cache or health checks.
const SHORTEST: f64 = 0.2;
/// Fewest transactions of a line of failures and of one of successes, and fewest columns.
const FEWEST: f64 = 8.0;
const FEWEST_OK: f64 = 14.0;
const LEAST_COLUMNS: usize = 4;
/// How many times as dense as the rows below and above the line must be; more when its transactions
/// succeed.
const DENSER: f64 = 3.5;
const DENSER_OK: f64 = 6.0;
/// From this failed share on, the line is one of failures.
const FAILING: f64 = 0.5;
/// Least duration of the line, as a multiple of the median.
const OVER_MEDIAN: f64 = 2.0;
/// Height of the rows below and above that the line is compared with, as a share of its duration.
const BESIDE: f64 = 0.22;
/// Height that the caller's own time may spread the line over, as a share of its duration.
const THICK: f64 = 0.07;

/// A row is the line's own from this share of its fullest row on.
const OWN: f64 = 0.25;
/// A gap of this many columns at least ends a line when this many transactions were expected in it.
const GAP_COLUMNS: usize = 3;
const GAP_EXPECTED: f64 = 8.0;

#[derive(Clone)]
struct Line {
    rows: Range<usize>,
    columns: Range<usize>,
    count: f64,
    denser: f64,
}

pub(super) fn find(window: &HitmapWindow) -> Vec<Pattern> {
    let whole = window.profile(0..window.columns());
    let first = ROW_EDGES_US.partition_point(|edge| f64::from(*edge) / 1e6 < SHORTEST);
    let mut lines: Vec<Line> = (first..ROWS - 1)
        .flat_map(|row| lines(window, &whole, row))
        .collect();
    lines.sort_by(|a, b| b.count.total_cmp(&a.count));
    let mut kept: Vec<Line> = Vec::new();
    for line in lines {
        // One line can fall into adjacent rows.
        let near = |other: &Line| {
            line.rows.start <= other.rows.end + 1
                && other.rows.start <= line.rows.end + 1
                && overlap(&line.columns, &other.columns)
        };
        if !kept.iter().any(near) {
            kept.push(line);
        }
    }
    kept.into_iter().map(|line| pattern(window, line)).collect()
}

/// The lines that begin in a row.
fn lines(window: &HitmapWindow, whole: &[f64; ROWS], row: usize) -> Vec<Line> {
    let Some((rows, below, above)) = rows_of(whole, row) else {
        return Vec::new();
    };
    let stretches = stretches(window, &rows, &below);
    let lines = stretches.into_iter();
    lines
        .filter_map(|columns| line(window, (&rows, &below, &above), columns))
        .collect()
}

/// The rows of a line that begins in a row, and those below and above it.
type Rows = (Range<usize>, Range<usize>, Range<usize>);

fn rows_of(whole: &[f64; ROWS], row: usize) -> Option<Rows> {
    if whole[row] < FEWEST / 2.0 {
        return None;
    }
    let top = (row + 1..ROWS)
        .find(|at| high(*at) > low(row) * (1.0 + THICK))
        .unwrap_or(row + 1)
        .min(ROWS);
    let rows = row..top.max(row + 1);
    // A row may be higher than the line is thick.
    let below = (0..row).find(|at| low(*at) >= low(row) * (1.0 - BESIDE))?..row;
    let below = below.start.min(row.saturating_sub(2))..row;
    let above_end = (rows.end..ROWS)
        .find(|at| high(*at) > high(rows.end - 1) * (1.0 + BESIDE))
        .unwrap_or(ROWS)
        .max((rows.end + 3).min(ROWS));
    // The row above the line may hold the end of the line.
    let above = (rows.end + 1).min(ROWS - 1)..above_end.max((rows.end + 2).min(ROWS));
    Some((rows, below, above))
}

fn line(
    window: &HitmapWindow,
    (rows, below, above): (&Range<usize>, &Range<usize>, &Range<usize>),
    columns: Range<usize>,
) -> Option<Line> {
    let count = window.count(columns.clone(), rows.clone()) as f64;
    let per_column: Vec<usize> = columns
        .clone()
        .filter(|column| window.count(*column..column + 1, rows.clone()) > 0)
        .collect();
    if count < FEWEST || per_column.len() < LEAST_COLUMNS {
        return None;
    }
    // The line must be thin. Density is the count of some rows divided by their height in log
    // duration.
    let density = |rows: &Range<usize>| {
        let height = (high(rows.end - 1) / low(rows.start)).ln();
        window.count(columns.clone(), rows.clone()) as f64 / height
    };
    let height = (high(rows.end - 1) / low(rows.start)).ln();
    let here = count / height;
    let floor = 0.7 / height;
    let denser_than_below = here / density(below).max(floor);
    let denser_than_above = here / density(above).max(floor);
    let expected = density(below).max(density(above)) * height;
    let failing = window.failed(columns.clone(), rows.clone()) as f64 / count;
    let (wanted, fewest) = if failing >= FAILING {
        (DENSER, FEWEST)
    } else {
        (DENSER_OK, FEWEST_OK)
    };
    let denser = denser_than_below.min(denser_than_above);
    let rest = window.profile(columns.clone());
    let median = high(row_of_share(&rest, 0.5));
    let usual = high(row_of_share(&without(&rest, rows), 0.5));
    let is_line = denser >= wanted
        && count >= fewest
        && count >= expected * 2.0 + 5.0 * expected.max(0.6).sqrt()
        && low(rows.start) >= OVER_MEDIAN * usual.min(median);
    is_line.then(|| Line {
        rows: own_rows(&rest, rows),
        columns,
        count,
        denser,
    })
}

/// The rows that hold the line itself: those beside them have a few others.
fn own_rows(profile: &[f64; ROWS], rows: &Range<usize>) -> Range<usize> {
    let most = profile[rows.clone()].iter().copied().fold(0.0, f64::max);
    let is_own = |row: &usize| profile[*row] >= OWN * most;
    let start = rows.clone().find(is_own).unwrap_or(rows.start);
    let end = rows.clone().rev().find(is_own).unwrap_or(rows.start) + 1;
    start..end
}

fn without(profile: &[f64; ROWS], rows: &Range<usize>) -> [f64; ROWS] {
    let mut rest = *profile;
    rest[rows.clone()].fill(0.0);
    if rest.iter().sum::<f64>() <= 0.0 {
        return *profile;
    }
    rest
}

/// The runs of columns in which these rows hold much more than the rows below. A gap ends a run: two
/// outages are two lines.
fn stretches(
    window: &HitmapWindow,
    rows: &Range<usize>,
    below: &Range<usize>,
) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let whole = 0..window.columns();
    let mut pending = Vec::from([whole]);
    while let Some(within) = pending.pop() {
        if (window.count(within.clone(), rows.clone()) as f64) < FEWEST {
            continue;
        }
        let Some(run) = stretch(window, rows, below, within.clone()) else {
            continue;
        };
        pending.push(within.start..run.start);
        pending.push(run.end..within.end);
        pieces(window, rows, run, &mut found);
    }
    found
}

/// Cuts a run at its gaps.
fn pieces(
    window: &HitmapWindow,
    rows: &Range<usize>,
    run: Range<usize>,
    found: &mut Vec<Range<usize>>,
) {
    let has = |column: &usize| window.count(*column..column + 1, rows.clone()) > 0;
    let filled: Vec<usize> = run.clone().filter(has).collect();
    let (Some(first), Some(last)) = (filled.first(), filled.last()) else {
        return;
    };
    let run = *first..last + 1;
    let a_column = window.count(run.clone(), rows.clone()) as f64 / run.len() as f64;
    let widest = filled
        .windows(2)
        .map(|pair| (pair[1] - pair[0] - 1, pair[0] + 1, pair[1]))
        .max_by_key(|(gap, ..)| *gap);
    match widest {
        Some((gap, from, to)) if gap >= GAP_COLUMNS && gap as f64 * a_column > GAP_EXPECTED => {
            pieces(window, rows, run.start..from, found);
            pieces(window, rows, to..run.end, found);
        }
        _ => found.push(run),
    }
}

/// The run of columns in which these rows hold the most beyond the rows below: the run with the
/// largest sum.
fn stretch(
    window: &HitmapWindow,
    rows: &Range<usize>,
    below: &Range<usize>,
    within: Range<usize>,
) -> Option<Range<usize>> {
    let height = |rows: &Range<usize>| (high(rows.end - 1) / low(rows.start)).ln();
    let scale = 2.0 * height(rows) / height(below);
    let total = window.count(within.clone(), rows.clone()) as f64;
    // A column without transactions counts against the run, by a share of what its columns usually
    // have.
    let idle = 0.3 * total / within.len() as f64;
    let (mut best, mut best_sum) = (0..0, 0.0);
    let (mut start, mut sum) = (within.start, 0.0);
    for column in within {
        let here = window.count(column..column + 1, rows.clone()) as f64;
        let under = window.count(column..column + 1, below.clone()) as f64;
        sum += here - scale * under - idle;
        if sum <= 0.0 {
            sum = 0.0;
            start = column + 1;
        } else if sum > best_sum {
            best_sum = sum;
            best = start..column + 1;
        }
    }
    (best_sum > 0.0).then_some(best)
}

fn pattern(window: &HitmapWindow, line: Line) -> Pattern {
    Pattern {
        kind: PatternKind::Horizontal,
        constant: Some(roundest(line.rows.start)),
        count: window.count(line.columns.clone(), line.rows.clone()),
        failed: window.failed(line.columns.clone(), line.rows.clone()),
        columns: line.columns,
        rows: line.rows,
        period: None,
        strength: line.denser,
    }
}

/// The roundest duration in a row: 30 s for a row of 29.6 to 30.4 s.
fn roundest(row: usize) -> Duration {
    let low = u64::from(ROW_EDGES_US[row]);
    let high = ROW_EDGES_US
        .get(row + 1)
        .map_or(low + 1, |edge| u64::from(*edge));
    let steps = [
        60_000_000, 30_000_000, 10_000_000, 5_000_000, 1_000_000, 500_000, 250_000, 100_000,
        50_000, 10_000,
    ];
    let round = steps
        .into_iter()
        .map(|step| low.div_ceil(step) * step)
        .find(|value| *value < high);
    Duration::from_micros(round.unwrap_or(low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::hitmap::row_of;

    /// Ten minutes of ordinary traffic, with outages in which three calls a column time out after about
    /// 3.0 s, in columns of five seconds.
    fn window(is_out: impl Fn(usize) -> bool, failed: bool) -> HitmapWindow {
        let mut window = HitmapWindow::new(Duration::from_secs(5), 120);
        let row = |millis: u64| usize::from(row_of(Duration::from_millis(millis)));
        for column in 0..120 {
            for millis in [20, 22, 25, 28, 30, 35, 40, 50, 80, 160] {
                window.add(column, row(millis), 3, 0);
            }
            // A few of any duration.
            window.add(column, row(700 + (column as u64 * 577) % 2_290), 1, 0);
            if is_out(column) {
                let (good, bad) = if failed { (0, 1) } else { (1, 0) };
                for millis in [3_002, 3_010, 3_030] {
                    window.add(column, row(millis), good, bad);
                }
            }
        }
        window
    }

    #[test]
    fn two_outages_with_a_gap_are_two_lines_with_their_own_times() {
        let lines = find(&window(
            |at| (10..35).contains(&at) || (70..100).contains(&at),
            true,
        ));
        let columns: Vec<_> = lines.iter().map(|line| line.columns.clone()).collect();
        assert_eq!(columns, [70..100, 10..35]);
    }

    #[test]
    fn the_constant_stays_as_the_line_scrolls() {
        for start in (0..90).step_by(3) {
            let lines = find(&window(|at| (start..start + 25).contains(&at), true));
            let constants: Vec<_> = lines.iter().map(|line| line.constant).collect();
            assert_eq!(constants, [Some(Duration::from_secs(3))], "{start}");
        }
    }

    #[test]
    fn a_line_tells_how_many_of_it_failed() {
        for failed in [true, false] {
            let lines = find(&window(|at| (40..80).contains(&at), failed));
            assert_eq!(lines.len(), 1);
            assert!(lines[0].count >= 120);
            assert_eq!(lines[0].failed, if failed { 120 } else { 0 });
        }
    }

    #[test]
    fn a_line_has_the_roundest_duration_of_its_row() {
        for millis in [
            250, 500, 1_000, 1_500, 2_500, 3_000, 5_000, 10_000, 30_000, 60_000,
        ] {
            let constant = Duration::from_millis(millis);
            let row = usize::from(row_of(constant + Duration::from_millis(4)));
            assert_eq!(roundest(row), constant);
        }
    }
}
