//! Converts OTLP/JSON bodies to protobuf, so that there is only one reader for requests. Bodies
//! arrive here decompressed and limited in size.
//!
//! Values nested deeper than a hundred levels are left out. They are skipped without recursion, so
//! they cannot overflow the stack, and they cost no extra memory; tests check both. A body that
//! cannot be read is refused as a whole: the answer is 400, and agents do not retry.

use crate::protobuf::Malformed;
use serde::de::Error;

/// The reasons for which a body is not a valid request.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The body is not protobuf.
    #[error("the body is no OTLP protobuf ({0}): check the exporter's protocol and Content-Type")]
    Protobuf(#[from] Malformed),
    /// The body is not JSON, or not of OTLP's form.
    #[error("the body is no OTLP JSON ({0}): check the exporter's protocol and Content-Type")]
    Json(#[from] serde_json::Error),
}

impl DecodeError {
    /// Turns the error of converted protobuf into an error of the JSON body.
    pub(crate) fn of_json(self) -> Self {
        match self {
            Self::Protobuf(malformed) => Self::Json(serde_json::Error::custom(malformed)),
            json @ Self::Json(_) => json,
        }
    }
}
