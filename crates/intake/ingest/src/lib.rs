//! Admission: the steps between a decoded request and the store.
//!
//! Order: reservation of memory, deduplication of retries, cardinality limits, rollups, then one
//! append that is durable when it returns, and only then the live rollups. Promises: an accepted
//! span is durable and counted once, however often its request is repeated; a refused request can
//! be repeated.
//!
//! Refuses: knowing transports. Receivers translate [`Refused`] to their status codes.

mod admission;
mod cardinality;
mod dedupe;
mod limits;
mod metrics;
mod peers;
mod places;
mod secret;

pub use admission::{Admitted, Ingest, Refused};
pub use limits::IngestLimits;
pub use metrics::IngestMetrics;
pub use secret::Secret;
