//! Who is to blame for a partner's trouble, as far as our own calls can tell.
//!
//! The partner's side is never visible. The verdict follows from which of our services see the
//! trouble: all callers, one caller, one instance; or calls to several partners at once. When that
//! is not conclusive, the verdict says so.

use hinomi_insight::share::chance_of_at_least;
use hinomi_model::{CallFailure, Text};
use hinomi_query::answer::{CallerTally, PartnerCalls, PartnerTally};
use std::time::Duration;

/// Fewer failures than this are not trouble.
const FAILURES: u64 = 4;
/// A failed share is trouble from this value on, if it is also [`TIMES_USUAL`] the usual share.
const SHARE: f64 = 0.02;
/// The same where the usual share is known.
const SHARE_KNOWN: f64 = 0.01;
/// And so many failures must be less likely than this if no more than that share failed.
const CHANCE: f64 = 1e-4;
const TIMES_USUAL: f64 = 2.0;
/// A caller with fewer calls does not tell whether it sees the trouble.
const CALLS: u64 = 20;
/// Latency is trouble from twice the usual on, if both times had [`CALLS_FOR_LATENCY`] calls.
const SLOWER: f64 = 2.0;
const CALLS_FOR_LATENCY: u64 = 50;
/// A kind of failure is the main cause when it has this share of all failures.
const DOMINANT: f64 = 0.6;
/// One instance alone has the trouble when it has this share of the failures.
const ALONE: f64 = 0.9;
/// When this many partners are unreachable at once, the cause is on our side.
const HOSTS: usize = 3;

/// Who is to blame.
#[derive(Debug, Clone, PartialEq)]
pub enum Blame {
    /// Nothing is wrong.
    Fine,
    /// The partner, as far as our calls can tell.
    Theirs(BlameReason),
    /// Our side.
    Ours(BlameReason),
    /// Our calls do not tell.
    Unclear(BlameReason),
}

impl Blame {
    /// Whether nothing is wrong.
    pub fn is_fine(&self) -> bool {
        *self == Self::Fine
    }
}

/// The evidence for the verdict.
#[derive(Debug, Clone, PartialEq)]
pub enum BlameReason {
    /// The partner answers with server errors (5xx): this share of the failures.
    Faults {
        /// 0 to 1.
        share: f64,
    },
    /// The partner refuses our requests (4xx): this share of the failures.
    Refusals {
        /// 0 to 1.
        share: f64,
    },
    /// Several partners are unreachable at once.
    ManyHosts {
        /// Number of these partners.
        hosts: usize,
    },
    /// Every service that calls the partner sees the trouble.
    AllCallers {
        /// Number of these services.
        callers: usize,
    },
    /// One service sees the trouble; others that call the partner do not.
    SomeCallers {
        /// The service that sees it.
        service: Text,
        /// Number of callers that do not see it.
        others: usize,
    },
    /// One instance sees the trouble; other instances of the service do not.
    OneInstance {
        /// The instance.
        instance: Text,
        /// The service that the instance belongs to.
        service: Text,
        /// Number of running instances of the service.
        running: usize,
    },
    /// All instances of the only caller see the trouble.
    AllInstances {
        /// The caller.
        service: Text,
        /// Number of running instances of it.
        running: usize,
    },
    /// Only one service calls the partner, and its instances tell nothing more.
    OnlyCaller {
        /// The caller.
        service: Text,
    },
}

/// The verdict on each host, in the order of `hosts`.
pub(super) fn of(hosts: &[PartnerTally]) -> Vec<Blame> {
    let unreachable: Vec<&Text> = hosts
        .iter()
        .filter(|host| fails(&host.all, host.before.as_ref()) && is_unreachable(&host.all))
        .map(|host| &host.host)
        .collect();
    hosts
        .iter()
        .map(|host| {
            let many = unreachable.len() >= HOSTS && unreachable.contains(&&host.host);
            of_host(host, many.then_some(unreachable.len()))
        })
        .collect()
}

fn of_host(host: &PartnerTally, many: Option<usize>) -> Blame {
    let failing = fails(&host.all, host.before.as_ref());
    if failing {
        let known: u64 = host.all.failures.iter().sum();
        let share = |failure| host.all.failed(failure) as f64 / known.max(1) as f64;
        let (faults, refusals) = (share(CallFailure::Fault), share(CallFailure::Refused));
        if let Some(hosts) = many {
            return Blame::Ours(BlameReason::ManyHosts { hosts });
        }
        if refusals >= DOMINANT {
            return Blame::Ours(BlameReason::Refusals { share: refusals });
        }
        if faults >= DOMINANT {
            return Blame::Theirs(BlameReason::Faults { share: faults });
        }
        return by_callers(host, &fails, true);
    }
    if slower(&host.all, host.before.as_ref()) {
        return by_callers(host, &slower, false);
    }
    // The trouble of one caller can be hidden by the calls of the others.
    let hidden = |caller: &CallerTally| fails(&caller.calls, caller.before.as_ref());
    if host.callers.len() > 1 && host.callers.iter().any(hidden) {
        return by_callers(host, &fails, true);
    }
    Blame::Fine
}

