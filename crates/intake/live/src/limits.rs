//! The limits of the live window, with their defaults and what happens at them.

/// Limits of what is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveLimits {
    /// Bytes of live rollups. Beyond it the oldest columns are forgotten, and questions that reach so far
    /// back are answered from the store: as right, and slower. 96 MiB: a minute of 65,536 keys that
    /// are busy in every five seconds, or the whole window of 6,000.
    pub window_bytes: usize,
}

impl Default for LiveLimits {
    fn default() -> Self {
        Self {
            window_bytes: 96 << 20,
        }
    }
}
