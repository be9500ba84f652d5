//! Tests of the promises that the workload makes about its traces.

use std::collections::{HashMap, HashSet};

use hinomi_sim::{
    Fault, FaultKind, MAX_TRACE_NS, SERVICES, SimSpan, SimTrace, SpanKind, Value, Workload,
    WorkloadConfig,
};

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const NOW: i64 = 1_800_000_123 * SECOND;

fn workload() -> Workload {
    Workload::new(WorkloadConfig::new(NOW))
}

fn last_ten_minutes() -> Vec<SimTrace> {
    workload().traces(NOW - 10 * MINUTE, NOW).collect()
}

fn ids(traces: impl Iterator<Item = SimTrace>) -> Vec<([u8; 16], [u8; 8], i64)> {
    let spans = traces.flat_map(|trace| trace.spans);
    spans
        .map(|span| (span.trace_id, span.span_id, span.end_unix_ns))
        .collect()
}

fn fault(kind: FaultKind) -> Fault {
    let faults = workload().schedule(NOW - 10 * MINUTE, NOW);
    *faults
        .iter()
        .find(|fault| fault.kind == kind)
        .expect("it is scheduled")
}

fn is(span: &SimSpan, key: &str, text: &str) -> bool {
    match span.attribute(key) {
        Some(Value::Static(value)) => *value == text,
        Some(Value::Owned(value)) => value == text,
        Some(Value::Shared(value)) => value.as_ref() == text,
        _ => false,
    }
}

#[test]
fn the_same_times_give_the_same_traces_wherever_iteration_began() {
    let whole = ids(workload().traces(NOW - 5 * MINUTE, NOW + MINUTE));
    let again = ids(workload().traces(NOW - 5 * MINUTE, NOW + MINUTE));
    assert_eq!(whole, again);
    let mut parts = Vec::new();
    let mut at = NOW - 5 * MINUTE;
    while at < NOW + MINUTE {
        let next = (at + 7_300_000_007).min(NOW + MINUTE);
        parts.extend(ids(workload().traces(at, next)));
        at = next;
    }
    assert_eq!(whole, parts);
}

#[test]
fn another_seed_gives_other_traces() {
    let other = Workload::new(WorkloadConfig {
        seed: 1,
        ..WorkloadConfig::new(NOW)
    });
    let here: HashSet<_> = ids(workload().traces(NOW, NOW + MINUTE))
        .into_iter()
        .collect();
    assert!(
        ids(other.traces(NOW, NOW + MINUTE))
            .iter()
            .all(|id| !here.contains(id))
    );
}

#[test]
fn traces_come_in_start_order_within_the_slice() {
    let (from, to) = (NOW - MINUTE - 1, NOW + 17);
    let starts: Vec<_> = workload()
        .traces(from, to)
        .map(|trace| trace.start_unix_ns)
        .collect();
    assert!(starts.is_sorted());
    assert!(starts.iter().all(|start| (from..to).contains(start)));
    assert!(starts.len() > 60);
}

#[test]
fn span_ids_are_unique() {
    let mut seen = HashSet::new();
    let traces = last_ten_minutes();
    let mut traces_seen = HashSet::new();
    for trace in &traces {
        assert!(traces_seen.insert(trace.trace_id));
        assert!(trace.spans.iter().all(|span| seen.insert(span.span_id)));
    }
    assert!(seen.len() > 10_000);
}

#[test]
fn every_parent_is_in_the_trace_and_only_entries_are_roots() {
    for trace in last_ten_minutes() {
        let known: HashSet<_> = trace
            .spans
            .iter()
            .map(|span| (span.trace_id, span.span_id))
            .collect();
        for span in &trace.spans {
            match span.parent_span_id {
                Some(parent) => assert!(known.contains(&(span.trace_id, parent)), "{}", span.name),
                None => assert!(matches!(
                    span.kind,
                    SpanKind::Server | SpanKind::Consumer | SpanKind::Internal
                )),
            }
        }
        let roots = trace
            .spans
            .iter()
            .filter(|span| span.parent_span_id.is_none() && span.trace_id == trace.trace_id);
        assert_eq!(roots.count(), 1);
    }
}

