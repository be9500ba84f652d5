//! The verdict on a service at the end of a range: compares its last minutes with what is usual for
//! it.
//!
//! Careful with little traffic. Shares are judged by the lower end of their confidence interval, so
//! one failure of twenty is not an outage. The time looked at grows until it holds enough
//! transactions.

use crate::{
    answer::{Basis, Health, Reason, Since, Verdict},
    usual::{FEWEST, Usual},
};
use hinomi_insight::share::{share, wilson};
use hinomi_model::UnixNanos;
use hinomi_query::{
    Columns,
    answer::{Counts, Tally},
};
use std::time::Duration;

/// The judged time stops growing when it has this many transactions.
const ENOUGH: u64 = 100;
/// The shortest time that is judged.
const LAST: Duration = Duration::from_secs(300);
/// Failing share from which a service is bad.
const BAD_ERRORS: f64 = 0.05;
/// Failing share from which a service is watched.
const WATCH_ERRORS: f64 = 0.01;
/// Slow share from which a service is bad.
const BAD_SLOW: f64 = 0.30;
/// Slow share from which a service is watched.
const WATCH_SLOW: f64 = 0.05;
/// A share must also be this many times the usual share.
const TIMES_USUAL: f64 = 2.0;
/// A 95th percentile this many times the usual one is worth watching.
const TIMES_SLOWER: f64 = 1.5;
/// The 95th percentile must also be larger by at least this: people do not notice less.
const SLOWER_BY: Duration = Duration::from_millis(20);
/// Traffic below this share of the usual is worth watching.
const QUIET: f64 = 0.3;
/// Low traffic is judged only when at least this many transactions would have been usual.
const QUIET_EXPECTED: f64 = 100.0;
/// Days of the same hour that are needed to know the usual traffic.
const QUIET_DAYS: u8 = 3;
/// Standard deviations of a confidence interval of 95 %.
const DEVIATIONS: f64 = 1.96;
/// Resolution of `since`.
const STEP: Duration = Duration::from_secs(60);

/// The verdict on a service at the end of `columns`. A service may have nothing that is judged, and still
/// not be silent: streams and probes alone.
pub(crate) fn judge(
    columns: &Columns,
    tallies: &[Tally],
    usual: Option<&Usual>,
    (is_silent, last_seen): (bool, Option<UnixNanos>),
) -> Health {
    let window = Window::last(columns, tallies);
    let total: u64 = tallies.iter().map(|tally| tally.counts.total()).sum();
    let verdict = if total == 0 && is_silent {
        Verdict::NoData { last_seen }
    } else {
        window.verdict(usual)
    };
    let since = match &verdict {
        Verdict::Bad(reason) | Verdict::Watch(reason) => {
            Some(since(*reason, columns, tallies, window.from))
        }
        _ => None,
    };
    Health {
        verdict,
        basis: usual.map(|usual| usual.basis),
        since,
        few: total > 0 && window.tally.counts.total() < FEWEST,
    }
}

/// The judged end of a range.
struct Window {
    tally: Tally,
    length: Duration,
    /// Index of its first column.
    from: usize,
}

impl Window {
    fn last(columns: &Columns, tallies: &[Tally]) -> Self {
        let mut window = Self {
            tally: Tally::default(),
            length: Duration::ZERO,
            from: tallies.len(),
        };
        for (index, tally) in tallies.iter().enumerate().rev() {
            if window.length >= LAST && window.tally.counts.total() >= ENOUGH {
                break;
            }
            window.tally.merge(tally);
            window.length += columns.width;
            window.from = index;
        }
        window
    }

    fn verdict(&self, usual: Option<&Usual>) -> Verdict {
        if let Some(quiet) = usual.and_then(|usual| self.quiet(usual)) {
            return Verdict::Watch(quiet);
        }
        let counts = self.tally.counts;
        let total = counts.total();
        if total < FEWEST {
            return Verdict::Ok;
        }
        let errors = share(counts.error, total);
        let slow = share(counts.slow, total);
        let sure_errors = at_least(counts.error, total);
        let sure_slow = at_least(counts.slow, total);
        let usual_errors = usual.map(|usual| usual.error_share);
        let usual_slow = usual.map(|usual| usual.slow_share);
        let over = |sure: f64, limit: f64, usual: Option<f64>| {
            sure >= limit && sure >= usual.unwrap_or(0.0) * TIMES_USUAL
        };
        let errors_reason = Reason::Errors {
            share: errors,
            usual: usual_errors,
        };
        let slow_reason = Reason::Slow {
            share: slow,
            usual: usual_slow,
        };
        if over(sure_errors, BAD_ERRORS, usual_errors) {
            Verdict::Bad(errors_reason)
        } else if over(sure_slow, BAD_SLOW, usual_slow) {
            Verdict::Bad(slow_reason)
        } else if over(sure_errors, WATCH_ERRORS, usual_errors) {
            Verdict::Watch(errors_reason)
        } else if over(sure_slow, WATCH_SLOW, usual_slow) {
            Verdict::Watch(slow_reason)
        } else if let Some(slower) = usual.and_then(|usual| self.slower(usual)) {
            Verdict::Watch(slower)
        } else {
            Verdict::Ok
        }
    }

