//! The health of services at an instant. The one place where it is decided: the range that a reader looks
//! at does not matter, because its columns may be hours wide, and two pages must not contradict each
//! other.

mod parts;

pub(crate) use parts::PartCache;

use crate::{
    Analysis, Health,
    usual::{HOUR, Hours},
    verdict::{self, Step},
};
use futures_util::future::try_join_all;
use hinomi_model::{Selection, TimeRange, UnixNanos, rollup::ServiceKey};
use hinomi_query::{
    QueryError,
    answer::{JudgedTallies, ServiceTallies, ServiceTally, Tally},
};
use parts::{FIVE_SECONDS, MINUTE, Part};
use std::{borrow::Cow, collections::HashMap, time::Duration};

/// How much of the judged time is read in columns of five seconds, and how much of that anew each time.
const RECENT: Duration = Duration::from_secs(300);
const NEWEST: Duration = Duration::from_secs(120);
/// The hour before what is judged closely, which tells what is usual, is read in parts of this length.
const PART: Duration = Duration::from_secs(300);
const BEFORE: Duration = Duration::from_secs(900);
/// Length of the judged time; the rest of it is read in minutes.
const JUDGED: Duration = Duration::from_secs(3_600);

impl Analysis {
    /// The health of every known service of a selection at an instant.
    pub(crate) async fn healths(
        &self,
        selection: &Selection,
        at: UnixNanos,
    ) -> Result<HashMap<ServiceKey, Health>, QueryError> {
        // The last column of a live range ends in the future.
        let at = at.min(self.query.now());
        let project = &selection.scope.project;
        let parts = self.parts(selection, at).into_iter();
        let found = try_join_all(parts.map(|part| self.tallies_of(selection, part)));
        let (found, usuals) = tokio::try_join!(found, self.usuals(project, at))?;
        let nothing = Tally::default();
        let mut judged: HashMap<&ServiceKey, Judged<'_>> = HashMap::new();
        for part in &found {
            gather(part, at, &nothing, &mut judged);
        }
        // The hour before tells what is usual when neither weeks nor days do.
        let is_unknown = |(key, judged): (&&ServiceKey, &Judged<'_>)| {
            !usuals.contains_key(*key) && !judged.is_silent
        };
        let mut before = HashMap::new();
        if judged.iter().any(is_unknown) {
            let to = at.minus(BEFORE).floor(PART);
            let hour = Part::kept(TimeRange::new(to.minus(HOUR), to), PART);
            let found = self.tallies_of(selection, hour).await?;
            before.extend(found.services.iter().map(|service| {
                let sides = service.judged.clone().unwrap_or_else(|| JudgedTallies {
                    work: service.tallies.clone(),
                    rest: Vec::new(),
                });
                (service.key.clone(), sides)
            }));
        }
        let healths = judged.into_iter().map(|(key, judged)| {
            let known = usuals.get(key).copied();
            let has_work = judged.has_work();
            let usual = known.or_else(|| {
                let JudgedTallies { work, rest } = before.remove(key)?;
                Hours::before(if has_work { work } else { rest }).usual()
            });
            let seen = (judged.is_silent, judged.last_seen);
            let steps = match has_work {
                true => &judged.work,
                false => &judged.rest,
            };
            let health = verdict::judge(steps, usual.as_ref(), seen);
            (key.clone(), health)
        });
        Ok(healths.collect())
    }

