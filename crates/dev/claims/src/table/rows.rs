//! The figures of each claim, over all plays.

use super::Row;
use crate::{
    Played, ReleasePlayed,
    score::{
        STEP_SECONDS,
        blame::{self, BlameScore},
        deployment::{self, ReleaseKind, ReleaseScore},
        health::{self, Episode, HealthScore, Said},
        pattern::{self, PatternScore},
        quantile,
    },
};
use hinomi_analysis::{deployment::DeploymentVerdict, pattern::PatternKind};

const DAY_SECONDS: f64 = 86_400.0;
/// A busy service must be called bad within this many seconds.
const SOON: u64 = 15;
/// Releases that were judged for a shorter time than this are not scored, in seconds.
const JUDGED_FOR: u64 = 10 * 60;

/// The rows about the health of services.
pub(super) fn health(plays: &[Played]) -> Vec<Row> {
    let scores: Vec<HealthScore> = plays
        .iter()
        .flat_map(|play| play.services.values())
        .map(|service| health::score(&service.steps))
        .collect();
    let all: Vec<Episode> = scores.iter().flat_map(|one| one.episodes.clone()).collect();
    let busy: Vec<Episode> = all.iter().copied().filter(|one| one.is_busy).collect();
    let soon = |one: &&Episode| one.bad_after.is_some_and(|after| after <= SOON);
    let of = |episodes: &[Episode]| format!("{} bad times", episodes.len());
    let made_up = scores
        .iter()
        .flat_map(|score| &score.false_bad)
        .filter(|one| !one.is_late)
        .count();
    let late = scores
        .iter()
        .flat_map(|score| &score.false_bad)
        .filter(|one| one.is_late)
        .count();
    let fine_steps: usize = scores.iter().map(|score| score.fine_steps).sum();
    let days = (fine_steps as u64 * STEP_SECONDS) as f64 / DAY_SECONDS;
    let right: usize = scores.iter().map(|score| score.right_steps).sum();
    let wrong: usize = scores.iter().map(HealthScore::wrong_steps).sum();
    let back = delays(all.iter().filter_map(|one| one.back_after));
    let row = |claim, goal, figures, episodes| Row {
        claim,
        goal,
        figures,
        episodes,
    };
    vec![
        row(
            "health: a bad service is called bad or watched",
            "",
            format!(
                "{}; {}",
                share(
                    all.iter().filter(|one| one.said_after.is_some()).count(),
                    all.len()
                ),
                delays(newly_said(&all, Said::Watch))
            ),
            of(&all),
        ),
        row(
            "health: a bad service is called bad",
            "",
            format!(
                "{}; {}",
                share(
                    all.iter().filter(|one| one.bad_after.is_some()).count(),
                    all.len()
                ),
                delays(newly_said(&all, Said::Bad))
            ),
            of(&all),
        ),
        row(
            "health: the same with ≥ 2 requests/s",
            "bad within 15 s",
            format!(
                "{}; {}; within 15 s {}",
                share(
                    busy.iter().filter(|one| one.bad_after.is_some()).count(),
                    busy.len()
                ),
                delays(newly_said(&busy, Said::Bad)),
                share(busy.iter().filter(soon).count(), busy.len())
            ),
            of(&busy),
        ),
        row(
            "health: back to OK after the end",
            "≤ 60 s",
            back,
            format!(
                "{} ends",
                all.iter().filter(|one| one.back_after.is_some()).count()
            ),
        ),
        row(
            "health: bad without reason",
            "≤ 1 a service and day",
            format!(
                "{} a service and day; besides {} taken back late; precision {} of the time",
                rate(made_up, days),
                rate(late, days),
                share(right, right + wrong)
            ),
            format!("{made_up} + {late} in {days:.2} fine service days"),
        ),
    ]
}

/// Delays of bad times before which nothing as bad was being said anyway.
fn newly_said(episodes: &[Episode], least: Said) -> impl Iterator<Item = u64> {
    let new = episodes.iter().filter(move |one| one.before < least);
    new.filter_map(move |one| match least {
        Said::Bad => one.bad_after,
        _ => one.said_after,
    })
}

/// The rows about the blame for partners' trouble.
pub(super) fn blame(plays: &[Played]) -> Vec<Row> {
    let timelines = || plays.iter().flat_map(|play| play.partners.values());
    let scores: Vec<BlameScore> = timelines().map(|steps| blame::score(steps)).collect();
    let silences: Vec<_> = scores.iter().flat_map(|one| one.silences.clone()).collect();
    let due = silences.iter().map(|one| one.due).sum();
    let right = silences.iter().map(|one| one.right).sum();
    let blamed: Vec<u64> = silences.iter().filter_map(|one| one.blamed_after).collect();
    let back: Vec<u64> = timelines()
        .flat_map(|steps| blame::back_after(steps))
        .collect();
    let false_blames: usize = scores.iter().map(|one| one.false_blames.len()).sum();
    let hours: f64 = scores.iter().map(BlameScore::answering_hours).sum();
    vec![
        Row {
            claim: "blame: a silent partner is blamed, from 15 s on",
            goal: "≥ 95 % of the time",
            figures: format!(
                "{} of the time; {} of the faults; {}",
                share(right, due),
                share(blamed.len(), silences.len()),
                delays(blamed.iter().copied())
            ),
            episodes: format!("{} faults", silences.len()),
        },
        Row {
            claim: "blame: taken back after the end",
            goal: "",
            figures: delays(back.iter().copied()),
            episodes: format!("{} ends", back.len()),
        },
        Row {
            claim: "blame: a partner is blamed without reason",
            goal: "≤ 1 in 1,000 partner hours",
            figures: format!(
                "{} in 1,000 partner hours",
                rate(false_blames, hours / 1_000.0)
            ),
            episodes: format!("{false_blames} in {hours:.1} partner hours"),
        },
    ]
}

