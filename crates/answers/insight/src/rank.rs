//! Order statistics of a few values.
//!
//! Latencies are counted in histograms, which have their own quantiles (`hinomi-model`).

/// The value whose rank is nearest to the share `share` (0 to 1) of the values; `None` without
/// values. `sorted` must ascend.
pub fn nearest_rank<T: Copy>(sorted: &[T], share: f64) -> Option<T> {
    let last = sorted.len().saturating_sub(1) as f64;
    sorted.get((last * share).round() as usize).copied()
}

/// The median; of two middle values the lower one. `None` without values. `sorted` must ascend.
pub fn lower_median<T: Copy>(sorted: &[T]) -> Option<T> {
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_rounded_and_a_median_is_one_of_the_values() {
        assert_eq!(nearest_rank(&[1, 2], 0.5), Some(2));
        assert_eq!(nearest_rank(&[1, 2, 3, 4, 5], 0.1), Some(1));
        assert_eq!(nearest_rank(&[1, 2, 3, 4, 5], 1.0), Some(5));
        assert_eq!(lower_median(&[1, 2]), Some(1));
        assert_eq!(lower_median(&[1, 2, 3]), Some(2));
        assert_eq!(nearest_rank::<u8>(&[], 0.5), None);
        assert_eq!(lower_median::<u8>(&[]), None);
    }
}
