//! What the registry knows, in memory: all of it, so that questions are answered at once.

mod changes;
mod labels;
mod peers;
mod services;
mod versions;

use crate::{
    RegistryError, RegistryLimits,
    repository::{LabelRow, PromotedRow, RegistryTransaction, ServiceOf, ServiceRow, VersionRow},
};
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use hinomi_store::{BatchNames, Deployed, OldNames, Peer, ServiceSettings};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Everything that is known.
#[derive(Debug, Default)]
pub(crate) struct Known {
    projects: HashMap<Text, Project>,
    /// By node, the last log record whose names are in the database.
    pub learned: HashMap<Text, u64>,
    /// Reported deployments that were forgotten for newer ones since the start.
    pub forgotten_deployments: u64,
}

/// What is known of a project.
#[derive(Debug, Default)]
pub(crate) struct Project {
    pub services: services::Services,
    pub versions: versions::Versions,
    pub labels: labels::Labels,
    pub peers: peers::Peers,
    /// In order of arrival.
    pub deployments: VecDeque<Deployed>,
    pub promoted: BTreeMap<Text, UnixNanos>,
    pub settings: HashMap<ServiceKey, ServiceSettings>,
}

/// Rows that were learned and that the database lacks, and keys of rows that it has too many of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unwritten {
    services: Vec<ServiceRow>,
    gone_services: Vec<ServiceOf>,
    versions: Vec<VersionRow>,
    gone_versions: Vec<(ServiceOf, Text)>,
    labels: Vec<LabelRow>,
    peers: Vec<(Text, Peer)>,
    gone_peers: Vec<(Text, Text)>,
}

impl Unwritten {
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
            && self.gone_services.is_empty()
            && self.versions.is_empty()
            && self.gone_versions.is_empty()
            && self.labels.is_empty()
            && self.peers.is_empty()
            && self.gone_peers.is_empty()
    }

    /// Adds the changes to a transaction.
    pub async fn write(self, to: &mut dyn RegistryTransaction) -> Result<(), RegistryError> {
        to.put_services(self.services).await?;
        to.remove_services(self.gone_services).await?;
        to.put_versions(self.versions).await?;
        to.remove_versions(self.gone_versions).await?;
        to.put_labels(self.labels).await?;
        to.put_peers(self.peers).await?;
        to.remove_peers(self.gone_peers).await
    }
}

impl Known {
    /// Reads everything.
    pub async fn read(
        from: &mut dyn RegistryTransaction,
        limits: &RegistryLimits,
    ) -> Result<Self, RegistryError> {
        let mut known = Self::default();
        for ServiceRow { of, newest } in from.services().await? {
            let project = known.of(&of.project);
            project.services.see(&of.service, newest, limits);
        }
        for VersionRow { of, version, first } in from.versions().await? {
            let project = known.of(&of.project);
            project.versions.see(&of.service, &version, first, limits);
        }
        for LabelRow { of, name, value } in from.labels().await? {
            let labels = BTreeMap::from([(name, value)]);
            known
                .of(&of.project)
                .labels
                .see(&of.service, &labels, limits);
        }
        for (project, peer) in from.peers().await? {
            known.of(&project).peers.see(&peer, limits);
        }
        for (project, deployed) in from.deployments().await? {
            let deployments = &mut known.of(&project).deployments;
            deployments.push_back(deployed);
            if deployments.len() > limits.deployments {
                deployments.pop_front();
            }
        }
        for row in from.promoted().await? {
            known.of(&row.project).promoted.insert(row.key, row.since);
        }
        for (of, settings) in from.settings().await? {
            known.of(&of.project).settings.insert(of.service, settings);
        }
        for mark in from.learned().await? {
            known.learned.insert(mark.node, mark.sequence);
        }
        for project in known.projects.values_mut() {
            project.services.changes.all_written();
            project.versions.changes.all_written();
            project.labels.changes.all_written();
            project.peers.changes.all_written();
        }
        Ok(known)
    }

