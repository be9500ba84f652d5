//! The embedded store: write-ahead log, memtable, Parquet segments, catalog and queries.
//!
//! Promises:
//! - [`Lake::append`] returns `Ok` only when the batch is durable and visible to every later query.
//! - A crash at any instant loses nothing acknowledged and counts nothing twice: segments become
//!   visible, and the log's checkpoint moves, in one catalog transaction.
//! - For any region the sum of rollup cells equals the number of transactions listed. This holds in
//!   memory, after a flush and after a restart, and includes late spans.
//! - Memory is bounded by [`LakeLimits`]. When the disk is too slow, appends are refused.
//! - Disk use is bounded: data are deleted by age and by disk budget, and appends are refused
//!   before the disk is full.
//!
//! Refuses: knowing screens, HTTP or OTLP; judging what is slow or late; remembering what is not
//! telemetry (the registry does, by the trait `Names`); SQL over spans (the files are Parquet, which
//! other tools can query). `docs/formats/segments.md` describes the folder.
//!
//! The modules along the way of a row: `log` (queue, commit, record), `memtable`, `flush`, `segment`
//! (one file), `tables` (a folder for each kind of data: its columns and what they mean), `catalog`
//! (which segments count), `maintenance` (compaction, retention, check), `scan` (the queries) on `query` (their turns
//! and limits). Beside it: `recovery` and `quarantine` (what a start and a failed read do), `folder`
//! (paths, backup, inspection), `names` (what the registry is told). `lake` is the handle, `state` what
//! all of them share.

mod catalog;
mod data;
mod error;
mod flush;
mod folder;
mod lake;
mod limits;
mod lists;
mod log;
mod maintenance;
mod memtable;
mod names;
mod quarantine;
mod query;
mod recovery;
mod scan;
mod segment;
mod shared;
mod stats;
mod tables;
mod wake;

pub use error::{LakeError, OpenError};
pub use folder::backup::{BackupError, BackupReport, backup, restore, verify_backup};
pub use folder::inspect::{Depth, Finding, Level, inspect};
pub use folder::time_keeper::accept_clock;
pub use hinomi_store::{
    AppendError, ArrivalPlace, ArrivedRows, Asker, AttributeRow, AttributeRows, AttributeSearch,
    Batch, Deployed, Families, Lost, Matched, PromoteError, QuestionKind, Resolution, RollupAnswer,
    RollupQuestion, Scanned, SearchNews, SeenVersion, ServiceLabels, Stopped, Term, TracePlace,
    TraceRows, TraceStart, TransactionRow, TransactionRows, TransactionSearch, TransactionTimes,
};
#[doc(hidden)]
pub use lake::fuzz;
pub use lake::{Lake, LakeConfig, LockedFolder, Piece, Recent};
pub use limits::LakeLimits;
pub use maintenance::compaction::CompactionLimits;
pub use maintenance::disk_watch::DiskLimits;
pub use maintenance::retention::Retention;
pub use maintenance::scrub::Scrub;
pub use recovery::Recovery;
pub use recovery::rebuild::rebuild_catalog;
pub use stats::{LakeStats, QuestionStats};
pub use tables::rollups::search::{RollupRows, RollupSearch};
pub use tables::{TableId, signals::NAMES as SIGNALS};
