//! A cache of shapes. An agent sends the same few dozen shapes again and again, so each is made
//! once.
//!
//! Spans are grouped by kind, scope and name. Within a group, a key whose values keep changing (an
//! order number, a thread) is *own*: its values are stored with each span. All other attributes are
//! *shared*: together, byte for byte, they are part of the span's identity. Spans of one identity
//! have one shape, unless an own attribute was read to make the shape.

use crate::{protobuf::Malformed, texts::Texts, value::RawPair};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hinomi_model::{
    ClientCall, Text, Transaction,
    batch::{BatchBuilder, Shape, ShapeCall, ShapeTransaction, ValueKind},
};
use hinomi_model::{SpanKind, SpanStatus};
use std::{
    hash::{BuildHasher, Hasher},
    sync::Arc,
};

/// With more values than this in one group, a key becomes own.
const SHARED_VALUES: usize = 16;
/// Attributes with more bytes than this are always own.
const SHARED_BYTES: usize = 2 << 10;
/// With more shapes than this in one group, the key with the most values becomes own.
const GROUP_SHAPES: usize = 256;
/// Most keys of a group. Further keys are own.
const GROUP_KEYS: usize = 128;
/// Limit for the memory of all groups, roughly, in bytes. Beyond it all groups are forgotten. Small
/// enough for the cache of a processor, large enough for thousands of shapes.
const MAX_BYTES: usize = 8 << 20;

/// A shape that does not depend on a request.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub name: Text,
    pub scope: Text,
    pub kind: SpanKind,
    pub status: SpanStatus,
    pub status_message: Text,
    pub http_status: Option<u16>,
    pub error_type: Option<Text>,
    pub transaction: Option<Transaction>,
    pub call: Option<ClientCall>,
    /// JSON object of the shared attributes.
    pub attributes: Arc<str>,
    /// Number of things that were cut.
    pub truncated: u64,
}

impl Made {
    /// The index of the shape in a batch.
    pub fn put(&self, batch: &mut BatchBuilder) -> u32 {
        let words = batch.words();
        let shape = Shape {
            name: words.intern(&self.name),
            scope: words.intern(&self.scope),
            kind: self.kind,
            status: self.status,
            status_message: words.intern(&self.status_message),
            http_status: self.http_status,
            error_type: words.intern(self.error_type.as_deref().unwrap_or_default()),
            transaction: self.transaction.as_ref().map(|made| ShapeTransaction {
                operation: words.intern(&made.operation),
                outcome: made.outcome,
                kind: made.kind,
            }),
            call: self.call.as_ref().map(|made| ShapeCall {
                category: made.category,
                target: words.intern(&made.target),
                detail: words.intern(&made.detail),
                failed: made.failed,
            }),
            attributes: match &*self.attributes {
                "{}" => hinomi_model::batch::Symbol::EMPTY,
                attributes => words.intern(attributes),
            },
        };
        batch.shape(shape)
    }

    fn weight(&self) -> usize {
        size_of::<Self>() + self.attributes.len() + self.status_message.len() + 256
    }
}

/// A cached shape.
pub(crate) struct Known {
    hash: u64,
    identity: Box<[u8]>,
    pub made: Made,
    /// Whether everything except the shared attributes must be made again for each span.
    pub varies: bool,
    /// The request in which it was last used, and its index there.
    used: (u64, u32),
}

impl Known {
    /// The index of the shape in the batch of request `number`.
    pub fn place(&mut self, number: u64, batch: &mut BatchBuilder) -> u32 {
        if self.used.0 != number {
            self.used = (number, self.made.put(batch));
        }
        self.used.1
    }
}

/// The spans of one kind, scope and name.
pub(crate) struct Group {
    hash: u64,
    kind: i32,
    scope: Box<[u8]>,
    name: Box<[u8]>,
    keys: Vec<Key>,
    shapes: HashTable<Known>,
}

/// A key of a group.
struct Key {
    name: Box<[u8]>,
    /// Hashes of its values; `None` when the key is own.
    values: Option<Vec<u64>>,
    /// The request in which it was last used, and its indices there: as a text and as JSON.
    used: (u64, [Option<u32>; 2]),
}

