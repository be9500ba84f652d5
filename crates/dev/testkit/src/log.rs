//! Log records of several services, with everything that can repeat, tie or be missing.

use hinomi_model::{LogRecord, Resource, SpanId, TraceId, UnixNanos, log::SEVERITY_MOST};
use std::sync::Arc;

/// 2026-11-22T13:00:00Z, the start of an hour.
const HOUR_MS: i64 = 1_795_352_400_000;

/// `count` records of ten minutes, in no order of time. Many share an instant, some are equal in
/// everything, and two in three have a trace.
pub fn log_records(count: u32) -> Vec<LogRecord> {
    let resources: Vec<Arc<Resource>> = (0..5).map(|at| Arc::new(resource(at))).collect();
    (0..count).map(|at| record(at, &resources)).collect()
}

fn resource(at: u32) -> Resource {
    Resource {
        service: ["checkout", "payment", "checkout", "", "Ünïcode shop"][at as usize].into(),
        namespace: ["", "bank"][at as usize % 2].into(),
        environment: ["prod", "prod", "staging"][at as usize % 3].into(),
        instance: format!("pod-{at}").into(),
        version: "1.2".into(),
        host: "h".into(),
        attributes: r#"{"k8s.pod.name":"a"}"#.into(),
    }
}

fn record(at: u32, resources: &[Arc<Resource>]) -> LogRecord {
    // Every 13th record is as another one, but for those with a number of their own.
    let kind = at % 13;
    let millis = HOUR_MS + i64::from(kind * 7_919 % 600) * 1_000 + i64::from(at % 4);
    let time = UnixNanos::from_millis(millis);
    let is_json = kind == 5;
    let body = match kind {
        0 => String::new(),
        5 => format!(r#"{{"order":{},"items":[1,2]}}"#, at % 3),
        6 => format!("user {at} logged in"),
        _ => format!("card declined\nfor \"merchant\" {kind}"),
    };
    let has_trace = !at.is_multiple_of(3);
    let id = u64::from(at % 17 + 1);
    LogRecord {
        time,
        observed: UnixNanos(time.0 + i64::from(kind) * 1_000),
        severity: (kind as u8 * 2) % (SEVERITY_MOST + 1),
        severity_text: ["", "INFO", "WARN", "error"][kind as usize % 4].into(),
        body: body.into(),
        body_is_json: is_json,
        event_name: ["", "", "order.failed"][kind as usize % 3].into(),
        scope: ["", "log4j"][kind as usize % 2].into(),
        attributes: match kind % 3 {
            0 => "{}".to_owned(),
            _ => format!(r#"{{"thread.name":"worker-{kind}","code.lineno":{kind}}}"#),
        },
        trace_id: TraceId::from_slice(&(u128::from(id) << 64 | 7).to_be_bytes())
            .ok()
            .filter(|_| has_trace),
        span_id: SpanId::from_slice(&id.to_be_bytes())
            .ok()
            .filter(|_| has_trace && kind != 2),
        resource: resources[at as usize % resources.len()].clone(),
    }
}
