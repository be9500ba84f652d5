//! `GET /api/v1/series`: throughput, latency and errors over time, with another time or the usual
//! values beside them.

use crate::{
    params::{Params, RANGE_DEFAULT, SELECTION},
    services::basis_word,
    wire::{LossWire, PointWire, millis},
};
use axum::{Json, extract::State};
use hinomi_analysis::{Band, Typical, TypicalPoint, Usually};
use hinomi_query::{CallFilter, Counted, answer::Timeline};
use hinomi_webkit::{App, problem::Problem, readers::Reader};
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

/// A series.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeriesWire {
    #[serde(flatten)]
    now: TimelineWire,
    /// The series of the other time, when one was requested. Its columns may be wider.
    #[serde(skip_serializing_if = "Option::is_none")]
    compare: Option<TimelineWire>,
    /// The usual values, when they were requested and are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    usual: Option<TypicalWire>,
    /// Why the usual values are unknown: `too_few` (earlier weeks and days with enough data at the
    /// same time) or `too_long` (the range is over a week).
    #[serde(skip_serializing_if = "Option::is_none")]
    usual_missing: Option<&'static str>,
    #[serde(flatten)]
    loss: LossWire,
}

/// The columns of one range.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineWire {
    /// The time that the answer covers: the requested range, widened to column edges.
    from_ms: i64,
    to_ms: i64,
    /// Width of a column.
    column_ms: f64,
    /// One point a column, empty ones included.
    points: Vec<PointWire>,
}

impl SeriesWire {
    /// The wire form of a series and of what was requested beside it.
    pub fn of(timeline: &Timeline, other: Option<&Timeline>, usually: Option<&Usually>) -> Self {
        let mut lost = timeline.lost.clone();
        lost.extend(other.iter().flat_map(|other| other.lost.iter().copied()));
        Self {
            now: TimelineWire::of(timeline),
            compare: other.map(TimelineWire::of),
            usual: match usually {
                Some(Usually::Known(typical)) => Some(TypicalWire::of(typical)),
                _ => None,
            },
            usual_missing: usually.and_then(missing_word),
            loss: LossWire::of(&lost),
        }
    }
}

impl TimelineWire {
    fn of(timeline: &Timeline) -> Self {
        Self {
            from_ms: timeline.range.from.millis(),
            to_ms: timeline.range.to.millis(),
            column_ms: millis(timeline.column),
            points: timeline.points.iter().map(PointWire::of).collect(),
        }
    }
}

/// The usual values over the range.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TypicalWire {
    /// `hour_of_week` or `hour_of_day`.
    of: &'static str,
    /// Number of earlier weeks or days that the values were taken from.
    periods: u8,
    /// Width of a column: one minute or more.
    column_ms: f64,
    /// The values of a column also include this much time before and after it.
    around_ms: f64,
    /// One point a column of the range.
    points: Vec<TypicalPointWire>,
}

/// The usual values of one column. A band is null where too little was counted.
#[derive(Debug, Serialize, ToSchema)]
struct TypicalPointWire {
    /// Start of the column, in Unix milliseconds.
    start_ms: i64,
    /// Transactions or calls a second.
    rate: Option<BandWire>,
    p50_ms: Option<BandWire>,
    p95_ms: Option<BandWire>,
    p99_ms: Option<BandWire>,
    /// Share that failed, 0 to 1.
    error_share: Option<BandWire>,
}

/// Eight of ten earlier values were between `low` and `high`; half were below `middle`.
#[derive(Debug, Serialize, ToSchema)]
struct BandWire {
    low: f64,
    middle: f64,
    high: f64,
}

impl BandWire {
    fn of<T: Copy>(band: Option<Band<T>>, value: impl Fn(T) -> f64) -> Option<Self> {
        band.map(|band| Self {
            low: value(band.low),
            middle: value(band.middle),
            high: value(band.high),
        })
    }
}

impl TypicalWire {
    fn of(typical: &Typical) -> Self {
        let (of, periods) = basis_word(typical.basis);
        let point = |point: &TypicalPoint| TypicalPointWire {
            start_ms: point.start.millis(),
            rate: BandWire::of(point.rate, |rate| rate),
            p50_ms: BandWire::of(point.p50, millis),
            p95_ms: BandWire::of(point.p95, millis),
            p99_ms: BandWire::of(point.p99, millis),
            error_share: BandWire::of(point.error_share, |share| share),
        };
        Self {
            of,
            periods,
            column_ms: millis(typical.column),
            around_ms: millis(typical.around),
            points: typical.points.iter().map(point).collect(),
        }
    }
}

/// The API's word for why the usual values are unknown.
fn missing_word(usually: &Usually) -> Option<&'static str> {
    match usually {
        Usually::Known(_) => None,
        Usually::TooFew => Some("too_few"),
        Usually::TooLong => Some("too_long"),
    }
}

#[utoipa::path(get, path = "/api/v1/series", tag = "transactions",
    params(
        ("from" = Option<String>, Query, description = "default 15 minutes before `to`"),
        ("to" = Option<String>, Query, description = "default now"),
        ("compare_from" = Option<String>, Query, description = "another time to put beside it, with `compare_to`"),
        ("compare_to" = Option<String>, Query),
        ("usual" = Option<bool>, Query, description = "`true`: what is usual at this time, too"),
        ("service" = Option<String>, Query), ("operation" = Option<String>, Query),
        ("instance" = Option<String>, Query), ("version" = Option<String>, Query),
        ("outcome" = Option<String>, Query, description = "ok, slow or error"),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
        ("target" = Option<String>, Query, description = "count client calls to this target instead of transactions"),
        ("detail" = Option<String>, Query, description = "only those calls of `target` with this detail"),
    ),
    responses((status = 200, body = SeriesWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// Throughput, latency and errors over time.
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Json<SeriesWire>, Problem> {
    let own = [
        "from",
        "to",
        "compare_from",
        "compare_to",
        "usual",
        "target",
        "detail",
    ];
    let params = Params::parse(&reader, &uri, &[&own, &SELECTION])?;
    let query = &app.web.query;
    let range = params.range(query.now(), RANGE_DEFAULT)?;
    let other = params.other_range(query.now())?;
    let (selection, counted) = (params.selection()?, counted(&params)?);
    let timeline = query.timeline(&counted, &selection, range).await?;
    let compare = match other {
        Some(other) => Some(query.timeline(&counted, &selection, other).await?),
        None => None,
    };
    let usually = match params.switch("usual")? {
        true => Some(
            app.web
                .analysis
                .typical(&counted, &selection, range)
                .await?,
        ),
        false => None,
    };
    let wire = SeriesWire::of(&timeline, compare.as_ref(), usually.as_ref());
    Ok(Json(wire))
}

/// What the series counts: transactions, or the calls to a target.
fn counted(params: &Params) -> Result<Counted, Problem> {
    let Some(target) = params.get("target") else {
        return match params.get("detail") {
            Some(_) => Err(Problem::parameter("detail", "`detail` needs `target`")),
            None => Ok(Counted::Transactions),
        };
    };
    let of_transactions = ["operation", "instance", "version", "outcome"];
    if let Some(name) = of_transactions
        .into_iter()
        .find(|name| params.get(name).is_some())
    {
        let detail = format!("calls are not counted by {name}; leave out `{name}` or `target`");
        return Err(Problem::parameter(name, detail));
    }
    Ok(Counted::Calls(CallFilter {
        target: target.into(),
        detail: params.get("detail").map(Into::into),
    }))
}
