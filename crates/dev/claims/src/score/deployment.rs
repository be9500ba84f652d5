//! The score of verdicts on deployments: were harmful releases called worse, and how often was a
//! verdict wrong.

use hinomi_analysis::deployment::{DeploymentVerdict, EXCLUDED};
pub use hinomi_sim::ReleaseKind;

/// What a release really did to the transactions of its version, compared with the same
/// transactions without faults and harmful releases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Factor on the 95th percentile.
    pub latency: f64,
    /// Rise of the failing share.
    pub failing: f64,
}

impl Effect {
    /// Whether it is as large as the differences that the verdict "no difference" excludes.
    pub fn is_large(self) -> bool {
        self.latency >= EXCLUDED.latency || self.failing >= EXCLUDED.errors
    }
}

/// A release and what was said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleaseSteps {
    /// What the release was made to do.
    pub kind: ReleaseKind,
    /// What it did; `None` when no transaction met it.
    pub effect: Option<Effect>,
    /// Seconds since the release, and the verdict at that time.
    pub verdicts: Vec<(u64, DeploymentVerdict)>,
}

/// The score of one release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleaseScore {
    /// Seconds until it was called worse; `None` when it never was.
    pub worse_after: Option<u64>,
    /// The last verdict other than "not enough data"; `None` when there was none.
    pub last: Option<DeploymentVerdict>,
    /// Whether the effect of the release is large.
    pub is_large: bool,
    /// Whether a verdict was wrong.
    pub is_wrong: bool,
}

/// Scores a release. Wrong is: a harmful release called better, or called no different at the end
/// although the difference is one that "no difference" excludes; a harmless one ever called worse
/// or better; a fix ever called worse.
pub fn score(release: &ReleaseSteps) -> ReleaseScore {
    let verdicts = || release.verdicts.iter();
    let is_ever = |wanted| verdicts().any(|(_, verdict)| *verdict == wanted);
    let worse_after = verdicts()
        .find(|(_, verdict)| *verdict == DeploymentVerdict::Worse)
        .map(|(after, _)| *after);
    let last = verdicts()
        .rev()
        .map(|(_, verdict)| *verdict)
        .find(|verdict| *verdict != DeploymentVerdict::Collecting);
    let is_large = release.effect.is_some_and(Effect::is_large);
    let is_wrong = match release.kind {
        ReleaseKind::Harmful => {
            let is_missed = last == Some(DeploymentVerdict::NoDifference) && is_large;
            is_ever(DeploymentVerdict::Better) || is_missed
        }
        ReleaseKind::Harmless => worse_after.is_some() || is_ever(DeploymentVerdict::Better),
        ReleaseKind::Fix => worse_after.is_some(),
    };
    ReleaseScore {
        worse_after,
        last,
        is_large,
        is_wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DeploymentVerdict::{Better, Collecting, NoDifference, Worse};

    fn scored(kind: ReleaseKind, latency: f64, verdicts: &[DeploymentVerdict]) -> ReleaseScore {
        let timed = verdicts.iter().enumerate();
        score(&ReleaseSteps {
            kind,
            effect: Some(Effect {
                latency,
                failing: 0.0,
            }),
            verdicts: timed.map(|(nth, one)| (nth as u64 * 5, *one)).collect(),
        })
    }

    #[test]
    fn a_harmful_release_is_called_worse_after_a_time() {
        let verdicts = [Collecting, Collecting, Worse, Worse];
        let score = scored(ReleaseKind::Harmful, 3.0, &verdicts);
        assert_eq!(score.worse_after, Some(10));
        assert_eq!(score.last, Some(Worse));
        assert!(!score.is_wrong);
    }

    #[test]
    fn no_difference_is_wrong_only_when_there_is_a_large_one() {
        let is_wrong = |latency| {
            let score = scored(ReleaseKind::Harmful, latency, &[Collecting, NoDifference]);
            score.is_wrong
        };
        assert!(is_wrong(3.0));
        assert!(!is_wrong(1.02));
    }

    #[test]
    fn a_harmless_release_must_not_be_called_anything_and_a_fix_not_worse() {
        for (kind, verdict, is_wrong) in [
            (ReleaseKind::Harmless, Worse, true),
            (ReleaseKind::Harmless, Better, true),
            (ReleaseKind::Harmless, NoDifference, false),
            (ReleaseKind::Harmless, Collecting, false),
            (ReleaseKind::Fix, Worse, true),
            (ReleaseKind::Fix, Better, false),
            (ReleaseKind::Harmful, Better, true),
        ] {
            let score = scored(kind, 1.0, &[Collecting, verdict]);
            assert_eq!(score.is_wrong, is_wrong, "{kind:?} {verdict:?}");
        }
    }

    #[test]
    fn nothing_said_is_no_verdict() {
        let score = scored(ReleaseKind::Harmful, 3.0, &[Collecting]);
        assert_eq!((score.worse_after, score.last), (None, None));
        assert!(!score.is_wrong);
    }
}
