//! The score of a service's health: were bad times called bad, how soon, and what was called bad
//! without reason.

use super::{STEP_SECONDS, seconds};
use crate::truth::Truth;

/// Shorter bad times are not scored, in seconds.
const SHORTEST: u64 = 20;
/// Bad steps with at most this many seconds of [`Truth::Between`] between them are one episode.
const JOINED: u64 = 30;
/// A step counts as fine when everything was fine for this many seconds.
const FINE_FOR: u64 = 60;

/// What was said of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// Nothing is wrong, or there is no data.
    Ok,
    /// Something may be wrong.
    Watch,
    /// The service is bad.
    Bad,
}

/// One step of a service's timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthStep {
    /// What was true.
    pub truth: Truth,
    /// Whether the service had at least two transactions a second.
    pub is_busy: bool,
    /// What was said.
    pub said: Said,
}

/// A bad time of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Episode {
    /// Index of the first bad step.
    pub from: usize,
    /// Index after the last bad step.
    pub to: usize,
    /// Whether the service was busy at its start.
    pub is_busy: bool,
    /// What was said in the step before, because of an earlier time or rightly too soon.
    pub before: Said,
    /// Seconds until the service was called bad or to be watched; `None` when it was not before the
    /// end.
    pub said_after: Option<u64>,
    /// Seconds until it was called bad.
    pub bad_after: Option<u64>,
    /// Seconds from the end until it was called OK again. `None` when nothing was said before the
    /// end, or when the next bad time or the end of the timeline came first.
    pub back_after: Option<u64>,
}

/// A time in which a service was called bad while it was fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FalseBad {
    /// Index of the first such step.
    pub from: usize,
    /// Index after the last one.
    pub to: usize,
    /// Whether the service had been called bad without interruption since it was not fine: the
    /// claim is not made up, but taken back late.
    pub is_late: bool,
}

/// The score of one timeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HealthScore {
    /// Bad times that were long enough and seen from start to end.
    pub episodes: Vec<Episode>,
    /// False claims.
    pub false_bad: Vec<FalseBad>,
    /// Number of steps at which "bad" would have been false.
    pub fine_steps: usize,
    /// Number of steps at which "bad" was said and true.
    pub right_steps: usize,
}

impl HealthScore {
    /// Number of steps at which "bad" was said and false.
    pub fn wrong_steps(&self) -> usize {
        let lengths = self.false_bad.iter().map(|one| one.to - one.from);
        lengths.sum()
    }
}

/// Scores the timeline of a service.
pub fn score(steps: &[HealthStep]) -> HealthScore {
    let (false_bad, fine_steps) = false_bad(steps);
    HealthScore {
        episodes: episodes(steps),
        false_bad,
        fine_steps,
        right_steps: steps
            .iter()
            .filter(|step| step.truth == Truth::Bad && step.said == Said::Bad)
            .count(),
    }
}

fn episodes(steps: &[HealthStep]) -> Vec<Episode> {
    let bad_times = bad_times(steps);
    let mut episodes = Vec::new();
    for (nth, &(from, to)) in bad_times.iter().enumerate() {
        // Without its start a delay is not known, and without its end it may be said yet.
        let is_whole = from > 0 && to < steps.len();
        if !is_whole || seconds(to - from) < SHORTEST {
            continue;
        }
        let after = |least: Said| {
            let said = steps[from..to].iter().position(|step| step.said >= least);
            said.map(seconds)
        };
        let said_after = after(Said::Watch);
        let next = bad_times.get(nth + 1).map_or(steps.len(), |next| next.0);
        let is_said_at_end = steps[to - 1].said > Said::Ok;
        let back = steps[to..next]
            .iter()
            .position(|step| step.said == Said::Ok)
            .map(|place| seconds(place + 1));
        let back = if is_said_at_end { back } else { Some(0) };
        episodes.push(Episode {
            from,
            to,
            is_busy: steps[from].is_busy,
            before: steps[from - 1].said,
            said_after,
            bad_after: after(Said::Bad),
            back_after: said_after.and(back),
        });
    }
    episodes
}

/// Index of the first bad step and index after the last one, of each bad time.
fn bad_times(steps: &[HealthStep]) -> Vec<(usize, usize)> {
    let mut times: Vec<(usize, usize)> = Vec::new();
    let mut may_join = false;
    for (index, step) in steps.iter().enumerate() {
        match step.truth {
            Truth::Fine => may_join = false,
            Truth::Between => {}
            Truth::Bad => {
                match times.last_mut() {
                    Some((_, to)) if may_join && seconds(index - *to) <= JOINED => *to = index + 1,
                    _ => times.push((index, index + 1)),
                }
                may_join = true;
            }
        }
    }
    times
}

