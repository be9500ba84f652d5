//! The rhythm of the day: the factor on the base rate at an instant.

use crate::dice::SECOND;

const HOUR: f64 = 3_600.0;
const DAY: f64 = 24.0 * HOUR;

/// How much the rush of the day adds to the daily curve.
const RUSH: f64 = 3.3;

/// The factor on the base rate at an instant, depending on when live begins.
///
/// Every day is alike, so that a comparison with yesterday means something. It peaks at the hour of
/// `live_from` and is lowest twelve hours away, so that the shop is busy whenever someone opens the
/// demo. Its mean is about 1.07.
pub(crate) fn multiplier(at_unix_ns: i64, live_from_unix_ns: i64) -> f64 {
    let seconds = (at_unix_ns - live_from_unix_ns) as f64 / SECOND as f64;
    let day = (1.0 + (seconds / DAY * std::f64::consts::TAU).cos()) / 2.0;
    let ripple = 1.0
        + 0.05 * (seconds / 431.0 * std::f64::consts::TAU).sin()
        + 0.04 * (seconds / 97.0 * std::f64::consts::TAU).sin();
    (0.2 + 0.6 * day.powf(1.5) + RUSH * rush(seconds)) * ripple
}

/// The strength of the rush, from 0 to 1: the hour before and after the peak, and two and a half hours to
/// come and to go.
fn rush(seconds: f64) -> f64 {
    let from_peak = (seconds + DAY / 2.0).rem_euclid(DAY) - DAY / 2.0;
    let rise = ((3.5 * HOUR - from_peak.abs()) / (2.5 * HOUR)).clamp(0.0, 1.0);
    rise * rise * (3.0 - 2.0 * rise)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000 * SECOND;

    fn at(hours_ago: i64) -> f64 {
        multiplier(NOW - hours_ago * 3_600 * SECOND, NOW)
    }

    #[test]
    fn now_is_livelier_than_any_hour_of_the_day_before() {
        assert!((1..24).all(|hours_ago| at(hours_ago) < at(0)));
        assert!(at(12) < 0.4 && at(0) > 3.5);
    }

    #[test]
    fn yesterday_was_like_today() {
        for hours_ago in -6..18 {
            let ratio = at(hours_ago) / at(hours_ago + 24);
            // The ripples of minutes do not keep the day's time.
            assert!((0.8..1.25).contains(&ratio), "{hours_ago}: {ratio}");
        }
    }

    #[test]
    fn the_mean_of_a_day_is_a_little_over_one() {
        let minutes = (0..24 * 60).map(|minute| multiplier(NOW + minute * 60 * SECOND, NOW));
        let mean = minutes.sum::<f64>() / (24.0 * 60.0);
        assert!((1.02..1.12).contains(&mean), "{mean}");
    }
}
