//! Transactions of a service with one planted cause, or none.

use crate::dice::Dice;
use hinomi_insight::difference::{Dimension, Feature, Population};

pub struct Planted {
    pub population: Population,
    pub cause: Option<Feature>,
}

fn feature(dimension: Dimension, key: &str, value: String) -> Feature {
    Feature {
        dimension,
        key: key.into(),
        value: value.into(),
    }
}

/// A draw from `many` values in which the first ones are the most frequent.
fn skewed(dice: &mut Dice, many: usize) -> usize {
    let weights: Vec<f64> = (1..=many).map(|rank| 1.0 / rank as f64).collect();
    let mut at = dice.unit() * weights.iter().sum::<f64>();
    for (index, weight) in weights.iter().enumerate() {
        at -= weight;
        if at <= 0.0 {
            return index;
        }
    }
    many - 1
}

fn features(dice: &mut Dice, shop: &Shop) -> Vec<Feature> {
    let operation = skewed(dice, shop.operations);
    let instance = dice.below(shop.instances);
    let mut all = vec![
        feature(Dimension::Operation, "", format!("op {operation}")),
        feature(Dimension::Instance, "", format!("pod {instance}")),
        feature(
            Dimension::Version,
            "",
            format!("v{}", instance % shop.versions),
        ),
        feature(Dimension::Host, "", format!("node {}", instance / 2)),
    ];
    // Each operation has its own statements and hosts; some of them do not always run.
    for statement in 0..2 + operation % 3 {
        if statement == 0 || dice.chance(0.4) {
            let value = format!("SELECT {operation}.{statement}");
            all.push(feature(Dimension::Statement, "", value));
        }
    }
    if operation.is_multiple_of(2) && dice.chance(0.8) {
        all.push(feature(
            Dimension::External,
            "",
            format!("host {}", operation % 3),
        ));
    }
    for (key, many) in [("tenant", 30), ("card.brand", 4), ("region", 3)] {
        let value = format!("{key} {}", skewed(dice, many));
        all.push(feature(Dimension::Attribute, key, value));
    }
    // Values that no other transaction has. They can never be a finding.
    let id = format!("{:x}", (dice.unit() * 1e12) as u64);
    all.push(feature(Dimension::Attribute, "order.id", id));
    all
}

struct Shop {
    operations: usize,
    instances: usize,
    versions: usize,
}

/// A population of selected (slow) transactions and the rest, sampled as the product samples: at
/// most `sample` of each side. With a cause, the transactions that have it are selected much more
/// often.
pub fn population(seed: u64, with_cause: bool, sample: usize) -> Planted {
    let mut dice = Dice::new(seed.wrapping_mul(0x9e37_79b9) ^ 0xd1ff);
    let shop = Shop {
        operations: 3 + dice.below(6),
        instances: 3 + dice.below(6),
        versions: 1 + dice.below(3),
    };
    let cause = loop {
        let of_one = features(&mut dice, &shop);
        let chosen = of_one[dice.below(of_one.len())].clone();
        // A feature that some transactions have. A cause that all or almost none have would make no
        // difference.
        let seen = (0..400)
            .filter(|_| features(&mut dice, &shop).contains(&chosen))
            .count();
        if (8..=240).contains(&seen) {
            break with_cause.then_some(chosen);
        }
    };
    let usual = dice.log_between(0.005, 0.03);
    let affected = dice.log_between(0.15, 0.95);
    let mut population = Population::default();
    let total = dice.log_between(2_000.0, 10_000.0) as usize;
    let (mut selected, mut rest) = (Vec::new(), Vec::new());
    for _ in 0..total {
        let row = features(&mut dice, &shop);
        let has = cause.as_ref().is_some_and(|cause| row.contains(cause));
        let chance = if has { affected } else { usual };
        if dice.chance(chance) {
            selected.push(row);
        } else {
            rest.push(row);
        }
    }
    for (is_selected, rows) in [(true, selected), (false, rest)] {
        let step = (rows.len() as f64 / sample as f64).max(1.0);
        let mut next = 0.0;
        for (at, row) in rows.into_iter().enumerate() {
            if at as f64 >= next {
                next += step;
                population.add(is_selected, row);
            }
        }
    }
    Planted { population, cause }
}
