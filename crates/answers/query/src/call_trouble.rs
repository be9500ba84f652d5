//! When calls to other hosts failed through no fault of the caller: they took too long, were not
//! answered, or were answered with a server's own error.

use hinomi_model::{CallCategory, CallFailure, Text};
use hinomi_store::{Family, GroupKey, RollupSum};
use std::{collections::HashMap, time::Duration};

/// The time up to the end of a step that is looked at with it: a host that is called once in a while has
/// few calls in five seconds. Later calls do not matter, so a step that was judged stays judged.
const LOOKED_AT: Duration = Duration::from_secs(30);
/// Trouble that begins within this time after a change and does not end may be the change's own.
const OWN: Duration = Duration::from_secs(60);
/// Fewest failed calls, and the share of the calls, that are trouble.
const FEWEST: u64 = 2;
const SHARE: f64 = 0.2;

/// Calls to each host by step.
pub(crate) struct CallTrouble {
    steps: usize,
    /// Calls, and those that failed by the other side.
    hosts: HashMap<Text, Vec<(u64, u64)>>,
}

impl CallTrouble {
    /// No calls yet.
    pub fn new(steps: usize) -> Self {
        Self {
            steps,
            hosts: HashMap::new(),
        }
    }

    /// Adds the calls or the failed calls of a step.
    pub fn add(&mut self, step: usize, key: &GroupKey, sum: &RollupSum) {
        let is_of_host = matches!(key.category, Some(CallCategory::Http | CallCategory::Rpc));
        let count = match key.family {
            Family::Calls if is_of_host => (sum.count, 0),
            Family::FailedCalls if is_of_host && key.failure.is_some_and(is_theirs) => {
                (0, sum.count)
            }
            _ => return,
        };
        let steps = match self.hosts.get_mut(&key.target) {
            Some(steps) => steps,
            None => {
                let steps = vec![(0, 0); self.steps];
                self.hosts.entry(key.target.clone()).or_insert(steps)
            }
        };
        if let Some((calls, failed)) = steps.get_mut(step) {
            *calls += count.0;
            *failed += count.1;
        }
    }

    /// The steps at which a host did not answer well for reasons that a change at step `at` cannot have
    /// caused: its trouble began before the change or later than soon after it, or it ended.
    pub fn steps(&self, at: usize, step: Duration) -> Vec<bool> {
        let steps_of = |length: Duration| length.div_duration_f64(step).ceil() as usize;
        let (looked_at, own) = (steps_of(LOOKED_AT).max(1), steps_of(OWN).max(1));
        let mut troubled = vec![false; self.steps];
        for steps in self.hosts.values() {
            let of_host: Vec<bool> = (0..steps.len())
                .map(|step| {
                    let looked_at = (step + 1).saturating_sub(looked_at)..step + 1;
                    let (calls, failed) = steps[looked_at]
                        .iter()
                        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
                    failed >= FEWEST && failed as f64 >= SHARE * calls as f64
                })
                .collect();
            let (before, since) = of_host.split_at(at.min(of_host.len()));
            let began = since.iter().position(|is| *is);
            let is_own = began.is_some_and(|began| {
                began < own && !before.contains(&true) && since[began..].iter().all(|is| *is)
            });
            if !is_own {
                for (all, is) in troubled.iter_mut().zip(of_host) {
                    *all |= is;
                }
            }
        }
        troubled
    }
}

/// Whether a call failed by the other side or on the way there.
fn is_theirs(failure: CallFailure) -> bool {
    match failure {
        CallFailure::Connect | CallFailure::Tls | CallFailure::Timeout | CallFailure::Fault => true,
        CallFailure::Refused | CallFailure::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::rollup::ServiceKey;

    fn key(host: &str, failure: Option<CallFailure>) -> GroupKey {
        let empty = || Text::from("");
        GroupKey {
            family: match failure {
                None => Family::Calls,
                Some(_) => Family::FailedCalls,
            },
            service: ServiceKey {
                service: empty(),
                namespace: empty(),
                environment: empty(),
            },
            operation: empty(),
            instance: empty(),
            version: empty(),
            category: Some(CallCategory::Http),
            target: host.into(),
            detail: empty(),
            error_type: empty(),
            failure,
            kind: None,
        }
    }

    fn sum(count: u64) -> RollupSum {
        RollupSum {
            count,
            ..RollupSum::default()
        }
    }

    #[test]
    fn steps_of_an_outage_are_troubled_and_those_of_refusals_are_not() {
        let mut trouble = CallTrouble::new(40);
        for step in 0..40 {
            trouble.add(step, &key("bank", None), &sum(2));
            trouble.add(step, &key("other", None), &sum(50));
            trouble.add(step, &key("other", Some(CallFailure::Fault)), &sum(1));
            trouble.add(step, &key("other", Some(CallFailure::Refused)), &sum(40));
        }
        for step in 20..24 {
            trouble.add(step, &key("bank", Some(CallFailure::Timeout)), &sum(2));
        }
        let of = |trouble: &CallTrouble, at| -> Vec<usize> {
            let steps = trouble.steps(at, Duration::from_secs(5)).into_iter();
            let troubled = steps.enumerate().filter(|(_, is)| *is);
            troubled.map(|(step, _)| step).collect()
        };
        assert_eq!(of(&trouble, 10), (21..28).collect::<Vec<_>>());
        assert_eq!(of(&trouble, 19), (21..28).collect::<Vec<_>>(), "it ended");
        // An outage that goes on is a release's own when it came with it.
        for step in 24..40 {
            trouble.add(step, &key("bank", Some(CallFailure::Timeout)), &sum(2));
        }
        assert!(of(&trouble, 19).is_empty());
        assert_eq!(of(&trouble, 5), (21..40).collect::<Vec<_>>());
        assert_eq!(of(&trouble, 25), (21..40).collect::<Vec<_>>());
    }
}
