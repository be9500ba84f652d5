//! An append-only log: records with sequence numbers, checksums, group commit, replay.
//!
//! Promises: what [`Wal::sync`] has confirmed comes back from [`Wal::open`], once, in order, with
//! its sequence; what is torn, rotten or stale does not come back and is counted. Damage never
//! keeps a log from opening. `docs/formats/wal.md` draws the bytes.
//!
//! Refuses: knowing what is in a record; threads and async; syncing a file again after it failed.

mod format;
mod limits;
mod log;
mod replay;

pub use limits::WalLimits;
pub use log::{Wal, WalError};
pub use replay::{Replay, read};
