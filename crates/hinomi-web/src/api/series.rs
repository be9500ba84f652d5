//! `GET /api/v1/series`: throughput, latency and errors over time.

use super::{
    params::{Params, RANGE_DEFAULT, SELECTION},
    wire::{LossWire, PointWire, millis},
};
use crate::{App, problem::Problem};
use axum::{Json, extract::State};
use hinomi_query::answer::Timeline;
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

/// A timeline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeriesWire {
    /// What is covered: the range asked for, widened to column edges.
    from_ms: i64,
    to_ms: i64,
    /// Width of a column.
    column_ms: f64,
    /// One a column, empty ones included.
    points: Vec<PointWire>,
    #[serde(flatten)]
    loss: LossWire,
}

impl SeriesWire {
    pub(crate) fn of(timeline: &Timeline) -> Self {
        Self {
            from_ms: timeline.range.from.millis(),
            to_ms: timeline.range.to.millis(),
            column_ms: millis(timeline.column),
            points: timeline.points.iter().map(PointWire::of).collect(),
            loss: LossWire::of(&timeline.lost),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/series", tag = "transactions",
    params(
        ("from" = Option<String>, Query, description = "default 15 minutes before `to`"),
        ("to" = Option<String>, Query, description = "default now"),
        ("service" = Option<String>, Query), ("operation" = Option<String>, Query),
        ("instance" = Option<String>, Query), ("version" = Option<String>, Query),
        ("outcome" = Option<String>, Query, description = "ok, slow or error"),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
    ),
    responses((status = 200, body = SeriesWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// Throughput, latency and errors over time.
pub(crate) async fn get(State(app): State<App>, uri: Uri) -> Result<Json<SeriesWire>, Problem> {
    let params = Params::parse(&uri, &[&["from", "to"], &SELECTION])?;
    let range = params.range(app.web.query.now(), RANGE_DEFAULT)?;
    let timeline = app.web.query.timeline(&params.selection()?, range).await?;
    Ok(Json(SeriesWire::of(&timeline)))
}
