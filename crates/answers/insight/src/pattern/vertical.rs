//! Vertical: all transactions that waited for the same thing end together when it is released.
//!
//! The transaction that came first has waited longest, so the durations in one column are spread
//! evenly from short to the whole wait, far more densely than in the adjacent columns.

use super::{
    Pattern, PatternKind,
    window::{HitmapWindow, high, low, mean, row_of_share},
};
use hinomi_model::hitmap::ROWS;
use std::ops::Range;

/// Fewest transactions of a stripe above the usual top.
const FEWEST: f64 = 10.0;
/// Factor on the counts of the adjacent columns.
const TIMES: f64 = 4.0;
/// The usual top: this share of the transactions elsewhere is below it.
const TOP: f64 = 0.985;
/// The share of all transactions that are not long. One in `TALLEST` columns, those with the most
/// long transactions, is left out of the usual.
const LONG: f64 = 0.95;
const TALLEST: usize = 30;
/// Least duration of the longest transaction: as a multiple of the usual top, and in seconds.
const REACH: f64 = 2.8;
const LONGEST: f64 = 1.0;
/// Where the mean of evenly spread waits lies between shortest and longest. The mean of a burst of
/// one kind of request is lower.
const EVEN: Range<f64> = 0.36..0.72;
/// Least spread: the distance from the 10th to the 90th percentile, divided by the 90th.
const SPREAD: f64 = 0.42;
/// Fifths of the stripe that must hold transactions.
const FIFTHS: usize = 4;
/// This many stripes in one window are usual for the service.
const RHYTHM: usize = 4;
/// Largest share of a stripe's transactions that may be additional to the usual throughput of the
/// time in which it built up. Waiting transactions are missing from the columns before; those of a
/// batch job come in addition.
const ON_TOP: f64 = 0.75;
/// Columns on each side that tell what is usual.
const USUAL: usize = 10;

pub(super) fn find(window: &HitmapWindow) -> Vec<Pattern> {
    let mut found: Vec<Pattern> = Vec::new();
    let usual = Usual::of(window);
    let mut column = 0;
    while column < window.columns() {
        // A release near the edge of a column falls into two columns.
        let one = stripe(window, column..column + 1, &usual);
        let two = (column + 2 <= window.columns())
            .then(|| stripe(window, column..column + 2, &usual))
            .flatten();
        let next = (column + 2 <= window.columns())
            .then(|| stripe(window, column + 1..column + 2, &usual))
            .flatten();
        let most = [two, one, next]
            .into_iter()
            .flatten()
            .reduce(|best, other| {
                // The narrower stripe is taken, unless the wider one has clearly more.
                if other.count as f64 > 0.8 * best.count as f64 {
                    other
                } else {
                    best
                }
            });
        match most {
            Some(pattern) => {
                column = pattern.columns.end + 1;
                found.push(pattern);
            }
            None => column += 1,
        }
    }
    if found.len() >= RHYTHM {
        found.clear();
    }
    found
}

/// The columns with the most long transactions. They are left out so that another stripe does not
/// hide this one.
fn tallest(window: &HitmapWindow) -> Vec<usize> {
    let whole = window.profile(0..window.columns());
    let long = row_of_share(&whole, LONG) + 1;
    let mut columns: Vec<(u64, usize)> = (0..window.columns())
        .map(|column| (window.count(column..column + 1, long..ROWS), column))
        .collect();
    columns.sort_unstable_by(|a, b| b.cmp(a));
    let few = window.columns() / TALLEST;
    columns
        .into_iter()
        .take(few)
        .map(|(_, column)| column)
        .collect()
}

/// The transactions of the columns that are not tall. They are added up once and used without a few
/// columns.
struct Usual<'a> {
    window: &'a HitmapWindow,
    is_tall: Vec<bool>,
    sum: [f64; ROWS],
}

impl<'a> Usual<'a> {
    fn of(window: &'a HitmapWindow) -> Self {
        let mut is_tall = vec![false; window.columns()];
        tallest(window).iter().for_each(|at| is_tall[*at] = true);
        let mut usual = Self {
            window,
            is_tall,
            sum: [0.0; ROWS],
        };
        let all = usual.profile(0..window.columns());
        usual.sum = all;
        usual
    }

    fn profile(&self, columns: Range<usize>) -> [f64; ROWS] {
        let mut profile = [0.0; ROWS];
        for column in columns.filter(|column| !self.is_tall[*column]) {
            let one = self.window.profile(column..column + 1);
            for (sum, count) in profile.iter_mut().zip(one) {
                *sum += count;
            }
        }
        profile
    }

