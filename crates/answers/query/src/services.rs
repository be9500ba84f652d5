//! The services that were ever seen, and their transactions over a range.

use crate::{
    Query, QueryError,
    answers::{JudgedTallies, ServiceTallies, ServiceTally},
    columns::{Columns, finest_for_sums},
    source::Asked,
    tally::{Outcomes, Tally},
};
use hinomi_model::{Scope, Selection, TimeRange, TransactionKind, UnixNanos, rollup::ServiceKey};
use hinomi_store::{Dimensions, Resolution, Steps};
use std::{collections::HashMap, time::Duration};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

#[derive(Default)]
struct Service {
    last_seen: Option<UnixNanos>,
    kinds: Kinds<Vec<Tally>>,
}

/// What there is of each kind of transaction, few of which come.
struct Kinds<T>(Vec<(TransactionKind, T)>);

impl<T> Default for Kinds<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Kinds<T> {
    /// What there is of a kind, made when there is nothing yet.
    fn of(&mut self, kind: TransactionKind, make: impl FnOnce() -> T) -> &mut T {
        let place = self.0.iter().position(|(of, _)| *of == kind);
        let place = place.unwrap_or_else(|| {
            self.0.push((kind, make()));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }

    /// Requests and messages: they tell how a service works.
    fn work(&self) -> impl Iterator<Item = &T> {
        self.of_kinds(&TransactionKind::WORK)
    }

    /// Jobs and probes: they tell of a service that has neither.
    fn rest(&self) -> impl Iterator<Item = &T> {
        self.of_kinds(&[TransactionKind::Job, TransactionKind::Probe])
    }

    fn of_kinds(&self, kinds: &[TransactionKind]) -> impl Iterator<Item = &T> {
        let wanted = self.0.iter().filter(|(kind, _)| kinds.contains(kind));
        wanted.map(|(_, what)| what)
    }
}

/// Columns of several kinds, added up.
fn added<'a>(count: usize, kinds: impl Iterator<Item = &'a Vec<Tally>>) -> Vec<Tally> {
    let mut all = vec![Tally::default(); count];
    for tallies in kinds {
        for (all, tally) in all.iter_mut().zip(tallies) {
            all.merge(tally);
        }
    }
    all
}

impl Query {
    /// Every service of a scope that ever sent anything, sorted by name, each with the newest 5 s
    /// bucket that has data of it.
    pub async fn known_services(
        &self,
        scope: &Scope,
    ) -> Result<Vec<(ServiceKey, UnixNanos)>, QueryError> {
        let selection = Selection::of(scope.clone());
        let mut known = self.store.services(scope.project.clone()).await?;
        known.retain(|(key, _)| selection.has_service(key));
        Ok(known)
    }

