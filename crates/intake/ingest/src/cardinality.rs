//! Cardinality limits: how many keys, and names within keys, are counted separately.
//!
//! There are three limits, applied in this order: services of a project, names of one attribute of
//! a service, and keys of a project (the combinations that rollups count by). A new name or key
//! that finds no place is folded: one attribute becomes `(other)` on the span itself. The attribute
//! with a new value is preferred, otherwise the one with the most values. Folding happens before
//! the span is stored, so that rows, rollups and live data agree. Every folding is reported with
//! its service and attribute.

mod pair;

use crate::{IngestLimits, places::Places};
use foldhash::fast::RandomState;
use hinomi_live::{Attribute, Folded};
use hinomi_model::{Resource, SpanBatch, Text, text::OTHER};
use pair::{Pair, counted_by, keys_of};
use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

/// A name that was unused for this long loses its place if another name needs it.
const NAME_UNUSED: Duration = Duration::from_secs(3_600);
/// A key that was unused for this long loses its place. By then it is no longer in the live window.
const KEY_UNUSED: Duration = Duration::from_secs(15 * 60);
/// Keys that contain `(other)` may take this fraction of the limit in addition (one quarter).
const FOLDED_SHARE: usize = 4;
/// Maximum number of foldings that are reported per request; the first ones count.
const TOLD: usize = 32;
/// Maximum number of names in total, per key of the limit. A key has at most four names.
const NAMES_A_KEY: usize = 4;

/// Names of one service, by attribute.
type Names = HashMap<Attribute, Places, RandomState>;

/// The names and keys that are counted separately.
#[derive(Debug)]
pub(crate) struct Cardinality {
    limits: IngestLimits,
    hasher: RandomState,
    /// Services with their environments.
    services: Places,
    /// Names per service; environments of a service are not distinguished here.
    names: HashMap<u64, Names, RandomState>,
    names_count: usize,
    keys: Places,
    /// Keys that contain `(other)`.
    folded: Places,
    cleaned: Duration,
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

    /// Number of keys that are counted separately, without those that contain `(other)`. Of the
    /// latter there can be up to a quarter of the limit in addition.
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// Folds everything that finds no place, and returns what was folded. `now` is monotonic.
    pub fn cap(&mut self, spans: &mut SpanBatch, now: Duration) -> Vec<Folded> {
        self.clean(now);
        let mut told = Vec::new();
        // Spans of the same sender and shape have the same names. Processed in order of arrival, so
        // the first ones get the free places.
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

    /// Drops the names of services that have lost their place.
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

    /// Sender and shape after folding; unchanged if nothing is folded.
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

    /// The attribute that must be folded so that the service gets a place: none, its environment,
    /// or its name.
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
        // This is one additional place for each service that has one.
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

    /// Whether a name has, or can get, a place among the names of its service.
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
        // Spans of a known name were already counted by `has_name`.
        if !names.is_known(hash, 0, now) {
            names.take(hash, pair.owner, pair.spans, now);
        }
        self.names_count = self.names_count + names.len() - before;
    }

    /// The attribute to fold next, because a key of the spans has no place; `None` if all have one.
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
            // If all attributes of the key are folded already, nothing is left to fold. That single
            // key of the service is counted even without a place.
            let names = self.names.get(&pair.owner);
            let open = key.iter().filter_map(|attribute| {
                let name = pair.name(spans, *attribute);
                let is_open = !name.is_empty() && name != OTHER;
                let names = names.and_then(|names| names.get(attribute));
                // A name that is in no key yet is what made this key new.
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

/// Adds spans to the report about one service and attribute.
fn tell(told: &mut Vec<Folded>, service: &Text, attribute: Attribute, example: Text, spans: u64) {
    // Services beyond the limit would all differ, so they are reported together.
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

/// Number of entries at the end of a list that are compared with a new one. This suffices for a few
/// senders and bounds the work per span.
const LOOK_BACK: usize = 16;

/// Index of a value in a list. Appends it unless one of the last entries is equal.
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
mod tests;
