//! Tests the log against all kinds of damage: synced records are returned, everything else is
//! recognised.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod damage;

mod failures;
mod files;
mod log;
mod simulation;