#[test]
fn children_lie_inside_their_parents_but_for_consumers_which_link() {
    for trace in last_ten_minutes() {
        let by_id: HashMap<_, _> = trace
            .spans
            .iter()
            .map(|span| (span.span_id, span))
            .collect();
        for span in &trace.spans {
            assert!(span.start_unix_ns < span.end_unix_ns, "{}", span.name);
            assert!(span.start_unix_ns >= trace.start_unix_ns);
            if span.kind == SpanKind::Consumer {
                let (_, producer) = span.link.unwrap();
                assert!(by_id[&producer].end_unix_ns <= span.start_unix_ns);
                continue;
            }
            let Some(parent) = span.parent_span_id.map(|id| by_id[&id]) else {
                continue;
            };
            assert!(
                parent.start_unix_ns <= span.start_unix_ns,
                "{} in {}",
                span.name,
                parent.name
            );
            assert!(
                span.end_unix_ns <= parent.end_unix_ns,
                "{} in {}",
                span.name,
                parent.name
            );
            if span.kind == SpanKind::Server {
                assert_eq!(parent.kind, SpanKind::Client);
            }
        }
    }
}

#[test]
fn no_span_ends_later_than_a_trace_may_last() {
    for trace in workload().traces(NOW - 3 * HOUR, NOW) {
        for span in &trace.spans {
            assert!(
                span.end_unix_ns - trace.start_unix_ns < MAX_TRACE_NS,
                "{}",
                span.name
            );
        }
    }
}

#[test]
fn a_median_trace_has_ten_to_seventeen_spans() {
    let mut lengths: Vec<_> = last_ten_minutes()
        .iter()
        .map(|trace| trace.spans.len())
        .collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!((10..=17).contains(&median), "{median}");
}

#[test]
fn a_partner_timeout_takes_three_seconds_and_twenty_milliseconds_at_most() {
    let timeouts: Vec<_> = last_ten_minutes()
        .into_iter()
        .flat_map(|trace| trace.spans)
        .filter(|span| is(span, "error.type", "timeout"))
        .collect();
    assert!(timeouts.len() > 50, "{}", timeouts.len());
    for span in &timeouts {
        assert!(is(span, "server.address", "api.amberline.example"));
        assert!(span.failed && span.exception.is_some());
        assert!((span.duration_ns() - 3 * SECOND).abs() <= 20_000_000);
    }
}

#[test]
fn a_partner_timeout_is_a_504_at_the_edge_in_a_thin_line() {
    let mut times: Vec<_> = last_ten_minutes()
        .into_iter()
        .flat_map(|trace| trace.spans)
        .filter(|span| span.parent_span_id.is_none())
        .filter(|span| span.attribute("http.response.status_code") == Some(&Value::Int(504)))
        .map(|span| span.duration_ns() / 1_000_000)
        .collect();
    times.sort_unstable();
    assert!(times.len() > 50);
    // Some of them waited for the risk score first, or lost time elsewhere.
    let (tenth, ninth) = (times[times.len() / 10], times[times.len() * 9 / 10]);
    assert!(tenth >= 3_000 && ninth < 3_120, "{tenth} to {ninth}");
}

#[test]
fn those_who_wait_for_a_lock_end_within_a_second_of_each_other() {
    let fault = fault(FaultKind::LockBurst);
    let mut durations = Vec::new();
    for span in last_ten_minutes().into_iter().flat_map(|trace| trace.spans) {
        let waited = is(&span, "db.query.summary", "SELECT account_balance")
            && fault.is_on(span.start_unix_ns)
            && span.end_unix_ns >= fault.end_unix_ns;
        if waited {
            assert!(span.end_unix_ns < fault.end_unix_ns + SECOND);
            durations.push(span.duration_ns() / SECOND);
        }
    }
    assert!(durations.len() > 20, "{}", durations.len());
    assert!(durations.iter().any(|seconds| *seconds < 5));
    assert!(durations.iter().any(|seconds| *seconds > 18));
}

