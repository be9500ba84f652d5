//! Generates hitmap windows as services produce them: many kinds of ordinary traffic, and each
//! pattern over it.

use crate::dice::Dice;
use hinomi_insight::pattern::{HitmapWindow, PatternKind};
use hinomi_model::hitmap::row_of;
use std::{f64::consts::TAU, ops::Range, time::Duration};

/// One kind of request.
#[derive(Clone)]
struct Mode {
    share: f64,
    median: f64,
    sigma: f64,
}

/// The usual traffic of a service.
struct Service {
    /// Requests a second.
    rate: f64,
    modes: Vec<Mode>,
    errors: f64,
}

/// The planted pattern, and where it is.
#[derive(Debug, Clone)]
pub struct Planted {
    pub kind: PatternKind,
    pub columns: Range<usize>,
    pub constant: Option<f64>,
}

/// A window, with the pattern that was planted in it.
pub struct Sample {
    pub name: String,
    pub window: HitmapWindow,
    pub planted: Option<Planted>,
}

const COLUMNS: usize = 120;

/// The effects of a pattern on a request that began in a column.
struct Effects {
    column_s: f64,
    lock: Option<(f64, f64, f64)>,
    timeout: Option<Timeout>,
    /// Factor on durations at a time, and the share of requests that it applies to.
    slower: Option<Box<dyn Fn(f64) -> f64>>,
    slower_share: f64,
    busier: Option<Box<dyn Fn(f64) -> f64>>,
    cold: Option<Cold>,
}

/// A new version that is slow for a while after its start.
struct Cold {
    from: f64,
    rests: f64,
    share: f64,
    mean: f64,
}

struct Timeout {
    from: f64,
    to: f64,
    share: f64,
    constant: f64,
    failing: f64,
    own: f64,
}

fn service(dice: &mut Dice, rate: f64) -> Service {
    let count = 1 + dice.below(4);
    let modes = (0..count)
        .map(|_| Mode {
            share: dice.log_between(0.05, 1.0),
            median: dice.log_between(0.003, 0.9),
            sigma: dice.between(0.15, 0.8),
        })
        .collect();
    Service {
        rate,
        modes,
        errors: if dice.chance(0.5) {
            0.0
        } else {
            dice.between(0.0, 0.02)
        },
    }
}

impl Service {
    fn duration(&self, dice: &mut Dice) -> f64 {
        let total: f64 = self.modes.iter().map(|mode| mode.share).sum();
        let mut at = dice.unit() * total;
        let mode = self
            .modes
            .iter()
            .find(|mode| {
                at -= mode.share;
                at <= 0.0
            })
            .unwrap_or(&self.modes[0]);
        let mut duration = mode.median * (mode.sigma * dice.normal()).exp();
        if dice.chance(1.0 / 300.0) {
            duration *= 2.0 + 4.0 * dice.unit();
        }
        duration
    }

    fn top(&self) -> f64 {
        let tops = self
            .modes
            .iter()
            .map(|mode| mode.median * (1.7 * mode.sigma).exp());
        tops.fold(0.0, f64::max)
    }
}

/// The variation that every service has: a slow trend, a ripple, and noise that lasts some columns.
fn rhythm(dice: &mut Dice) -> Vec<f64> {
    let (trend, ripple, phase) = (
        dice.between(-0.25, 0.25),
        dice.between(0.0, 0.1),
        dice.unit(),
    );
    let noise = dice.between(0.0, 0.12);
    let mut wander = 0.0;
    (0..COLUMNS)
        .map(|column| {
            let place = column as f64 / COLUMNS as f64;
            wander = 0.8 * wander + 0.6 * noise * dice.normal();
            (1.0 + trend * (place - 0.5))
                * (1.0 + ripple * (TAU * (place * 1.6 + phase)).sin())
                * wander.exp()
        })
        .collect()
}

