//! The error type: one variant per reaction of the caller.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a file or its columns could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ColumnarError {
    /// The disk failed. Another attempt may succeed.
    #[error("{path}: {source}")]
    Disk {
        /// File that failed; empty if the place of the error does not know it.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// Bytes differ from those that were written: a checksum or a length does not match.
    #[error("{0}; restore the file from a backup")]
    Damaged(String),
    /// The bytes are those that were written, but they are not the columns that the caller expects,
    /// or this crate cannot read them.
    #[error("columns could not be read or written ({0})")]
    Columns(String),
    /// The caller or a library was used wrongly: a bug.
    #[error("columns were used wrongly ({0}); please report this")]
    Internal(String),
}

impl ColumnarError {
    /// Error of a failed read: damage if the file ends too early, otherwise a disk failure without
    /// a path, which [`Self::of_file`] adds.
    pub fn reading(source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::UnexpectedEof => Self::Damaged("the file ends too early".into()),
            _ => Self::Disk {
                path: PathBuf::new(),
                source,
            },
        }
    }

    /// Adds the file's path to a disk error that has none.
    pub fn of_file(self, file: &Path) -> Self {
        match self {
            Self::Disk { path, source } if path.as_os_str().is_empty() => Self::Disk {
                path: file.into(),
                source,
            },
            other => other,
        }
    }

    /// Makes the error of a failed call on this path.
    pub(crate) fn disk(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Disk { path, source }
    }
}

impl From<arrow_schema::ArrowError> for ColumnarError {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::Columns(error.to_string())
    }
}

impl From<parquet::errors::ParquetError> for ColumnarError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Columns(error.to_string())
    }
}
