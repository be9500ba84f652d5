//! Random traces: entry spans, client calls and spans between them, of several services, in any
//! relation and at any distance in time.

use crate::spans::{Spec, span, span_id, trace_id};
use hinomi_model::{
    CallCategory, ClientCall, Outcome, Span, SpanKind, Transaction, TransactionKind,
};
use proptest::prelude::*;
use std::time::Duration;

/// The target of a call to one of our services.
pub const OURS: &str = "ledger:8080";
const TARGETS: [&str; 3] = ["db:5432", OURS, "api.partner.example"];

/// The properties of a span in a trace.
#[derive(Debug, Clone)]
pub struct Node {
    trace: u8,
    /// Distance to its parent among the previous spans; no parent if there are fewer.
    up: usize,
    service: usize,
    /// Role of the span: entry, call, both or neither.
    role: u8,
    category: usize,
    target: usize,
    end_ms: i64,
    millis: u64,
    failed: bool,
}

/// A node of any trace, relation, role and time.
pub fn node() -> impl Strategy<Value = Node> {
    let end_ms = prop_oneof![
        6 => -30_000_i64..30_000,
        2 => (-2_i64..2).prop_map(|column| column * 5_000),
        // Far from the span above: at the limit of what counts, and beyond.
        1 => Just(-300_000_i64),
        1 => -700_000_i64..-250_000,
        1 => 50_000_i64..90_000,
    ];
    (
        (0_u8..3, 0_usize..5, 0_usize..2, 0_u8..6),
        (0_usize..5, 0_usize..3, end_ms, 0_u64..3_000, any::<bool>()),
    )
        .prop_map(
            |((trace, up, service, role), (category, target, end_ms, millis, failed))| Node {
                trace,
                up,
                service,
                role,
                category,
                target,
                end_ms,
                millis,
                failed,
            },
        )
}

/// Spans of these nodes: a third are entries, half are calls, the others neither; some are both.
pub fn spans(nodes: &[Node]) -> Vec<Span> {
    let mut made: Vec<Span> = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        let of_trace = made.iter().rev();
        let parent = of_trace
            .filter(|span| span.trace_id == trace_id(node.trace))
            .nth(node.up)
            .map(|span| span.span_id);
        let mut span = span(&Spec {
            trace: node.trace,
            id: at as u32,
            service: node.service,
            instance: at % 2,
            end_ms: node.end_ms,
            duration: Duration::from_millis(node.millis),
            failed: node.failed,
            kind: SpanKind::Internal,
            ..Spec::default()
        });
        span.span_id = span_id(at as u32);
        span.parent_span_id = parent;
        let is_entry = node.role < 2 || parent.is_none();
        span.transaction = is_entry.then(|| Transaction {
            operation: format!("GET /{}", at % 3).into(),
            outcome: if node.failed {
                Outcome::Error
            } else {
                Outcome::Ok
            },
            kind: TransactionKind::ALL[at % 5],
        });
        span.call = (node.role >= 3 || node.role == 0 && parent.is_none()).then(|| ClientCall {
            category: CallCategory::ALL[node.category],
            target: TARGETS[node.target].into(),
            detail: "SELECT ?".into(),
            failed: node.failed,
        });
        made.push(span);
    }
    made
}
