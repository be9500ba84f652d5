//! The payments workload: twelve services, their databases and partners, faults on a schedule.
//!
//! Promises: what happens at an instant depends on the configuration and that instant alone. So any
//! range of time can be generated again, in any order, and live continues the history without a
//! gap. Children lie within their parents. Every fault is listed by [`Workload::schedule`].
//!
//! Knows nothing of Hinomi but OTLP, reads no clock, and holds no more than a few minutes of spans
//! in memory.

mod attributes;
mod backfill;
mod batch;
mod catalog;
mod codec;
mod dice;
mod exception;
mod fault;
mod feed;
mod live;
mod operation;
mod otlp;
mod partner;
mod release;
mod rhythm;
mod send;
mod service;
pub mod shapes;
mod span;
mod store;
mod stretch;
mod trace;
mod wire;
mod workload;

pub use backfill::{Progress, backfill};
pub use batch::{Batch, Batcher, Grouping, MAX_SPANS};
pub use exception::Exception;
pub use fault::{Fault, FaultKind};
pub use feed::SpanFeed;
pub use live::live;
pub use release::{Release, ReleaseKind};
pub use send::{Sent, SimError, Target};
pub use service::{ENVIRONMENT, Language, SERVICES, Service};
pub use span::{Attribute, SimSpan, SimTrace, SpanKind, Value};
pub use stretch::{Stretch, StretchConfig};
pub use trace::MAX_TRACE_NS;
pub use workload::{Workload, WorkloadConfig};
