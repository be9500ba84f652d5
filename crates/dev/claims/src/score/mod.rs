//! Scores: what was claimed against what was true. Pure functions of timelines.

pub mod blame;
pub mod deployment;
pub mod health;
pub mod pattern;

/// Seconds from one question to the next.
pub const STEP_SECONDS: u64 = 5;

/// The smallest value that at least this share of the values (0 to 1) do not exceed.
pub fn quantile(mut values: Vec<u64>, share: f64) -> Option<u64> {
    values.sort_unstable();
    let place = (values.len() as f64 * share).ceil() as usize;
    values.get(place.max(1) - 1).copied()
}

/// Seconds of a number of steps.
pub(crate) fn seconds(steps: usize) -> u64 {
    steps as u64 * STEP_SECONDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_occurs() {
        assert_eq!(quantile(vec![30, 10, 20], 0.5), Some(20));
        assert_eq!(quantile((1..=10).collect(), 0.9), Some(9));
        assert_eq!(quantile(vec![4], 0.9), Some(4));
        assert_eq!(quantile(vec![], 0.5), None);
    }
}
