//! Client calls: what a CLIENT or PRODUCER span called, and what it asked.

use crate::{
    address::Address,
    database, http, messaging, rpc,
    sent::Sent,
    texts::{Texts, head},
};
use hinomi_model::{CallCategory, ClientCall, SpanKind, SpanStatus, attribute};
use std::borrow::Cow;

/// The call of a span. `None` for spans of other kinds, and for client spans that tell neither what
/// they are nor what they called.
///
/// The attributes of databases are tried before those of RPC and HTTP, because AWS and
/// Elasticsearch clients send all of them on one span.
pub(crate) fn of<'r>(sent: &Sent<'r>, texts: &mut Texts) -> Option<ClientCall> {
    if !matches!(sent.kind, SpanKind::Client | SpanKind::Producer) {
        return None;
    }
    let attributes = sent.attributes;
    let failed = is_failed(sent);
    let address = Address::of_call(attributes);
    let peer = attributes.text(attribute::PEER_SERVICE).map(str::to_owned);
    // What the user said comes before an address, which may be one of many or come and go.
    let (category, target, detail) = if let Some(system) = database::system(sent) {
        let host =
            peer.or_else(|| address.map(|address| address.shown(database::default_port(system))));
        if database::is_cache(system) {
            // The namespace of a cache is only a number, so the system's name is the fallback.
            let target = host.unwrap_or_else(|| system.to_owned());
            (
                CallCategory::Cache,
                target,
                texts.name(&database::command(sent)),
            )
        } else {
            let target = match (host, attributes.word(attribute::DB_NAMESPACE)) {
                (Some(host), Some(namespace)) => format!("{host}/{namespace}"),
                (Some(host), None) => host,
                (None, Some(namespace)) => namespace.into_owned(),
                (None, None) => system.to_owned(),
            };
            (
                CallCategory::Database,
                target,
                database::statement(sent, system, texts),
            )
        }
    } else if messaging::is_messaging(attributes) {
        // The target is the queue, not the broker: clients of a cluster name a different broker
        // each time.
        let target = messaging::destination(attributes)
            .map(Cow::into_owned)
            .or(peer)
            .or_else(|| address.map(|address| address.shown(None)))
            .or_else(|| {
                attributes
                    .text(attribute::MESSAGING_SYSTEM)
                    .map(str::to_owned)
            })?;
        let detail = messaging::operation(attributes, sent.kind);
        let detail = detail.unwrap_or_else(|| sent.name().to_owned());
        (CallCategory::Messaging, target, texts.name(&detail))
    } else if rpc::is_rpc(attributes) {
        let service = attributes.text(attribute::RPC_SERVICE);
        let target = peer
            .or_else(|| address.map(|address| address.shown_for_http()))
            .or_else(|| {
                service
                    .or(attributes.text(attribute::RPC_SYSTEM))
                    .map(str::to_owned)
            })
            .unwrap_or_else(|| "rpc".to_owned());
        let detail = rpc::method(attributes).unwrap_or_else(|| sent.name().to_owned());
        (CallCategory::Rpc, target, texts.name(&detail))
    } else {
        // Calls of protocols without a convention count too, as long as they name their target. An
        // example is a socket to a card network: it is an external call.
        let target = peer.or_else(|| address.map(|address| address.shown_for_http()))?;
        let detail = http::operation(sent).unwrap_or_else(|| sent.name().to_owned());
        (CallCategory::Http, target, texts.name(&detail))
    };
    Some(ClientCall {
        category,
        target: texts.name(head(&target, 4 << 10)),
        detail,
        failed,
    })
}

/// Whether the call failed: its status is error, or the agent left the status unset and the answer
/// has a status that the conventions define as an error for clients.
fn is_failed(sent: &Sent<'_>) -> bool {
    match sent.status {
        SpanStatus::Error => true,
        SpanStatus::Ok => false,
        SpanStatus::Unset => {
            sent.http_status.is_some_and(|status| status >= 400)
                || rpc::grpc_status(sent.attributes).is_some_and(|status| status != "OK")
        }
    }
}
