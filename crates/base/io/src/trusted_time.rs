//! The time that the store trusts: pure rules, with the readings of the clocks and the times that
//! senders report as input.
//!
//! There are two instants. *Now* is what is shown and what admission uses. It advances with elapsed
//! time, follows small steps of the wall clock, and jumps only if senders agree. *Age* is what
//! retention uses. It advances with elapsed time and never faster. So no jump of any clock, and no
//! downtime of unconfirmed length, makes data older. *Age* catches up with *now* when senders have
//! agreed with *now* for [`ClockLimits::confirm_after`], or when an operator confirms it.

use crate::clock::Boot;
use std::time::Duration;

/// 2025-01-01: this program did not exist before. A clock that shows an earlier time has not been
/// set yet.
const EARLIEST: i64 = 1_735_689_600_000_000_000;

/// Limits on which clock changes are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockLimits {
    /// A step of the wall clock up to this is always followed. Default 5 min: the size that time
    /// servers correct, and too small for senders to distinguish.
    pub step: Duration,
    /// The newest span of a request agrees with an instant if it ended at most this far from it.
    /// Default 5 min: the delay of a queue in an agent.
    pub tolerance: Duration,
    /// A jump of the wall clock up to this is followed as soon as one sender agrees. Default 1 day:
    /// a virtual machine that was paused, or a wrong time zone.
    pub follow_at_once: Duration,
    /// Beyond that, the wall clock or the senders are followed if most requests during this time
    /// agree. Default 10 min.
    pub follow_after: Duration,
    /// Time of agreement with senders after which *age* catches up with *now*. Default 2 days:
    /// longer than a wrong clock stays unnoticed.
    pub confirm_after: Duration,
    /// Spans older than this are refused. So senders that are further behind could never get their
    /// spans accepted unless *now* follows them. Default 30 days, as in OTLP decoding.
    pub oldest: Duration,
}

/// One day.
const DAY: Duration = Duration::from_secs(24 * 3_600);

impl Default for ClockLimits {
    fn default() -> Self {
        Self {
            step: Duration::from_secs(5 * 60),
            tolerance: Duration::from_secs(5 * 60),
            follow_at_once: DAY,
            follow_after: Duration::from_secs(10 * 60),
            confirm_after: 2 * DAY,
            oldest: 30 * DAY,
        }
    }
}

/// Readings of the clocks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Wall clock, in Unix nanoseconds.
    pub wall: i64,
    /// A clock that nobody can set: the machine's uptime, or the process's monotonic clock if that
    /// is unknown.
    pub uptime: Duration,
    /// Id of the machine's run.
    pub boot: Option<u128>,
}

impl Reading {
    /// Reads the clocks of the machine; uses the process's monotonic clock if the machine's uptime
    /// is unknown.
    pub fn of(clock: &dyn crate::Clock) -> Self {
        let boot = clock.boot();
        Self {
            wall: clock.unix_nanos(),
            uptime: boot.map_or_else(|| clock.monotonic(), |boot: Boot| boot.uptime),
            boot: boot.map(|boot| boot.id),
        }
    }
}

/// State that is kept across restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavedTime {
    /// *Now* at the time of saving, in Unix nanoseconds.
    pub now: i64,
    /// The instant from which ages were measured, in Unix nanoseconds.
    pub age: i64,
    /// How long senders have agreed since *age* was last confirmed.
    pub agreed: Duration,
    /// Whether *age* was ever confirmed.
    pub established: bool,
    /// Whether a sender has agreed with *now* since the machine started.
    pub confirmed: bool,
    /// Id of the machine's run.
    pub boot: Option<u128>,
    /// Uptime at the time of saving.
    pub uptime: Duration,
}

/// A change of the time that an operator should know about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockEvent {
    /// The wall clock jumped this far away from *now*, in nanoseconds.
    Jumped(i64),
    /// The wall clock shows *now* again.
    Returned,
    /// *Now* was moved this far, in nanoseconds, because senders agree with it.
    Moved(i64),
    /// *Age* caught up with *now*, by this much.
    Confirmed(Duration),
}

/// Counts of what senders reported in one window of time.
#[derive(Debug, Clone, Copy, Default)]
struct Votes {
    since: Duration,
    now: u64,
    wall: u64,
    other: u64,
    /// Candidate for the offset that most of the other senders share, and its lead (Boyer-Moore
    /// majority vote).
    candidate: i64,
    lead: u64,
}

