//! The rhythm of the day: the factor on the base rate at an instant.

use crate::dice::SECOND;

const HOUR: f64 = 3_600.0;

/// How much the rush around the start of live adds to the daily curve.
const RUSH: f64 = 2.4;

/// The factor on the base rate at an instant, depending on when live begins.
///
/// The day peaks at the hour of `live_from` and is lowest twelve hours away, so that the shop is
/// busy whenever someone opens the demo. One rush (a sale) builds up over the two hours before
/// `live_from` and fades in the evening. The mean over a whole day without the rush is 0.9.
pub(crate) fn multiplier(at_unix_ns: i64, live_from_unix_ns: i64) -> f64 {
    let seconds = (at_unix_ns - live_from_unix_ns) as f64 / SECOND as f64;
    let day = (1.0 + (seconds / (24.0 * HOUR) * std::f64::consts::TAU).cos()) / 2.0;
    let ripple = 1.0
        + 0.05 * (seconds / 431.0 * std::f64::consts::TAU).sin()
        + 0.04 * (seconds / 97.0 * std::f64::consts::TAU).sin();
    (0.25 + 1.5 * day.powf(1.5) + RUSH * rush(seconds)) * ripple
}

/// The strength of the rush, from 0 to 1 and back, by seconds since the start of live.
fn rush(seconds: f64) -> f64 {
    let up = ((seconds + 2.0 * HOUR) / (1.75 * HOUR)).clamp(0.0, 1.0);
    let down = 1.0 - ((seconds - 3.0 * HOUR) / (4.0 * HOUR)).clamp(0.0, 1.0);
    up * up * down
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_is_livelier_than_any_hour_of_the_day_before() {
        let now = 1_800_000_000 * SECOND;
        let at = |hours_ago: i64| multiplier(now - hours_ago * 3_600 * SECOND, now);
        assert!((1..24).all(|hours_ago| at(hours_ago) < at(0)));
        assert!(at(12) < 0.4 && at(0) > 3.5);
    }
}
