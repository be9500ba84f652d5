//! What the store knows of deployments: when each version of a service was first seen, and what
//! someone told.

use hinomi_model::{RollupKey, RollupSet, Text, UnixNanos, rollup::ServiceKey};
use std::collections::HashMap;

/// A version of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenVersion {
    /// Whose.
    pub service: ServiceKey,
    /// `service.version`, not empty.
    pub version: Text,
    /// The start of the 5 s in which its first transaction ended.
    pub first: UnixNanos,
}

/// A deployment that someone told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// Of what.
    pub service: ServiceKey,
    /// The version, may be empty: a change of configuration has none.
    pub version: Text,
    /// When.
    pub at: UnixNanos,
    /// What it says on charts, may be empty.
    pub label: Text,
}

/// Versions of a project with when each was first seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Versions {
    seen: HashMap<ServiceKey, HashMap<Text, UnixNanos>>,
}

/// Versions of one service that are remembered; of more the oldest is forgotten.
const MOST: usize = 1_000;

impl Versions {
    /// Adds those of a set of rollups.
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

    /// Adds one.
    pub fn see(&mut self, service: &ServiceKey, version: &Text, first: UnixNanos) {
        if version.is_empty() {
            return;
        }
        let Some(versions) = self.seen.get_mut(service) else {
            let versions = HashMap::from([(version.clone(), first)]);
            self.seen.insert(service.clone(), versions);
            return;
        };
        match versions.get_mut(version) {
            Some(have) => *have = first.min(*have),
            None => {
                versions.insert(version.clone(), first);
                if versions.len() > MOST {
                    let oldest = versions.iter().min_by_key(|(_, first)| **first);
                    let oldest = oldest.map(|(version, _)| version.clone());
                    oldest.and_then(|oldest| versions.remove(&oldest));
                }
            }
        }
    }

    /// Of one version, when it was first seen.
    pub fn first(&self, service: &ServiceKey, version: &str) -> Option<UnixNanos> {
        self.seen.get(service)?.get(version).copied()
    }

    /// All of them.
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