/// The rows about the patterns of hitmaps.
pub(super) fn patterns(plays: &[Played]) -> Vec<Row> {
    let maps = plays.iter().flat_map(|play| play.patterns.values());
    let scores = pattern::score(maps.flatten());
    let of = |kind| scores.get(&kind).copied().unwrap_or_default();
    let row = |claim, goal, score: PatternScore, figures| Row {
        claim,
        goal,
        figures,
        episodes: format!("{} named, {} to be named", score.named, score.plain),
    };
    let figures = |score: PatternScore| {
        format!(
            "precision {}, recall {}",
            share(score.right, score.named),
            share(score.found, score.plain)
        )
    };
    let (line, lock, climb) = (
        of(PatternKind::Horizontal),
        of(PatternKind::Vertical),
        of(PatternKind::Overload),
    );
    let others = [PatternKind::Wave, PatternKind::Flood].map(|kind| of(kind).named);
    let others: usize = others.into_iter().sum();
    vec![
        row(
            "pattern: a timeout is a horizontal line with its duration",
            "precision ≥ 98 %, recall ≥ 95 %",
            line,
            format!(
                "{}; begins within a column {}, ends {}; two in one {}",
                figures(line),
                share(line.begun_right, line.right),
                share(line.ended_right, line.right),
                line.merged
            ),
        ),
        row(
            "pattern: a released lock is vertical",
            "the same",
            lock,
            figures(lock),
        ),
        row("pattern: an overload", "the same", climb, figures(climb)),
        Row {
            claim: "pattern: a wave or a flood, of which there is none",
            goal: "none",
            figures: match plays {
                [] => "–".to_owned(),
                _ => format!("{others} named"),
            },
            episodes: String::new(),
        },
    ]
}

/// The rows about verdicts on deployments.
pub(super) fn deployments(plays: &[Played]) -> Vec<Row> {
    let scored: Vec<(ReleaseKind, ReleaseScore)> = plays
        .iter()
        .flat_map(|play| &play.releases)
        .filter(|one| is_scored(one))
        .map(|one| (one.release.kind, deployment::score(&one.steps)))
        .collect();
    let of = |kind| -> Vec<ReleaseScore> {
        let own = scored.iter().filter(|(have, _)| *have == kind);
        own.map(|(_, score)| *score).collect()
    };
    let (harmful, harmless, fixes) = (
        of(ReleaseKind::Harmful),
        of(ReleaseKind::Harmless),
        of(ReleaseKind::Fix),
    );
    let large = harmful.iter().copied().filter(|one| one.is_large);
    let large: Vec<ReleaseScore> = large.collect();
    let worse = |scores: &[ReleaseScore]| {
        let called = scores.iter().filter(|one| one.worse_after.is_some());
        called.count()
    };
    let is_good = |one: &&ReleaseScore| {
        use DeploymentVerdict::{Better, NoDifference};
        matches!(one.last, Some(Better | NoDifference))
    };
    let wrong = scored.iter().filter(|(_, score)| score.is_wrong).count();
    vec![
        Row {
            claim: "deployment: a harmful one is called worse",
            goal: "",
            figures: format!(
                "{}, of {} with a large effect {}; {}",
                share(worse(&harmful), harmful.len()),
                large.len(),
                share(worse(&large), large.len()),
                delays(harmful.iter().filter_map(|one| one.worse_after))
            ),
            episodes: format!("{} releases", harmful.len()),
        },
        Row {
            claim: "deployment: a harmless one is ever called worse",
            goal: "never",
            figures: share(worse(&harmless), harmless.len()),
            episodes: format!("{} releases", harmless.len()),
        },
        Row {
            claim: "deployment: a fix is called better or no different",
            goal: "",
            figures: share(fixes.iter().filter(is_good).count(), fixes.len()),
            episodes: format!("{} releases", fixes.len()),
        },
        Row {
            claim: "deployment: the verdict is wrong",
            goal: "≤ 2 %",
            figures: share(wrong, scored.len()),
            episodes: format!("{} releases", scored.len()),
        },
    ]
}

/// Whether the play went on long enough after a release.
fn is_scored(release: &ReleasePlayed) -> bool {
    let last = release.steps.verdicts.last();
    last.is_some_and(|(after, _)| *after >= JUDGED_FOR)
}

/// `part` of `of` in percent.
fn share(part: usize, of: usize) -> String {
    match of {
        0 => "–".to_owned(),
        _ => format!("{:.0} %", part as f64 / of as f64 * 100.0),
    }
}

fn rate(count: usize, per: f64) -> String {
    match per > 0.0 {
        true => format!("{:.1}", count as f64 / per),
        false => "–".to_owned(),
    }
}

fn delays(delays: impl Iterator<Item = u64>) -> String {
    let delays: Vec<u64> = delays.collect();
    let of = |share| quantile(delays.clone(), share);
    match (of(0.5), of(0.9)) {
        (Some(median), Some(p90)) => format!("median {median} s, p90 {p90} s"),
        _ => "no delay known".to_owned(),
    }
}
