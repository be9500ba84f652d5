//! Names: what telemetry says of services besides its numbers, and what an engine for telemetry tells
//! the registry and asks of it.

use crate::{Deployed, Reply, SeenVersion, ServiceLabels, labels_of};
use hinomi_model::{Resource, RollupKey, RollupSet, Text, UnixNanos, rollup::ServiceKey};
use std::{collections::HashMap, time::Duration};

/// A called host that is one of our services.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Peer {
    /// The host, as callers name it.
    pub target: Text,
    /// The service.
    pub service: Text,
    /// When the host was last seen to be the service.
    pub seen: UnixNanos,
}

/// Settings of a service. `None` is the default of the setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServiceSettings {
    /// The duration from which on a transaction of the service is slow.
    pub slow_threshold: Option<Duration>,
}

/// What a batch says of services.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BatchNames {
    /// Services with the start of their newest 5 s bucket.
    pub services: HashMap<ServiceKey, UnixNanos>,
    /// Versions of services with the start of their first 5 s bucket.
    pub versions: HashMap<ServiceKey, HashMap<Text, UnixNanos>>,
    /// Labels of services that reported any; the later one of a service counts.
    pub labels: Vec<(ServiceKey, ServiceLabels)>,
}

impl BatchNames {
    /// What a batch's rollups and the resources of its spans say.
    pub fn of<'a>(rollups: &RollupSet, resources: impl IntoIterator<Item = &'a Resource>) -> Self {
        let mut names = Self::default();
        for (bucket, key, _) in rollups.iter() {
            let service = key.service();
            match names.services.get_mut(service) {
                Some(newest) => *newest = bucket.max(*newest),
                None => drop(names.services.insert(service.clone(), bucket)),
            }
            if let RollupKey::Transaction { version, .. } = key
                && !version.is_empty()
            {
                names.see_version(service, version, bucket);
            }
        }
        for resource in resources {
            let labels = labels_of(&resource.attributes);
            if !labels.is_empty() {
                names.labels.push((ServiceKey::of(resource), labels));
            }
        }
        names
    }

    fn see_version(&mut self, service: &ServiceKey, version: &Text, bucket: UnixNanos) {
        let Some(versions) = self.versions.get_mut(service) else {
            let versions = HashMap::from([(version.clone(), bucket)]);
            self.versions.insert(service.clone(), versions);
            return;
        };
        match versions.get_mut(version) {
            Some(first) => *first = bucket.min(*first),
            None => drop(versions.insert(version.clone(), bucket)),
        }
    }
}

/// All names that an engine of an earlier version kept itself, each with its project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OldNames {
    /// Services with the start of their newest 5 s bucket.
    pub services: Vec<(Text, ServiceKey, UnixNanos)>,
    /// Versions with when they were first seen.
    pub versions: Vec<(Text, SeenVersion)>,
    /// Labels of services.
    pub labels: Vec<(Text, ServiceKey, ServiceLabels)>,
    /// Hosts that are services.
    pub peers: Vec<(Text, Peer)>,
    /// Reported deployments, in order of arrival.
    pub deployments: Vec<(Text, Deployed)>,
    /// Promoted attributes with the time of promotion.
    pub promoted: Vec<(Text, Text, UnixNanos)>,
}

impl OldNames {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Sorts what has no order of its own, so that equal names are equal lists.
    pub fn sort(&mut self) {
        self.services.sort_unstable();
        self.versions
            .sort_unstable_by(|(project, left), (other, right)| {
                let key = |seen: &SeenVersion| (seen.service.clone(), seen.version.clone());
                (project, key(left)).cmp(&(other, key(right)))
            });
        self.labels.sort_unstable();
        self.peers.sort_unstable();
        // By project only: within a project the order of arrival counts.
        self.deployments
            .sort_by(|(project, _), (other, _)| project.cmp(other));
        self.promoted.sort_unstable();
    }
}

/// Up to where an engine's log has been learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnedTo {
    /// The engine's node.
    pub node: Text,
    /// The last record of the node's log whose names were learned.
    pub sequence: u64,
}

/// The side of the registry that an engine for telemetry sees.
pub trait Names: Send + Sync {
    /// Learns the names of a batch that is durable or was replayed. In memory only, so it cannot
    /// fail; the engine calls [`Self::write`] before it forgets the batch.
    fn learn(&self, project: &Text, names: &BatchNames);

    /// Keys of the promoted attributes of a project, sorted.
    fn promoted_keys(&self, project: &str) -> Vec<Text>;

    /// Writes what was learned and is not written yet, with the mark if there is one. Blocks, for a
    /// bounded time; call it on a thread of the engine, not in a task. A failure is logged, counted
    /// and made good later: it must not keep the engine from going on.
    fn write(&self, mark: Option<LearnedTo>);

    /// The mark of a node that was written last; 0 when there is none. Names from later records may
    /// be missing. An engine that has dropped these records takes the names from its rollups.
    fn learned_to(&self, node: &str) -> u64;

    /// Forgets services without data and hosts not seen since `before`. Returns whether there were
    /// any; they are removed with the next [`Self::write`].
    fn forget_before(&self, before: UnixNanos) -> bool;

    /// Takes over what an engine of an earlier version kept. `Ok` means that it is durable here, and
    /// the engine may forget it. Taking the same over twice changes nothing.
    fn take_over(&self, names: OldNames, mark: Option<LearnedTo>) -> Reply<'_, ()>;
}
