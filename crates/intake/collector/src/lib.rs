//! OTLP receivers: gRPC and HTTP, protobuf and JSON, gzip and zstd.
//!
//! Wire to ingest and back. Promises: a success is sent only when the spans are durable; every
//! answer has the status the protocol asks for, so that clients repeat what they should and drop
//! what they must. Nothing here is answered with INTERNAL or 500.
//! What one sender sends holds up no other: bodies of any size are decoded off the threads that receive.
//!
//! Refuses: knowing what spans mean (`hinomi-otlp`) and where they go (`hinomi-ingest`).

mod body;
mod browsers;
mod decoding;
mod grpc;
mod http;
mod inflate;
mod limits;
mod receiver;
mod serve;

pub use limits::CollectorLimits;
pub use receiver::Receiver;
pub use serve::{serve_grpc, serve_http};
