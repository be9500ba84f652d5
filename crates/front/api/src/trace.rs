//! `GET /api/v1/traces/{trace_id}`: a trace with attributes and events as they were sent. A long
//! trace comes in pages.

use crate::wire::LostWire;
use axum::{
    Json,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use hinomi_model::{TraceId, time::nanos};
use hinomi_query::{
    MOST_TRACE_SPANS,
    answer::{Trace, TraceSpan, TraceStart},
    trace::Clocks,
};
use hinomi_webkit::{App, cursor, problem::Problem, readers::Reader};
use http::header;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

/// Parameters of the answer.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TraceParams {
    /// `1` makes browsers save the answer as a file.
    download: Option<String>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
    /// Most spans of a page: 1 to 20000. The default is 20000.
    limit: Option<String>,
}

impl TraceParams {
    fn start(&self) -> Result<TraceStart, Problem> {
        let Some(text) = &self.cursor else {
            return Ok(TraceStart::First);
        };
        cursor::decode_place(text)
            .map(TraceStart::After)
            .ok_or_else(|| {
                Problem::parameter("cursor", "`cursor` is the `next_cursor` of the page before")
            })
    }

    fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = &self.limit else {
            return Ok(MOST_TRACE_SPANS);
        };
        let limit = text.parse().ok();
        let limit = limit.filter(|limit| (1..=MOST_TRACE_SPANS).contains(limit));
        limit.ok_or_else(|| {
            let detail = format!("`limit` is a whole number from 1 to {MOST_TRACE_SPANS}");
            Problem::parameter("limit", detail)
        })
    }
}

/// A trace, or a page of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TraceAnswer {
    /// Trace id.
    trace_id: String,
    /// Whether spans are known to be missing.
    partial: bool,
    /// Damaged data that may hold spans of this trace.
    lost: Vec<LostWire>,
    /// Number of spans of the trace.
    total: usize,
    /// Number of spans that began before the spans of this page; they are on earlier pages.
    before: usize,
    /// Number of spans that began after the spans of this page; they are on later pages.
    omitted: usize,
    /// `cursor` of the next page; null on the last page.
    next_cursor: Option<String>,
    /// The spans of the page: parents before children, siblings by start. Values that depend on
    /// other spans, such as `self_ns` and `critical`, are computed from the spans of the page
    /// alone.
    spans: Vec<SpanAnswer>,
}

/// A span.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SpanAnswer {
    /// Span id.
    span_id: String,
    /// Id of the parent as sent. The parent may be missing from the trace.
    parent_span_id: Option<String>,
    /// `service.name`.
    service: String,
    /// `service.namespace`, may be empty.
    namespace: String,
    /// `deployment.environment.name`, may be empty.
    environment: String,
    /// Instance, may be empty.
    instance: String,
    /// `service.version`, may be empty.
    version: String,
    /// Name.
    name: String,
    /// `internal`, `server`, `client`, `producer` or `consumer`.
    kind: &'static str,
    /// Start as sent, in nanoseconds since the epoch.
    start_unix_ns: i64,
    /// Nanoseconds that the trace page adds to the span's times because its host's clock was off.
    /// `self_ns` and `critical` are computed from the shifted times.
    clock_shift_ns: i64,
    /// Duration in nanoseconds.
    duration_ns: i64,
    /// The part of the duration that no child covers, in nanoseconds.
    self_ns: i64,
    /// Whether it is on the critical path.
    critical: bool,
    /// `unset`, `ok` or `error`.
    status: &'static str,
    /// Status description, may be empty.
    status_message: String,
    /// HTTP response status.
    http_status: Option<u16>,
    /// Type of the error, when the span failed.
    error_type: Option<String>,
    /// Instrumentation scope's name, may be empty.
    scope: String,
    /// Attributes as sent.
    #[schema(value_type = Object)]
    attributes: Box<RawValue>,
    /// Events: `{"name","time_unix_ns","attributes"}`.
    #[schema(value_type = Vec<Object>)]
    events: Box<RawValue>,
    /// Links: `{"trace_id","span_id","attributes"}`.
    #[schema(value_type = Vec<Object>)]
    links: Box<RawValue>,
    /// Resource attributes as sent.
    #[schema(value_type = Object)]
    resource: Box<RawValue>,
}

