//! When each version of a project's services was first seen.

use super::changes::Changes;
use crate::RegistryLimits;
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use hinomi_store::SeenVersion;
use std::collections::HashMap;

/// Versions of a project's services.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    seen: HashMap<ServiceKey, HashMap<Text, UnixNanos>>,
    count: usize,
    pub changes: Changes<(ServiceKey, Text)>,
}

impl Versions {
    /// Adds a version. Forgets others if there are too many.
    pub fn see(
        &mut self,
        service: &ServiceKey,
        version: &Text,
        first: UnixNanos,
        limits: &RegistryLimits,
    ) {
        if version.is_empty() {
            return;
        }
        let versions = match self.seen.get_mut(service) {
            Some(versions) => versions,
            None => self.seen.entry(service.clone()).or_default(),
        };
        match versions.get_mut(version) {
            Some(have) if *have <= first => return,
            Some(have) => {
                *have = first;
                self.changes.put((service.clone(), version.clone()));
                return;
            }
            None => {
                versions.insert(version.clone(), first);
                self.changes.put((service.clone(), version.clone()));
                self.count += 1;
            }
        }
        if versions.len() > limits.versions_of_service {
            self.forget_oldest(service, 1);
        }
        while self.count > limits.versions {
            let most = self.seen.iter().max_by_key(|(_, versions)| versions.len());
            let Some((service, count)) = most.map(|(key, of)| (key.clone(), of.len())) else {
                return;
            };
            self.forget_oldest(&service, count.div_ceil(2));
        }
    }

    /// Forgets the `count` versions of a service that were first seen earliest.
    fn forget_oldest(&mut self, service: &ServiceKey, count: usize) {
        let Some(versions) = self.seen.get_mut(service) else {
            return;
        };
        let mut oldest: Vec<(UnixNanos, Text)> = versions
            .iter()
            .map(|(version, first)| (*first, version.clone()))
            .collect();
        oldest.sort_unstable();
        for (_, version) in oldest.into_iter().take(count) {
            versions.remove(&version);
            self.count -= 1;
            self.changes.remove((service.clone(), version));
        }
        if versions.is_empty() {
            self.seen.remove(service);
        }
    }

    /// When a version was first seen.
    pub fn first(&self, service: &ServiceKey, version: &str) -> Option<UnixNanos> {
        self.seen.get(service)?.get(version).copied()
    }

    /// All versions, in no particular order.
    pub fn all(&self) -> Vec<SeenVersion> {
        let each = self.seen.iter().flat_map(|(service, versions)| {
            versions.iter().map(|(version, first)| SeenVersion {
                service: service.clone(),
                version: version.clone(),
                first: *first,
            })
        });
        each.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_bounded_and_the_newest_stay() {
        let limits = RegistryLimits::default();
        let mut versions = Versions::default();
        let service = |number: usize| ServiceKey {
            service: format!("s-{}", number % 150).into(),
            namespace: "".into(),
            environment: "".into(),
        };
        for number in 0..2 * limits.versions {
            let version = format!("v-{number}").into();
            versions.see(
                &service(number),
                &version,
                UnixNanos(number as i64),
                &limits,
            );
            assert!(versions.count <= limits.versions);
        }
        assert_eq!(versions.all().len(), versions.count);
        let last = 2 * limits.versions - 1;
        let first = versions.first(&service(last), &format!("v-{last}"));
        assert!(first.is_some());
        let (put, gone) = versions.changes.take();
        assert_eq!(put.len(), versions.count);
        assert_eq!(
            gone.len(),
            limits.versions.min(2 * limits.versions - versions.count)
        );
    }
}