    /// At least one in ten transactions is over the usual 95th percentile, twice as many as usual,
    /// and the difference is large enough to notice.
    fn slower(&self, usual: &Usual) -> Option<Reason> {
        let before = usual.p95?;
        let latency = self.tally.latency();
        let p95 = latency.quantile(0.95)?;
        let slower = self.tally.counts.total() >= ENOUGH
            && latency.quantile(0.90)? >= before
            && p95 >= before.mul_f64(TIMES_SLOWER)
            && p95 >= before + SLOWER_BY;
        slower.then_some(Reason::Slower { p95, usual: before })
    }

    fn quiet(&self, usual: &Usual) -> Option<Reason> {
        let known = match usual.basis {
            Basis::HourOfWeek { .. } => true,
            Basis::HourOfDay { days } => days >= QUIET_DAYS,
            Basis::HourBefore => false,
        };
        let seconds = self.length.as_secs_f64();
        let expected = usual.per_second * seconds;
        let per_second = self.tally.counts.total() as f64 / seconds.max(1.0);
        (known && expected >= QUIET_EXPECTED && per_second < usual.per_second * QUIET).then_some(
            Reason::Quiet {
                per_second,
                usual: usual.per_second,
            },
        )
    }
}

/// Since when a reason holds without interruption. Minutes without transactions neither confirm nor
/// interrupt it.
fn since(reason: Reason, columns: &Columns, tallies: &[Tally], from: usize) -> Since {
    let per_step = usize::try_from(STEP.as_nanos() / columns.width.as_nanos().max(1)).unwrap_or(1);
    let mut began = None;
    let mut at_start = true;
    for (number, step) in tallies.rchunks(per_step.max(1)).enumerate() {
        let first = tallies.len().saturating_sub((number + 1) * per_step.max(1));
        match shows(reason, step, columns.width) {
            Some(true) => began = Some(first),
            None => {}
            Some(false) if first >= from => {}
            Some(false) => {
                at_start = false;
                break;
            }
        }
    }
    let began = began.unwrap_or(from);
    Since {
        at: columns.start(began),
        or_before: at_start && began == 0,
    }
}

/// Whether a stretch of time shows the reason of a verdict; `None` when it has no transactions to
/// tell.
fn shows(reason: Reason, step: &[Tally], width: Duration) -> Option<bool> {
    let mut counts = Counts::default();
    step.iter().for_each(|tally| counts.add(tally.counts));
    let total = counts.total();
    if let Reason::Quiet { usual, .. } = reason {
        let seconds = width.as_secs_f64() * step.len() as f64;
        return Some((total as f64) < usual * seconds * QUIET);
    }
    if total == 0 {
        return None;
    }
    Some(match reason {
        Reason::Errors { usual, .. } => {
            share(counts.error, total) >= WATCH_ERRORS.max(usual.unwrap_or(0.0) * TIMES_USUAL)
        }
        Reason::Slow { usual, .. } => {
            share(counts.slow, total) >= WATCH_SLOW.max(usual.unwrap_or(0.0) * TIMES_USUAL)
        }
        Reason::Slower { usual, .. } => {
            let mut all = Tally::default();
            step.iter().for_each(|tally| all.merge(tally));
            all.latency().quantile(0.90).is_some_and(|p90| p90 >= usual)
        }
        Reason::Quiet { .. } => false,
    })
}

/// The lower end of the 95 % confidence interval of a share.
fn at_least(part: u64, of: u64) -> f64 {
    let (low, _) = wilson(part as f64, of as f64, DEVIATIONS);
    low
}

#[cfg(test)]
mod tests;
