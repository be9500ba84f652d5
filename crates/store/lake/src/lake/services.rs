//! What the lake knows of services: which there are, and their labels.

use super::Lake;
use crate::{LakeError, ServiceLabels};
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use std::collections::HashMap;

impl Lake {
    /// Every service of a project that ever had a transaction or call, with the start of its
    /// newest 5 s bucket; in order of name.
    pub async fn services(&self, project: Text) -> Result<Vec<(ServiceKey, UnixNanos)>, LakeError> {
        let state = self.inner.shared.read();
        let mut services: Vec<_> = state
            .services
            .get(&project)
            .into_iter()
            .flatten()
            .map(|(service, newest)| (service.clone(), *newest))
            .collect();
        services.sort_unstable();
        Ok(services)
    }

    /// What the services of a project last said of whose they are and where they run.
    pub fn labels(&self, project: &str) -> HashMap<ServiceKey, ServiceLabels> {
        let state = self.inner.shared.read();
        let labels = state.labels.get(project);
        labels.map_or_else(HashMap::new, |labels| labels.all().clone())
    }
}
