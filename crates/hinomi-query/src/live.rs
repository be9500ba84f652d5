//! Data of the live stream, in whole columns: first all columns of the last ten minutes, then,
//! twice a second, those that changed.

use crate::{
    Query, QueryError,
    answer::{Counts, LiveColumn, LiveService, TimelinePoint},
    tally::{Outcomes, Tally},
};
use hinomi_lake::{Families, Grain, RollupFold};
use hinomi_live::Tick;
use hinomi_model::{
    RollupKey, RollupRef, Scope, Selection, TimeRange, UnixNanos, hitmap::COLUMN,
    rollup::ServiceKey,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use tokio::sync::broadcast;

/// How far back the first message reaches.
const SNAPSHOT: Duration = Duration::from_secs(10 * 60);

impl Query {
    /// Subscribes to the ticks of the live bus.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Tick>> {
        self.live.subscribe()
    }

    /// All non-empty columns of the last 10 minutes.
    pub async fn live_snapshot(
        &self,
        selection: &Selection,
    ) -> Result<Vec<LiveColumn>, QueryError> {
        let fold = Columns {
            outcomes: Outcomes::new(self.slow_threshold(), selection.outcome),
            wanted: None,
            columns: BTreeMap::new(),
        };
        let fold = self.fold_recent(selection, self.recent(), fold).await?;
        Ok(fold.finish())
    }

    /// The columns of the selection that changed with this tick.
    pub async fn live_delta(
        &self,
        selection: &Selection,
        tick: &Tick,
    ) -> Result<Vec<LiveColumn>, QueryError> {
        let changed: BTreeSet<UnixNanos> = tick
            .changed()
            .filter(|(service, _)| selection.has_service(service))
            .flat_map(|(_, columns)| columns)
            .collect();
        let (Some(first), Some(last)) = (changed.first().copied(), changed.last().copied()) else {
            return Ok(Vec::new());
        };
        let fold = Columns {
            outcomes: Outcomes::new(self.slow_threshold(), selection.outcome),
            columns: changed
                .iter()
                .map(|start| (*start, Column::default()))
                .collect(),
            wanted: Some(changed),
        };
        let range = TimeRange::new(first, last.plus(COLUMN));
        let fold = self.fold_recent(selection, range, fold).await?;
        Ok(fold.finish())
    }

    /// The columns of every service: those that changed with `tick`, or all of them without a tick.
    pub async fn live_services(
        &self,
        scope: &Scope,
        tick: Option<&Tick>,
    ) -> Result<Vec<LiveService>, QueryError> {
        let selection = Selection {
            scope: scope.clone(),
            ..Selection::default()
        };
        let wanted: Option<Changed> = tick.map(|tick| {
            let changed = tick.changed();
            changed
                .map(|(service, columns)| (service.clone(), columns.collect()))
                .collect()
        });
        let range = match &wanted {
            None => self.recent(),
            Some(wanted) => {
                let starts = || wanted.values().flatten().copied();
                let (Some(first), Some(last)) = (starts().min(), starts().max()) else {
                    return Ok(Vec::new());
                };
                TimeRange::new(first, last.plus(COLUMN))
            }
        };
        let fold = Services {
            outcomes: Outcomes::new(self.slow_threshold(), None),
            wanted,
            numbers: HashMap::new(),
            services: Vec::new(),
        };
        let fold = self.fold_recent(&selection, range, fold).await?;
        Ok(fold.finish())
    }

    fn recent(&self) -> TimeRange {
        let now = self.now();
        TimeRange::new(now.minus(SNAPSHOT).floor(COLUMN), UnixNanos(i64::MAX))
    }

    /// Adds up transactions. Reads the live window as far back as it is complete, and the store
    /// before that.
    async fn fold_recent<F: RollupFold + WantsColumns + Send + 'static>(
        &self,
        selection: &Selection,
        range: TimeRange,
        mut fold: F,
    ) -> Result<F, QueryError> {
        let whole_from = self.live.read(|window| {
            for (bucket, key, rollup) in window.range(range) {
                if selection.has_key(key)
                    && let Some(place) = fold.place(key)
                {
                    fold.add(place, bucket, rollup);
                }
            }
            window.whole_from()
        });
        let stored = TimeRange::new(range.from, whole_from.min(range.to));
        if stored.from >= stored.to || !fold.wants(stored) {
            return Ok(fold);
        }
        let (families, grain) = (Families::TRANSACTIONS, Grain::Service);
        let folded = self.fold_stored(selection, (stored, COLUMN), families, grain, fold);
        Ok(folded.await?.0)
    }
}

