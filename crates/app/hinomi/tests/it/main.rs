//! Tests of the whole server, or of several layers without a server: promises that no single crate
//! can make.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail a test")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests read and write files of their own and measure by the system's clock"
)]

mod board;
mod connections;
mod deployment;
mod estate;
mod field;
mod keeping;
mod memory;
mod names;
mod otlp;
mod process;
mod registry;
mod search;
mod series;
mod server;
mod spent;
