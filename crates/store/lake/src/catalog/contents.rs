//! What the catalog holds: the sum of all entries of its manifest.

use super::{
    Horizon, LabelRow, PeerRow, ScrubProgress,
    entry::{Entry, ServiceEntry},
};
use crate::{
    Deployed, SeenVersion, deployments::Versions, quarantine::Quarantined, schema::Table,
    segment::Segment, state::see_service,
};
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

/// Everything. Maps by project are kept as the rest of the store wants them.
#[derive(Default)]
pub(crate) struct Contents {
    /// By id.
    pub segments: BTreeMap<i64, Arc<Segment>>,
    /// Segments that count no more and whose file may still be there: id and path below `segments/`.
    pub removed: BTreeMap<i64, String>,
    /// Highest log sequence that segments hold, with all before.
    pub checkpoint: u64,
    /// What retention has deleted, by project and table.
    pub horizons: BTreeMap<(Text, Table), UnixNanos>,
    /// What answers leave out, by segment.
    pub quarantined: BTreeMap<i64, Quarantined>,
    /// How far the background check has come.
    pub scrub: ScrubProgress,
    /// By project: every service with its newest bucket.
    pub services: HashMap<Text, HashMap<ServiceKey, UnixNanos>>,
    /// By project and target: service and when it was last seen.
    pub peers: HashMap<Text, HashMap<Text, (Text, UnixNanos)>>,
    /// By project.
    pub versions: HashMap<Text, Versions>,
    /// By project, service and name.
    pub labels: HashMap<Text, HashMap<ServiceKey, BTreeMap<Text, Text>>>,
    /// By project, as they came.
    pub deployments: HashMap<Text, VecDeque<Deployed>>,
    /// By project and key: since when.
    pub promoted: HashMap<Text, BTreeMap<Text, UnixNanos>>,
}

impl Contents {
    /// Takes one entry. Taking it twice changes nothing more, but for a deployment.
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
                // What is remembered of damage to it goes with it.
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
                // Of a table that is not known nothing is kept.
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

    /// Takes an entry of names that were seen or told.
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
            // The others are taken above.
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

    /// Everything as entries: what a snapshot is made of.
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

    /// All labels, as rows.
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

    /// The highest id of all that have been given out, as far as is known here.
    pub fn highest_id(&self) -> i64 {
        let ids = self.segments.keys().chain(self.removed.keys());
        let ids = ids.chain(self.quarantined.keys());
        ids.max().copied().unwrap_or(0)
    }
}
