//! Names, deployments, promoted attributes and settings.

use crate::MemoryStore;
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use hinomi_store::{
    Deployed, Peer, PromoteError, Registry, Reply, SeenVersion, ServiceLabels, ServiceSettings,
    is_promotable,
};
use std::{collections::HashMap, future::ready};

/// Number of attributes that can be promoted in a project.
const MOST_PROMOTED: usize = 16;

impl Registry for MemoryStore {
    fn services(&self, project: Text) -> Reply<'_, Vec<(ServiceKey, UnixNanos)>> {
        let services = self.of_project(&project, |project| {
            let services = project.services.iter();
            services
                .map(|(service, newest)| (service.clone(), *newest))
                .collect()
        });
        Box::pin(ready(Ok(services)))
    }

    fn peers(&self, project: Text) -> Reply<'_, Vec<(Text, Text)>> {
        let peers = self.of_project(&project, |project| {
            let peers = project.peers.iter();
            peers
                .map(|(target, service)| (target.clone(), service.clone()))
                .collect()
        });
        Box::pin(ready(Ok(peers)))
    }

    fn learn_peer(&self, project: Text, peer: Peer) -> Reply<'_, ()> {
        let mut state = self.state();
        let project = state.projects.entry(project).or_default();
        project.peers.insert(peer.target, peer.service);
        Box::pin(ready(Ok(())))
    }

    fn labels(&self, project: &str) -> HashMap<ServiceKey, ServiceLabels> {
        self.of_project(project, |project| project.labels.clone())
    }

    fn versions(&self, project: &str) -> Vec<SeenVersion> {
        self.of_project(project, |project| {
            let versions = project.versions.iter();
            let versions = versions.map(|((service, version), first)| SeenVersion {
                service: service.clone(),
                version: version.clone(),
                first: *first,
            });
            versions.collect()
        })
    }

    fn deployments(&self, project: &str) -> Vec<Deployed> {
        self.of_project(project, |project| project.deployments.clone())
    }

    fn add_deployment(&self, project: Text, deployed: Deployed) -> Reply<'_, ()> {
        let mut state = self.state();
        let project = state.projects.entry(project).or_default();
        project.deployments.push(deployed);
        Box::pin(ready(Ok(())))
    }

    fn promoted_attributes(&self, project: &str) -> Vec<(Text, UnixNanos)> {
        self.of_project(project, |project| {
            let promoted = project.promoted.iter();
            promoted.map(|(key, since)| (key.clone(), *since)).collect()
        })
    }

    fn promote_attribute(
        &self,
        project: Text,
        key: Text,
        now: UnixNanos,
    ) -> Reply<'_, (), PromoteError> {
        if !is_promotable(&key) {
            return Box::pin(ready(Err(PromoteError::Key)));
        }
        let mut state = self.state();
        let promoted = &mut state.projects.entry(project).or_default().promoted;
        if promoted.len() >= MOST_PROMOTED && !promoted.contains_key(&key) {
            let limit = MOST_PROMOTED;
            return Box::pin(ready(Err(PromoteError::TooMany { limit })));
        }
        promoted.entry(key).or_insert(now);
        Box::pin(ready(Ok(())))
    }

    fn demote_attribute(&self, project: Text, key: Text) -> Reply<'_, ()> {
        let mut state = self.state();
        if let Some(project) = state.projects.get_mut(&project) {
            project.promoted.remove(&key);
        }
        Box::pin(ready(Ok(())))
    }

    fn service_settings(&self, project: &str) -> HashMap<ServiceKey, ServiceSettings> {
        self.of_project(project, |project| project.settings.clone())
    }

    fn set_service_settings(
        &self,
        project: Text,
        service: ServiceKey,
        settings: ServiceSettings,
    ) -> Reply<'_, ()> {
        let mut state = self.state();
        let all = &mut state.projects.entry(project).or_default().settings;
        match settings == ServiceSettings::default() {
            true => drop(all.remove(&service)),
            false => drop(all.insert(service, settings)),
        }
        Box::pin(ready(Ok(())))
    }
}
