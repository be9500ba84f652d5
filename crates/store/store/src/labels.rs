//! Labels of services: the few resource attributes that say who owns a service and where it runs.
//!
//! Their size is bounded: the keys are a fixed list, and values are truncated.

use hinomi_model::Text;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// The labels of one service: name and value.
pub type ServiceLabels = BTreeMap<Text, Text>;

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
/// Maximum length of a value in characters, because it is shown as a heading.
const LONGEST: usize = 100;

/// The labels in a resource's attributes, a JSON object; empty if the text is no JSON object.
pub fn labels_of(attributes: &str) -> ServiceLabels {
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
}