fn run(
    dice: &mut Dice,
    service: &Service,
    effects: &Effects,
    mut extra: impl FnMut(&mut Dice, usize, &mut Vec<(f64, f64, bool)>),
) -> HitmapWindow {
    let column_s = effects.column_s;
    let mut window = HitmapWindow::new(Duration::from_secs_f64(column_s), COLUMNS);
    let pace = rhythm(dice);
    let weather: Vec<f64> = rhythm(dice)
        .iter()
        .map(|value| 1.0 + 0.25 * (value - 1.0))
        .collect();
    let mut ended: Vec<(f64, f64, bool)> = Vec::new();
    // Requests that end in the window may have begun before it.
    for column in -12..COLUMNS as i64 {
        let index = column.max(0) as usize;
        let begins = column as f64 * column_s;
        let busier = effects.busier.as_ref().map_or(1.0, |busier| busier(begins));
        let count = dice.poisson(service.rate * column_s * pace[index] * busier);
        for _ in 0..count {
            let start = begins + dice.unit() * column_s;
            let mut duration = service.duration(dice) * weather[index];
            let mut failed = dice.chance(service.errors);
            if let Some(slower) = &effects.slower
                && dice.chance(effects.slower_share)
            {
                duration *= slower(start);
            }
            if let Some(cold) = &effects.cold
                && start >= cold.from
                && dice.chance(cold.share * (-(start - cold.from) / cold.rests).exp())
            {
                duration += cold.mean * -dice.unit().max(1e-6).ln();
            }
            if let Some((locked, released, share)) = effects.lock
                && (locked..released).contains(&start)
                && dice.chance(share)
            {
                duration += released - start + dice.unit() * 0.05;
            }
            if let Some(timeout) = &effects.timeout
                && (timeout.from..timeout.to).contains(&start)
                && dice.chance(timeout.share)
            {
                duration = timeout.constant + 0.002 + timeout.own * -dice.unit().max(1e-6).ln();
                failed = dice.chance(timeout.failing);
            }
            ended.push((start + duration, duration, failed));
        }
        if column >= 0 {
            extra(dice, index, &mut ended);
        }
    }
    for (end, duration, failed) in ended {
        if end >= 0.0 {
            window.add(
                (end / column_s) as usize,
                usize::from(row_of(Duration::from_secs_f64(duration))),
                u64::from(!failed),
                u64::from(failed),
            );
        }
    }
    window
}

fn calm(column_s: f64) -> Effects {
    Effects {
        column_s,
        lock: None,
        timeout: None,
        slower: None,
        slower_share: 1.0,
        busier: None,
        cold: None,
    }
}

fn nothing(_: &mut Dice, _: usize, _: &mut Vec<(f64, f64, bool)>) {}

/// Ordinary windows without a pattern. The seed chooses one of eight kinds in turn.
pub fn ordinary(seed: u64) -> Sample {
    let mut dice = Dice::new(seed.wrapping_mul(0x9e37_79b9) ^ 0x0d1);
    let column_s = dice.pick(&[5.0, 5.0, 5.0, 30.0]);
    let effects = calm(column_s);
    let kind = [
        "plain", "low", "batch", "deploy", "bimodal", "started", "mixed", "busy",
    ][(seed % 8) as usize];
    let rate = match kind {
        "low" => dice.log_between(0.02, 0.5),
        "busy" => dice.log_between(80.0, 200.0),
        _ => dice.log_between(0.5, 60.0),
    } * if column_s > 5.0 { 0.3 } else { 1.0 };
    let service = service(&mut dice, rate);
    let window = match kind {
        "batch" => {
            // A job that runs each minute or once: many requests of one kind within a few seconds.
            let every = dice.pick(&[12, 12, 24, 1_000]);
            let (lasts, first) = (1 + dice.below(2), dice.below(12));
            let size = dice.log_between(10.0, 300.0);
            let mode = Mode {
                share: 1.0,
                median: dice.log_between(0.05, 5.0),
                sigma: dice.between(0.1, 0.5),
            };
            let job = move |dice: &mut Dice, column: usize, ended: &mut Vec<(f64, f64, bool)>| {
                if column % every < first || column % every >= first + lasts {
                    return;
                }
                for _ in 0..dice.poisson(size / lasts as f64) {
                    let duration = mode.median * (mode.sigma * dice.normal()).exp();
                    let start = (column as f64 + dice.unit()) * column_s;
                    ended.push((start + duration, duration, false));
                }
            };
            run(&mut dice, &service, &effects, job)
        }
        "deploy" => {
            // The new version is a little slower or faster, and slow to start for some columns.
            let at = 20.0 + dice.unit() * 80.0;
            let factor = dice.log_between(0.75, 1.35);
            let effects = Effects {
                slower: Some(Box::new(
                    move |start| {
                        if start / column_s < at { 1.0 } else { factor }
                    },
                )),
                cold: Some(Cold {
                    from: at * column_s,
                    rests: dice.between(3.0, 25.0),
                    share: dice.between(0.1, 0.5),
                    mean: dice.between(0.3, 3.0),
                }),
                ..effects
            };
            run(&mut dice, &service, &effects, nothing)
        }
        "started" => {
            // There is no traffic before the service was started.
            let at = (20.0 + dice.unit() * 60.0) * column_s;
            let effects = Effects {
                busier: Some(Box::new(move |begins| f64::from(u8::from(begins > at)))),
                ..effects
            };
            run(&mut dice, &service, &effects, nothing)
        }
        "mixed" => {
            // Another kind of request joins for a while. Fast requests stay unchanged.
            let at = 20.0 + dice.unit() * 50.0;
            let lasts = dice.between(5.0, 40.0);
            let mode = Mode {
                share: 1.0,
                median: dice.log_between(0.1, 3.0),
                sigma: dice.between(0.2, 0.6),
            };
            let more = dice.between(0.2, 0.9);
            let other = move |dice: &mut Dice, column: usize, ended: &mut Vec<(f64, f64, bool)>| {
                let since = column as f64 - at;
                if !(0.0..lasts).contains(&since) {
                    return;
                }
                for _ in 0..dice.poisson(rate * column_s * more) {
                    let duration = mode.median * (mode.sigma * dice.normal()).exp();
                    let start = (column as f64 + dice.unit()) * column_s;
                    ended.push((start + duration, duration, false));
                }
            };
            run(&mut dice, &service, &effects, other)
        }
        _ => run(&mut dice, &service, &effects, nothing),
    };
    Sample {
        name: format!("{kind} {seed}"),
        window,
        planted: None,
    }
}

