//! Bytes of an OTLP/HTTP body to a request. Bodies arrive here decompressed and capped in size.
//!
//! Both decoders bound their recursion (prost at 100 messages, serde_json at 128 levels), so a
//! body of nothing but nested values is an error and not a stack overflow; the tests hold them to
//! that. A body that cannot be read is refused whole: the answer is 400, and agents do not retry.

use crate::wire;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

/// Why a body is no request.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// It is no protobuf, or nested too deeply, or a text in it is not UTF-8.
    #[error("the body is no OTLP protobuf ({0}): check the exporter's protocol and Content-Type")]
    Protobuf(#[from] prost::DecodeError),
    /// It is no JSON, or not of OTLP's shape, or nested too deeply.
    #[error("the body is no OTLP JSON ({0}): check the exporter's protocol and Content-Type")]
    Json(#[from] serde_json::Error),
}

/// The trace request in a protobuf body. An empty body is an empty request.
pub fn trace_request_from_protobuf(bytes: &[u8]) -> Result<ExportTraceServiceRequest, DecodeError> {
    Ok(ExportTraceServiceRequest::decode(bytes)?)
}

/// The trace request in a JSON body: ids in hex of either case, 64-bit integers as numbers or
/// texts, enums as numbers, unknown fields ignored, `null` as absent.
pub fn trace_request_from_json(bytes: &[u8]) -> Result<ExportTraceServiceRequest, DecodeError> {
    Ok(serde_json::from_slice::<wire::Request>(bytes)?.into())
}
