//! `GET /api/v1/hitmap`: transactions by end time and duration.

use crate::{
    params::{Params, RANGE_HITMAP, SELECTION},
    pattern::PatternWire,
    wire::{CountsWire, LossWire, millis},
};
use axum::{Json, extract::State};
use hinomi_analysis::pattern::HitmapPattern;
use hinomi_model::{UnixNanos, hitmap::ROW_EDGES_US};
use hinomi_query::answer::Hitmap;
use hinomi_webkit::{App, problem::Problem, readers::Reader};
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

/// The cells of a hitmap, and the edges of its columns and rows. Pages give their scripts the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct GridWire {
    /// The time that the answer covers: the requested range, widened to column edges.
    from_ms: i64,
    to_ms: i64,
    /// Width of a column.
    column_ms: f64,
    /// A successful transaction that took this long or longer is slow.
    slow_ms: f64,
    /// Row `r` covers `row_edges_ms[r] ≤ value < row_edges_ms[r+1]`, where the value is what `y`
    /// names: the duration or the time in calls. The last row is open-ended.
    row_edges_ms: Vec<f64>,
    /// `[column, row, ok, slow, error]` of each cell that is not empty.
    #[schema(value_type = Vec<Vec<u64>>)]
    cells: Vec<(u32, u8, u64, u64, u64)>,
}

/// A hitmap.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HitmapWire {
    #[serde(flatten)]
    grid: GridWire,
    /// Sum of the cells.
    total: CountsWire,
    /// Named shapes, sorted by their first column; none when the map shows one outcome only. When
    /// rows are the time in calls, only transactions with such calls are looked at.
    patterns: Vec<PatternWire>,
    /// Set when `y` is not the duration and the range begins before the oldest spans that are kept,
    /// in Unix milliseconds: transactions before this instant are left out.
    expired_before_ms: Option<i64>,
    #[serde(flatten)]
    loss: LossWire,
}

impl GridWire {
    /// The cells of a map.
    pub fn of(map: &Hitmap) -> Self {
        let cells = map.cells.iter().map(|cell| {
            let counts = cell.counts;
            (cell.column, cell.row, counts.ok, counts.slow, counts.error)
        });
        Self {
            from_ms: map.range.from.millis(),
            to_ms: map.range.to.millis(),
            column_ms: millis(map.column),
            slow_ms: millis(map.slow_threshold),
            row_edges_ms: ROW_EDGES_US
                .iter()
                .map(|edge| f64::from(*edge) / 1e3)
                .collect(),
            cells: cells.collect(),
        }
    }
}

impl HitmapWire {
    fn of(map: &Hitmap, patterns: &[HitmapPattern], expired: Option<UnixNanos>) -> Self {
        Self {
            grid: GridWire::of(map),
            total: CountsWire::of(map.total),
            patterns: PatternWire::all(patterns),
            expired_before_ms: expired.map(UnixNanos::millis),
            loss: LossWire::of(&map.lost),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/hitmap", tag = "transactions",
    params(
        ("from" = Option<String>, Query, description = "default 10 minutes before `to`"),
        ("to" = Option<String>, Query, description = "default now"),
        ("y" = Option<String>, Query, description = "what rows are of: `duration` (default), or the time in calls: `database`, `external`"),
        ("service" = Option<String>, Query), ("operation" = Option<String>, Query),
        ("instance" = Option<String>, Query), ("version" = Option<String>, Query),
        ("outcome" = Option<String>, Query, description = "ok, slow or error"),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
    ),
    responses((status = 200, body = HitmapWire), (status = 400, body = Problem, content_type = "application/problem+json"), (status = 422, description = "`y` needs more spans than can be added up", body = Problem, content_type = "application/problem+json")))]
/// Transactions by end time and duration.
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Json<HitmapWire>, Problem> {
    let params = Params::parse(&reader, &uri, &[&["from", "to", "y"], &SELECTION])?;
    let range = params.range(app.web.query.now(), RANGE_HITMAP)?;
    let (query, analysis) = (&app.web.query, &app.web.analysis);
    let selection = params.selection()?;
    if let Some(calls) = params.spent()? {
        let spent = query.spent_hitmap(calls, &selection, range).await?;
        let patterns = analysis.patterns_of_spent(&selection, calls, &spent).await;
        return Ok(Json(HitmapWire::of(
            &spent.map,
            &patterns,
            spent.expired_before,
        )));
    }
    let map = query.hitmap(&selection, range).await?;
    let patterns = analysis.patterns(&selection, &map).await?;
    Ok(Json(HitmapWire::of(&map, &patterns, None)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_webkit::sample;

    #[test]
    fn a_hitmap_has_the_shape_of_the_contract() {
        let map = sample::hitmap(sample::RANGE);
        let wire = serde_json::to_value(HitmapWire::of(&map, &[], None)).unwrap();
        assert_eq!(wire["column_ms"], 5_000.0);
        assert_eq!(wire["row_edges_ms"][2], 1.12);
        let cell = wire["cells"][0].as_array().unwrap();
        assert_eq!(cell.len(), 5);
        assert!(wire["total"]["ok"].as_u64().unwrap() > 0);
        assert!(wire["from_ms"].is_i64() && wire["to_ms"].is_i64());
    }
}
