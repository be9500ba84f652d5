//! The verdict on a deployment: first collecting, then no difference, better or worse.

use super::{
    Side, Step,
    boundary::boundary,
    series::{Hits, dispersion, sum},
};
use crate::share::share;
use std::time::Duration;

/// The quantile of latency that is compared.
const QUANTILE: f64 = 0.95;
const OVER: f64 = 1.0 - QUANTILE;
/// Ordinary drift of that quantile, as a factor. A smaller change is not reported.
const LATENCY_MARGIN: f64 = 1.05;
/// Ordinary drift of the failed share: at least `ERROR_MARGIN`, or `ERROR_MARGIN_OF` times the
/// share.
const ERROR_MARGIN: f64 = 0.002;
const ERROR_MARGIN_OF: f64 = 0.25;
/// Most that one step can count against the new version, as a share of its transactions. Every
/// version has a few bad seconds; they must not decide the verdict.
const LATENCY_CAP: f64 = 0.13;
const ERRORS_CAP: f64 = 0.03;
/// The differences that the verdict "no difference" rules out.
const LATENCY_EQUAL: f64 = 1.25;
const ERRORS_EQUAL: f64 = 0.015;
/// Probability that a deployment without a difference is ever called worse, by each question.
const LATENCY_ALPHA: f64 = 0.02;
const ERRORS_ALPHA: f64 = 0.038;
/// Number of transactions at which the boundary is tightest.
const TIGHTEST: f64 = 2_400.0;
/// Fewest transactions and steps of the old version, and of the new version, for a verdict.
const OLD_COUNT: u64 = 200;
const OLD_STEPS: usize = 12;
const NEW_COUNT: u64 = 60;
const NEW_STEPS: usize = 4;
/// Steps at the start of the new version that are left out: a process that has just started is
/// slow.
const WARM_UP: usize = 1;
/// Steps that are correlated: one minute.
const LAGS: usize = 12;
/// Weight of the old version's past, in transactions, against its transactions of the same time.
const PAST_WEIGHT: f64 = 400.0;

/// The verdict on a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeploymentVerdict {
    /// Not enough data yet.
    Collecting,
    /// Enough data to rule out the differences of [`EXCLUDED`].
    NoDifference,
    /// Faster, or fewer failures.
    Better,
    /// Slower, or more failures.
    Worse,
}

impl DeploymentVerdict {
    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Collecting => "collecting",
            Self::NoDifference => "no_difference",
            Self::Better => "better",
            Self::Worse => "worse",
        }
    }
}

/// What a verdict is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// The 95th percentile of durations.
    Latency,
    /// The share of failures.
    Errors,
}

impl Metric {
    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Errors => "errors",
        }
    }
}

/// A verdict with the numbers it is based on.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: DeploymentVerdict,
    /// What is better or worse; empty for the other verdicts.
    pub because: Vec<Metric>,
    /// Index of the step after which this verdict was first reached.
    pub since: Option<usize>,
    /// Number of the old version's transactions in the comparison, including those before the
    /// deployment.
    pub old_count: u64,
    /// Number of the new version's transactions, without the warm-up.
    pub new_count: u64,
    /// 95th percentile of the old and of the new version; `None` without transactions.
    pub p95: (Option<Duration>, Option<Duration>),
    /// Failed share of the old and of the new version, 0 to 1.
    pub errors: (f64, f64),
    /// The smallest difference that would be called worse by now; `None` while none would be.
    pub noticeable: Option<Noticeable>,
}

/// The smallest difference that can be told from chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noticeable {
    /// Factor on the old 95th percentile.
    pub latency: f64,
    /// Rise of the failed share, 0 to 1.
    pub errors: f64,
}

/// The differences that "no difference" rules out: a 95th percentile 25 % higher, a failed share
/// 1.5 percentage points higher.
pub const EXCLUDED: Noticeable = Noticeable {
    latency: LATENCY_EQUAL,
    errors: ERRORS_EQUAL,
};

