//! The boundary of a sequential test: pure chance rarely crosses it, however often one looks.

/// The one-sided normal mixture boundary. A sum of independent terms with mean 0 and accumulated
/// variance `variance` ever exceeds it with a probability of at most `alpha`. It is tightest where
/// the variance is about `8 · scale`. Source: Howard, Ramdas, McAuliffe, Sekhon, "Time-uniform
/// Chernoff bounds via nonnegative supermartingales" (2020), the one-sided normal mixture in closed
/// form.
pub(super) fn boundary(variance: f64, scale: f64, alpha: f64) -> f64 {
    let inner = ((variance + scale) / scale).sqrt() / (2.0 * alpha) + 1.0;
    (2.0 * (variance + scale) * inner.ln()).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundary_grows_a_little_faster_than_the_deviation() {
        let at = |variance| boundary(variance, 10.0, 0.025) / f64::sqrt(variance);
        // A single look needs 1.96 standard deviations. A test that allows looking at any time
        // needs more.
        assert!((2.5..3.5).contains(&at(80.0)), "{}", at(80.0));
        assert!(at(80_000.0) > at(80.0) && at(80_000.0) < 5.0);
    }
}
