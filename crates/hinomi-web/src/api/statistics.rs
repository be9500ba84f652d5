//! `GET /api/v1/statistics/{kind}`: what the time was spent on, most first.

use super::{
    params::{Params, RANGE_DEFAULT, SELECTION},
    wire::{LossWire, QuantilesWire, millis},
};
use crate::{App, problem::Problem};
use axum::{
    Json,
    extract::{Path, State},
};
use hinomi_query::answer::{Statistic, StatisticRow};
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

/// A statistic.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatisticsWire {
    /// Most total time first.
    items: Vec<StatisticWire>,
    #[serde(flatten)]
    loss: LossWire,
}

/// One row.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatisticWire {
    /// Operation, statement, host, type of error or instance.
    key: String,
    /// What it belongs to: database, version, service.
    detail: String,
    count: u64,
    errors: u64,
    total_ms: f64,
    #[serde(flatten)]
    latency: QuantilesWire,
}

impl StatisticWire {
    fn of(row: &StatisticRow) -> Self {
        Self {
            key: row.key.to_string(),
            detail: row.detail.to_string(),
            count: row.count,
            errors: row.errors,
            total_ms: millis(row.total),
            latency: QuantilesWire::of(row.latency),
        }
    }
}

/// The statistic of a word in an address.
pub(crate) fn statistic_of(word: &str) -> Option<Statistic> {
    match word {
        "operations" => Some(Statistic::Operations),
        "statements" => Some(Statistic::Statements),
        "externals" => Some(Statistic::Externals),
        "errors" => Some(Statistic::Errors),
        "instances" => Some(Statistic::Instances),
        _ => None,
    }
}

#[utoipa::path(get, path = "/api/v1/statistics/{kind}", tag = "statistics",
    params(
        ("kind" = String, Path, description = "operations, statements, externals, errors or instances"),
        ("from" = Option<String>, Query, description = "default 15 minutes before `to`"),
        ("to" = Option<String>, Query, description = "default now"),
        ("service" = Option<String>, Query), ("operation" = Option<String>, Query),
        ("instance" = Option<String>, Query), ("version" = Option<String>, Query),
        ("outcome" = Option<String>, Query, description = "ok, slow or error"),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
        ("q" = Option<String>, Query, description = "only rows whose key has this part, in any case"),
    ),
    responses((status = 200, body = StatisticsWire), (status = 404, body = Problem, content_type = "application/problem+json")))]
/// What the time was spent on, most first.
pub(crate) async fn get(
    State(app): State<App>,
    Path(kind): Path<String>,
    uri: Uri,
) -> Result<Json<StatisticsWire>, Problem> {
    let statistic = statistic_of(&kind).ok_or_else(|| {
        Problem::not_found(
            "statistics are kept of operations, statements, externals, errors and instances",
        )
    })?;
    let params = Params::parse(&uri, &[&["from", "to", "q"], &SELECTION])?;
    let range = params.range(app.web.query.now(), RANGE_DEFAULT)?;
    let rows = app
        .web
        .query
        .statistics(statistic, &params.selection()?, range)
        .await?;
    let part = params.get("q").unwrap_or_default().to_lowercase();
    let wanted = |row: &&StatisticRow| row.key.to_lowercase().contains(&part);
    Ok(Json(StatisticsWire {
        items: rows
            .items
            .iter()
            .filter(wanted)
            .map(StatisticWire::of)
            .collect(),
        loss: LossWire::of(&rows.lost),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::sample;

    #[test]
    fn a_row_has_the_fields_of_the_contract() {
        let row = sample::statistics(Statistic::Operations, 1).remove(0);
        let wire = serde_json::to_value(StatisticWire::of(&row)).unwrap();
        for name in [
            "key", "count", "errors", "total_ms", "p50_ms", "p95_ms", "p99_ms",
        ] {
            assert!(!wire[name].is_null(), "{name}");
        }
    }
}