/// A window with one pattern of this kind over ordinary traffic.
pub fn shape(kind: PatternKind, seed: u64) -> Sample {
    let mut dice = Dice::new(seed.wrapping_mul(0x51ed_270b) ^ (kind as u64 + 1) << 40);
    let column_s = dice.pick(&[5.0, 5.0, 5.0, 10.0]);
    let rate = dice.log_between(2.0, 80.0);
    let service = service(&mut dice, rate);
    let mut effects = calm(column_s);
    let mut constant = None;
    let columns: Range<f64>;
    match kind {
        PatternKind::Vertical => {
            let share = dice.between(0.3, 1.0);
            // Long enough that the stripe stands out from the usual traffic.
            let least = (4.0 * service.top()).max(25.0 / (rate * share)).max(1.5);
            let lasts = least * dice.log_between(1.0, 6.0);
            let lasts = lasts.min(50.0);
            let released = (20.0 + 90.0 * dice.unit()) * column_s;
            effects.lock = Some((released - lasts, released, share));
            columns = released / column_s..released / column_s + 1.0;
        }
        PatternKind::Horizontal => {
            let choices = [
                0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0,
            ];
            let far: Vec<f64> = choices
                .into_iter()
                .filter(|choice| *choice > 1.2 * service.top())
                .collect();
            let limit = if far.is_empty() {
                30.0
            } else {
                dice.pick(&far)
            };
            constant = Some(limit);
            let from = dice.between(0.0, 80.0);
            let lasts = dice.between(8.0, 60.0).min(118.0 - from);
            let least = (30.0 / (rate * column_s * lasts)).min(0.5);
            effects.timeout = Some(Timeout {
                from: from * column_s,
                to: (from + lasts) * column_s,
                share: dice.log_between(least, least.max(0.3)),
                constant: limit,
                failing: dice.pick(&[1.0, 1.0, 0.9, 0.0]),
                own: limit * dice.between(0.001, 0.012),
            });
            columns = from + limit / column_s..from + lasts + limit / column_s + 1.0;
        }
        PatternKind::Wave => {
            let period = dice.between(6.0, 30.0);
            let (crest, saw) = (dice.log_between(2.2, 8.0), dice.chance(0.4));
            let phase = dice.unit();
            let whole = dice.chance(0.6);
            let from = if whole {
                0.0
            } else {
                118.0 - (3.6 * period).max(70.0)
            };
            effects.slower = Some(Box::new(move |start| {
                let column = start / column_s;
                if column < from {
                    return 1.0;
                }
                let place = (column / period + phase).rem_euclid(1.0);
                let height = if saw {
                    place
                } else {
                    (1.0 - (TAU * place).cos()) / 2.0
                };
                1.0 + (crest - 1.0) * height
            }));
            effects.slower_share = dice.between(0.7, 1.0);
            columns = from..COLUMNS as f64;
        }
        PatternKind::Overload => {
            let from = dice.between(20.0, 80.0);
            let lasts = dice.between(12.0, 60.0);
            let (height, over) = (dice.log_between(3.0, 15.0), dice.chance(0.5));
            effects.slower = Some(Box::new(move |start| {
                let place = (start / column_s - from) / lasts;
                match place {
                    p if p < 0.0 => 1.0,
                    p if p < 1.0 && over => 1.0 + (height - 1.0) * (p * TAU / 2.0).sin(),
                    p if p < 1.0 => 1.0 + (height - 1.0) * p,
                    _ if over => 1.0,
                    _ => height,
                }
            }));
            let end = if over { from + lasts } else { COLUMNS as f64 };
            columns = from..end.min(COLUMNS as f64);
        }
        PatternKind::Flood => {
            let from = dice.between(20.0, 100.0).floor();
            let lasts = dice.between(6.0, 50.0);
            let times = dice.log_between(3.0, 12.0);
            effects.busier = Some(Box::new(move |begins| {
                let column = begins / column_s;
                if (from..from + lasts).contains(&column) {
                    times
                } else {
                    1.0
                }
            }));
            columns = from..(from + lasts).min(COLUMNS as f64);
        }
    }
    let window = run(&mut dice, &service, &effects, nothing);
    let columns =
        (columns.start as usize).min(COLUMNS - 1)..(columns.end.ceil() as usize).min(COLUMNS);
    Sample {
        name: format!("{} {seed}", kind.as_str()),
        window,
        planted: Some(Planted {
            kind,
            columns,
            constant,
        }),
    }
}
