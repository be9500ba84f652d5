//! Time: a wall clock for events and a monotonic clock for durations.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Source of the current time.
pub trait Clock: Send + Sync + 'static {
    /// Nanoseconds since the Unix epoch. May jump in either direction.
    fn unix_nanos(&self) -> i64;

    /// Time since a fixed moment of this process. Never goes backwards.
    fn monotonic(&self) -> Duration;

    /// Time since the machine started; `None` if the system does not tell. Unlike
    /// [`Self::monotonic`] it includes time while this process is not running and while the machine
    /// sleeps.
    fn boot(&self) -> Option<Boot> {
        None
    }
}

/// One run of the machine, and its duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boot {
    /// Differs after each start of the machine.
    pub id: u128,
    /// Time since that start, including sleep. Cannot be set.
    pub uptime: Duration,
}

/// Clocks of the operating system.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    boot_id: Option<u128>,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[expect(clippy::disallowed_methods, reason = "this is the door to the clock")]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            boot_id: boot_id(),
        }
    }
}

/// Linux's id of this run of the machine. Inside a container it is that of the host.
#[cfg(target_os = "linux")]
fn boot_id() -> Option<u128> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    u128::from_str_radix(&text.trim().replace('-', ""), 16).ok()
}

#[cfg(not(target_os = "linux"))]
fn boot_id() -> Option<u128> {
    None
}

#[cfg(target_os = "linux")]
fn uptime() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let nanos = u32::try_from(time.tv_nsec).ok()?;
    Some(Duration::new(seconds, nanos))
}

#[cfg(not(target_os = "linux"))]
fn uptime() -> Option<Duration> {
    None
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

    fn boot(&self) -> Option<Boot> {
        let (id, uptime) = (self.boot_id?, uptime()?);
        Some(Boot { id, uptime })
    }
}

/// A clock for tests that moves only when told to.
#[derive(Debug)]
pub struct ManualClock {
    unix_nanos: AtomicI64,
    monotonic_nanos: AtomicI64,
    boots: AtomicU64,
}

impl ManualClock {
    /// A clock that shows `unix_nanos`.
    pub fn at(unix_nanos: i64) -> Self {
        Self {
            unix_nanos: AtomicI64::new(unix_nanos),
            monotonic_nanos: AtomicI64::new(0),
            boots: AtomicU64::new(0),
        }
    }

    /// Advances wall clock and monotonic clock.
    pub fn advance(&self, by: Duration) {
        let nanos = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
        self.unix_nanos.fetch_add(nanos, Ordering::SeqCst);
        self.monotonic_nanos.fetch_add(nanos, Ordering::SeqCst);
    }

    /// Sets the wall clock, in either direction. No time passes.
    pub fn set(&self, unix_nanos: i64) {
        self.unix_nanos.store(unix_nanos, Ordering::SeqCst);
    }

    /// Simulates that the machine was off for `by`: a new boot, and only the wall clock has
    /// advanced.
    pub fn power_off(&self, by: Duration) {
        let nanos = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
        self.unix_nanos.fetch_add(nanos, Ordering::SeqCst);
        self.boots.fetch_add(1, Ordering::SeqCst);
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

    fn boot(&self) -> Option<Boot> {
        Some(Boot {
            id: self.boots.load(Ordering::SeqCst).into(),
            uptime: self.monotonic(),
        })
    }
}
