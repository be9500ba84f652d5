//! Scenes: which part of the workload's history is played with a seed.
//!
//! The workload plans its faults and releases around the instant at which live begins. A scene is a
//! place relative to that instant.

use hinomi_sim::WorkloadConfig;

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// When live begins, the same for all seeds.
const LIVE_FROM: i64 = 1_797_850_800 * SECOND;
/// A played part begins this much before a release of its scene.
const LEAD: i64 = 10 * MINUTE;
/// The day's second release is this much before the hour at which live begins.
const SECOND_RELEASE: i64 = 8 * MINUTE;
/// The day's first release is this much before the second one.
const FIRST_RELEASE: i64 = 5 * HOUR;

/// Seeds of the workload, in the order in which they are played. None is the demo's.
pub const SEEDS: [u64; 16] = [
    11, 23, 37, 41, 59, 67, 71, 83, 97, 101, 113, 127, 131, 149, 157, 163,
];

/// The part of a workload that is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scene {
    /// What the workload does in it.
    pub name: &'static str,
    /// The workload.
    pub workload: WorkloadConfig,
    /// When scoring begins. A multiple of five seconds.
    pub from_unix_ns: i64,
}

impl Scene {
    /// The scene of the seed with this number in the list of seeds. Four kinds take turns: the hour
    /// of the demo, a calm hour with a harmless release, a later day with many faults, a calm hour
    /// with a harmful release.
    pub fn nth(number: usize, rate: f64) -> Self {
        let round = (number / 4) as i64;
        let (name, day, before) = match number % 4 {
            0 => ("the demo, a fault every 4 min, harmful release", 0, 0),
            1 => (
                "a fault an hour, harmless release",
                -1 - round % 7,
                FIRST_RELEASE,
            ),
            2 => ("a fault every 4 min, harmful release", 1 + round % 20, 0),
            _ => ("a fault an hour, harmful release", -2 - round % 6, 0),
        };
        // Beyond the list, seeds go on by a step that meets none of them again.
        let turn = (number / SEEDS.len()) as u64;
        Self {
            name,
            workload: WorkloadConfig {
                seed: SEEDS[number % SEEDS.len()] + turn * 1_000,
                rate,
                live_from_unix_ns: LIVE_FROM,
            },
            from_unix_ns: LIVE_FROM + day * DAY - SECOND_RELEASE - before - LEAD,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_sim::{ReleaseKind, Workload};

    #[test]
    fn no_seed_is_the_demos_and_none_comes_twice() {
        let demo = WorkloadConfig::new(0).seed;
        let mut seeds: Vec<u64> = (0..40)
            .map(|number| Scene::nth(number, 2.0).workload.seed)
            .collect();
        assert!(!seeds.contains(&demo));
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), 40);
    }

    #[test]
    fn the_hour_of_every_scene_has_its_release_after_ten_minutes() {
        for number in 0..40 {
            let scene = Scene::nth(number, 2.0);
            assert_eq!(scene.from_unix_ns % (5 * SECOND), 0);
            let workload = Workload::new(scene.workload);
            let releases = workload.releases(scene.from_unix_ns, scene.from_unix_ns + HOUR);
            let first = &releases[0];
            assert_eq!(first.at_unix_ns, scene.from_unix_ns + LEAD, "{number}");
            let expected = match number % 4 {
                1 => ReleaseKind::Harmless,
                _ => ReleaseKind::Harmful,
            };
            assert_eq!(first.kind, expected, "{number}");
        }
    }
}
