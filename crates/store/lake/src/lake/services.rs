//! The known services and their labels.

use super::Lake;
use crate::{LakeError, ServiceLabels};
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use std::collections::HashMap;

impl Lake {
    /// Every service of a project that ever had a transaction or call, sorted by name, each with
    /// the start of its newest 5 s bucket.
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

    /// Labels of a project's services, such as team and region, as last reported by their
    /// resources.
    pub fn labels(&self, project: &str) -> HashMap<ServiceKey, ServiceLabels> {
        let state = self.inner.shared.read();
        let labels = state.labels.get(project);
        labels.map_or_else(HashMap::new, |labels| labels.all().clone())
    }
}
