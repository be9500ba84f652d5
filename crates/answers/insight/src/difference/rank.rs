//! Ranks the features of a population by how well they separate the selected transactions from the
//! rest.

use super::{Dimension, Feature};
use crate::share::{apart, deviate, share, wilson};
use std::collections::HashMap;

/// Probability that anything is reported when nothing differs.
const ERROR: f64 = 0.02;
/// Fewest selected transactions with a feature, and their least share of all selected ones, for a
/// finding.
const FEWEST: f64 = 5.0;
const LEAST_SHARE: f64 = 0.1;
/// How much larger the share must be: by this difference, or by this factor.
const MORE: f64 = 0.1;
const TIMES: f64 = 2.0;
/// Two features are one finding when this share of the transactions with either of them has both.
const TOGETHER: f64 = 0.85;
/// Most findings that are returned, and most features that are named with one.
const MOST: usize = 12;
const MOST_SAME: usize = 3;
/// A finding is explained by another one when the remaining difference is below this many standard
/// deviations.
const EXPLAINED: f64 = 2.5;

/// Transactions with their features: all of them, or a sample of each side.
#[derive(Debug, Clone, Default)]
pub struct Population {
    features: Vec<Feature>,
    numbers: HashMap<Feature, u32>,
    selected: Vec<Vec<u32>>,
    rest: Vec<Vec<u32>>,
    exact: HashMap<u32, (Proportion, Proportion)>,
}

/// `count` of `of` transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proportion {
    /// Number of transactions with the feature.
    pub count: u64,
    /// Number of transactions that were looked at.
    pub of: u64,
}

impl Proportion {
    /// The share, 0 to 1.
    pub fn share(self) -> f64 {
        share(self.count, self.of)
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The feature that the selected transactions have more often.
    pub feature: Feature,
    /// Count among the selected transactions.
    pub selected: Proportion,
    /// Count among the rest.
    pub rest: Proportion,
    /// Whether all transactions were counted. If false, the counts are of a sample.
    pub exact: bool,
    /// How well the feature separates the sides, 0 to 1, computed from the cautious bounds.
    pub score: f64,
    /// Features that nearly always occur with it, or that differ only because it does.
    pub same: Vec<Feature>,
}

/// The result of ranking.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Findings {
    /// The findings, the strongest first.
    pub findings: Vec<Difference>,
    /// Dimensions with several values that do not differ.
    pub alike: Vec<Dimension>,
}

impl Population {
    /// Adds one transaction.
    pub fn add(&mut self, selected: bool, features: impl IntoIterator<Item = Feature>) {
        let mut row: Vec<u32> = features
            .into_iter()
            .map(|feature| self.number(feature))
            .collect();
        row.sort_unstable();
        row.dedup();
        if selected {
            self.selected.push(row);
        } else {
            self.rest.push(row);
        }
    }

    /// Sets the counts of a feature over all transactions. They replace the counts of the sample.
    pub fn count(&mut self, feature: Feature, selected: Proportion, rest: Proportion) {
        let number = self.number(feature);
        self.exact.insert(number, (selected, rest));
    }

    /// Number of transactions on each side: selected, rest.
    pub fn sizes(&self) -> (usize, usize) {
        (self.selected.len(), self.rest.len())
    }

    fn number(&mut self, feature: Feature) -> u32 {
        let next = self.features.len() as u32;
        *self.numbers.entry(feature).or_insert_with_key(|feature| {
            self.features.push(feature.clone());
            next
        })
    }

    fn counted(&self, number: u32) -> (Proportion, Proportion) {
        let of = |rows: &[Vec<u32>]| Proportion {
            count: rows
                .iter()
                .filter(|row| row.binary_search(&number).is_ok())
                .count() as u64,
            of: rows.len() as u64,
        };
        let sampled = || (of(&self.selected), of(&self.rest));
        self.exact.get(&number).copied().unwrap_or_else(sampled)
    }
}

