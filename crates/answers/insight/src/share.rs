//! Shares of a count, their confidence bounds, and how well two shares separate.
//!
//! The only place of the workspace that computes such bounds.

/// The share that `part` is `of`, 0 to 1; 0 when nothing was counted.
pub fn share(part: u64, of: u64) -> f64 {
    part as f64 / of.max(1) as f64
}

/// Wilson's bounds of a share when `count` of `of` were observed, at `z` standard deviations. When
/// nothing was observed, the bounds are 0 and 1. Source: Wilson, "Probable inference, the law of
/// succession, and statistical inference" (1927).
pub fn wilson(count: f64, of: f64, z: f64) -> (f64, f64) {
    if of <= 0.0 {
        return (0.0, 1.0);
    }
    let share = count / of;
    let z2 = z * z / of;
    let middle = (share + z2 / 2.0) / (1.0 + z2);
    let half = z / (1.0 + z2) * (share * (1.0 - share) / of + z2 / of / 4.0).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// The standard normal deviate that is exceeded with this probability (at most 0.5). Source:
/// Abramowitz and Stegun, 26.2.23; the error is less than 0.00045.
pub(crate) fn deviate(probability: f64) -> f64 {
    let t = (-2.0 * probability.clamp(1e-300, 0.5).ln()).sqrt();
    let up = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let down = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    t - up / down
}

/// How well a feature with these shares separates the two sides, in bits: 0 when not at all, 1 when
/// all of one side have it and none of the other (the Jensen-Shannon divergence).
pub(crate) fn apart(selected: f64, rest: f64) -> f64 {
    let entropy = |share: f64| {
        let part = |p: f64| if p > 0.0 { -p * p.log2() } else { 0.0 };
        part(share) + part(1.0 - share)
    };
    entropy((selected + rest) / 2.0) - (entropy(selected) + entropy(rest)) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_nothing_the_share_is_unknown() {
        assert_eq!(wilson(0.0, 0.0, 1.96), (0.0, 1.0));
        assert_eq!(share(0, 0), 0.0);
    }

    #[test]
    fn bounds_are_those_of_the_books() {
        let (low, high) = wilson(8.0, 10.0, 1.96);
        assert!((low - 0.490).abs() < 0.001 && (high - 0.943).abs() < 0.001);
        assert!((deviate(0.025) - 1.960).abs() < 0.001);
        assert!((deviate(1e-6) - 4.753).abs() < 0.001);
        assert_eq!(apart(1.0, 0.0), 1.0);
        assert_eq!(apart(0.3, 0.3), 0.0);
        assert!(apart(0.9, 0.1) > apart(0.9, 0.5));
    }
}