fn false_bad(steps: &[HealthStep]) -> (Vec<FalseBad>, usize) {
    let needed = (FINE_FOR / STEP_SECONDS) as usize;
    let (mut found, mut fine_steps): (Vec<FalseBad>, usize) = (Vec::new(), 0);
    let mut fine_for = 0;
    // Whether "bad" has been said in every step since the last one that was not fine. Nobody knows
    // what was before the first step.
    let mut is_kept_up = true;
    for (index, step) in steps.iter().enumerate() {
        let is_bad = step.said == Said::Bad;
        if step.truth != Truth::Fine {
            (fine_for, is_kept_up) = (0, is_bad);
            continue;
        }
        fine_for += 1;
        is_kept_up &= is_bad;
        if fine_for <= needed {
            continue;
        }
        fine_steps += 1;
        if !is_bad {
            continue;
        }
        match found.last_mut() {
            Some(last) if last.to == index => last.to = index + 1,
            _ => found.push(FalseBad {
                from: index,
                to: index + 1,
                is_late: is_kept_up,
            }),
        }
    }
    (found, fine_steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A timeline of two lines: `b`, `-` and `.` for what was true (bad, between, fine); `B`, `W`
    /// and `.` for what was said.
    fn timeline(truth: &str, said: &str) -> Vec<HealthStep> {
        assert_eq!(truth.len(), said.len());
        let steps = truth.chars().zip(said.chars());
        let step = |(truth, said)| HealthStep {
            truth: match truth {
                'b' => Truth::Bad,
                '-' => Truth::Between,
                _ => Truth::Fine,
            },
            is_busy: true,
            said: match said {
                'B' => Said::Bad,
                'W' => Said::Watch,
                _ => Said::Ok,
            },
        };
        steps.map(step).collect()
    }

    type Times = (Option<u64>, Option<u64>, Option<u64>);

    fn check(truth: &str, said: &str, expected: &[Times]) {
        let score = score(&timeline(truth, said));
        let episodes: Vec<Times> = score
            .episodes
            .iter()
            .map(|one| (one.said_after, one.bad_after, one.back_after))
            .collect();
        assert_eq!(episodes, expected, "{truth} {said}");
    }

    fn check_false(truth: &str, said: &str, expected: &[(usize, usize, bool)]) {
        let score = score(&timeline(truth, said));
        let found: Vec<_> = score
            .false_bad
            .iter()
            .map(|one| (one.from, one.to, one.is_late))
            .collect();
        assert_eq!(found, expected, "{truth} {said}");
    }

    #[test]
    fn a_bad_time_is_said_after_some_seconds_and_taken_back_after_some() {
        check(
            "..bbbbbb....",
            "...WWBBBBW..",
            &[(Some(5), Some(15), Some(15))],
        );
        check(
            "..bbbbbb....",
            "..BBBBBB....",
            &[(Some(0), Some(0), Some(5))],
        );
        check("..bbbbbb....", "..WWWW......", &[(Some(0), None, Some(0))]);
    }

    #[test]
    fn what_was_said_before_is_known() {
        let before = |said| {
            let score = score(&timeline("..bbbbbb....", said));
            score.episodes[0].before
        };
        assert_eq!(before("...WWBBBBW.."), Said::Ok);
        assert_eq!(before("WWWWWBBBBW.."), Said::Watch);
        assert_eq!(before("BBBBBBBBBB.."), Said::Bad);
    }

    #[test]
    fn what_is_said_after_the_end_is_not_said() {
        check("..bbbbbb....", "........BBB.", &[(None, None, None)]);
    }

    #[test]
    fn a_claim_that_is_never_taken_back_has_no_delay() {
        check("..bbbb..", "..BBBBBB", &[(Some(0), Some(0), None)]);
        check(
            "..bbbb..bbbb..",
            "..BBBBBBBBBB..",
            &[(Some(0), Some(0), None), (Some(0), Some(0), Some(5))],
        );
    }

    #[test]
    fn short_bad_times_are_not_scored_and_near_ones_are_one() {
        check("..bbb....", ".........", &[]);
        check("..bb--bb..", "......BB..", &[(Some(20), Some(20), Some(5))]);
        check("..bb.bb...", "..........", &[]);
        check(".bb-------bb.", ".............", &[]);
    }

    #[test]
    fn bad_times_that_were_not_seen_whole_are_not_scored() {
        check("bbbbbb...", "..BBBB...", &[]);
        check("...bbbbbb", "..BBBB...", &[]);
    }

    #[test]
    fn bad_is_false_only_after_a_minute_of_fine() {
        let fine = ".".repeat(20);
        check_false(&fine, "BBBBBBBBBBBB........", &[]);
        check_false(&fine, "BBBBBBBBBBBBBB......", &[(12, 14, true)]);
        check_false(
            &fine,
            "..............BB..B.",
            &[(14, 16, false), (18, 19, false)],
        );
        check_false(&fine, "..............WWW...", &[]);
        assert_eq!(score(&timeline(&fine, &fine)).fine_steps, 8);
    }

    #[test]
    fn bad_that_was_true_once_is_late_and_not_made_up() {
        let truth = format!("bbbb{}", ".".repeat(20));
        let said = format!("{}.....", "B".repeat(19));
        check_false(&truth, &said, &[(16, 19, true)]);
        let said = "BBBB.............BB.....";
        check_false(&truth, said, &[(17, 19, false)]);
        let score = score(&timeline(&truth, said));
        assert_eq!((score.right_steps, score.wrong_steps()), (4, 2));
    }
}