#[test]
fn a_lock_burst_is_a_vertical_line_at_the_edge() {
    let fault = fault(FaultKind::LockBurst);
    let ends: Vec<_> = last_ten_minutes()
        .into_iter()
        .flat_map(|trace| trace.spans)
        .filter(|span| span.parent_span_id.is_none() && span.duration_ns() > 5 * SECOND)
        .map(|span| span.end_unix_ns)
        .filter(|end| (0..5 * SECOND).contains(&(end - fault.end_unix_ns)))
        .collect();
    assert!(ends.len() > 15, "{}", ends.len());
    let within = ends
        .iter()
        .filter(|end| **end < fault.end_unix_ns + SECOND)
        .count();
    assert!(within * 10 >= ends.len() * 9, "{within} of {}", ends.len());
}

/// Failed share and mean duration in milliseconds of the spans with this name in a range.
fn of_name(from: i64, to: i64, name: &str) -> (f64, f64, usize) {
    let spans: Vec<_> = workload()
        .traces(from, to)
        .flat_map(|trace| trace.spans)
        .filter(|span| span.name == name)
        .collect();
    let count = spans.len().max(1) as f64;
    let failed = spans.iter().filter(|span| span.failed).count() as f64;
    let time: i64 = spans.iter().map(SimSpan::duration_ns).sum();
    (failed / count, time as f64 / count / 1e6, spans.len())
}

#[test]
fn each_fault_of_live_shows_in_what_it_touches() {
    let quiet = (NOW - 60 * MINUTE, NOW - 55 * MINUTE);
    for fault in workload().schedule(NOW + 2 * MINUTE, NOW + 45 * MINUTE) {
        let span = match (fault.kind, fault.service) {
            (FaultKind::SlowQuery, "payment") => "SELECT fee",
            (FaultKind::SlowQuery, _) => "POST /v1/score",
            (FaultKind::LockBurst, _) | (FaultKind::BadInstance, "ledger") => {
                "ledger.v1.Ledger/Post"
            }
            (FaultKind::ErrorBurst, "risk-score") => "POST /v1/score",
            (FaultKind::Overload, _) => "POST /v1/checkout",
            _ => "payment.v1.Payment/Authorize",
        };
        let usual = of_name(quiet.0, quiet.1, span);
        let now = of_name(fault.start_unix_ns, fault.end_unix_ns, span);
        assert!(now.2 > 20, "{}: only {}", fault.name, now.2);
        assert!(
            now.0 > usual.0 + 0.08 || now.1 > usual.1 * 2.5,
            "{}: {now:?}, usually {usual:?}",
            fault.name
        );
    }
}

#[test]
fn old_and_new_conventions_are_both_spoken() {
    let keys: HashSet<_> = last_ten_minutes()
        .into_iter()
        .flat_map(|trace| trace.spans)
        .flat_map(|span| span.attributes)
        .map(|attribute| attribute.key)
        .collect();
    for key in [
        "http.request.method",
        "http.method",
        "http.response.status_code",
        "http.status_code",
        "url.full",
        "http.target",
        "server.address",
        "net.peer.name",
        "db.system.name",
        "db.system",
        "db.query.text",
        "db.statement",
        "rpc.system.name",
        "rpc.service",
        "messaging.operation.type",
        "messaging.operation",
    ] {
        assert!(keys.contains(key), "{key}");
    }
}

#[test]
fn every_service_database_and_partner_appears_within_an_hour() {
    let mut hosts = HashSet::new();
    for span in workload()
        .traces(NOW - HOUR, NOW)
        .flat_map(|trace| trace.spans)
    {
        for key in ["server.address", "net.peer.name", "http.host"] {
            if let Some(Value::Static(host)) = span.attribute(key) {
                hosts.insert(*host);
            }
        }
    }
    let partners = [
        "api.amberline.example",
        "gw.northcard.example",
        "api.bank-aoba.example",
        "api.bank-kita.example",
        "hane.example",
        "id.oak.example",
    ];
    let stores = [
        "pg-checkout.db.internal",
        "pg-payment.db.internal",
        "pg-ledger.db.internal",
        "db-refund.db.internal",
        "redis.payments.svc",
        "kafka-0.platform.svc",
    ];
    assert!(
        partners
            .iter()
            .chain(&stores)
            .all(|host| hosts.contains(host)),
        "{hosts:?}"
    );
    // Two services have no server spans, because they only read topics.
    let silent = ["settlement", "notify"];
    for service in SERVICES
        .iter()
        .filter(|service| !silent.contains(&service.name))
    {
        assert!(hosts.contains(service.host), "{}", service.host);
    }
}

