//! The health of services: their transactions over a range, judged by what is usual for them.

use crate::{
    Analysis, Health, ServiceSummary, Verdict,
    usual::{HOUR, Hours},
    verdict,
};
use hinomi_model::{Scope, Selection, TimeRange, UnixNanos};
use hinomi_query::{
    Columns, QueryError,
    answer::{Listed, ServiceTally},
};
use std::{collections::HashMap, time::Duration};

const MINUTE: Duration = Duration::from_secs(60);
/// Length of the time by which the present state of a service is judged.
const JUDGED: Duration = Duration::from_secs(3_600);

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

    /// The state of the services of one name at an instant, worst first. Several environments may
    /// have one. The state does not depend on the range that a reader looks at: columns of a week
    /// are hours wide, but a verdict needs minutes.
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
        let judged = TimeRange::new(at.minus(JUDGED), at);
        self.summaries(&selection, judged).await
    }

    async fn summaries(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Listed<ServiceSummary>, QueryError> {
        let found = self.query.service_tallies(selection, range).await?;
        let usuals = self.usuals(&selection.scope.project, range.to).await?;
        // The hour before the range tells what is usual when neither weeks nor days do.
        let is_unknown =
            |service: &ServiceTally| !usuals.contains_key(&service.key) && !service.is_silent();
        let mut before = HashMap::new();
        if found.services.iter().any(is_unknown) {
            let hour = TimeRange::new(range.from.minus(HOUR), range.from).widened(MINUTE);
            let hour = TimeRange::new(hour.from, hour.to.minus(MINUTE));
            let tallies = self.query.tallies_by_service(selection, hour, MINUTE);
            before = tallies.await?;
        }
        let columns = found.columns;
        let services = found.services.into_iter().map(|service| {
            let known = usuals.get(&service.key).copied();
            let usual = known.or_else(|| {
                let before = before.remove(&service.key)?;
                Hours::before(before).usual()
            });
            let health = verdict::judge(
                &columns,
                service.judged(),
                usual.as_ref(),
                (service.is_silent(), service.last_seen),
            );
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
