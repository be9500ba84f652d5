//! The type of an error: one low-cardinality word that tells why a span failed.

use crate::{rpc, sent::Sent};
use hinomi_model::attribute::{self, Keys};
use std::borrow::Cow;

/// The status of a database's answer: an SQLSTATE or the product's own code.
const DB_STATUS: Keys = &["db.response.status_code"];

/// `error.type`, else the type of the last exception, else the status of HTTP, gRPC or the
/// database, else `error`. The status message is not used: it is text for people and differs from
/// span to span.
pub(crate) fn type_of<'r>(sent: &Sent<'r>) -> Cow<'r, str> {
    let attributes = sent.attributes;
    let named = attributes
        .word(attribute::ERROR_TYPE)
        .filter(|word| word != "_OTHER");
    named
        .or_else(|| sent.exception_type().map(Cow::Owned))
        .or_else(|| {
            let status = sent.http_status.filter(|status| *status >= 400)?;
            Some(Cow::Owned(status.to_string()))
        })
        .or_else(|| {
            rpc::grpc_status(attributes)
                .filter(|status| *status != "OK")
                .map(Cow::Borrowed)
        })
        .or_else(|| attributes.word(DB_STATUS))
        .unwrap_or(Cow::Borrowed("error"))
}
