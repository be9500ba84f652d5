//! Deployments: when each version of a service was first seen, and deployments that were reported
//! through the API.

use crate::SeenVersion;
use hinomi_model::{RollupKey, RollupSet, Text, UnixNanos, rollup::ServiceKey};
use std::collections::HashMap;

/// Versions of a project with when each was first seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Versions {
    seen: HashMap<ServiceKey, HashMap<Text, UnixNanos>>,
    count: usize,
}

/// Maximum number of versions per service. Beyond it the oldest is forgotten.
const MOST: usize = 1_000;
/// Maximum number of versions of all services together. Beyond it a service with many versions
/// forgets its oldest half.
const MOST_OF_ALL: usize = 100_000;

impl Versions {
    /// Adds the versions in a set of rollups.
    pub fn see_all(&mut self, rollups: &RollupSet) {
        for (bucket, key, _) in rollups.iter() {
            if let RollupKey::Transaction {
                service, version, ..
            } = key
            {
                self.see(service, version, bucket);
            }
        }
    }

    /// Adds one version.
    pub fn see(&mut self, service: &ServiceKey, version: &Text, first: UnixNanos) {
        if version.is_empty() {
            return;
        }
        let Some(versions) = self.seen.get_mut(service) else {
            let versions = HashMap::from([(version.clone(), first)]);
            self.seen.insert(service.clone(), versions);
            self.count += 1;
            self.keep_to_the_limit();
            return;
        };
        match versions.get_mut(version) {
            Some(have) => *have = first.min(*have),
            None => {
                versions.insert(version.clone(), first);
                self.count += 1;
                if versions.len() > MOST {
                    self.count -= forget_oldest(versions, 1);
                }
                self.keep_to_the_limit();
            }
        }
    }

    fn keep_to_the_limit(&mut self) {
        while self.count > MOST_OF_ALL {
            let most = self.seen.iter().max_by_key(|(_, versions)| versions.len());
            let Some(service) = most.map(|(service, _)| service.clone()) else {
                return;
            };
            if let Some(versions) = self.seen.get_mut(&service) {
                self.count -= forget_oldest(versions, versions.len().div_ceil(2));
                if versions.is_empty() {
                    self.seen.remove(&service);
                }
            }
        }
    }

    /// When a version was first seen.
    pub fn first(&self, service: &ServiceKey, version: &str) -> Option<UnixNanos> {
        self.seen.get(service)?.get(version).copied()
    }

    /// All versions.
    pub fn iter(&self) -> impl Iterator<Item = SeenVersion> {
        self.seen.iter().flat_map(|(service, versions)| {
            versions.iter().map(|(version, first)| SeenVersion {
                service: service.clone(),
                version: version.clone(),
                first: *first,
            })
        })
    }
}

/// Forgets the `count` versions that were first seen earliest. Returns how many were forgotten.
fn forget_oldest(versions: &mut HashMap<Text, UnixNanos>, count: usize) -> usize {
    let mut oldest: Vec<(UnixNanos, Text)> = versions
        .iter()
        .map(|(version, first)| (*first, version.clone()))
        .collect();
    oldest.sort_unstable();
    let oldest = oldest.into_iter().take(count);
    oldest
        .filter(|(_, version)| versions.remove(version).is_some())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_bounded_and_the_newest_stay() {
        let mut versions = Versions::default();
        let service = |number: usize| ServiceKey {
            service: format!("s-{}", number % 150).into(),
            namespace: "".into(),
            environment: "".into(),
        };
        for number in 0..2 * MOST_OF_ALL {
            let version = format!("v-{number}").into();
            versions.see(&service(number), &version, UnixNanos(number as i64));
            assert!(versions.count <= MOST_OF_ALL);
        }
        assert_eq!(versions.iter().count(), versions.count);
        let last = 2 * MOST_OF_ALL - 1;
        assert!(
            versions
                .first(&service(last), &format!("v-{last}"))
                .is_some()
        );
    }
}
