//! Tests of the crate through its public face: tables of what agents send and what must come out.

mod calls;
mod errors;
mod hostile;
mod json_body;
mod path;
mod properties;
mod spans;
mod sql;
mod support;
mod transactions;
