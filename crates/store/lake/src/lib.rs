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
//! Refuses: knowing screens, HTTP or OTLP; judging what is slow or late; SQL over spans (the files
//! are Parquet, which other tools can query). `docs/formats/segments.md` describes the folder.

mod ahead;
mod backup;
mod cancel;
mod catalog;
mod committer;
mod compaction;
mod decode;
mod deployments;
mod disk_watch;
mod error;
mod files;
mod filter;
mod flush;
mod frame;
mod gather;
mod inspect;
mod labels;
mod lake;
mod limits;
mod lineage;
mod maintenance;
mod matcher;
mod memtable;
mod names;
mod origin;
mod parents;
mod path;
mod pool;
mod promoted;
mod quarantine;
mod queue;
mod rebuild;
mod reconcile;
mod recovery;
mod resource_text;
mod retention;
mod rollup_cache;
mod rollup_rows;
mod rollup_search;
mod rollup_table;
mod scan;
mod schema;
mod scrub;
mod segment;
mod state;
mod stats;
mod time_keeper;
mod turns;
mod watermark;
mod writer;

pub use backup::{BackupError, BackupReport, backup, restore, verify_backup};
pub use compaction::CompactionLimits;
pub use disk_watch::DiskLimits;
pub use error::{LakeError, OpenError};
pub use hinomi_store::{
    AppendError, ArrivalPlace, ArrivedRows, Asker, AttributeRow, AttributeRows, AttributeSearch,
    Batch, Deployed, Families, Lost, Matched, PromoteError, QuestionKind, Resolution, RollupAnswer,
    RollupQuestion, Scanned, SearchNews, SeenVersion, ServiceLabels, SpentCalls, SpentContrast,
    SpentCount, SpentRegion, SpentRow, SpentRows, SpentSearch, SpentSide, SpentTransactions,
    Stopped, Term, TracePlace, TraceRows, TraceStart, TransactionRow, TransactionRows,
    TransactionSearch, TransactionTimes,
};
pub use inspect::{Depth, Finding, Level, inspect};
#[doc(hidden)]
pub use lake::fuzz;
pub use lake::{Lake, LakeConfig, Piece, Recent};
pub use limits::LakeLimits;
pub use rebuild::rebuild_catalog;
pub use recovery::Recovery;
pub use retention::Retention;
pub use rollup_search::{RollupRows, RollupSearch};
pub use scrub::Scrub;
pub use stats::{LakeStats, QuestionStats};
pub use time_keeper::accept_clock;
