//! The score of the blame for a partner's trouble: was a silent partner blamed, and which partners
//! were blamed without reason.

use super::{STEP_SECONDS, seconds};

/// The blame must be right from this many seconds after the start of a fault on.
const RIGHT_FROM: u64 = 15;

/// What a partner did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partner {
    /// It does not answer, since this many seconds.
    Silent(u64),
    /// It answers, but did not within the time that was asked about.
    Recovered,
    /// It answered all of the time that was asked about.
    Answers,
}

/// One step of a partner's timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlameStep {
    /// What was true.
    pub partner: Partner,
    /// Whether the partner was blamed.
    pub is_blamed: bool,
}

/// A fault of a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Silence {
    /// Number of steps at which blame was due.
    pub due: usize,
    /// At how many of these the partner was blamed.
    pub right: usize,
    /// Seconds until it was blamed; `None` when it was not before the end.
    pub blamed_after: Option<u64>,
}

/// The score of one timeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlameScore {
    /// The partner's faults.
    pub silences: Vec<Silence>,
    /// Times in which it was blamed without reason: index of the first step and index after the last
    /// one.
    pub false_blames: Vec<(usize, usize)>,
    /// Number of steps at which blame would have been false.
    pub answering_steps: usize,
}

impl BlameScore {
    /// Hours in which blame would have been false.
    pub fn answering_hours(&self) -> f64 {
        (self.answering_steps as u64 * STEP_SECONDS) as f64 / 3_600.0
    }
}

/// Scores the timeline of a partner.
pub fn score(steps: &[BlameStep]) -> BlameScore {
    let mut score = BlameScore::default();
    let mut since: Option<u64> = None;
    for (index, step) in steps.iter().enumerate() {
        if step.is_blamed && step.partner == Partner::Answers {
            match score.false_blames.last_mut() {
                Some((_, to)) if *to == index => *to = index + 1,
                _ => score.false_blames.push((index, index + 1)),
            }
        }
        match step.partner {
            Partner::Silent(lasts) => {
                // A shorter time than before is that of another fault.
                if since.is_none_or(|before| lasts < before) {
                    score.silences.push(Silence::default());
                }
                since = Some(lasts);
                let Some(silence) = score.silences.last_mut() else {
                    continue;
                };
                if lasts >= RIGHT_FROM {
                    silence.due += 1;
                    silence.right += usize::from(step.is_blamed);
                }
                if step.is_blamed && silence.blamed_after.is_none() {
                    silence.blamed_after = Some(lasts);
                }
            }
            Partner::Recovered => since = None,
            Partner::Answers => {
                since = None;
                score.answering_steps += 1;
            }
        }
    }
    score
}

/// How long after each fault the blame was taken back, in seconds. Leaves out faults at whose end
/// the partner was not blamed, and those that the blame outlasted to the end of the timeline or to
/// the next fault.
pub fn back_after(steps: &[BlameStep]) -> Vec<u64> {
    let is_silent = |step: &BlameStep| matches!(step.partner, Partner::Silent(_));
    let mut found = Vec::new();
    for (index, pair) in steps.windows(2).enumerate() {
        if !is_silent(&pair[0]) || is_silent(&pair[1]) || !pair[0].is_blamed {
            continue;
        }
        let after = &steps[index + 1..];
        let end = after.iter().position(is_silent).unwrap_or(after.len());
        let back = after[..end].iter().position(|step| !step.is_blamed);
        found.extend(back.map(|place| seconds(place + 1)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `s` for silent, `r` for recovered, `.` for answering; `T` for blamed.
    fn timeline(partner: &str, blamed: &str) -> Vec<BlameStep> {
        assert_eq!(partner.len(), blamed.len());
        let mut lasts = 0;
        let steps = partner.chars().zip(blamed.chars());
        let step = |(partner, blamed)| {
            let partner = match partner {
                's' => Partner::Silent(lasts),
                'r' => Partner::Recovered,
                _ => Partner::Answers,
            };
            let is_silent = matches!(partner, Partner::Silent(_));
            lasts = if is_silent { lasts + 5 } else { 0 };
            BlameStep {
                partner,
                is_blamed: blamed == 'T',
            }
        };
        steps.map(step).collect()
    }

    #[test]
    fn blame_is_due_a_quarter_of_a_minute_after_the_start() {
        let score = score(&timeline("..ssssssrr..", "......TTT..."));
        let expected = Silence {
            due: 3,
            right: 2,
            blamed_after: Some(20),
        };
        assert_eq!(score.silences, [expected]);
        assert_eq!(score.false_blames, []);
        assert_eq!(score.answering_steps, 4);
    }

    #[test]
    fn two_faults_are_two_and_a_missed_one_has_no_delay() {
        let score = score(&timeline("sssssrsssss", "TTTTT......"));
        let delays: Vec<_> = score.silences.iter().map(|one| one.blamed_after).collect();
        assert_eq!(delays, [Some(0), None]);
        assert_eq!((score.silences[0].right, score.silences[1].right), (2, 0));
    }

    #[test]
    fn a_false_blame_counts_once_however_long_it_lasts() {
        let score = score(&timeline(".......", ".TTT.T."));
        assert_eq!(score.false_blames, [(1, 4), (5, 6)]);
        assert_eq!(score.answering_steps, 7);
        assert!((score.answering_hours() - 35.0 / 3_600.0).abs() < 1e-9);
    }

    #[test]
    fn blame_is_taken_back_after_the_end() {
        let check = |partner: &str, blamed: &str, expected: &[u64]| {
            assert_eq!(back_after(&timeline(partner, blamed)), expected);
        };
        check("ssssrrrr", "..TTTT..", &[15]);
        check("ssssrrrr", "..TTTTTT", &[]);
        check("ssssrrss", "..TTTTTT", &[]);
        check("ssssrrrr", "........", &[]);
    }
}
