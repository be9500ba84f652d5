//! Who is to blame for a partner's trouble at an instant: the shortest time that tells.
//!
//! A page of a quarter of an hour shows an outage of fifteen seconds as two failures in a hundred. So
//! the last fifteen seconds are asked first, then longer times; and trouble that has ended is said with its
//! end, and not as if it went on.

use super::blame::{self, Blame};
use crate::Analysis;
use hinomi_insight::share::{chance_of_at_least, share};
use hinomi_model::{Selection, Text, TimeRange, UnixNanos};
use hinomi_query::{
    QueryError,
    answer::{PartnerCalls, PartnerTallies, PartnerTally},
};
use std::{collections::HashMap, time::Duration};

/// The times that are asked before the whole range, shortest first.
const LAST: [Duration; 4] = [
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(300),
];
/// How long a time tells what is usual, and how much of the time before the end of the range is not
/// part of it.
const USUAL: Duration = Duration::from_secs(3_600);
const LEFT_OUT: Duration = Duration::from_secs(900);
/// An hour in which more of the calls failed is an outage, and no measure.
const MOST_USUAL: f64 = 0.25;
/// Fewest calls that tell whether trouble has ended.
const ENDED_FEWEST: u64 = 10;
/// So few failures as in the shorter time must be less likely than this while the trouble goes on.
const ENDED_CHANCE: f64 = 0.003;

/// Trouble of a partner that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Who was to blame.
    pub blame: Blame,
    /// When the last failures of it were.
    pub until: UnixNanos,
}

/// What is said about a partner.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judged {
    /// Who is to blame for the present trouble.
    pub blame: Blame,
    /// The last trouble in the range, when there is none now.
    pub ended: Option<Ended>,
}

impl Analysis {
    /// What is said about each partner of `found`, the answer over `range`, at the end of it.
    pub(super) async fn judged_partners(
        &self,
        selection: &Selection,
        range: TimeRange,
        found: &PartnerTallies,
    ) -> Result<Vec<Judged>, QueryError> {
        // The last column of a live range ends in the future.
        let range = TimeRange::new(range.from, range.to.min(self.query.now()).max(range.from));
        let has_failures = found.hosts.iter().any(|host| host.all.errors > 0);
        let mut usual: HashMap<Text, PartnerTally> = HashMap::new();
        if has_failures && found.against.is_none() {
            let end = range.to.minus(LEFT_OUT);
            let before = TimeRange::new(end.minus(USUAL), end);
            let tallies = self.query.partner_tallies(selection, before, None).await?;
            let hosts = tallies.hosts.into_iter();
            // An hour of outage is no measure.
            let calm = hosts.filter(|host| host.all.error_share() <= MOST_USUAL);
            usual.extend(calm.map(|host| (host.host.clone(), host)));
        }
        let mut times: Vec<HashMap<Text, Told>> = Vec::new();
        if has_failures {
            for length in LAST.into_iter().filter(|length| *length < range.length()) {
                let last = TimeRange::new(range.to.minus(length), range.to);
                let tallies = self.query.partner_tallies(selection, last, None).await?;
                let against = |host: &PartnerTally| match found.against {
                    Some(_) => found.hosts.iter().find(|of| of.host == host.host),
                    None => usual.get(&host.host),
                };
                times.push(told(tallies.hosts, against, found.against.is_some()));
            }
        }
        let whole = told(found.hosts.clone(), |host| usual.get(&host.host), false);
        times.push(whole);
        let judged = found.hosts.iter().map(|host| {
            let mut judged = judged(host, &times);
            if let Some(ended) = &mut judged.ended {
                // Failures are known by stretches of time, the last of which may not be over.
                ended.until = ended.until.min(range.to);
            }
            judged
        });
        Ok(judged.collect())
    }
}

/// What one time tells about a partner.
struct Told {
    calls: PartnerCalls,
    blame: Blame,
}

/// What each partner's calls tell, held against what `usual` says. With `of_before` the usual calls are
/// those of the other time of an answer.
fn told<'a>(
    mut hosts: Vec<PartnerTally>,
    usual: impl Fn(&PartnerTally) -> Option<&'a PartnerTally>,
    of_before: bool,
) -> HashMap<Text, Told> {
    for host in &mut hosts {
        let Some(usual) = usual(host) else {
            continue;
        };
        host.before = match of_before {
            true => usual.before.clone(),
            false => Some(usual.all.clone()),
        };
        for caller in &mut host.callers {
            let same = usual.callers.iter().find(|of| of.service == caller.service);
            caller.before = same.and_then(|same| match of_before {
                true => same.before.clone(),
                false => Some(same.calls.clone()),
            });
        }
    }
    let blames = blame::of(&hosts);
    let told = hosts.into_iter().zip(blames).map(|(host, blame)| {
        let calls = host.all;
        (host.host, Told { calls, blame })
    });
    told.collect()
}