/// An own attribute of a span.
#[derive(Clone, Copy)]
pub(crate) struct Own<'a> {
    /// Index among the group's keys; `None` when it is not there.
    key: Option<usize>,
    pub pair: RawPair<'a>,
}

/// The attributes of a span, split into shared and own ones.
#[derive(Default)]
pub(crate) struct Split<'a> {
    /// Bytes that are equal for all spans of one shape.
    identity: Vec<u8>,
    pub own: Vec<Own<'a>>,
    /// For each kept attribute, whether it is own.
    pub is_own: Vec<bool>,
    /// For each attribute so far, its index among the group's keys.
    places: Vec<Option<usize>>,
    /// Number of own attributes that were repeated.
    pub repeated: u64,
}

/// All groups.
pub(crate) struct Shapes {
    groups: HashTable<Group>,
    bytes: usize,
    hasher: RandomState,
}

impl Default for Shapes {
    fn default() -> Self {
        Self {
            groups: HashTable::new(),
            bytes: 0,
            hasher: RandomState::default(),
        }
    }
}

impl Shapes {
    /// Finds or adds a group. Also returns the hasher of its shapes.
    pub fn group(&mut self, kind: i32, scope: &[u8], name: &[u8]) -> (&mut Group, &RandomState) {
        if self.bytes > MAX_BYTES {
            self.groups.clear();
            self.bytes = 0;
        }
        let mut hasher = self.hasher.build_hasher();
        hasher.write_i32(kind);
        hasher.write(scope);
        hasher.write(name);
        let hash = hasher.finish();
        let is_it =
            |group: &Group| group.kind == kind && *group.name == *name && *group.scope == *scope;
        let entry = self.groups.entry(hash, is_it, |group| group.hash);
        let bytes = &mut self.bytes;
        let group = entry
            .or_insert_with(|| {
                *bytes += 256 + name.len() + scope.len();
                Group {
                    hash,
                    kind,
                    scope: scope.into(),
                    name: name.into(),
                    keys: Vec::new(),
                    shapes: HashTable::new(),
                }
            })
            .into_mut();
        (group, &self.hasher)
    }

    /// Counts the memory of what a group has learned, in bytes.
    pub fn grew(&mut self, bytes: usize) {
        self.bytes += bytes;
    }
}

impl Group {
    /// Splits shared from own attributes. `facts` are further bytes of the identity.
    pub fn split<'a>(
        &self,
        facts: &[u8],
        attributes: &[&'a [u8]],
        split: &mut Split<'a>,
    ) -> Result<(), Malformed> {
        split.identity.clear();
        split.own.clear();
        split.is_own.clear();
        split.places.clear();
        split.repeated = 0;
        split.identity.extend_from_slice(facts);
        for (at, encoded) in attributes.iter().enumerate() {
            let pair = RawPair::read(encoded)?;
            let place = self.place(at, pair.key);
            let shared = encoded.len() <= SHARED_BYTES
                && place.is_none_or(|place| self.keys[place].values.is_some())
                && (place.is_some() || self.keys.len() < GROUP_KEYS);
            if shared {
                let length = encoded.len() as u32;
                split.identity.extend_from_slice(&length.to_le_bytes());
                split.identity.extend_from_slice(encoded);
            } else {
                let length = pair.key.len() as u32 | 1 << 31;
                split.identity.extend_from_slice(&length.to_le_bytes());
                split.identity.extend_from_slice(pair.key);
                let again = match place {
                    Some(_) => split.places.contains(&place),
                    None => split.own.iter().any(|own| own.pair.key == pair.key),
                };
                if again {
                    split.repeated += 1;
                } else {
                    split.own.push(Own { key: place, pair });
                }
            }
            split.is_own.push(!shared);
            split.places.push(place);
        }
        Ok(())
    }

    /// The shape with the identity in `split`.
    pub fn find(&mut self, split: &Split<'_>, hasher: &RandomState) -> Option<&mut Known> {
        let hash = hasher.hash_one(&split.identity[..]);
        self.shapes.find_mut(hash, |known| {
            known.hash == hash && *known.identity == *split.identity
        })
    }

