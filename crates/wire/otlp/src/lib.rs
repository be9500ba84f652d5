//! OTLP to the model: what agents send, read once and normalised, at the outer edge.
//!
//! Promises: pure functions without clock, disk or async; no panic on any input; every size has a
//! limit ([`Limits`]) and what was cut, refused or moved is counted ([`Received`]). A bad span is
//! refused alone, its neighbours are kept. Semantic conventions old and new give the same model.
//!
//! Refuses: transport (gRPC services and HTTP routes live in `hinomi-collector`), storage, and any
//! choice that depends on more than one request.

pub mod decoder;
pub mod limits;
pub mod path;
pub mod received;
pub mod request;
pub mod sql;

mod address;
mod base64;
mod call;
mod database;
mod empties;
mod error;
mod http;
mod json;
mod known;
mod lookup;
mod maker;
mod messaging;
mod protobuf;
mod raw;
mod records;
mod resource;
mod rpc;
mod sent;
mod texts;
mod transaction;
mod value;
mod wire;

pub use decoder::{Admissible, Decoder};
pub use limits::Limits;
pub use protobuf::Malformed;
pub use received::{Received, Refusal, Rejected};
pub use records::{ActiveSeries, Metrics};
pub use request::DecodeError;
