//! A window of hitmap cells as a dense array, with the sums and quantiles that all detectors need.

use crate::rank::nearest_rank;
use hinomi_model::hitmap::{ROW_EDGES_US, ROWS};
use std::{ops::Range, time::Duration};

/// Most columns of a window. Hitmaps do not have more.
const MOST_COLUMNS: usize = 512;

/// Counts by column and row, with the failed ones counted separately as well.
#[derive(Debug, Clone)]
pub struct HitmapWindow {
    column: Duration,
    cells: Vec<[u32; ROWS]>,
    errors: Vec<[u32; ROWS]>,
}

impl HitmapWindow {
    /// An empty window of `columns` columns of the same width. At most 512 columns are kept.
    pub fn new(column: Duration, columns: usize) -> Self {
        let columns = columns.min(MOST_COLUMNS);
        Self {
            column,
            cells: vec![[0; ROWS]; columns],
            errors: vec![[0; ROWS]; columns],
        }
    }

    /// Adds the transactions of one cell: the number that succeeded (slow ones included) and that
    /// failed. Cells outside the window are ignored.
    pub fn add(&mut self, column: usize, row: usize, succeeded: u64, failed: u64) {
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        if column < self.cells.len() && row < ROWS {
            let cell = &mut self.cells[column][row];
            *cell = cell.saturating_add(number(succeeded + failed));
            let cell = &mut self.errors[column][row];
            *cell = cell.saturating_add(number(failed));
        }
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.cells.len()
    }

    /// Width of a column.
    pub fn column(&self) -> Duration {
        self.column
    }

    /// Number of transactions in a rectangle of cells.
    pub(super) fn count(&self, columns: Range<usize>, rows: Range<usize>) -> u64 {
        sum(&self.cells, columns, rows)
    }

    /// Number of failed transactions in a rectangle of cells.
    pub(super) fn failed(&self, columns: Range<usize>, rows: Range<usize>) -> u64 {
        sum(&self.errors, columns, rows)
    }

    /// Number of transactions in each column.
    pub(super) fn totals(&self) -> Vec<f64> {
        let each = self.cells.iter();
        each.map(|rows| rows.iter().map(|count| f64::from(*count)).sum())
            .collect()
    }

    /// The sum of some columns, by row.
    pub(super) fn profile(&self, columns: Range<usize>) -> [f64; ROWS] {
        let mut profile = [0.0; ROWS];
        for column in columns {
            for (sum, count) in profile.iter_mut().zip(&self.cells[column]) {
                *sum += f64::from(*count);
            }
        }
        profile
    }
}

fn sum(cells: &[[u32; ROWS]], columns: Range<usize>, rows: Range<usize>) -> u64 {
    let columns = cells.iter().take(columns.end).skip(columns.start);
    columns
        .flat_map(|column| column.iter().take(rows.end).skip(rows.start))
        .map(|count| u64::from(*count))
        .sum()
}

/// Lower edge of a row in seconds. The first row begins at zero; half a millisecond is used so that
/// logarithms are finite.
pub(super) fn low(row: usize) -> f64 {
    f64::from(ROW_EDGES_US[row.min(ROWS - 1)].max(500)) / 1e6
}

/// Upper edge of a row in seconds. The last row has none; 2 % above its lower edge is used.
pub(super) fn high(row: usize) -> f64 {
    if row + 1 < ROWS {
        f64::from(ROW_EDGES_US[row + 1]) / 1e6
    } else {
        low(ROWS - 1) * 1.02
    }
}

/// The natural logarithm of the duration, in seconds, that this share of a profile does not exceed,
/// interpolated within the row. `None` when the profile is empty.
pub(super) fn log_quantile(profile: &[f64; ROWS], share: f64) -> Option<f64> {
    let total: f64 = profile.iter().sum();
    if total <= 0.0 {
        return None;
    }
    let wanted = total * share;
    let mut seen = 0.0;
    for (row, count) in profile.iter().enumerate() {
        if *count > 0.0 && seen + count >= wanted {
            let part = ((wanted - seen) / count).clamp(0.0, 1.0);
            return Some(low(row).ln() + part * (high(row) / low(row)).ln());
        }
        seen += count;
    }
    None
}

