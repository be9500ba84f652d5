//! The log's limits.

/// Bounds of one log. The defaults suit every machine; tests make them small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalLimits {
    /// A file that has reached this many bytes is closed and the next one begun. Default 64 MiB:
    /// the unit in which space comes back after a checkpoint. A file is larger than this by at
    /// most one group.
    pub file_bytes: u64,
    /// Longest record, also the longest length that a header is believed when it is read. Default
    /// 256 MiB, four times the largest request that the receivers let in.
    pub record_bytes: usize,
    /// Appended bytes are handed to the file when this many wait, and at `sync`. Default 4 MiB: few
    /// large writes, little memory.
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
