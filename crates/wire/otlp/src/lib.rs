//! Decodes OTLP into the domain model: what agents send is read once and normalised here.
//!
//! Promises: pure functions without clock, disk or async code; no panic on any input; every size
//! has a limit ([`Limits`]); everything that was cut, refused or moved is counted ([`Received`]).
//! An invalid span is refused alone, and the spans beside it are kept. Old and new semantic
//! conventions give the same model.
//!
//! Has no transport (gRPC services and HTTP routes are in `hinomi-collector`), no storage, and no
//! decision that depends on more than one request.

pub mod decoder;
pub mod limits;
pub mod path;
pub mod received;
pub mod request;

mod address;
mod base64;
mod begun;
mod call;
mod database;
mod empties;
mod error;
mod graphql;
mod http;
mod json;
mod known;
mod lookup;
mod maker;
mod messaging;
mod poll;
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
