//! Caps on names: what a service may count apart within an hour. Beyond a cap a name becomes
//! `(other)` on the span itself, before it is stored, so that lists and counts agree.

use crate::IngestLimits;
use foldhash::fast::RandomState;
use hinomi_model::{Resource, SpanBatch, Text, UnixNanos, rollup::ServiceKey, text::OTHER};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

const HOUR: Duration = Duration::from_secs(3_600);

/// The names a service can have too many of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Dimension {
    Service,
    Operation,
    Instance,
    Version,
    Target,
    Detail,
    ErrorType,
}

impl Dimension {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Operation => "operation",
            Self::Instance => "instance",
            Self::Version => "version",
            Self::Target => "target",
            Self::Detail => "detail",
            Self::ErrorType => "error_type",
        }
    }
}

/// A cap that was reached for the first time within the hour.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overflow {
    pub service: Text,
    pub dimension: Dimension,
    pub limit: usize,
    pub example: Text,
}

#[derive(Debug, Default)]
struct Names {
    seen: HashMap<Dimension, HashSet<Text, RandomState>, RandomState>,
    full: HashSet<Dimension>,
}

/// The names seen within the current hour.
#[derive(Debug)]
pub(crate) struct Cardinality {
    limits: IngestLimits,
    hour: UnixNanos,
    services: HashMap<ServiceKey, Names, RandomState>,
    too_many_services: bool,
}

impl Cardinality {
    pub fn new(limits: IngestLimits) -> Self {
        Self {
            limits,
            hour: UnixNanos(0),
            services: HashMap::default(),
            too_many_services: false,
        }
    }

    /// Replaces names beyond the caps, and says which caps were reached just now.
    pub fn cap(&mut self, spans: &mut SpanBatch, now: UnixNanos) -> Vec<Overflow> {
        let mut overflows = Vec::new();
        if now.floor(HOUR) != self.hour {
            self.hour = now.floor(HOUR);
            self.services.clear();
            self.too_many_services = false;
        }
        // Spans of one sender and shape have the same names.
        let mut seen: HashMap<(u32, u32), (u32, u32), RandomState> = HashMap::default();
        for at in 0..spans.rows.len() {
            let (resource, shape) = (spans.rows[at].resource, spans.rows[at].shape);
            let known = seen.get(&(resource, shape)).copied();
            let capped = known.unwrap_or_else(|| {
                let capped = self.cap_pair(spans, resource, shape, &mut overflows);
                seen.insert((resource, shape), capped);
                capped
            });
            (spans.rows[at].resource, spans.rows[at].shape) = capped;
        }
        overflows
    }

    /// Sender and shape in place of these, the same where nothing is over a cap.
    fn cap_pair(
        &mut self,
        spans: &mut SpanBatch,
        resource: u32,
        shape: u32,
        overflows: &mut Vec<Overflow>,
    ) -> (u32, u32) {
        let sent = spans.shapes[shape as usize];
        if sent.transaction.is_none() && sent.call.is_none() {
            return (resource, shape);
        }
        let mut capped = sent;
        let mut sender = Arc::clone(&spans.resources[resource as usize]);
        let key = self.service(&mut sender, overflows);
        let limits = &self.limits;
        let Some(names) = self.services.get_mut(&key) else {
            return (resource, shape);
        };
        let mut cap = |dimension, limit, name: &str| {
            names.is_over(dimension, limit, name, &key.service, overflows)
        };
        let words = &mut spans.words;
        if let Some(transaction) = &mut capped.transaction {
            let operation = words.get(transaction.operation);
            if cap(Dimension::Operation, limits.operations, operation) {
                transaction.operation = words.intern(OTHER);
            }
            if cap(Dimension::Version, limits.versions, &sender.version) {
                Arc::make_mut(&mut sender).version = OTHER.into();
            }
            let error_type = words.get(capped.error_type);
            if cap(Dimension::ErrorType, limits.error_types, error_type) {
                capped.error_type = words.intern(OTHER);
            }
        }
        // Failed calls are counted by instance as well.
        let by_instance = sent.transaction.is_some() || sent.call.is_some_and(|call| call.failed);
        if by_instance && cap(Dimension::Instance, limits.instances, &sender.instance) {
            Arc::make_mut(&mut sender).instance = OTHER.into();
        }
        if let Some(call) = &mut capped.call {
            if cap(Dimension::Target, limits.targets, words.get(call.target)) {
                call.target = words.intern(OTHER);
            }
            if cap(Dimension::Detail, limits.details, words.get(call.detail)) {
                call.detail = words.intern(OTHER);
            }
        }
        let resource = if Arc::ptr_eq(&sender, &spans.resources[resource as usize]) {
            resource
        } else {
            place(&mut spans.resources, sender)
        };
        if capped == sent {
            (resource, shape)
        } else {
            (resource, place(&mut spans.shapes, capped))
        }
    }