/// What is said about a partner by the times, shortest first.
fn judged(host: &PartnerTally, times: &[HashMap<Text, Told>]) -> Judged {
    let told: Vec<&Told> = times
        .iter()
        .filter_map(|time| time.get(&host.host))
        .collect();
    let (mut unclear, mut ended) = (None, None);
    for (place, time) in told.iter().enumerate() {
        if time.blame.is_fine() {
            continue;
        }
        let has_ended = |shorter: &&Told| has_ended(&time.calls, &shorter.calls);
        // Longer times hold the same trouble, and tell nothing of now.
        if told[..place].iter().any(has_ended) {
            ended = Some(&time.blame);
            break;
        }
        match &time.blame {
            Blame::Unclear(_) => drop(unclear.get_or_insert(&time.blame)),
            blame => {
                return Judged {
                    blame: blame.clone(),
                    ended: None,
                };
            }
        }
    }
    let until = host.failing_until;
    Judged {
        blame: unclear.cloned().unwrap_or(Blame::Fine),
        ended: match (unclear, ended, until) {
            (None, Some(blame), Some(until)) => Some(Ended {
                blame: blame.clone(),
                until,
            }),
            _ => None,
        },
    }
}

/// Whether a shorter time has far fewer failures than the longer one it is the end of.
fn has_ended(longer: &PartnerCalls, shorter: &PartnerCalls) -> bool {
    let expected = longer.error_share();
    let so_few = 1.0 - chance_of_at_least(shorter.errors + 1, shorter.count, expected);
    shorter.count >= ENDED_FEWEST
        && share(shorter.errors, shorter.count) < expected / 2.0
        && so_few < ENDED_CHANCE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BlameReason;

    fn calls(count: u64, faults: u64) -> PartnerCalls {
        PartnerCalls {
            count,
            errors: faults,
            failures: [0, 0, 0, 0, faults, 0],
            ..PartnerCalls::default()
        }
    }

    fn tally(count: u64, faults: u64) -> PartnerTally {
        PartnerTally {
            host: "bank".into(),
            all: calls(count, faults),
            before: None,
            callers: Vec::new(),
            failing_until: Some(UnixNanos(7)),
        }
    }

    /// What is said by the last half minute, two minutes, five, and the range.
    fn said(times: [(u64, u64); 4], usual: (u64, u64)) -> Judged {
        let usual = tally(usual.0, usual.1);
        let told = |(count, faults)| told(vec![tally(count, faults)], |_| Some(&usual), false);
        judged(&tally(times[3].0, times[3].1), &times.map(told))
    }

    #[test]
    fn an_outage_is_said_by_its_first_seconds_and_over_when_calls_succeed_again() {
        let theirs = Blame::Theirs(BlameReason::Faults { share: 1.0 });
        let quiet = (3_600, 10);
        let begun = said([(30, 12), (120, 12), (300, 12), (900, 12)], quiet);
        assert_eq!((begun.blame, begun.ended), (theirs.clone(), None));
        let over = said([(30, 0), (120, 60), (300, 70), (900, 70)], quiet);
        let ended = Ended {
            blame: theirs.clone(),
            until: UnixNanos(7),
        };
        assert_eq!((over.blame, over.ended), (Blame::Fine, Some(ended)));
        let rare = said([(0, 0), (2, 2), (5, 5), (15, 9)], quiet);
        assert_eq!(rare.blame, theirs, "few calls tell of no end");
    }

    #[test]
    fn what_chance_explains_accuses_nobody() {
        let usual = (1_500, 20);
        let noise = said([(13, 0), (50, 1), (126, 3), (379, 8)], usual);
        assert_eq!((noise.blame, noise.ended), (Blame::Fine, None));
        let often = said([(30, 3), (120, 10), (300, 24), (900, 70)], (3_600, 290));
        assert_eq!(often.blame, Blame::Fine, "it always fails that often");
    }
}