    /// The transactions of every known service of a selection, including those silent in the range.
    /// A long range is read from hour rollups, and from minute rollups up to its first whole hour.
    pub async fn service_tallies(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<ServiceTallies, QueryError> {
        let scope = &selection.scope;
        let finest = finest_for_sums(range.length());
        let horizon = |resolution| self.store.rollups_kept_from(&scope.project, resolution);
        let columns = Columns::covering_from(finest, range, horizon);
        let hours = range.from.ceil(HOUR);
        let minutes_are_kept = horizon(Resolution::Minute) <= range.from;
        let parts = if finest == Resolution::Hour && minutes_are_kept && hours > columns.range.from
        {
            let first = TimeRange::new(range.from.floor(MINUTE), hours);
            let rest = TimeRange::new(hours, columns.range.to);
            vec![(first, MINUTE), (rest, columns.width)]
        } else {
            vec![(columns.range, columns.width)]
        };
        self.tallies_of_parts(selection, columns, parts).await
    }

    /// The same, in these columns.
    pub async fn service_tallies_by(
        &self,
        selection: &Selection,
        columns: Columns,
    ) -> Result<ServiceTallies, QueryError> {
        let parts = vec![(columns.range, columns.width)];
        self.tallies_of_parts(selection, columns, parts).await
    }

    async fn tallies_of_parts(
        &self,
        selection: &Selection,
        columns: Columns,
        parts: Vec<(TimeRange, Duration)>,
    ) -> Result<ServiceTallies, QueryError> {
        let scope = &selection.scope;
        let thresholds = self.slow_thresholds(scope);
        let mut services: HashMap<ServiceKey, Service> = HashMap::new();
        let known = self.known_services(scope).await?.into_iter();
        for (key, newest) in known.filter(|(key, _)| selection.has_service(key)) {
            services.entry(key).or_default().last_seen = Some(newest);
        }
        let by = Dimensions::SERVICE | Dimensions::KIND;
        let asked = Asked::tallied(selection, by, thresholds.clone());
        let steps = columns.steps();
        let found = self.rollups_of_parts(&asked, parts, steps).await?;
        for group in found.groups {
            let outcomes = Outcomes::new(thresholds.of(&group.key.service), None);
            let service = services.entry(group.key.service).or_default();
            let empty = || vec![Tally::default(); columns.count()];
            let kind = group.key.kind.unwrap_or_default();
            let tallies = service.kinds.of(kind, empty);
            for (column, sum) in group.steps {
                service.last_seen = service.last_seen.max(steps.start(column));
                if let Some(tally) = tallies.get_mut(column as usize) {
                    *tally = Tally::of(sum, &outcomes);
                }
            }
        }
        let mut services: Vec<(ServiceKey, Service)> = services.into_iter().collect();
        services.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut labels = self.store.labels(&scope.project);
        let services = services.into_iter().map(|(key, mut service)| {
            let kinds = &mut service.kinds;
            let is_all_work = kinds.work().count() == kinds.0.len();
            let count = columns.count();
            let judged = (!is_all_work).then(|| JudgedTallies {
                work: added(count, kinds.work()),
                rest: added(count, kinds.rest()),
            });
            let tallies = match &mut kinds.0[..] {
                [(_, only)] => std::mem::take(only),
                several => added(count, several.iter().map(|(_, tallies)| tallies)),
            };
            ServiceTally {
                labels: labels.remove(&key).unwrap_or_default(),
                key,
                last_seen: service.last_seen,
                tallies,
                judged,
            }
        });
        Ok(ServiceTallies {
            columns,
            services: services.collect(),
            lost: found.lost,
        })
    }

    /// The transactions by which services are judged, over a whole range, read from the widest rollups that `unit` is a
    /// multiple of. The ends of the range are edges of such rollups.
    pub async fn tallies_by_service(
        &self,
        selection: &Selection,
        range: TimeRange,
        unit: Duration,
    ) -> Result<HashMap<ServiceKey, Tally>, QueryError> {
        let thresholds = self.slow_thresholds(&selection.scope);
        let by = Dimensions::SERVICE | Dimensions::KIND;
        let asked = Asked::tallied(selection, by, thresholds.clone());
        let found = self.rollups(asked.over(range, unit, Steps::Whole)).await?;
        let mut services: HashMap<ServiceKey, Kinds<Tally>> = HashMap::new();
        for group in found.groups {
            let key = group.key.service.clone();
            let kind = group.key.kind.unwrap_or_default();
            let outcomes = Outcomes::new(thresholds.of(&key), selection.outcome);
            let tally = Tally::of(group.into_whole(), &outcomes);
            services.entry(key).or_default().of(kind, || tally);
        }
        let services = services.into_iter().filter_map(|(key, kinds)| {
            let has_work = kinds.work().next().is_some();
            let mut all = Tally::default();
            match has_work {
                true => kinds.work().for_each(|tally| all.merge(tally)),
                false => kinds.rest().for_each(|tally| all.merge(tally)),
            }
            Some((key, all)).filter(|(_, all)| all.counts.total() > 0)
        });
        Ok(services.collect())
    }
}
