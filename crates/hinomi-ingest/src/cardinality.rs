//! Keys are a budget: how many things are counted apart, whatever tells them apart.
//!
//! Three bounds, in this order: services of a project, names of one attribute of a service, and keys (the
//! combinations that rollups count under) of a project. What finds no place is folded: the attribute whose
//! value is new, else the one with the most values, becomes `(other)` on the span itself, before it is
//! stored, so that rows, rollups and what is live agree. Every folding is told, with the service and the attribute.

use crate::{IngestLimits, places::Places};
use foldhash::fast::RandomState;
use hinomi_live::{Attribute, Folded};
use hinomi_model::{
    Outcome, Resource, SpanBatch, Text,
    batch::{Shape, Symbol},
    text::OTHER,
};
use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

/// A name leaves its place when it was not used for so long and the place is wanted.
const NAME_UNUSED: Duration = Duration::from_secs(3_600);
/// A key does: then it is not live any more.
const KEY_UNUSED: Duration = Duration::from_secs(15 * 60);
/// Of so many keys one more may have been folded: room for what foldings lead to.
const FOLDED_SHARE: usize = 4;
/// Foldings that are told of one request, at most; of more only the first are.
const TOLD: usize = 32;
/// Names in all, for each key: a key has four at most.
const NAMES_A_KEY: usize = 4;

/// Names of one service, by attribute.
type Names = HashMap<Attribute, Places, RandomState>;

/// What is counted apart.
#[derive(Debug)]
pub(crate) struct Cardinality {
    limits: IngestLimits,
    hasher: RandomState,
    /// Services with their environments.
    services: Places,
    /// Of each service, without its environment.
    names: HashMap<u64, Names, RandomState>,
    names_count: usize,
    keys: Places,
    /// Keys with `(other)` in them.
    folded: Places,
    cleaned: Duration,
}

/// What is looked at: the sender and shape of some spans, and how many these are.
struct Pair {
    sender: Arc<Resource>,
    shape: Shape,
    spans: u32,
    /// Service and namespace, as places know their owner.
    owner: u64,
}

impl Cardinality {
    pub fn new(limits: IngestLimits) -> Self {
        Self {
            hasher: RandomState::default(),
            services: Places::new(limits.services, NAME_UNUSED),
            names: HashMap::default(),
            names_count: 0,
            keys: Places::shared(limits.keys, KEY_UNUSED),
            folded: Places::shared(limits.keys / FOLDED_SHARE, KEY_UNUSED),
            cleaned: Duration::ZERO,
            limits,
        }
    }

    /// Keys that are counted apart at present.
    pub fn keys(&self) -> usize {
        self.keys.len() + self.folded.len()
    }

    /// Folds what finds no place, and says what that was. `now` is monotonic.
    pub fn cap(&mut self, spans: &mut SpanBatch, now: Duration) -> Vec<Folded> {
        self.clean(now);
        let mut told = Vec::new();
        // Spans of one sender and shape have the same names. In the order they came: the first find room.
        let mut counts: HashMap<(u32, u32), u32, RandomState> = HashMap::default();
        let mut pairs = Vec::new();
        for row in &spans.rows {
            let count = counts.entry((row.resource, row.shape)).or_default();
            if *count == 0 {
                pairs.push((row.resource, row.shape));
            }
            *count += 1;
        }
        let mut folded: HashMap<(u32, u32), (u32, u32), RandomState> = HashMap::default();
        for pair in pairs {
            let to = self.fold_pair(spans, pair, counts[&pair], now, &mut told);
            if to != pair {
                folded.insert(pair, to);
            }
        }
        if !folded.is_empty() {
            for row in &mut spans.rows {
                if let Some(to) = folded.get(&(row.resource, row.shape)) {
                    (row.resource, row.shape) = *to;
                }
            }
        }
        told
    }

    /// Forgets the names of services that have no place any more.
    fn clean(&mut self, now: Duration) {
        const EVERY: Duration = Duration::from_secs(60);
        if now < self.cleaned + EVERY {
            return;
        }
        self.cleaned = now;
        let other = self.owner(OTHER, "");
        let services = &self.services;
        self.names
            .retain(|owner, _| *owner == other || services.has_any(*owner));
        self.names_count = self
            .names
            .values()
            .flatten()
            .map(|(_, names)| names.len())
            .sum();
    }

