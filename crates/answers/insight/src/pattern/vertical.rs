//! Vertical: all who waited for one thing end together when it is released.
//!
//! Who came first has waited longest: durations of one column are spread evenly from short to the
//! whole wait, far above what its neighbours hold.

use super::{
    Pattern, PatternKind,
    window::{Window, high, low, mean, row_of_share},
};
use hinomi_model::hitmap::ROWS;
use std::ops::Range;

/// Transactions over the usual top that a stripe must have.
const FEWEST: f64 = 10.0;
/// How many times what the neighbours hold it must be.
const TIMES: f64 = 4.0;
/// Share of the transactions elsewhere that lie over the usual top.
const TOP: f64 = 0.985;
/// Share of all transactions that are not long, and one in how many columns is left out as tall.
const LONG: f64 = 0.95;
const TALLEST: usize = 30;
/// How many times the usual top its longest must be, and how long at least.
const REACH: f64 = 2.8;
const LONGEST: f64 = 1.0;
/// Where between shortest and longest the mean of even waits lies; a burst of one kind is lower.
const EVEN: Range<f64> = 0.36..0.72;
/// Least spread: from the tenth to the ninetieth percentile, over the latter.
const SPREAD: f64 = 0.42;
/// Different fifths of the stripe that are filled.
const FIFTHS: usize = 4;
/// Stripes in one window from which they are the service's usual.
const RHYTHM: usize = 4;
/// Of a stripe's transactions, the share that may be more than usually end while they waited. Those
/// who wait are missing before; a job comes on top.
const ON_TOP: f64 = 0.75;
/// Columns on each side that tell what is usual.
const USUAL: usize = 10;

pub(super) fn find(window: &Window) -> Vec<Pattern> {
    let mut found: Vec<Pattern> = Vec::new();
    let usual = Usual::of(window);
    let mut column = 0;
    while column < window.columns() {
        // A release next to a column's edge falls into two.
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
                // The narrower, unless the wider has a good part more.
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

/// The columns with the most long transactions: another stripe does not hide this one.
fn tallest(window: &Window) -> Vec<usize> {
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

/// What the columns hold that are not tall: added up once, and asked for all but a few.
struct Usual<'a> {
    window: &'a Window,
    is_tall: Vec<bool>,
    sum: [f64; ROWS],
}

impl<'a> Usual<'a> {
    fn of(window: &'a Window) -> Self {
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

    /// Without these columns. Counts are whole numbers, so nothing is lost by taking them off.
    fn elsewhere(&self, columns: Range<usize>) -> [f64; ROWS] {
        let here = self.profile(columns);
        std::array::from_fn(|row| self.sum[row] - here[row])
    }
}

fn stripe(window: &Window, columns: Range<usize>, usual: &Usual<'_>) -> Option<Pattern> {
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
    // Alone: neither before nor after is anything like it.
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

/// How many more transactions than usual end in the stripe and the columns in which it built up.
fn on_top(window: &Window, columns: &Range<usize>, top: usize) -> f64 {
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

/// Whether the waits over the usual top are spread as those of a queue that is let go.
fn even(window: &Window, columns: &Range<usize>, top: usize) -> bool {
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
    // A straggler that took longer than the wait does not stretch it.
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
    window: &Window,
    columns: Range<usize>,
    top: usize,
    count: f64,
    expected: f64,
) -> Option<Pattern> {
    let profile = window.profile(columns.clone());
    let last = (top..ROWS).rev().find(|row| profile[*row] > 0.0)?;
    Some(Pattern {
        kind: PatternKind::Vertical,
        columns,
        rows: top..last + 1,
        constant: None,
        period: None,
        count: count as u64,
        strength: count / expected.max(1.0),
    })
}
