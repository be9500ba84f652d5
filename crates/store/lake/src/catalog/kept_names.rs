//! Names in a catalog of an earlier version: services, peers, versions, labels, deployments, promoted
//! attributes. They are only read. The first start hands them to the registry; until that is durable
//! there, every snapshot has them.

use super::{
    PeerRow,
    entry::{Entry, ServiceEntry},
};
use crate::{Deployed, SeenVersion};
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use hinomi_store::{OldNames, Peer};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// The names. Maps are keyed by project.
#[derive(Default)]
pub(crate) struct KeptNames {
    /// Every service with the start of its newest bucket.
    pub services: HashMap<Text, HashMap<ServiceKey, UnixNanos>>,
    /// By target: the service and when it was last seen.
    pub peers: HashMap<Text, HashMap<Text, (Text, UnixNanos)>>,
    /// Versions of services with when they were first seen.
    pub versions: HashMap<Text, HashMap<(ServiceKey, Text), UnixNanos>>,
    /// Labels by service and name.
    pub labels: HashMap<Text, HashMap<ServiceKey, BTreeMap<Text, Text>>>,
    /// Deployments in order of arrival.
    pub deployments: HashMap<Text, VecDeque<Deployed>>,
    /// Promoted attributes by key, with the time of promotion.
    pub promoted: HashMap<Text, BTreeMap<Text, UnixNanos>>,
}

impl KeptNames {
    pub fn see_service(&mut self, project: Text, service: ServiceKey, newest: UnixNanos) {
        let of_project = self.services.entry(project).or_default();
        let have = of_project.entry(service).or_insert(newest);
        *have = newest.max(*have);
    }

    pub fn see_version(&mut self, project: Text, seen: SeenVersion) {
        let of_project = self.versions.entry(project).or_default();
        let have = of_project.entry((seen.service, seen.version));
        let have = have.or_insert(seen.first);
        *have = seen.first.min(*have);
    }

    /// Applies an entry about names. Idempotent, except for a deployment.
    pub fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Service {
                project,
                service,
                newest_ns,
            } => self.see_service(project.into(), service.into(), UnixNanos(newest_ns)),
            Entry::ServicesForgotten { before_ns } => {
                for services in self.services.values_mut() {
                    services.retain(|_, newest| newest.0 >= before_ns);
                }
            }
            Entry::Peer {
                project,
                target,
                service,
                seen_ns,
            } => {
                let of_project = self.peers.entry(project.into()).or_default();
                of_project.insert(target.into(), (service.into(), UnixNanos(seen_ns)));
            }
            Entry::PeerForgotten { project, target } => {
                let of_project = self.peers.get_mut(&*project);
                of_project.and_then(|peers| peers.remove(&*target));
            }
            Entry::PeersForgotten { before_ns } => {
                for peers in self.peers.values_mut() {
                    peers.retain(|_, (_, seen)| seen.0 >= before_ns);
                }
            }
            Entry::Version {
                project,
                service,
                version,
                first_ns,
            } => {
                let seen = SeenVersion {
                    service: service.into(),
                    version: version.into(),
                    first: UnixNanos(first_ns),
                };
                self.see_version(project.into(), seen);
            }
            Entry::Label {
                project,
                service,
                name,
                value,
            } => {
                let of_project = self.labels.entry(project.into()).or_default();
                let labels = of_project.entry(service.into()).or_default();
                labels.insert(name.into(), value.into());
            }
            Entry::Deployment {
                project,
                service,
                version,
                at_ns,
                label,
            } => {
                let of_project = self.deployments.entry(project.into()).or_default();
                of_project.push_back(Deployed {
                    service: service.into(),
                    version: version.into(),
                    at: UnixNanos(at_ns),
                    label: label.into(),
                });
            }
            Entry::DeploymentsKept { project, most } => {
                if let Some(of_project) = self.deployments.get_mut(&*project) {
                    let over = of_project.len().saturating_sub(most);
                    of_project.drain(..over);
                }
            }
            Entry::Promoted {
                project,
                key,
                since_ns,
            } => {
                let of_project = self.promoted.entry(project.into()).or_default();
                of_project.insert(key.into(), UnixNanos(since_ns));
            }
            Entry::Demoted { project, key } => {
                let of_project = self.promoted.get_mut(&*project);
                of_project.and_then(|promoted| promoted.remove(&*key));
            }
            // `Contents` handles all other entries.
            _ => {}
        }
    }

    /// Adds all names as entries, for a snapshot.
    pub fn push_entries(&self, entries: &mut Vec<Entry>) {
        for (project, services) in &self.services {
            let each = services.iter();
            entries.extend(each.map(|(key, newest)| Entry::service(project, key, *newest)));
        }
        for (project, peers) in &self.peers {
            entries.extend(peers.iter().map(|(target, (service, seen))| {
                Entry::peer(&PeerRow {
                    project: project.clone(),
                    target: target.clone(),
                    service: service.clone(),
                    seen: *seen,
                })
            }));
        }
        for (project, versions) in &self.versions {
            entries.extend(versions.iter().map(|((service, version), first)| {
                Entry::version(
                    project,
                    &SeenVersion {
                        service: service.clone(),
                        version: version.clone(),
                        first: *first,
                    },
                )
            }));
        }
        for (project, services) in &self.labels {
            for (service, labels) in services {
                entries.extend(labels.iter().map(|(name, value)| Entry::Label {
                    project: project.to_string(),
                    service: ServiceEntry::from(service),
                    name: name.to_string(),
                    value: value.to_string(),
                }));
            }
        }
        for (project, told) in &self.deployments {
            entries.extend(told.iter().map(|one| Entry::deployment(project, one)));
        }
        for (project, promoted) in &self.promoted {
            let each = promoted.iter();
            entries.extend(each.map(|(key, since)| Entry::promoted(project, key, *since)));
        }
    }

    /// All names, as the registry takes them over.
    pub fn old_names(&self) -> OldNames {
        let mut names = OldNames::default();
        for (project, services) in &self.services {
            let each = services.iter();
            let each = each.map(|(key, newest)| (project.clone(), key.clone(), *newest));
            names.services.extend(each);
        }
        for (project, versions) in &self.versions {
            names
                .versions
                .extend(versions.iter().map(|((service, version), first)| {
                    let seen = SeenVersion {
                        service: service.clone(),
                        version: version.clone(),
                        first: *first,
                    };
                    (project.clone(), seen)
                }));
        }
        for (project, services) in &self.labels {
            let each = services.iter();
            let each = each.map(|(key, labels)| (project.clone(), key.clone(), labels.clone()));
            names.labels.extend(each);
        }
        for (project, peers) in &self.peers {
            names
                .peers
                .extend(peers.iter().map(|(target, (service, seen))| {
                    let peer = Peer {
                        target: target.clone(),
                        service: service.clone(),
                        seen: *seen,
                    };
                    (project.clone(), peer)
                }));
        }
        for (project, told) in &self.deployments {
            let each = told.iter();
            let each = each.map(|deployed| (project.clone(), deployed.clone()));
            names.deployments.extend(each);
        }
        for (project, promoted) in &self.promoted {
            let each = promoted.iter();
            let each = each.map(|(key, since)| (project.clone(), key.clone(), *since));
            names.promoted.extend(each);
        }
        names.sort();
        names
    }
}
