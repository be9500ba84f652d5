//! Limits of the live window, with their defaults and effects.

/// Limits of live data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveLimits {
    /// Memory for live rollups, which projects share in equal parts. Beyond it the oldest columns are dropped, and queries for them are
    /// answered from the store: equally correct, but slower. Default 96 MiB: one minute of 65,536
    /// keys that are busy in every five seconds, or the whole window of 6,000 such keys.
    pub window_bytes: usize,
}

impl Default for LiveLimits {
    fn default() -> Self {
        Self {
            window_bytes: 96 << 20,
        }
    }
}
