//! Cache of decompressed pages of files.
//!
//! It has two generations. A page that is used moves to the young generation. When the young one
//! holds half of the bytes, the old one is dropped and the young one becomes old. So frequently
//! used pages stay, and a large scan cannot evict more bytes than it reads.

use crate::{ColumnarError, page::PageEncoding};
use bytes::Bytes;
use foldhash::fast::RandomState;
use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, PoisonError},
};

/// Overhead of an entry beyond its page, in bytes.
const ENTRY_BYTES: usize = 128;

/// Id of a file, and offset of a page in it.
type Key = (i64, u64);

/// A cached page.
#[derive(Debug, Clone)]
pub(crate) enum CachedPage {
    /// A data page.
    Data(DataPage),
    /// A dictionary.
    Dictionary(Arc<Dictionary>),
}

/// A data page without its header.
#[derive(Debug, Clone)]
pub(crate) struct DataPage {
    pub body: Bytes,
    pub encoding: PageEncoding,
    pub rows: usize,
}

/// The distinct values of a column in a row group.
#[derive(Debug)]
pub struct Dictionary {
    pub(crate) bytes: Bytes,
    pub(crate) values: DictionaryValues,
}

/// How the values are laid out in `bytes`.
#[derive(Debug)]
pub(crate) enum DictionaryValues {
    /// Texts, each preceded by its length in four bytes; holds the end offset of each.
    Texts(Vec<u32>),
    /// Values of this fixed width in bytes.
    Fixed(usize),
}

impl Dictionary {
    /// Number of values.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        match &self.values {
            DictionaryValues::Texts(ends) => ends.len(),
            DictionaryValues::Fixed(width) => self.bytes.len() / width.max(&1),
        }
    }

    /// Value at a position; `None` if out of range.
    #[inline]
    pub fn get(&self, at: usize) -> Option<&[u8]> {
        match &self.values {
            DictionaryValues::Texts(ends) => {
                let end = *ends.get(at)? as usize;
                let before = at.checked_sub(1).map_or(0, |before| ends[before] as usize);
                self.bytes.get(before + 4..end)
            }
            DictionaryValues::Fixed(width) => {
                let start = at.checked_mul(*width)?;
                self.bytes.get(start..start + width)
            }
        }
    }

    /// The values in order of position.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

impl CachedPage {
    fn weight(&self) -> usize {
        ENTRY_BYTES
            + match self {
                Self::Data(page) => page.body.len(),
                Self::Dictionary(dictionary) => {
                    let ends = match &dictionary.values {
                        DictionaryValues::Texts(ends) => ends.len() * 4,
                        DictionaryValues::Fixed(_) => 0,
                    };
                    dictionary.bytes.len() + ends
                }
            }
    }
}

/// The cached pages, and the decompressors that are not in use.
pub struct PageCache {
    bytes: usize,
    generations: Mutex<Generations>,
    idle: Mutex<Vec<zstd::bulk::Decompressor<'static>>>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Key, CachedPage, RandomState>,
    old: HashMap<Key, CachedPage, RandomState>,
    young_bytes: usize,
    old_bytes: usize,
}

impl PageCache {
    /// Creates a cache of about `bytes` bytes.
    pub fn new(bytes: usize) -> Self {
        Self {
            bytes,
            generations: Mutex::default(),
            idle: Mutex::default(),
        }
    }

    /// The page, which counts as used now.
    pub(crate) fn get(&self, key: Key) -> Option<CachedPage> {
        let mut generations = self.lock();
        if let Some(page) = generations.young.get(&key) {
            return Some(page.clone());
        }
        let page = generations.take_old(&key)?;
        generations.put(key, page.clone(), self.bytes / 2);
        Some(page)
    }

    /// Stores the page, unless its weight alone exceeds half of the limit.
    pub(crate) fn put(&self, key: Key, page: CachedPage) {
        if page.weight() <= self.bytes / 2 {
            self.lock().put(key, page, self.bytes / 2);
        }
    }

