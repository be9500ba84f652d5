//! Deployments: the list of them, and the data for comparing the old version with the new one.

use crate::{
    Query, QueryError,
    answers::{Comparison, DeployedRow, DeployedSide, Deployment, NewThing, Top, VersionStep},
    call_trouble::CallTrouble,
    columns::Columns,
    source::Asked,
};
use hinomi_model::{
    CallCategory, Scope, Selection, Text, TimeRange, TransactionKind, UnixNanos, hitmap::COLUMN,
    rollup::ServiceKey,
};
use hinomi_store::{
    Deployed, Dimensions, Families, Family, GroupKey, Measures, Resolution, RollupSum, SeenVersion,
    Steps,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

/// Length of the time before a deployment that is compared.
const BEFORE: Duration = Duration::from_secs(15 * 60);
/// Length of the time since a deployment that is compared.
const SINCE: Duration = Duration::from_secs(30 * 60);
/// An error, statement or host is new when it did not occur for this long before the deployment.
const KNOWN: Duration = Duration::from_secs(24 * 3_600);
/// A told deployment and a newly seen version are the same deployment when they are at most this
/// far apart.
const SAME: Duration = Duration::from_secs(3_600);
/// Most rows in each list of a comparison. Further rows are only counted.
const MOST_ROWS: usize = 50;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

impl Query {
    /// The deployments of a scope that began in the range, newest first; of one service or of all.
    /// The first version of a service is not a deployment.
    pub fn deployments(
        &self,
        scope: &Scope,
        service: Option<&str>,
        range: TimeRange,
    ) -> Vec<Deployment> {
        let selection = Selection {
            service: service.map(Text::from),
            ..Selection::of(scope.clone())
        };
        let versions = self.store.versions(&scope.project).into_iter();
        let versions = versions.filter(|seen| selection.has_service(&seen.service));
        let told = self.store.deployments(&scope.project).into_iter();
        let told = told.filter(|told| selection.has_service(&told.service));
        let mut all = merged(versions, told);
        all.retain(|deployment| range.contains(deployment.at));
        all.sort_by_key(|deployment| (Reverse(deployment.at), deployment.service.clone()));
        all
    }

    /// One deployment by the id that [`Deployment::id`] gives now or gave before its version was
    /// seen. When several environments have a deployment of that id: the newest.
    pub fn deployment(&self, scope: &Scope, service: &str, id: &str) -> Option<Deployment> {
        let ever = TimeRange::new(UnixNanos(i64::MIN), UnixNanos(i64::MAX));
        let mut found = self.deployments(scope, Some(service), ever);
        found.retain(|deployment| deployment.answers_to(id));
        // A scope that leaves environment or namespace open prefers a deployment that has none.
        let strangeness = |one: &Deployment| {
            let open = |named: &Option<Text>, have: &str| named.is_none() && !have.is_empty();
            usize::from(open(&scope.environment, &one.environment))
                + usize::from(open(&scope.namespace, &one.namespace))
        };
        found.into_iter().min_by_key(strangeness)
    }

    /// Whether transactions tell old from new by their version: the deployment has a version, and
    /// the service sends versions. While a told version has sent nothing, all transactions count as
    /// old.
    fn has_versions(&self, scope: &Scope, deployment: &Deployment) -> bool {
        let mut seen = self.store.versions(&scope.project).into_iter();
        !deployment.version.is_empty() && seen.any(|seen| deployment.is_of(&seen.service))
    }

    /// The namespaces and environments that have a service of this name: those of the last day if
    /// there are any, else all.
    pub async fn service_keys(
        &self,
        scope: &Scope,
        service: &str,
    ) -> Result<Vec<ServiceKey>, QueryError> {
        let mut known = self.known_services(scope).await?;
        known.retain(|(key, _)| &*key.service == service);
        let day = self.now().minus(KNOWN);
        if known.iter().any(|(_, newest)| *newest >= day) {
            known.retain(|(_, newest)| *newest >= day);
        }
        Ok(known.into_iter().map(|(key, _)| key).collect())
    }

    /// Stores a deployment that someone told us of.
    pub async fn tell_deployment(
        &self,
        scope: &Scope,
        deployed: Deployed,
    ) -> Result<(), QueryError> {
        let project = scope.project.clone();
        Ok(self.store.add_deployment(project, deployed).await?)
    }

    /// Compares the old and the new version of a deployment of the scope's project: the quarter of an hour before it with
    /// up to half an hour since it. The later part ends at the next deployment.
    pub async fn comparison(
        &self,
        scope: &Scope,
        deployment: &Deployment,
    ) -> Result<Comparison, QueryError> {
        let scope = Scope {
            environment: Some(deployment.environment.clone()),
            namespace: Some(deployment.namespace.clone()),
            ..Scope::of(scope.project.clone())
        };
        let selection = Selection {
            service: Some(deployment.service.clone()),
            ..Selection::of(scope.clone())
        };
        let later = TimeRange::new(deployment.at.plus(COLUMN), UnixNanos(i64::MAX));
        let next = self.deployments(&scope, Some(&deployment.service), later);
        let next = next.last().map(|next| next.at);
        let now = self.now();
        let longest = deployment.at.plus(SINCE).min(now);
        let end = next.map_or(longest, |next| next.min(longest));
        let horizon = |resolution| self.store.rollups_kept_from(&scope.project, resolution);
        let from = deployment.at.minus(BEFORE);
        let step = if horizon(Resolution::FiveSeconds) <= from {
            COLUMN
        } else {
            MINUTE
        };
        let range = TimeRange::new(from, end.max(deployment.at)).widened(step);
        let columns = Columns { range, width: step };
        let at = deployment.at.floor(step);
        let by_time = !self.has_versions(&scope, deployment);
        let families =
            Families::TRANSACTIONS | Families::CALLS | Families::ERRORS | Families::FAILED_CALLS;
        let by = Dimensions::OPERATION
            | Dimensions::FAILURE
            | Dimensions::VERSION
            | Dimensions::TARGET
            | Dimensions::DETAIL
            | Dimensions::ERROR_TYPE;
        let by = by | Dimensions::KIND;
        let asked = Asked::new(&selection, families, by, Measures::LATENCY);
        let steps = columns.steps();
        let found = self.rollups_by_column(&asked, &columns).await?;
        // A version without requests and messages is judged by its jobs and by those that probe it.
        let is_work = |kind: TransactionKind| TransactionKind::WORK.contains(&kind);
        let has_work = found
            .groups
            .iter()
            .any(|group| group.key.kind.is_some_and(is_work));
        let is_judged = |kind: TransactionKind| match kind {
            TransactionKind::Stream => false,
            kind => is_work(kind) == has_work,
        };
        let mut adding = Adding::new(columns.count());
        let mut trouble = CallTrouble::new(columns.count());
        for group in found.groups {
            if group.key.kind.is_some_and(|kind| !is_judged(kind)) {
                continue;
            }
            let is_other = !by_time
                && group.key.family == Family::Transactions
                && group.key.version != deployment.version;
            for (step, sum) in &group.steps {
                let is_since = steps.start(*step).is_some_and(|bucket| bucket >= at);
                adding.add(*step as usize, is_since && !is_other, &group.key, sum);
                trouble.add(*step as usize, &group.key, sum);
            }
        }
        for (step, is_troubled) in adding
            .steps
            .iter_mut()
            .zip(trouble.steps(columns.index(at), step))
        {
            step.is_troubled = is_troubled;
        }
        let known = self.known_before(&selection, at).await?;
        let hosts = self.hosts(&scope).await?;
        let is_ours = |target: &str| hosts.is_ours(target, &deployment.service);
        let mut things = adding.things;
        things.retain(|(kind, key, _), _| *kind != Novelty::External || !is_ours(key));
        let new = |kind| new_things(&things, kind, &known);
        let split = columns.index(at);
        let since = adding.steps.split_off(split.min(adding.steps.len()));
        Ok(Comparison {
            deployment: deployment.clone(),
            before: TimeRange::new(range.from, at),
            since: TimeRange::new(at, range.to),
            step,
            steps_before: adding.steps,
            steps_since: since,
            // The comparison is running until its time is over.
            running: end >= now,
            operations: rows(adding.operations),
            statements_per_request: per_request(adding.statements, adding.requests),
            new_errors: new(Novelty::Error),
            new_statements: new(Novelty::Statement),
            new_externals: new(Novelty::External),
            lost: found.lost,
        })
    }

    /// Errors, statements and hosts that the service had in the day before the deployment.
    async fn known_before(
        &self,
        selection: &Selection,
        at: UnixNanos,
    ) -> Result<HashSet<Thing>, QueryError> {
        let hour = at.floor(HOUR);
        let parts = [
            (TimeRange::new(hour.minus(KNOWN), hour), HOUR),
            (TimeRange::new(hour, at.floor(MINUTE)), MINUTE),
            (TimeRange::new(at.floor(MINUTE), at), COLUMN),
        ];
        let families = Families::CALLS | Families::ERRORS;
        let by = Dimensions::OPERATION
            | Dimensions::TARGET
            | Dimensions::DETAIL
            | Dimensions::ERROR_TYPE;
        let asked = Asked::new(selection, families, by, Measures::COUNTS);
        let mut known = HashSet::new();
        for (range, width) in parts {
            if range.length().is_zero() {
                continue;
            }
            let found = self.rollups(asked.over(range, width, Steps::Whole)).await?;
            known.extend(found.groups.iter().filter_map(|group| thing(&group.key)));
        }
        Ok(known)
    }
}

/// Merges the told deployments with the versions that were seen.
fn merged(
    versions: impl Iterator<Item = SeenVersion>,
    told: impl Iterator<Item = Deployed>,
) -> Vec<Deployment> {
    let mut by_service: BTreeMap<ServiceKey, Vec<(UnixNanos, Text)>> = BTreeMap::new();
    for seen in versions {
        by_service
            .entry(seen.service)
            .or_default()
            .push((seen.first, seen.version));
    }
    let mut all = Vec::new();
    for (service, versions) in &mut by_service {
        versions.sort();
        for pair in versions.windows(2) {
            if let [(_, previous), (at, version)] = pair {
                all.push(Deployment {
                    service: service.service.clone(),
                    namespace: service.namespace.clone(),
                    environment: service.environment.clone(),
                    version: version.clone(),
                    previous: Some(previous.clone()),
                    at: *at,
                    label: "".into(),
                    told: Vec::new(),
                    seen: true,
                });
            }
        }
    }
    for told in told {
        let same = all.iter_mut().find(|seen| {
            !told.version.is_empty()
                && seen.is_of(&told.service)
                && seen.version == told.version
                && seen.at.since(told.at).max(told.at.since(seen.at)) <= SAME
        });
        if let Some(seen) = same {
            seen.label = told.label;
            seen.told.push(told.at);
            continue;
        }
        let mut before = by_service.get(&told.service).into_iter().flatten();
        let running = before.rfind(|(first, _)| *first <= told.at);
        let previous = running.map(|(_, version)| version.clone());
        all.push(Deployment {
            service: told.service.service,
            namespace: told.service.namespace,
            environment: told.service.environment,
            version: told.version,
            previous,
            at: told.at,
            label: told.label,
            told: vec![told.at],
            seen: false,
        });
    }
    all
}

/// The kinds of things that can be new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Novelty {
    /// A type of error.
    Error,
    /// A statement.
    Statement,
    /// An external host.
    External,
}