    /// The sum without these columns. Counts are whole numbers, so the subtraction is exact.
    fn elsewhere(&self, columns: Range<usize>) -> [f64; ROWS] {
        let here = self.profile(columns);
        std::array::from_fn(|row| self.sum[row] - here[row])
    }
}

fn stripe(window: &HitmapWindow, columns: Range<usize>, usual: &Usual<'_>) -> Option<Pattern> {
    let near = columns.start.saturating_sub(1)..(columns.end + 1).min(window.columns());
    let elsewhere = usual.elsewhere(near);
    if elsewhere.iter().sum::<f64>() < 4.0 * FEWEST {
        return None;
    }
    let top = row_of_share(&elsewhere, TOP) + 1;
    if top >= ROWS {
        return None;
    }
    let tail = |columns: Range<usize>| window.count(columns, top..ROWS) as f64;
    let count = tail(columns.clone());
    if count < FEWEST {
        return None;
    }
    // The stripe must be alone: nothing similar before or after it.
    let around: Vec<f64> = (1..=4)
        .flat_map(|step| {
            [
                columns.start.checked_sub(step),
                Some(columns.end - 1 + step).filter(|at| *at < window.columns()),
            ]
        })
        .flatten()
        .map(|at| tail(at..at + 1))
        .collect();
    let expected = mean(&around)
        .max(elsewhere[top..].iter().sum::<f64>() / window.columns() as f64)
        * columns.len() as f64;
    let highest = around.iter().copied().fold(0.0, f64::max);
    if count < TIMES * (expected + 1.0)
        || count < expected + 6.0 * expected.max(1.0).sqrt()
        || highest > 0.5 * count
    {
        return None;
    }
    if !even(window, &columns, top) || on_top(window, &columns, top) > ON_TOP * count {
        return None;
    }
    pattern(window, columns, top, count, expected)
}

/// How many more transactions than usual end in the stripe and in the columns in which it built up.
fn on_top(window: &HitmapWindow, columns: &Range<usize>, top: usize) -> f64 {
    let totals = window.totals();
    let profile = window.profile(columns.clone());
    let tail: f64 = profile[top..].iter().sum();
    let mut seen = 0.0;
    let longest = (top..ROWS)
        .find(|row| {
            seen += profile[*row];
            seen >= 0.97 * tail
        })
        .map_or(0.0, high);
    let waited = (longest / window.column().as_secs_f64()).ceil() as usize;
    let first = columns.start.saturating_sub(waited);
    let mut usual = totals[first.saturating_sub(USUAL)..first].to_vec();
    usual.extend(&totals[columns.end..(columns.end + USUAL).min(totals.len())]);
    totals[first..columns.end].iter().sum::<f64>() - mean(&usual) * (columns.end - first) as f64
}

/// Whether the waits above the usual top are spread like those of a released queue.
fn even(window: &HitmapWindow, columns: &Range<usize>, top: usize) -> bool {
    let profile = window.profile(columns.clone());
    let mut waits: Vec<(f64, f64)> = Vec::new();
    for (row, count) in profile.iter().enumerate().skip(top) {
        if *count > 0.0 {
            waits.push(((low(row) + high(row)) / 2.0, *count));
        }
    }
    let total: f64 = waits.iter().map(|(_, count)| count).sum();
    let at = |share: f64| {
        let mut seen = 0.0;
        for (wait, count) in &waits {
            seen += count;
            if seen >= share * total {
                return *wait;
            }
        }
        0.0
    };
    // The 97th percentile is used, so that one straggler does not stretch the range.
    let (least, longest) = (low(top), at(0.97));
    if longest < LONGEST || longest < REACH * least {
        return false;
    }
    let mean = waits
        .iter()
        .map(|(wait, count)| wait.min(longest) * count)
        .sum::<f64>()
        / total;
    let place = (mean - least) / (longest - least);
    let spread = (at(0.9) - at(0.1)) / at(0.9);
    let mut fifths = [false; 5];
    for (wait, _) in &waits {
        let fifth = ((wait - least) / (longest - least) * 5.0).clamp(0.0, 4.0);
        fifths[fifth as usize] = true;
    }
    EVEN.contains(&place)
        && spread >= SPREAD
        && fifths.iter().filter(|filled| **filled).count() >= FIFTHS
}

fn pattern(
    window: &HitmapWindow,
    columns: Range<usize>,
    top: usize,
    count: f64,
    expected: f64,
) -> Option<Pattern> {
    let profile = window.profile(columns.clone());
    let last = (top..ROWS).rev().find(|row| profile[*row] > 0.0)?;
    Some(Pattern {
        kind: PatternKind::Vertical,
        failed: window.failed(columns.clone(), top..last + 1),
        columns,
        rows: top..last + 1,
        constant: None,
        period: None,
        count: count as u64,
        strength: count / expected.max(1.0),
    })
}
