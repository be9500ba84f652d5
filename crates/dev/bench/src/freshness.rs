//! Freshness: the time from a request's acknowledgement to the first event of the live stream that
//! counts it.
//!
//! A separate service gets one transaction per request, one request after the other. So the n-th
//! acknowledgement belongs to the first event whose columns add up to n.

use crate::{
    clock::unix_nanos,
    http,
    server::Server,
    wire::{Connection, Protocol},
};
use anyhow::{Context, Result, bail};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, span::SpanKind},
};
use prost::Message;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

const SERVICE: &str = "bench-marker";
/// Time between two markers. It does not divide a second, so that markers fall on every phase of a
/// tick.
const PAUSE: Duration = Duration::from_millis(97);
/// How long the stream may lag behind the last acknowledgement.
const PATIENCE: Duration = Duration::from_secs(15);

/// Sends markers for `length`. Returns every delay.
pub async fn run(server: &Server, length: Duration) -> Result<Vec<Duration>> {
    let seen: Arc<Mutex<Vec<(u64, Instant)>>> = Arc::default();
    let listener = tokio::spawn(listen(server.http, seen.clone()));
    let began = Instant::now();
    let mut connection = Connection::open(server, Protocol::Grpc).await?;
    let mut acknowledged = Vec::new();
    while began.elapsed() < length && !listener.is_finished() {
        connection
            .send(marker(acknowledged.len() as u64).into())
            .await?;
        acknowledged.push(Instant::now());
        tokio::time::sleep(PAUSE).await;
    }
    let wanted = acknowledged.len() as u64;
    let newest = || {
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .last()
            .map_or(0, |(count, _)| *count)
    };
    let last = Instant::now();
    while newest() < wanted {
        if listener.is_finished() {
            listener.await??;
            bail!("the live stream ended");
        }
        if last.elapsed() > PATIENCE {
            bail!(
                "the live stream counts {} of {wanted} markers {PATIENCE:?} after the last",
                newest()
            );
        }
        tokio::time::sleep(PAUSE).await;
    }
    listener.abort();
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let delays = acknowledged.iter().zip(1..).map(|(acknowledged, number)| {
        let event = seen.iter().find(|(count, _)| *count >= number);
        // The stream may count it even before its acknowledgement has arrived here.
        event.map_or(Duration::ZERO, |(_, at)| {
            at.saturating_duration_since(*acknowledged)
        })
    });
    Ok(delays.collect())
}

/// Records for every event how many markers the stream has counted so far.
async fn listen(
    address: std::net::SocketAddr,
    seen: Arc<Mutex<Vec<(u64, Instant)>>>,
) -> Result<()> {
    let mut columns: BTreeMap<i64, u64> = BTreeMap::new();
    let mut broken = None;
    let path = format!("/api/v1/live?service={SERVICE}");
    http::listen(address, &path, |_, data| {
        let now = Instant::now();
        match serde_json::from_str(data)
            .context("an event is no JSON")
            .and_then(|data| read(&data))
        {
            Ok(changed) => columns.extend(changed),
            Err(error) => broken = Some(error),
        }
        let counted = columns.values().sum();
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((counted, now));
        broken.is_none()
    })
    .await?;
    broken.map_or(Ok(()), Err)
}

/// The columns of an event with their counts.
fn read(event: &Value) -> Result<Vec<(i64, u64)>> {
    let columns = event["columns"]
        .as_array()
        .context("an event has no columns")?;
    let read = columns.iter().map(|column| {
        let start = column["start_ms"]
            .as_i64()
            .context("a column has no start_ms")?;
        let counts = ["ok", "slow", "error"].map(|name| column[name].as_u64().unwrap_or(0));
        Ok((start, counts.iter().sum()))
    });
    read.collect()
}

/// A request with one transaction that ended now.
fn marker(number: u64) -> Vec<u8> {
    let end = unix_nanos();
    let id = [end.to_be_bytes(), number.to_be_bytes()].concat();
    let span = Span {
        span_id: id[8..].iter().map(|byte| byte ^ 0xa5).collect(),
        trace_id: id,
        name: "marker".into(),
        kind: SpanKind::Server.into(),
        start_time_unix_nano: end - 1_000_000,
        end_time_unix_nano: end,
        ..Span::default()
    };
    let name = KeyValue {
        key: "service.name".into(),
        value: Some(AnyValue {
            value: Some(Any::StringValue(SERVICE.into())),
        }),
        ..KeyValue::default()
    };
    let resource = Resource {
        attributes: vec![name],
        ..Resource::default()
    };
    let scope = ScopeSpans {
        spans: vec![span],
        ..ScopeSpans::default()
    };
    let spans = ResourceSpans {
        resource: Some(resource),
        scope_spans: vec![scope],
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![spans],
    }
    .encode_to_vec()
}
