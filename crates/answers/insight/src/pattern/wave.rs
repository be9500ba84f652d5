//! Wave: durations rise and fall periodically.
//!
//! The fundamental and the first harmonic of a period must explain most of the movement. The wave
//! must also spend a fair part of the time up and a fair part down (a job each minute does not),
//! and each period must look like the next.

use super::{
    Pattern, PatternKind,
    window::{Bins, HitmapWindow, fast_left, mean, quantile, row_of_share},
};
use std::{f64::consts::TAU, ops::Range};

/// Fewest transactions of a bin.
const FEWEST: f64 = 15.0;
/// Fewest bins of a stretch.
const LEAST_BINS: usize = 24;
/// Shortest period in bins, and fewest periods of a stretch.
const SHORTEST: usize = 5;
const PERIODS: f64 = 3.0;
/// Share of the movement that the period must explain.
const EXPLAINED: f64 = 0.62;
/// Least factor of crest over trough.
const HEIGHT: f64 = 1.6;
/// Share of the bins that must lie in the upper half.
const UP: Range<f64> = 0.22..0.78;
/// Least similarity of one period to the next.
const LIKENESS: f64 = 0.45;
/// Largest number of fast transactions at the crests, as a share of those in the troughs. A job
/// adds slow transactions and leaves the fast ones unchanged.
const FAST_LEFT: f64 = 0.7;
/// Least ratio of explained to unexplained movement, each divided by its degrees of freedom (the F
/// statistic of four parameters). The best of many periods fitted to pure chance does not reach it.
const CERTAIN: f64 = 12.0;

struct Fit {
    bins: Range<usize>,
    /// The fitted level of each bin.
    wave: Vec<f64>,
    period: f64,
    explained: f64,
    height: f64,
}

pub(super) fn find(window: &HitmapWindow) -> Option<Pattern> {
    let bins = Bins::of(window, FEWEST, LEAST_BINS)?;
    // The mean shows what all requests share; upper quantiles show what a part of them has.
    let (means, noise) = bins.log_means();
    let upper: Vec<Vec<f64>> = [0.5, 0.75, 0.9]
        .into_iter()
        .map(|share| bins.log_quantiles(share))
        .collect();
    let upper: Vec<f64> = (0..means.len())
        .map(|bin| upper.iter().map(|values| values[bin]).sum::<f64>() / upper.len() as f64)
        .collect();
    let best = stretches(means.len())
        .into_iter()
        .flat_map(|stretch| {
            let values = [&means, &upper].map(|level| detrended(&level[stretch.clone()]));
            // Variation that comes from few transactions in a bin need not be explained by the
            // wave.
            let chance = [noise[stretch.clone()].iter().sum(), 0.0];
            let periods = best_periods([&values[0], &values[1]]);
            let each = values.into_iter().zip(periods).zip(chance);
            let fits =
                each.map(|((values, best), chance)| fit(values, best?, chance, stretch.clone()));
            fits.flatten().collect::<Vec<_>>()
        })
        .filter(|fit| fast_ones_go(&bins, fit))
        .max_by(|a, b| {
            let weight = |fit: &Fit| fit.explained * fit.bins.len() as f64;
            weight(a).total_cmp(&weight(b))
        })?;
    let columns = bins.columns(best.bins);
    let within = window.profile(columns.clone());
    let rows = row_of_share(&within, 0.05)..row_of_share(&within, 0.98) + 1;
    Some(Pattern {
        kind: PatternKind::Wave,
        count: window.count(columns.clone(), rows.clone()),
        failed: window.failed(columns.clone(), rows.clone()),
        period: Some(window.column().mul_f64(best.period * bins.width as f64)),
        columns,
        rows,
        constant: None,
        strength: best.height.exp(),
    })
}

/// The whole window, and overlapping parts of it, as far as they are long enough.
fn stretches(bins: usize) -> Vec<Range<usize>> {
    let mut stretches = Vec::new();
    for (parts, length) in [(1, 1), (4, 3), (4, 2)] {
        for start in 0..=parts - length {
            let stretch = start * bins / parts..(start + length) * bins / parts;
            if stretch.len() >= LEAST_BINS {
                stretches.push(stretch);
            }
        }
    }
    stretches
}

/// A period, with how much of the movement it explains.
#[derive(Clone, Copy)]
struct Period {
    length: f64,
    /// Explained part of the sum of squares.
    explained: f64,
    /// Ratio of explained to unexplained, each divided by its degrees of freedom.
    certain: f64,
}

