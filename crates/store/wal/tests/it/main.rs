//! The log against damage of every kind: what was synced comes back, the rest is told apart.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod damage;

mod failures;
mod files;
mod log;
mod simulation;
