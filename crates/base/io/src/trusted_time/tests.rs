//! Tests clocks that are wrong once or for long, and which time is then trusted.

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);
/// 2026-11-22T13:00:00Z.
const NOON: i64 = 1_795_352_400_000_000_000;
const YEARS: Duration = Duration::from_secs(3_650 * 24 * 3_600);

/// The clocks of a machine and of its senders.
struct World {
    /// The real time.
    real: i64,
    uptime: Duration,
    boot: Option<u128>,
    /// Offset of the machine's clock, and that of the senders' clocks, in nanoseconds.
    machine: i64,
    senders: i64,
    time: TrustedTime,
}

impl World {
    /// A new folder, or one whose *age* was confirmed long ago.
    fn with(machine: i64, established: bool) -> Self {
        let (uptime, boot) = (HOUR, Some(1));
        let wall = NOON + machine;
        let reading = Reading { wall, uptime, boot };
        let mut time = TrustedTime::start(ClockLimits::default(), None, None, reading);
        time.established = established;
        time.confirmed = established;
        Self {
            real: NOON,
            uptime,
            boot,
            machine,
            senders: 0,
            time,
        }
    }

    fn reading(&self) -> Reading {
        Reading {
            wall: self.real + self.machine,
            uptime: self.uptime,
            boot: self.boot,
        }
    }

    fn pass(&mut self, by: Duration) {
        self.real += nanos(by);
        self.uptime += by;
        self.time.tick(self.reading());
    }

    fn send(&mut self) {
        self.time.witness(self.reading(), self.real + self.senders);
    }

    /// Sends one request per minute.
    fn send_for(&mut self, length: Duration) {
        for _ in 0..length.as_secs() / 60 {
            self.pass(MINUTE);
            self.send();
        }
    }

    /// Restarts the process. If `off` is not zero, the machine was off for that time.
    fn restart(&mut self, off: Duration) {
        let saved = self.time.saved();
        if off > Duration::ZERO {
            self.real += nanos(off);
            self.boot = self.boot.map(|boot| boot + 1);
            self.uptime = Duration::from_secs(20);
        }
        let limits = ClockLimits::default();
        self.time = TrustedTime::start(limits, Some(&saved), None, self.reading());
    }

    /// How far *now* is from the real time, and how far *age* is behind it, in seconds.
    fn off(&self) -> (i64, i64) {
        let seconds = |nanos: i64| nanos / 1_000_000_000;
        let status = self.time.status();
        (
            seconds(status.now - self.real),
            seconds(self.real - status.age),
        )
    }
}

fn days(days: u32) -> i64 {
    nanos(DAY * days)
}

#[test]
fn a_jump_that_senders_go_along_with_for_a_while_makes_nothing_older() {
    for off in [days(8), days(31), -days(8), nanos(YEARS), -nanos(YEARS)] {
        for senders_too in [true, false] {
            let mut world = World::with(0, true);
            world.send_for(HOUR);
            world.machine = off;
            world.senders = if senders_too { off } else { 0 };
            world.send();
            assert_eq!(world.off(), (0, 0), "one batch moves no clock: {off}");
            assert!(world.time.status().is_apart);
            assert_eq!(world.time.status().jumps, 1);
            world.send_for(HOUR);
            let followed = if senders_too { off / 1_000_000_000 } else { 0 };
            let (now, age) = world.off();
            assert_eq!(now, followed, "most of an hour's senders are believed");
            assert!(age >= 0, "and no data are older for it: {off}");
            (world.machine, world.senders) = (0, 0);
            world.send_for(HOUR);
            let (now, age) = world.off();
            assert_eq!(now, 0);
            assert!(age >= 0 && !world.time.status().is_apart, "{off}: {age}");
        }
    }
}

#[test]
fn days_of_agreeing_senders_confirm_a_jump_and_an_hour_of_doubt_costs_only_itself() {
    let mut world = World::with(0, true);
    world.machine = days(8);
    world.senders = days(8);
    world.send_for(DAY);
    assert_eq!(world.off(), (8 * 86_400, 0));
    assert!(world.time.status().is_held);
    world.send_for(DAY + HOUR);
    assert_eq!(world.off(), (8 * 86_400, -8 * 86_400));
    assert!(!world.time.status().is_held);
}

#[test]
fn what_an_operator_accepts_counts_at_once() {
    let mut world = World::with(0, true);
    world.machine = days(8);
    world.pass(MINUTE);
    assert_eq!(world.off(), (0, 0));
    world.time.accept(world.reading());
    assert_eq!(world.off(), (8 * 86_400, -8 * 86_400));
    assert!(!world.time.status().is_apart);
}