    /// The judged time in parts, ascending, without gaps.
    fn parts(&self, selection: &Selection, at: UnixNanos) -> Vec<Part> {
        let project = &selection.scope.project;
        let is_kept = |width, from| self.query.rollups_kept_from(project, width) <= from;
        let (recent, newest) = (
            at.minus(RECENT).floor(MINUTE),
            at.minus(NEWEST).floor(MINUTE),
        );
        let minutes = at.minus(JUDGED).floor(MINUTE);
        let earliest = at.minus(JUDGED).floor(HOUR);
        if is_kept(FIVE_SECONDS, recent) {
            vec![
                Part::kept(TimeRange::new(minutes, recent), MINUTE),
                Part::kept(TimeRange::new(recent, newest), FIVE_SECONDS),
                Part::anew(TimeRange::new(newest, at.ceil(FIVE_SECONDS)), FIVE_SECONDS),
            ]
        } else if is_kept(MINUTE, earliest) {
            vec![Part::anew(TimeRange::new(minutes, at.ceil(MINUTE)), MINUTE)]
        } else {
            vec![Part::anew(TimeRange::new(earliest, at.floor(HOUR)), HOUR)]
        }
    }
}

/// What is judged of a service: its work, or what else there is where it had none in all of the time.
struct Judged<'a> {
    work: Vec<Step<'a>>,
    rest: Vec<Step<'a>>,
    /// Whether there were no transactions of any kind of late.
    is_silent: bool,
    last_seen: Option<UnixNanos>,
}

impl Default for Judged<'_> {
    fn default() -> Self {
        Self {
            work: Vec::new(),
            rest: Vec::new(),
            is_silent: true,
            last_seen: None,
        }
    }
}

impl Judged<'_> {
    /// Whether the work is judged.
    fn has_work(&self) -> bool {
        let has_any = |steps: &[Step<'_>]| steps.iter().any(|step| step.tally.counts.total() > 0);
        has_any(&self.work) || !has_any(&self.rest)
    }
}

/// The tallies of work, and those of what else is judged, which are none where there is only work.
fn sides(service: &ServiceTally) -> (&[Tally], &[Tally]) {
    match &service.judged {
        Some(judged) => (&judged.work, &judged.rest),
        None => (&service.tallies, &[]),
    }
}

/// Adds a part of the time, which is later than those before. `at` is the end of all of it.
fn gather<'a>(
    found: &'a ServiceTallies,
    at: UnixNanos,
    nothing: &'a Tally,
    judged: &mut HashMap<&'a ServiceKey, Judged<'a>>,
) {
    let columns = found.columns;
    let quiet_from = at.minus(verdict::NO_DATA);
    for service in &found.services {
        let of = judged.entry(&service.key).or_default();
        let mut late = service.tallies.iter().enumerate().rev();
        of.is_silent &= late
            .by_ref()
            .take_while(|(index, _)| columns.start(index + 1) > quiet_from)
            .all(|(_, tally)| tally.counts.total() == 0);
        of.last_seen = of.last_seen.max(service.last_seen);
        let (work, rest) = sides(service);
        for (steps, tallies) in [(&mut of.work, work), (&mut of.rest, rest)] {
            steps.extend((0..service.tallies.len()).map(|index| Step {
                start: columns.start(index),
                length: columns.width,
                tally: Cow::Borrowed(tallies.get(index).unwrap_or(nothing)),
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use hinomi_query::answer::Counts;

    fn steps(counts: [u64; 3]) -> Vec<Step<'static>> {
        let step = |(minute, ok): (usize, u64)| Step {
            start: UnixNanos::from_millis(minute as i64 * 60_000),
            length: MINUTE,
            tally: Cow::Owned(sample::tally(
                Counts {
                    ok,
                    slow: 0,
                    error: 0,
                },
                Duration::from_millis(7),
            )),
        };
        counts.into_iter().enumerate().map(step).collect()
    }

    #[test]
    fn a_service_is_judged_by_its_work_for_as_long_as_it_had_any() {
        let has_work = |work, rest| {
            let judged = Judged {
                work: steps(work),
                rest: steps(rest),
                ..Judged::default()
            };
            judged.has_work()
        };
        assert!(
            has_work([10, 10, 0], [5, 5, 5]),
            "only probes are left: it is quiet"
        );
        assert!(!has_work([0; 3], [5, 5, 5]), "it has nothing but probes");
        assert!(has_work([0; 3], [0; 3]));
    }
}
