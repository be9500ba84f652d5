//! The named patterns of a hitmap, and whether one service or most services show them.
//!
//! A search takes long, and several readers look at the same map. The patterns of the last 64 maps
//! are kept for ten seconds.

pub use hinomi_insight::pattern::PatternKind;

use crate::Analysis;
use hinomi_insight::pattern::{HitmapWindow, Pattern, find_kinds, of_all};
use hinomi_model::{
    Selection, TimeRange, UnixNanos,
    hitmap::{ROWS, row_edge},
};
use hinomi_query::{
    QueryError,
    answer::{Counts, Hitmap, HitmapCell, SpentIn, SpentMap},
};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use xxhash_rust::xxh3::Xxh3;

/// A pattern and where it is on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct HitmapPattern {
    /// Kind of the pattern.
    pub kind: PatternKind,
    /// Start of its first column.
    pub from: UnixNanos,
    /// End of its last column.
    pub to: UnixNanos,
    /// Lower edge of its first row.
    pub min: Duration,
    /// Upper edge of its last row; `None` when the region is open-ended.
    pub max: Option<Duration>,
    /// Duration of a horizontal line.
    pub constant: Option<Duration>,
    /// Time from one crest of a wave to the next.
    pub period: Option<Duration>,
    /// Number of transactions in the region.
    pub count: u64,
    /// How many of them failed.
    pub failed: u64,
    /// Factor on the usual number.
    pub strength: f64,
    /// Whether most services show it at that time. Always false on a map by the time in calls:
    /// there it is not searched in other services.
    pub of_all: bool,
}

impl Analysis {
    /// The patterns of a map of this selection.
    pub async fn patterns(
        &self,
        selection: &Selection,
        map: &Hitmap,
    ) -> Result<Vec<HitmapPattern>, QueryError> {
        // The transactions of one outcome form other shapes than all transactions.
        if selection.outcome.is_some() {
            return Ok(Vec::new());
        }
        let (key, now) = (key("", selection, map), self.clock.monotonic());
        if let Some(known) = self.patterns.get(key, now) {
            return Ok(known);
        }
        let found = self.search_patterns(selection, map).await?;
        self.patterns.keep(key, now, found.clone());
        Ok(found)
    }

    /// The patterns of a map by the time in calls. Transactions without such calls are left out:
    /// they stay in the lowest row while the others rise. Other services are not searched, because
    /// that would need the spans of all services.
    pub async fn patterns_of_spent(
        &self,
        selection: &Selection,
        calls: SpentIn,
        spent: &SpentMap,
    ) -> Vec<HitmapPattern> {
        if selection.outcome.is_some() {
            return Vec::new();
        }
        let map = with_calls(spent);
        let key = key(calls.as_str(), selection, &map);
        let now = self.clock.monotonic();
        if let Some(known) = self.patterns.get(key, now) {
            return known;
        }
        let (range, column) = (map.range, map.column);
        let found = searched(vec![map.cells], (range, column), kinds_of(calls)).await;
        let found: Vec<HitmapPattern> = found
            .iter()
            .flatten()
            .map(|pattern| placed(pattern, range.from, column, false))
            .collect();
        self.patterns.keep(key, now, found.clone());
        found
    }

    async fn search_patterns(
        &self,
        selection: &Selection,
        map: &Hitmap,
    ) -> Result<Vec<HitmapPattern>, QueryError> {
        let columns = (map.range, map.column);
        let own = vec![map.cells.clone()];
        let found = searched(own, columns, PatternKind::ALL.into()).await;
        let found = found.into_iter().flatten().collect::<Vec<_>>();
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let mut others = Vec::new();
        if selection.service.is_some() {
            let maps = self.query.hitmaps_by_service(&selection.scope, map.range);
            let kinds = found.iter().map(|pattern| pattern.kind).collect();
            others = searched(maps.await?, columns, kinds).await;
        }
        let found = found.iter().map(|pattern| {
            let is_of_all = of_all(pattern, &others);
            placed(pattern, map.range.from, map.column, is_of_all)
        });
        Ok(found.collect())
    }
}