    /// Removes the pages of a file.
    pub fn forget(&self, file: i64) {
        let mut generations = self.lock();
        generations.old.retain(|key, _| key.0 != file);
        generations.young.retain(|key, _| key.0 != file);
        let weight =
            |pages: &HashMap<_, CachedPage, _>| pages.values().map(CachedPage::weight).sum();
        generations.young_bytes = weight(&generations.young);
        generations.old_bytes = weight(&generations.old);
    }

    /// Bytes in use.
    pub fn weight(&self) -> usize {
        let generations = self.lock();
        generations.young_bytes + generations.old_bytes
    }

    /// Decompresses to exactly `length` bytes.
    pub(crate) fn decompress(&self, bytes: &[u8], length: usize) -> Result<Bytes, ColumnarError> {
        // Page header and zstd frame must agree on the size before that much memory is allocated. A
        // frame that does not state its size is accepted.
        let own = zstd::zstd_safe::get_frame_content_size(bytes);
        if !matches!(own, Ok(own) if own.is_none_or(|own| own == length as u64)) {
            return Err(ColumnarError::Columns(
                "a page is not as long as its head says".into(),
            ));
        }
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut decompressor = match idle {
            Some(idle) => idle,
            None => zstd::bulk::Decompressor::new()
                .map_err(|error| ColumnarError::Internal(error.to_string()))?,
        };
        let plain = decompressor.decompress(bytes, length);
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(decompressor);
        let plain = plain.map_err(|error| {
            ColumnarError::Columns(format!("a page does not decompress: {error}"))
        })?;
        if plain.len() != length {
            return Err(ColumnarError::Columns(
                "a page is not as long as it says".into(),
            ));
        }
        Ok(plain.into())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations> {
        // A panic while the lock was held leaves at worst a wrong weight, so poisoning is ignored.
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn put(&mut self, key: Key, page: CachedPage, most: usize) {
        let weight = page.weight();
        if self.young_bytes + weight > most {
            self.old = mem::take(&mut self.young);
            self.old_bytes = mem::take(&mut self.young_bytes);
        }
        self.take_old(&key);
        if self.young.insert(key, page).is_none() {
            self.young_bytes += weight;
        }
    }

    fn take_old(&mut self, key: &Key) -> Option<CachedPage> {
        let page = self.old.remove(key)?;
        self.old_bytes = self.old_bytes.saturating_sub(page.weight());
        Some(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(bytes: usize) -> CachedPage {
        CachedPage::Data(DataPage {
            body: vec![0; bytes - ENTRY_BYTES].into(),
            encoding: PageEncoding::Plain,
            rows: 1,
        })
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let cache = PageCache::new(10_000);
        cache.put((1, 0), page(1_000));
        for at in 1..100 {
            assert!(cache.get((1, 0)).is_some());
            cache.put((1, at), page(1_000));
            let generations = cache.lock();
            let held = generations.young.values().chain(generations.old.values());
            let held: usize = held.map(CachedPage::weight).sum();
            drop(generations);
            assert!(held <= 10_000);
            assert_eq!(cache.weight(), held);
        }
        assert!(cache.get((1, 1)).is_none());
        assert!(cache.get((1, 99)).is_some());
        cache.put((1, 200), page(5_001));
        assert!(cache.get((1, 200)).is_none());
        cache.forget(1);
        assert!(cache.get((1, 0)).is_none() && cache.get((1, 99)).is_none());
        assert_eq!(cache.weight(), 0);
    }

    #[test]
    fn a_dictionary_has_its_values_and_no_others() {
        let texts = Dictionary {
            bytes: Bytes::from_static(b"\x02\0\0\0ab\0\0\0\0\x01\0\0\0c"),
            values: DictionaryValues::Texts(vec![6, 10, 15]),
        };
        assert_eq!(texts.iter().collect::<Vec<_>>(), [&b"ab"[..], b"", b"c"]);
        assert_eq!(texts.get(3), None);
        let fixed = Dictionary {
            bytes: Bytes::from_static(b"aabb"),
            values: DictionaryValues::Fixed(2),
        };
        assert_eq!(fixed.iter().collect::<Vec<_>>(), [b"aa", b"bb"]);
        assert_eq!(fixed.get(2), None);
    }
}
