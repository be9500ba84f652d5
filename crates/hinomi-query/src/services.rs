//! The board: every service that was ever seen, with its present state.

use crate::{
    Query, QueryError,
    answer::{Listed, ServiceSummary, Verdict},
    columns::{Columns, finest_for_sums},
    series::points,
    tally::{Outcomes, Tally},
    usual::{Hours, Usual},
    verdict,
};
use hinomi_lake::{Families, Grain, Resolution, RollupFold};
use hinomi_model::{
    RollupKey, RollupRef, Scope, Selection, TimeRange, UnixNanos, rollup::ServiceKey,
};
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

/// The services while they are being added up.
struct Board {
    columns: Columns,
    outcomes: Outcomes,
    numbers: HashMap<ServiceKey, usize>,
    services: Vec<(ServiceKey, Service)>,
    /// Whether the hour before the range is being added up, and not the range.
    is_usual: bool,
}

impl Board {
    fn number(&mut self, key: &ServiceKey) -> usize {
        if let Some(number) = self.numbers.get(key) {
            return *number;
        }
        let service = Service {
            columns: vec![Tally::default(); self.columns.count()],
            ..<_>::default()
        };
        self.numbers.insert(key.clone(), self.services.len());
        self.services.push((key.clone(), service));
        self.services.len() - 1
    }
}

impl RollupFold for Board {
    type Place = usize;

    fn place(&mut self, key: &RollupKey) -> Option<usize> {
        match self.is_usual {
            // The hour before adds no services to the board.
            true => self.numbers.get(key.service()).copied(),
            false => Some(self.number(key.service())),
        }
    }

    fn add(&mut self, place: usize, bucket: UnixNanos, rollup: RollupRef<'_>) {
        let service = &mut self.services[place].1;
        if self.is_usual {
            service.before.add(rollup, &self.outcomes);
            return;
        }
        service.last_seen = service.last_seen.max(Some(bucket));
        if let Some(column) = service.columns.get_mut(self.columns.index(bucket)) {
            column.add(rollup, &self.outcomes);
        }
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
        let mut known = self.lake.services(scope.project.clone()).await?;
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
        let horizon = |resolution| self.lake.horizon(&scope.project, resolution);
        let columns = Columns::covering_from(finest, range, horizon);
        let mut board = Board {
            columns,
            outcomes: Outcomes::new(self.slow_threshold(), None),
            numbers: HashMap::new(),
            services: Vec::new(),
            is_usual: false,
        };
        let known = self.known_services(scope).await?.into_iter();
        for (key, newest) in known.filter(|(key, _)| selection.has_service(key)) {
            let number = board.number(&key);
            board.services[number].1.last_seen = Some(newest);
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
        let (families, grain) = (Families::TRANSACTIONS, Grain::Service);
        for span in parts {
            let folded = self.fold_rollups(selection, span, families, grain, board);
            let (folded, missing) = folded.await?;
            board = folded;
            lost.extend(missing);
        }
        let usuals = self.usuals(&scope.project, range.to).await?;
        for (key, service) in &mut board.services {
            service.usual = usuals.get(key).copied();
        }
        let unknown = |service: &Service| service.usual.is_none() && !service.is_silent();
        if board.services.iter().any(|(_, service)| unknown(service)) {
            let before = TimeRange::new(range.from.minus(HOUR), range.from).widened(MINUTE);
            let before = TimeRange::new(before.from, before.to.minus(MINUTE));
            board.is_usual = true;
            let folded = self.fold_rollups(selection, (before, MINUTE), families, grain, board);
            board = folded.await?.0;
        }
        let Board { mut services, .. } = board;
        // The fold asks for places of keys that have no data in the range. A service that was never
        // seen is removed.
        services.retain(|(_, service)| service.last_seen.is_some());
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
        let mut labels = self.lake.labels(&scope.project);
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
            lost,
        })
    }
}
