//! When calls to other hosts failed through no fault of the caller: they took too long, were not
//! answered, or were answered with a server's own error.

use hinomi_model::{CallCategory, CallFailure, Text};
use hinomi_store::{Family, GroupKey, RollupSum};
use std::collections::HashMap;

/// Steps to each side of a step that are looked at with it: a host that is called once in a while has
/// few calls in five seconds.
const BESIDE: usize = 3;
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

    /// The steps in or next to which a host did not answer well.
    pub fn steps(&self) -> Vec<bool> {
        let mut troubled = vec![false; self.steps];
        for steps in self.hosts.values() {
            for (step, is_troubled) in troubled.iter_mut().enumerate() {
                let beside = step.saturating_sub(BESIDE)..(step + BESIDE + 1).min(steps.len());
                let (calls, failed) = steps[beside]
                    .iter()
                    .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
                *is_troubled |= failed >= FEWEST && failed as f64 >= SHARE * calls as f64;
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
    fn steps_around_an_outage_are_troubled_and_those_of_refusals_are_not() {
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
        let troubled = trouble.steps();
        let of = |troubled: &[bool]| -> Vec<usize> {
            let steps = troubled.iter().enumerate();
            steps.filter(|(_, is)| **is).map(|(step, _)| step).collect()
        };
        assert_eq!(of(&troubled), (18..26).collect::<Vec<_>>());
    }
}