/// The verdict after all steps. `before` has the old version's steps up to the deployment, a
/// quarter of an hour; `since` has the steps after it, in order. The verdict "worse" is final. The
/// others follow the evidence.
pub fn judge(before: &[Side], since: &[Step]) -> Judgement {
    let mut past = Side::default();
    before.iter().for_each(|side| past.merge(side));
    let mut state = State::new(before, &past);
    let mut called: Option<(DeploymentVerdict, Vec<Metric>, usize)> = None;
    for (at, step) in since.iter().enumerate() {
        state.add(step);
        if matches!(called, Some((DeploymentVerdict::Worse, ..))) {
            continue;
        }
        let (verdict, because) = state.verdict();
        match &called {
            _ if verdict == DeploymentVerdict::Collecting => {}
            Some((have, ..)) if *have == verdict => {}
            // "Better" is kept when a later step shows no difference, which may be noise. Only
            // "worse" replaces it.
            Some((DeploymentVerdict::Better, ..)) if verdict == DeploymentVerdict::NoDifference => {
            }
            _ => called = Some((verdict, because, at)),
        }
    }
    let (verdict, because, at) = match called {
        Some((verdict, because, at)) => (verdict, because, Some(at)),
        None => (DeploymentVerdict::Collecting, Vec::new(), None),
    };
    Judgement {
        verdict,
        because,
        since: at,
        old_count: past.count() + state.old.count(),
        new_count: state.new.count(),
        p95: (
            past.latency.quantile(QUANTILE),
            state.new.latency.quantile(QUANTILE),
        ),
        errors: (
            share(past.errors, past.count()),
            share(state.new.errors, state.new.count()),
        ),
        noticeable: state.noticeable(),
    }
}

/// A statistical question: which hits are counted, what share of hits is usual, and how much hits
/// vary.
struct Question {
    /// The old version's share of hits, margin included.
    usual: f64,
    /// Variance of the hits, as a multiple of chance.
    dispersion: f64,
    /// 1 when more hits support the answer, -1 when fewer do.
    sign: f64,
    /// Largest share of a step's transactions that counts as hits.
    cap: f64,
    /// Probability of a false positive answer.
    alpha: f64,
    hits: Vec<Hits>,
    /// Hits of the old version during the same time.
    beside: Hits,
}

impl Question {
    /// A question that more hits support. A step counts hits for at most the share `cap`.
    fn more(usual: f64, cap: f64, alpha: f64, past: &[Hits]) -> Self {
        let mut question = Self {
            usual,
            dispersion: 1.0,
            sign: 1.0,
            cap,
            alpha,
            hits: Vec::new(),
            beside: Hits::default(),
        };
        let capped: Vec<Hits> = past.iter().map(|step| question.capped(*step)).collect();
        question.dispersion = dispersion(&capped, LAGS);
        question
    }

    /// A question that fewer hits support.
    fn fewer(usual: f64, alpha: f64, past: &[Hits]) -> Self {
        Self {
            dispersion: dispersion(past, LAGS),
            sign: -1.0,
            ..Self::more(usual, 1.0, alpha, &[])
        }
    }

    /// Limits the hits of a step. With few transactions the share varies widely, so the limit never
    /// cuts what chance alone can produce.
    fn capped(&self, step: Hits) -> Hits {
        let usual = self.usual * step.of;
        let chance = usual + 3.0 * usual.sqrt() + 1.0;
        Hits {
            hits: step.hits.min(chance.max(self.cap * step.of)),
            of: step.of,
        }
    }

    fn add(&mut self, new: Hits, old: Hits) {
        self.hits.push(self.capped(new));
        self.beside = sum(&[self.beside, old]);
    }

    /// The excess of hits over the usual, and the boundary at this time.
    fn evidence(&self, past: f64) -> (f64, f64) {
        let Hits { hits, of } = sum(&self.hits);
        // What happens to both versions at the same time is not caused by the deployment.
        let beside = (self.beside.hits + self.usual * PAST_WEIGHT) / (self.beside.of + PAST_WEIGHT);
        let usual = match self.sign > 0.0 {
            true => self.usual.max(beside),
            false => self.usual.min(beside),
        };
        let excess = self.sign * (hits - usual * of);
        (excess, self.boundary(of, usual, past))
    }

    fn boundary(&self, of: f64, usual: f64, past: f64) -> f64 {
        // With few steps, the new version's own dispersion is not known well.
        let steps = self.hits.iter().filter(|step| step.of > 0.0).count();
        let own = dispersion(&self.hits, 2) / (1.0 + 1.5 * (2.0 / steps.max(1) as f64).sqrt());
        let each = self.dispersion.max(own) * usual.max(1e-4) * (1.0 - usual);
        // The old version's share is only an estimate from `past` transactions, which adds
        // variance.
        let variance = each * of * (1.0 + of / past.max(1.0));
        boundary(variance, each * TIGHTEST / 8.0, self.alpha)
    }

    fn holds(&self, past: f64) -> bool {
        let (excess, boundary) = self.evidence(past);
        excess > boundary
    }
}

