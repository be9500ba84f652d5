//! Flood: the throughput is suddenly a multiple of the usual one and stays there for a while.
//!
//! A service that has just started is not a flood, and neither is a job that repeats.

use super::{
    Pattern, PatternKind,
    window::{HitmapWindow, mean, quantile, row_of_share},
};
use std::ops::Range;

/// Columns before the rise that are looked at, and the fewest of them that must have traffic.
const BEFORE: usize = 24;
const LEAST_BEFORE: usize = 6;
/// Factor on the usual count that the rise must reach.
const TIMES: f64 = 2.4;
/// The flood ends when the count is below this factor on the usual one.
const OVER: f64 = 1.6;
/// Fewest columns that it must last.
const LASTS: usize = 4;
/// Standard deviations by which it must exceed the usual.
const SIGMAS: f64 = 7.0;
/// This many rises in one window are a rhythm, not a flood.
const RHYTHM: usize = 3;

pub(super) fn find(window: &HitmapWindow) -> Vec<Pattern> {
    let totals = window.totals();
    let mut found: Vec<Pattern> = Vec::new();
    let mut bursts = 0;
    let mut column = LEAST_BEFORE;
    while column < totals.len() {
        let Some((usual, run)) = rise(&totals, column) else {
            column += 1;
            continue;
        };
        bursts += 1;
        column = run.end;
        if run.len() >= LASTS {
            found.push(pattern(window, run, usual));
        }
    }
    if bursts >= RHYTHM {
        found.clear();
    }
    found
}

/// The usual count before a rise that begins at `column`, and the columns of that rise.
fn rise(totals: &[f64], column: usize) -> Option<(f64, Range<usize>)> {
    let before = &totals[column.saturating_sub(BEFORE)..column];
    let with_traffic = before.iter().filter(|count| **count > 0.0).count();
    let usual = quantile(before, 0.5).max(mean(before) * 0.8);
    // With few columns or small counts the usual count is uncertain, so it is taken higher.
    let usual = usual + 2.0 * (usual / before.len() as f64).sqrt();
    if with_traffic < LEAST_BEFORE || with_traffic * 2 < before.len() {
        return None;
    }
    // Sudden means: usual until just before, then a multiple within two columns.
    let just_before = mean(&totals[column.saturating_sub(2)..column]);
    let soon = &totals[column..(column + 3).min(totals.len())];
    let reached = soon.iter().copied().fold(0.0, f64::max);
    let begins = totals[column] > OVER * usual;
    if !begins || just_before > 1.5 * usual + 2.0 * usual.sqrt() || reached < TIMES * usual {
        return None;
    }
    let end = (column..totals.len())
        .find(|at| {
            // The flood ends when two columns in a row are below the limit.
            totals[*at] < OVER * usual && totals.get(at + 1).is_none_or(|next| *next < OVER * usual)
        })
        .unwrap_or(totals.len());
    let run = column..end;
    let level = mean(&totals[run.clone()]);
    // Counts vary more than by chance, so the variation before the rise is used.
    let spread = before
        .iter()
        .map(|count| (count - usual).abs())
        .collect::<Vec<_>>();
    let deviation = (1.48 * quantile(&spread, 0.5)).max(usual.sqrt()).max(1.0);
    let stands_out = (level - usual) * (run.len() as f64).sqrt() / deviation;
    (level >= TIMES * usual && stands_out >= SIGMAS).then_some((usual, run))
}

fn pattern(window: &HitmapWindow, columns: Range<usize>, usual: f64) -> Pattern {
    let within = window.profile(columns.clone());
    let rows = row_of_share(&within, 0.02)..row_of_share(&within, 0.98) + 1;
    let count = window.count(columns.clone(), 0..hinomi_model::hitmap::ROWS);
    Pattern {
        kind: PatternKind::Flood,
        strength: count as f64 / columns.len().max(1) as f64 / usual.max(0.1),
        failed: window.failed(columns.clone(), 0..hinomi_model::hitmap::ROWS),
        columns,
        rows,
        constant: None,
        period: None,
        count,
    }
}