/// The trusted time; the module documentation explains the rules.
#[derive(Debug, Clone)]
pub struct TrustedTime {
    limits: ClockLimits,
    boot: Option<u128>,
    uptime: Duration,
    wall: i64,
    now: i64,
    age: i64,
    agreed: Duration,
    established: bool,
    confirmed: bool,
    apart: bool,
    jumps: u64,
    votes: Votes,
    event: Option<ClockEvent>,
}

/// State of the clocks, for metrics and status pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClockStatus {
    /// The trusted current time, in Unix nanoseconds.
    pub now: i64,
    /// The wall clock, in Unix nanoseconds.
    pub wall: i64,
    /// The instant from which ages are measured, in Unix nanoseconds.
    pub age: i64,
    /// Whether the wall clock differs from *now*.
    pub is_apart: bool,
    /// How much older data may be than assumed.
    pub held: Duration,
    /// Whether `held` should be reported: it exceeds a day, in a folder whose *age* was confirmed
    /// before.
    pub is_held: bool,
    /// Jumps of the wall clock since the start.
    pub jumps: u64,
}

impl TrustedTime {
    /// The time at a start. `newest` is the end of the newest data, for folders of versions that
    /// did not save the time.
    pub fn start(
        limits: ClockLimits,
        saved: Option<&SavedTime>,
        newest: Option<i64>,
        reading: Reading,
    ) -> Self {
        let plausible = reading.wall.max(EARLIEST);
        let mut time = Self {
            limits,
            boot: reading.boot,
            uptime: reading.uptime,
            wall: reading.wall,
            now: plausible,
            age: newest.map_or(plausible, |newest| newest.min(plausible)),
            agreed: Duration::ZERO,
            established: newest.is_some(),
            confirmed: false,
            apart: false,
            jumps: 0,
            votes: Votes {
                since: reading.uptime,
                ..Votes::default()
            },
            event: None,
        };
        if let Some(saved) = saved {
            let same_boot = saved.boot.is_some() && saved.boot == reading.boot;
            let passed = reading.uptime.checked_sub(saved.uptime);
            let (now, age) = match passed.filter(|_| same_boot) {
                Some(passed) => (plus(saved.now, passed), plus(saved.age, passed)),
                // It is unknown how long the machine was off. *Now* follows its clock; *age* stays.
                None => (plausible.max(saved.now), saved.age),
            };
            time.now = now;
            time.age = age.min(now);
            time.established = saved.established;
            time.confirmed = saved.confirmed && same_boot;
            if same_boot || distance(now, saved.now) <= DAY {
                time.agreed = saved.agreed;
            }
        }
        time.tick(reading);
        time
    }

    /// Advances to the current readings.
    pub fn tick(&mut self, reading: Reading) {
        let passed = reading.uptime.saturating_sub(self.uptime);
        self.uptime = self.uptime.max(reading.uptime);
        self.wall = reading.wall;
        self.now = plus(self.now, passed);
        self.age = plus(self.age, passed);
        if distance(self.wall, self.now) <= self.limits.step {
            self.now = self.wall;
            if std::mem::take(&mut self.apart) {
                self.event = Some(ClockEvent::Returned);
                self.begin_window();
            }
        } else if !self.apart {
            self.apart = true;
            self.jumps += 1;
            self.event = Some(ClockEvent::Jumped(self.wall.saturating_sub(self.now)));
            // Earlier votes are unrelated to the jump.
            self.begin_window();
        }
        self.age = self.age.min(self.now);
        if self.uptime.saturating_sub(self.votes.since) >= self.limits.follow_after {
            self.count();
            self.begin_window();
        }
    }

    /// A request arrived whose newest span ended at `newest`, according to its sender's clock.
    pub fn witness(&mut self, reading: Reading, newest: i64) {
        self.tick(reading);
        if !self.established && newest < self.age {
            // In a new folder nothing tells a correct sender from a wrong one. Treating data as too
            // young harms nobody.
            self.age = newest.max(EARLIEST);
        }
        let near = |instant| distance(newest, instant) <= self.limits.tolerance;
        if near(self.now) {
            self.votes.now += 1;
            self.confirmed = true;
        } else if self.apart && near(self.wall) {
            self.votes.wall += 1;
            let is_small = distance(self.wall, self.now) <= self.limits.follow_at_once;
            if is_small || !self.confirmed {
                self.move_to(self.wall);
            }
        } else {
            self.dissent(newest);
        }
    }