struct State<'a> {
    past: &'a Side,
    enough_past: bool,
    warm_up: usize,
    old: Side,
    new: Side,
    steps: usize,
    /// Thresholds of duration for the questions: worse, better, not much worse.
    over: [Duration; 3],
    latency: [Question; 3],
    errors: [Question; 3],
}

impl<'a> State<'a> {
    fn new(before: &[Side], past: &'a Side) -> Self {
        let p95 = past.latency.quantile(QUANTILE).unwrap_or_default();
        let over: Vec<Hits> = before.iter().map(|side| over_of(side, p95)).collect();
        let failures: Vec<Hits> = before.iter().map(errors_of).collect();
        let steps = before.iter().filter(|side| side.count() > 0).count();
        let usual_errors = (past.errors as f64 + 0.5) / (past.count() as f64 + 1.0);
        let margin = ERROR_MARGIN.max(usual_errors * ERROR_MARGIN_OF);
        Self {
            past,
            enough_past: past.count() >= OLD_COUNT && steps >= OLD_STEPS,
            warm_up: WARM_UP,
            old: Side::default(),
            new: Side::default(),
            steps: 0,
            over: [
                p95.mul_f64(LATENCY_MARGIN),
                p95.div_f64(LATENCY_MARGIN),
                p95.mul_f64(LATENCY_EQUAL),
            ],
            latency: [
                Question::more(OVER, LATENCY_CAP, LATENCY_ALPHA, &over),
                Question::fewer(OVER, LATENCY_ALPHA, &over),
                Question::fewer(OVER, LATENCY_ALPHA, &over),
            ],
            errors: [
                Question::more(
                    usual_errors + margin,
                    usual_errors + ERRORS_CAP,
                    ERRORS_ALPHA,
                    &failures,
                ),
                Question::fewer((usual_errors - margin).max(0.0), ERRORS_ALPHA, &failures),
                Question::fewer(usual_errors + ERRORS_EQUAL, ERRORS_ALPHA, &failures),
            ],
        }
    }

    fn add(&mut self, step: &Step) {
        if self.warm_up > 0 {
            self.warm_up -= usize::from(step.new.count() > 0);
            return;
        }
        self.old.merge(&step.old);
        self.new.merge(&step.new);
        self.steps += usize::from(step.new.count() > 0);
        for (question, over) in self.latency.iter_mut().zip(self.over) {
            question.add(over_of(&step.new, over), over_of(&step.old, over));
        }
        for question in &mut self.errors {
            question.add(errors_of(&step.new), errors_of(&step.old));
        }
    }

    fn enough(&self) -> bool {
        self.enough_past && self.new.count() >= NEW_COUNT && self.steps >= NEW_STEPS
    }

    fn verdict(&self) -> (DeploymentVerdict, Vec<Metric>) {
        if !self.enough() {
            return (DeploymentVerdict::Collecting, Vec::new());
        }
        let past = self.past.count() as f64;
        let called = |which: usize| -> Vec<Metric> {
            let each = [
                (Metric::Latency, &self.latency[which]),
                (Metric::Errors, &self.errors[which]),
            ];
            let holding = each
                .into_iter()
                .filter(|(_, question)| question.holds(past));
            holding.map(|(metric, _)| metric).collect()
        };
        let (worse, better, equal) = (called(0), called(1), called(2));
        if !worse.is_empty() {
            (DeploymentVerdict::Worse, worse)
        } else if !better.is_empty() && equal.len() == 2 {
            (DeploymentVerdict::Better, better)
        } else if equal.len() == 2 {
            (DeploymentVerdict::NoDifference, Vec::new())
        } else {
            (DeploymentVerdict::Collecting, Vec::new())
        }
    }

    fn noticeable(&self) -> Option<Noticeable> {
        if !self.enough() {
            return None;
        }
        let past = self.past.count() as f64;
        let of = self.new.count() as f64;
        let (latency, errors) = (&self.latency[0], &self.errors[0]);
        let over = latency.usual + latency.boundary(of, latency.usual, past) / of;
        let reached = self.past.latency.quantile(1.0 - over.min(0.99))?;
        let usual = share(self.past.errors, self.past.count());
        Some(Noticeable {
            latency: self.over[0].as_secs_f64() / reached.as_secs_f64().max(1e-9),
            errors: errors.usual - usual + errors.boundary(of, errors.usual, past) / of,
        })
    }
}

fn over_of(side: &Side, over: Duration) -> Hits {
    Hits {
        hits: side.latency.count_over(over) as f64,
        of: side.count() as f64,
    }
}

fn errors_of(side: &Side) -> Hits {
    Hits {
        hits: side.errors as f64,
        of: side.count() as f64,
    }
}
