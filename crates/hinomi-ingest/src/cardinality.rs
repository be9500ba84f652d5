//! Caps on names: what a service may count apart within an hour. Beyond a cap a name becomes
//! `(other)` on the span itself, before it is stored, so that lists and counts agree.

use crate::IngestLimits;
use hinomi_model::{Span, Text, UnixNanos, rollup::ServiceKey, text::OTHER};
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
    seen: HashMap<Dimension, HashSet<Text>>,
    full: HashSet<Dimension>,
}

/// The names seen within the current hour.
#[derive(Debug)]
pub(crate) struct Cardinality {
    limits: IngestLimits,
    hour: UnixNanos,
    services: HashMap<ServiceKey, Names>,
    too_many_services: bool,
}

impl Cardinality {
    pub fn new(limits: IngestLimits) -> Self {
        Self {
            limits,
            hour: UnixNanos(0),
            services: HashMap::new(),
            too_many_services: false,
        }
    }

    /// Replaces names beyond the caps, and says which caps were reached just now.
    pub fn cap(&mut self, spans: &mut [Span], now: UnixNanos) -> Vec<Overflow> {
        let mut overflows = Vec::new();
        if now.floor(HOUR) != self.hour {
            self.hour = now.floor(HOUR);
            self.services.clear();
            self.too_many_services = false;
        }
        for span in spans {
            if span.transaction.is_some() || span.call.is_some() {
                self.cap_span(span, &mut overflows);
            }
        }
        overflows
    }

    fn cap_span(&mut self, span: &mut Span, overflows: &mut Vec<Overflow>) {
        let key = self.service(span, overflows);
        let limits = &self.limits;
        let Some(names) = self.services.get_mut(&key) else {
            return;
        };
        let mut cap = |dimension, limit, name: &Text| {
            names.is_over(dimension, limit, name, &key.service, overflows)
        };
        if let Some(transaction) = &mut span.transaction {
            if cap(
                Dimension::Operation,
                limits.operations,
                &transaction.operation,
            ) {
                transaction.operation = OTHER.into();
            }
            let resource = &span.resource;
            let instance = cap(Dimension::Instance, limits.instances, &resource.instance);
            let version = cap(Dimension::Version, limits.versions, &resource.version);
            if instance || version {
                let resource = Arc::make_mut(&mut span.resource);
                if instance {
                    resource.instance = OTHER.into();
                }
                if version {
                    resource.version = OTHER.into();
                }
            }
            if let Some(error_type) = &mut span.error_type
                && cap(Dimension::ErrorType, limits.error_types, error_type)
            {
                *error_type = OTHER.into();
            }
        }
        if let Some(call) = &mut span.call {
            if cap(Dimension::Target, limits.targets, &call.target) {
                call.target = OTHER.into();
            }
            if cap(Dimension::Detail, limits.details, &call.detail) {
                call.detail = OTHER.into();
            }
        }
    }

    /// The service's key; beyond the cap on services its resource is renamed first.
    fn service(&mut self, span: &mut Span, overflows: &mut Vec<Overflow>) -> ServiceKey {
        let key = ServiceKey::of(&span.resource);
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
        let resource = Arc::make_mut(&mut span.resource);
        resource.service = OTHER.into();
        resource.namespace = "".into();
        let key = ServiceKey::of(resource);
        self.services.entry(key.clone()).or_default();
        key
    }
}

impl Names {
    fn is_over(
        &mut self,
        dimension: Dimension,
        limit: usize,
        name: &Text,
        service: &Text,
        overflows: &mut Vec<Overflow>,
    ) -> bool {
        let seen = self.seen.entry(dimension).or_default();
        if seen.contains(name) || name.is_empty() || &**name == OTHER {
            return false;
        }
        if seen.len() < limit {
            seen.insert(name.clone());
            return false;
        }
        if self.full.insert(dimension) {
            overflows.push(Overflow {
                service: service.clone(),
                dimension,
                limit,
                example: name.clone(),
            });
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_testkit::SpanBuilder;

    fn limits() -> IngestLimits {
        IngestLimits {
            operations: 2,
            services: 2,
            ..IngestLimits::default()
        }
    }

    fn operation(span: &Span) -> &str {
        &span.transaction.as_ref().unwrap().operation
    }

    #[test]
    fn names_beyond_the_cap_become_other_and_the_cap_is_told_once() {
        let mut cardinality = Cardinality::new(limits());
        let mut spans: Vec<Span> = ["a", "b", "c", "a", "d"]
            .into_iter()
            .map(|name| SpanBuilder::server("shop", name).build())
            .collect();
        let overflows = cardinality.cap(&mut spans, UnixNanos(0));
        let operations: Vec<&str> = spans.iter().map(operation).collect();
        assert_eq!(operations, ["a", "b", OTHER, "a", OTHER]);
        assert_eq!(overflows.len(), 1);
        assert_eq!((&*overflows[0].example, overflows[0].limit), ("c", 2));
    }

    #[test]
    fn a_new_hour_begins_with_no_names() {
        let mut cardinality = Cardinality::new(limits());
        let mut spans: Vec<Span> = ["a", "b"]
            .map(|name| SpanBuilder::server("shop", name).build())
            .into();
        cardinality.cap(&mut spans, UnixNanos(0));
        let mut later = [SpanBuilder::server("shop", "c").build()];
        cardinality.cap(&mut later, UnixNanos(0).plus(HOUR));
        assert_eq!(operation(&later[0]), "c");
    }

    #[test]
    fn services_beyond_the_cap_are_counted_together() {
        let mut cardinality = Cardinality::new(limits());
        let mut spans: Vec<Span> = ["a", "b", "c", "d"]
            .map(|service| SpanBuilder::server(service, "GET /").build())
            .into();
        let overflows = cardinality.cap(&mut spans, UnixNanos(0));
        let services: Vec<&str> = spans.iter().map(|span| &*span.resource.service).collect();
        assert_eq!(services, ["a", "b", OTHER, OTHER]);
        assert_eq!(overflows[0].dimension, Dimension::Service);
    }
}