/// A trace. One with more spans than `limit`, or than fit into the memory for queries, comes in
/// pages, sorted by start as sent: `next_cursor` leads to the next page, `total` counts all spans.
#[utoipa::path(
    get, path = "/api/v1/traces/{trace_id}", tag = "traces",
    params(("trace_id" = String, Path, description = "32 hex digits"), TraceParams),
    responses(
        (status = 200, description = "The trace", body = TraceAnswer),
        (status = 400, description = "Not a trace id, or a parameter that cannot be understood", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No span of it is stored", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    Path(asked): Path<String>,
    Query(params): Query<TraceParams>,
) -> Result<Response, Problem> {
    let id: TraceId = asked.parse().map_err(|error| {
        Problem::parameter(
            "trace_id",
            format!("{error}; a trace id is 32 hex digits, not all zero"),
        )
    })?;
    let trace = app
        .web
        .query
        .trace_page(
            &reader.scope(),
            id,
            Clocks::Aligned,
            params.start()?,
            params.limit()?,
        )
        .await?
        .ok_or_else(|| {
            Problem::not_found(
                "no span of this trace is stored: it may not have arrived yet, be older than the \
             retention, or have been dropped by sampling",
            )
        })?;
    let body = Json(answer(&trace));
    if params.download.is_some_and(|wish| wish != "0") {
        let name = format!("attachment; filename=\"trace-{id}.json\"");
        return Ok(([(header::CONTENT_DISPOSITION, name)], body).into_response());
    }
    Ok(body.into_response())
}

fn answer(trace: &Trace) -> TraceAnswer {
    TraceAnswer {
        trace_id: trace.trace_id.to_string(),
        partial: trace.partial,
        lost: LostWire::all(&trace.lost),
        total: trace.total(),
        before: trace.before,
        omitted: trace.omitted,
        next_cursor: trace.next.as_ref().map(cursor::encode_place),
        spans: trace.spans.iter().map(|item| span(trace, item)).collect(),
    }
}

fn span(trace: &Trace, span: &TraceSpan) -> SpanAnswer {
    let clock_shift_ns = trace.moved_ns(span);
    SpanAnswer {
        span_id: span.span_id.to_string(),
        parent_span_id: span.parent_span_id.map(|id| id.to_string()),
        service: span.resource.service.to_string(),
        namespace: span.resource.namespace.to_string(),
        environment: span.resource.environment.to_string(),
        instance: span.resource.instance.to_string(),
        version: span.resource.version.to_string(),
        name: span.name.to_string(),
        kind: span.kind.as_str(),
        start_unix_ns: span.start.0.saturating_sub(clock_shift_ns),
        clock_shift_ns,
        duration_ns: nanos(span.duration),
        self_ns: nanos(span.self_time),
        critical: span.critical,
        status: span.status.as_str(),
        status_message: span.status_message.to_string(),
        http_status: span.http_status,
        error_type: span.error_type.as_ref().map(ToString::to_string),
        scope: span.scope.to_string(),
        attributes: raw(&span.attributes, "{}"),
        events: raw(&span.events, "[]"),
        links: raw(&span.links, "[]"),
        resource: raw(&span.resource.attributes, "{}"),
    }
}

/// The JSON as stored; `empty` when there is none or it is invalid.
fn raw(json: &str, empty: &'static str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned())
        .or_else(|_| RawValue::from_string(empty.to_owned()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_webkit::sample::trace as sample;
    use serde_json::Value;

    fn json(trace: &Trace) -> Value {
        serde_json::to_value(answer(trace)).unwrap()
    }

    #[test]
    fn the_answer_has_the_fields_that_others_rely_on() {
        let answer = json(&sample::checkout());
        let fields: Vec<_> = answer.as_object().unwrap().keys().collect();
        let expected = [
            "before",
            "lost",
            "next_cursor",
            "omitted",
            "partial",
            "spans",
            "total",
            "trace_id",
        ];
        assert_eq!(fields, expected);
        let span = &answer["spans"][0];
        for field in [
            "span_id",
            "parent_span_id",
            "service",
            "namespace",
            "environment",
            "instance",
            "version",
            "name",
            "kind",
            "start_unix_ns",
            "clock_shift_ns",
            "duration_ns",
            "status",
            "status_message",
            "attributes",
            "events",
            "links",
            "resource",
        ] {
            assert!(span.get(field).is_some(), "{field}");
        }
        assert_eq!(span["duration_ns"], 3_014_000_000_i64);
        assert!(span["attributes"].is_object() && span["events"].is_array());
        assert_eq!(span["parent_span_id"], Value::Null);
    }

    #[test]
    fn what_was_sent_is_handed_through_unchanged() {
        let mut trace = sample::one();
        trace.spans[0].attributes = r#"{"a":1.50,"b":["火",null]}"#.to_owned();
        trace.spans[0].events = "broken".to_owned();
        let text = serde_json::to_string(&answer(&trace)).unwrap();
        assert!(text.contains(r#""attributes":{"a":1.50,"b":["火",null]}"#));
        assert!(text.contains(r#""events":[]"#));
    }

    #[test]
    fn times_are_as_sent_beside_what_the_page_adds() {
        let trace = sample::skewed();
        let answer = json(&trace);
        let spans = answer["spans"].as_array().unwrap();
        let of = |service| {
            spans
                .iter()
                .find(|span| span["service"] == service)
                .unwrap()
        };
        let began = |service| of(service)["start_unix_ns"].as_i64().unwrap();
        assert_eq!(began("rates") - began("edge-gateway"), -125_000_000);
        assert_eq!(of("rates")["clock_shift_ns"], 140_000_000);
        assert_eq!(of("edge-gateway")["clock_shift_ns"], 0);
    }

    #[test]
    fn every_sample_is_valid_json() {
        for trace in sample::all() {
            assert_eq!(
                json(&trace)["spans"].as_array().unwrap().len(),
                trace.spans.len()
            );
        }
    }
}
