//! Sample traces for tests: empty, one, many, failed, partial, hostile, large and deep.

use hinomi_model::{
    CallCategory, ClientCall, Outcome, Resource, Span, SpanId, SpanKind, SpanStatus, Text, TraceId,
    Transaction, UnixNanos,
};
use hinomi_query::{
    answer::{Trace, TracePlace},
    trace::{Clocks, assemble},
};
use std::sync::Arc;

/// All samples.
pub fn all() -> Vec<Trace> {
    vec![
        empty(),
        one(),
        checkout(),
        partial(),
        second_page(),
        skewed(),
        hostile(),
        large(10_000),
        deep(2_000),
    ]
}

/// A trace without spans. No query answers with one.
pub fn empty() -> Trace {
    assemble(trace_id(), Vec::new(), 0, Clocks::Aligned)
}

/// One span, without calls.
pub fn one() -> Trace {
    let mut builder = Builder::new();
    builder.server(None, "catalog", "GET /health", 0, 1_200);
    builder.trace(0)
}

/// A call to a host whose clock is 140 ms behind, with an event on that host.
pub fn skewed() -> Trace {
    let mut b = Builder::new();
    let gateway = b.server(None, "edge-gateway", "GET /v1/rates", 0, 50_000);
    let call = b.call(
        gateway,
        CallCategory::Http,
        "rates:8080",
        "GET /v1/rates",
        10_000,
        30_000,
    );
    let rates = b.server(Some(call), "rates", "GET /v1/rates", -125_000, 20_000);
    let resource = &b.spans[rates].resource;
    b.spans[rates].resource = Arc::new(Resource {
        host: Text::from("node-late"),
        ..(**resource).clone()
    });
    let inside = b.spans[rates].start.0 + 5_000_000;
    b.spans[rates].events =
        format!(r#"[{{"name":"refreshed","time_unix_ns":{inside},"attributes":{{}}}}]"#);
    b.trace(0)
}

/// A checkout that fails because payment waits for a row lock; 24 equal statements.
pub fn checkout() -> Trace {
    let mut b = Builder::new();
    let gateway = b.server(None, "edge-gateway", "POST /v1/checkout", 0, 3_014_000);
    b.fail(gateway, "504", Some(504));
    let proxy = b.call(
        gateway,
        CallCategory::Http,
        "checkout:8080",
        "POST /v1/checkout",
        2_000,
        3_009_000,
    );
    b.rename(proxy, "POST");
    b.fail(proxy, "504", Some(504));
    let checkout = b.server(
        Some(proxy),
        "checkout",
        "POST /v1/checkout",
        3_000,
        3_006_000,
    );
    b.fail(checkout, "504", Some(504));
    let partner = b.call(
        checkout,
        CallCategory::Http,
        "id.oak.example:443",
        "POST /oauth2/introspect",
        6_000,
        41_000,
    );
    b.spans[partner].http_status = Some(200);
    b.attribute(
        partner,
        "url.full",
        "https://id.oak.example/oauth2/introspect",
    );
    b.call(
        checkout,
        CallCategory::Cache,
        "redis:6379",
        "GET session:{id}",
        48_600,
        800,
    );
    b.statement(
        checkout,
        "pg-checkout-1:5432",
        "SELECT cart",
        "SELECT id, customer_id FROM cart WHERE cart_id = $1",
        50_400,
        3_100,
    );
    for n in 0..24 {
        let sql = "SELECT price, currency FROM sku_price WHERE sku_id = $1";
        let span = b.statement(
            checkout,
            "pg-checkout-1:5432",
            "SELECT sku_price",
            sql,
            54_500 + n * 2_540,
            2_500,
        );
        b.attribute(span, "db.query.parameter.0", &format!("sku-{n}"));
    }
    let score = b.call(
        checkout,
        CallCategory::Http,
        "risk-score:8080",
        "POST /score",
        117_000,
        84_000,
    );
    b.spans[score].http_status = Some(200);
    let risk = b.server(Some(score), "risk-score", "POST /score", 119_000, 80_000);
    b.call(
        risk,
        CallCategory::Cache,
        "redis:6379",
        "HMGET velocity:{card}",
        124_000,
        4_600,
    );
    b.internal(checkout, "reserve total", 201_600, 3_000);
    let rpc = b.call(
        checkout,
        CallCategory::Rpc,
        "payment:8443",
        "payment.v1.Payment/Authorize",
        205_000,
        2_798_000,
    );
    b.rename(rpc, "payment.v1.Payment/Authorize");
    b.fail(rpc, "DEADLINE_EXCEEDED", None);
    let payment = b.server(
        Some(rpc),
        "payment",
        "payment.v1.Payment/Authorize",
        208_000,
        2_794_000,
    );
    b.fail(payment, "org.postgresql.util.PSQLException", None);
    b.exception(
        payment,
        "org.postgresql.util.PSQLException",
        "ERROR: canceling statement due to user request",
    );
    b.internal(payment, "validate card token", 210_000, 9_000);
    b.call(
        payment,
        CallCategory::Cache,
        "redis:6379",
        "GET bin:{bin6}",
        220_000,
        900,
    );
    b.internal(payment, "wait for pool ledger", 222_000, 1_838_000);
    let lock = b.statement(
        payment,
        "pg-ledger-1:5432",
        "SELECT FOR UPDATE",
        "SELECT a.account_id, a.available, a.held, a.version FROM ledger.account AS a \
         WHERE a.account_id = $1 AND a.currency = $2 FOR UPDATE",
        2_060_000,
        936_000,
    );
    b.attribute(lock, "db.query.parameter.1", "acc_••••••••4821");
    b.attribute(lock, "db.query.parameter.2", "JPY");
    b.attribute(lock, "db.query.parameter.10", "1");
    b.attribute(lock, "db.response.status_code", "57014");
    b.attribute(lock, "thread.name", "grpc-worker-17");
    b.fail(lock, "org.postgresql.util.PSQLException", None);
    b.exception(
        lock,
        "org.postgresql.util.PSQLException",
        "ERROR: canceling statement due to user request",
    );
    b.spans[lock].links = format!(
        r#"[{{"trace_id":"{}","span_id":"00f067aa0ba902b7","attributes":{{}}}}]"#,
        "5".repeat(32)
    );
    b.statement(
        payment,
        "pg-ledger-1:5432",
        "ROLLBACK",
        "ROLLBACK",
        2_997_000,
        1_400,
    );
    b.exception(
        checkout,
        "io.grpc.StatusRuntimeException",
        "DEADLINE_EXCEEDED: deadline of 3.0 s passed",
    );
    b.call(
        checkout,
        CallCategory::Cache,
        "redis:6379",
        "DEL lock:cart:{id}",
        3_004_000,
        600,
    );
    b.trace(0)
}

/// A trace whose root and one parent never arrived.
pub fn partial() -> Trace {
    let mut b = Builder::new();
    let orphan = b.server(None, "payment", "POST /pay", 0, 90_000);
    b.spans[orphan].parent_span_id = Some(span_id(9_000_001));
    b.statement(
        orphan,
        "pg:5432",
        "SELECT pay",
        "SELECT * FROM pay",
        10_000,
        30_000,
    );
    let other = b.internal(orphan, "settle", 120_000, 30_000);
    b.spans[other].parent_span_id = Some(span_id(9_000_002));
    b.trace(0)
}

/// The second page of a trace of a million spans. The root is on the first page.
pub fn second_page() -> Trace {
    let mut trace = partial();
    for span in &mut trace.spans {
        span.orphan = false;
    }
    let last = &trace.spans[trace.spans.len() - 1];
    trace.next = Some(TracePlace {
        start: last.start,
        end: last.start.plus(last.duration),
        span_id: last.span_id,
        kind: last.kind,
    });
    trace.before = 20_000;
    trace.omitted = 1_000_000 - trace.before - trace.spans.len();
    trace
}

/// A trace with hostile names and values.
pub fn hostile() -> Trace {
    let mut b = Builder::new();
    let script = "<script>alert(1)</script>\"'&";
    let root = b.server(
        None,
        script,
        "GET /\u{202e}evil\u{0}\n</script><b>",
        0,
        5_000,
    );
    b.fail(root, script, Some(500));
    b.exception(root, script, "\u{202e}</script>{{ x }}");
    b.attribute(root, script, script);
    let sql = b.statement(
        root,
        script,
        &"長".repeat(1 << 20),
        "SELECT '</script>' -- \u{0}",
        100,
        200,
    );
    b.attribute(sql, "long", &"x".repeat(1 << 20));
    b.spans[sql].end = b.spans[sql].start;
    b.trace(0)
}

/// `count` spans in two levels below a root.
pub fn large(count: i64) -> Trace {
    let mut b = Builder::new();
    let root = b.server(None, "batch", "POST /settle", 0, count * 1_000);
    let mut step = root;
    for n in 1..count {
        match n % 20 {
            1 => step = b.internal(root, "settle one", n * 1_000, 19_000),
            2..9 => {
                b.statement(
                    step,
                    "pg:5432",
                    "SELECT entry",
                    "SELECT * FROM entry WHERE id = $1",
                    n * 1_000,
                    900,
                );
            }
            _ => {
                let name = format!("step {}", n % 20);
                b.internal(step, &name, n * 1_000, 100 + (n * 7_919) % 700);
            }
        }
    }
    b.trace(0)
}

/// A chain of spans, `levels` deep.
pub fn deep(levels: i64) -> Trace {
    let mut b = Builder::new();
    let mut parent = b.server(None, "recursive", "GET /tree", 0, levels * 1_000);
    for level in 1..levels {
        parent = b.internal(
            parent,
            &format!("visit {level}"),
            level * 300,
            (levels - level) * 600,
        );
    }
    b.trace(0)
}

struct Builder {
    spans: Vec<Span>,
}

impl Builder {
    fn new() -> Self {
        Self { spans: Vec::new() }
    }

    fn trace(self, omitted: usize) -> Trace {
        assemble(trace_id(), self.spans, omitted, Clocks::Aligned)
    }

    /// Adds a span. Times are in µs from the trace's start. Returns the span's index.
    fn push(
        &mut self,
        parent: Option<usize>,
        service: &str,
        name: &str,
        start: i64,
        length: i64,
    ) -> usize {
        // Sun 22 Nov 2026, 02:14:08.447 in Tokyo.
        let origin = 1_795_281_248_447_000_i64;
        self.spans.push(Span {
            trace_id: trace_id(),
            span_id: span_id(self.spans.len() as u64),
            parent_span_id: parent.map(|parent| self.spans[parent].span_id),
            start: UnixNanos((origin + start) * 1_000),
            end: UnixNanos((origin + start + length) * 1_000),
            kind: SpanKind::Internal,
            status: SpanStatus::Unset,
            status_message: Text::from(""),
            name: Text::from(name),
            resource: resource(service),
            scope: Text::from("io.opentelemetry.sample"),
            http_status: None,
            error_type: None,
            transaction: None,
            call: None,
            attributes: "{}".to_owned(),
            events: String::new(),
            links: String::new(),
        });
        self.spans.len() - 1
    }

    fn server(
        &mut self,
        parent: Option<usize>,
        service: &str,
        name: &str,
        start: i64,
        length: i64,
    ) -> usize {
        let span = self.push(parent, service, name, start, length);
        self.spans[span].kind = SpanKind::Server;
        self.spans[span].transaction = Some(Transaction {
            operation: Text::from(name),
            outcome: Outcome::Ok,
            kind: hinomi_model::TransactionKind::Request,
        });
        span
    }

    fn internal(&mut self, parent: usize, name: &str, start: i64, length: i64) -> usize {
        let service = self.spans[parent].resource.service.clone();
        self.push(Some(parent), &service, name, start, length)
    }

    fn call(
        &mut self,
        parent: usize,
        category: CallCategory,
        target: &str,
        detail: &str,
        start: i64,
        length: i64,
    ) -> usize {
        let span = self.internal(parent, detail, start, length);
        self.spans[span].kind = SpanKind::Client;
        self.spans[span].call = Some(ClientCall {
            category,
            target: Text::from(target),
            detail: Text::from(detail),
            failed: false,
        });
        self.attribute(span, "server.address", target);
        span
    }

    fn statement(
        &mut self,
        parent: usize,
        target: &str,
        name: &str,
        sql: &str,
        start: i64,
        length: i64,
    ) -> usize {
        let span = self.call(parent, CallCategory::Database, target, sql, start, length);
        self.rename(span, name);
        self.attribute(span, "db.system.name", "postgresql");
        self.attribute(span, "db.query.text", sql);
        span
    }

    fn rename(&mut self, span: usize, name: &str) {
        self.spans[span].name = Text::from(name);
    }

    fn fail(&mut self, span: usize, error_type: &str, http_status: Option<u16>) {
        let span = &mut self.spans[span];
        span.status = SpanStatus::Error;
        span.error_type = Some(Text::from(error_type));
        span.http_status = http_status;
        if let Some(transaction) = &mut span.transaction {
            transaction.outcome = Outcome::Error;
        }
    }

    fn attribute(&mut self, span: usize, key: &str, value: &str) {
        let attributes = &mut self.spans[span].attributes;
        let comma = if attributes.len() > 2 { "," } else { "" };
        attributes.pop();
        attributes.push_str(&format!("{comma}{}:{}}}", quoted(key), quoted(value)));
    }

    fn exception(&mut self, span: usize, kind: &str, message: &str) {
        let mut stack = format!("{kind}: {message}\n");
        for frame in [
            "com.shop.LedgerRepository.lockAccount(LedgerRepository.java:88)",
            "com.shop.AuthorizeService.reserve(AuthorizeService.java:141)",
            "com.shop.AuthorizeHandler.authorize(AuthorizeHandler.java:57)",
        ] {
            stack.push_str(&format!("\tat {frame}\n"));
        }
        for line in 1..40 {
            stack.push_str(&format!("\tat org.postgresql.core.v3.QueryExecutorImpl.receive(QueryExecutorImpl.java:{line})\n"));
        }
        let span = &mut self.spans[span];
        span.events = format!(
            r#"[{{"name":"lock wait began","time_unix_ns":{},"attributes":{{"lock.mode":"row exclusive"}}}},{{"name":"exception","time_unix_ns":{},"attributes":{{"exception.type":{},"exception.message":{},"exception.stacktrace":{}}}}}]"#,
            span.start.0 + 1_000_000,
            span.end.0,
            quoted(kind),
            quoted(message),
            quoted(&stack),
        );
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

fn resource(service: &str) -> Arc<Resource> {
    let attributes = format!(
        r#"{{"service.name":{},"service.version":"4.18.0","k8s.pod.name":"payment-6fd8-tq9vz","telemetry.sdk.language":"java"}}"#,
        quoted(service)
    );
    Arc::new(Resource {
        service: Text::from(service),
        namespace: Text::from("shop"),
        environment: Text::from("prod"),
        instance: Text::from("payment-6fd8-tq9vz"),
        version: Text::from("4.18.0"),
        host: Text::from("node-3"),
        attributes: Text::from(attributes),
    })
}

fn trace_id() -> TraceId {
    TraceId::from_slice(&[
        0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47,
        0x36,
    ])
    .unwrap_or_else(|_| unreachable!("not all zero"))
}

fn span_id(number: u64) -> SpanId {
    SpanId::from_slice(&(number + 1).to_be_bytes()).unwrap_or_else(|_| unreachable!("not zero"))
}
