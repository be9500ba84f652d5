//! Partners: external hosts that our services call, and how they answer.

use crate::{
    Query, QueryError,
    answers::{Lost, Quantiles},
    parts::{Trend, parts},
    source::Asked,
    tally::quantiles,
};
use hinomi_model::{CallCategory, CallFailure, LatencySum, Selection, Text, TimeRange, UnixNanos};
use hinomi_store::{
    Dimensions, Families, Family, GroupKey, Hosts, Measures, RollupGroup, RollupSum, Steps,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

/// Calls to all partners, compared with another time.
#[derive(Debug, Clone, PartialEq)]
pub struct PartnerTallies {
    /// The time that the answer covers, widened to whole rollups.
    pub range: TimeRange,
    /// The other time, widened the same way; `None` when nothing is compared.
    pub against: Option<TimeRange>,
    /// Whether any partner was called at the other time.
    pub has_before: bool,
    /// The partners, sorted by host.
    pub hosts: Vec<PartnerTally>,
    /// Damaged data that is missing at either time; empty when the answer is complete.
    pub lost: Vec<Lost>,
}

/// Calls to one external host.
#[derive(Debug, Clone, PartialEq)]
pub struct PartnerTally {
    /// `host[:port]`.
    pub host: Text,
    /// Calls of all callers together.
    pub all: PartnerCalls,
    /// Those calls at the other time.
    pub before: Option<PartnerCalls>,
    /// The calling services, most calls first.
    pub callers: Vec<CallerTally>,
    /// End of the last stretch in which several calls and a tenth of them failed.
    pub failing_until: Option<UnixNanos>,
}

/// Calls of one service to a partner.
#[derive(Debug, Clone, PartialEq)]
pub struct CallerTally {
    /// `service.name`.
    pub service: Text,
    /// Its calls.
    pub calls: PartnerCalls,
    /// Its calls at the other time.
    pub before: Option<PartnerCalls>,
    /// Number of running instances of the service; 0 when no call to any partner failed, because
    /// instances are counted only then.
    pub running: usize,
    /// Instances that saw failures, with their number of failures, most failures first. Instances
    /// without a name are left out.
    pub failing: Vec<(Text, u64)>,
    /// 95th percentile over time; `None` where there was no call.
    pub trend: Vec<Option<Duration>>,
}

/// Calls to a partner.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartnerCalls {
    /// Number of calls.
    pub count: u64,
    /// How many failed.
    pub errors: u64,
    /// Number of failures of each kind, in the order of `CallFailure::ALL`. Covers only the
    /// failures whose kind is known.
    pub failures: [u64; 6],
    /// Time spent waiting.
    pub total: Duration,
    /// Latency.
    pub latency: Quantiles,
}

impl PartnerCalls {
    /// The share that failed.
    pub fn error_share(&self) -> f64 {
        self.errors as f64 / self.count.max(1) as f64
    }

    /// How many calls failed in this way.
    pub fn failed(&self, failure: CallFailure) -> u64 {
        self.failures[place_of(failure)]
    }
}

fn place_of(failure: CallFailure) -> usize {
    let mut all = CallFailure::ALL.iter();
    all.position(|have| *have == failure).unwrap_or(5)
}

