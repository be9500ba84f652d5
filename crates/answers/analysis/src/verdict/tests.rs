//! Tests of verdicts on minutes of synthetic traffic.

use super::*;
use crate::sample;

/// One minute of traffic: `(ok, slow, error, duration of each in milliseconds)`.
type Minute = (u32, u32, u32, u64);

fn tally((ok, slow, error, millis): Minute) -> Tally {
    sample::tally(
        Counts {
            ok: ok.into(),
            slow: slow.into(),
            error: error.into(),
        },
        Duration::from_millis(millis),
    )
}

fn judged(minutes: &[Minute], usual: Option<&Usual>) -> Health {
    let steps = minutes.iter().copied().map(tally).enumerate();
    let steps = steps.map(|(minute, tally)| Step {
        start: UnixNanos::from_millis(minute as i64 * 60_000),
        length: STEP,
        tally: Cow::Owned(tally),
    });
    at_the_end(&steps.collect::<Vec<_>>(), usual)
}

fn at_the_end(steps: &[Step<'_>], usual: Option<&Usual>) -> Health {
    let is_silent = steps.iter().all(|step| step.tally.counts.total() == 0);
    let seen = Some(UnixNanos::from_millis(60_000));
    judge(steps, usual, (is_silent, seen))
}

/// Steps of five seconds.
fn seconds(steps: &[Minute]) -> Vec<Step<'static>> {
    let steps = steps.iter().copied().map(tally).enumerate();
    let steps = steps.map(|(number, tally)| Step {
        start: UnixNanos::from_millis(number as i64 * 5_000),
        length: Duration::from_secs(5),
        tally: Cow::Owned(tally),
    });
    steps.collect()
}

fn usual(error_share: f64, slow_share: f64, p95_ms: u64, basis: Basis) -> Usual {
    Usual {
        error_share,
        slow_share,
        p95: Some(Duration::from_millis(p95_ms)),
        per_second: 10.0,
        basis,
    }
}

const WEEK: Basis = Basis::HourOfWeek { weeks: 4 };

fn word(health: &Health) -> &'static str {
    match health.verdict {
        Verdict::Bad(Reason::Errors { .. }) => "bad errors",
        Verdict::Bad(_) => "bad slow",
        Verdict::Watch(Reason::Errors { .. }) => "watch errors",
        Verdict::Watch(Reason::Slow { .. }) => "watch slow",
        Verdict::Watch(Reason::Slower { .. }) => "watch slower",
        Verdict::Watch(Reason::Quiet { .. }) => "watch quiet",
        Verdict::NoData { .. } => "no data",
        Verdict::Ok => "ok",
    }
}

#[test]
fn the_last_minutes_are_judged_against_the_usual() {
    let normal = usual(0.001, 0.0, 100, WEEK);
    for (last, usual, expected) in [
        ((600, 0, 1, 80), Some(&normal), "ok"),
        ((580, 0, 20, 80), Some(&normal), "watch errors"),
        ((500, 0, 100, 80), Some(&normal), "bad errors"),
        ((500, 0, 100, 80), None, "bad errors"),
        ((540, 60, 0, 80), Some(&normal), "watch slow"),
        ((300, 300, 0, 80), Some(&normal), "bad slow"),
        ((600, 0, 0, 200), Some(&normal), "watch slower"),
        ((600, 0, 0, 115), Some(&normal), "ok"),
        ((100, 0, 0, 80), Some(&normal), "watch quiet"),
        ((100, 0, 0, 80), None, "ok"),
        ((0, 0, 0, 0), None, "no data"),
    ] {
        assert_eq!(word(&judged(&[last; 5], usual)), expected, "{last:?}");
    }
}

#[test]
fn what_is_usual_for_a_service_is_not_held_against_it() {
    let failing = usual(0.08, 0.2, 400, WEEK);
    assert_eq!(word(&judged(&[(550, 0, 50, 80); 5], Some(&failing))), "ok");
    assert_eq!(word(&judged(&[(480, 120, 0, 80); 5], Some(&failing))), "ok");
    assert_eq!(
        word(&judged(&[(400, 0, 200, 80); 5], Some(&failing))),
        "bad errors"
    );
}

#[test]
fn few_transactions_prove_little() {
    let of = |ok, error| word(&judged(&[(ok, 0, error, 80)], None));
    assert_eq!(of(0, 19), "ok");
    assert!(judged(&[(0, 0, 19, 80)], None).few);
    assert_eq!(of(19, 1), "ok", "one of twenty may be chance");
    assert_eq!(of(18, 2), "watch errors");
    assert_eq!(of(15, 5), "bad errors");
    assert!(!judged(&[(15, 0, 5, 80)], None).few);
}

#[test]
fn minutes_grow_until_they_hold_enough() {
    // Six transactions a minute: five minutes hold too few to judge, seventeen hold enough.
    let mut minutes = vec![(4, 0, 2, 80); 30];
    assert_eq!(word(&judged(&minutes, None)), "bad errors");
    // The window does not reach back to an outage that ended long ago.
    minutes = vec![(0, 0, 6, 80); 10];
    minutes.extend(vec![(6, 0, 0, 80); 20]);
    assert_eq!(word(&judged(&minutes, None)), "ok");
}