/// The kinds of pattern that have a meaning for the time in calls. A vertical stripe of external
/// calls is not named, because its usual cause, a released lock, does not apply there.
fn kinds_of(calls: SpentIn) -> Vec<PatternKind> {
    let all = PatternKind::ALL.into_iter();
    all.filter(|kind| calls == SpentIn::Database || *kind != PatternKind::Vertical)
        .collect()
}

/// The map without the transactions that make no such calls.
fn with_calls(spent: &SpentMap) -> Hitmap {
    let mut map = spent.map.clone();
    let without: HashMap<u32, Counts> = spent.without.iter().copied().collect();
    for cell in map.cells.iter_mut().filter(|cell| cell.row == 0) {
        if let Some(without) = without.get(&cell.column) {
            let counts = &mut cell.counts;
            counts.ok = counts.ok.saturating_sub(without.ok);
            counts.slow = counts.slow.saturating_sub(without.slow);
            counts.error = counts.error.saturating_sub(without.error);
        }
    }
    map.cells.retain(|cell| cell.counts.total() > 0);
    map
}

/// Cache key of a map: the meaning of its rows, the selection, and every cell.
fn key(rows: &str, selection: &Selection, map: &Hitmap) -> u128 {
    let mut hash = Xxh3::new();
    let of = format!("{rows} {selection:?} {:?} {:?}", map.range, map.column);
    hash.update(of.as_bytes());
    for cell in &map.cells {
        hash.update(&cell.column.to_le_bytes());
        hash.update(&[cell.row]);
        for count in [cell.counts.ok + cell.counts.slow, cell.counts.error] {
            hash.update(&count.to_le_bytes());
        }
    }
    hash.digest128()
}

/// Cache of the patterns of recently searched maps.
#[derive(Default)]
pub(crate) struct PatternCache(Mutex<VecDeque<(u128, Duration, Vec<HitmapPattern>)>>);

impl PatternCache {
    /// Most maps that are kept.
    const MOST: usize = 64;
    /// How long a map is kept. Later, other services may have begun or stopped to show a pattern.
    const KEPT: Duration = Duration::from_secs(10);

    fn get(&self, key: u128, now: Duration) -> Option<Vec<HitmapPattern>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |at: Duration| now.saturating_sub(at) < Self::KEPT;
        let mut known = known.iter();
        let (.., found) = known.find(|(of, at, _)| *of == key && fresh(*at))?;
        Some(found.clone())
    }

    fn keep(&self, key: u128, now: Duration, found: Vec<HitmapPattern>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(of, ..)| *of != key);
        known.truncate(Self::MOST - 1);
        known.push_front((key, now, found));
    }
}

/// Searches patterns of these kinds in several maps, on a thread that serves no requests.
async fn searched(
    maps: Vec<Vec<HitmapCell>>,
    columns: (TimeRange, Duration),
    kinds: Vec<PatternKind>,
) -> Vec<Vec<Pattern>> {
    let search = move || {
        let each = maps.iter();
        each.map(|cells| find_kinds(&window(cells, columns), &kinds))
            .collect()
    };
    let searched = tokio::task::spawn_blocking(search).await;
    searched.unwrap_or_else(|failure| {
        tracing::error!(%failure, "the search for patterns ended early");
        Vec::new()
    })
}

fn window(cells: &[HitmapCell], (range, column): (TimeRange, Duration)) -> HitmapWindow {
    let columns = range.length().div_duration_f64(column).round() as usize;
    let mut window = HitmapWindow::new(column, columns);
    for cell in cells {
        let counts = cell.counts;
        let (at, row) = (cell.column as usize, usize::from(cell.row));
        window.add(at, row, counts.ok + counts.slow, counts.error);
    }
    window
}

