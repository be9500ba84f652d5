//! The labels of a project's services, as their resources last reported them.

use super::changes::Changes;
use crate::RegistryLimits;
use hinomi_model::rollup::ServiceKey;
use hinomi_store::ServiceLabels;
use std::collections::HashMap;

/// Labels of a project's services.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    of: HashMap<ServiceKey, ServiceLabels>,
    pub changes: Changes<ServiceKey>,
}

impl Labels {
    /// Applies the labels of a resource. Labels that it does not have stay.
    pub fn see(&mut self, service: &ServiceKey, labels: &ServiceLabels, limits: &RegistryLimits) {
        let have = self.of.get(service);
        let is_new = have.is_none_or(|have| {
            let mut labels = labels.iter();
            labels.any(|(name, value)| have.get(name) != Some(value))
        });
        if !is_new || (have.is_none() && self.of.len() >= limits.labelled_services) {
            return;
        }
        let have = self.of.entry(service.clone()).or_default();
        have.extend(labels.clone());
        self.changes.put(service.clone());
    }

    /// Applies labels of an earlier time: those that are known stay.
    pub fn see_old(
        &mut self,
        service: &ServiceKey,
        labels: &ServiceLabels,
        limits: &RegistryLimits,
    ) {
        let mut all = labels.clone();
        all.extend(self.of.get(service).cloned().unwrap_or_default());
        self.see(service, &all, limits);
    }

    /// Labels of all services.
    pub fn all(&self) -> &HashMap<ServiceKey, ServiceLabels> {
        &self.of
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str) -> ServiceKey {
        ServiceKey {
            service: name.into(),
            namespace: "".into(),
            environment: "".into(),
        }
    }

    fn labels(pairs: &[(&str, &str)]) -> ServiceLabels {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect()
    }

    #[test]
    fn what_was_said_last_counts_and_is_written_once() {
        let (mut known, limits) = (Labels::default(), RegistryLimits::default());
        let a = service("a");
        known.see(&a, &labels(&[("team", "x"), ("tier", "1")]), &limits);
        known.see(&a, &labels(&[("team", "y")]), &limits);
        assert_eq!(known.all()[&a], labels(&[("team", "y"), ("tier", "1")]));
        assert_eq!(known.changes.take().0.len(), 1);
        // Labels that changed during the write have to be written again.
        known.see(&a, &labels(&[("team", "z")]), &limits);
        assert_eq!(known.changes.take().0.len(), 1);
        known.see(&a, &labels(&[("team", "z")]), &limits);
        assert_eq!(known.changes.len(), 0);
        // Old ones add only what is missing.
        known.see_old(&a, &labels(&[("team", "o"), ("region", "o")]), &limits);
        let expected = labels(&[("region", "o"), ("team", "z"), ("tier", "1")]);
        assert_eq!(known.all()[&a], expected);
    }

    #[test]
    fn beyond_the_most_no_service_is_learned() {
        let (mut known, limits) = (Labels::default(), RegistryLimits::default());
        for number in 0..=limits.labelled_services {
            let service = service(&number.to_string());
            known.see(&service, &labels(&[("team", "x")]), &limits);
        }
        assert_eq!(known.all().len(), limits.labelled_services);
    }
}