    fn owner(&self, service: &str, namespace: &str) -> u64 {
        self.hash((service, namespace))
    }

    fn hash(&self, of: impl Hash) -> u64 {
        self.hasher.hash_one(of)
    }

    /// Sender and shape in place of these, the same where nothing is folded.
    fn fold_pair(
        &mut self,
        spans: &mut SpanBatch,
        (resource, shape): (u32, u32),
        count: u32,
        now: Duration,
        told: &mut Vec<Folded>,
    ) -> (u32, u32) {
        let sent = spans.shapes[shape as usize];
        if sent.transaction.is_none() && sent.call.is_none() {
            return (resource, shape);
        }
        let sender = Arc::clone(&spans.resources[resource as usize]);
        let mut pair = Pair {
            owner: self.owner(&sender.service, &sender.namespace),
            sender,
            shape: sent,
            spans: count,
        };
        let service = pair.sender.service.clone();
        let mut fold = |pair: &mut Pair, spans: &mut SpanBatch, attribute| {
            let example = pair.fold(spans, attribute);
            tell(told, &service, attribute, example, u64::from(count));
        };
        if let Some(attribute) = self.fold_service(&pair, now) {
            fold(&mut pair, spans, attribute);
            if attribute == Attribute::Service {
                pair.owner = self.owner(OTHER, "");
            }
        }
        for attribute in counted_by(&pair.shape) {
            let name = pair.name(spans, attribute);
            if !self.has_name(&pair, attribute, name, now) {
                fold(&mut pair, spans, attribute);
            }
        }
        while let Some(attribute) = self.over_budget(&pair, spans, now) {
            fold(&mut pair, spans, attribute);
        }
        for attribute in counted_by(&pair.shape) {
            self.keep_name(&pair, attribute, pair.name(spans, attribute), now);
        }
        let resource = if Arc::ptr_eq(&pair.sender, &spans.resources[resource as usize]) {
            resource
        } else {
            place(&mut spans.resources, pair.sender)
        };
        if pair.shape == sent {
            (resource, shape)
        } else {
            (resource, place(&mut spans.shapes, pair.shape))
        }
    }

    /// What has to be folded for the service to have a place: nothing, its environment, or its name.
    fn fold_service(&mut self, pair: &Pair, now: Duration) -> Option<Attribute> {
        let Resource {
            service,
            namespace,
            environment,
            ..
        } = &*pair.sender;
        let key = self.hash((service, namespace, environment));
        if (**service == *OTHER && namespace.is_empty())
            || self.services.is_known(key, pair.spans, now)
        {
            return None;
        }
        if self.has_name(pair, Attribute::Environment, environment, now)
            && self.services.take(key, pair.owner, pair.spans, now)
        {
            return None;
        }
        if !self.services.has_any(pair.owner) {
            return Some(Attribute::Service);
        }
        // One more for each service that has a place.
        let key = self.hash((service, namespace, OTHER));
        self.services.insist(key, pair.owner, pair.spans, now);
        Some(Attribute::Environment)
    }

    fn limit(&self, attribute: Attribute) -> usize {
        let limits = &self.limits;
        match attribute {
            Attribute::Service => limits.services,
            Attribute::Environment => limits.environments,
            Attribute::Operation => limits.operations,
            Attribute::Instance => limits.instances,
            Attribute::Version => limits.versions,
            Attribute::Target => limits.targets,
            Attribute::Detail => limits.details,
            Attribute::ErrorType => limits.error_types,
        }
    }

    /// Whether a name has a place among those of its service, or can have one.
    fn has_name(&mut self, pair: &Pair, attribute: Attribute, name: &str, now: Duration) -> bool {
        if name.is_empty() || name == OTHER {
            return true;
        }
        let hash = self.hash(name);
        let most = self.limits.keys.saturating_mul(NAMES_A_KEY);
        let names = self.names.get_mut(&pair.owner);
        let Some(names) = names.and_then(|names| names.get_mut(&attribute)) else {
            return true;
        };
        let (before, spans) = (names.len(), pair.spans);
        let has = names.is_known(hash, spans, now)
            || names.has_room(hash, pair.owner, spans, now) && self.names_count < most;
        self.names_count -= before - names.len();
        has
    }

