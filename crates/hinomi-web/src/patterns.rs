//! The named patterns of a hitmap, and whether they are one service's or everyone's.

use crate::api::wire::millis;
use hinomi_insight::pattern::{Pattern, PatternKind, Window, find_kinds, of_all};
use hinomi_model::{
    Selection, TimeRange, UnixNanos,
    hitmap::{ROW_EDGES_US, ROWS},
};
use hinomi_query::{
    Query, QueryError,
    answer::{Hitmap, HitmapCell},
};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// A pattern and its place.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct PatternWire {
    /// `vertical`, `horizontal`, `wave`, `overload` or `flood`.
    kind: &'static str,
    from_ms: i64,
    to_ms: i64,
    min_ms: f64,
    /// Null when open-ended.
    max_ms: Option<f64>,
    /// The duration of a horizontal line.
    #[serde(skip_serializing_if = "Option::is_none")]
    constant_ms: Option<f64>,
    /// From one crest of a wave to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    period_ms: Option<f64>,
    /// Transactions in its place.
    count: u64,
    /// How many times the usual.
    strength: f64,
    /// Whether most services show it at that time.
    of_all: bool,
}

/// The patterns of a map of this selection.
pub(crate) async fn of(
    query: &Query,
    selection: &Selection,
    map: &Hitmap,
) -> Result<Vec<PatternWire>, QueryError> {
    // A part of the outcomes has other shapes than the whole.
    if selection.outcome.is_some() {
        return Ok(Vec::new());
    }
    let columns = (map.range, map.column);
    let own = vec![map.cells.clone()];
    let found = searched(own, columns, PatternKind::ALL.into()).await;
    let found = found.into_iter().flatten().collect::<Vec<_>>();
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let mut others = Vec::new();
    if selection.service.is_some() {
        let maps = query.hitmaps_by_service(&selection.scope, map.range);
        let kinds = found.iter().map(|pattern| pattern.kind).collect();
        others = searched(maps.await?, columns, kinds).await;
    }
    Ok(found
        .iter()
        .map(|pattern| {
            wire(
                pattern,
                map.range.from,
                map.column,
                of_all(pattern, &others),
            )
        })
        .collect())
}

/// The patterns of these kinds in each of some maps, looked for where no request waits behind it.
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

fn window(cells: &[HitmapCell], (range, column): (TimeRange, Duration)) -> Window {
    let columns = range.length().div_duration_f64(column).round() as usize;
    let mut window = Window::new(column, columns);
    for cell in cells {
        let counts = cell.counts;
        let (at, row) = (cell.column as usize, usize::from(cell.row));
        window.add(at, row, counts.ok + counts.slow, counts.error);
    }
    window
}

fn wire(pattern: &Pattern, from: UnixNanos, column: Duration, of_all: bool) -> PatternWire {
    let at = |index: usize| {
        let columns = u32::try_from(index).unwrap_or(u32::MAX);
        from.plus(column.saturating_mul(columns)).millis()
    };
    let edge = |row: usize| f64::from(ROW_EDGES_US[row.min(ROWS - 1)]) / 1e3;
    PatternWire {
        kind: pattern.kind.as_str(),
        from_ms: at(pattern.columns.start),
        to_ms: at(pattern.columns.end),
        min_ms: edge(pattern.rows.start),
        max_ms: (pattern.rows.end < ROWS).then(|| edge(pattern.rows.end)),
        constant_ms: pattern.constant.map(millis),
        period_ms: pattern.period.map(|period| millis(period).round()),
        count: pattern.count,
        strength: (pattern.strength * 10.0).round() / 10.0,
        of_all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::hitmap::{COLUMN, row_of};
    use hinomi_query::answer::Counts;

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
        let wire = wire(&found[0], range.from, COLUMN, false);
        assert_eq!((wire.kind, wire.constant_ms), ("horizontal", Some(3_000.0)));
        assert_eq!((wire.from_ms, wire.to_ms), (400_000, 600_000));
        assert_eq!(wire.count, 80);
    }

    fn cell(column: u32, millis: u64, ok: u64, error: u64) -> HitmapCell {
        HitmapCell {
            column,
            row: row_of(Duration::from_millis(millis)),
            counts: Counts { ok, slow: 0, error },
        }
    }
}
