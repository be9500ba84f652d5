//! What admission, store, live rollups and queries promise together.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail a test")]

mod invariants;
