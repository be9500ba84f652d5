//! Releases: which version an instance runs at an instant, and the identity of that instance.

use std::sync::Arc;

use crate::{
    catalog::{POST_ENTRY, QUOTE, SCORE},
    dice::{SECOND, mix},
    operation::Operation,
    service::{
        CHECKOUT, EDGE_GATEWAY, LEDGER, NOTIFY, PAYMENT, PAYOUT, RISK_SCORE, SERVICES, Service,
        WEB_BFF,
    },
};

const DAY: i64 = 86_400 * SECOND;

/// The rollout of the day's second release starts this much before the start of live.
const BEFORE_LIVE: i64 = 8 * 60 * SECOND;
/// The day's first release is this much before the second one.
const FIRST_BEFORE_SECOND: i64 = 5 * 3_600 * SECOND;
/// The release that fixes the slow operation of the second one is this much after it.
const FIX_AFTER_SECOND: i64 = 26 * 60 * SECOND;
/// Time from one instance to the next in a rollout.
const ROLL_STEP: i64 = 25 * SECOND;

/// Days around the start of live for which releases are planned. Beyond these, versions do not
/// change.
const PLANNED_DAYS: std::ops::RangeInclusive<i64> = -8..=30;

/// Services whose releases have no effect.
static HARMLESS: [&Service; 5] = [&WEB_BFF, &CHECKOUT, &NOTIFY, &EDGE_GATEWAY, &PAYOUT];
/// Services whose releases make one operation slower.
static HARMFUL: [(&Service, &Operation); 3] = [
    (&PAYMENT, &QUOTE),
    (&RISK_SCORE, &SCORE),
    (&LEDGER, &POST_ENTRY),
];

/// A new version of a service.
#[derive(Debug, Clone)]
pub struct Release {
    /// `service.name`.
    pub service: &'static str,
    /// `service.version`.
    pub version: Arc<str>,
    /// When the first instance changes. Each further instance follows 25 s later.
    pub at_unix_ns: i64,
    /// When the last instance changes.
    pub done_unix_ns: i64,
    /// What it does to the service.
    pub kind: ReleaseKind,
    /// Name of the operation that a harmful one makes slower.
    pub slower: Option<&'static str>,
}

/// What a release does to its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseKind {
    /// Nothing that anybody could notice.
    Harmless,
    /// Makes one operation slower.
    Harmful,
    /// Undoes the harm of the release before it.
    Fix,
}

/// An instance of one version of a service.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) service: &'static Service,
    pub(crate) version: Arc<str>,
    /// `service.instance.id`. A new version has new instance ids, as pods have.
    pub(crate) id: String,
    pub(crate) host: &'static str,
}

/// One version in the history of a service.
#[derive(Debug)]
struct Version {
    from: i64,
    text: Arc<str>,
    kind: ReleaseKind,
    slow: Option<&'static Operation>,
    /// Index of its first instance in the table.
    first_instance: usize,
}

/// The instance that handles a request.
#[derive(Clone, Copy)]
pub(crate) struct Met {
    /// Index in [`ReleasePlan::instances`].
    pub(crate) index: u32,
    /// The operation in which its version is slow.
    pub(crate) slow: Option<&'static Operation>,
}

/// All versions and instances.
#[derive(Debug)]
pub(crate) struct ReleasePlan {
    versions: Vec<Vec<Version>>,
    instances: Vec<Instance>,
}

impl ReleasePlan {
    pub(crate) fn new(live_from: i64) -> Self {
        let mut plan = Self {
            versions: Vec::new(),
            instances: Vec::new(),
        };
        for service in SERVICES {
            plan.versions.push(Vec::new());
            plan.release(service, i64::MIN / 2, ReleaseKind::Harmless, None);
        }
        for day in PLANNED_DAYS {
            let second = live_from + day * DAY - BEFORE_LIVE;
            let harmless = HARMLESS[day.rem_euclid(HARMLESS.len() as i64) as usize];
            let (harmful, slow) = HARMFUL[day.rem_euclid(HARMFUL.len() as i64) as usize];
            plan.release(
                harmless,
                second - FIRST_BEFORE_SECOND,
                ReleaseKind::Harmless,
                None,
            );
            plan.release(harmful, second, ReleaseKind::Harmful, Some(slow));
            plan.release(harmful, second + FIX_AFTER_SECOND, ReleaseKind::Fix, None);
        }
        plan
    }

