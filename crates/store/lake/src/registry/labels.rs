//! The labels of a project's services, as their resources last reported them; at most [`MOST`]
//! services have any.

use crate::ServiceLabels;
use hinomi_model::{Resource, Text, rollup::ServiceKey};
use hinomi_store::labels_of;
use std::collections::{HashMap, HashSet};

/// Maximum number of services per project with labels.
const MOST: usize = 10_000;

/// Labels of a project's services.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    of: HashMap<ServiceKey, ServiceLabels>,
    /// Services whose labels differ from those in the catalog.
    unwritten: HashSet<ServiceKey>,
}

impl Labels {
    /// Applies the labels of resources. A service whose resource has no labels keeps its labels.
    pub fn see(&mut self, said: &[(ServiceKey, ServiceLabels)]) {
        for (service, labels) in said {
            let have = self.of.get(service);
            let is_new = have.is_none_or(|have| {
                let mut labels = labels.iter();
                labels.any(|(name, value)| have.get(name) != Some(value))
            });
            if !is_new || (have.is_none() && self.of.len() >= MOST) {
                continue;
            }
            let have = self.of.entry(service.clone()).or_default();
            have.extend(labels.clone());
            self.unwritten.insert(service.clone());
        }
    }

    /// Adds a label from the catalog.
    pub fn restore(&mut self, service: ServiceKey, name: Text, value: Text) {
        if self.of.len() < MOST || self.of.contains_key(&service) {
            self.of.entry(service).or_default().insert(name, value);
        }
    }

    /// Labels of all services.
    pub fn all(&self) -> &HashMap<ServiceKey, ServiceLabels> {
        &self.of
    }

    /// Services whose labels differ from those in the catalog.
    pub fn unwritten(&self) -> Vec<(ServiceKey, ServiceLabels)> {
        let services = self.unwritten.iter();
        let labels = services.filter_map(|service| {
            let labels = self.of.get(service)?;
            Some((service.clone(), labels.clone()))
        });
        labels.collect()
    }

    /// Marks these labels as stored in the catalog.
    pub fn written(&mut self, labels: &[(ServiceKey, ServiceLabels)]) {
        for (service, labels) in labels {
            if self.of.get(service) == Some(labels) {
                self.unwritten.remove(service);
            }
        }
    }
}

/// Labels of the resources of a batch; resources without labels are omitted.
pub(crate) fn said<'a>(
    resources: impl IntoIterator<Item = &'a Resource>,
) -> Vec<(ServiceKey, ServiceLabels)> {
    let each = resources.into_iter().filter_map(|resource| {
        let labels = labels_of(&resource.attributes);
        (!labels.is_empty()).then(|| (ServiceKey::of(resource), labels))
    });
    each.collect()
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
        let mut known = Labels::default();
        known.see(&[(service("a"), labels(&[("team", "x"), ("tier", "1")]))]);
        known.see(&[(service("a"), labels(&[("team", "y")]))]);
        let expected = labels(&[("team", "y"), ("tier", "1")]);
        assert_eq!(known.all()[&service("a")], expected);
        let unwritten = known.unwritten();
        assert_eq!(unwritten, [(service("a"), expected)]);
        // Labels that changed during the write have to be written again.
        known.see(&[(service("a"), labels(&[("team", "z")]))]);
        known.written(&unwritten);
        assert_eq!(known.unwritten().len(), 1);
        known.written(&known.unwritten());
        known.see(&[(service("a"), labels(&[("team", "z")]))]);
        assert!(known.unwritten().is_empty());
    }

    #[test]
    fn beyond_the_most_no_service_is_learned() {
        let mut known = Labels::default();
        for number in 0..=MOST {
            known.see(&[(service(&number.to_string()), labels(&[("team", "x")]))]);
        }
        assert_eq!(known.all().len(), MOST);
    }
}
