//! Transactions: whether a span is one, its operation, and its outcome.

use crate::{begun, graphql, http, messaging, poll, rpc, sent::Sent, texts::Texts};
use hinomi_model::{Outcome, SpanKind, SpanStatus, Transaction};
use std::borrow::Cow;

/// The transaction of a span. Every SERVER and CONSUMER span and every span without a parent has
/// one, except polls.
pub(crate) fn of(sent: &Sent<'_>, texts: &mut Texts) -> Option<Transaction> {
    let is_entry = matches!(sent.kind, SpanKind::Server | SpanKind::Consumer)
        || sent.is_root && !poll::is_poll(sent);
    is_entry.then(|| {
        let operation = operation(sent);
        Transaction {
            outcome: outcome(sent),
            kind: begun::kind(sent, &operation),
            operation: texts.name(&operation),
        }
    })
}

/// The operation. RPC is tried before HTTP, since gRPC servers on an HTTP stack send both on one
/// span; and GraphQL before HTTP, whose one route tells nothing. A root span that is none of them
/// keeps its name.
fn operation<'r>(sent: &Sent<'r>) -> Cow<'r, str> {
    let attributes = sent.attributes;
    let named = if messaging::is_messaging(attributes) && sent.kind != SpanKind::Server {
        messaging::operation(attributes, sent.kind)
    } else if rpc::is_rpc(attributes) {
        rpc::method(attributes)
    } else {
        graphql::operation(attributes).or_else(|| http::operation(sent))
    };
    named.map_or(Cow::Borrowed(sent.name()), Cow::Owned)
}

/// The outcome. A 4xx status is an error of the caller and no failure, unless the instrumentation
/// sets the status to error.
fn outcome(sent: &Sent<'_>) -> Outcome {
    let server = sent.kind == SpanKind::Server;
    let answered_badly = server && sent.http_status.is_some_and(|status| status >= 500);
    let grpc_fault = || {
        server
            && sent.status == SpanStatus::Unset
            && rpc::grpc_status(sent.attributes).is_some_and(rpc::is_server_fault)
    };
    if sent.status == SpanStatus::Error || answered_badly || grpc_fault() {
        Outcome::Error
    } else {
        Outcome::Ok
    }
}
