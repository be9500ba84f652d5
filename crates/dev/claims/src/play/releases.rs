//! The releases of a scene: what they did, and the verdicts on them.

use crate::{
    score::deployment::{Effect, ReleaseSteps},
    server::Server,
    truth::{Ended, p95},
};
use anyhow::Result;
use hinomi_model::{Scope, TimeRange, UnixNanos};
use hinomi_sim::{Fault, Release, SimSpan, Workload};
use std::time::Duration;

/// A release is judged for this long, and its effect is measured over this time.
const JUDGED: Duration = Duration::from_secs(30 * 60);
/// The time from one question to the next.
const STEP_SECONDS: u64 = crate::score::STEP_SECONDS;

/// A release of the scored time.
#[derive(Debug, Clone)]
pub struct ReleasePlayed {
    /// The release.
    pub release: Release,
    /// What it did, and what was said of it.
    pub steps: ReleaseSteps,
}

/// The releases while a scene is played.
pub(super) struct Releases {
    followed: Vec<Followed>,
    faults: Vec<Fault>,
}

/// A release that is followed.
struct Followed {
    release: Release,
    actual: Vec<Ended>,
    quiet: Vec<Ended>,
    steps: ReleaseSteps,
}

impl Followed {
    fn at(&self) -> UnixNanos {
        UnixNanos(self.release.at_unix_ns)
    }
}

impl Releases {
    pub(super) fn new(releases: Vec<Release>, faults: Vec<Fault>) -> Self {
        let followed = releases.into_iter().map(|release| Followed {
            steps: ReleaseSteps {
                kind: release.kind,
                effect: None,
                verdicts: Vec::new(),
            },
            release,
            actual: Vec::new(),
            quiet: Vec::new(),
        });
        Self {
            followed: followed.collect(),
            faults,
        }
    }

    /// Notes a transaction of a released version, in the actual or in the quiet world. Leaves out
    /// those during a fault, because their difference may be due to that.
    pub(super) fn see(&mut self, workload: &Workload, span: &SimSpan, is_actual: bool) {
        let (service, version) = workload.maker(span);
        let meets = |fault: &Fault| {
            fault.start_unix_ns <= span.end_unix_ns && span.start_unix_ns < fault.end_unix_ns
        };
        for followed in &mut self.followed {
            let release = &followed.release;
            let is_of = release.service == service.name && *release.version == *version;
            let end = followed.at().plus(JUDGED).0;
            if !is_of || span.end_unix_ns >= end || self.faults.iter().any(meets) {
                continue;
            }
            match is_actual {
                true => followed.actual.extend(Ended::of(span)),
                false => followed.quiet.extend(Ended::of(span)),
            }
        }
    }

    /// Asks for the verdict on each release that is judged at `now`.
    pub(super) async fn ask(
        &mut self,
        server: &Server,
        scope: &Scope,
        now: UnixNanos,
    ) -> Result<()> {
        for followed in &mut self.followed {
            let (at, release) = (followed.at(), &followed.release);
            let last = at.plus(JUDGED + Duration::from_secs(STEP_SECONDS));
            if now < at || now > last {
                continue;
            }
            let ever = TimeRange::new(UnixNanos(i64::MIN), UnixNanos(i64::MAX));
            let found = server.query.deployments(scope, Some(release.service), ever);
            let of_version = |version: &str| *version == *release.version;
            let Some(deployment) = found.iter().find(|one| of_version(&one.version)) else {
                continue;
            };
            let judged = server.analysis.judged(scope, deployment).await?;
            let after = now.since(at).as_secs();
            let verdicts = &mut followed.steps.verdicts;
            verdicts.push((after, judged.judgement.verdict));
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Vec<ReleasePlayed> {
        let finished = self.followed.into_iter().map(|mut followed| {
            followed.steps.effect = effect(&followed.actual, &followed.quiet);
            ReleasePlayed {
                release: followed.release,
                steps: followed.steps,
            }
        });
        finished.collect()
    }
}

fn effect(actual: &[Ended], quiet: &[Ended]) -> Option<Effect> {
    let slowest = |all: &[Ended]| p95(all.iter().map(|ended| ended.took).collect());
    let failing = |all: &[Ended]| {
        let failed = all.iter().filter(|ended| ended.failed).count();
        failed as f64 / all.len().max(1) as f64
    };
    Some(Effect {
        latency: slowest(actual)? as f64 / slowest(quiet)?.max(1) as f64,
        failing: failing(actual) - failing(quiet),
    })
}