    fn keep_name(&mut self, pair: &Pair, attribute: Attribute, name: &str, now: Duration) {
        if name.is_empty() || name == OTHER {
            return;
        }
        let (hash, limit) = (self.hash(name), self.limit(attribute));
        let names = self.names.entry(pair.owner).or_default();
        let names = names
            .entry(attribute)
            .or_insert_with(|| Places::new(limit, NAME_UNUSED));
        let before = names.len();
        // The spans of those that have a place were counted when they were looked for.
        if !names.is_known(hash, 0, now) {
            names.take(hash, pair.owner, pair.spans, now);
        }
        self.names_count = self.names_count + names.len() - before;
    }

    /// What is to be folded next because a key of the spans has no place; `None` when all have.
    fn over_budget(&mut self, pair: &Pair, spans: &SpanBatch, now: Duration) -> Option<Attribute> {
        for (number, key) in keys_of(&pair.shape).into_iter().enumerate() {
            let mut hasher = self.hasher.build_hasher();
            (number, pair.owner).hash(&mut hasher);
            let mut is_folded = false;
            for attribute in key {
                let name = pair.name(spans, *attribute);
                is_folded |= name == OTHER;
                name.hash(&mut hasher);
            }
            let places = match is_folded {
                true => &mut self.folded,
                false => &mut self.keys,
            };
            if key.is_empty() || places.take(hasher.finish(), pair.owner, pair.spans, now) {
                continue;
            }
            // All of them folded is one key of the service, for which there is always a place.
            let names = self.names.get(&pair.owner);
            let open = key.iter().filter_map(|attribute| {
                let name = pair.name(spans, *attribute);
                let is_open = !name.is_empty() && name != OTHER;
                let names = names.and_then(|names| names.get(attribute));
                // A name that no key has yet is what made the key new.
                let is_new = names.is_none_or(|names| !names.contains(self.hash(name)));
                is_open.then_some((is_new, names.map_or(0, Places::len), *attribute))
            });
            if let Some((.., attribute)) = open.max() {
                return Some(attribute);
            }
        }
        None
    }
}

/// The attributes that spans of a shape are counted by.
fn counted_by(shape: &Shape) -> impl Iterator<Item = Attribute> + use<> {
    let (entry, call) = (shape.transaction.is_some(), shape.call.is_some());
    // Failed calls are counted by instance as well.
    let fails = shape.call.is_some_and(|call| call.failed);
    let is_counted = move |attribute: &Attribute| match attribute {
        Attribute::Service => false,
        Attribute::Environment => true,
        Attribute::Operation | Attribute::Version | Attribute::ErrorType => entry,
        Attribute::Instance => entry || fails,
        Attribute::Target | Attribute::Detail => call,
    };
    Attribute::ALL.into_iter().filter(is_counted)
}

/// What tells the keys apart that rollups count spans of a shape under; empty where they have none. A
/// call's category and how it failed are left out: they are few.
fn keys_of(shape: &Shape) -> [&'static [Attribute]; 4] {
    use Attribute::{Detail, Environment, ErrorType, Instance, Operation, Target, Version};
    let when = |has: bool, key: &'static [Attribute]| if has { key } else { &[] };
    let failed = |outcome| outcome == Outcome::Error;
    let entry = shape.transaction;
    let fails = entry.is_some_and(|transaction| failed(transaction.outcome));
    let call_fails = shape.call.is_some_and(|call| call.failed);
    [
        when(
            entry.is_some(),
            &[Environment, Operation, Instance, Version],
        ),
        when(fails, &[Environment, ErrorType, Operation]),
        when(shape.call.is_some(), &[Environment, Target, Detail]),
        when(call_fails, &[Environment, Target, Instance]),
    ]
}

impl Pair {
    fn symbol(&self, attribute: Attribute) -> Symbol {
        let (transaction, call) = (self.shape.transaction, self.shape.call);
        let symbol = match attribute {
            Attribute::Operation => transaction.map(|transaction| transaction.operation),
            Attribute::Target => call.map(|call| call.target),
            Attribute::Detail => call.map(|call| call.detail),
            Attribute::ErrorType => Some(self.shape.error_type),
            _ => None,
        };
        symbol.unwrap_or(Symbol::EMPTY)
    }

