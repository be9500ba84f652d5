//! Shapes seen before: an agent sends the same few dozen over and over, and what is made of one is
//! made once.
//!
//! Spans are grouped by kind, scope and name. Within a group a key whose values keep changing (an
//! order's number, a thread) is the span's *own*; all other attributes together, byte for byte, are
//! part of its identity. Two spans of one identity have one shape, unless something of their own
//! was read to make it.

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

/// Values of one key in one group, beyond which they are the spans' own.
const SHARED_VALUES: usize = 16;
/// Bytes of an attribute beyond which it is a span's own.
const SHARED_BYTES: usize = 2 << 10;
/// Shapes of a group, beyond which its most varied key becomes the spans' own.
const GROUP_SHAPES: usize = 256;
/// Keys of a group; those beyond are the spans' own.
const GROUP_KEYS: usize = 128;
/// Bytes that all groups hold, roughly; beyond it all are forgotten. Small enough for one cache a
/// processor, large enough for thousands of shapes.
const MAX_BYTES: usize = 8 << 20;

/// What was made of a shape, not bound to a request.
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
    /// The JSON object of shared attributes.
    pub attributes: Arc<str>,
    /// Things that were cut.
    pub truncated: u64,
}

impl Made {
    /// Its place in a batch.
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

/// A shape that is known.
pub(crate) struct Known {
    hash: u64,
    identity: Box<[u8]>,
    pub made: Made,
    /// Whether it has to be made anew for each span, its shared attributes aside.
    pub varies: bool,
    /// The request it was last used in, and its place there.
    used: (u64, u32),
}

impl Known {
    /// Its place in the batch of request `number`.
    pub fn place(&mut self, number: u64, batch: &mut BatchBuilder) -> u32 {
        if self.used.0 != number {
            self.used = (number, self.made.put(batch));
        }
        self.used.1
    }
}

/// Spans of one kind, scope and name.
pub(crate) struct Group {
    hash: u64,
    kind: i32,
    scope: Box<[u8]>,
    name: Box<[u8]>,
    keys: Vec<Key>,
    shapes: HashTable<Known>,
}

/// What is known of a key in a group.
struct Key {
    name: Box<[u8]>,
    /// Hashes of its values; none when they are the spans' own.
    values: Option<Vec<u64>>,
    /// The request it was last used in, and its places there as a text and as JSON.
    used: (u64, [Option<u32>; 2]),
}

/// An attribute of a span's own.
#[derive(Clone, Copy)]
pub(crate) struct Own<'a> {
    /// Position among the group's keys, when it has one there.
    key: Option<usize>,
    pub pair: RawPair<'a>,
}

/// What tells a span's attributes apart.
#[derive(Default)]
pub(crate) struct Split<'a> {
    /// Bytes that spans of one shape have alike.
    identity: Vec<u8>,
    pub own: Vec<Own<'a>>,
    /// Whether each kept attribute is the span's own.
    pub is_own: Vec<bool>,
    /// Places among the group's keys of the attributes so far.
    places: Vec<Option<usize>>,
    /// Own attributes that came twice.
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
    /// The group, a new one when there is none, and the hasher of its shapes.
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

    /// Counts what a group has learned.
    pub fn grew(&mut self, bytes: usize) {
        self.bytes += bytes;
    }
}

impl Group {
    /// Tells shared attributes from own ones. `facts` is what else is part of the identity.
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

    /// The shape of that identity.
    pub fn find(&mut self, split: &Split<'_>, hasher: &RandomState) -> Option<&mut Known> {
        let hash = hasher.hash_one(&split.identity[..]);
        self.shapes.find_mut(hash, |known| {
            known.hash == hash && *known.identity == *split.identity
        })
    }

    /// Remembers the values of shared attributes; whether one of them became the spans' own, which
    /// gives all of them another identity.
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
                // They differ in their names' order or in facts only.
                None => self.shapes.clear(),
            }
        }
        if changed {
            self.shapes.clear();
        }
        changed
    }

    /// Adds a shape; answers the bytes it takes.
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

    /// The place of an own attribute's key in the batch of request `number`.
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

    /// The place of a key: agents send them in the same order each time.
    fn place(&self, expected: usize, name: &[u8]) -> Option<usize> {
        if let Some(key) = self.keys.get(expected)
            && *key.name == *name
        {
            return Some(expected);
        }
        self.keys.iter().position(|key| *key.name == *name)
    }
}

/// Resources seen before, by their bytes.
#[derive(Default)]
pub(crate) struct Resources {
    known: Vec<(Box<[u8]>, Arc<hinomi_model::Resource>, u64)>,
}

/// Resources kept; then all are forgotten.
const MAX_RESOURCES: usize = 256;

impl Resources {
    /// The resource of those bytes, and how many things were cut in it.
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