#[test]
fn since_is_the_first_minute_of_those_without_a_gap() {
    let at = |minute: i64| UnixNanos::from_millis(minute * 60_000);
    let normal = usual(0.001, 0.0, 100, WEEK);
    let mut minutes = vec![(600, 0, 0, 80); 20];
    minutes[3] = (400, 0, 200, 80);
    for bad in &mut minutes[12..] {
        *bad = (500, 0, 100, 80);
    }
    minutes[15] = (0, 0, 0, 0);
    let health = judged(&minutes, Some(&normal));
    let expected = Since {
        at: at(12),
        or_before: false,
    };
    assert_eq!(health.since, Some(expected));
    let health = judged(&[(500, 0, 100, 80); 10], Some(&normal));
    let expected = Since {
        at: at(0),
        or_before: true,
    };
    assert_eq!(health.since, Some(expected));
    assert_eq!(judged(&[(600, 0, 0, 80); 10], Some(&normal)).since, None);
}

#[test]
fn a_service_that_fell_silent_is_watched_and_said_since_when() {
    let at = |minute: i64| UnixNanos::from_millis(minute * 60_000);
    let normal = usual(0.0, 0.0, 100, WEEK);
    let mut minutes = vec![(600, 0, 0, 80); 20];
    for silent in &mut minutes[14..] {
        *silent = (0, 0, 0, 0);
    }
    // The window grows back over the silent minutes to those with traffic, which are not quiet on
    // average.
    minutes[13] = (5, 0, 0, 80);
    let health = judged(&minutes, Some(&normal));
    assert_eq!(word(&health), "watch quiet");
    assert_eq!(
        health.since,
        Some(Since {
            at: at(13),
            or_before: false
        })
    );
    // The hour before is not enough to know what traffic should be now.
    let before = usual(0.0, 0.0, 100, Basis::HourBefore);
    assert_eq!(word(&judged(&minutes, Some(&before))), "ok");
}

#[test]
fn ordinary_traffic_is_rarely_called_anything() {
    // Binomial errors at the usual 0.2 %, ten transactions a second: 2,000 five-minute windows.
    let normal = usual(0.002, 0.0, 100, WEEK);
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut chance = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let called = (0..2_000)
        .filter(|_| {
            let minutes: Vec<Minute> = (0..5)
                .map(|_| {
                    let errors = (0..600).filter(|_| chance() < 0.002).count() as u32;
                    (600 - errors, 0, errors, 80)
                })
                .collect();
            word(&judged(&minutes, Some(&normal))) != "ok"
        })
        .count();
    assert!(called <= 2, "{called} of 2,000 quiet windows");
}

/// Ten minutes of good traffic at two a second, followed by some steps.
fn after_good_minutes(last: &[Minute]) -> Vec<Step<'static>> {
    let mut steps = vec![(10, 0, 0, 80); 120];
    steps.extend_from_slice(last);
    seconds(&steps)
}

#[test]
fn an_outage_is_said_within_seconds_and_not_for_long_after_its_end() {
    let normal = Usual {
        per_second: 2.0,
        ..usual(0.001, 0.0, 100, WEEK)
    };
    for (outage, expected) in [
        ((8, 0, 2, 80), "bad errors"),
        ((5, 5, 0, 1_500), "bad slow"),
        ((10, 0, 0, 300), "bad slow"),
    ] {
        let said = (1..=24).find(|steps| {
            let steps = after_good_minutes(&vec![outage; *steps]);
            word(&at_the_end(&steps, Some(&normal))) == expected
        });
        assert!(said.is_some_and(|steps| steps <= 3), "{outage:?}: {said:?}");
        let over = (1..=24).find(|steps| {
            let mut last = vec![outage; 12];
            last.extend(vec![(10, 0, 0, 80); *steps]);
            let steps = after_good_minutes(&last);
            word(&at_the_end(&steps, Some(&normal))) == "ok"
        });
        assert!(
            over.is_some_and(|steps| steps <= 12),
            "{outage:?}: {over:?}"
        );
    }
}

#[test]
fn since_stays_as_time_goes_by() {
    let normal = usual(0.001, 0.0, 100, WEEK);
    let begins = (6..40).map(|steps| {
        let steps = after_good_minutes(&vec![(5, 0, 5, 80); steps]);
        at_the_end(&steps, Some(&normal)).since.unwrap().at
    });
    let ten_minutes = UnixNanos::from_millis(600_000);
    let begins: Vec<UnixNanos> = begins.collect();
    assert!(begins.iter().all(|at| *at == ten_minutes), "{begins:?}");
}

#[test]
fn what_is_said_names_the_time_that_it_is_of() {
    let normal = Usual {
        per_second: 2.0,
        ..usual(0.001, 0.0, 100, WEEK)
    };
    let sudden = after_good_minutes(&[(5, 0, 5, 80); 3]);
    let health = at_the_end(&sudden, Some(&normal));
    assert_eq!(word(&health), "bad errors");
    assert_eq!(health.over, Some(Duration::from_secs(15)));
    let long = judged(&[(500, 0, 100, 80); 10], Some(&normal));
    assert_eq!(long.over, Some(Duration::from_secs(300)));
    assert_eq!(judged(&[(600, 0, 0, 80); 10], Some(&normal)).over, None);
}

#[test]
fn what_has_ended_does_not_hide_what_goes_on() {
    let normal = Usual {
        per_second: 2.0,
        ..usual(0.001, 0.0, 100, WEEK)
    };
    // A tenth is slow all the time. Failures came and went.
    let mut steps = vec![(9, 1, 0, 80); 100];
    steps.extend([(4, 1, 5, 80); 12]);
    steps.extend([(9, 1, 0, 80); 12]);
    let health = at_the_end(&seconds(&steps), Some(&normal));
    assert_eq!(word(&health), "watch slow");
}
