//! The time that the store trusts: pure rules, told what the clocks show and what senders say.
//!
//! Two instants. *Now* is what is shown and what admission measures by: it moves on with the time that
//! passes, follows the wall clock in small steps, and goes elsewhere only where senders go along. *Age*
//! is what retention measures by: it moves on with the time that passes and never faster, so that no jump
//! of any clock, and no stop whose length nobody can confirm, makes data older. It comes up to *now* when
//! senders have agreed with *now* for [`ClockLimits::confirm_after`], or when an operator says so.

use crate::clock::Boot;
use std::time::Duration;

/// 2025-01-01: this program did not exist before. A clock that shows less has not been set yet.
const EARLIEST: i64 = 1_735_689_600_000_000_000;

/// Bounds of what is believed about time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockLimits {
    /// A step of the wall clock that is followed without a question. Default 5 min: what time servers
    /// correct, and what senders cannot tell apart.
    pub step: Duration,
    /// How far the newest span of a request may end from an instant and agree with it. Default 5 min:
    /// what a queue in an agent holds back.
    pub tolerance: Duration,
    /// A jump of the wall clock up to this is followed when one sender agrees with it. Default 1 day: a
    /// virtual machine that was paused, a zone set wrong.
    pub follow_at_once: Duration,
    /// Beyond it the wall clock, or the senders, are followed when most requests of this time agree.
    /// Default 10 min.
    pub follow_after: Duration,
    /// Time of agreeing senders after which the age of data comes up to now. Default 2 days: longer than
    /// a wrong clock goes unnoticed.
    pub confirm_after: Duration,
    /// Spans older than this are refused, so senders that are further behind have no other way in.
    /// Default 30 days, as in OTLP decoding.
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

/// What the clocks show at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The wall clock.
    pub wall: i64,
    /// A clock that nobody sets: the machine's, or the process' own where there is no such.
    pub uptime: Duration,
    /// The run of the machine.
    pub boot: Option<u128>,
}

impl Reading {
    /// The clocks of the machine, or of the process where the machine's uptime is unknown.
    pub fn of(clock: &dyn crate::Clock) -> Self {
        let boot = clock.boot();
        Self {
            wall: clock.unix_nanos(),
            uptime: boot.map_or_else(|| clock.monotonic(), |boot: Boot| boot.uptime),
            boot: boot.map(|boot| boot.id),
        }
    }
}

/// What is kept across restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavedTime {
    /// Now, when it was saved.
    pub now: i64,
    /// What ages were measured from.
    pub age: i64,
    /// How long senders have agreed since ages were last confirmed.
    pub agreed: Duration,
    /// Whether ages were ever confirmed.
    pub established: bool,
    /// Whether a sender has agreed with now.
    pub confirmed: bool,
    /// The run of the machine, and its uptime.
    pub boot: Option<u128>,
    /// The uptime when it was saved.
    pub uptime: Duration,
}

/// Something that happened to the time and that an operator wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockEvent {
    /// The wall clock went so far from now, in nanoseconds.
    Jumped(i64),
    /// The wall clock shows now again.
    Returned,
    /// Now was moved so far, in nanoseconds, because senders agree with it.
    Moved(i64),
    /// The age of data came up to now by so much.
    Confirmed(Duration),
}

/// What senders said in one window of time.
#[derive(Debug, Clone, Copy, Default)]
struct Votes {
    since: Duration,
    now: u64,
    wall: u64,
    other: u64,
    /// The offset from now that most of the others may have, and how many more have it (Boyer and Moore).
    candidate: i64,
    lead: u64,
}

/// The state; see the file's head.
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

/// How things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClockStatus {
    /// What is taken for now.
    pub now: i64,
    /// What the wall clock shows.
    pub wall: i64,
    /// What ages are measured from.
    pub age: i64,
    /// The wall clock shows something else than now.
    pub is_apart: bool,
    /// Time by which data may be older than it is taken for.
    pub held: Duration,
    /// `held` is worth telling: over a day, in a folder whose ages were confirmed once.
    pub is_held: bool,
    /// Jumps of the wall clock since the start.
    pub jumps: u64,
}

impl TrustedTime {
    /// The time at a start. `newest` is the end of the newest data, for folders of versions that saved no
    /// time.
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
                // Nobody knows how long the machine was off: now is what its clock shows, ages stay.
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

    /// Moves on to what the clocks show.
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
            // What was said before says nothing about the jump.
            self.begin_window();
        }
        self.age = self.age.min(self.now);
        if self.uptime.saturating_sub(self.votes.since) >= self.limits.follow_after {
            self.count();
            self.begin_window();
        }
    }

    /// A request has come whose newest span ended at `newest` by its sender's clock.
    pub fn witness(&mut self, reading: Reading, newest: i64) {
        self.tick(reading);
        if !self.established && newest < self.age {
            // In a new folder nothing tells a right sender from a wrong one: too young harms nobody.
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

    /// A sender that agrees with no clock.
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
        // One that is behind moves nothing at once: it may be a backfill, and it is taken as it is, since
        // its time counts in `oldest`.
        if !self.confirmed && offset > 0 && self.wall < EARLIEST {
            self.move_to(newest);
        }
    }

    /// The clocks are right as they stand: an operator says so.
    pub fn accept(&mut self, reading: Reading) {
        self.tick(reading);
        self.move_to(reading.wall);
        self.tick(reading);
        self.confirm();
    }

    /// Before this instant spans are refused as too old.
    pub fn oldest(&self) -> i64 {
        self.age.saturating_sub(nanos(self.limits.oldest))
    }

    /// What is taken for now.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// What ages are measured from.
    pub fn age(&self) -> i64 {
        self.age
    }

    /// How things stand.
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

    /// What to keep.
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

    /// What happened last, once.
    pub fn take_event(&mut self) -> Option<ClockEvent> {
        self.event.take()
    }

    /// Counts a window's votes: what most senders say, holds.
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
            // What comes late looks like a clock that is behind: of a clock that senders once agreed with
            // they must be so far behind that nothing else would let them in.
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
