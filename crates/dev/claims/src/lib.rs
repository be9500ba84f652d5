//! The scoreboard of claims: plays the simulated payments workload in simulated time, asks every
//! five seconds what the product claims, and compares the answers with what the workload knows.
//!
//! Data takes the way of real data: encoded OTLP requests, the decoder, admission, the lake and the
//! live window. Only sockets are missing, and the clock is set by hand. Claims are asked of
//! `hinomi_analysis::Analysis`, as the API asks for them. Promises the same figures for the same
//! seeds, and that no figure comes from anywhere but the run.
//!
//! Knows no pages and no HTTP. Judges claims, not their texts.

mod play;
mod scene;
pub mod score;
mod server;
pub mod table;
pub mod truth;

pub use play::{Play, Played, ReleasePlayed, ServicePlayed, play};
pub use scene::{SEEDS, Scene};