/// The differences of a population. Empty when chance explains everything, also because there are
/// too few transactions.
pub fn rank(population: &Population) -> Findings {
    let counted: Vec<(u32, Proportion, Proportion)> = (0..population.features.len() as u32)
        .map(|number| {
            let (selected, rest) = population.counted(number);
            (number, selected, rest)
        })
        .collect();
    let worth = |selected: &Proportion, rest: &Proportion| {
        let (p, q) = (selected.share(), rest.share());
        selected.count as f64 >= FEWEST && p >= LEAST_SHARE && (p - q >= MORE || p >= TIMES * q)
    };
    // Every feature that could have been a finding counts as a tested hypothesis.
    let asked = counted
        .iter()
        .filter(|(_, selected, rest)| selected.count + rest.count >= FEWEST as u64)
        .count();
    let z = deviate(ERROR / 2.0 / asked.max(1) as f64);
    let mut found: Vec<(u32, Difference)> = counted
        .iter()
        .filter(|(_, selected, rest)| worth(selected, rest))
        .filter_map(|(number, selected, rest)| {
            let (low, _) = wilson(selected.count as f64, selected.of as f64, z);
            let (_, high) = wilson(rest.count as f64, rest.of as f64, z);
            (low > high && selected.of > 0 && rest.of > 0).then(|| {
                let finding = Difference {
                    feature: population.features[*number as usize].clone(),
                    selected: *selected,
                    rest: *rest,
                    exact: population.exact.contains_key(number),
                    score: apart(low, high),
                    same: Vec::new(),
                };
                (*number, finding)
            })
        })
        .collect();
    found.sort_by(|(_, a), (_, b)| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.feature.cmp(&b.feature))
    });
    let alike = alike(population, &counted, &found);
    let mut kept: Vec<(u32, Difference)> = Vec::new();
    for (number, finding) in found {
        let leader = kept.iter_mut().find(|(leader, kept)| {
            together(population, *leader, number) >= TOGETHER
                || finding.feature.dimension.is_place()
                    && explains(population, *leader, number)
                    && kept.score > finding.score
        });
        match leader {
            Some((_, leader)) if leader.same.len() < MOST_SAME => leader.same.push(finding.feature),
            Some(_) => {}
            None => kept.push((number, finding)),
        }
    }
    kept.truncate(MOST);
    Findings {
        findings: kept.into_iter().map(|(_, finding)| finding).collect(),
        alike,
    }
}

/// Dimensions that have at least two values and no finding.
fn alike(
    population: &Population,
    counted: &[(u32, Proportion, Proportion)],
    found: &[(u32, Difference)],
) -> Vec<Dimension> {
    let several = |dimension: &Dimension| {
        let values = counted.iter().filter(|(number, selected, rest)| {
            population.features[*number as usize].dimension == *dimension
                && selected.count + rest.count >= FEWEST as u64
        });
        values.count() >= 2
    };
    let differs = |dimension: &Dimension| {
        found
            .iter()
            .any(|(_, finding)| finding.feature.dimension == *dimension)
    };
    Dimension::ALL
        .into_iter()
        .filter(|dimension| several(dimension) && !differs(dimension))
        .collect()
}

/// Among the transactions with either feature, the share that has both. Both sides have the same
/// weight.
fn together(population: &Population, a: u32, b: u32) -> f64 {
    let (mut both, mut either) = (0.0, 0.0);
    for rows in [&population.selected, &population.rest] {
        let weight = 1.0 / rows.len().max(1) as f64;
        for row in rows {
            let (has_a, has_b) = (row.binary_search(&a).is_ok(), row.binary_search(&b).is_ok());
            both += weight * f64::from(u8::from(has_a && has_b));
            either += weight * f64::from(u8::from(has_a || has_b));
        }
    }
    if either > 0.0 { both / either } else { 0.0 }
}

/// Whether feature `b` differs only because feature `a` does: it differs neither among the
/// transactions with `a` nor among those without (Mantel-Haenszel test over the two groups).
fn explains(population: &Population, a: u32, b: u32) -> bool {
    let (mut excess, mut variance) = (0.0_f64, 0.0_f64);
    for with in [true, false] {
        let mut counts = [[0.0; 2]; 2];
        for (side, rows) in [&population.selected, &population.rest].iter().enumerate() {
            for row in rows.iter() {
                if row.binary_search(&a).is_ok() == with {
                    counts[side][usize::from(row.binary_search(&b).is_ok())] += 1.0;
                }
            }
        }
        let [[s0, s1], [r0, r1]] = counts;
        let total = s0 + s1 + r0 + r1;
        if total < 2.0 {
            continue;
        }
        excess += s1 - (s0 + s1) * (s1 + r1) / total;
        variance += (s0 + s1) * (r0 + r1) * (s1 + r1) * (s0 + r0) / (total * total * (total - 1.0));
    }
    variance <= 0.0 || excess / variance.sqrt() < EXPLAINED
}
