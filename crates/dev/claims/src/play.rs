//! Plays a scene: sends the workload's spans, lets simulated time pass, and notes every five seconds
//! what is claimed and what is true.

mod patterns;
mod releases;

pub use releases::ReleasePlayed;

use crate::{
    scene::Scene,
    score::{
        STEP_SECONDS,
        blame::{BlameStep, Partner},
        health::{HealthStep, Said},
        pattern::PatternStep,
    },
    server::{PROJECT, Server},
    truth::{LOOKS_BACK_NS, Traffic, Truth, truth},
};
use anyhow::Result;
use hinomi_analysis::{Blame, Verdict};
use hinomi_model::{Scope, Selection, TimeRange, UnixNanos};
use hinomi_sim::{Batcher, Fault, Grouping, SERVICES, SimSpan, SpanFeed, Workload};
use patterns::Patterns;
use releases::Releases;
use std::{collections::BTreeMap, time::Duration};

/// Questions are asked this long after the start of a column of five seconds, because people do not
/// wait for its end.
const PHASE: Duration = Duration::from_secs(3);
/// The time that is asked about: the default of the board, of the partners and of the API.
const RANGE: Duration = Duration::from_secs(15 * 60);
/// Calls that wait when a fault ends still time out, at most this much later.
const STILL_WAITING: Duration = Duration::from_secs(4);
/// A service is busy from this many transactions on in the time that the truth looks back: two a
/// second.
const BUSY: usize = 60;
/// Length of time that is sent at once before scoring begins.
const HISTORY_STEP: Duration = Duration::from_secs(10);

/// What is played.
#[derive(Debug, Clone, Copy)]
pub struct Play {
    /// The scene.
    pub scene: Scene,
    /// How long claims are scored.
    pub lasts: Duration,
    /// How much time before that is sent without questions.
    pub history: Duration,
}

/// What was said and what was true.
#[derive(Debug, Clone)]
pub struct Played {
    /// The scene.
    pub scene: Scene,
    /// The timeline of each service.
    pub services: BTreeMap<&'static str, ServicePlayed>,
    /// The timeline of each host that was listed as a partner.
    pub partners: BTreeMap<String, Vec<BlameStep>>,
    /// The hitmaps of each service.
    pub patterns: BTreeMap<&'static str, Vec<PatternStep>>,
    /// The releases.
    pub releases: Vec<ReleasePlayed>,
    /// The faults of the scored time.
    pub faults: Vec<Fault>,
}

/// The timeline of a service.
#[derive(Debug, Clone, Default)]
pub struct ServicePlayed {
    /// What was true and what was said.
    pub steps: Vec<HealthStep>,
    /// The reasons of what was said; empty where all was well.
    pub reasons: Vec<String>,
}

/// Plays a scene in an empty server.
pub async fn play(play: Play) -> Result<Played> {
    let from = UnixNanos(play.scene.from_unix_ns);
    let mut stage = Stage::set(&play).await?;
    let mut now = from.minus(play.history);
    while now < from {
        now = now.plus(HISTORY_STEP).min(from);
        stage.send_until(now).await?;
    }
    let steps = play.lasts.as_secs() / STEP_SECONDS;
    for step in 0..steps {
        now = from.plus(Duration::from_secs(step * STEP_SECONDS) + PHASE);
        stage.send_until(now).await?;
        stage.ask(now).await?;
    }
    let Stage {
        server,
        services,
        partners,
        patterns,
        releases,
        faults,
        ..
    } = stage;
    server.stop().await?;
    Ok(Played {
        scene: play.scene,
        services,
        partners,
        patterns: patterns.finish(),
        releases: releases.finish(),
        faults,
    })
}

/// The running server, both worlds of the workload, and what was noted so far.
struct Stage {
    server: Server,
    actual: World,
    quiet: World,
    batcher: Batcher,
    /// Faults of the scored time and of the time that its first questions are about.
    faults: Vec<Fault>,
    services: BTreeMap<&'static str, ServicePlayed>,
    partners: BTreeMap<String, Vec<BlameStep>>,
    patterns: Patterns,
    releases: Releases,
}

/// One of the two worlds: spans in the order of their ends, and the last transactions.
struct World {
    workload: Workload,
    feed: SpanFeed,
    traffic: Traffic,
}

impl World {
    fn new(workload: Workload, from: UnixNanos) -> Self {
        Self {
            feed: SpanFeed::new(workload.clone(), from.0),
            traffic: Traffic::new(),
            workload,
        }
    }

    /// The next span that ends before `to`.
    fn next(&mut self, to: UnixNanos) -> Option<SimSpan> {
        let span = self.feed.next_before(to.0)?;
        self.traffic.add(&self.workload, &span);
        Some(span)
    }
}

