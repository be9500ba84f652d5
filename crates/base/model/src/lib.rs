//! The domain types of Hinomi: ids, time, spans, transactions, client calls, rollups and hitmap
//! rows.
//!
//! Promises: plain values, total functions, no panics on any input. Every type can be built and
//! compared in a test without a disk, a clock or a runtime.
//!
//! Has no I/O, no async code and no wire formats. OTLP is in `hinomi-otlp`, Parquet in
//! `hinomi-lake`, JSON answers in `hinomi-api`.

pub mod attribute;
pub mod batch;
pub mod call;
pub mod cell_sum;
pub mod hitmap;
pub mod id;
pub mod latency;
pub mod log;
pub mod rollup;
pub mod selection;
pub mod span;
pub mod text;
pub mod time;
pub mod transaction;

pub use batch::{BatchBuilder, SpanBatch};
pub use call::{CallCategory, CallFailure, ClientCall};
pub use cell_sum::CellSum;
pub use id::{SpanId, TraceId};
pub use latency::{LatencyHistogram, LatencySum};
pub use log::{LogBatch, LogRecord};
pub use rollup::{Rollup, RollupKey, RollupRef, RollupSet};
pub use selection::{Cursor, DurationRange, OutcomeFilter, Scope, Selection};
pub use span::{Resource, Span, SpanIdentity, SpanKind, SpanStatus};
pub use text::Text;
pub use time::{TimeRange, UnixNanos};
pub use transaction::{Outcome, Transaction, TransactionKind};
