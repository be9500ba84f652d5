//! Services over a range, each with its health at the end of it.

use crate::{Analysis, Health, ServiceSummary, Verdict};
use hinomi_model::{Scope, Selection, TimeRange, UnixNanos};
use hinomi_query::{
    Columns, QueryError,
    answer::{Listed, ServiceTally},
};
use std::time::Duration;

/// Length of the time whose numbers stand beside the present state of a service.
const BESIDE: Duration = Duration::from_secs(3_600);

impl Analysis {
    /// Every known service, including those silent in the range; worst first, then by name.
    pub async fn services(
        &self,
        scope: &Scope,
        range: TimeRange,
    ) -> Result<Listed<ServiceSummary>, QueryError> {
        let selection = Selection::of(scope.clone());
        self.summaries(&selection, range).await
    }

    /// The services of one name at an instant, worst first. Several environments may have one.
    pub async fn services_at(
        &self,
        scope: &Scope,
        name: &str,
        at: UnixNanos,
    ) -> Result<Listed<ServiceSummary>, QueryError> {
        let selection = Selection {
            service: Some(name.into()),
            ..Selection::of(scope.clone())
        };
        let beside = TimeRange::new(at.minus(BESIDE), at);
        self.summaries(&selection, beside).await
    }

    async fn summaries(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Listed<ServiceSummary>, QueryError> {
        let found = self.query.service_tallies(selection, range);
        let (found, mut healths) = tokio::try_join!(found, self.healths(selection, range.to))?;
        let columns = found.columns;
        let services = found.services.into_iter().map(|service| {
            let health = healths.remove(&service.key).unwrap_or(Health {
                verdict: Verdict::NoData {
                    last_seen: service.last_seen,
                },
                basis: None,
                over: None,
                since: None,
                few: false,
            });
            summary(service, health, &columns)
        });
        let mut items: Vec<ServiceSummary> = services.collect();
        items.sort_by_key(|summary| match summary.health.verdict {
            Verdict::Bad(_) => 0,
            Verdict::Watch(_) => 1,
            Verdict::NoData { .. } => 2,
            Verdict::Ok => 3,
        });
        Ok(Listed {
            items,
            lost: found.lost,
        })
    }
}

fn summary(service: ServiceTally, health: Health, columns: &Columns) -> ServiceSummary {
    let whole = service.whole();
    ServiceSummary {
        timeline: service.timeline(columns),
        service: service.key.service,
        namespace: service.key.namespace,
        environment: service.key.environment,
        labels: service.labels,
        counts: whole.counts,
        latency: whole.quantiles(),
        health,
    }
}
