//! What admission, store, live rollups and queries promise together.

mod invariants;