    /// Remembers the values of shared attributes. Returns whether one of the keys became own; the
    /// identity of all spans in the group then changes.
    pub fn learn(&mut self, attributes: &[&[u8]], split: &Split<'_>, hasher: &RandomState) -> bool {
        let mut changed = false;
        for ((encoded, is_own), place) in attributes.iter().zip(&split.is_own).zip(&split.places) {
            let Ok(pair) = RawPair::read(encoded) else {
                continue;
            };
            if *is_own {
                continue;
            }
            let place = place.or_else(|| self.place(self.keys.len(), pair.key));
            let place = place.unwrap_or_else(|| {
                self.keys.push(Key {
                    name: pair.key.into(),
                    values: Some(Vec::new()),
                    used: (0, [None; 2]),
                });
                self.keys.len() - 1
            });
            let key = &mut self.keys[place];
            if let Some(values) = &mut key.values {
                let hash = hasher.hash_one(pair.value);
                if !values.contains(&hash) {
                    values.push(hash);
                }
                if values.len() > SHARED_VALUES {
                    key.values = None;
                    changed = true;
                }
            }
        }
        if !changed && self.shapes.len() >= GROUP_SHAPES {
            let count = |key: &Key| key.values.as_ref().map_or(0, Vec::len);
            let most = self.keys.iter_mut().max_by_key(|key| count(key));
            match most.filter(|key| count(key) > 1) {
                Some(key) => {
                    key.values = None;
                    changed = true;
                }
                // The shapes differ only in the order of their keys, or in facts.
                None => self.shapes.clear(),
            }
        }
        if changed {
            self.shapes.clear();
        }
        changed
    }

    /// Adds a shape. Returns the memory it takes, in bytes.
    pub fn insert(
        &mut self,
        split: &Split<'_>,
        made: Made,
        varies: bool,
        hasher: &RandomState,
    ) -> usize {
        let hash = hasher.hash_one(&split.identity[..]);
        let bytes = split.identity.len() + made.weight() + size_of::<Known>();
        let known = Known {
            hash,
            identity: split.identity[..].into(),
            made,
            varies,
            used: (0, 0),
        };
        self.shapes.insert_unique(hash, known, |known| known.hash);
        bytes
    }

    /// The index of an own attribute's key in the batch of request `number`.
    pub fn own_key(
        &mut self,
        own: &Own<'_>,
        kind: ValueKind,
        number: u64,
        batch: &mut BatchBuilder,
    ) -> Result<u32, Malformed> {
        let name = || crate::protobuf::text(own.pair.key);
        let Some(key) = own.key.and_then(|at| self.keys.get_mut(at)) else {
            return Ok(batch.key(name()?, kind));
        };
        if key.used.0 != number {
            key.used = (number, [None; 2]);
        }
        if let Some(place) = key.used.1[kind as usize] {
            return Ok(place);
        }
        let place = batch.key(name()?, kind);
        key.used.1[kind as usize] = Some(place);
        Ok(place)
    }

    /// The index of a key. `expected` is tried first, because agents send keys in the same order
    /// each time.
    fn place(&self, expected: usize, name: &[u8]) -> Option<usize> {
        if let Some(key) = self.keys.get(expected)
            && *key.name == *name
        {
            return Some(expected);
        }
        self.keys.iter().position(|key| *key.name == *name)
    }
}

/// A cache of resources, by their encoded bytes.
#[derive(Default)]
pub(crate) struct Resources {
    known: Vec<(Box<[u8]>, Arc<hinomi_model::Resource>, u64)>,
}

/// Most cached resources. Beyond it all are forgotten.
const MAX_RESOURCES: usize = 256;

impl Resources {
    /// The resource of encoded bytes, and how many things were cut in it.
    pub fn get(
        &mut self,
        sent: &[u8],
        texts: &mut Texts,
    ) -> Result<(Arc<hinomi_model::Resource>, u64), Malformed> {
        if let Some((_, resource, cut)) = self.known.iter().find(|(bytes, ..)| **bytes == *sent) {
            return Ok((resource.clone(), *cut));
        }
        let before = texts.truncated;
        let resource = crate::resource::normalise(sent, texts)?;
        let cut = texts.truncated - before;
        texts.truncated = before;
        if self.known.len() >= MAX_RESOURCES {
            self.known.clear();
        }
        if sent.len() <= 64 << 10 {
            self.known.push((sent.into(), resource.clone(), cut));
        }
        Ok((resource, cut))
    }
}
