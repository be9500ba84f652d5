//! Time: the wall clock for events, a monotonic one for measuring.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Where "now" comes from.
pub trait Clock: Send + Sync + 'static {
    /// Nanoseconds since the Unix epoch. May jump in either direction.
    fn unix_nanos(&self) -> i64;

    /// Time since some fixed moment of this process. Never goes back.
    fn monotonic(&self) -> Duration;
}

/// The operating system's clocks.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time counts from now.
    #[expect(clippy::disallowed_methods, reason = "this is the door to the clock")]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the door to the clock")]
    fn unix_nanos(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
            Err(_) => 0,
        }
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A clock that stands still until told to move: for tests.
#[derive(Debug)]
pub struct ManualClock {
    unix_nanos: AtomicI64,
    monotonic_nanos: AtomicI64,
}

impl ManualClock {
    /// A clock that shows `unix_nanos`.
    pub fn at(unix_nanos: i64) -> Self {
        Self {
            unix_nanos: AtomicI64::new(unix_nanos),
            monotonic_nanos: AtomicI64::new(0),
        }
    }

    /// Moves on by `by`.
    pub fn advance(&self, by: Duration) {
        let nanos = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
        self.unix_nanos.fetch_add(nanos, Ordering::SeqCst);
        self.monotonic_nanos.fetch_add(nanos, Ordering::SeqCst);
    }

    /// Sets the wall clock, in either direction; no time passes.
    pub fn set(&self, unix_nanos: i64) {
        self.unix_nanos.store(unix_nanos, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn unix_nanos(&self) -> i64 {
        self.unix_nanos.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        let elapsed = self.monotonic_nanos.load(Ordering::SeqCst);
        Duration::from_nanos(elapsed.max(0) as u64)
    }
}
