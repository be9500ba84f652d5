//! Faults: what goes wrong, when, and its effect on the requests that meet it.
//!
//! The schedule is a function of seed and time. In the history there is about one fault an hour.
//! The last minutes before live begins have a partner timeout (which continues into live) and a
//! lock burst. From then on, a new fault starts every four minutes, the first one within ninety
//! seconds.

use crate::{
    catalog::{AUTHORIZE, SCORE},
    dice::{SECOND, mix},
    exception::{Exception, ILLEGAL_STATE, MODEL_ERROR},
    operation::Operation,
    partner::{AMBERLINE, BANK_KITA, NORTHCARD, Partner},
    service::{CHECKOUT, LEDGER, PAYMENT, PAYOUT, RISK_SCORE, Service},
    store::{ENTRIES, FEATURES, FEE_TABLE, LOCK_BALANCE, Statement},
};

const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// The hourly faults of the history stay away from the start of live by this much.
const QUIET_BEFORE_LIVE: i64 = 12 * MINUTE;
/// Earliest start of live's first fault, distance between its faults, and largest random delay.
const LIVE_FIRST: i64 = MINUTE;
const LIVE_EVERY: i64 = 4 * MINUTE;
const LIVE_JITTER: i64 = 30 * SECOND;
/// Longest duration of a fault.
const LONGEST: i64 = 15 * MINUTE;

/// The kinds of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// One statement takes twenty times as long.
    SlowQuery,
    /// Requests wait for a row lock and end together when it is released, at the fault's end: a
    /// vertical pattern.
    LockBurst,
    /// A partner does not answer within the client's timeout of 3.0 s: a horizontal pattern.
    PartnerTimeout,
    /// One instance is slow, and its requests fail.
    BadInstance,
    /// An operation throws exceptions.
    ErrorBurst,
    /// Requests queue in a service, and some are refused: a dense cloud on the hitmap.
    Overload,
}

/// One fault with its time.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// Name of the fault.
    pub name: &'static str,
    /// Its kind.
    pub kind: FaultKind,
    /// `service.name` of the service in which it occurs.
    pub service: &'static str,
    /// When it begins.
    pub start_unix_ns: i64,
    /// When it ends. A lock is released then.
    pub end_unix_ns: i64,
    pub(crate) effect: Effect,
}

impl Fault {
    fn of(scenario: &'static Scenario, start_unix_ns: i64, lasts: i64) -> Self {
        Self {
            name: scenario.name,
            kind: scenario.kind,
            service: scenario.service.name,
            start_unix_ns,
            end_unix_ns: start_unix_ns + lasts,
            effect: scenario.effect,
        }
    }

    /// Whether it is active at an instant.
    pub fn is_on(&self, at_unix_ns: i64) -> bool {
        self.start_unix_ns <= at_unix_ns && at_unix_ns < self.end_unix_ns
    }

    /// `host` of the partner that does not answer; `None` for other kinds of fault.
    pub fn partner(&self) -> Option<&'static str> {
        match self.effect {
            Effect::PartnerTimeout(partner) => Some(partner.host),
            _ => None,
        }
    }

    /// Its strength at an instant: 0 at both ends, 1 in the middle.
    pub(crate) fn swell(&self, at_unix_ns: i64) -> f64 {
        let whole = (self.end_unix_ns - self.start_unix_ns).max(1) as f64;
        let place = (at_unix_ns - self.start_unix_ns) as f64 / whole;
        (place * std::f64::consts::PI).sin().max(0.0)
    }
}