    fn name<'a>(&'a self, spans: &'a SpanBatch, attribute: Attribute) -> &'a str {
        match attribute {
            Attribute::Service => &self.sender.service,
            Attribute::Environment => &self.sender.environment,
            Attribute::Instance => &self.sender.instance,
            Attribute::Version => &self.sender.version,
            _ => spans.words.get(self.symbol(attribute)),
        }
    }

    /// Replaces an attribute's value by `(other)`; answers what it was.
    fn fold(&mut self, spans: &mut SpanBatch, attribute: Attribute) -> Text {
        let was: Text = self.name(spans, attribute).into();
        let other = || Text::from(OTHER);
        match attribute {
            Attribute::Service => {
                let sender = Arc::make_mut(&mut self.sender);
                (sender.service, sender.namespace) = (other(), "".into());
            }
            Attribute::Environment => Arc::make_mut(&mut self.sender).environment = other(),
            Attribute::Instance => Arc::make_mut(&mut self.sender).instance = other(),
            Attribute::Version => Arc::make_mut(&mut self.sender).version = other(),
            Attribute::ErrorType => self.shape.error_type = spans.words.intern(OTHER),
            Attribute::Operation => {
                if let Some(transaction) = &mut self.shape.transaction {
                    transaction.operation = spans.words.intern(OTHER);
                }
            }
            Attribute::Target => {
                if let Some(call) = &mut self.shape.call {
                    call.target = spans.words.intern(OTHER);
                }
            }
            Attribute::Detail => {
                if let Some(call) = &mut self.shape.call {
                    call.detail = spans.words.intern(OTHER);
                }
            }
        }
        was
    }
}

