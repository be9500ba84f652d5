//! Overload: all durations climb together, those of fast transactions too.
//!
//! The loss of fast transactions tells it from a batch job or another mix of requests: these add
//! slow transactions and leave the fast ones unchanged.

use super::{
    Pattern, PatternKind,
    window::{Bins, HitmapWindow, fast_left, quantile, row_of_share},
};

use std::ops::Range;

/// Fewest transactions of a bin, so that its 10th percentile is meaningful.
const FEWEST: f64 = 24.0;
/// Fewest bins of a window.
const LEAST_BINS: usize = 10;
/// Quantiles that must all climb.
const BODY: [f64; 4] = [0.10, 0.25, 0.50, 0.75];
/// The usual value of a quantile is this quantile over the bins.
const USUAL: f64 = 0.25;
/// Factor on the usual that each quantile must have throughout, and at the peak.
const LIFT: f64 = 1.6;
const HEIGHT: f64 = 1.95;
/// Fewest bins and columns that it must last.
const LASTS_BINS: usize = 4;
const LASTS_COLUMNS: usize = 4;
/// Bins below the limit that do not end a climb.
const DIP: usize = 2;
/// This many climbs in one window come and go, which is not overload.
const COMES_AND_GOES: usize = 3;
/// Largest share of the usual fast transactions that may be left.
const FAST_LEFT: f64 = 0.4;

pub(super) fn find(window: &HitmapWindow) -> Vec<Pattern> {
    let Some(bins) = Bins::of(window, FEWEST, LEAST_BINS) else {
        return Vec::new();
    };
    let lifts = lifts(&bins);
    let runs = runs(&lifts);
    let mut found: Vec<Pattern> = runs
        .into_iter()
        .filter_map(|run| judge(window, &bins, &lifts, run))
        .collect();
    if found.len() >= COMES_AND_GOES {
        found.clear();
    }
    found
}

/// Runs of lifted bins. A short dip does not end a run.
fn runs(lifts: &[f64]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (bin, _) in lifts
        .iter()
        .enumerate()
        .filter(|(_, lift)| **lift >= LIFT.ln())
    {
        match runs.last_mut() {
            Some(run) if bin - run.end <= DIP => run.end = bin + 1,
            _ => runs.push(bin..bin + 1),
        }
    }
    runs
}

/// For each bin, the smallest lift of the quantiles over their usual values, in log.
fn lifts(bins: &Bins) -> Vec<f64> {
    let mut lifts = vec![f64::INFINITY; bins.profiles.len()];
    for share in BODY {
        let values = bins.log_quantiles(share);
        let usual = usual(&values);
        for (lift, value) in lifts.iter_mut().zip(&values) {
            *lift = lift.min(value - usual);
        }
    }
    lifts
}

fn usual(values: &[f64]) -> f64 {
    quantile(values, USUAL)
}

fn judge(window: &HitmapWindow, bins: &Bins, lifts: &[f64], run: Range<usize>) -> Option<Pattern> {
    let columns = bins.columns(run.clone());
    let height = lifts[run.clone()].iter().copied().fold(f64::MIN, f64::max);
    if run.len() < LASTS_BINS || columns.len() < LASTS_COLUMNS || height < HEIGHT.ln() {
        return None;
    }
    // The bins are compared with the quarter of the bins that have the least lift.
    let calm = quantile(lifts, USUAL);
    let usual: Vec<usize> = (0..lifts.len()).filter(|bin| lifts[*bin] <= calm).collect();
    let now: Vec<usize> = run.clone().collect();
    if fast_left(&bins.profiles, &now, &usual) > FAST_LEFT {
        return None;
    }
    let within = window.profile(columns.clone());
    let rows = row_of_share(&within, 0.05)..row_of_share(&within, 0.95) + 1;
    Some(Pattern {
        kind: PatternKind::Overload,
        count: window.count(columns.clone(), rows.clone()),
        failed: window.failed(columns.clone(), rows.clone()),
        columns,
        rows,
        constant: None,
        period: None,
        strength: height.exp(),
    })
}
