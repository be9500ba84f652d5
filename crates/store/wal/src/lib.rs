//! An append-only log: records with sequence numbers and checksums, group commit, replay.
//!
//! Promises: a record that [`Wal::sync`] has confirmed is returned by [`Wal::open`], once, in
//! order, with its sequence. Torn, corrupted and stale records are not returned but counted. Damage
//! never prevents a log from opening. `docs/formats/wal.md` shows the format.
//!
//! Refuses: knowing what a record contains; threads and async; syncing a file again after a failed
//! sync.

mod format;
mod limits;
mod log;
mod replay;

pub use limits::WalLimits;
pub use log::{Wal, WalError};
pub use replay::{Replay, read};
