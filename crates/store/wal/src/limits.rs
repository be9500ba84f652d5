//! Limits of the log.

/// Limits of one log. The defaults suit every machine; tests use small ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalLimits {
    /// A file that has reached this size is closed and a new one begins. Default 64 MiB: the unit
    /// in which space is freed after a checkpoint. A file can exceed this by at most one group
    /// commit.
    pub file_bytes: u64,
    /// Maximum size of a record's payload. When reading, a header with a larger length is rejected.
    /// Default 256 MiB, four times the largest request that the receivers accept.
    pub record_bytes: usize,
    /// Appended bytes are written to the file when this many are buffered, and at `sync`. Default 4
    /// MiB: few large writes, little memory.
    pub buffer_bytes: usize,
}

impl Default for WalLimits {
    fn default() -> Self {
        Self {
            file_bytes: 64 << 20,
            record_bytes: 256 << 20,
            buffer_bytes: 4 << 20,
        }
    }
}
