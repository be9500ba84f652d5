//! The verdict on a service at an instant: compares its last minutes with what is usual for it.
//!
//! Two questions are asked. *Suddenly*: do the last 15 seconds, or up to two minutes, hold so much
//! trouble that chance does not explain it? And over five minutes or more: is a share over its limit, by
//! the lower end of its confidence interval? So an outage is said within seconds, and one failure of
//! twenty is none. The long time looked at grows until it holds enough transactions.
//!
//! Trouble that has ended is not said for as long as the long window remembers it: when the last seconds
//! hold far less of it than its own time did, it is over.

use crate::{
    answer::{Basis, Health, Reason, Since, Verdict},
    usual::{FEWEST, Usual},
};
use hinomi_insight::share::{chance_of_at_least, share, wilson};
use hinomi_model::UnixNanos;
use hinomi_query::answer::{Counts, Tally};
use std::{borrow::Cow, ops::Range, time::Duration};

/// The judged time stops growing when it has this many transactions.
const ENOUGH: u64 = 100;
/// The shortest time that is judged by confidence intervals.
const LAST: Duration = Duration::from_secs(300);
/// The times that are searched for sudden trouble.
const SUDDEN: [Duration; 4] = [
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(120),
];
/// Sudden trouble must be less likely than this by chance. Four times are looked at every five seconds.
const CHANCE: f64 = 1e-5;
/// Fewest failures that are sudden trouble.
const SUDDEN_FEWEST: u64 = 3;
/// The times that tell whether trouble has ended.
const ENDED: [Duration; 8] = [
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_secs(45),
    Duration::from_secs(60),
    Duration::from_secs(120),
    Duration::from_secs(180),
    Duration::from_secs(600),
    Duration::from_secs(1_800),
];
/// Fewest transactions that tell whether trouble has ended.
const ENDED_FEWEST: u64 = 10;
/// So little of it as in the last seconds must be less likely than this while the trouble goes on.
const ENDED_CHANCE: f64 = 0.003;
/// Nothing for this long is no data.
pub(crate) const NO_DATA: Duration = Duration::from_secs(900);
/// Failing share from which a service is bad.
const BAD_ERRORS: f64 = 0.05;
/// Failing share from which a service is watched.
const WATCH_ERRORS: f64 = 0.01;
/// Slow share from which a service is bad.
const BAD_SLOW: f64 = 0.30;
/// Slow share from which a service is watched.
const WATCH_SLOW: f64 = 0.05;
/// A share must also be this many times the usual share.
const TIMES_USUAL: f64 = 2.0;
/// A 95th percentile this many times the usual one is worth watching.
const TIMES_SLOWER: f64 = 1.5;
/// A 95th percentile this many times the usual one is bad.
const BAD_TIMES_SLOWER: f64 = 2.5;
/// Share of transactions over the usual 95th percentile that is no surprise: twice of what it says.
const OVER_P95: f64 = 0.10;
/// The 95th percentile must also be larger by at least this: people do not notice less.
const SLOWER_BY: Duration = Duration::from_millis(20);
/// Traffic below this share of the usual is worth watching.
const QUIET: f64 = 0.3;
/// Low traffic is judged only when at least this many transactions would have been usual.
const QUIET_EXPECTED: f64 = 100.0;
/// Days of the same hour that are needed to know the usual traffic.
const QUIET_DAYS: u8 = 3;
/// Standard deviations of a confidence interval of 95 %.
const DEVIATIONS: f64 = 1.96;
/// Resolution of `since`.
const STEP: Duration = Duration::from_secs(60);

/// The judged transactions of a stretch of time.
#[derive(Debug, Clone)]
pub(crate) struct Step<'a> {
    /// When it begins.
    pub start: UnixNanos,
    /// How long it is.
    pub length: Duration,
    /// The transactions that ended in it.
    pub tally: Cow<'a, Tally>,
}

