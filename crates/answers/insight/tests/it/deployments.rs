//! Calibration of the verdict on a deployment. Tuned on seeds below 10 000; asserted on others.

use crate::releases::{Change, release};
use hinomi_insight::deployment::judge;
use std::ops::Range;

/// Requests a second that the claims on speed are made for, and the number of steps in a minute.
const RATE: f64 = 50.0;
const MINUTE: usize = 12;

/// How many of the seeds have reached each verdict, after each of these numbers of steps.
fn verdicts(
    change: Change,
    seeds: Range<u64>,
    rate: Option<f64>,
    steps: &[usize],
) -> Vec<[usize; 4]> {
    let most = steps.iter().copied().max().unwrap_or(0);
    let mut counts = vec![[0; 4]; steps.len()];
    for seed in seeds {
        let release = release(change, seed, rate, most);
        for (counts, steps) in counts.iter_mut().zip(steps) {
            let judgement = judge(&release.before, &release.since[..*steps]);
            counts[judgement.verdict as usize] += 1;
        }
    }
    counts
}

const SEEDS: Range<u64> = 20_000..20_200;
const WORSE: usize = 3;

#[test]
fn a_deployment_without_a_difference_is_hardly_ever_called_worse() {
    let counts = verdicts(
        Change::Nothing,
        SEEDS,
        None,
        &[MINUTE, 5 * MINUTE, 30 * MINUTE],
    );
    println!("nothing, any traffic, after 1, 5, 30 min: {counts:?}");
    // "Worse" is final, so whatever was ever called worse still is after half an hour.
    assert!(counts[2][WORSE] <= 10, "{counts:?}");
    let counts = verdicts(Change::Nothing, SEEDS, Some(RATE), &[MINUTE, 5 * MINUTE]);
    println!("nothing, 50 requests/s, after 1, 5 min: {counts:?}");
    assert!(counts[1][WORSE] <= 10, "{counts:?}");
}

#[test]
fn a_regression_is_called_within_a_minute() {
    for change in [Change::Slower, Change::SlowerTail, Change::Failing] {
        let counts = verdicts(change, SEEDS, Some(RATE), &[6, MINUTE]);
        println!("{change:?}, 50 requests/s, after 30 s and 1 min: {counts:?}");
        assert!(counts[1][WORSE] >= 190, "{change:?} {counts:?}");
    }
}

#[test]
fn an_improvement_is_not_called_worse() {
    let counts = verdicts(Change::Faster, SEEDS, Some(RATE), &[MINUTE, 5 * MINUTE]);
    println!("Faster, 50 requests/s, after 1, 5 min: {counts:?}");
    assert!(counts[1][WORSE] <= 4, "{counts:?}");
    assert!(counts[1][2] >= 130, "{counts:?}");
}

#[test]
#[ignore = "for tuning: its seeds prove nothing"]
fn tuning() {
    let long = [MINUTE, 5 * MINUTE, 30 * MINUTE];
    let counts = verdicts(Change::Nothing, 1..401, None, &long);
    println!("nothing: {counts:?} (collecting, no difference, better, worse)");
    for change in [
        Change::Slower,
        Change::SlowerTail,
        Change::Failing,
        Change::Faster,
    ] {
        let counts = verdicts(change, 1..401, Some(RATE), &[6, 8, 10, MINUTE, 24]);
        println!("{change:?}: {counts:?}");
    }
}
