//! What the live stream sends: whole columns, first all of the last ten minutes, then twice a second
//! those that changed.

use crate::{
    Query, QueryError,
    answers::{Counts, LiveColumn, LiveService, TimelinePoint},
    source::Asked,
    tally::{Outcomes, Tally},
};
use hinomi_live::Tick;
use hinomi_model::{Scope, Selection, TimeRange, UnixNanos, hitmap::COLUMN, rollup::ServiceKey};
use hinomi_store::{Dimensions, Grouping, Measures, RollupAnswer, RollupSum, Steps, merged};
use std::{
    collections::{BTreeSet, HashMap},
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

    /// All non-empty columns of the last 10 minutes.
    pub async fn live_snapshot(
        &self,
        selection: &Selection,
    ) -> Result<Vec<LiveColumn>, QueryError> {
        let range = self.recent();
        let asked = self.live_cells(selection);
        let found = self.recent_rollups(&asked, range, |_| true).await?;
        Ok(self.live_columns(selection, range, found, |_| true))
    }

    /// The columns of the selection that changed since the tick before.
    pub async fn live_delta(
        &self,
        selection: &Selection,
        tick: &Tick,
    ) -> Result<Vec<LiveColumn>, QueryError> {
        let changed: BTreeSet<UnixNanos> = tick
            .changed(&selection.scope.project)
            .filter(|(service, _)| selection.has_service(service))
            .flat_map(|(_, columns)| columns)
            .collect();
        let (Some(first), Some(last)) = (changed.first().copied(), changed.last().copied()) else {
            return Ok(Vec::new());
        };
        let range = TimeRange::new(first, last.plus(COLUMN));
        let asked = self.live_cells(selection);
        let is_changed = |column: UnixNanos| changed.contains(&column);
        let found = self.recent_rollups(&asked, range, is_changed).await?;
        Ok(self.live_columns(selection, range, found, is_changed))
    }

    /// The same for every service: the changed columns of `tick`, or all when there is none.
    pub async fn live_services(
        &self,
        scope: &Scope,
        tick: Option<&Tick>,
    ) -> Result<Vec<LiveService>, QueryError> {
        let selection = Selection::of(scope.clone());
        let wanted: Option<Changed> = tick.map(|tick| {
            let changed = tick.changed(&scope.project);
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
        let thresholds = self.slow_thresholds(scope);
        let asked = Asked::tallied(&selection, Dimensions::SERVICE, thresholds.clone());
        let any: Option<BTreeSet<UnixNanos>> = wanted
            .as_ref()
            .map(|wanted| wanted.values().flatten().copied().collect());
        let is_wanted = |column: UnixNanos| any.as_ref().is_none_or(|any| any.contains(&column));
        let found = self.recent_rollups(&asked, range, is_wanted).await?;
        let mut services = Vec::new();
        for group in found.groups {
            let changed = match &wanted {
                None => None,
                Some(wanted) => match wanted.get(&group.key.service) {
                    Some(changed) => Some(changed),
                    None => continue,
                },
            };
            let outcomes = Outcomes::new(thresholds.of(&group.key.service), None);
            let columns: Vec<TimelinePoint> = starts(range, group.steps)
                .filter(|(start, _)| changed.is_none_or(|changed| changed.contains(start)))
                .map(|(start, sum)| {
                    let tally = Tally::of(sum, &outcomes);
                    TimelinePoint {
                        start,
                        counts: tally.counts,
                        latency: tally.quantiles(),
                    }
                })
                .collect();
            if !columns.is_empty() {
                services.push((group.key.service, columns));
            }
        }
        services.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let services = services.into_iter();
        Ok(services
            .map(|(key, columns)| LiveService {
                service: key.service,
                namespace: key.namespace,
                environment: key.environment,
                columns,
            })
            .collect())
    }

    /// The selection's transactions with their cells.
    fn live_cells(&self, selection: &Selection) -> Asked {
        let asked = Asked::tallied(
            selection,
            Dimensions::NONE,
            self.slow_threshold_of_selection(selection),
        );
        Asked {
            measures: asked.measures | Measures::CELLS,
            ..asked
        }
    }

    fn recent(&self) -> TimeRange {
        let now = self.now();
        TimeRange::new(now.minus(SNAPSHOT).floor(COLUMN), UnixNanos(i64::MAX))
    }

    /// Transactions of the wanted columns: from the live window as far back as it is whole, before that
    /// from the store.
    async fn recent_rollups(
        &self,
        asked: &Asked,
        range: TimeRange,
        is_wanted: impl Fn(UnixNanos) -> bool,
    ) -> Result<RollupAnswer, QueryError> {
        let (whole_from, groups) = self.live.read(&asked.selection.scope.project, |window| {
            let mut grouping = Grouping::new(asked.over(range, COLUMN, columns(range)));
            for (bucket, key, rollup) in window.range(range) {
                if is_wanted(bucket)
                    && let Some(place) = grouping.place(key)
                {
                    grouping.add(place, bucket, rollup);
                }
            }
            (window.whole_from(), grouping.finish())
        });
        let live = RollupAnswer {
            groups,
            lost: Vec::new(),
        };
        let stored = TimeRange::new(range.from, whole_from.min(range.to));
        let mut missing = std::iter::successors(Some(stored.from), |at| Some(at.plus(COLUMN)))
            .take_while(|at| *at < stored.to);
        if !missing.any(is_wanted) {
            return Ok(live);
        }
        let question = asked.over(stored, COLUMN, columns(range));
        let stored = self.store.rollups(question).await?;
        Ok(merged([live, stored]))
    }

    /// The wanted columns of a hitmap.
    fn live_columns(
        &self,
        selection: &Selection,
        range: TimeRange,
        found: RollupAnswer,
        is_wanted: impl Fn(UnixNanos) -> bool,
    ) -> Vec<LiveColumn> {
        let outcomes = Outcomes::new(
            self.slow_threshold_of_selection(selection),
            selection.outcome,
        );
        // One group at most: nothing is kept apart.
        let steps = found.groups.into_iter().flat_map(|group| group.steps);
        starts(range, steps)
            .filter(|(start, _)| is_wanted(*start))
            .map(|(start, sum)| live_column(start, sum, &outcomes))
            .collect()
    }
}

/// The live stream's columns as steps.
fn columns(range: TimeRange) -> Steps {
    Steps::Of {
        from: range.from,
        width: COLUMN,
    }
}

/// Sums with the starts of their columns.
fn starts(
    range: TimeRange,
    steps: impl IntoIterator<Item = (u32, RollupSum)>,
) -> impl Iterator<Item = (UnixNanos, RollupSum)> {
    let steps = steps.into_iter();
    steps.filter_map(move |(step, sum)| Some((columns(range).start(step)?, sum)))
}

fn live_column(start: UnixNanos, sum: RollupSum, outcomes: &Outcomes) -> LiveColumn {
    let cells = sum.cells.cells();
    let cells = cells.iter().map(|cell| (cell.row, outcomes.of(*cell)));
    let cells: Vec<(u8, Counts)> = cells.filter(|(_, counts)| counts.total() > 0).collect();
    let tally = Tally::of(sum, outcomes);
    LiveColumn {
        start,
        cells,
        counts: tally.counts,
        latency: tally.quantiles(),
    }
}

/// Columns that changed, by service.
type Changed = HashMap<ServiceKey, BTreeSet<UnixNanos>>;
