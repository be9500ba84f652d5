//! Tests of the crate through its public API: tables of what agents send and the expected results.

mod calls;
mod errors;
mod hostile;
mod json_body;
mod path;
mod properties;
mod spans;
mod support;
mod transactions;