/// Something that can be new: kind, key, detail.
type Thing = (Novelty, Text, Text);

/// What calls or errors show that can be new.
fn thing(group: &GroupKey) -> Option<Thing> {
    match (group.family, group.category) {
        (Family::Errors, _) => Some((
            Novelty::Error,
            group.error_type.clone(),
            group.operation.clone(),
        )),
        (Family::Calls, Some(CallCategory::Database | CallCategory::Cache)) => Some((
            Novelty::Statement,
            group.detail.clone(),
            group.target.clone(),
        )),
        (Family::Calls, Some(CallCategory::Http | CallCategory::Rpc)) => {
            Some((Novelty::External, group.target.clone(), "".into()))
        }
        _ => None,
    }
}

/// A comparison while it is being added up. Each pair holds the old and the new version.
struct Adding {
    steps: Vec<VersionStep>,
    operations: HashMap<Text, (RollupSum, RollupSum)>,
    requests: (u64, u64),
    statements: (u64, u64),
    things: HashMap<Thing, u64>,
}

impl Adding {
    fn new(steps: usize) -> Self {
        Self {
            steps: vec![VersionStep::default(); steps],
            operations: HashMap::new(),
            requests: (0, 0),
            statements: (0, 0),
            things: HashMap::new(),
        }
    }

