//! Names, deployments and promoted attributes.

use crate::MemoryStore;
use hinomi_io::Clock;
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use hinomi_store::{
    Deployed, PROMOTED_KEY_BYTES, PromoteError, Registry, Reply, SeenVersion, ServiceLabels,
};
use std::{collections::HashMap, future::ready};

/// Number of attributes that can be promoted in a project.
const MOST_PROMOTED: usize = 16;

impl Registry for MemoryStore {
    fn peers(&self, project: Text) -> Reply<'_, Vec<(Text, Text)>> {
        let peers = self.of_project(&project, |project| {
            let peers = project.peers.iter();
            peers
                .map(|(target, service)| (target.clone(), service.clone()))
                .collect()
        });
        Box::pin(ready(Ok(peers)))
    }

    fn learn_peer(&self, project: Text, target: Text, service: Text) -> Reply<'_, ()> {
        let mut state = self.state();
        let project = state.projects.entry(project).or_default();
        project.peers.insert(target, service);
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

    fn promote_attribute(&self, project: Text, key: Text) -> Reply<'_, (), PromoteError> {
        let is_key = (1..=PROMOTED_KEY_BYTES).contains(&key.len());
        if !is_key || key.chars().any(char::is_control) {
            return Box::pin(ready(Err(PromoteError::Key)));
        }
        let now = UnixNanos(self.clock.unix_nanos());
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
}
