//! What the live stream sends: whole columns, first all of the last ten minutes, then each second
//! those that changed.

use crate::{
    Query,
    answer::{Counts, LiveColumn, LiveService, TimelinePoint},
    tally::{Outcomes, Tally},
};
use hinomi_live::Tick;
use hinomi_model::{
    RollupKey, RollupSet, Scope, Selection, TimeRange, UnixNanos, hitmap::COLUMN,
    rollup::ServiceKey,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::sync::broadcast;

/// How far back a snapshot reaches.
const SNAPSHOT: Duration = Duration::from_secs(10 * 60);

impl Query {
    /// Ticks of the live bus, one a second.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Tick>> {
        self.live.subscribe()
    }

    /// All non-empty live columns of the last 10 minutes.
    pub fn live_snapshot(&self, selection: &Selection) -> Vec<LiveColumn> {
        let recent = self.recent();
        self.live.read(|_, rollups| {
            let columns: Vec<UnixNanos> = rollups
                .buckets()
                .filter(|bucket| recent.contains(*bucket))
                .collect();
            self.columns(selection, rollups, columns)
        })
    }

    /// The columns of the selection that changed since the tick before.
    pub fn live_delta(&self, selection: &Selection, tick: &Tick) -> Vec<LiveColumn> {
        let changed: BTreeSet<UnixNanos> = tick
            .changed()
            .filter(|(service, _)| selection.has_service(service))
            .flat_map(|(_, columns)| columns)
            .collect();
        if changed.is_empty() {
            return Vec::new();
        }
        self.live
            .read(|_, rollups| self.columns(selection, rollups, changed))
    }

    /// The same for every service: the changed columns of `tick`, or all when there is none.
    pub fn live_services(&self, scope: &Scope, tick: Option<&Tick>) -> Vec<LiveService> {
        let selection = Selection {
            scope: scope.clone(),
            ..Selection::default()
        };
        let outcomes = Outcomes::new(self.slow_threshold(), None);
        let changed: Option<BTreeSet<(&ServiceKey, UnixNanos)>> = tick.map(|tick| {
            let each = tick.changed();
            each.flat_map(|(service, columns)| columns.map(move |column| (service, column)))
                .collect()
        });
        let range = match &changed {
            None => self.recent(),
            Some(changed) => {
                let starts = changed.iter().map(|(_, column)| *column);
                let (Some(first), Some(last)) = (starts.clone().min(), starts.max()) else {
                    return Vec::new();
                };
                TimeRange::new(first, last.plus(COLUMN))
            }
        };
        let mut services: BTreeMap<ServiceKey, BTreeMap<UnixNanos, Tally>> = BTreeMap::new();
        self.live.read(|_, rollups| {
            for (bucket, key, rollup) in rollups.range(range) {
                let wanted = matches!(key, RollupKey::Transaction { .. })
                    && selection.has_key(key)
                    && changed
                        .as_ref()
                        .is_none_or(|set| set.contains(&(key.service(), bucket)));
                if wanted {
                    let columns = services.entry(key.service().clone()).or_default();
                    columns.entry(bucket).or_default().add(rollup, &outcomes);
                }
            }
        });
        services
            .into_iter()
            .map(|(key, columns)| live_service(key, columns))
            .collect()
    }

    fn recent(&self) -> TimeRange {
        let now = self.now();
        TimeRange::new(now.minus(SNAPSHOT).floor(COLUMN), UnixNanos(i64::MAX))
    }

    fn columns(
        &self,
        selection: &Selection,
        rollups: &RollupSet,
        starts: impl IntoIterator<Item = UnixNanos>,
    ) -> Vec<LiveColumn> {
        let outcomes = Outcomes::new(self.slow_threshold(), selection.outcome);
        starts
            .into_iter()
            .map(|start| {
                let mut tally = Tally::default();
                let mut cells: BTreeMap<u8, Counts> = BTreeMap::new();
                for (_, key, rollup) in rollups.range(TimeRange::new(start, start.plus(COLUMN))) {
                    if matches!(key, RollupKey::Transaction { .. }) && selection.has_key(key) {
                        tally.add(rollup, &outcomes);
                        for cell in &rollup.cells {
                            cells.entry(cell.row).or_default().add(outcomes.of(*cell));
                        }
                    }
                }
                cells.retain(|_, counts| counts.total() > 0);
                LiveColumn {
                    start,
                    cells: cells.into_iter().collect(),
                    counts: tally.counts,
                    latency: tally.quantiles(),
                }
            })
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
