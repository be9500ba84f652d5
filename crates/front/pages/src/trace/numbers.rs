//! Number formats that only the trace page needs: shares with a fixed number of decimals, ticks of
//! a ruler.

use std::time::Duration;

/// A share between 0 and 1 in percent, with `decimals`. A share that would round to zero is shown
/// as `<…`.
pub(crate) fn percent(share: f64, decimals: usize) -> String {
    let least = 10_f64.powi(-(decimals as i32));
    let percent = share * 100.0;
    if percent > 0.0 && percent < least / 2.0 {
        return format!("<{least:.decimals$} %");
    }
    format!("{percent:.decimals$} %")
}

/// The label of a tick: as many decimals as its step needs, all ticks in the same unit.
pub(crate) fn tick(tick: Duration, step: Duration, total: Duration) -> String {
    if tick.is_zero() {
        return "0".to_owned();
    }
    let (scale, unit) = match total.max(step).as_nanos() {
        0..1_000_000 => (1_000_u64, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        1_000_000_000..120_000_000_000 => (1_000_000_000, "s"),
        120_000_000_000..7_200_000_000_000 => (60_000_000_000, "m"),
        _ => (3_600_000_000_000, "h"),
    };
    let step = step.as_nanos() as f64 / scale as f64;
    let decimals = (0..3)
        .find(|decimals| (step * 10_f64.powi(*decimals)).fract() < 1e-6)
        .unwrap_or(2);
    format!(
        "{:.*} {unit}",
        decimals as usize,
        tick.as_nanos() as f64 / scale as f64
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_that_round_to_nothing_say_so() {
        assert_eq!(percent(0.614, 0), "61 %");
        assert_eq!(percent(0.0004, 1), "<0.1 %");
        assert_eq!(percent(0.0, 1), "0.0 %");
    }

    #[test]
    fn ticks_share_a_unit() {
        let label = |millis, step| {
            tick(
                Duration::from_millis(millis),
                Duration::from_millis(step),
                Duration::from_secs(3),
            )
        };
        assert_eq!(label(500, 500), "0.5 s");
        assert_eq!(label(2000, 500), "2.0 s");
        assert_eq!(label(2000, 1000), "2 s");
    }
}
