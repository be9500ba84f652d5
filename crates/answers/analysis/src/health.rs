//! The health of services at an instant. The one place where it is decided: the range that a reader looks
//! at does not matter, because its columns may be hours wide, and two pages must not contradict each
//! other.

use crate::{
    Analysis, Health,
    usual::{HOUR, Hours},
    verdict::{self, Step},
};
use hinomi_model::{Selection, TimeRange, UnixNanos, rollup::ServiceKey};
use hinomi_query::{
    Columns, QueryError,
    answer::{JudgedTallies, ServiceTallies, Tally},
};
use std::{collections::HashMap, time::Duration};

const MINUTE: Duration = Duration::from_secs(60);
const FIVE_SECONDS: Duration = Duration::from_secs(5);
/// How much of the judged time is read in columns of five seconds.
const RECENT: Duration = Duration::from_secs(900);
/// The hour before is read in parts of this length.
const PART: Duration = Duration::from_secs(300);
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
        let recent_from = at.minus(RECENT).floor(MINUTE);
        let is_kept = |width, from| self.query.rollups_kept_from(project, width) <= from;
        let earliest = at.minus(JUDGED).floor(HOUR);
        let parts = if is_kept(FIVE_SECONDS, recent_from) {
            let before = TimeRange::new(at.minus(JUDGED).floor(MINUTE), recent_from);
            vec![
                (before, MINUTE),
                (
                    TimeRange::new(recent_from, at.ceil(FIVE_SECONDS)),
                    FIVE_SECONDS,
                ),
            ]
        } else if is_kept(MINUTE, earliest) {
            let from = at.minus(JUDGED).floor(MINUTE);
            vec![(TimeRange::new(from, at.ceil(MINUTE)), MINUTE)]
        } else {
            vec![(TimeRange::new(earliest, at.floor(HOUR)), HOUR)]
        };
        let mut judged: HashMap<ServiceKey, Judged> = HashMap::new();
        for (range, width) in parts {
            let columns = Columns { range, width };
            let found = self.query.service_tallies_by(selection, columns).await?;
            gather(found, &mut judged);
        }
        let usuals = self.usuals(project, at).await?;
        // The hour before tells what is usual when neither weeks nor days do.
        let is_unknown =
            |(key, judged): (&ServiceKey, &Judged)| !usuals.contains_key(key) && !judged.is_silent;
        let mut before = HashMap::new();
        if judged.iter().any(is_unknown) {
            let judged_from = at.minus(RECENT);
            let to = judged_from.floor(PART);
            let hour = TimeRange::new(to.minus(HOUR), to);
            let columns = Columns {
                range: hour,
                width: PART,
            };
            let found = self.query.service_tallies_by(selection, columns).await?;
            before.extend(found.services.into_iter().map(|service| {
                let (work, rest) = sides(service.tallies, service.judged);
                (service.key, [work, rest])
            }));
        }
        let healths = judged.into_iter().map(|(key, judged)| {
            let known = usuals.get(&key).copied();
            let has_work = judged.has_work();
            let usual = known.or_else(|| {
                let [work, rest] = before.remove(&key)?;
                Hours::before(if has_work { work } else { rest }).usual()
            });
            let seen = (judged.is_silent, judged.last_seen);
            let steps = match has_work {
                true => &judged.work,
                false => &judged.rest,
            };
            let health = verdict::judge(steps, usual.as_ref(), seen);
            (key, health)
        });
        Ok(healths.collect())
    }
}

/// What is judged of a service: its work, or what else there is where it had none in all of the time.
#[derive(Default)]
struct Judged {
    work: Vec<Step>,
    rest: Vec<Step>,
    /// Whether there were no transactions of any kind of late.
    is_silent: bool,
    last_seen: Option<UnixNanos>,
}

impl Judged {
    /// Whether the work is judged.
    fn has_work(&self) -> bool {
        let has_any = |steps: &[Step]| steps.iter().any(|step| step.tally.counts.total() > 0);
        has_any(&self.work) || !has_any(&self.rest)
    }
}

/// The tallies of work, and those of what else is judged, which are empty where there is only work.
fn sides(all: Vec<Tally>, judged: Option<JudgedTallies>) -> (Vec<Tally>, Vec<Tally>) {
    match judged {
        Some(judged) => (judged.work, judged.rest),
        None => {
            let nothing = vec![Tally::default(); all.len()];
            (all, nothing)
        }
    }
}

/// Adds a part of the time, which is later than those before.
fn gather(found: ServiceTallies, judged: &mut HashMap<ServiceKey, Judged>) {
    let columns = found.columns;
    let late = verdict::NO_DATA.div_duration_f64(columns.width).ceil() as usize;
    for service in found.services {
        let of = judged.entry(service.key.clone()).or_default();
        let mut last = service.tallies.iter().rev().take(late.max(1));
        of.is_silent = last.all(|tally| tally.counts.total() == 0);
        of.last_seen = of.last_seen.max(service.last_seen);
        let (work, rest) = sides(service.tallies, service.judged);
        for (steps, tallies) in [(&mut of.work, work), (&mut of.rest, rest)] {
            let tallies = tallies.into_iter().enumerate();
            steps.extend(tallies.map(|(index, tally)| Step {
                start: columns.start(index),
                length: columns.width,
                tally,
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use hinomi_query::answer::Counts;

    fn steps(counts: [u64; 3]) -> Vec<Step> {
        let step = |(minute, ok): (usize, u64)| Step {
            start: UnixNanos::from_millis(minute as i64 * 60_000),
            length: MINUTE,
            tally: sample::tally(
                Counts {
                    ok,
                    slow: 0,
                    error: 0,
                },
                Duration::from_millis(7),
            ),
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