#[test]
fn a_restart_and_a_sleep_of_the_machine_are_time_that_passes() {
    let mut world = World::with(0, true);
    world.restart(Duration::ZERO);
    world.pass(9 * DAY);
    world.restart(Duration::ZERO);
    assert_eq!(world.off(), (0, 0));
    assert!(!world.time.status().is_apart);
    let saved = world.time.saved();
    world.real += nanos(3 * DAY);
    world.uptime += 3 * DAY;
    world.machine = nanos(YEARS);
    let reading = world.reading();
    world.time = TrustedTime::start(ClockLimits::default(), Some(&saved), None, reading);
    assert_eq!(
        world.off(),
        (0, 0),
        "the clock was set while it was stopped"
    );
    assert!(world.time.status().is_apart);
}

#[test]
fn a_week_switched_off_ages_nothing_until_senders_have_agreed_for_two_days() {
    let mut world = World::with(0, true);
    world.send_for(HOUR);
    world.restart(7 * DAY);
    assert_eq!(world.off(), (0, 7 * 86_400), "spans are taken as sent");
    assert!(world.time.status().is_held);
    world.send_for(DAY);
    assert_eq!(world.off().1, 7 * 86_400);
    world.restart(HOUR);
    world.send_for(DAY + HOUR);
    assert_eq!(world.off(), (0, 0));
}

#[test]
fn a_machine_that_starts_at_the_wrong_time_refuses_no_sender_for_good() {
    // A folder with data: its last time is known.
    for off in [nanos(YEARS), days(31), -nanos(YEARS)] {
        let mut world = World::with(0, true);
        world.send_for(HOUR);
        world.machine = off;
        world.restart(HOUR);
        world.send();
        let sent = world.real;
        assert!(sent >= world.time.oldest(), "{off}: taken");
        world.send_for(HOUR);
        let (now, age) = world.off();
        assert!(now == 0 && age >= 0, "{off}: {now} {age}");
    }
    // A new folder knows no time; its first senders set it.
    for off in [nanos(YEARS), -nanos(YEARS * 5)] {
        let mut world = World::with(off, false);
        world.send();
        let (sent, now) = (world.real, world.time.now());
        let is_taken = sent >= world.time.oldest() && sent <= now + nanos(5 * MINUTE);
        assert!(is_taken, "{off}: as it was sent");
        world.send_for(HOUR);
        let (now, age) = world.off();
        assert!(now == 0 && age >= 0, "{off}: {now} {age}");
        assert!(world.time.status().is_apart, "{off}: it is said");
    }
}

#[test]
fn a_backfill_of_months_moves_no_clock_and_is_taken_as_sent() {
    let mut world = World::with(0, false);
    for minutes in (0..90 * 24 * 60).rev().step_by(3) {
        world.pass(Duration::from_millis(20));
        world.senders = -nanos(MINUTE * minutes);
        let sent = world.real + world.senders;
        world.send();
        assert!(sent >= world.time.oldest(), "{minutes}");
        assert_eq!(world.off().0, 0, "{minutes}");
    }
}

#[test]
fn right_senders_outvote_a_wrong_one_beside_the_server() {
    let mut world = World::with(nanos(YEARS), false);
    for _ in 0..30 {
        world.pass(MINUTE);
        world.senders = nanos(YEARS);
        world.send();
        world.senders = 0;
        world.send();
        world.send();
    }
    assert_eq!(world.off().0, 0);
}

#[test]
fn one_wrong_sender_moves_no_clock_that_others_agree_with() {
    let mut world = World::with(0, true);
    for off in [days(40), -days(40), -nanos(YEARS)] {
        world.senders = 0;
        world.send_for(HOUR);
        for _ in 0..30 {
            world.pass(MINUTE);
            world.senders = off;
            world.send();
            world.senders = 0;
            world.send();
            world.send();
        }
        assert_eq!(world.off(), (0, 0), "{off}");
    }
}

#[test]
fn a_paused_machine_is_followed_with_its_first_sender() {
    let mut world = World::with(0, true);
    world.send_for(HOUR);
    // The elapsed time shows only on the wall clock, which NTP has set.
    world.real += nanos(5 * HOUR);
    world.pass(Duration::from_secs(1));
    world.send();
    assert_eq!(world.off(), (0, 5 * 3_600));
    assert!(!world.time.status().is_apart && !world.time.status().is_held);
}

#[test]
fn a_clock_that_runs_too_fast_is_followed_and_makes_nothing_older() {
    let mut world = World::with(0, true);
    for _ in 0..600 {
        world.machine += nanos(MINUTE);
        world.pass(MINUTE);
    }
    assert_eq!(world.off(), (600 * 60, 0));
}

#[test]
fn a_folder_without_a_saved_time_begins_at_its_newest_data() {
    let reading = Reading {
        wall: NOON + nanos(YEARS),
        uptime: HOUR,
        boot: None,
    };
    let time = TrustedTime::start(ClockLimits::default(), None, Some(NOON), reading);
    assert_eq!(time.age(), NOON);
    assert_eq!(time.now(), NOON + nanos(YEARS));
    let behind = Reading {
        wall: NOON - nanos(YEARS),
        ..reading
    };
    let time = TrustedTime::start(ClockLimits::default(), None, Some(NOON), behind);
    assert_eq!(time.age(), EARLIEST.max(NOON - nanos(YEARS)));
}
