//! What the store keeps of a project.

use hinomi_model::{LogRecord, RollupKey, RollupSet, Span, Text, UnixNanos, rollup::ServiceKey};
use hinomi_store::{Deployed, ServiceLabels, ServiceSettings, labels_of};
use std::collections::{BTreeMap, HashMap};

/// A span, and its place in the order in which spans came in.
pub(crate) struct Stored {
    pub place: u64,
    pub span: Span,
}

/// The data of a project.
#[derive(Default)]
pub(crate) struct Project {
    /// In the order in which they came in.
    pub spans: Vec<Stored>,
    /// Log records in the order in which they came in.
    pub logs: Vec<LogRecord>,
    /// Rollups of 5 s.
    pub rollups: RollupSet,
    /// Services with the start of their newest 5 s bucket.
    pub services: BTreeMap<ServiceKey, UnixNanos>,
    /// Versions of services with the start of their first 5 s bucket.
    pub versions: BTreeMap<(ServiceKey, Text), UnixNanos>,
    pub labels: HashMap<ServiceKey, ServiceLabels>,
    pub peers: BTreeMap<Text, Text>,
    pub deployments: Vec<Deployed>,
    pub promoted: BTreeMap<Text, UnixNanos>,
    pub settings: HashMap<ServiceKey, ServiceSettings>,
}

impl Project {
    /// Adds a span, and what it says of its service.
    pub fn add(&mut self, stored: Stored) {
        let mut rollups = RollupSet::new();
        rollups.observe(&stored.span);
        for (bucket, key, rollup) in rollups.iter() {
            self.rollups.add(bucket, key, rollup);
            let service = key.service();
            match self.services.get_mut(service) {
                Some(newest) => *newest = bucket.max(*newest),
                None => {
                    self.services.insert(service.clone(), bucket);
                }
            }
            if let RollupKey::Transaction { version, .. } = key
                && !version.is_empty()
            {
                let first = self.versions.entry((service.clone(), version.clone()));
                let first = first.or_insert(bucket);
                *first = bucket.min(*first);
            }
        }
        let resource = &stored.span.resource;
        let labels = labels_of(&resource.attributes);
        if !labels.is_empty() {
            let service = ServiceKey::of(resource);
            self.labels.entry(service).or_default().extend(labels);
        }
        self.spans.push(stored);
    }
}