/// The period that explains most, for each of two series of the same length.
fn best_periods(values: [&[f64]; 2]) -> [Option<Period>; 2] {
    let count = values[0].len();
    let totals = values.map(|values| values.iter().map(|value| value * value).sum::<f64>());
    let longest = count as f64 / PERIODS;
    let free = (count - 5) as f64;
    let mut best: [Option<Period>; 2] = [None; 2];
    let mut length = SHORTEST as f64;
    while length <= longest {
        let explained = explained(values, length);
        for (best, (total, explained)) in best.iter_mut().zip(totals.into_iter().zip(explained)) {
            let rest = (total - explained).max(0.0);
            let certain = explained / 4.0 / (rest / free).max(1e-12);
            if best.is_none_or(|best| certain > best.certain) {
                *best = Some(Period {
                    length,
                    explained,
                    certain,
                });
            }
        }
        // The step moves the phase by half a bin over the whole stretch.
        length *= 1.0 + 0.5 * length / count as f64 / 2.0;
    }
    best
}

/// How much [`wave`] of a period reduces the sum of squares of each series. One pass is enough:
/// only the reduction is needed, and the wave's own sum of squares follows from that of its angles.
fn explained(values: [&[f64]; 2], period: f64) -> [f64; 2] {
    let count = values[0].len();
    let angle = TAU / period;
    let (sin, cos) = angle.sin_cos();
    let (mut x, mut y) = (1.0, 0.0);
    // For each series, its products with cosine and sine of the angle and of the double angle.
    let mut sums = [[0.0; 4]; 2];
    for (first, second) in values[0].iter().zip(values[1]) {
        let turns = [x, y, 2.0 * x * x - 1.0, 2.0 * x * y];
        for (at, turn) in turns.into_iter().enumerate() {
            sums[0][at] += first * turn;
            sums[1][at] += second * turn;
        }
        (x, y) = (x * cos - y * sin, x * sin + y * cos);
    }
    let scale = 2.0 / count as f64;
    let products = products(angle, count);
    sums.map(|mut sums| {
        if period / 2.0 < 2.0 {
            (sums[2], sums[3]) = (0.0, 0.0);
        }
        let own: f64 = sums.iter().map(|sum| sum * sum).sum();
        let mut squares = 0.0;
        for (row, a) in products.iter().zip(sums) {
            for (product, b) in row.iter().zip(sums) {
                squares += a * b * product;
            }
        }
        2.0 * scale * own - scale * scale * squares
    })
}

/// For the multiples of an angle: the sums of all products of cos, sin, cos of the double angle and
/// sin of the double angle.
fn products(angle: f64, count: usize) -> [[f64; 4]; 4] {
    // The sums of the cosines and of the sines of the multiples of an angle.
    let sums = |angle: f64| {
        let half = (angle / 2.0).sin();
        if half.abs() < 1e-12 {
            return (count as f64, 0.0);
        }
        let length = (count as f64 * angle / 2.0).sin() / half;
        let middle = (count as f64 - 1.0) * angle / 2.0;
        (length * middle.cos(), length * middle.sin())
    };
    // The products only need multiples of the angle up to four.
    let multiples: [(f64, f64); 5] = std::array::from_fn(|times| sums(times as f64 * angle));
    std::array::from_fn(|row| {
        std::array::from_fn(|column| {
            let (a, b) = (row / 2 + 1, column / 2 + 1);
            let (more_cos, more_sin) = multiples[a + b];
            let (less_cos, less_sin) = multiples[a.abs_diff(b)];
            let less_sin = if b < a { -less_sin } else { less_sin };
            match (row % 2, column % 2) {
                (0, 0) => (less_cos + more_cos) / 2.0,
                (0, _) => (more_sin + less_sin) / 2.0,
                (_, 0) => (more_sin - less_sin) / 2.0,
                _ => (less_cos - more_cos) / 2.0,
            }
        })
    })
}

