//! The board: every service that was ever seen, with its present state.

use crate::{
    Query, QueryError,
    answer::{Listed, ServiceSummary, Verdict},
    columns::{Columns, finest_for_sums},
    series::points,
    source::Asked,
    tally::{Outcomes, Tally},
    usual::{Hours, Usual},
    verdict,
};
use hinomi_model::{Scope, Selection, TimeRange, UnixNanos, rollup::ServiceKey};
use hinomi_store::{Dimensions, Resolution, Steps};
use std::{collections::HashMap, time::Duration};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

#[derive(Default)]
struct Service {
    last_seen: Option<UnixNanos>,
    columns: Vec<Tally>,
    /// Transactions of the hour before the range. Used when neither weeks nor days tell what is
    /// usual.
    before: Tally,
    usual: Option<Usual>,
}

impl Service {
    fn is_silent(&self) -> bool {
        self.columns.iter().all(|column| column.counts.total() == 0)
    }
}

impl Query {
    /// Every service of a scope that ever sent anything, sorted by name, each with the newest 5 s
    /// bucket that has data of it.
    pub async fn known_services(
        &self,
        scope: &Scope,
    ) -> Result<Vec<(ServiceKey, UnixNanos)>, QueryError> {
        let selection = Selection {
            scope: scope.clone(),
            ..Selection::default()
        };
        let mut known = self.store.services(scope.project.clone()).await?;
        known.retain(|(key, _)| selection.has_service(key));
        Ok(known)
    }

    /// Every known service, including those silent in the range; worst first, then by name. A long
    /// range is read from hour rollups, and from minute rollups up to its first whole hour.
    pub async fn services(
        &self,
        scope: &Scope,
        range: TimeRange,
    ) -> Result<Listed<ServiceSummary>, QueryError> {
        let selection = Selection {
            scope: scope.clone(),
            ..Selection::default()
        };
        self.summaries(&selection, range).await
    }

    /// Like [`Self::services`], for the services of one name. Several environments may have one.
    pub async fn services_named(
        &self,
        scope: &Scope,
        name: &str,
        range: TimeRange,
    ) -> Result<Listed<ServiceSummary>, QueryError> {
        let selection = Selection {
            scope: scope.clone(),
            service: Some(name.into()),
            ..Selection::default()
        };
        self.summaries(&selection, range).await
    }

    async fn summaries(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Listed<ServiceSummary>, QueryError> {
        let scope = &selection.scope;
        let finest = finest_for_sums(range.length());
        let horizon = |resolution| self.store.rollups_kept_from(&scope.project, resolution);
        let columns = Columns::covering_from(finest, range, horizon);
        let outcomes = Outcomes::new(self.slow_threshold(), None);
        let silent = || Service {
            columns: vec![Tally::default(); columns.count()],
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
        let asked = Asked::tallied(selection, Dimensions::SERVICE, self.slow_threshold());
        let steps = columns.steps();
        let found = self.rollups_of_parts(&asked, parts, steps).await?;
        for group in found.groups {
            let service = services.entry(group.key.service).or_insert_with(silent);
            for (column, sum) in group.steps {
                service.last_seen = service.last_seen.max(steps.start(column));
                if let Some(tally) = service.columns.get_mut(column as usize) {
                    *tally = Tally::of(sum, &outcomes);
                }
            }
        }
        let usuals = self.usuals(&scope.project, range.to).await?;
        for (key, service) in &mut services {
            service.usual = usuals.get(key).copied();
        }
        let unknown = |service: &Service| service.usual.is_none() && !service.is_silent();
        if services.values().any(unknown) {
            let before = TimeRange::new(range.from.minus(HOUR), range.from).widened(MINUTE);
            let before = TimeRange::new(before.from, before.to.minus(MINUTE));
            let question = asked.over(before, MINUTE, Steps::Whole);
            for group in self.rollups(question).await?.groups {
                // A service that is in no list is not one of the board's.
                if let Some(service) = services.get_mut(&group.key.service) {
                    service.before = Tally::of(group.into_whole(), &outcomes);
                }
            }
        }
        let mut services: Vec<(ServiceKey, Service)> = services.into_iter().collect();
        services.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let whole = |service: &Service| {
            let mut whole = Tally::default();
            service
                .columns
                .iter()
                .for_each(|column| whole.merge(column));
            whole
        };
        let services = services.into_iter().map(|(key, mut service)| {
            let before = Hours {
                before: std::mem::take(&mut service.before),
                ..Hours::default()
            };
            service.usual = service.usual.or_else(|| before.usual());
            (whole(&service), key, service)
        });
        let mut labels = self.store.labels(&scope.project);
        let mut summaries: Vec<ServiceSummary> = services
            .map(|(whole, key, service)| ServiceSummary {
                labels: labels.remove(&key).unwrap_or_default(),
                service: key.service,
                namespace: key.namespace,
                environment: key.environment,
                counts: whole.counts,
                latency: whole.quantiles(),
                health: verdict::judge(
                    &columns,
                    &service.columns,
                    service.usual.as_ref(),
                    service.last_seen,
                ),
                timeline: points(&columns, service.columns),
            })
            .collect();
        summaries.sort_by_key(|summary| match summary.health.verdict {
            Verdict::Bad(_) => 0,
            Verdict::Watch(_) => 1,
            Verdict::NoData { .. } => 2,
            Verdict::Ok => 3,
        });
        Ok(Listed {
            items: summaries,
            lost: found.lost,
        })
    }
}
