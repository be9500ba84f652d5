//! Which shapes faults make on the hitmaps of services, and which patterns are named there.

use crate::{
    score::pattern::{Named, PatternStep, Shape},
    server::Server,
    truth::Ended,
};
use anyhow::Result;
use hinomi_analysis::pattern::PatternKind;
use hinomi_model::{Scope, Selection, TimeRange};
use hinomi_sim::{Fault, FaultKind, SERVICES, SimSpan, Workload};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

const SECOND: i64 = 1_000_000_000;
/// Hitmaps are asked for at one of so many steps.
const EVERY: usize = 6;
/// Transactions that take less belong to no shape but an overload.
const LONG: i64 = SECOND;
/// Durations of the transactions that a partner's time limit ends: the limit, and what the service itself
/// and those above it take.
const TIMED_OUT: std::ops::Range<i64> = 3 * SECOND..3 * SECOND + 210_000_000;
/// What began before a fault ended still waits, at most this long.
const STILL_WAITING: i64 = 4 * SECOND;
/// Transactions of a released lock end within this time.
const RELEASED: i64 = 2 * SECOND;

/// The long transactions of each service, and what was named.
pub(super) struct Patterns {
    faults: Vec<Fault>,
    long: BTreeMap<&'static str, VecDeque<Ended>>,
    asked: usize,
    steps: BTreeMap<&'static str, Vec<PatternStep>>,
}

impl Patterns {
    pub fn new(faults: Vec<Fault>) -> Self {
        Self {
            faults,
            long: BTreeMap::new(),
            asked: 0,
            steps: BTreeMap::new(),
        }
    }

    /// Sees a span that ended.
    pub fn see(&mut self, workload: &Workload, span: &SimSpan) {
        if let Some(ended) = Ended::of(span).filter(|ended| ended.took >= LONG) {
            let (service, _) = workload.maker(span);
            self.long.entry(service.name).or_default().push_back(ended);
        }
    }

    /// Asks for the patterns of every service's hitmap.
    pub async fn ask(&mut self, server: &Server, scope: &Scope, range: TimeRange) -> Result<()> {
        self.asked += 1;
        if !(self.asked - 1).is_multiple_of(EVERY) {
            return Ok(());
        }
        for long in self.long.values_mut() {
            long.retain(|ended| ended.at >= range.from.0);
        }
        for service in SERVICES {
            let selection = Selection {
                service: Some(service.name.into()),
                ..Selection::of(scope.clone())
            };
            let map = server.query.hitmap(&selection, range).await?;
            let found = server.analysis.patterns(&selection, &map).await?;
            let named = found.iter().map(|pattern| Named {
                kind: pattern.kind,
                from: pattern.from.0,
                to: pattern.to.0,
                constant: pattern.constant,
            });
            let step = PatternStep {
                column: nanos(map.column),
                shapes: self.shapes(service.name, range, nanos(map.column)),
                named: named.collect(),
            };
            self.steps.entry(service.name).or_default().push(step);
        }
        Ok(())
    }

    /// What was named, by service.
    pub fn finish(self) -> BTreeMap<&'static str, Vec<PatternStep>> {
        self.steps
    }

    fn shapes(&self, service: &str, range: TimeRange, column: i64) -> Vec<Shape> {
        let none = VecDeque::new();
        let long = self.long.get(service).unwrap_or(&none);
        let shape = |fault: &Fault| {
            let (kind, within, durations) = match fault.kind {
                FaultKind::PartnerTimeout => (
                    PatternKind::Horizontal,
                    fault.start_unix_ns..fault.end_unix_ns + STILL_WAITING,
                    TIMED_OUT,
                ),
                FaultKind::LockBurst => (
                    PatternKind::Vertical,
                    fault.end_unix_ns..fault.end_unix_ns + RELEASED,
                    LONG..i64::MAX,
                ),
                FaultKind::Overload => return overload(fault, service, range),
                FaultKind::SlowQuery | FaultKind::BadInstance | FaultKind::ErrorBurst => {
                    return None;
                }
            };
            let own: Vec<Ended> = long
                .iter()
                .filter(|ended| within.contains(&ended.at) && durations.contains(&ended.took))
                .copied()
                .collect();
            let columns: BTreeSet<i64> = own.iter().map(|ended| ended.at / column).collect();
            let mut took: Vec<i64> = own.iter().map(|ended| ended.took).collect();
            took.sort_unstable();
            let middle = Duration::from_nanos(took.get(took.len() / 2)?.unsigned_abs());
            Some(Shape {
                kind,
                from: own.first()?.at,
                to: own.last()?.at,
                constant: (kind == PatternKind::Horizontal).then_some(middle),
                count: own.len(),
                columns: columns.len(),
            })
        };
        self.faults.iter().filter_map(shape).collect()
    }
}

/// All transactions of the service climb; those of its callers may.
fn overload(fault: &Fault, service: &str, range: TimeRange) -> Option<Shape> {
    let is_inside = range.from.0 <= fault.start_unix_ns && fault.end_unix_ns <= range.to.0;
    let is_near = range.from.0 < fault.end_unix_ns && fault.start_unix_ns < range.to.0;
    let is_plain = is_inside && fault.service == service;
    is_near.then_some(Shape {
        kind: PatternKind::Overload,
        from: fault.start_unix_ns,
        to: fault.end_unix_ns,
        constant: None,
        count: if is_plain { usize::MAX } else { 0 },
        columns: 1,
    })
}

fn nanos(length: Duration) -> i64 {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX).max(1)
}
