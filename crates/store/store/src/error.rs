//! What can go wrong, by what the caller can do about it.

/// Why a batch was not taken. [`Self::is_retryable`] tells when sending it again later is right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The queue is full; try again in a moment.
    #[error("the store is behind: too much waits to be written; try again in a second")]
    Full,
    /// The store is closing; try again after the restart.
    #[error("the store is shutting down; try again after the restart")]
    ShuttingDown,
    /// The disk is nearly full; try again once there is room.
    #[error(
        "the disk is nearly full: free some space or lower the disk budget; spans are taken again by themselves then"
    )]
    NoSpace,
    /// The disk failed; the batch does not count as written. Try again.
    #[error("the batch could not be written ({0}); check the disk, the sender may try again")]
    Disk(String),
    /// The project's name cannot be a folder's. Sending it again does not help.
    #[error(
        "{0:?} is no project name; use at most 64 lower-case letters, digits, '-' and '_', beginning with a letter or digit"
    )]
    Project(String),
    /// The batch is larger than a log record may be. Sending smaller batches helps.
    #[error("a batch of {bytes} bytes is over the limit of {limit}; send smaller batches")]
    TooLarge {
        /// Bytes of the batch, encoded.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

impl AppendError {
    /// Whether sending the same batch again may succeed.
    pub fn is_retryable(&self) -> bool {
        !matches!(self, Self::Project(_) | Self::TooLarge { .. })
    }
}

/// Why a question has no answer. Each message is the engine's own sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Too many questions run or wait. Ask again in a moment.
    #[error("{0}")]
    Busy(String),
    /// The question took longer than its limit. Ask for less.
    #[error("{0}")]
    TimedOut(String),
    /// The question needs more memory than questions may use. Ask for less.
    #[error("{0}")]
    OutOfMemory(String),
    /// The question adds up more than the engine does at once. Ask for less; asking again does not help.
    #[error("{0}")]
    TooMuch(String),
    /// The disk could not be written. Ask again once there is room on it and it can be written.
    #[error("{0}")]
    Unwritable(String),
    /// Nobody waits for the answer any more.
    #[error("{0}")]
    Cancelled(String),
    /// Everything else: the disk could not be read, data are damaged, or the engine has a defect.
    #[error("{0}")]
    Failed(String),
}

/// Bytes of the longest key of a promoted attribute.
pub const PROMOTED_KEY_BYTES: usize = 256;

/// Whether an attribute with this key can be promoted.
pub fn is_promotable(key: &str) -> bool {
    (1..=PROMOTED_KEY_BYTES).contains(&key.len()) && !key.chars().any(char::is_control)
}

/// Why an attribute was not promoted.
#[derive(Debug, thiserror::Error)]
pub enum PromoteError {
    /// The text is not a key.
    #[error("an attribute's key has 1 to {PROMOTED_KEY_BYTES} bytes and no control characters")]
    Key,
    /// As many attributes are promoted as the limit allows.
    #[error("{limit} attributes are promoted already; remove one first")]
    TooMany {
        /// The limit of the engine.
        limit: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