/// A pattern at its place on a map that begins at `from`.
fn placed(pattern: &Pattern, from: UnixNanos, column: Duration, of_all: bool) -> HitmapPattern {
    let at = |index: usize| {
        let columns = u32::try_from(index).unwrap_or(u32::MAX);
        from.plus(column.saturating_mul(columns))
    };
    HitmapPattern {
        kind: pattern.kind,
        from: at(pattern.columns.start),
        to: at(pattern.columns.end),
        min: row_edge(pattern.rows.start),
        max: (pattern.rows.end < ROWS).then(|| row_edge(pattern.rows.end)),
        constant: pattern.constant,
        period: pattern.period,
        count: pattern.count,
        failed: pattern.failed,
        strength: pattern.strength,
        of_all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::hitmap::{COLUMN, row_of};

    #[test]
    fn a_line_of_failures_is_named_at_its_place() {
        let mut cells = Vec::new();
        for column in 0..120 {
            for millis in [20, 22, 25, 28, 30, 35, 40, 50] {
                cells.push(cell(column, millis, 3, 0));
            }
            if column >= 80 {
                cells.push(cell(column, 3_010, 0, 2));
            }
        }
        let range = TimeRange::new(UnixNanos::from_millis(0), UnixNanos::from_millis(600_000));
        let found = find_kinds(&window(&cells, (range, COLUMN)), &PatternKind::ALL);
        assert_eq!(found.len(), 1, "{found:?}");
        let placed = placed(&found[0], range.from, COLUMN, false);
        let three_seconds = Duration::from_secs(3);
        assert_eq!(placed.kind, PatternKind::Horizontal);
        assert_eq!(placed.constant, Some(three_seconds));
        assert_eq!(placed.from, UnixNanos::from_millis(400_000));
        assert_eq!(placed.to, range.to);
        assert!(placed.min <= three_seconds && placed.max > Some(three_seconds));
        assert_eq!(placed.count, 80);
    }

    #[test]
    fn transactions_without_calls_do_not_hide_that_all_calls_climb() {
        let (mut cells, mut without) = (Vec::new(), Vec::new());
        for column in 0..120_u32 {
            let times = 1.0 + f64::from(column.saturating_sub(59)) / 7.0;
            for millis in [20.0, 22.0, 25.0, 28.0, 30.0, 35.0, 40.0, 50.0] {
                cells.push(cell(column, (millis * times) as u64, 4, 0));
            }
            cells.push(cell(column, 0, 90, 1));
            let counts = Counts {
                ok: 88,
                slow: 0,
                error: 1,
            };
            without.push((column, counts));
        }
        let range = TimeRange::new(UnixNanos::from_millis(0), UnixNanos::from_millis(600_000));
        let spent = SpentMap {
            map: Hitmap {
                range,
                column: COLUMN,
                slow_threshold: Duration::from_secs(1),
                cells,
                total: Counts::default(),
                lost: Vec::new(),
            },
            without,
            expired_before: None,
        };
        let kinds = |map: &Hitmap| {
            let found = find_kinds(&window(&map.cells, (range, COLUMN)), &PatternKind::ALL);
            found
                .into_iter()
                .map(|pattern| pattern.kind)
                .collect::<Vec<_>>()
        };
        assert!(!kinds(&spent.map).contains(&PatternKind::Overload));
        let map = with_calls(&spent);
        assert_eq!(kinds(&map), [PatternKind::Overload]);
        let lowest = map.cells.iter().find(|cell| cell.row == 0).unwrap();
        assert_eq!((lowest.counts.ok, lowest.counts.error), (2, 0));
    }

    #[test]
    fn external_calls_have_no_locks() {
        assert_eq!(kinds_of(SpentIn::Database), PatternKind::ALL);
        assert!(!kinds_of(SpentIn::External).contains(&PatternKind::Vertical));
        assert_eq!(kinds_of(SpentIn::External).len(), 4);
    }

    #[test]
    fn patterns_are_remembered_for_a_moment_and_few_maps() {
        let found = PatternCache::default();
        let at = Duration::from_secs;
        found.keep(1, at(0), Vec::new());
        assert_eq!(found.get(1, at(9)), Some(Vec::new()));
        assert_eq!(found.get(1, at(10)), None);
        assert_eq!(found.get(2, at(0)), None);
        for key in 2..100 {
            found.keep(key, at(0), Vec::new());
        }
        assert_eq!(found.get(1, at(0)), None);
        assert_eq!(found.get(99, at(0)), Some(Vec::new()));
        assert_eq!(found.0.lock().unwrap().len(), PatternCache::MOST);
    }

    fn cell(column: u32, millis: u64, ok: u64, error: u64) -> HitmapCell {
        HitmapCell {
            column,
            row: row_of(Duration::from_millis(millis)),
            counts: Counts { ok, slow: 0, error },
        }
    }
}
