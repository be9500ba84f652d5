//! Error types, with one variant per reaction of the caller.

use hinomi_columnar::{ColumnarError, VerifiedFile};
use hinomi_store::{PromoteError, StoreError};
use std::{io, path::PathBuf};

/// Why a lake did not open. Each message is one sentence that ends with the next step.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process uses the folder.
    #[error(
        "the data folder {path} is in use by another hinomi process; stop that one or choose another folder with --data-dir"
    )]
    Locked {
        /// Data folder.
        path: PathBuf,
    },
    /// A later version wrote the folder.
    #[error(
        "the data folder is of version {found}, this hinomi knows versions up to {known}; start the hinomi that wrote it, or a newer one"
    )]
    NewerVersion {
        /// Version of the folder.
        found: i64,
        /// Latest version known here.
        known: i64,
    },
    /// A version before the first release wrote the folder.
    #[error(
        "the data folder {path} was written by a version before the first release and cannot be read; move it away and start with a new folder"
    )]
    BeforeFirstRelease {
        /// Data folder.
        path: PathBuf,
    },
    /// A restore is running or was interrupted.
    #[error(
        "the data folder {path} is being restored, or a restore was cut short; wait for its end, or remove the folder and restore again"
    )]
    Restoring {
        /// Data folder.
        path: PathBuf,
    },
    /// The folder cannot be created or written.
    #[error(
        "cannot write to {path} ({source}); make the data folder writable for this user or choose another with --data-dir"
    )]
    Unwritable {
        /// Path that failed.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The folder cannot be read.
    #[error(
        "cannot read {path} ({source}); check the disk and the folder's rights, and start again"
    )]
    Unreadable {
        /// Path that failed.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// Segment files exist, but no catalog, and the files themselves do not say where they belong.
    #[error(
        "the data folder {path} has {files} files of segments and no catalog that names them, and they do not say themselves where they belong; restore the data folder from a backup, or move it away to start with an empty one"
    )]
    NoCatalog {
        /// Data folder.
        path: PathBuf,
        /// Number of segment files.
        files: usize,
    },
    /// The manifest cannot be read.
    #[error("the catalog's manifest cannot be read ({0}); check the disk and start again")]
    Manifest(hinomi_wal::WalError),
    /// The catalog of an earlier version cannot be read.
    #[error(
        "the catalog {path} cannot be read ({source}); restore the data folder from a backup, or move it away to start with an empty one"
    )]
    Catalog {
        /// Path of the catalog file.
        path: PathBuf,
        /// Error of SQLite.
        source: sqlx::Error,
    },
    /// The write-ahead log cannot be read.
    #[error("the write-ahead log cannot be read ({0}); check the disk and start again")]
    Log(hinomi_wal::WalError),
    /// The configuration of the node or the system is unsuitable.
    #[error("the store cannot start: {0}")]
    Setup(String),
}

/// Why a query or a flush has no answer.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// Too many queries are running or waiting.
    #[error("too many queries at once; try again in a moment")]
    Busy,
    /// The query took longer than [`crate::LakeLimits::query_timeout`].
    #[error("the query took too long; ask for a shorter time range or one service")]
    TimedOut,
    /// All queries together need more than [`crate::LakeLimits::query_bytes`].
    #[error(
        "the query needs more than the {} MiB of memory that queries may use at once; ask for a shorter time range or one service, or raise the memory limit",
        limit >> 20
    )]
    OutOfMemory {
        /// Memory limit of all queries together, in bytes.
        limit: usize,
    },
    /// The query would have to combine more spans than [`crate::LakeLimits::call_tree_spans`].
    #[error(
        "the range has more than {limit} spans to add up; ask for a shorter time range or one service"
    )]
    TooManySpans {
        /// Maximum number of spans.
        limit: usize,
    },
    /// The disk is nearly full. Retry once there is room.
    #[error("the disk is nearly full: free some space or lower the disk budget, then try again")]
    NoSpace,
    /// The caller no longer waits for the answer.
    #[error("the query was cancelled")]
    Cancelled,
    /// The lake is closed.
    #[error("the store is closed; start hinomi again")]
    Closed,
    /// The disk failed.
    #[error("{path}: {source}")]
    Disk {
        /// File or folder that failed.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// Bytes differ from those that were written: a checksum or a length does not match.
    #[error("{0}; restore the file from a backup")]
    Damaged(String),
    /// The catalog could not be written or read back.
    #[error("the catalog failed ({0}); check the disk")]
    Manifest(String),
    /// Columns do not match their schema: either damage or a bug in Hinomi.
    #[error("columns could not be read or written ({0})")]
    Columns(String),
    /// A query or a writer panicked: a bug in Hinomi.
    #[error("the store failed inside ({0}); please report this")]
    Internal(String),
}

impl LakeError {
    /// The actual error of a scan: if this one only wraps a failed read of the file, the error of
    /// the first failed read. Parquet's and Arrow's readers keep only its text.
    pub(crate) fn blame(self, file: &VerifiedFile) -> Self {
        match self {
            Self::Columns(_) => file.take_failure().map_or(self, Self::from),
            other => other,
        }
    }

    pub(crate) fn manifest(error: hinomi_wal::WalError) -> Self {
        Self::Manifest(error.to_string())
    }

    pub(crate) fn disk(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Disk { path, source }
    }
}

impl From<LakeError> for StoreError {
    fn from(error: LakeError) -> Self {
        let sentence = error.to_string();
        match error {
            LakeError::Busy => Self::Busy(sentence),
            LakeError::TimedOut => Self::TimedOut(sentence),
            LakeError::OutOfMemory { .. } => Self::OutOfMemory(sentence),
            LakeError::TooManySpans { .. } => Self::TooMuch(sentence),
            LakeError::NoSpace => Self::Unwritable(sentence),
            LakeError::Cancelled => Self::Cancelled(sentence),
            LakeError::Closed
            | LakeError::Disk { .. }
            | LakeError::Damaged(_)
            | LakeError::Manifest(_)
            | LakeError::Columns(_)
            | LakeError::Internal(_) => Self::Failed(sentence),
        }
    }
}

impl From<ColumnarError> for LakeError {
    fn from(error: ColumnarError) -> Self {
        match error {
            ColumnarError::Disk { path, source } => Self::Disk { path, source },
            ColumnarError::Damaged(what) => Self::Damaged(what),
            ColumnarError::Columns(what) => Self::Columns(what),
            ColumnarError::Internal(what) => Self::Internal(what),
        }
    }
}

impl From<LakeError> for PromoteError {
    fn from(error: LakeError) -> Self {
        Self::Store(error.into())
    }
}

impl From<arrow_schema::ArrowError> for LakeError {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::Columns(error.to_string())
    }
}

impl From<parquet::errors::ParquetError> for LakeError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Columns(error.to_string())
    }
}
