//! A clock that does not follow jumps of the machine's clock: [`TrustedTime`] behind a lock, as a
//! [`Clock`].
//!
//! All code that stores, deletes or shows data by time reads this clock. It logs when the machine's
//! clock starts or stops to differ from the trusted time.

use crate::{
    clock::{Boot, Clock},
    trusted_time::{ClockEvent, ClockLimits, ClockStatus, Reading, SavedTime, TrustedTime},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The trusted clock of a store.
pub struct TrustedClock {
    machine: Arc<dyn Clock>,
    time: Mutex<TrustedTime>,
}

impl TrustedClock {
    /// Continues from saved time; see [`TrustedTime::start`].
    pub fn start(
        machine: Arc<dyn Clock>,
        limits: ClockLimits,
        saved: Option<&SavedTime>,
        newest: Option<i64>,
    ) -> Self {
        let reading = Reading::of(&*machine);
        let time = TrustedTime::start(limits, saved, newest, reading);
        let clock = Self {
            machine,
            time: Mutex::new(time),
        };
        clock.with(|_, _| ());
        clock
    }

    /// Reports that a request arrived whose newest span ended at `newest`, according to its
    /// sender's clock.
    pub fn witness(&self, newest: i64) {
        self.with(|time, reading| time.witness(reading, newest));
    }

    /// Accepts the machine's clock as correct, on an operator's request.
    pub fn accept(&self) {
        self.with(TrustedTime::accept);
    }

    /// The instant from which ages are measured.
    pub fn age(&self) -> i64 {
        self.with(|time, reading| {
            time.tick(reading);
            time.age()
        })
    }

    /// The current time, and the instant before which spans are refused as too old.
    pub fn now_and_oldest(&self) -> (i64, i64) {
        self.with(|time, reading| {
            time.tick(reading);
            (time.now(), time.oldest())
        })
    }

    /// State of the clocks.
    pub fn status(&self) -> ClockStatus {
        self.with(|time, reading| {
            time.tick(reading);
            time.status()
        })
    }

    /// What to save for the next start.
    pub fn saved(&self) -> SavedTime {
        self.with(|time, reading| {
            time.tick(reading);
            time.saved()
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut TrustedTime, Reading) -> T) -> T {
        let mut time = self.time.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock. A reading taken before waiting for the lock could be older than the
        // previous one.
        let done = act(&mut time, Reading::of(&*self.machine));
        let event = time.take_event();
        drop(time);
        if let Some(event) = event {
            tell(event);
        }
        done
    }
}

impl Clock for TrustedClock {
    fn unix_nanos(&self) -> i64 {
        self.with(|time, reading| {
            time.tick(reading);
            time.now()
        })
    }

    fn monotonic(&self) -> Duration {
        self.machine.monotonic()
    }

    fn boot(&self) -> Option<Boot> {
        self.machine.boot()
    }
}

fn tell(event: ClockEvent) {
    match event {
        ClockEvent::Jumped(by) => tracing::warn!(
            seconds = by / 1_000_000_000,
            "the server's clock jumped: Hinomi keeps using its own time and deletes no data because of the jump; correct the clock (NTP), or accept it with `hinomi doctor --accept-clock` while the server is stopped"
        ),
        ClockEvent::Returned => tracing::info!("the machine's clock and Hinomi's agree again"),
        ClockEvent::Moved(by) => tracing::warn!(
            seconds = by / 1_000_000_000,
            "Hinomi's clock was moved: what senders say agrees with the new time; nothing is deleted for it until they have agreed for long"
        ),
        ClockEvent::Confirmed(held) => tracing::info!(
            seconds = held.as_secs(),
            "senders have agreed with the clock for long: data are as old as the clock says"
        ),
    }
}
