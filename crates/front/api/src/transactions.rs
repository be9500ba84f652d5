//! `GET /api/v1/transactions`: the transactions that any number on a screen counts.

use crate::{
    params::{Params, RANGE_DEFAULT, SELECTION},
    wire::{LossWire, millis},
};
use axum::{Json, extract::State};
use hinomi_model::UnixNanos;
use hinomi_query::answer::{SpentPage, TransactionItem, TransactionPage};
use hinomi_webkit::{App, cursor, problem::Problem, readers::Reader, spent::q_with_spent};
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

/// One page of transactions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransactionsWire {
    /// Number of transactions on all pages.
    total: u64,
    /// Newest first.
    items: Vec<TransactionWire>,
    /// Cursor of the next page; null on the last page.
    next_cursor: Option<String>,
    /// Set when the range begins before the oldest transactions that are kept, in Unix
    /// milliseconds. Older transactions are still counted and in hitmaps, but no longer in lists.
    expired_before_ms: Option<i64>,
    #[serde(flatten)]
    loss: LossWire,
}

/// One transaction.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransactionWire {
    trace_id: String,
    span_id: String,
    service: String,
    namespace: String,
    environment: String,
    operation: String,
    instance: String,
    version: String,
    /// When it ended, in Unix milliseconds with decimals.
    end_ms: f64,
    duration_ms: f64,
    /// `ok`, `slow` or `error`.
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<String>,
    /// Time in the calls that `y` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    spent_ms: Option<f64>,
}

impl TransactionsWire {
    pub(crate) fn of(page: &TransactionPage) -> Self {
        Self {
            total: page.total,
            items: page.items.iter().map(TransactionWire::of).collect(),
            next_cursor: page.next.as_ref().map(cursor::encode),
            expired_before_ms: page.expired_before.map(UnixNanos::millis),
            loss: LossWire::of(&page.lost),
        }
    }
}

impl TransactionsWire {
    /// The wire form of a page with the time in calls.
    fn of_spent(spent: &SpentPage) -> Self {
        let each = spent.page.items.iter().zip(&spent.spent);
        Self {
            items: each
                .map(|(item, spent)| TransactionWire {
                    spent_ms: Some(millis(*spent)),
                    ..TransactionWire::of(item)
                })
                .collect(),
            ..Self::of(&spent.page)
        }
    }
}

impl TransactionWire {
    pub(crate) fn of(item: &TransactionItem) -> Self {
        Self {
            trace_id: item.trace_id.to_string(),
            span_id: item.span_id.to_string(),
            service: item.service.to_string(),
            namespace: item.namespace.to_string(),
            environment: item.environment.to_string(),
            operation: item.operation.to_string(),
            instance: item.instance.to_string(),
            version: item.version.to_string(),
            // Rounded down to whole microseconds: rounding up could move an end past the requested
            // edge.
            end_ms: item.end.0.div_euclid(1_000) as f64 / 1e3,
            duration_ms: millis(item.duration),
            outcome: item.outcome.as_str(),
            http_status: item.http_status,
            error_type: item.error_type.as_deref().map(str::to_owned),
            spent_ms: None,
        }
    }
}

#[utoipa::path(get, path = "/api/v1/transactions", tag = "transactions",
    params(
        ("from" = Option<String>, Query, description = "first end time inside; default 15 minutes before `to`"),
        ("to" = Option<String>, Query, description = "first end time after; default now"),
        ("y" = Option<String>, Query, description = "what `min_ms` and `max_ms` are of: `duration` (default), or the time in calls: `database`, `external`; not with `q`"),
        ("min_ms" = Option<f64>, Query, description = "shortest duration inside"),
        ("max_ms" = Option<f64>, Query, description = "shortest duration that is too long"),
        ("service" = Option<String>, Query), ("operation" = Option<String>, Query),
        ("instance" = Option<String>, Query), ("version" = Option<String>, Query),
        ("outcome" = Option<String>, Query, description = "ok, slow or error"),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
        ("q" = Option<String>, Query, description = "`status=500`, `key=value` of the transaction's own attributes; the rest is text in trace id, operation, error type or instance"),
        ("limit" = Option<usize>, Query, description = "1 to 1000; default 50"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, body = TransactionsWire), (status = 400, body = Problem, content_type = "application/problem+json"), (status = 422, description = "`y` needs more spans than can be added up", body = Problem, content_type = "application/problem+json")))]
/// The transactions that any number on a screen counts, newest first.
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Json<TransactionsWire>, Problem> {
    let others = [
        "from", "to", "y", "min_ms", "max_ms", "q", "limit", "cursor",
    ];
    let params = Params::parse(&reader, &uri, &[&SELECTION, &others])?;
    let range = params.range(app.web.query.now(), RANGE_DEFAULT)?;
    let selection = params.selection()?;
    let (durations, limit, after) = (params.durations()?, params.limit()?, params.cursor()?);
    let query = &app.web.query;
    if let Some(calls) = params.spent()? {
        if params.get("q").is_some() {
            return Err(q_with_spent());
        }
        let region = (range, durations);
        let listed = query.spent_transactions(calls, &selection, region, after, limit);
        return Ok(Json(TransactionsWire::of_spent(&listed.await?)));
    }
    let page = query
        .transactions(&selection, range, durations, params.get("q"), after, limit)
        .await?;
    Ok(Json(TransactionsWire::of(&page)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_webkit::sample;

    #[test]
    fn a_page_has_the_shape_of_the_contract() {
        let page = sample::transactions(3, 184);
        let wire = serde_json::to_value(TransactionsWire::of(&page)).unwrap();
        assert_eq!(wire["total"], 184);
        assert_eq!(wire["next_cursor"].as_str().unwrap().len(), 64);
        for name in [
            "trace_id",
            "span_id",
            "service",
            "operation",
            "instance",
            "version",
            "end_ms",
            "duration_ms",
            "outcome",
        ] {
            assert!(!wire["items"][0][name].is_null(), "{name}");
        }
    }
}