/// The verdict by which callers see the trouble.
fn by_callers(
    host: &PartnerTally,
    sees: &dyn Fn(&PartnerCalls, Option<&PartnerCalls>) -> bool,
    failing: bool,
) -> Blame {
    let telling: Vec<&CallerTally> = host
        .callers
        .iter()
        .filter(|caller| caller.calls.count >= CALLS || sees(&caller.calls, caller.before.as_ref()))
        .collect();
    let (seeing, others): (Vec<&CallerTally>, Vec<&CallerTally>) = telling
        .into_iter()
        .partition(|caller| sees(&caller.calls, caller.before.as_ref()));
    match (&seeing[..], others.len()) {
        ([], _) => {
            let most = host.callers.iter().max_by_key(|caller| caller.calls.count);
            let service = most.map_or_else(|| "".into(), |caller| caller.service.clone());
            Blame::Unclear(BlameReason::OnlyCaller { service })
        }
        ([one], 0) => by_instances(one, failing),
        ([one], others) => Blame::Ours(BlameReason::SomeCallers {
            service: one.service.clone(),
            others,
        }),
        (all, 0) => Blame::Theirs(BlameReason::AllCallers { callers: all.len() }),
        (some, others) if some.len() >= others => Blame::Theirs(BlameReason::AllCallers {
            callers: some.len(),
        }),
        (some, others) => Blame::Ours(BlameReason::SomeCallers {
            service: some[0].service.clone(),
            others,
        }),
    }
}

/// The verdict by which instances of the only caller see the trouble.
fn by_instances(caller: &CallerTally, failing: bool) -> Blame {
    let service = caller.service.clone();
    let only = |service| Blame::Unclear(BlameReason::OnlyCaller { service });
    // Latency is not kept by instance.
    if !failing || caller.running < 2 {
        return only(service);
    }
    let failed: u64 = caller.failing.iter().map(|(_, count)| count).sum();
    let Some((instance, most)) = caller.failing.first() else {
        return only(service);
    };
    let running = caller.running.max(caller.failing.len());
    if *most as f64 >= ALONE * failed as f64 && failed >= FAILURES {
        let instance = instance.clone();
        return Blame::Ours(BlameReason::OneInstance {
            instance,
            service,
            running,
        });
    }
    if caller.failing.len() * 2 > running {
        return Blame::Theirs(BlameReason::AllInstances { service, running });
    }
    only(service)
}

fn fails(now: &PartnerCalls, before: Option<&PartnerCalls>) -> bool {
    let usual = before.map(PartnerCalls::error_share);
    let limit = usual.map_or(SHARE, |usual| SHARE_KNOWN.max(usual * TIMES_USUAL));
    now.errors >= FAILURES
        && now.error_share() >= limit
        && chance_of_at_least(now.errors, now.count, limit) < CHANCE
}

fn slower(now: &PartnerCalls, before: Option<&PartnerCalls>) -> bool {
    let Some(before) = before else {
        return false;
    };
    let p95 = |calls: &PartnerCalls| calls.latency.p95.unwrap_or(Duration::ZERO).as_secs_f64();
    now.count >= CALLS_FOR_LATENCY
        && before.count >= CALLS_FOR_LATENCY
        && p95(before) > 0.0
        && p95(now) >= p95(before) * SLOWER
}

