//! Seeded random draws, latencies and ids. The same seed always gives the same draws.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// One millisecond in nanoseconds.
pub(crate) const MS: i64 = 1_000_000;
/// One second in nanoseconds.
pub(crate) const SECOND: i64 = 1_000 * MS;

/// Distribution of a duration: log-normal, with a rare long tail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Latency {
    median_us: f32,
    sigma: f32,
}

/// A latency with this median and this spread: 0.2 is tight, 0.8 is wide.
pub(crate) const fn ms(median_ms: f32, sigma: f32) -> Latency {
    Latency {
        median_us: median_ms * 1_000.0,
        sigma,
    }
}

/// Mixes parts of a seed into one (the finaliser of SplitMix64).
pub(crate) fn mix(seed: u64, part: u64) -> u64 {
    let mut mixed = seed ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A seeded source of draws.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform in `[0, 1)`.
    pub(crate) fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// Whether something with this probability happens.
    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.unit() < f64::from(probability)
    }

    /// Uniform in `[0, bound)`; 0 when `bound` is 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(bound)) >> 32) as u32
    }

    /// Uniform in `[from, to)` nanoseconds.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + ((to - from) as f64 * self.unit()) as i64
    }

    /// A draw from `latency` in nanoseconds, at least 1 µs.
    pub(crate) fn take(&mut self, latency: Latency) -> i64 {
        let mut us = f64::from(latency.median_us) * (self.bell() * f64::from(latency.sigma)).exp();
        if self.below(300) == 0 {
            us *= 2.0 + 4.0 * self.unit();
        }
        (us * 1_000.0) as i64 + 1_000
    }

    /// A log-normal factor around 1.
    pub(crate) fn factor(&mut self, sigma: f64) -> f64 {
        (self.bell() * sigma).exp()
    }

    /// A draw from a Poisson distribution with this mean.
    pub(crate) fn poisson(&mut self, mean: f64) -> u32 {
        // Knuth's method underflows for large means. There, the normal distribution is close
        // enough.
        if mean > 60.0 {
            return (mean + self.bell() * mean.sqrt()).round().max(0.0) as u32;
        }
        let floor = (-mean).exp();
        let mut product = self.unit();
        let mut count = 0;
        while product > floor {
            product *= self.unit();
            count += 1;
        }
        count
    }

    pub(crate) fn trace_id(&mut self) -> [u8; 16] {
        let mut id = [0; 16];
        self.0.fill_bytes(&mut id);
        id[15] |= 1; // All zeros is no id.
        id
    }

    pub(crate) fn span_id(&mut self) -> [u8; 8] {
        let draw = self.0.next_u64();
        // Zero is not a valid id. Excluding it costs one value of 2^64.
        draw.max(1).to_be_bytes()
    }

    /// Approximately standard normal: the sum of four uniform draws, so never beyond 3.5.
    fn bell(&mut self) -> f64 {
        let draw = self.0.next_u64();
        let sum =
            (draw & 0xffff) + ((draw >> 16) & 0xffff) + ((draw >> 32) & 0xffff) + (draw >> 48);
        (sum as f64 / 65_536.0 - 2.0) * 1.732
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_draws_lie_under_the_median() {
        let mut dice = Dice::new(1);
        let under = (0..10_000)
            .filter(|_| dice.take(ms(10.0, 0.5)) < 10 * MS)
            .count();
        assert!((4_700..5_300).contains(&under), "{under}");
    }

    #[test]
    fn poisson_counts_have_their_mean() {
        let mut dice = Dice::new(2);
        for mean in [0.3, 6.0, 200.0] {
            let sum: u32 = (0..4_000).map(|_| dice.poisson(mean)).sum();
            let average = f64::from(sum) / 4_000.0;
            assert!((average / mean - 1.0).abs() < 0.08, "{mean}: {average}");
        }
    }
}