    /// A project to change.
    pub fn of(&mut self, project: &Text) -> &mut Project {
        // `entry` would clone the name each time.
        if !self.projects.contains_key(project) {
            self.projects.insert(project.clone(), Project::default());
        }
        self.projects.entry(project.clone()).or_default()
    }

    /// A project, if anything is known of it.
    pub fn get(&self, project: &str) -> Option<&Project> {
        self.projects.get(project)
    }

    /// All projects.
    pub fn projects(&self) -> impl Iterator<Item = &Project> {
        self.projects.values()
    }

    /// Learns the names of a batch.
    pub fn learn(&mut self, project: &Text, names: &BatchNames, limits: &RegistryLimits) {
        let project = self.of(project);
        for (service, newest) in &names.services {
            project.services.see(service, *newest, limits);
        }
        for (service, versions) in &names.versions {
            for (version, first) in versions {
                project.versions.see(service, version, *first, limits);
            }
        }
        for (service, labels) in &names.labels {
            project.labels.see(service, labels, limits);
        }
    }

    /// Adds what an engine of an earlier version kept.
    pub fn take_over(&mut self, names: OldNames, limits: &RegistryLimits) {
        for (project, service, newest) in names.services {
            self.of(&project).services.see(&service, newest, limits);
        }
        for (project, seen) in names.versions {
            let versions = &mut self.of(&project).versions;
            versions.see(&seen.service, &seen.version, seen.first, limits);
        }
        for (project, service, labels) in names.labels {
            self.of(&project).labels.see_old(&service, &labels, limits);
        }
        for (project, peer) in names.peers {
            self.of(&project).peers.see_old(&peer, limits);
        }
        for (project, deployed) in names.deployments {
            self.add_deployment(&project, deployed, limits);
        }
        for (project, key, since) in names.promoted {
            self.of(&project).promoted.entry(key).or_insert(since);
        }
    }

    /// Adds a deployment, and forgets those that were reported first if there are too many.
    pub fn add_deployment(&mut self, project: &Text, deployed: Deployed, limits: &RegistryLimits) {
        let deployments = &mut self.of(project).deployments;
        deployments.push_back(deployed);
        let over = deployments.len().saturating_sub(limits.deployments);
        deployments.drain(..over);
        self.forgotten_deployments += over as u64;
    }

    /// Forgets services without data and hosts that were not seen since `before`. Returns whether
    /// there were any.
    pub fn forget_before(&mut self, before: UnixNanos) -> bool {
        let mut any = false;
        for project in self.projects.values_mut() {
            any |= project.services.forget_before(before);
            any |= project.peers.forget_before(before);
        }
        any
    }

    /// Number of changes that the database lacks.
    pub fn unwritten(&self) -> usize {
        let each = self.projects.values().map(|project| {
            project.services.changes.len()
                + project.versions.changes.len()
                + project.labels.changes.len()
                + project.peers.changes.len()
        });
        each.sum()
    }

    /// Takes the changes that the database lacks. Names that it cannot hold are left out.
    pub fn take_unwritten(&mut self, limits: &RegistryLimits) -> Unwritten {
        let mut all = Unwritten::default();
        for (name, project) in &mut self.projects {
            project.take(name, &mut all, limits);
        }
        all
    }

    /// Puts changes back that were not written.
    pub fn put_back(&mut self, unwritten: Unwritten) {
        for row in unwritten.services {
            let changes = &mut self.of(&row.of.project).services.changes;
            changes.put_back(row.of.service);
        }
        for of in unwritten.gone_services {
            let changes = &mut self.of(&of.project).services.changes;
            changes.remove_again(of.service);
        }
        for row in unwritten.versions {
            let changes = &mut self.of(&row.of.project).versions.changes;
            changes.put_back((row.of.service, row.version));
        }
        for (of, version) in unwritten.gone_versions {
            let changes = &mut self.of(&of.project).versions.changes;
            changes.remove_again((of.service, version));
        }
        for row in unwritten.labels {
            let changes = &mut self.of(&row.of.project).labels.changes;
            changes.put_back(row.of.service);
        }
        for (project, peer) in unwritten.peers {
            let changes = &mut self.of(&project).peers.changes;
            changes.put_back(peer.target);
        }
        for (project, target) in unwritten.gone_peers {
            let changes = &mut self.of(&project).peers.changes;
            changes.remove_again(target);
        }
    }
}

