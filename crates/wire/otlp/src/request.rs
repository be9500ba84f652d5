//! OTLP/JSON bodies to protobuf, so that there is one way to read a request. Bodies arrive here
//! decompressed and capped in size.
//!
//! What is nested beyond a hundred levels is left out and read without recursion, so that it is no stack
//! overflow and costs nothing beside it; the tests hold it to that. A body that cannot be read is
//! refused whole: the answer is 400, and agents do not retry.

use crate::protobuf::Malformed;
use serde::de::Error;

/// Why a body is no request.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// It is no protobuf.
    #[error("the body is no OTLP protobuf ({0}): check the exporter's protocol and Content-Type")]
    Protobuf(#[from] Malformed),
    /// It is no JSON, or not of OTLP's shape.
    #[error("the body is no OTLP JSON ({0}): check the exporter's protocol and Content-Type")]
    Json(#[from] serde_json::Error),
}

impl DecodeError {
    /// The same of a body that was JSON.
    pub(crate) fn of_json(self) -> Self {
        match self {
            Self::Protobuf(malformed) => Self::Json(serde_json::Error::custom(malformed)),
            json @ Self::Json(_) => json,
        }
    }
}
