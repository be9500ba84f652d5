//! Cache of decoded rollups of segments, in parts, so that a query for one service does not decode
//! all.

use crate::{Families, tables::TableId, tables::rollups::table::RollupTable};
use hinomi_columnar::Cache;
use hinomi_model::{Text, UnixNanos};
use std::{ops::Range, sync::Arc, time::Duration};

/// Approximate size of a directory entry, in bytes.
const ENTRY_BYTES: usize = 96;

/// A set of a segment's rollups that is decoded and cached together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// Transactions, added up per service.
    Services,
    /// Keys of the services of one name, in the stretch of the bucket that begins at this instant.
    Of(Text, Group, UnixNanos),
}

/// Rollup families that are queried together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Group {
    /// Transactions, which take most of the bytes.
    Transactions,
    /// Calls, failed calls and errors.
    Others,
}

impl Group {
    pub const ALL: [Self; 2] = [Self::Transactions, Self::Others];

    /// The families of the group.
    pub fn families(self) -> Families {
        match self {
            Self::Transactions => Families::TRANSACTIONS,
            Self::Others => Families::CALLS | Families::ERRORS | Families::FAILED_CALLS,
        }
    }
}

/// Which rows of a segment belong to which service and stretch of its bucket, in row order.
pub(crate) type Directory = Arc<[Entry]>;

/// A range of adjacent rows.
#[derive(Debug)]
pub(crate) struct Entry {
    pub service: Text,
    /// Start of the stretch.
    pub stretch: UnixNanos,
    pub rows: Range<usize>,
}

/// A bucket is divided into this many stretches. At the ends of a long range, a query then decodes
/// one stretch instead of the whole bucket.
const STRETCHES: u32 = 4;

/// Width of a stretch in a table's buckets.
pub(crate) fn stretch(table: TableId) -> Duration {
    table.kind().bucket() / STRETCHES
}

/// Recently used parts, and the directories of their segments.
pub(crate) struct RollupCache(Cache<(i64, Option<Part>), Kept>);

#[derive(Clone)]
enum Kept {
    TableId(Arc<RollupTable>),
    Directory(Directory),
}

impl RollupCache {
    /// Creates a cache of this many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Cache::new(bytes, usize::MAX))
    }

    /// A part of a segment, if cached.
    pub fn table(&self, segment: i64, part: &Part) -> Option<Arc<RollupTable>> {
        match self.0.get(&(segment, Some(part.clone())))? {
            Kept::TableId(table) => Some(table),
            Kept::Directory(_) => None,
        }
    }

    /// Caches a part of a segment.
    pub fn keep_table(&self, segment: i64, part: Part, table: Arc<RollupTable>) {
        let weight = table.memory_size();
        self.0
            .insert((segment, Some(part)), Kept::TableId(table), weight);
    }

    /// A segment's directory, if cached.
    pub fn directory(&self, segment: i64) -> Option<Directory> {
        match self.0.get(&(segment, None))? {
            Kept::Directory(directory) => Some(directory),
            Kept::TableId(_) => None,
        }
    }

    /// Caches a segment's directory.
    pub fn keep_directory(&self, segment: i64, directory: Directory) {
        let weight = (directory.len() + 1) * ENTRY_BYTES;
        self.0
            .insert((segment, None), Kept::Directory(directory), weight);
    }

    /// Bytes in use.
    pub fn weight(&self) -> usize {
        self.0.weight()
    }

    /// Removes everything of a segment.
    pub fn forget(&self, segment: i64) {
        self.0.forget_all(|(of, _)| *of == segment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_segment_are_kept_apart_and_go_together() {
        let cache = RollupCache::new(1 << 20);
        let part = Part::Of("checkout".into(), Group::Others, UnixNanos(0));
        let entry = Entry {
            service: "checkout".into(),
            stretch: UnixNanos(0),
            rows: 0..7,
        };
        cache.keep_directory(1, Arc::new([entry]));
        cache.keep_table(1, part.clone(), Arc::default());
        cache.keep_table(2, part.clone(), Arc::default());
        assert!(cache.table(1, &part).is_some());
        assert!(cache.table(1, &Part::Services).is_none());
        assert_eq!(cache.directory(1).unwrap()[0].rows, 0..7);
        assert!(cache.directory(2).is_none());
        cache.forget(1);
        assert!(cache.table(1, &part).is_none() && cache.directory(1).is_none());
        assert!(cache.table(2, &part).is_some());
        assert_eq!(cache.weight(), 0);
    }
}
