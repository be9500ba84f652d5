//! A request and its answer, whatever the transport.

use crate::{
    body::{Body, BodyError},
    inflate::Compression,
    senders::UnknownSender,
};
use hinomi_ingest::Refused;
use hinomi_model::Text;
use std::time::Duration;

/// Type of telemetry in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Metrics,
    Logs,
}

/// Encoding of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Protobuf,
    Json,
}

/// A request whose body has been read.
#[derive(Debug)]
pub(crate) struct Request {
    /// The project of its sender.
    pub project: Text,
    pub signal: Signal,
    pub encoding: Encoding,
    pub compression: Compression,
    pub body: Body,
}

/// Answer to a valid request: the number of refused records, and the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub rejected: i64,
    pub message: String,
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The request cannot be decoded. The client must not retry it.
    #[error("the request can not be decoded: {0}")]
    Malformed(String),
    /// The body could not be read or decompressed.
    #[error("{0}")]
    Body(#[from] BodyError),
    /// The sender is not known. The client must not retry.
    #[error("{0}")]
    Unknown(#[from] UnknownSender),
    /// The request was not admitted. The refusal says whether to retry.
    #[error("{0}")]
    Refused(#[from] Refused),
}

/// The answer to an error on our side: retry later.
pub(crate) fn later() -> Failure {
    Refused::Busy {
        retry_after: Duration::from_secs(1),
    }
    .into()
}
