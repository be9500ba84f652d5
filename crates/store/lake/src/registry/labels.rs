//! Labels of services: the few resource attributes that say who owns a service and where it runs.
//!
//! The last reported value counts. Size is bounded: the keys are a fixed list, values are
//! truncated, and at most [`MOST`] services per project get labels.

use crate::ServiceLabels;
use hinomi_model::{Resource, Text, rollup::ServiceKey};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    fmt,
};

/// Resource attributes and the labels they map to. OpenTelemetry has no attribute for a team; these
/// names are in common use. If several map to the same label, the first one in the list counts.
const KEYS: [(&str, &str); 10] = [
    ("team", "team"),
    ("service.team", "team"),
    ("team.name", "team"),
    ("service.owner", "team"),
    ("owner", "team"),
    ("service.criticality", "service.criticality"),
    ("tier", "tier"),
    ("k8s.namespace.name", "k8s.namespace.name"),
    ("k8s.cluster.name", "k8s.cluster.name"),
    ("cloud.region", "cloud.region"),
];
/// Maximum number of services per project with labels.
const MOST: usize = 10_000;
/// Maximum length of a value in characters, because it is shown as a heading.
const LONGEST: usize = 100;

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

/// The labels in a resource's attributes, a JSON object; empty if the text is no JSON object.
fn labels_of(attributes: &str) -> ServiceLabels {
    let mut reader = serde_json::Deserializer::from_str(attributes);
    let found = reader.deserialize_map(Found).unwrap_or_default();
    let mut labels = ServiceLabels::new();
    for ((_, label), value) in KEYS.into_iter().zip(found) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let cut: String = value.chars().take(LONGEST).collect();
            labels.entry(label.into()).or_insert_with(|| cut.into());
        }
    }
    labels
}

/// Extracts the string values of [`KEYS`] from a JSON object.
struct Found;

impl<'de> Visitor<'de> for Found {
    type Value = [Option<String>; KEYS.len()];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Self::Value::default();
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match KEYS.iter().position(|(known, _)| **known == *key) {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(at) => {
                    let value: serde_json::Value = map.next_value()?;
                    found[at] = value.as_str().map(str::to_owned);
                }
            }
        }
        Ok(found)
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
    fn labels_are_the_texts_of_known_attributes() {
        let cases = [
            (
                r#"{"host.name":"a","team":"pay"}"#,
                labels(&[("team", "pay")]),
            ),
            (
                r#"{"owner":"b","service.team":"a","cloud.region":"tokyo"}"#,
                labels(&[("team", "a"), ("cloud.region", "tokyo")]),
            ),
            (r#"{"team":7,"tier":""}"#, labels(&[])),
            ("{}", labels(&[])),
            ("no object", labels(&[])),
        ];
        for (attributes, expected) in cases {
            assert_eq!(labels_of(attributes), expected, "{attributes}");
        }
        let long = format!(r#"{{"team":"{}"}}"#, "あ".repeat(5_000));
        assert_eq!(labels_of(&long)["team"].chars().count(), LONGEST);
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