/// Whether most failed calls never reached the host.
fn is_unreachable(calls: &PartnerCalls) -> bool {
    let known: u64 = calls.failures.iter().sum();
    let unreached = calls.failed(CallFailure::Connect) + calls.failed(CallFailure::Tls);
    known > 0 && unreached as f64 >= DOMINANT * known as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(count: u64, failures: [u64; 6]) -> PartnerCalls {
        PartnerCalls {
            count,
            errors: failures.iter().sum(),
            failures,
            ..PartnerCalls::default()
        }
    }

    fn with_p95(mut calls: PartnerCalls, millis: u64) -> PartnerCalls {
        calls.latency.p95 = Some(Duration::from_millis(millis));
        calls
    }

    fn caller(name: &str, calls: PartnerCalls) -> CallerTally {
        CallerTally {
            service: name.into(),
            calls,
            before: None,
            running: 1,
            failing: Vec::new(),
            trend: Vec::new(),
        }
    }

    fn host(name: &str, callers: Vec<CallerTally>) -> PartnerTally {
        let mut all = PartnerCalls::default();
        for caller in &callers {
            all.count += caller.calls.count;
            all.errors += caller.calls.errors;
            for (sum, more) in all.failures.iter_mut().zip(caller.calls.failures) {
                *sum += more;
            }
        }
        PartnerTally {
            host: name.into(),
            all,
            before: None,
            callers,
            failing_until: None,
        }
    }

    fn one(host: PartnerTally) -> Blame {
        of(&[host]).remove(0)
    }

    #[test]
    fn an_answer_tells_whose_fault_it_is() {
        let faults = host("a", vec![caller("x", calls(100, [0, 0, 1, 0, 9, 0]))]);
        assert_eq!(
            one(faults),
            Blame::Theirs(BlameReason::Faults { share: 0.9 })
        );
        let refusals = host("a", vec![caller("x", calls(100, [0, 0, 1, 9, 0, 0]))]);
        assert_eq!(
            one(refusals),
            Blame::Ours(BlameReason::Refusals { share: 0.9 })
        );
    }

    #[test]
    fn what_every_caller_sees_is_theirs_and_what_one_sees_is_ours() {
        let late = || calls(100, [0, 0, 20, 0, 0, 0]);
        let both = host("a", vec![caller("x", late()), caller("y", late())]);
        assert_eq!(
            one(both),
            Blame::Theirs(BlameReason::AllCallers { callers: 2 })
        );
        let x_only = host(
            "a",
            vec![caller("x", late()), caller("y", calls(5_000, [0; 6]))],
        );
        let expected = BlameReason::SomeCallers {
            service: "x".into(),
            others: 1,
        };
        assert_eq!(one(x_only), Blame::Ours(expected));
        let y_says_nothing = host(
            "a",
            vec![caller("x", late()), caller("y", calls(3, [0; 6]))],
        );
        let expected = BlameReason::OnlyCaller {
            service: "x".into(),
        };
        assert_eq!(one(y_says_nothing), Blame::Unclear(expected));
    }

    #[test]
    fn one_instance_of_several_stands_alone_with_it() {
        let with = |running, failing: &[(&str, u64)]| {
            let mut caller = caller("x", calls(100, [0, 0, 20, 0, 0, 0]));
            caller.running = running;
            caller.failing = failing.iter().map(|(a, n)| ((*a).into(), *n)).collect();
            one(host("a", vec![caller]))
        };
        let service = || Text::from("x");
        assert_eq!(
            with(3, &[("x-1", 19), ("x-2", 1)]),
            Blame::Ours(BlameReason::OneInstance {
                instance: "x-1".into(),
                service: service(),
                running: 3
            })
        );
        assert_eq!(
            with(3, &[("x-1", 8), ("x-2", 7), ("x-3", 5)]),
            Blame::Theirs(BlameReason::AllInstances {
                service: service(),
                running: 3
            })
        );
        for (running, failing) in [
            (1, &[("x-1", 20)][..]),
            (6, &[("x-1", 10), ("x-2", 10)]),
            (3, &[]),
        ] {
            let expected = BlameReason::OnlyCaller { service: service() };
            assert_eq!(with(running, failing), Blame::Unclear(expected));
        }
    }

    #[test]
    fn when_nobody_can_be_reached_it_is_our_network() {
        let down = |name| host(name, vec![caller("x", calls(100, [20, 0, 0, 0, 0, 0]))]);
        let fine = host("d", vec![caller("x", calls(100, [0; 6]))]);
        let blames = of(&[down("a"), down("b"), down("c"), fine]);
        let ours = Blame::Ours(BlameReason::ManyHosts { hosts: 3 });
        assert_eq!(blames, [ours.clone(), ours.clone(), ours, Blame::Fine]);
        assert_ne!(of(&[down("a"), down("b")])[0], blames[0]);
    }

    #[test]
    fn what_is_usual_is_fine_and_too_little_is_nothing() {
        assert_eq!(
            one(host("a", vec![caller("x", calls(100, [0, 0, 4, 0, 0, 0]))])),
            Blame::Fine
        );
        let mut usual = host("a", vec![caller("x", calls(100, [0, 0, 9, 0, 0, 0]))]);
        usual.before = Some(calls(1_000, [0, 0, 80, 0, 0, 0]));
        usual.callers[0].before = usual.before.clone();
        assert_eq!(one(usual), Blame::Fine);
    }

    #[test]
    fn slower_for_all_is_theirs_and_for_the_only_caller_unclear() {
        let slow = |name| {
            let mut caller = caller(name, with_p95(calls(100, [0; 6]), 900));
            caller.before = Some(with_p95(calls(100, [0; 6]), 300));
            caller
        };
        let of_callers = |callers: Vec<CallerTally>| {
            let mut host = host("a", callers);
            host.all = with_p95(host.all, 900);
            host.before = Some(with_p95(calls(200, [0; 6]), 300));
            one(host)
        };
        let both = of_callers(vec![slow("x"), slow("y")]);
        assert_eq!(both, Blame::Theirs(BlameReason::AllCallers { callers: 2 }));
        let expected = BlameReason::OnlyCaller {
            service: "x".into(),
        };
        assert_eq!(of_callers(vec![slow("x")]), Blame::Unclear(expected));
    }
}
