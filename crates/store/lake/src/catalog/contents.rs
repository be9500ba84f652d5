//! The catalog's contents: the result of applying all entries of its manifest.

use super::{
    Horizon, LabelRow, PeerRow, ScrubProgress,
    entry::{Entry, ServiceEntry},
};
use crate::{
    Deployed, SeenVersion, quarantine::Quarantined, registry::deployments::Versions,
    segment::Segment, state::see_service, tables::Table,
};
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

/// The contents. Maps are keyed by project, as the rest of the store needs them.
#[derive(Default)]
pub(crate) struct Contents {
    /// Segments that count, by id.
    pub segments: BTreeMap<i64, Arc<Segment>>,
    /// Segments that no longer count but whose files may still exist: id and path below
    /// `segments/`.
    pub removed: BTreeMap<i64, String>,
    /// Every log record up to this sequence is in segments.
    pub checkpoint: u64,
    /// Horizons by project and table: retention has deleted rows from before the instant.
    pub horizons: BTreeMap<(Text, Table), UnixNanos>,
    /// Data that answers leave out, by segment id.
    pub quarantined: BTreeMap<i64, Quarantined>,
    /// Progress of the background check.
    pub scrub: ScrubProgress,
    /// By project: every service with the start of its newest bucket.
    pub services: HashMap<Text, HashMap<ServiceKey, UnixNanos>>,
    /// By project and target: the service and when it was last seen.
    pub peers: HashMap<Text, HashMap<Text, (Text, UnixNanos)>>,
    /// Versions of services, by project.
    pub versions: HashMap<Text, Versions>,
    /// Labels by project, service and label name.
    pub labels: HashMap<Text, HashMap<ServiceKey, BTreeMap<Text, Text>>>,
    /// Deployments by project, in order of arrival.
    pub deployments: HashMap<Text, VecDeque<Deployed>>,
    /// Promoted attributes by project and key, with the time of promotion.
    pub promoted: HashMap<Text, BTreeMap<Text, UnixNanos>>,
}

impl Contents {
    /// Applies one entry. Idempotent, except for a deployment.
    pub fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Segment(row) => match row.clone().segment() {
                Some(segment) => drop(self.segments.insert(segment.id, Arc::new(segment))),
                None => tracing::error!(
                    table = row.table,
                    path = row.path,
                    "the catalog names a segment of an unknown table; it is left out"
                ),
            },
            Entry::Removed { id, path } => {
                // The quarantine record of a removed segment is removed too.
                self.quarantined.remove(&id);
                self.segments.remove(&id);
                self.removed.insert(id, path);
            }
            Entry::Deleted { id } => drop(self.removed.remove(&id)),
            Entry::Checkpoint { sequence } => self.checkpoint = sequence.max(self.checkpoint),
            Entry::Horizon {
                project,
                table,
                instant_ns,
            } => {
                // A horizon of an unknown table is ignored.
                if let Some(table) = Table::parse(&table) {
                    self.see_horizon(&(project.into(), table, UnixNanos(instant_ns)));
                }
            }
            Entry::Quarantined(row) => {
                self.quarantined.insert(row.segment, row.into());
            }
            Entry::Released { segment } => drop(self.quarantined.remove(&segment)),
            Entry::Scrub {
                next_id,
                finished_ns,
            } => {
                self.scrub = ScrubProgress {
                    next_id,
                    finished: UnixNanos(finished_ns),
                };
            }
            other => self.apply_name(other),
        }
    }

    /// Applies an entry about names: services, peers, versions, labels, deployments, promoted
    /// attributes.
    fn apply_name(&mut self, entry: Entry) {
        match entry {
            Entry::Service {
                project,
                service,
                newest_ns,
            } => {
                let of_project = self.services.entry(project.into()).or_default();
                see_service(of_project, &service.into(), UnixNanos(newest_ns));
            }
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
                let of_project = self.versions.entry(project.into()).or_default();
                of_project.see(&service.into(), &version.into(), UnixNanos(first_ns));
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
            // `apply` handles all other entries.
            _ => {}
        }
    }

    pub fn see_horizon(&mut self, (project, table, instant): &Horizon) {
        let horizon = self
            .horizons
            .entry((project.clone(), *table))
            .or_insert(*instant);
        *horizon = (*instant).max(*horizon);
    }

    /// All contents as entries, for a snapshot.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = vec![
            Entry::Checkpoint {
                sequence: self.checkpoint,
            },
            Entry::scrub(self.scrub),
        ];
        let removed = self.removed.iter();
        entries.extend(removed.map(|(id, path)| Entry::Removed {
            id: *id,
            path: path.clone(),
        }));
        let segments = self.segments.values();
        entries.extend(segments.map(|segment| Entry::segment(segment)));
        for ((project, table), instant) in &self.horizons {
            entries.push(Entry::horizon(&(project.clone(), *table, *instant)));
        }
        entries.extend(self.quarantined.values().map(Entry::quarantined));
        self.push_names(&mut entries);
        entries
    }

    fn push_names(&self, entries: &mut Vec<Entry>) {
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
            let each = versions.iter();
            entries.extend(each.map(|seen: SeenVersion| Entry::version(project, &seen)));
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

    /// All labels, one row each.
    pub fn label_rows(&self) -> impl Iterator<Item = LabelRow> {
        self.labels.iter().flat_map(|(project, services)| {
            services.iter().flat_map(move |(service, labels)| {
                labels.iter().map(move |(name, value)| LabelRow {
                    project: project.clone(),
                    service: service.clone(),
                    name: name.clone(),
                    value: value.clone(),
                })
            })
        })
    }

    /// The highest segment id known here, including removed and quarantined segments.
    pub fn highest_id(&self) -> i64 {
        let ids = self.segments.keys().chain(self.removed.keys());
        let ids = ids.chain(self.quarantined.keys());
        ids.max().copied().unwrap_or(0)
    }
}