impl Query {
    /// Calls to the partners of the selection's services. A selection that names a service gives
    /// the partners of that service.
    pub async fn partner_tallies(
        &self,
        selection: &Selection,
        range: TimeRange,
        against: Option<TimeRange>,
    ) -> Result<PartnerTallies, QueryError> {
        let hosts = self.hosts(&selection.scope).await?;
        let now = self.partner_sums(selection, range, hosts.clone()).await?;
        let mut lost = now.lost;
        let (mut before, mut against_covered) = (HashMap::new(), None);
        if let Some(other) = against {
            let sums = self.partner_sums(selection, other, hosts).await?;
            lost.extend(sums.lost);
            against_covered = Some(sums.range);
            before = sums.callers;
        }
        let has_before = !before.is_empty();
        let any_failed = now.callers.values().any(|sum| sum.calls.errors > 0);
        let instances = match any_failed {
            true => self.running_instances(selection, now.range).await?,
            false => HashMap::new(),
        };
        let mut hosts: BTreeMap<Text, Gathered> = BTreeMap::new();
        for ((host, service), sum) in now.callers {
            let then = before.remove(&(host.clone(), service.clone()));
            let gathered = hosts.entry(host).or_default();
            gathered.all.merge(&sum.calls);
            gathered.add_steps(&sum.steps);
            if let Some(then) = &then {
                gathered.before.get_or_insert_default().merge(&then.calls);
            }
            let failing = sum
                .failing
                .into_iter()
                .filter(|(name, count)| *count > 0 && !name.is_empty());
            let mut failing: Vec<(Text, u64)> = failing.collect();
            failing.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
            gathered.callers.push(CallerTally {
                calls: sum.calls.answer(),
                before: then.as_ref().map(|then| then.calls.answer()),
                running: instances.get(&service).copied().unwrap_or(0),
                failing,
                trend: sum.trend.into_iter().map(p95).collect(),
                service,
            });
        }
        let hosts = hosts.into_iter().map(|(host, mut gathered)| {
            gathered
                .callers
                .sort_by_key(|caller| (Reverse(caller.calls.count), caller.service.clone()));
            PartnerTally {
                host,
                all: gathered.all.answer(),
                before: gathered.before.as_ref().map(CallSum::answer),
                callers: gathered.callers,
                failing_until: now.trend.failing_until(&gathered.steps),
            }
        });
        Ok(PartnerTallies {
            range: now.range,
            against: against_covered,
            has_before,
            hosts: hosts.collect(),
            lost,
        })
    }

    async fn partner_sums(
        &self,
        selection: &Selection,
        range: TimeRange,
        hosts: Hosts,
    ) -> Result<Summed, QueryError> {
        let columns = self.columns_for_sums(&selection.scope.project, range);
        let trend = Trend::over(&columns);
        let families = Families::CALLS | Families::FAILED_CALLS;
        let by =
            Dimensions::SERVICE | Dimensions::TARGET | Dimensions::INSTANCE | Dimensions::FAILURE;
        let asked = Asked::new(selection, families, by, Measures::LATENCY);
        let found = self
            .rollups_of_parts(&asked, parts(&columns), trend.steps())
            .await?;
        let mut callers: HashMap<(Text, Text), CallerSum> = HashMap::new();
        for group in found.groups {
            if !is_outside(&group.key, &hosts) {
                continue;
            }
            let of = (group.key.target.clone(), group.key.service.service.clone());
            let caller = callers.entry(of).or_insert_with(|| CallerSum {
                trend: vec![LatencySum::new(); trend.len()],
                steps: vec![(0, 0); trend.len()],
                ..CallerSum::default()
            });
            caller.add(&group);
        }
        callers.retain(|_, sum| sum.calls.count > 0);
        Ok(Summed {
            range: columns.range,
            trend,
            callers,
            lost: found.lost,
        })
    }