    /// Counts a sender that agrees with neither clock.
    fn dissent(&mut self, newest: i64) {
        let offset = newest.saturating_sub(self.now);
        let votes = &mut self.votes;
        votes.other += 1;
        if votes.lead == 0 {
            votes.candidate = offset;
        }
        if distance(offset, votes.candidate) <= self.limits.tolerance {
            votes.lead += 1;
        } else {
            votes.lead -= 1;
        }
        // A sender that is behind never moves *now* at once: it may be a backfill. Its spans are
        // accepted anyway, unless they are older than `oldest`.
        if !self.confirmed && offset > 0 && self.wall < EARLIEST {
            self.move_to(newest);
        }
    }

    /// Accepts the wall clock as correct, on an operator's request.
    pub fn accept(&mut self, reading: Reading) {
        self.tick(reading);
        self.move_to(reading.wall);
        self.tick(reading);
        self.confirm();
    }

    /// Spans from before this instant are refused as too old.
    pub fn oldest(&self) -> i64 {
        self.age.saturating_sub(nanos(self.limits.oldest))
    }

    /// The trusted current time, in Unix nanoseconds.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// The instant from which ages are measured, in Unix nanoseconds.
    pub fn age(&self) -> i64 {
        self.age
    }

    /// State of the clocks.
    pub fn status(&self) -> ClockStatus {
        let held = distance(self.now, self.age);
        ClockStatus {
            now: self.now,
            wall: self.wall,
            age: self.age,
            is_apart: self.apart,
            held,
            is_held: self.established && held >= DAY,
            jumps: self.jumps,
        }
    }

    /// The state to save.
    pub fn saved(&self) -> SavedTime {
        SavedTime {
            now: self.now,
            age: self.age,
            agreed: self.agreed,
            established: self.established,
            confirmed: self.confirmed,
            boot: self.boot,
            uptime: self.uptime,
        }
    }

    /// Takes the last event; each is returned once.
    pub fn take_event(&mut self) -> Option<ClockEvent> {
        self.event.take()
    }

    /// Evaluates the votes of a window: the majority decides.
    fn count(&mut self) {
        let votes = self.votes;
        let most = (votes.now + votes.wall + votes.other) / 2;
        if votes.now > most {
            self.agreed += self.limits.follow_after;
            if self.agreed >= self.limits.confirm_after {
                self.confirm();
            }
        } else if self.apart && votes.wall > most {
            self.move_to(self.wall);
        } else if votes.other > most && votes.lead > votes.other / 2 {
            let theirs = self.now.saturating_add(votes.candidate);
            let limits = &self.limits;
            // Late data looks like a clock that is behind. If senders have agreed with *now*
            // before, *now* moves back only if they are so far behind that their spans would be
            // refused otherwise.
            let late = if self.confirmed {
                limits.oldest
            } else {
                limits.follow_at_once
            };
            let is_unset = votes.candidate > 0 && !self.confirmed;
            if is_unset || votes.candidate < -nanos(late) {
                self.move_to(theirs);
            }
        }
    }

    fn confirm(&mut self) {
        let held = distance(self.now, self.age);
        if held > self.limits.step || !self.established {
            self.event = Some(ClockEvent::Confirmed(held));
        }
        self.age = self.now;
        self.agreed = Duration::ZERO;
        self.established = true;
    }

    fn move_to(&mut self, instant: i64) {
        let by = instant.saturating_sub(self.now);
        if by == 0 {
            return;
        }
        if distance(instant, self.now) > DAY {
            self.agreed = Duration::ZERO;
        }
        self.now = instant;
        self.age = self.age.min(instant);
        self.apart = distance(self.wall, instant) > self.limits.step;
        self.event = Some(ClockEvent::Moved(by));
        self.begin_window();
    }

    fn begin_window(&mut self) {
        self.votes = Votes {
            since: self.uptime,
            ..Votes::default()
        };
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn plus(instant: i64, duration: Duration) -> i64 {
    instant.saturating_add(nanos(duration))
}

fn distance(one: i64, other: i64) -> Duration {
    Duration::from_nanos(one.abs_diff(other))
}

#[cfg(test)]
mod tests;