impl Project {
    fn take(&mut self, name: &Text, all: &mut Unwritten, limits: &RegistryLimits) {
        let of = |service: ServiceKey| ServiceOf {
            project: name.clone(),
            service,
        };
        let fits = |of: &ServiceOf, more: &str| {
            let key = &of.service;
            let texts = [&of.project, &key.service, &key.namespace, &key.environment];
            let texts = texts.into_iter().map(|text| &**text).chain([more]);
            is_storable(texts, limits)
        };
        let (put, gone) = self.services.changes.take();
        for service in put {
            let newest = self.services.newest(&service);
            let rows = newest.map(|newest| ServiceRow {
                of: of(service),
                newest,
            });
            all.services.extend(rows.filter(|row| fits(&row.of, "")));
        }
        let gone = gone.into_iter().map(&of);
        all.gone_services.extend(gone.filter(|of| fits(of, "")));

        let (put, gone) = self.versions.changes.take();
        for (service, version) in put {
            let first = self.versions.first(&service, &version);
            let rows = first.map(|first| VersionRow {
                of: of(service),
                version,
                first,
            });
            let rows = rows.filter(|row| fits(&row.of, &row.version));
            all.versions.extend(rows);
        }
        let gone = gone
            .into_iter()
            .map(|(service, version)| (of(service), version));
        let gone = gone.filter(|(of, version)| fits(of, version));
        all.gone_versions.extend(gone);

        // Labels of a service never go.
        let (put, _) = self.labels.changes.take();
        for service in put {
            let labels = self.labels.all().get(&service).into_iter().flatten();
            let rows = labels.map(|(label, value)| LabelRow {
                of: of(service.clone()),
                name: label.clone(),
                value: value.clone(),
            });
            all.labels
                .extend(rows.filter(|row| fits(&row.of, &row.name)));
        }

        let (put, gone) = self.peers.changes.take();
        let fits = |target: &Text| is_storable([&**name, &**target], limits);
        for target in put.into_iter().filter(fits) {
            let peer = self.peers.get(&target).cloned();
            all.peers.extend(peer.map(|peer| (name.clone(), peer)));
        }
        let gone = gone.into_iter().filter(fits);
        all.gone_peers
            .extend(gone.map(|target| (name.clone(), target)));
    }
}

/// Whether both databases can hold a row with these texts as its key.
fn is_storable<'a>(texts: impl IntoIterator<Item = &'a str>, limits: &RegistryLimits) -> bool {
    let mut bytes = 0;
    let mut has_nul = false;
    for text in texts {
        bytes += text.len();
        has_nul |= text.contains('\0');
    }
    bytes <= limits.key_bytes && !has_nul
}

/// Old names as rows that both databases can hold, added to a transaction.
pub(crate) async fn put_old(
    names: OldNames,
    to: &mut dyn RegistryTransaction,
    limits: &RegistryLimits,
) -> Result<(), RegistryError> {
    let mut projects: Vec<Text> = names.deployments.iter().map(|(of, _)| of.clone()).collect();
    projects.dedup();
    let (deployments, promoted) = (names.deployments.clone(), names.promoted.clone());
    // Through memory, so that the same limits hold.
    let mut known = Known::default();
    known.take_over(names, limits);
    let Unwritten {
        services,
        versions,
        labels,
        peers,
        ..
    } = known.take_unwritten(limits);
    to.put_services(services).await?;
    to.put_versions(versions).await?;
    to.put_missing_labels(labels).await?;
    to.put_peers(peers).await?;
    to.add_deployments(deployments).await?;
    for project in projects {
        to.keep_deployments(project, limits.deployments).await?;
    }
    let promoted = promoted
        .into_iter()
        .map(|(project, key, since)| PromotedRow {
            project,
            key,
            since,
        });
    to.promote(promoted.collect()).await
}