    /// Number of instances of each service that had transactions.
    async fn running_instances(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<HashMap<Text, usize>, QueryError> {
        let columns = self.columns_for_sums(&selection.scope.project, range);
        let by = Dimensions::SERVICE | Dimensions::INSTANCE;
        let asked = Asked::new(selection, Families::TRANSACTIONS, by, Measures::COUNTS);
        let found = self
            .rollups_of_parts(&asked, parts(&columns), Steps::Whole)
            .await?;
        let mut running: HashMap<Text, BTreeSet<Text>> = HashMap::new();
        for group in found.groups.into_iter().filter(|group| group.count() > 0) {
            let GroupKey {
                service, instance, ..
            } = group.key;
            if !instance.is_empty() {
                running.entry(service.service).or_default().insert(instance);
            }
        }
        let running = running.into_iter();
        Ok(running.map(|(name, of)| (name, of.len())).collect())
    }
}

impl Trend {
    /// End of the last point in which several calls, and not only a few of many, failed.
    fn failing_until(&self, points: &[(u64, u64)]) -> Option<UnixNanos> {
        let failing = |(count, errors): &(u64, u64)| *errors >= 2 && errors * 10 >= *count;
        let last = points.iter().rposition(failing)?;
        Some(self.start(last + 1))
    }
}

fn p95(latency: LatencySum) -> Option<Duration> {
    latency.finish().quantile(0.95)
}

#[derive(Default)]
struct Gathered {
    all: CallSum,
    before: Option<CallSum>,
    callers: Vec<CallerTally>,
    /// Calls and failures by point of the trend.
    steps: Vec<(u64, u64)>,
}

impl Gathered {
    fn add_steps(&mut self, steps: &[(u64, u64)]) {
        self.steps.resize(steps.len().max(self.steps.len()), (0, 0));
        for ((count, errors), more) in self.steps.iter_mut().zip(steps) {
            *count += more.0;
            *errors += more.1;
        }
    }
}

struct Summed {
    range: TimeRange,
    trend: Trend,
    callers: HashMap<(Text, Text), CallerSum>,
    lost: Vec<Lost>,
}

/// Calls while they are being added up.
#[derive(Debug, Clone, Default)]
struct CallSum {
    count: u64,
    errors: u64,
    total_ns: u64,
    failures: [u64; 6],
    latency: LatencySum,
}

impl CallSum {
    fn add(&mut self, sum: &RollupSum) {
        self.count += sum.count;
        self.errors += sum.errors;
        self.total_ns = self.total_ns.saturating_add(sum.total_ns);
        self.latency.merge(&sum.latency);
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.total_ns = self.total_ns.saturating_add(other.total_ns);
        self.latency.merge(&other.latency);
        for (have, more) in self.failures.iter_mut().zip(other.failures) {
            *have += more;
        }
    }

    fn answer(&self) -> PartnerCalls {
        PartnerCalls {
            count: self.count,
            errors: self.errors,
            failures: self.failures,
            total: Duration::from_nanos(self.total_ns),
            latency: quantiles(&self.latency),
        }
    }
}

#[derive(Default)]
struct CallerSum {
    calls: CallSum,
    /// Number of failures by instance. The list is short.
    failing: Vec<(Text, u64)>,
    trend: Vec<LatencySum>,
    /// Calls and failures by point of the trend.
    steps: Vec<(u64, u64)>,
}

impl CallerSum {
    /// Adds calls, or failures of an instance.
    fn add(&mut self, group: &RollupGroup) {
        let Some(failure) = group.key.failure else {
            for (point, sum) in &group.steps {
                self.calls.add(sum);
                if let Some(trend) = self.trend.get_mut(*point as usize) {
                    trend.merge(&sum.latency);
                }
                if let Some((count, errors)) = self.steps.get_mut(*point as usize) {
                    *count += sum.count;
                    *errors += sum.errors;
                }
            }
            return;
        };
        let count = group.count();
        self.calls.failures[place_of(failure)] += count;
        let instance = &group.key.instance;
        match self.failing.iter_mut().find(|(have, _)| have == instance) {
            Some((_, failed)) => *failed += count,
            None => self.failing.push((instance.clone(), count)),
        }
    }
}

/// Whether calls go to a host that is not one of our services.
fn is_outside(group: &GroupKey, hosts: &Hosts) -> bool {
    matches!(group.family, Family::Calls | Family::FailedCalls)
        && matches!(group.category, Some(CallCategory::Http | CallCategory::Rpc))
        && !hosts.is_ours(&group.target, &group.service.service)
}
