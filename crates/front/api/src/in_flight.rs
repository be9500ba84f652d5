//! `GET /api/v1/in-flight` and `GET /api/v1/in-flight/now`: how many transactions ran at the same
//! time.

use crate::{
    params::{Params, RANGE_DEFAULT},
    wire::{LossWire, millis},
};
use axum::{Json, extract::State};
use hinomi_query::answer::{AGE_SECONDS, InFlight, InFlightPoint, Running};
use hinomi_webkit::{App, problem::Problem, readers::Reader};
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

/// Parameters that choose the transactions. There is no `outcome`: transactions of any outcome
/// count.
const WHICH: [&str; 6] = [
    "service",
    "operation",
    "instance",
    "version",
    "environment",
    "namespace",
];

/// How many transactions ran at the same time. Only transactions that have ended are counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct InFlightWire {
    /// The time that the answer covers: the requested range, widened to column edges.
    from_ms: i64,
    to_ms: i64,
    /// Width of a column.
    column_ms: f64,
    /// Whether every transaction was read. If false, only means are known, computed as if each
    /// transaction had run in the column in which it ended.
    exact: bool,
    /// One point a column, empty ones included.
    points: Vec<InFlightPointWire>,
    #[serde(flatten)]
    loss: LossWire,
}

/// One column.
#[derive(Debug, Serialize, ToSchema)]
struct InFlightPointWire {
    /// Start of the column, in Unix milliseconds.
    start_ms: i64,
    /// Mean over the column.
    mean: f64,
    /// Maximum within the column; null unless the answer is exact.
    max: Option<u64>,
}

impl InFlightWire {
    /// The wire type of an answer.
    pub fn of(in_flight: &InFlight) -> Self {
        let point = |point: &InFlightPoint| InFlightPointWire {
            start_ms: point.start.millis(),
            mean: point.mean,
            max: point.max,
        };
        Self {
            from_ms: in_flight.range.from.millis(),
            to_ms: in_flight.range.to.millis(),
            column_ms: millis(in_flight.column),
            exact: in_flight.exact,
            points: in_flight.points.iter().map(point).collect(),
            loss: LossWire::of(&in_flight.lost),
        }
    }
}

/// The transactions that ran at one recent instant and have ended since, by how old they were at
/// that instant.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunningWire {
    /// The instant, in Unix milliseconds.
    at_ms: i64,
    /// How long ago that instant is: long enough that 99 of 100 transactions of the last minute
    /// took less; at least 10 s and at most 60 s.
    lag_ms: f64,
    /// Counts by age; null when there are too many transactions to count.
    ages: Option<Vec<AgeWire>>,
    /// Active requests that the agents report at present (`http.server.active_requests`); null when
    /// they report none.
    active: Option<ActiveWire>,
    #[serde(flatten)]
    loss: LossWire,
}

/// Requests that have begun and not ended, as reported by agents.
#[derive(Debug, Serialize, ToSchema)]
struct ActiveWire {
    requests: u64,
    /// Number of instances that report them.
    instances: usize,
    /// When the oldest report in the sum arrived, in Unix milliseconds. A report that is not
    /// renewed for 3 min is left out.
    since_ms: i64,
}

/// Transactions of one age group.
#[derive(Debug, Serialize, ToSchema)]
struct AgeWire {
    /// Lower bound of the age.
    from_ms: u64,
    /// Number of transactions.
    count: u64,
}

impl RunningWire {
    /// The wire type of an answer.
    pub fn of(running: &Running) -> Self {
        let ages = running.ages.map(|counts| {
            let each = AGE_SECONDS.into_iter().zip(counts);
            each.map(|(seconds, count)| AgeWire {
                from_ms: seconds * 1_000,
                count,
            })
            .collect()
        });
        Self {
            at_ms: running.at.millis(),
            lag_ms: millis(running.lag),
            ages,
            active: running.active.map(|active| ActiveWire {
                requests: active.requests,
                instances: active.instances,
                since_ms: active.since.millis(),
            }),
            loss: LossWire::of(&running.lost),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/in-flight", tag = "transactions",
    params(
        ("from" = Option<String>, Query, description = "default 15 minutes before `to`"),
        ("to" = Option<String>, Query, description = "default now"),
        ("service" = Option<String>, Query), ("operation" = Option<String>, Query),
        ("instance" = Option<String>, Query), ("version" = Option<String>, Query),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
    ),
    responses((status = 200, body = InFlightWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// How many transactions ran at the same time.
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Json<InFlightWire>, Problem> {
    let params = Params::parse(&reader, &uri, &[&["from", "to"], &WHICH])?;
    let query = &app.web.query;
    let range = params.range(query.now(), RANGE_DEFAULT)?;
    let in_flight = query.in_flight(&params.selection()?, range).await?;
    Ok(Json(InFlightWire::of(&in_flight)))
}

#[utoipa::path(get, path = "/api/v1/in-flight/now", tag = "transactions",
    params(
        ("service" = Option<String>, Query), ("operation" = Option<String>, Query),
        ("instance" = Option<String>, Query), ("version" = Option<String>, Query),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
    ),
    responses((status = 200, body = RunningWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// Transactions that ran at a recent instant, by age.
pub(crate) async fn now(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Json<RunningWire>, Problem> {
    let params = Params::parse(&reader, &uri, &[&WHICH])?;
    let running = app.web.query.running(&params.selection()?).await?;
    Ok(Json(RunningWire::of(&running)))
}