    fn add(&mut self, step: usize, is_new: bool, group: &GroupKey, sum: &RollupSum) {
        let of = |pair: &mut (u64, u64)| match is_new {
            true => pair.1 += sum.count,
            false => pair.0 += sum.count,
        };
        if group.family == Family::Transactions {
            let pair = match self.operations.get_mut(&group.operation) {
                Some(pair) => pair,
                None => self.operations.entry(group.operation.clone()).or_default(),
            };
            let side = if is_new { &mut pair.1 } else { &mut pair.0 };
            side.merge(sum);
            of(&mut self.requests);
            if let Some(step) = self.steps.get_mut(step) {
                let side = if is_new { &mut step.new } else { &mut step.old };
                side.latency.merge(&sum.latency.clone().finish());
                side.errors += sum.errors;
            }
        } else if let Some(thing) = thing(group) {
            if thing.0 == Novelty::Statement {
                of(&mut self.statements);
            }
            if is_new {
                *self.things.entry(thing).or_default() += sum.count;
            }
        }
    }
}

fn per_request(calls: (u64, u64), requests: (u64, u64)) -> (f64, f64) {
    let share = |calls: u64, requests: u64| match requests {
        0 => 0.0,
        requests => calls as f64 / requests as f64,
    };
    (share(calls.0, requests.0), share(calls.1, requests.1))
}

