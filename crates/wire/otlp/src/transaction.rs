//! A transaction: whether a span is one, what it is called and how it ended.

use crate::{http, messaging, rpc, sent::Sent, texts::Texts};
use hinomi_model::{Outcome, SpanKind, SpanStatus, Transaction};
use std::borrow::Cow;

/// The transaction of a span: of every SERVER and CONSUMER span, and of every span without a
/// parent.
pub(crate) fn of(sent: &Sent<'_>, texts: &mut Texts) -> Option<Transaction> {
    let is_entry = matches!(sent.kind, SpanKind::Server | SpanKind::Consumer) || sent.is_root;
    is_entry.then(|| Transaction {
        operation: texts.name(&operation(sent)),
        outcome: outcome(sent),
    })
}

/// RPC before HTTP, since gRPC servers on an HTTP stack send both on one span. A root span that is
/// neither keeps its name, whatever it is.
fn operation<'r>(sent: &Sent<'r>) -> Cow<'r, str> {
    let attributes = sent.attributes;
    let named = if messaging::is_messaging(attributes) && sent.kind != SpanKind::Server {
        messaging::operation(attributes, sent.kind)
    } else if rpc::is_rpc(attributes) {
        rpc::method(attributes)
    } else {
        http::operation(sent)
    };
    named.map_or(Cow::Borrowed(sent.name()), Cow::Owned)
}

/// A 4xx is the caller's affair, unless the instrumentation says otherwise.
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