    /// The same versions and instances, but no release makes anything slower.
    pub(crate) fn quiet(live_from: i64) -> Self {
        let mut plan = Self::new(live_from);
        for version in plan.versions.iter_mut().flatten() {
            version.slow = None;
        }
        plan
    }

    pub(crate) fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// The instance that has an ordinal of a service at an instant.
    pub(crate) fn meet(&self, service: &Service, ordinal: u32, at: i64) -> Met {
        let versions = &self.versions[service.index];
        let rolled = at - i64::from(ordinal) * ROLL_STEP;
        let place = versions
            .partition_point(|version| version.from <= rolled)
            .max(1)
            - 1;
        let version = &versions[place];
        Met {
            index: (version.first_instance + ordinal as usize) as u32,
            slow: version.slow,
        }
    }

    /// The releases that begin in `[from, to)`, sorted by time.
    pub(crate) fn releases(&self, from: i64, to: i64) -> Vec<Release> {
        let mut releases: Vec<_> = SERVICES
            .iter()
            .zip(&self.versions)
            .flat_map(|(service, versions)| {
                versions
                    .iter()
                    .filter(|version| (from..to).contains(&version.from))
                    .map(|version| Release {
                        service: service.name,
                        version: Arc::clone(&version.text),
                        at_unix_ns: version.from,
                        done_unix_ns: version.from
                            + i64::from(service.instances.saturating_sub(1)) * ROLL_STEP,
                        kind: version.kind,
                        slower: version.slow.map(|operation| operation.entry.name()),
                    })
            })
            .collect();
        releases.sort_by_key(|release| release.at_unix_ns);
        releases
    }

    fn release(
        &mut self,
        service: &'static Service,
        from: i64,
        kind: ReleaseKind,
        slow: Option<&'static Operation>,
    ) {
        const HOSTS: [&str; 6] = [
            "node-a1", "node-a2", "node-b1", "node-b2", "node-c1", "node-c2",
        ];
        let versions = &mut self.versions[service.index];
        let (major, minor) = service.version;
        let (minor, patch) = match versions.last() {
            None => (minor, 0),
            Some(last) => {
                let mut numbers = last
                    .text
                    .split('.')
                    .skip(1)
                    .map_while(|part| part.parse().ok());
                let (minor, patch) = (numbers.next().unwrap_or(minor), numbers.next().unwrap_or(0));
                if kind == ReleaseKind::Fix {
                    (minor, patch + 1)
                } else {
                    (minor + 1, 0)
                }
            }
        };
        let text: Arc<str> = format!("{major}.{minor}.{patch}").into();
        let pods = mix(
            service.index as u64 + 1,
            u64::from(minor) << 8 | u64::from(patch),
        ) & 0xffff;
        versions.push(Version {
            from,
            text: Arc::clone(&text),
            kind,
            slow,
            first_instance: self.instances.len(),
        });
        self.instances
            .extend((0..service.instances).map(|ordinal| Instance {
                service,
                version: Arc::clone(&text),
                id: format!("{}-{pods:04x}-{}", service.name, ordinal + 1),
                host: HOSTS[(service.index * 2 + ordinal as usize) % HOSTS.len()],
            }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000 * SECOND;

    #[test]
    fn a_day_has_two_releases_and_the_fix_of_one() {
        let plan = ReleasePlan::new(NOW);
        let releases = plan.releases(NOW - DAY, NOW);
        let services: Vec<_> = releases.iter().map(|release| release.service).collect();
        assert_eq!(services, ["ledger", "web-bff", "payment"]);
        let kinds: Vec<_> = releases.iter().map(|release| release.kind).collect();
        let expected = [
            ReleaseKind::Fix,
            ReleaseKind::Harmless,
            ReleaseKind::Harmful,
        ];
        assert_eq!(kinds, expected);
        assert!(
            releases
                .iter()
                .all(|release| release.version.split('.').count() == 3)
        );
    }

    #[test]
    fn a_release_rolls_instance_by_instance() {
        let plan = ReleasePlan::new(NOW);
        let release = plan.releases(NOW - 600 * SECOND, NOW).remove(0);
        let version = |ordinal, at| {
            let met = plan.meet(&PAYMENT, ordinal, at);
            plan.instances()[met.index as usize].version.to_string()
        };
        let middle = release.at_unix_ns + ROLL_STEP + SECOND;
        assert_eq!(version(0, middle), *release.version);
        assert_eq!(version(1, middle), *release.version);
        assert_ne!(version(2, middle), *release.version);
        assert_ne!(version(3, middle), *release.version);
    }
}
