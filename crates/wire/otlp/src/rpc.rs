//! RPC: full method and status of a span, in the old and the new conventions.

use crate::lookup::Attributes;
use hinomi_model::attribute;

/// gRPC's status codes by number.
const GRPC_STATUS: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The statuses that mean a failure of the server, by the conventions for gRPC.
const SERVER_FAULTS: [&str; 6] = [
    "UNKNOWN",
    "DEADLINE_EXCEEDED",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
];

/// The full method, `pkg.Service/Method`.
pub(crate) fn method(attributes: Attributes<'_>) -> Option<String> {
    let method = attributes
        .text(attribute::RPC_METHOD)
        .filter(|method| *method != "_OTHER");
    let method = method.map(|method| method.trim_start_matches('/'));
    let method = method.filter(|method| !method.is_empty());
    match (attributes.text(attribute::RPC_SERVICE), method) {
        (_, Some(method)) if method.contains('/') => Some(method.to_owned()),
        (Some(service), Some(method)) => Some(format!("{service}/{method}")),
        (service, method) => method.or(service).map(str::to_owned),
    }
}

/// Whether the span is an RPC.
pub(crate) fn is_rpc(attributes: Attributes<'_>) -> bool {
    attributes.text(attribute::RPC_SYSTEM).is_some()
        || attributes.text(attribute::RPC_METHOD).is_some()
}

/// The name of the gRPC status, from its number or its name. Codes of other systems have other
/// meanings and are ignored.
pub(crate) fn grpc_status(attributes: Attributes<'_>) -> Option<&'static str> {
    if attributes
        .text(attribute::RPC_SYSTEM)
        .is_some_and(|system| system != "grpc")
    {
        return None;
    }
    let sent = attributes.word(attribute::RPC_STATUS)?;
    match sent.parse::<usize>() {
        Ok(number) => GRPC_STATUS.get(number).copied(),
        Err(_) => GRPC_STATUS
            .iter()
            .find(|name| name.eq_ignore_ascii_case(&sent))
            .copied(),
    }
}

/// Whether a server that answers with this status has failed. `NOT_FOUND` and similar statuses are
/// errors of the caller.
pub(crate) fn is_server_fault(status: &str) -> bool {
    SERVER_FAULTS.contains(&status)
}
