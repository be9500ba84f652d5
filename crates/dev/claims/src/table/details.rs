//! The details: every episode by itself, for whoever wants to know why a figure is what it is.

use crate::{
    Played,
    score::{STEP_SECONDS, blame, deployment, health, pattern},
};
use std::{collections::BTreeSet, fmt::Write};

/// A list of all bad times, false claims, faults and releases of a play.
pub fn details(play: &Played) -> String {
    let mut text = format!("seed {}: {}\n", play.scene.workload.seed, play.scene.name);
    // Writing to a text does not fail.
    for fault in &play.faults {
        let (from, to) = (
            second(play, fault.start_unix_ns),
            second(play, fault.end_unix_ns),
        );
        let _ = writeln!(text, "  fault {from}–{to} s: {}", fault.name);
    }
    for (name, service) in &play.services {
        let score = health::score(&service.steps);
        for one in score.episodes {
            let (from, to) = (seconds(one.from), seconds(one.to));
            let _ = writeln!(
                text,
                "  {name} was bad {from}–{to} s{}, called {:?} before: said after {}, bad after {}, back after {}",
                if one.is_busy { ", busy" } else { "" },
                one.before,
                delay(one.said_after),
                delay(one.bad_after),
                delay(one.back_after)
            );
        }
        for one in score.false_bad {
            let (from, to) = (seconds(one.from), seconds(one.to));
            let how = if one.is_late { "late" } else { "made up" };
            let reason = &service.reasons[one.from];
            let _ = writeln!(
                text,
                "  {name} was called bad {from}–{to} s, {how}: {reason}"
            );
        }
    }
    for (host, steps) in &play.partners {
        let score = blame::score(steps);
        for one in score.silences {
            let _ = writeln!(
                text,
                "  {host} was silent: blamed after {}, {} of {} steps",
                delay(one.blamed_after),
                one.right,
                one.due
            );
        }
        for (from, to) in score.false_blames {
            let (from, to) = (seconds(from), seconds(to));
            let _ = writeln!(text, "  {host} was blamed without reason {from}–{to} s");
        }
    }
    for (name, steps) in &play.patterns {
        let mut told = BTreeSet::new();
        for made_up in steps.iter().flat_map(pattern::made_up) {
            let (from, to) = (second(play, made_up.from), second(play, made_up.to));
            let kind = made_up.kind.as_str();
            // The same one is on the next hitmap, too.
            if told.insert((kind, made_up.constant, from)) {
                let constant = made_up.constant.unwrap_or_default();
                let _ = writeln!(text, "  {name} has no {kind} of {constant:?} {from}–{to} s");
            }
        }
    }
    for (name, steps) in &play.patterns {
        let mut told = BTreeSet::new();
        for (named, off) in steps.iter().flat_map(pattern::displaced) {
            let (from, to) = (second(play, named.from), second(play, named.to));
            if told.insert((named.kind, from, off)) {
                let kind = named.kind.as_str();
                let _ = writeln!(
                    text,
                    "  {name}: {kind} {from}–{to} s begins {} and ends {} columns off",
                    off[0], off[1]
                );
            }
        }
    }
    for one in &play.releases {
        let score = deployment::score(&one.steps);
        let effect = one.steps.effect.map_or_else(String::new, |effect| {
            let points = effect.failing * 100.0;
            format!(", p95 × {:.2}, failing {points:+.1} points", effect.latency)
        });
        let _ = writeln!(
            text,
            "  {:?} release of {} at {} s{effect}: asked {} times, worse after {}, last {:?}{}",
            one.release.kind,
            one.release.service,
            second(play, one.release.at_unix_ns),
            one.steps.verdicts.len(),
            delay(score.worse_after),
            score.last,
            if score.is_wrong { ", wrong" } else { "" },
        );
    }
    text
}

/// Seconds since scoring began.
fn second(play: &Played, at: i64) -> i64 {
    (at - play.scene.from_unix_ns) / 1_000_000_000
}

fn seconds(step: usize) -> u64 {
    step as u64 * STEP_SECONDS
}

fn delay(delay: Option<u64>) -> String {
    delay.map_or_else(|| "–".to_owned(), |seconds| format!("{seconds} s"))
}