/// The effect of a fault.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Effect {
    SlowStatement(&'static Statement),
    RowLock(&'static Statement),
    PartnerTimeout(&'static Partner),
    BadInstance(&'static Service, u32),
    Exceptions(&'static Operation, &'static Exception),
    Overload(&'static Service),
}

struct Scenario {
    name: &'static str,
    kind: FaultKind,
    service: &'static Service,
    effect: Effect,
    seconds: i64,
}

const fn scenario(
    name: &'static str,
    kind: FaultKind,
    service: &'static Service,
    effect: Effect,
    seconds: i64,
) -> Scenario {
    Scenario {
        name,
        kind,
        service,
        effect,
        seconds,
    }
}

/// In the order in which live shows them. The first one is the lock burst; the timeout that began
/// before live still continues beside it.
static SCENARIOS: [Scenario; 10] = [
    scenario(
        "row lock on account_balance",
        FaultKind::LockBurst,
        &LEDGER,
        Effect::RowLock(&LOCK_BALANCE),
        24,
    ),
    scenario(
        "risk model not loaded",
        FaultKind::ErrorBurst,
        &RISK_SCORE,
        Effect::Exceptions(&SCORE, &MODEL_ERROR),
        75,
    ),
    scenario(
        "northcard does not answer",
        FaultKind::PartnerTimeout,
        &PAYMENT,
        Effect::PartnerTimeout(&NORTHCARD),
        150,
    ),
    scenario(
        "fee lookup lost its index",
        FaultKind::SlowQuery,
        &PAYMENT,
        Effect::SlowStatement(&FEE_TABLE),
        150,
    ),
    scenario(
        "checkout is overloaded",
        FaultKind::Overload,
        &CHECKOUT,
        Effect::Overload(&CHECKOUT),
        110,
    ),
    scenario(
        "one payment instance is sick",
        FaultKind::BadInstance,
        &PAYMENT,
        Effect::BadInstance(&PAYMENT, 1),
        160,
    ),
    scenario(
        "amberline does not answer",
        FaultKind::PartnerTimeout,
        &PAYMENT,
        Effect::PartnerTimeout(&AMBERLINE),
        140,
    ),
    scenario(
        "device profile scan",
        FaultKind::SlowQuery,
        &RISK_SCORE,
        Effect::SlowStatement(&FEATURES),
        140,
    ),
    scenario(
        "payments already captured",
        FaultKind::ErrorBurst,
        &PAYMENT,
        Effect::Exceptions(&AUTHORIZE, &ILLEGAL_STATE),
        60,
    ),
    scenario(
        "one ledger instance is sick",
        FaultKind::BadInstance,
        &LEDGER,
        Effect::BadInstance(&LEDGER, 0),
        150,
    ),
];

/// Scenarios of the history only: they affect routes that are too rare to be seen within minutes.
static RARE: [Scenario; 2] = [
    scenario(
        "statement page scans ledger_entry",
        FaultKind::SlowQuery,
        &LEDGER,
        Effect::SlowStatement(&ENTRIES),
        600,
    ),
    scenario(
        "bank-kita does not answer",
        FaultKind::PartnerTimeout,
        &PAYOUT,
        Effect::PartnerTimeout(&BANK_KITA),
        600,
    ),
];

/// All faults that are active at some instant of `[from, to)`, sorted by start.
pub(crate) fn schedule(seed: u64, live_from: i64, from: i64, to: i64) -> Vec<Fault> {
    let mut faults = Vec::new();
    history(seed, live_from, from, to, &mut faults);
    faults.push(Fault::of(
        &SCENARIOS[6],
        live_from - 320 * SECOND,
        395 * SECOND,
    ));
    faults.push(Fault::of(
        &SCENARIOS[0],
        live_from - 191 * SECOND,
        26 * SECOND,
    ));
    live(seed, live_from, from, to, &mut faults);
    faults.retain(|fault| fault.start_unix_ns < to && from < fault.end_unix_ns);
    faults.sort_by_key(|fault| fault.start_unix_ns);
    faults
}

/// One fault an hour, counted back from the start of live.
fn history(seed: u64, live_from: i64, from: i64, to: i64, faults: &mut Vec<Fault>) {
    let last = live_from - QUIET_BEFORE_LIVE;
    let first_hour = (last - to).div_euclid(HOUR).max(0);
    let last_hour = (last - from + LONGEST).div_euclid(HOUR);
    for hour in first_hour..=last_hour {
        let draw = mix(seed ^ 0xfa17, hour as u64);
        let begin = last - (hour + 1) * HOUR;
        let jitter = (draw >> 1) as i64 % (44 * MINUTE);
        // This order uses every scenario once before any repeats.
        let at = (hour as usize * 5 + seed as usize % 12) % (SCENARIOS.len() + RARE.len());
        let scenario = SCENARIOS.get(at).unwrap_or_else(|| &RARE[at % RARE.len()]);
        // History is not watched as it happens, so its faults last twice as long, except for locks.
        let factor = if scenario.kind == FaultKind::LockBurst {
            1
        } else {
            2
        };
        let lasts = (scenario.seconds * factor * SECOND).min(LONGEST);
        faults.push(Fault::of(scenario, begin + jitter, lasts));
    }
}

/// One fault every four minutes, counted from the start of live.
fn live(seed: u64, live_from: i64, from: i64, to: i64, faults: &mut Vec<Fault>) {
    let first = live_from + LIVE_FIRST;
    let begin = (from - LONGEST - first).div_euclid(LIVE_EVERY).max(0);
    let end = (to - first).div_euclid(LIVE_EVERY);
    for turn in begin..=end {
        let scenario = &SCENARIOS[turn as usize % SCENARIOS.len()];
        let jitter = (mix(seed ^ 0x11fe, turn as u64) >> 32) as i64 * SECOND % LIVE_JITTER;
        faults.push(Fault::of(
            scenario,
            first + turn * LIVE_EVERY + jitter,
            scenario.seconds * SECOND,
        ));
    }
}

/// The effect of the active faults on one operation at one instant.
#[derive(Clone, Copy)]
pub(crate) struct Weather<'a>(pub(crate) &'a [Fault]);

impl<'a> Weather<'a> {
    /// Factor on the duration of a statement.
    pub(crate) fn slowness(self, statement: &Statement, at: i64) -> i64 {
        let slow = self.on(at).any(|fault| {
            matches!(fault.effect, Effect::SlowStatement(slow) if std::ptr::eq(slow, statement))
        });
        if slow { 20 } else { 1 }
    }

    /// When the row of a statement is released; `None` when it is not locked.
    pub(crate) fn released(self, statement: &Statement, at: i64) -> Option<i64> {
        self.on(at).find_map(|fault| match fault.effect {
            Effect::RowLock(locked) if std::ptr::eq(locked, statement) => Some(fault.end_unix_ns),
            _ => None,
        })
    }

    /// Whether a partner does not answer.
    pub(crate) fn silent(self, partner: &Partner, at: i64) -> bool {
        self.on(at).any(
            |fault| matches!(fault.effect, Effect::PartnerTimeout(silent) if silent == partner),
        )
    }

    /// Whether an instance is affected by a fault.
    pub(crate) fn sick(self, service: &Service, ordinal: u32, at: i64) -> bool {
        self.on(at).any(|fault| {
            matches!(fault.effect, Effect::BadInstance(sick, which)
                if sick.index == service.index && which == ordinal)
        })
    }

    /// The exception that an operation throws at this instant.
    pub(crate) fn throws(self, operation: &Operation, at: i64) -> Option<&'static Exception> {
        self.on(at).find_map(|fault| match fault.effect {
            Effect::Exceptions(broken, exception) if std::ptr::eq(broken, operation) => {
                Some(exception)
            }
            _ => None,
        })
    }

    /// How overloaded a service is, from 0 to 1.
    pub(crate) fn load(self, service: &Service, at: i64) -> f64 {
        self.on(at).fold(0.0, |load, fault| match fault.effect {
            Effect::Overload(busy) if busy.index == service.index => fault.swell(at).max(load),
            _ => load,
        })
    }

    fn on(self, at: i64) -> impl Iterator<Item = &'a Fault> {
        self.0.iter().filter(move |fault| fault.is_on(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000 * SECOND;

    fn kinds(from: i64, to: i64) -> Vec<FaultKind> {
        schedule(7, NOW, from, to)
            .iter()
            .map(|fault| fault.kind)
            .collect()
    }

    #[test]
    fn the_last_ten_minutes_hold_a_timeout_and_a_lock_burst() {
        let kinds = kinds(NOW - 10 * MINUTE, NOW);
        assert!(kinds.contains(&FaultKind::PartnerTimeout));
        assert!(kinds.contains(&FaultKind::LockBurst));
    }

    #[test]
    fn live_has_a_new_fault_within_two_minutes_and_then_every_few() {
        let starts: Vec<i64> = schedule(7, NOW, NOW, NOW + HOUR)
            .iter()
            .map(|fault| fault.start_unix_ns)
            .filter(|start| *start >= NOW)
            .collect();
        assert!(starts[0] < NOW + 2 * MINUTE);
        assert!(starts.windows(2).all(|pair| pair[1] - pair[0] < 5 * MINUTE));
    }

    #[test]
    fn history_has_about_a_fault_an_hour_of_every_kind() {
        let day = schedule(7, NOW, NOW - 24 * HOUR, NOW - HOUR);
        assert!((20..=26).contains(&day.len()), "{}", day.len());
        let mut kinds: Vec<_> = day.iter().map(|fault| fault.kind as u8).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), 6);
    }

    #[test]
    fn a_slice_of_the_schedule_is_the_schedule_of_the_slice() {
        let whole = schedule(7, NOW, NOW - 24 * HOUR, NOW + HOUR);
        for from in (-24 * 12..12).map(|five| NOW + five * 5 * MINUTE) {
            let to = from + 5 * MINUTE;
            let expected: Vec<_> = whole
                .iter()
                .filter(|fault| fault.start_unix_ns < to && from < fault.end_unix_ns)
                .map(|fault| (fault.name, fault.start_unix_ns))
                .collect();
            let got: Vec<_> = schedule(7, NOW, from, to)
                .iter()
                .map(|fault| (fault.name, fault.start_unix_ns))
                .collect();
            assert_eq!(got, expected);
        }
    }

    #[test]
    fn no_fault_outlasts_the_longest() {
        assert!(
            schedule(7, NOW, NOW - 48 * HOUR, NOW + HOUR)
                .iter()
                .all(|fault| fault.end_unix_ns - fault.start_unix_ns <= LONGEST)
        );
    }
}