/// Adds spans to what is told of one service and attribute.
fn tell(told: &mut Vec<Folded>, service: &Text, attribute: Attribute, example: Text, spans: u64) {
    // Of services beyond the limit each is another: they are told of together.
    let service = match attribute {
        Attribute::Service => Text::from(OTHER),
        _ => service.clone(),
    };
    let is_it = |have: &Folded| have.attribute == attribute && have.service == service;
    if let Some(at) = told.iter().position(is_it) {
        told[at].spans += spans;
    } else if told.len() < TOLD {
        told.push(Folded {
            service,
            attribute,
            example,
            spans,
        });
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

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::{RollupSet, Span};
    use hinomi_testkit::SpanBuilder;
    use std::collections::BTreeSet;

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

    /// A batch of one span of each sender: service, environment, operation, instance, version.
    fn sent<'a>(senders: impl IntoIterator<Item = (&'a str, String, String, String)>) -> SpanBatch {
        let spans: Vec<Span> = senders
            .into_iter()
            .map(|(service, environment, operation, instance)| {
                let mut span = SpanBuilder::server(service, &operation).build();
                let resource = Arc::make_mut(&mut span.resource);
                resource.environment = environment.into();
                resource.instance = instance.into();
                span
            })
            .collect();
        spans.iter().collect()
    }

    fn at(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    #[test]
    fn names_beyond_the_limit_become_other_and_it_is_told() {
        let mut cardinality = Cardinality::new(limits());
        let mut spans = batch(&["a", "b", "c", "a", "d"].map(|name| ("shop", name)));
        let folded = cardinality.cap(&mut spans, at(0));
        assert_eq!(operations(&spans), ["a", "b", OTHER, "a", OTHER]);
        assert_eq!(folded.len(), 1);
        assert_eq!((&*folded[0].service, &*folded[0].example), ("shop", "c"));
        assert_eq!(
            (folded[0].attribute, folded[0].spans),
            (Attribute::Operation, 2)
        );
    }

    #[test]
    fn a_name_that_nobody_used_for_an_hour_leaves_its_place_and_a_busy_one_does_not() {
        let mut cardinality = Cardinality::new(limits());
        cardinality.cap(&mut batch(&[("shop", "a"), ("shop", "b")]), at(0));
        cardinality.cap(&mut batch(&[("shop", "a")]), at(3_000));
        let mut later = batch(&[("shop", "c"), ("shop", "d"), ("shop", "a")]);
        cardinality.cap(&mut later, at(3_601));
        assert_eq!(operations(&later), ["c", OTHER, "a"]);
    }

    #[test]
    fn services_beyond_the_limit_are_counted_together() {
        let mut cardinality = Cardinality::new(limits());
        let mut spans = batch(&["a", "b", "c", "d"].map(|service| (service, "GET /")));
        let folded = cardinality.cap(&mut spans, at(0));
        let services: Vec<String> = spans
            .spans()
            .map(|span| span.resource.service.to_string())
            .collect();
        assert_eq!(services, ["a", "b", OTHER, OTHER]);
        assert_eq!(folded.len(), 1);
        assert_eq!(
            (folded[0].attribute, folded[0].spans),
            (Attribute::Service, 2)
        );
    }

    #[test]
    fn environments_beyond_the_limit_are_one_and_the_service_is_named() {
        let limits = IngestLimits {
            environments: 3,
            ..IngestLimits::default()
        };
        let mut cardinality = Cardinality::new(limits);
        let flood =
            (0..500).map(|number| ("preview", format!("pr-{number}"), "GET /".into(), "".into()));
        let mut spans = sent(flood);
        let folded = cardinality.cap(&mut spans, at(0));
        let environments: BTreeSet<String> = spans
            .spans()
            .map(|span| span.resource.environment.to_string())
            .collect();
        assert_eq!(
            environments.into_iter().collect::<Vec<_>>(),
            [OTHER, "pr-0", "pr-1", "pr-2"]
        );
        assert_eq!(folded.len(), 1);
        assert_eq!(
            (&*folded[0].service, folded[0].attribute),
            ("preview", Attribute::Environment)
        );
        assert_eq!(folded[0].spans, 497);
        let services = spans.spans().map(|span| span.resource.service.to_string());
        assert!(services.into_iter().all(|service| service == "preview"));
    }

    #[test]
    fn combinations_of_names_within_their_limits_are_bounded_and_neighbours_keep_theirs() {
        let limits = IngestLimits {
            keys: 400,
            ..IngestLimits::default()
        };
        let mut cardinality = Cardinality::new(limits);
        let neighbour =
            || (0..20).map(|number| ("shop", "".into(), format!("GET /{number}"), "i".into()));
        let untouched = operations(&sent(neighbour()));
        let late =
            || (0..30).map(|number| ("late", "".into(), format!("GET /{number}"), "i".into()));
        let mut keys = BTreeSet::new();
        for second in 0..300 {
            let mut first = sent(neighbour());
            assert!(
                cardinality.cap(&mut first, at(second)).is_empty(),
                "{second}"
            );
            assert_eq!(operations(&first), untouched);
            let flood = (0..100).map(|number| {
                let number = second * 100 + number;
                (
                    "bomb",
                    "".into(),
                    format!("GET /{}", number % 50),
                    format!("pod-{}", number / 50),
                )
            });
            let mut spans = sent(flood);
            let folded = cardinality.cap(&mut spans, at(second));
            assert!(folded.iter().all(|one| &*one.service == "bomb"));
            if second > 200 {
                assert_eq!(folded[0].attribute, Attribute::Instance, "the widest one");
            }
            keys.extend(
                RollupSet::of(&spans)
                    .iter()
                    .map(|(_, key, _)| format!("{key:?}")),
            );
            if second >= 100 {
                // One that comes when all is taken has its share, too.
                let mut spans = sent(late());
                assert!(
                    cardinality.cap(&mut spans, at(second)).is_empty(),
                    "{second}"
                );
            }
            assert!(cardinality.keys() <= 500);
        }
        assert!(
            keys.len() < 600,
            "{} keys of one service were counted apart",
            keys.len()
        );
    }

    #[test]
    fn memory_is_bounded_whatever_is_sent() {
        let limits = IngestLimits {
            keys: 1_000,
            ..IngestLimits::default()
        };
        let mut cardinality = Cardinality::new(limits);
        for step in 0..200 {
            let flood = (0..200).map(|number| {
                let number = step * 200 + number;
                let any = |name: &str| format!("{name}-{}", number % 7_919);
                ("x", any("e"), any("GET /"), any("i"))
            });
            let mut spans = sent(flood);
            for (number, resource) in spans.resources.iter_mut().enumerate() {
                Arc::make_mut(resource).service =
                    format!("s-{}", (step * 31 + number as u64) % 3_001).into();
            }
            cardinality.cap(&mut spans, at(step));
            assert!(cardinality.keys() <= 1_250);
            // The first name of each attribute of a service has room.
            assert!(cardinality.names_count <= 4 * 1_000 + 7 * 2_000);
            assert!(cardinality.services.len() <= 4_000);
        }
    }
}