#[test]
fn a_refusal_is_no_error_of_the_server() {
    let mut refused = 0;
    for span in last_ten_minutes().into_iter().flat_map(|trace| trace.spans) {
        let status = match span.attribute("http.response.status_code") {
            Some(Value::Int(status)) => *status,
            _ => continue,
        };
        let from = if span.kind == SpanKind::Server {
            500
        } else {
            400
        };
        assert_eq!(span.failed, status >= from, "{} {status}", span.name);
        refused += usize::from((400..500).contains(&status));
    }
    assert!(refused > 50);
}

#[test]
fn statements_differ_in_literals_only() {
    let texts: HashSet<_> = workload()
        .traces(NOW - HOUR, NOW)
        .flat_map(|trace| trace.spans)
        .filter(|span| is(span, "db.query.summary", "SELECT refund"))
        .filter_map(|span| match span.attribute("db.query.text") {
            Some(Value::Owned(text)) => Some(text.clone()),
            _ => None,
        })
        .collect();
    assert!(texts.len() > 50, "{}", texts.len());
}

#[test]
fn a_release_makes_one_operation_slower() {
    let release = workload().releases(NOW - 10 * MINUTE, NOW).remove(0);
    assert_eq!(release.service, "payment");
    let name = "payment.v1.Payment/Quote";
    let before = of_name(release.at_unix_ns - 10 * MINUTE, release.at_unix_ns, name);
    let after = of_name(release.at_unix_ns + 2 * MINUTE, NOW, name);
    assert!(after.1 > before.1 * 1.8, "{before:?} {after:?}");
}

#[test]
fn the_quiet_world_has_the_same_requests_and_no_harm() {
    let workload = workload();
    let quiet = workload.quiet();
    let (mut same, mut changed) = (0, 0);
    for (one, other) in last_ten_minutes()
        .iter()
        .zip(quiet.traces(NOW - 10 * MINUTE, NOW))
    {
        assert_eq!(one.trace_id, other.trace_id);
        assert_eq!(one.start_unix_ns, other.start_unix_ns);
        let ends = |trace: &SimTrace| -> Vec<i64> {
            let spans = trace.spans.iter();
            spans.map(|span| span.end_unix_ns).collect()
        };
        match ends(one) == ends(&other) {
            true => same += 1,
            false => changed += 1,
        }
    }
    assert!(same > changed && changed > 50, "{same} and {changed}");
    assert!(quiet.schedule(NOW - 10 * MINUTE, NOW).is_empty());
    let long = |workload: &Workload| {
        let traces = workload.traces(NOW - 5 * MINUTE, NOW);
        let spans = traces.flat_map(|trace| trace.spans);
        spans
            .filter(|span| span.duration_ns() >= 3 * SECOND)
            .count()
    };
    assert!(long(&workload) > 10 * long(&quiet).max(1));
}

#[test]
fn where_nothing_happens_both_worlds_are_one() {
    // After the day's first release, which is harmless.
    let workload = workload();
    let (from, to) = (NOW - 5 * HOUR - 10 * MINUTE, NOW - 5 * HOUR);
    let calm: Vec<i64> = (from / SECOND..to / SECOND)
        .map(|second| second * SECOND)
        .filter(|at| workload.schedule(*at, at + 130 * SECOND).is_empty())
        .collect();
    assert!(calm.len() > 60);
    for at in calm {
        let of = |workload: Workload| ids(workload.traces(at, at + SECOND));
        assert_eq!(of(workload.clone()), of(workload.quiet()));
    }
}
