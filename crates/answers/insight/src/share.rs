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

/// The probability that at least `count` of `of` independent trials succeed, each with `chance`.
pub fn chance_of_at_least(count: u64, of: u64, chance: f64) -> f64 {
    if count == 0 {
        return 1.0;
    }
    if count > of || chance <= 0.0 {
        return 0.0;
    }
    if chance >= 1.0 {
        return 1.0;
    }
    if (count as f64) < of as f64 * chance {
        // The sum over the few that are left out loses no digits here.
        return (1.0 - chance_of_at_least(of - count + 1, of, 1.0 - chance)).max(0.0);
    }
    let (hit, miss) = (chance.ln(), (-chance).ln_1p());
    let ways: f64 = (1..=count)
        .map(|number| ((of - count + number) as f64 / number as f64).ln())
        .sum();
    let mut term = (ways + count as f64 * hit + (of - count) as f64 * miss).exp();
    let odds = chance / (1.0 - chance);
    let mut sum = 0.0;
    for number in count..=of {
        sum += term;
        // From here on the terms fall at least as fast as this one did.
        if term < sum * 1e-12 {
            break;
        }
        term *= (of - number) as f64 / (number + 1) as f64 * odds;
    }
    sum.min(1.0)
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
    fn chances_are_those_of_the_binomial_distribution() {
        let near = |count, of, chance, expected: f64| {
            let found = chance_of_at_least(count, of, chance);
            assert!(
                (found - expected).abs() <= expected * 1e-3,
                "{count} of {of} at {chance}: {found}, not {expected}"
            );
        };
        near(0, 10, 0.5, 1.0);
        near(5, 10, 0.5, 0.623_05);
        near(10, 10, 0.5, 0.000_976_56);
        near(3, 30, 0.01, 0.003_318);
        near(5, 30, 0.01, 1.156_8e-5);
        near(1, 1_000, 0.001, 0.632_3);
        near(90, 100, 0.95, 0.988_5);
        assert_eq!(chance_of_at_least(3, 2, 0.5), 0.0);
        assert_eq!(chance_of_at_least(1, 2, 0.0), 0.0);
        assert_eq!(chance_of_at_least(2, 2, 1.0), 1.0);
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