/// The columns that changed, by service.
type Changed = HashMap<ServiceKey, BTreeSet<UnixNanos>>;

/// Whether any column of a range is wanted.
trait WantsColumns {
    fn wants(&self, range: TimeRange) -> bool;
}

/// Columns of a hitmap while they are being added up.
struct Columns {
    outcomes: Outcomes,
    /// The wanted columns; `None` means all.
    wanted: Option<BTreeSet<UnixNanos>>,
    columns: BTreeMap<UnixNanos, Column>,
}

#[derive(Default)]
struct Column {
    tally: Tally,
    cells: BTreeMap<u8, Counts>,
}

impl WantsColumns for Columns {
    fn wants(&self, range: TimeRange) -> bool {
        let wanted = self.wanted.as_ref();
        wanted.is_none_or(|wanted| wanted.range(range.from..range.to).next().is_some())
    }
}

impl RollupFold for Columns {
    type Place = ();

    fn place(&mut self, key: &RollupKey) -> Option<()> {
        matches!(key, RollupKey::Transaction { .. }).then_some(())
    }

    fn add(&mut self, (): (), bucket: UnixNanos, rollup: RollupRef<'_>) {
        let wanted = self.wanted.as_ref();
        if wanted.is_some_and(|wanted| !wanted.contains(&bucket)) {
            return;
        }
        let column = self.columns.entry(bucket).or_default();
        column.tally.add(rollup, &self.outcomes);
        for cell in rollup.cells {
            let counts = column.cells.entry(cell.row).or_default();
            counts.add(self.outcomes.of(*cell));
        }
    }
}

impl Columns {
    fn finish(self) -> Vec<LiveColumn> {
        let columns = self.columns.into_iter().map(|(start, mut column)| {
            column.cells.retain(|_, counts| counts.total() > 0);
            LiveColumn {
                start,
                cells: column.cells.into_iter().collect(),
                counts: column.tally.counts,
                latency: column.tally.quantiles(),
            }
        });
        columns.collect()
    }
}

/// Points of every service while they are being added up.
struct Services {
    outcomes: Outcomes,
    /// The wanted columns; `None` means all.
    wanted: Option<Changed>,
    numbers: HashMap<ServiceKey, usize>,
    services: Vec<(ServiceKey, BTreeMap<UnixNanos, Tally>)>,
}

impl WantsColumns for Services {
    fn wants(&self, range: TimeRange) -> bool {
        let wanted = self.wanted.as_ref();
        wanted.is_none_or(|wanted| {
            let mut columns = wanted.values().flatten();
            columns.any(|column| range.contains(*column))
        })
    }
}

impl RollupFold for Services {
    type Place = usize;

    fn place(&mut self, key: &RollupKey) -> Option<usize> {
        if !matches!(key, RollupKey::Transaction { .. }) {
            return None;
        }
        let service = key.service();
        if let Some(number) = self.numbers.get(service) {
            return Some(*number);
        }
        let wanted = self.wanted.as_ref();
        if wanted.is_some_and(|wanted| !wanted.contains_key(service)) {
            return None;
        }
        self.numbers.insert(service.clone(), self.services.len());
        self.services.push((service.clone(), BTreeMap::new()));
        Some(self.services.len() - 1)
    }

    fn add(&mut self, place: usize, bucket: UnixNanos, rollup: RollupRef<'_>) {
        let (service, columns) = &mut self.services[place];
        let wanted = self.wanted.as_ref().and_then(|wanted| wanted.get(service));
        if wanted.is_none_or(|wanted| wanted.contains(&bucket)) {
            columns
                .entry(bucket)
                .or_default()
                .add(rollup, &self.outcomes);
        }
    }
}

impl Services {
    fn finish(self) -> Vec<LiveService> {
        let mut services = self.services;
        services.retain(|(_, columns)| !columns.is_empty());
        services.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let services = services.into_iter();
        services
            .map(|(key, columns)| live_service(key, columns))
            .collect()
    }
}

fn live_service(key: ServiceKey, columns: BTreeMap<UnixNanos, Tally>) -> LiveService {
    let columns = columns
        .into_iter()
        .map(|(start, tally)| TimelinePoint {
            start,
            counts: tally.counts,
            latency: tally.quantiles(),
        })
        .collect();
    LiveService {
        service: key.service,
        namespace: key.namespace,
        environment: key.environment,
        columns,
    }
}
