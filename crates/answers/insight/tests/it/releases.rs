//! Generates realistic deployments: counts that come in bursts, drift, cold starts, and three ways
//! of rolling out.

use crate::dice::Dice;
use hinomi_insight::deployment::{Side, Step};
use std::time::Duration;

/// Seconds of a step, and steps before the deployment.
const STEP: f64 = 5.0;
pub const BEFORE: usize = 180;

/// How the new version differs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    Nothing,
    /// Every duration longer by 30 %.
    Slower,
    /// Only slow kinds of request take longer; the 95th percentile is 30 % higher.
    SlowerTail,
    /// The failed share is two percentage points higher.
    Failing,
    /// Every duration shorter by 30 %.
    Faster,
}

/// How the new version takes over.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Roll {
    AtOnce,
    /// One of four instances every 25 s.
    Instances,
    /// A tenth of the requests, permanently.
    Canary,
}

pub struct Release {
    pub before: Vec<Side>,
    pub since: Vec<Step>,
}

struct Traffic {
    modes: Vec<(f64, f64, f64)>,
    rate: f64,
    errors: f64,
}

impl Traffic {
    fn of(dice: &mut Dice, rate: f64) -> Self {
        let modes = (0..1 + dice.below(3))
            .map(|_| {
                (
                    dice.between(0.2, 1.0),
                    dice.log_between(0.01, 0.3),
                    dice.between(0.25, 0.8),
                )
            })
            .collect();
        let errors = dice.pick(&[0.0, 0.001, 0.004, 0.01]);
        Self {
            modes,
            rate,
            errors,
        }
    }

    fn duration(&self, dice: &mut Dice) -> f64 {
        let total: f64 = self.modes.iter().map(|(share, ..)| share).sum();
        let mut at = dice.unit() * total;
        let mode = self.modes.iter().find(|(share, ..)| {
            at -= share;
            at <= 0.0
        });
        let (_, median, sigma) = mode.unwrap_or(&self.modes[0]);
        median * (sigma * dice.normal()).exp()
    }

    /// The 90th percentile, estimated from many draws.
    fn slow(&self, dice: &mut Dice) -> f64 {
        let mut draws: Vec<f64> = (0..4_000).map(|_| self.duration(dice)).collect();
        draws.sort_by(f64::total_cmp);
        draws[3_600]
    }
}

/// Noise that is correlated over time: its deviation, and the part that stays from step to step.
struct Wander {
    deviation: f64,
    stays: f64,
    value: f64,
}

impl Wander {
    fn next(&mut self, dice: &mut Dice) -> f64 {
        let fresh = (1.0 - self.stays * self.stays).sqrt() * self.deviation;
        self.value = self.stays * self.value + fresh * dice.normal();
        self.value
    }
}

/// A deployment with `steps` steps after it. With a `rate`, the new version takes this many
/// requests a second at once. Without one, rate and rollout are drawn.
pub fn release(change: Change, seed: u64, rate: Option<f64>, steps: usize) -> Release {
    let mut dice = Dice::new(seed.wrapping_mul(0x2545_f491) ^ 0x7e1e);
    let roll = match rate {
        Some(_) => Roll::AtOnce,
        None => dice.pick(&[Roll::AtOnce, Roll::Instances, Roll::Canary]),
    };
    let rate = rate.unwrap_or_else(|| dice.log_between(3.0, 120.0));
    let traffic = Traffic::of(&mut dice, rate);
    let slow = traffic.slow(&mut dice);
    let mut pace = Wander {
        deviation: dice.between(0.02, 0.15),
        stays: 0.8,
        value: 0.0,
    };
    let mut weather = Wander {
        deviation: dice.between(0.01, 0.05),
        stays: (-STEP / dice.between(8.0, 30.0)).exp(),
        value: 0.0,
    };
    let mut trouble = Wander {
        deviation: dice.between(0.1, 0.5),
        stays: 0.5,
        value: 0.0,
    };
    // Change of durations within half an hour.
    let drift = dice.between(-0.06, 0.06);
    // About every ten minutes some seconds are bad, before and after the deployment alike.
    let bursts = dice.pick(&[0.0, 1.0 / 120.0]);
    let cold = dice.between(0.0, 1.0);
    let mut burst = (0, 1.0, 0.0);
    let mut before = Vec::new();
    let mut since = Vec::new();
    for at in 0..BEFORE + steps {
        let after = at as f64 - BEFORE as f64;
        if burst.0 > 0 {
            burst.0 -= 1;
        } else if dice.chance(bursts) {
            burst = (
                1 + dice.below(2),
                dice.between(1.2, 2.5),
                dice.between(0.0, 0.15),
            );
        }
        let (slower, failing) = if burst.0 > 0 {
            (burst.1, burst.2)
        } else {
            (1.0, 0.0)
        };
        let level = (weather.next(&mut dice) + drift * after / 360.0).exp() * slower;
        let failures = (traffic.errors * trouble.next(&mut dice).exp() + failing).min(1.0);
        let busy = pace.next(&mut dice).exp();
        let count = dice.poisson(traffic.rate * STEP * busy);
        let mut step = Step::default();
        for _ in 0..count {
            let within = (after + dice.unit()) * STEP;
            let instance = dice.below(4) as f64;
            let is_new = match roll {
                Roll::AtOnce => within >= 0.0,
                Roll::Instances => within >= 25.0 * instance,
                Roll::Canary => within >= 0.0 && dice.chance(0.1),
            };
            let age = match roll {
                Roll::Instances => within - 25.0 * instance,
                _ => within,
            };
            let mut duration = traffic.duration(&mut dice) * level;
            let mut fails = failures;
            if is_new {
                match change {
                    Change::Slower => duration *= 1.3,
                    Change::Faster => duration /= 1.3,
                    Change::SlowerTail if duration > slow * level * 0.75 => duration *= 1.3,
                    Change::Failing => fails += 0.02,
                    _ => {}
                }
                // A new process is slow until it is warm.
                if dice.chance(0.3 * cold * (-age / 4.0).exp()) {
                    duration *= 1.0 + 5.0 * dice.unit();
                }
            }
            let side = if is_new { &mut step.new } else { &mut step.old };
            side.latency.record(Duration::from_secs_f64(duration));
            side.errors += u64::from(dice.chance(fails));
        }
        if after < 0.0 {
            before.push(step.old);
        } else {
            since.push(step);
        }
    }
    Release { before, since }
}