/// The wave of a period in a stretch; `None` when it is not one. `chance` is the variation that
/// need not be explained.
fn fit(values: Vec<f64>, best: Period, chance: f64, stretch: Range<usize>) -> Option<Fit> {
    let total: f64 = values.iter().map(|value| value * value).sum();
    if total <= 1e-9 {
        return None;
    }
    let moved = (total - chance).max(total / 2.0);
    let explained = (best.explained / moved).min(1.0);
    let (period, certain) = (best.length, best.certain);
    let wave = wave(&values, period);
    let height = quantile(&wave, 1.0) - quantile(&wave, 0.0);
    let middle = (quantile(&values, 0.95) + quantile(&values, 0.05)) / 2.0;
    let up = values.iter().filter(|value| **value > middle).count() as f64 / values.len() as f64;
    let is_wave = explained >= EXPLAINED
        && certain >= CERTAIN
        && height >= HEIGHT.ln()
        && UP.contains(&up)
        && likeness(&values, period) >= LIKENESS;
    is_wave.then_some(Fit {
        bins: stretch,
        wave,
        period,
        explained,
        height,
    })
}

/// Whether there are fewer fast transactions at the crests than in the troughs.
fn fast_ones_go(bins: &Bins, fit: &Fit) -> bool {
    let profiles = &bins.profiles[fit.bins.clone()];
    let (low, high) = (quantile(&fit.wave, 0.33), quantile(&fit.wave, 0.67));
    let chosen = |keep: &dyn Fn(f64) -> bool| -> Vec<usize> {
        let each = fit.wave.iter().enumerate();
        each.filter(|(_, level)| keep(**level))
            .map(|(bin, _)| bin)
            .collect()
    };
    let (troughs, crests) = (
        chosen(&|level| level <= low),
        chosen(&|level| level >= high),
    );
    fast_left(profiles, &crests, &troughs) <= FAST_LEFT
}

fn detrended(values: &[f64]) -> Vec<f64> {
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let level = mean(values);
    let (mut rise, mut run) = (0.0, 0.0);
    for (at, value) in values.iter().enumerate() {
        rise += (at as f64 - middle) * (value - level);
        run += (at as f64 - middle).powi(2);
    }
    let slope = rise / run.max(1.0);
    values
        .iter()
        .enumerate()
        .map(|(at, value)| value - level - slope * (at as f64 - middle))
        .collect()
}

/// The fundamental and the first harmonic of a period, fitted to the values.
fn wave(values: &[f64], period: f64) -> Vec<f64> {
    let mut wave = vec![0.0; values.len()];
    for harmonic in [1.0, 2.0] {
        if period / harmonic < 2.0 {
            continue;
        }
        let turns = turns(TAU * harmonic / period, values.len());
        let (mut cosine, mut sine) = (0.0, 0.0);
        for (value, (cos, sin)) in values.iter().zip(&turns) {
            cosine += value * cos;
            sine += value * sin;
        }
        let scale = 2.0 / values.len() as f64;
        for (fitted, (cos, sin)) in wave.iter_mut().zip(&turns) {
            *fitted += scale * (cosine * cos + sine * sin);
        }
    }
    wave
}

/// Cosine and sine of the multiples of an angle, from 0 on. Each pair is the previous one rotated
/// by the angle.
fn turns(angle: f64, count: usize) -> Vec<(f64, f64)> {
    let (sin, cos) = angle.sin_cos();
    let mut turns = Vec::with_capacity(count);
    let (mut x, mut y) = (1.0, 0.0);
    for _ in 0..count {
        turns.push((x, y));
        (x, y) = (x * cos - y * sin, x * sin + y * cos);
    }
    turns
}

/// How similar the values are to those one period later: 1 when they are equal.
fn likeness(values: &[f64], period: f64) -> f64 {
    let lag = period.round() as usize;
    let pairs = values.iter().zip(values.iter().skip(lag));
    let (mut both, mut first, mut second) = (0.0, 0.0, 0.0);
    for (a, b) in pairs {
        both += a * b;
        first += a * a;
        second += b * b;
    }
    both / (first * second).sqrt().max(1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_wave_explains_is_what_is_left_without_it() {
        let one: Vec<f64> = (0..97)
            .map(|at| (at as f64 * 0.7).sin() + (at * at % 17) as f64 / 9.0)
            .collect();
        let two: Vec<f64> = (0..97).map(|at| (at * 31 % 23) as f64 - 11.0).collect();
        for period in [3.7, 5.0, 8.97, 20.25, 32.3] {
            let explained = explained([&one, &two], period);
            for (values, explained) in [&one, &two].into_iter().zip(explained) {
                let total: f64 = values.iter().map(|value| value * value).sum();
                let each = values.iter().zip(wave(values, period));
                let rest: f64 = each.map(|(value, fitted)| (value - fitted).powi(2)).sum();
                assert!(
                    (total - rest - explained).abs() < 1e-9 * total,
                    "{period}: {explained} and not {}",
                    total - rest
                );
            }
        }
    }
}
