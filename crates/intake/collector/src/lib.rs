//! OTLP receivers: gRPC and HTTP, protobuf and JSON, gzip and zstd.
//!
//! Connects the wire protocol to admission. Promises: a success response is sent only once the
//! spans are durable. Every response has the status that the protocol requires, so that clients
//! retry what can succeed and drop what cannot. No response is INTERNAL or 500. No sender delays
//! another: bodies that take long to decode are decoded on blocking threads, not on the threads
//! that receive.
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
mod request;
mod senders;
mod serve;

pub use limits::CollectorLimits;
pub use receiver::Receiver;
pub use senders::{EverySender, Senders, UnknownSender};
pub use serve::{serve_grpc, serve_http};
