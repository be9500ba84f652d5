//! The services that were ever seen, and their transactions over a range.

use crate::{
    Query, QueryError,
    answers::{ServiceTallies, ServiceTally},
    columns::{Columns, finest_for_sums},
    source::Asked,
    tally::{Outcomes, Tally},
};
use hinomi_model::{Scope, Selection, TimeRange, UnixNanos, rollup::ServiceKey};
use hinomi_store::{Dimensions, Resolution, Steps};
use std::{collections::HashMap, time::Duration};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

#[derive(Default)]
struct Service {
    last_seen: Option<UnixNanos>,
    tallies: Vec<Tally>,
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
        let thresholds = self.slow_thresholds(scope);
        let silent = || Service {
            tallies: vec![Tally::default(); columns.count()],
            ..Service::default()
        };
        let mut services: HashMap<ServiceKey, Service> = HashMap::new();
        let known = self.known_services(scope).await?.into_iter();
        for (key, newest) in known.filter(|(key, _)| selection.has_service(key)) {
            services.entry(key).or_insert_with(silent).last_seen = Some(newest);
        }
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
        let asked = Asked::tallied(selection, Dimensions::SERVICE, thresholds.clone());
        let steps = columns.steps();
        let found = self.rollups_of_parts(&asked, parts, steps).await?;
        for group in found.groups {
            let outcomes = Outcomes::new(thresholds.of(&group.key.service), None);
            let service = services.entry(group.key.service).or_insert_with(silent);
            for (column, sum) in group.steps {
                service.last_seen = service.last_seen.max(steps.start(column));
                if let Some(tally) = service.tallies.get_mut(column as usize) {
                    *tally = Tally::of(sum, &outcomes);
                }
            }
        }
        let mut services: Vec<(ServiceKey, Service)> = services.into_iter().collect();
        services.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut labels = self.store.labels(&scope.project);
        let services = services.into_iter().map(|(key, service)| ServiceTally {
            labels: labels.remove(&key).unwrap_or_default(),
            key,
            last_seen: service.last_seen,
            tallies: service.tallies,
        });
        Ok(ServiceTallies {
            columns,
            services: services.collect(),
            lost: found.lost,
        })
    }

    /// The transactions of a whole range by service, read from the widest rollups that `unit` is a
    /// multiple of. The ends of the range are edges of such rollups.
    pub async fn tallies_by_service(
        &self,
        selection: &Selection,
        range: TimeRange,
        unit: Duration,
    ) -> Result<HashMap<ServiceKey, Tally>, QueryError> {
        let thresholds = self.slow_thresholds(&selection.scope);
        let asked = Asked::tallied(selection, Dimensions::SERVICE, thresholds.clone());
        let found = self.rollups(asked.over(range, unit, Steps::Whole)).await?;
        let groups = found.groups.into_iter().map(|group| {
            let key = group.key.service.clone();
            let outcomes = Outcomes::new(thresholds.of(&key), selection.outcome);
            (key, Tally::of(group.into_whole(), &outcomes))
        });
        Ok(groups.collect())
    }
}