/// Operations, those with the most time first.
fn rows(operations: HashMap<Text, (RollupSum, RollupSum)>) -> Top<DeployedRow> {
    let mut rows: Vec<(u64, DeployedRow)> = operations
        .into_iter()
        .map(|(key, (old, new))| {
            let time = old.total_ns.saturating_add(new.total_ns);
            let row = DeployedRow {
                key,
                old: DeployedSide::of(&old),
                new: DeployedSide::of(&new),
            };
            (time, row)
        })
        .collect();
    rows.sort_by(|(a, left), (b, right)| b.cmp(a).then_with(|| left.key.cmp(&right.key)));
    Top::of(rows.into_iter().map(|(_, row)| row).collect(), MOST_ROWS)
}

/// The things of one kind that were not known before, most frequent first.
fn new_things(
    things: &HashMap<Thing, u64>,
    kind: Novelty,
    known: &HashSet<Thing>,
) -> Top<NewThing> {
    let mut new: Vec<NewThing> = things
        .iter()
        .filter(|(thing, _)| thing.0 == kind && !known.contains(*thing))
        .map(|((_, key, detail), count)| NewThing {
            key: key.clone(),
            detail: detail.clone(),
            count: *count,
        })
        .collect();
    new.sort_by(|a, b| {
        (Reverse(a.count), &a.key, &a.detail).cmp(&(Reverse(b.count), &b.key, &b.detail))
    });
    Top::of(new, MOST_ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(version: &str, at: i64) -> SeenVersion {
        SeenVersion {
            service: service(),
            version: version.into(),
            first: UnixNanos::from_millis(at),
        }
    }

    fn service() -> ServiceKey {
        ServiceKey {
            service: "payment".into(),
            namespace: "".into(),
            environment: "prod".into(),
        }
    }

    fn told(version: &str, at: i64) -> Deployed {
        Deployed {
            service: service(),
            version: version.into(),
            at: UnixNanos::from_millis(at),
            label: "a label".into(),
        }
    }

    fn check(
        versions: Vec<SeenVersion>,
        tells: Vec<Deployed>,
        expected: &[(&str, Option<&str>, &str)],
    ) {
        let mut all = merged(versions.into_iter(), tells.into_iter());
        all.sort_by_key(|deployment| deployment.at);
        let ids: Vec<String> = all.iter().map(Deployment::id).collect();
        let found: Vec<_> = all
            .iter()
            .zip(&ids)
            .map(|(one, id)| (id.as_str(), one.previous.as_deref(), &*one.label))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn each_version_but_the_first_is_a_deployment() {
        check(
            vec![seen("2", 20), seen("1", 10), seen("3", 30)],
            vec![],
            &[("2", Some("1"), ""), ("3", Some("2"), "")],
        );
    }

    #[test]
    fn what_was_told_answers_to_its_time_also_when_its_version_was_seen() {
        let tells = [told("2", 1_000), told("2", 1_500), told("3", 1_600)];
        let all = merged(
            [seen("1", 10), seen("2", 3_000)].into_iter(),
            tells.into_iter(),
        );
        let answers = |id: &str| {
            let found = all.iter().find(|one| one.answers_to(id));
            found.map(|one| &*one.version)
        };
        for id in ["2", "at-1000", "at-1500"] {
            assert_eq!(answers(id), Some("2"), "{id}");
        }
        assert_eq!(answers("at-1600"), Some("3"));
        assert_eq!((answers("3"), answers("at-3000")), (None, None));
    }

    #[test]
    fn what_was_told_is_put_to_the_version_that_was_seen_about_then() {
        check(
            vec![seen("1", 10), seen("2", 3_000)],
            vec![told("2", 1_000), told("", 2_000)],
            &[
                ("at-2000", Some("1"), "a label"),
                ("2", Some("1"), "a label"),
            ],
        );
        check(
            vec![seen("1", 10), seen("2", 20)],
            vec![told("1", 4_000_000)],
            &[("2", Some("1"), ""), ("at-4000000", Some("2"), "a label")],
        );
    }
}