    /// The service's key; beyond the cap on services the sender is renamed first.
    fn service(&mut self, sender: &mut Arc<Resource>, overflows: &mut Vec<Overflow>) -> ServiceKey {
        let key = ServiceKey::of(sender);
        if self.services.contains_key(&key) {
            return key;
        }
        if self.services.len() < self.limits.services {
            self.services.insert(key.clone(), Names::default());
            return key;
        }
        if !self.too_many_services {
            self.too_many_services = true;
            overflows.push(Overflow {
                service: OTHER.into(),
                dimension: Dimension::Service,
                limit: self.limits.services,
                example: key.service.clone(),
            });
        }
        let sender = Arc::make_mut(sender);
        sender.service = OTHER.into();
        sender.namespace = "".into();
        let key = ServiceKey::of(sender);
        self.services.entry(key.clone()).or_default();
        key
    }
}

/// How many of the last entries of a list are looked at for an equal one: enough for a few senders,
/// and never more work than there are spans.
const LOOK_BACK: usize = 16;

/// The position of a value in a list, at its end unless one of the last entries is equal.
fn place<T: PartialEq>(list: &mut Vec<T>, value: T) -> u32 {
    let first = list.len().saturating_sub(LOOK_BACK);
    let known = list[first..].iter().position(|have| *have == value);
    known.map_or_else(
        || {
            list.push(value);
            list.len() - 1
        },
        |at| first + at,
    ) as u32
}

impl Names {
    fn is_over(
        &mut self,
        dimension: Dimension,
        limit: usize,
        name: &str,
        service: &Text,
        overflows: &mut Vec<Overflow>,
    ) -> bool {
        let seen = self.seen.entry(dimension).or_default();
        if seen.contains(name) || name.is_empty() || name == OTHER {
            return false;
        }
        if seen.len() < limit {
            seen.insert(name.into());
            return false;
        }
        if self.full.insert(dimension) {
            overflows.push(Overflow {
                service: service.clone(),
                dimension,
                limit,
                example: name.into(),
            });
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::Span;
    use hinomi_testkit::SpanBuilder;

    fn limits() -> IngestLimits {
        IngestLimits {
            operations: 2,
            services: 2,
            ..IngestLimits::default()
        }
    }

    fn batch(services: &[(&str, &str)]) -> SpanBatch {
        let spans: Vec<Span> = services
            .iter()
            .map(|(service, operation)| SpanBuilder::server(service, operation).build())
            .collect();
        spans.iter().collect()
    }

    fn operations(batch: &SpanBatch) -> Vec<String> {
        let operation = |span: Span| span.transaction.unwrap().operation.to_string();
        batch.spans().map(operation).collect()
    }

    #[test]
    fn names_beyond_the_cap_become_other_and_the_cap_is_told_once() {
        let mut cardinality = Cardinality::new(limits());
        let mut spans = batch(&["a", "b", "c", "a", "d"].map(|name| ("shop", name)));
        let overflows = cardinality.cap(&mut spans, UnixNanos(0));
        assert_eq!(operations(&spans), ["a", "b", OTHER, "a", OTHER]);
        assert_eq!(overflows.len(), 1);
        assert_eq!((&*overflows[0].example, overflows[0].limit), ("c", 2));
    }

    #[test]
    fn a_new_hour_begins_with_no_names() {
        let mut cardinality = Cardinality::new(limits());
        cardinality.cap(&mut batch(&[("shop", "a"), ("shop", "b")]), UnixNanos(0));
        let mut later = batch(&[("shop", "c")]);
        cardinality.cap(&mut later, UnixNanos(0).plus(HOUR));
        assert_eq!(operations(&later), ["c"]);
    }

    #[test]
    fn services_beyond_the_cap_are_counted_together() {
        let mut cardinality = Cardinality::new(limits());
        let mut spans = batch(&["a", "b", "c", "d"].map(|service| (service, "GET /")));
        let overflows = cardinality.cap(&mut spans, UnixNanos(0));
        let services: Vec<String> = spans
            .spans()
            .map(|span| span.resource.service.to_string())
            .collect();
        assert_eq!(services, ["a", "b", OTHER, OTHER]);
        assert_eq!(overflows[0].dimension, Dimension::Service);
    }
}