/// The row in which this share of a profile is reached.
pub(super) fn row_of_share(profile: &[f64; ROWS], share: f64) -> usize {
    let total: f64 = profile.iter().sum();
    let mut seen = 0.0;
    for (row, count) in profile.iter().enumerate() {
        seen += count;
        if *count > 0.0 && seen >= total * share {
            return row;
        }
    }
    ROWS - 1
}

/// The value below which this share of the values lies; 0 without values.
pub(super) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    nearest_rank(&sorted, share).unwrap_or(0.0)
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The share of the usual fast transactions that is left in some profiles: 1 when only slow ones
/// were added, near 0 when all became slower. Several definitions of fast are tried and the
/// smallest result is used, because kinds of request may differ widely.
pub(super) fn fast_left(profiles: &[[f64; ROWS]], now: &[usize], usual: &[usize]) -> f64 {
    let mut usually = [0.0; ROWS];
    for bin in usual {
        for (sum, count) in usually.iter_mut().zip(&profiles[*bin]) {
            *sum += count;
        }
    }
    let left = [0.15, 0.3, 0.5].into_iter().map(|share| {
        let row = row_of_share(&usually, share);
        let fast = |bins: &[usize]| {
            let each = bins.iter().map(|bin| profiles[*bin][..=row].iter().sum());
            mean(&each.collect::<Vec<f64>>())
        };
        fast(now) / fast(usual).max(1e-9)
    });
    left.fold(f64::INFINITY, f64::min)
}

/// Bins: sums of a few columns each, so that every profile has enough transactions for quantiles.
pub(super) struct Bins {
    /// Columns in each bin.
    pub width: usize,
    pub profiles: Vec<[f64; ROWS]>,
}

impl Bins {
    /// Bins as narrow as possible with `fewest` transactions in the usual bin; `None` when that
    /// gives fewer than `least` bins.
    pub fn of(window: &HitmapWindow, fewest: f64, least: usize) -> Option<Self> {
        let totals = window.totals();
        let usual = quantile(&totals, 0.5).max(mean(&totals) / 2.0);
        if usual <= 0.0 {
            return None;
        }
        let width = (fewest / usual).ceil().max(1.0) as usize;
        let count = window.columns() / width;
        if count < least {
            return None;
        }
        let profiles = (0..count)
            .map(|bin| window.profile(bin * width..(bin + 1) * width))
            .collect();
        Some(Self { width, profiles })
    }

    /// A quantile of each bin, in log seconds. An empty bin takes the value of its left neighbour.
    pub fn log_quantiles(&self, share: f64) -> Vec<f64> {
        let mut values: Vec<Option<f64>> = Vec::new();
        for profile in &self.profiles {
            let before = values.last().copied().flatten();
            values.push(log_quantile(profile, share).or(before));
        }
        let first = values.iter().copied().flatten().next().unwrap_or(0.0);
        values
            .into_iter()
            .map(|value| value.unwrap_or(first))
            .collect()
    }

    /// The mean log duration of each bin and the square of its standard error. An empty bin takes
    /// the values of its left neighbour.
    pub fn log_means(&self) -> (Vec<f64>, Vec<f64>) {
        let mut means = Vec::new();
        let mut errors = Vec::new();
        let middles: [f64; ROWS] =
            std::array::from_fn(|row| (low(row).ln() + high(row).ln()) / 2.0);
        for profile in &self.profiles {
            let count: f64 = profile.iter().sum();
            let weighted = |power: i32| -> f64 {
                let each = profile.iter().zip(&middles);
                each.map(|(count, middle)| count * middle.powi(power)).sum()
            };
            if count > 0.0 {
                let mean = weighted(1) / count;
                means.push(mean);
                errors.push((weighted(2) / count - mean * mean).max(0.0) / count);
            } else {
                means.push(means.last().copied().unwrap_or(0.0));
                errors.push(0.0);
            }
        }
        (means, errors)
    }

    /// The columns of some bins.
    pub fn columns(&self, bins: Range<usize>) -> Range<usize> {
        bins.start * self.width..bins.end * self.width
    }
}