impl Stage {
    async fn set(play: &Play) -> Result<Self> {
        let from = UnixNanos(play.scene.from_unix_ns);
        let to = from.plus(play.lasts);
        let workload = Workload::new(play.scene.workload);
        let begin = from.minus(play.history);
        let looks_back = Duration::from_nanos(LOOKS_BACK_NS.unsigned_abs());
        let faults = workload.schedule(from.minus(RANGE).0, to.0);
        let services = SERVICES
            .iter()
            .map(|service| (service.name, <_>::default()));
        Ok(Self {
            server: Server::start(begin).await?,
            quiet: World::new(workload.quiet(), from.minus(looks_back)),
            batcher: Batcher::new(workload.clone(), Grouping::Collector),
            services: services.collect(),
            partners: BTreeMap::new(),
            patterns: Patterns::new(faults.clone()),
            releases: Releases::new(workload.releases(from.0, to.0), faults.clone()),
            faults,
            actual: World::new(workload, begin),
        })
    }

    /// Lets time pass, and sends all spans that have ended.
    async fn send_until(&mut self, now: UnixNanos) -> Result<()> {
        self.server.advance(now);
        while let Some(span) = self.actual.next(now) {
            self.releases.see(&self.actual.workload, &span, true);
            self.patterns.see(&self.actual.workload, &span);
            if let Some(batch) = self.batcher.push(span) {
                self.server.receive(&batch).await?;
            }
        }
        for batch in self.batcher.flush() {
            self.server.receive(&batch).await?;
        }
        self.server.tick();
        while let Some(span) = self.quiet.next(now) {
            self.releases.see(&self.quiet.workload, &span, false);
        }
        self.actual.traffic.forget(now.0);
        self.quiet.traffic.forget(now.0);
        Ok(())
    }

    async fn ask(&mut self, now: UnixNanos) -> Result<()> {
        let range = TimeRange::new(now.minus(RANGE), now);
        let scope = Scope::of(PROJECT);
        self.ask_health(&scope, range).await?;
        self.ask_blame(&scope, range).await?;
        self.patterns.ask(&self.server, &scope, range).await?;
        self.releases.ask(&self.server, &scope, now).await
    }

    async fn ask_health(&mut self, scope: &Scope, range: TimeRange) -> Result<()> {
        let listed = self.server.analysis.services(scope, range).await?;
        for (name, played) in &mut self.services {
            let found = listed.items.iter().find(|one| &*one.service == *name);
            let verdict = found.map(|one| &one.health.verdict);
            let (said, reason) = match verdict {
                Some(Verdict::Bad(reason)) => (Said::Bad, format!("{reason:?}")),
                Some(Verdict::Watch(reason)) => (Said::Watch, format!("{reason:?}")),
                _ => (Said::Ok, String::new()),
            };
            let (actual, quiet) = (self.actual.traffic.of(name), self.quiet.traffic.of(name));
            played.steps.push(HealthStep {
                truth: match (actual, quiet) {
                    (Some(actual), Some(quiet)) => truth(actual, quiet),
                    _ => Truth::Between,
                },
                is_busy: actual.is_some_and(|window| window.count() >= BUSY),
                said,
            });
            played.reasons.push(reason);
        }
        Ok(())
    }

    async fn ask_blame(&mut self, scope: &Scope, range: TimeRange) -> Result<()> {
        let selection = Selection::of(scope.clone());
        let asked = self.server.analysis.partners(&selection, range, None);
        let found = asked.await?;
        let with_fault = self.faults.iter().filter_map(Fault::partner);
        let with_fault = with_fault.map(str::to_owned);
        let listed = found.hosts.iter().map(|partner| partner.host.to_string());
        for host in with_fault.chain(listed) {
            self.partners.entry(host).or_default();
        }
        for (host, steps) in &mut self.partners {
            let partner = found.hosts.iter().find(|one| *one.host == **host);
            steps.push(BlameStep {
                partner: state(&self.faults, host, (found.range, range.to)),
                is_blamed: partner.is_some_and(|one| matches!(one.blame, Blame::Theirs(_))),
            });
        }
        Ok(())
    }
}

/// What a partner did in the time that an answer covers, and at this instant.
fn state(faults: &[Fault], host: &str, (covered, now): (TimeRange, UnixNanos)) -> Partner {
    let now = now.0;
    let own = || faults.iter().filter(|one| one.partner() == Some(host));
    if let Some(fault) = own().find(|fault| fault.is_on(now)) {
        let lasts = Duration::from_nanos((now - fault.start_unix_ns).unsigned_abs());
        return Partner::Silent(lasts.as_secs());
    }
    let still = i64::try_from(STILL_WAITING.as_nanos()).unwrap_or(i64::MAX);
    let was_silent = |fault: &Fault| {
        fault.start_unix_ns < now && covered.from.0 < fault.end_unix_ns.saturating_add(still)
    };
    match own().any(was_silent) {
        true => Partner::Recovered,
        false => Partner::Answers,
    }
}
