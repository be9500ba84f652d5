//! A series of hit counts among transactions, step by step, and how much more than chance it
//! varies.

/// The hits of one step: `hits` among `of` transactions.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Hits {
    pub hits: f64,
    pub of: f64,
}

/// The sum of a series.
pub(super) fn sum(series: &[Hits]) -> Hits {
    series.iter().fold(Hits::default(), |sum, step| Hits {
        hits: sum.hits + step.hits,
        of: sum.of + step.of,
    })
}

/// The dispersion of a series: the variance of its sum, as a multiple of the variance that
/// independent hits would have. Includes the variation around the mean and the correlation of steps
/// within `lags` of each other. At least 1.
pub(super) fn dispersion(series: &[Hits], lags: usize) -> f64 {
    let Hits { hits, of } = sum(series);
    let steps = series.iter().filter(|step| step.of > 0.0).count();
    if steps < 3 || of <= 0.0 {
        return 1.0;
    }
    // Half a hit is added: zero observed hits do not prove a share of zero.
    let share = ((hits + 0.5) / (of + 1.0)).clamp(1e-6, 0.999);
    let rest: Vec<f64> = series
        .iter()
        .map(|step| step.hits - hits / of * step.of)
        .collect();
    let product = |lag: usize| -> f64 {
        rest.iter()
            .zip(rest.iter().skip(lag))
            .map(|(a, b)| a * b)
            .sum()
    };
    let mut variance = product(0);
    for lag in 1..=lags.min(series.len() / 3) {
        // Bartlett's weights keep the sum positive.
        variance += 2.0 * (1.0 - lag as f64 / (lags + 1) as f64) * product(lag);
    }
    let expected = of * share * (1.0 - share);
    let freedom = steps as f64 / (steps as f64 - 1.0);
    (variance * freedom / expected).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(hits: &[f64]) -> Vec<Hits> {
        hits.iter()
            .map(|hits| Hits {
                hits: *hits,
                of: 100.0,
            })
            .collect()
    }

    #[test]
    fn hits_that_come_in_bursts_are_more_dispersed() {
        let even = series(&[5.0, 4.0, 6.0, 5.0, 7.0, 3.0, 5.0, 5.0, 6.0, 4.0, 5.0, 5.0]);
        let burst = series(&[0.0, 0.0, 0.0, 30.0, 30.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(dispersion(&even, 3), 1.0);
        assert!(dispersion(&burst, 3) > 20.0);
        assert!(dispersion(&burst, 3) > dispersion(&burst, 0));
    }
}
