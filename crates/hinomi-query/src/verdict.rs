//! How a service is, decided from shares of failed and slow transactions against the hour before.
//!
//! Fixed thresholds for now: they say nothing about a service with little traffic, and what is
//! usual for the hour of the week is not known here yet.

use crate::answer::{Counts, Reason, Verdict};
use hinomi_model::UnixNanos;

/// Fewer transactions than this prove nothing.
const FEWEST: u64 = 20;
/// Failing share from which a service is bad.
const BAD_ERRORS: f64 = 0.05;
/// Failing share from which a service is watched.
const WATCH_ERRORS: f64 = 0.01;
/// Slow share from which a service is watched.
const WATCH_SLOW: f64 = 0.05;
/// How many times the usual share it must be.
const TIMES_USUAL: f64 = 2.0;

/// The verdict on what was counted in a range, `usual` being the counts before it.
pub(crate) fn of(counts: Counts, usual: Counts, last_seen: Option<UnixNanos>) -> Verdict {
    let total = counts.total();
    if total == 0 {
        return Verdict::NoData { last_seen };
    }
    if total < FEWEST {
        return Verdict::Ok;
    }
    let share_of = |part: u64, of: Counts| part as f64 / of.total() as f64;
    let known = usual.total() >= FEWEST;
    let errors = Reason::Errors {
        share: share_of(counts.error, counts),
        usual: known.then(|| share_of(usual.error, usual)),
    };
    let slow = Reason::Slow {
        share: share_of(counts.slow, counts),
        usual: known.then(|| share_of(usual.slow, usual)),
    };
    if errors.is_over(BAD_ERRORS) {
        Verdict::Bad(errors)
    } else if errors.is_over(WATCH_ERRORS) {
        Verdict::Watch(errors)
    } else if slow.is_over(WATCH_SLOW) {
        Verdict::Watch(slow)
    } else {
        Verdict::Ok
    }
}

impl Reason {
    fn is_over(&self, threshold: f64) -> bool {
        let (Self::Errors { share, usual } | Self::Slow { share, usual }) = *self;
        share >= threshold && share >= usual.unwrap_or(0.0) * TIMES_USUAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(ok: u64, slow: u64, error: u64) -> Counts {
        Counts { ok, slow, error }
    }

    fn word(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Bad(_) => "bad",
            Verdict::Watch(Reason::Errors { .. }) => "watch errors",
            Verdict::Watch(Reason::Slow { .. }) => "watch slow",
            Verdict::NoData { .. } => "no data",
            Verdict::Ok => "ok",
        }
    }

    #[test]
    fn verdicts_follow_shares_and_what_was_usual() {
        let quiet = counts(1_000, 0, 0);
        for (now, usual, expected) in [
            (counts(0, 0, 0), quiet, "no data"),
            (counts(0, 0, 19), quiet, "ok"),
            (counts(1_000, 5, 5), quiet, "ok"),
            (counts(985, 0, 15), quiet, "watch errors"),
            (counts(900, 0, 100), quiet, "bad"),
            (counts(900, 0, 100), counts(0, 0, 0), "bad"),
            (counts(900, 0, 100), counts(920, 0, 80), "ok"),
            (counts(900, 100, 0), quiet, "watch slow"),
            (counts(900, 100, 0), counts(900, 100, 0), "ok"),
        ] {
            assert_eq!(
                word(&of(now, usual, None)),
                expected,
                "{now:?} after {usual:?}"
            );
        }
    }
}
