//! The board: every service that was ever seen, with how it is now.

use crate::{
    Query, QueryError,
    answer::{Listed, ServiceSummary, Verdict},
    columns::{Columns, finest_for_sums},
    hitmap::points,
    tally::{Outcomes, Tally},
    usual::{Hours, Usual},
    verdict,
};
use hinomi_lake::{Families, Resolution};
use hinomi_model::{Rollup, RollupKey, Scope, Selection, TimeRange, UnixNanos, rollup::ServiceKey};
use std::{collections::BTreeMap, time::Duration};

/// How long before the range a service's usual shares are taken from.
const USUAL: Duration = Duration::from_secs(3_600);

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

#[derive(Default)]
struct Service {
    last_seen: Option<UnixNanos>,
    columns: Vec<Tally>,
    usual: Tally,
}

impl Service {
    fn usual(&self) -> Option<Usual> {
        let hours = Hours {
            before: self.usual.clone(),
            ..Hours::default()
        };
        hours.usual()
    }
}

/// The services while they are added up.
struct Board {
    columns: Columns,
    outcomes: Outcomes,
    services: BTreeMap<ServiceKey, Service>,
}

impl Board {
    fn service(&mut self, key: &ServiceKey) -> &mut Service {
        if !self.services.contains_key(key) {
            self.see(key.clone(), None);
        }
        self.services.entry(key.clone()).or_default()
    }

    fn see(&mut self, key: ServiceKey, last_seen: Option<UnixNanos>) {
        let service = Service {
            last_seen,
            columns: vec![Tally::default(); self.columns.count()],
            ..<_>::default()
        };
        self.services.insert(key, service);
    }

    fn add(&mut self, bucket: UnixNanos, key: &RollupKey, rollup: &Rollup) {
        let (column, outcomes) = (self.columns.index(bucket), self.outcomes);
        let service = match self.services.get_mut(key.service()) {
            Some(service) => service,
            None => self.service(key.service()),
        };
        service.last_seen = service.last_seen.max(Some(bucket));
        if let Some(column) = service.columns.get_mut(column) {
            column.add(rollup, &outcomes);
        }
    }

    fn add_usual(&mut self, _: UnixNanos, key: &RollupKey, rollup: &Rollup) {
        let outcomes = self.outcomes;
        if let Some(service) = self.services.get_mut(key.service()) {
            service.usual.add(rollup, &outcomes);
        }
    }
}

impl Query {
    /// Every service known, also those silent in the range; worst first, then by name. A long range
    /// is read from hours, and from minutes up to its first whole hour.
    pub async fn services(
        &self,
        scope: &Scope,
        range: TimeRange,
    ) -> Result<Listed<ServiceSummary>, QueryError> {
        let finest = finest_for_sums(range.length());
        let horizon = |resolution| self.lake.horizon(&scope.project, resolution);
        let columns = Columns::covering_from(finest, range, horizon);
        let selection = Selection {
            scope: scope.clone(),
            ..Selection::default()
        };
        let mut board = Board {
            columns,
            outcomes: Outcomes::new(self.slow_threshold(), None),
            services: BTreeMap::new(),
        };
        for (key, newest) in self.lake.services(scope.project.clone()).await? {
            if selection.has_service(&key) {
                board.see(key, Some(newest));
            }
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
        let mut lost = Vec::new();
        for (part, width) in parts {
            let folded = self.fold_rollups(
                &selection,
                part,
                width,
                Families::TRANSACTIONS,
                board,
                Board::add,
            );
            let (folded, missing) = folded.await?;
            board = folded;
            lost.extend(missing);
        }
        let before = TimeRange::new(range.from.minus(USUAL), range.from).widened(MINUTE);
        let before = TimeRange::new(before.from, before.to.minus(MINUTE));
        let folded = self.fold_rollups(
            &selection,
            before,
            MINUTE,
            Families::TRANSACTIONS,
            board,
            Board::add_usual,
        );
        let (Board { services, .. }, _) = folded.await?;
        let whole = |service: &Service| {
            let mut whole = Tally::default();
            service
                .columns
                .iter()
                .for_each(|column| whole.merge(column));
            whole
        };
        let services = services
            .into_iter()
            .map(|(key, service)| (whole(&service), key, service));
        let mut summaries: Vec<ServiceSummary> = services
            .map(|(whole, key, service)| ServiceSummary {
                service: key.service,
                namespace: key.namespace,
                environment: key.environment,
                counts: whole.counts,
                latency: whole.quantiles(),
                health: verdict::judge(
                    &columns,
                    &service.columns,
                    service.usual().as_ref(),
                    service.last_seen,
                ),
                timeline: points(&columns, &service.columns),
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
            lost,
        })
    }
}
