//! Pages: their header, the encoding of positions and levels, and the cache of decompressed pages.

mod cache;
mod header;
pub(crate) mod hybrid;

pub(crate) use cache::{CachedPage, DataPage, DictionaryValues};
pub use cache::{Dictionary, PageCache};
pub(crate) use header::{PageEncoding, PageKind, parse};