/// The verdict on a service at the end of `steps`, which ascend without gaps. A service may have nothing
/// that is judged, and still not be silent: streams and probes alone.
pub(crate) fn judge(
    steps: &[Step<'_>],
    usual: Option<&Usual>,
    (is_silent, last_seen): (bool, Option<UnixNanos>),
) -> Health {
    let (sudden, long) = Window::nested(steps);
    let total: u64 = steps.iter().map(|step| step.tally.counts.total()).sum();
    let is_without_data = is_silent && is_empty(steps, NO_DATA);
    let found = match is_without_data {
        true => None,
        false => trouble(steps, &sudden, &long, usual),
    };
    let verdict = match &found {
        None if is_without_data => Verdict::NoData { last_seen },
        None => Verdict::Ok,
        Some(found) if found.is_bad => Verdict::Bad(found.reason),
        Some(found) => Verdict::Watch(found.reason),
    };
    Health {
        verdict,
        basis: usual.map(|usual| usual.basis),
        over: found.as_ref().map(|found| found.over),
        since: found.map(|found| since(found.reason, steps, found.from)),
        few: total > 0 && long.tally.counts.total() < FEWEST,
    }
}

/// Whether the last steps have no transactions.
fn is_empty(steps: &[Step<'_>], length: Duration) -> bool {
    let mut seen = Duration::ZERO;
    let last = steps.iter().rev().take_while(|step| {
        let is_within = seen < length;
        seen += step.length;
        is_within
    });
    last.map(|step| step.tally.counts.total()).sum::<u64>() == 0
}

/// Trouble that a window shows.
struct Found {
    is_bad: bool,
    reason: Reason,
    /// Length of the window.
    over: Duration,
    /// Index of its first step.
    from: usize,
}

/// The worst trouble that has not ended. Of equally bad ones the first: failures come before waiting.
fn trouble(
    steps: &[Step<'_>],
    windows: &[Window],
    long: &Window,
    usual: Option<&Usual>,
) -> Option<Found> {
    let goes_on = |window: &Window, reason: &Reason| !has_ended(*reason, steps, window.from);
    let of_long = long.reasons(usual);
    let worst = |wanted: bool| {
        let mut reasons = of_long.iter().filter(|(is_bad, _)| *is_bad == wanted);
        let found = reasons.find(|(_, reason)| goes_on(long, reason));
        found.map(|(is_bad, reason)| Found {
            is_bad: *is_bad,
            reason: *reason,
            over: long.length,
            from: long.from,
        })
    };
    let sudden = || {
        let bad = [Window::failing, Window::waiting, Window::slowed];
        bad.iter().find_map(|says| {
            windows.iter().find_map(|window| {
                let reason = says(window, usual).filter(|reason| goes_on(window, reason))?;
                Some(Found {
                    is_bad: true,
                    reason,
                    over: window.length,
                    from: window.from,
                })
            })
        })
    };
    worst(true).or_else(sudden).or_else(|| worst(false))
}

/// The end of the judged time.
#[derive(Clone)]
struct Window {
    tally: Tally,
    length: Duration,
    /// Index of its first step.
    from: usize,
}

impl Window {
    /// The times that are searched for sudden trouble, and the long one: at least the last minutes, and
    /// as much more as it takes to judge them.
    fn nested(steps: &[Step<'_>]) -> (Vec<Self>, Self) {
        let mut window = Self::none(steps);
        let mut sudden = Vec::with_capacity(SUDDEN.len());
        for length in SUDDEN {
            window.grow(steps, |window| window.length >= length);
            if window.length < LAST {
                sudden.push(window.clone());
            }
        }
        window.grow(steps, |window| {
            window.length >= LAST && window.tally.counts.total() >= ENOUGH
        });
        (sudden, window)
    }

    /// At least this length.
    fn of(steps: &[Step<'_>], length: Duration) -> Self {
        let mut window = Self::none(steps);
        window.grow(steps, |window| window.length >= length);
        window
    }

    fn none(steps: &[Step<'_>]) -> Self {
        Self {
            tally: Tally::default(),
            length: Duration::ZERO,
            from: steps.len(),
        }
    }

    /// Adds the steps before it until there is enough.
    fn grow(&mut self, steps: &[Step<'_>], is_enough: impl Fn(&Self) -> bool) {
        while !is_enough(self)
            && let Some(from) = self.from.checked_sub(1)
        {
            self.tally.merge(&steps[from].tally);
            self.length += steps[from].length;
            self.from = from;
        }
    }

    /// Many fail, and chance does not explain it.
    fn failing(&self, usual: Option<&Usual>) -> Option<Reason> {
        let counts = self.tally.counts;
        let (share, usual) = (
            share(counts.error, counts.total()),
            usual.map(|usual| usual.error_share),
        );
        let limit = limit(WATCH_ERRORS, usual);
        let is_bad = counts.error >= SUDDEN_FEWEST
            && share >= BAD_ERRORS
            && self.surprises(counts.error, limit);
        is_bad.then_some(Reason::Errors { share, usual })
    }

    /// Very many are slow, and chance does not explain it.
    fn waiting(&self, usual: Option<&Usual>) -> Option<Reason> {
        let counts = self.tally.counts;
        let (share, usual) = (
            share(counts.slow, counts.total()),
            usual.map(|usual| usual.slow_share),
        );
        let limit = limit(WATCH_SLOW, usual);
        let is_bad = share >= BAD_SLOW && self.surprises(counts.slow, limit);
        is_bad.then_some(Reason::Slow { share, usual })
    }

    /// Most take far longer than usual, and chance does not explain it.
    fn slowed(&self, usual: Option<&Usual>) -> Option<Reason> {
        let before = usual?.p95?;
        if self.tally.counts.total() < FEWEST {
            return None;
        }
        let p95 = self.tally.quantile(0.95)?;
        let is_bad = p95 >= before.mul_f64(BAD_TIMES_SLOWER)
            && p95 >= before + SLOWER_BY
            && self.surprises(self.tally.count_over(before), OVER_P95);
        is_bad.then_some(Reason::Slower { p95, usual: before })
    }

    /// Whether so many would be most unlikely if each had only this chance.
    fn surprises(&self, count: u64, chance: f64) -> bool {
        let total = self.tally.counts.total();
        total >= FEWEST && chance_of_at_least(count, total, chance) < CHANCE
    }

    /// What is wrong over a long time, and whether it is bad; of equally bad ones the first counts more.
    fn reasons(&self, usual: Option<&Usual>) -> Vec<(bool, Reason)> {
        let mut reasons = Vec::new();
        reasons.extend(usual.and_then(|usual| Some((false, self.quiet(usual)?))));
        let counts = self.tally.counts;
        let total = counts.total();
        if total < FEWEST {
            return reasons;
        }
        let over = |part: u64, limit: f64, usual: Option<f64>| {
            let sure = at_least(part, total);
            sure >= limit && sure >= usual.unwrap_or(0.0) * TIMES_USUAL
        };
        let errors = usual.map(|usual| usual.error_share);
        if over(counts.error, WATCH_ERRORS, errors) {
            let reason = Reason::Errors {
                share: share(counts.error, total),
                usual: errors,
            };
            reasons.push((over(counts.error, BAD_ERRORS, errors), reason));
        }
        let slow = usual.map(|usual| usual.slow_share);
        if over(counts.slow, WATCH_SLOW, slow) {
            let reason = Reason::Slow {
                share: share(counts.slow, total),
                usual: slow,
            };
            reasons.push((over(counts.slow, BAD_SLOW, slow), reason));
        }
        reasons.extend(usual.and_then(|usual| self.slower(usual)));
        reasons
    }

    /// At least one in ten transactions is over the usual 95th percentile, twice as many as usual,
    /// and the difference is large enough to notice. It is bad when it is very large.
    fn slower(&self, usual: &Usual) -> Option<(bool, Reason)> {
        let before = usual.p95?;
        let p95 = self.tally.quantile(0.95)?;
        let slower = self.tally.counts.total() >= ENOUGH
            && self.tally.quantile(0.90)? >= before
            && p95 >= before.mul_f64(TIMES_SLOWER)
            && p95 >= before + SLOWER_BY;
        let is_bad = p95 >= before.mul_f64(BAD_TIMES_SLOWER);
        slower.then_some((is_bad, Reason::Slower { p95, usual: before }))
    }

    fn quiet(&self, usual: &Usual) -> Option<Reason> {
        let known = match usual.basis {
            Basis::HourOfWeek { .. } => true,
            Basis::HourOfDay { days } => days >= QUIET_DAYS,
            Basis::HourBefore => false,
        };
        let seconds = self.length.as_secs_f64();
        let expected = usual.per_second * seconds;
        let per_second = self.tally.counts.total() as f64 / seconds.max(1.0);
        (known && expected >= QUIET_EXPECTED && per_second < usual.per_second * QUIET).then_some(
            Reason::Quiet {
                per_second,
                usual: usual.per_second,
            },
        )
    }
}

/// The minutes of some steps, the newest first, each with the index of its first step. Minutes are those
/// of the clock, so that what they say does not change as time goes by.
fn minutes<'a, 'b>(steps: &'a [Step<'b>]) -> impl Iterator<Item = (usize, &'a [Step<'b>])> {
    let mut end = steps.len();
    std::iter::from_fn(move || {
        let minute = steps[..end].last()?.start.floor(STEP);
        let first = steps[..end].partition_point(|step| step.start.floor(STEP) < minute);
        let of_minute = &steps[first..end];
        end = first;
        Some((first, of_minute))
    })
}

/// Index of the step at which a reason began to hold without interruption, and whether there is nothing
/// before. Minutes without transactions neither confirm nor interrupt it.
fn began(reason: Reason, steps: &[Step<'_>], from: usize) -> (usize, bool) {
    let mut began = None;
    let mut at_start = true;
    for (first, minute) in minutes(steps) {
        match shows(reason, minute) {
            Some(true) => began = Some(first),
            None => {}
            Some(false) if first >= from => {}
            Some(false) => {
                at_start = false;
                break;
            }
        }
    }
    let began = began.unwrap_or(from);
    (began, at_start && began == 0)
}

fn since(reason: Reason, steps: &[Step<'_>], from: usize) -> Since {
    let (began, or_before) = began(reason, steps, from);
    let at = steps.get(began).map_or(UnixNanos(0), |step| step.start);
    Since { at, or_before }
}

/// Whether the last seconds have far less of a trouble than its own time had. The trouble is one that a
/// window from step `from` on shows.
fn has_ended(reason: Reason, steps: &[Step<'_>], from: usize) -> bool {
    let Some(own) = own_time(reason, steps, from) else {
        return false;
    };
    ENDED.iter().any(|length| {
        let last = Window::of(steps, *length);
        if last.from <= own.start || last.tally.counts.total() < ENDED_FEWEST {
            return false;
        }
        let mut before = Tally::default();
        steps[own.start..own.end.min(last.from)]
            .iter()
            .for_each(|step| before.merge(&step.tally));
        let (Some(part), Some(part_before)) = (part(reason, &last.tally), part(reason, &before))
        else {
            return false;
        };
        let (total, expected) = (
            last.tally.counts.total(),
            share(part_before, before.counts.total()),
        );
        let so_few = 1.0 - chance_of_at_least(part + 1, total, expected);
        share(part, total) < expected / 2.0 && so_few < ENDED_CHANCE
    })
}

/// The time that shows a reason without interruption, as indices of steps. Of several that reach into a
/// window the one with the most trouble: a minute of ordinary noise after an outage is not its time.
fn own_time(reason: Reason, steps: &[Step<'_>], from: usize) -> Option<Range<usize>> {
    let mut times: Vec<(u64, Range<usize>)> = Vec::new();
    let mut is_open = false;
    for (first, minute) in minutes(steps) {
        let trouble = minute
            .iter()
            .filter_map(|step| part(reason, &step.tally))
            .sum();
        match shows(reason, minute) {
            Some(true) if is_open => {
                if let Some((sum, time)) = times.last_mut() {
                    *sum += trouble;
                    time.start = first;
                }
            }
            Some(true) => {
                if first + minute.len() <= from {
                    break;
                }
                times.push((trouble, first..first + minute.len()));
                is_open = true;
            }
            Some(false) => is_open = false,
            None => {}
        }
    }
    let most = times.into_iter().rev().max_by_key(|(trouble, _)| *trouble);
    most.map(|(_, time)| time)
}

/// How many transactions have the trouble of a reason; `None` where it is not one of transactions.
fn part(reason: Reason, tally: &Tally) -> Option<u64> {
    match reason {
        Reason::Errors { .. } => Some(tally.counts.error),
        Reason::Slow { .. } => Some(tally.counts.slow),
        // Beyond what some have at any time.
        Reason::Slower { usual, .. } => {
            let limit = usual.mul_f64(TIMES_SLOWER).max(usual + SLOWER_BY);
            Some(tally.count_over(limit))
        }
        Reason::Quiet { .. } => None,
    }
}

/// Whether a stretch of time shows the reason of a verdict; `None` when it has no transactions to
/// tell.
fn shows(reason: Reason, steps: &[Step<'_>]) -> Option<bool> {
    let mut counts = Counts::default();
    steps.iter().for_each(|step| counts.add(step.tally.counts));
    let total = counts.total();
    if let Reason::Quiet { usual, .. } = reason {
        let seconds: f64 = steps.iter().map(|step| step.length.as_secs_f64()).sum();
        return Some((total as f64) < usual * seconds * QUIET);
    }
    if total == 0 {
        return None;
    }
    Some(match reason {
        Reason::Errors { usual, .. } => share(counts.error, total) >= limit(WATCH_ERRORS, usual),
        Reason::Slow { usual, .. } => share(counts.slow, total) >= limit(WATCH_SLOW, usual),
        Reason::Slower { usual, .. } => {
            let mut all = Tally::default();
            steps.iter().for_each(|step| all.merge(&step.tally));
            let p95 = all.quantile(0.95);
            p95.is_some_and(|p95| p95 >= usual.mul_f64(TIMES_SLOWER) && p95 >= usual + SLOWER_BY)
        }
        Reason::Quiet { .. } => false,
    })
}

/// The share from which on there is trouble, which is more than the usual one.
fn limit(least: f64, usual: Option<f64>) -> f64 {
    least.max(usual.unwrap_or(0.0) * TIMES_USUAL)
}

/// The lower end of the 95 % confidence interval of a share.
fn at_least(part: u64, of: u64) -> f64 {
    let (low, _) = wilson(part as f64, of as f64, DEVIATIONS);
    low
}

#[cfg(test)]
mod tests;
