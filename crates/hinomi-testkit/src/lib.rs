//! Builders for tests: spans that are valid and unique unless told otherwise.

mod span;

pub use span::SpanBuilder;
