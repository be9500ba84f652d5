//! `GET /api/v1/statistics/{kind}`: what the time was spent on, largest first.

use crate::{
    params::{Params, RANGE_DEFAULT, SELECTION},
    wire::{LossWire, QuantilesWire, millis},
};
use axum::{
    Json,
    extract::{Path, State},
};
use hinomi_query::{
    StatisticQuestion,
    answer::{Changes, ComparedRow, StatisticRow},
};
use hinomi_webkit::{App, problem::Problem, readers::Reader, statistic::statistic_of};
use http::Uri;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// A statistic.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatisticsWire {
    /// Largest total time first.
    items: Vec<StatisticWire>,
    /// Rows that only the other time has; absent when no other time was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    gone: Option<Vec<StatisticWire>>,
    /// The other time that is covered.
    #[serde(skip_serializing_if = "Option::is_none")]
    compare_from_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compare_to_ms: Option<i64>,
    #[serde(flatten)]
    loss: LossWire,
}

/// One row of a statistic.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatisticWire {
    /// Operation, statement, host, type of error or instance.
    key: String,
    /// The second column: database, version or service.
    detail: String,
    count: u64,
    errors: u64,
    total_ms: f64,
    #[serde(flatten)]
    latency: QuantilesWire,
    /// What began the transactions of an operation: request, message, probe, stream or job.
    /// Absent in other statistics.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// The same row at the other time; null when it did not occur then, absent when no other time
    /// was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    compare: Option<Option<CompareWire>>,
    /// Change from the other time to this one; null when the row did not occur then, absent when no
    /// other time was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Option<ChangeWire>>,
}

/// A row at the other time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompareWire {
    count: u64,
    errors: u64,
    total_ms: f64,
    #[serde(flatten)]
    latency: QuantilesWire,
}

/// Changes relative to the other time's value: 0.12 is 12 % more; null where that value was zero.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeWire {
    /// Change of the rate.
    rate: Option<f64>,
    /// Difference of the failed shares: 0.02 is two percentage points more.
    error_share: f64,
    /// Change of the time spent per second.
    total: Option<f64>,
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

impl CompareWire {
    fn of(row: &StatisticRow) -> Self {
        Self {
            count: row.count,
            errors: row.errors,
            total_ms: millis(row.total),
            latency: QuantilesWire::of(row.latency),
        }
    }
}

impl ChangeWire {
    fn of(changes: &Changes) -> Self {
        Self {
            rate: changes.rate,
            error_share: changes.errors,
            total: changes.total,
            p50: changes.p50,
            p95: changes.p95,
            p99: changes.p99,
        }
    }
}

impl StatisticWire {
    /// A row with the same row at the other time.
    fn compared(row: &ComparedRow, lengths: (Duration, Duration)) -> Self {
        let changes = row.changes(lengths.0, lengths.1);
        Self {
            compare: Some(row.before.as_ref().map(CompareWire::of)),
            change: Some(changes.as_ref().map(ChangeWire::of)),
            ..Self::of(&row.now)
        }
    }

    fn of(row: &StatisticRow) -> Self {
        Self {
            compare: None,
            change: None,
            key: row.key.to_string(),
            detail: row.detail.to_string(),
            count: row.count,
            errors: row.errors,
            total_ms: millis(row.total),
            latency: QuantilesWire::of(row.latency),
            kind: row.kind.map(|kind| kind.as_str()),
        }
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
        ("compare_from" = Option<String>, Query, description = "another time to compare with"),
        ("compare_to" = Option<String>, Query, description = "its end"),
    ),
    responses((status = 200, body = StatisticsWire), (status = 404, body = Problem, content_type = "application/problem+json")))]
/// What the time was spent on, largest first.
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    Path(kind): Path<String>,
    uri: Uri,
) -> Result<Json<StatisticsWire>, Problem> {
    let statistic = statistic_of(&kind).ok_or_else(|| {
        Problem::not_found(
            "statistics are kept of operations, statements, externals, errors and instances",
        )
    })?;
    let own = ["from", "to", "q", "compare_from", "compare_to"];
    let params = Params::parse(&reader, &uri, &[&own, &SELECTION])?;
    let query = &app.web.query;
    let now = query.now();
    let range = params.range(now, RANGE_DEFAULT)?;
    let selection = params.selection()?;
    let part = params.get("q").unwrap_or_default().to_lowercase();
    let wanted = |row: &StatisticRow| row.key.to_lowercase().contains(&part);
    let Some(against) = params.other_range(now)? else {
        let rows = query.statistics(statistic, &selection, range).await?;
        let items = rows.items.iter().filter(|row| wanted(row));
        return Ok(Json(StatisticsWire {
            items: items.map(StatisticWire::of).collect(),
            gone: None,
            compare_from_ms: None,
            compare_to_ms: None,
            loss: LossWire::of(&rows.lost),
        }));
    };
    let asked = StatisticQuestion {
        statistic,
        range,
        against: Some(against),
        apart: false,
    };
    let compared = query.compared(asked, &selection).await?;
    let covered = compared.against.unwrap_or(against);
    let lengths = (compared.range.length(), covered.length());
    let items = compared.rows.iter().filter(|row| wanted(&row.now));
    let gone = compared.gone.iter().filter(|row| wanted(&row.now));
    Ok(Json(StatisticsWire {
        items: items
            .map(|row| StatisticWire::compared(row, lengths))
            .collect(),
        gone: Some(gone.map(|row| StatisticWire::of(&row.now)).collect()),
        compare_from_ms: Some(covered.from.millis()),
        compare_to_ms: Some(covered.to.millis()),
        loss: LossWire::of(&compared.lost),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_query::answer::Statistic;
    use hinomi_webkit::sample;

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
