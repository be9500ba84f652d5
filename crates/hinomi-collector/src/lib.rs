//! OTLP receivers: gRPC and HTTP, protobuf and JSON, gzip and zstd.
//!
//! Wire to ingest and back. Promises: a success is sent only when the spans are durable; every
//! answer has the status the protocol asks for, so that clients repeat what they should and drop
//! what they must. Nothing here is answered with INTERNAL or 500.
//!
//! Refuses: knowing what spans mean (`hinomi-otlp`) and where they go (`hinomi-ingest`).

mod body;
mod grpc;
mod http;
mod limits;
mod metered;
mod receiver;
mod serve;

pub use limits::CollectorLimits;
pub use receiver::Receiver;
pub use serve::{serve_grpc, serve_http};
