//! Versions and deployments of services.

use super::{Lake, blocking};
use crate::{Deployed, LakeError, SeenVersion, stats::add};
use hinomi_model::Text;

impl Lake {
    /// Every version of every service of a project, in no particular order.
    pub fn versions(&self, project: &str) -> Vec<SeenVersion> {
        let state = self.inner.shared.read();
        let versions = state.versions.get(project);
        versions.map_or_else(Vec::new, |versions| versions.iter().collect())
    }

    /// Deployments that were sent to `POST /api/v1/deployments`, in order of arrival.
    pub fn deployments(&self, project: &str) -> Vec<Deployed> {
        let state = self.inner.shared.read();
        state.deployments.get(project).cloned().unwrap_or_default()
    }

    /// Records a deployment. It is kept until [`crate::LakeLimits::deployments`] later ones were
    /// reported. Refused while the disk is nearly full.
    pub async fn add_deployment(&self, project: Text, deployed: Deployed) -> Result<(), LakeError> {
        let shared = self.inner.shared.clone();
        if shared.disk_watch.is_low() {
            return Err(LakeError::NoSpace);
        }
        blocking(move || {
            let most = shared.limits.deployments;
            shared.catalog.add_deployment(&project, &deployed, most)?;
            let mut state = shared.write();
            let deployments = state.deployments.entry(project).or_default();
            deployments.push(deployed);
            let over = deployments.len().saturating_sub(most);
            deployments.drain(..over);
            add(&shared.counters.forgotten_deployments, over as u64);
            Ok(())
        })
        .await
    }
}
