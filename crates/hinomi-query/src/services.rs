//! The board: every service that was ever seen, with how it is now.

use crate::{
    Query, QueryError,
    answer::{Listed, ServiceSummary, Verdict},
    hitmap::points,
    tally::{Outcomes, Tally},
    verdict,
};
use hinomi_lake::Families;
use hinomi_model::{Scope, Selection, TimeRange, UnixNanos, rollup::ServiceKey};
use std::{collections::BTreeMap, time::Duration};

/// How long before the range a service's usual shares are taken from.
const USUAL: Duration = Duration::from_secs(3_600);

#[derive(Default)]
struct Service {
    last_seen: Option<UnixNanos>,
    whole: Tally,
    columns: Vec<Tally>,
    usual: Tally,
}

impl Query {
    /// Every service known, also those silent in the range; worst first, then by name.
    pub async fn services(
        &self,
        scope: &Scope,
        range: TimeRange,
    ) -> Result<Listed<ServiceSummary>, QueryError> {
        let columns = self.columns_of(&scope.project, range);
        let outcomes = Outcomes::new(self.slow_threshold(), None);
        let selection = Selection {
            scope: scope.clone(),
            ..Selection::default()
        };
        let empty = || Service {
            columns: vec![Tally::default(); columns.count()],
            ..<_>::default()
        };
        let mut services: BTreeMap<ServiceKey, Service> = BTreeMap::new();
        for (key, newest) in self.lake.services(scope.project.clone()).await? {
            if selection.has_service(&key) {
                services.insert(
                    key,
                    Service {
                        last_seen: Some(newest),
                        ..empty()
                    },
                );
            }
        }
        let lost = self
            .each_rollup(
                &selection,
                columns.range,
                columns.width,
                Families::TRANSACTIONS,
                |bucket, key, rollup| {
                    let service = services.entry(key.service().clone()).or_insert_with(empty);
                    service.last_seen = service.last_seen.max(Some(bucket));
                    service.whole.add(rollup, &outcomes);
                    if let Some(column) = service.columns.get_mut(columns.index(bucket)) {
                        column.add(rollup, &outcomes);
                    }
                },
            )
            .await?;
        let minute = Duration::from_secs(60);
        let before = TimeRange::new(range.from.minus(USUAL), range.from).widened(minute);
        let before = TimeRange::new(before.from, before.to.minus(minute));
        self.each_rollup(
            &selection,
            before,
            minute,
            Families::TRANSACTIONS,
            |_, key, rollup| {
                if let Some(service) = services.get_mut(key.service()) {
                    service.usual.add(rollup, &outcomes);
                }
            },
        )
        .await?;
        let mut summaries: Vec<ServiceSummary> = services
            .into_iter()
            .map(|(key, service)| ServiceSummary {
                service: key.service,
                namespace: key.namespace,
                environment: key.environment,
                counts: service.whole.counts,
                latency: service.whole.quantiles(),
                verdict: verdict::of(
                    service.whole.counts,
                    service.usual.counts,
                    service.last_seen,
                ),
                timeline: points(&columns, &service.columns),
            })
            .collect();
        summaries.sort_by_key(|summary| match summary.verdict {
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
