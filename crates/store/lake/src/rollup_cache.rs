//! Decoded rollups of segments, in parts: who looks at one service does not pay for all.

use crate::{Families, cache::Cache, rollup_table::RollupTable, schema::Table};
use hinomi_model::{Text, UnixNanos};
use std::{ops::Range, sync::Arc, time::Duration};

/// Bytes that an entry of a directory takes, roughly.
const ENTRY_BYTES: usize = 96;

/// Which of a segment's rollups are decoded and kept together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// Transactions of whole services, added up.
    Services,
    /// Keys of the services of one name, of the stretch of the bucket that begins then.
    Of(Text, Group, UnixNanos),
}

/// Families of rollups that are asked for together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Group {
    /// Transactions: most of the bytes.
    Transactions,
    /// Calls, failed calls and errors.
    Others,
}

impl Group {
    pub const ALL: [Self; 2] = [Self::Transactions, Self::Others];

    /// Its families.
    pub fn families(self) -> Families {
        match self {
            Self::Transactions => Families::TRANSACTIONS,
            Self::Others => Families::CALLS | Families::ERRORS | Families::FAILED_CALLS,
        }
    }
}

/// Which rows of a segment are whose and of which stretch of its bucket, in their order.
pub(crate) type Directory = Arc<[Entry]>;

/// Rows that follow each other.
#[derive(Debug)]
pub(crate) struct Entry {
    pub service: Text,
    /// Where the stretch begins.
    pub stretch: UnixNanos,
    pub rows: Range<usize>,
}

/// Stretches of a bucket: the ends of a long range are read of one, and not of all of them.
const STRETCHES: u32 = 4;

/// Width of a stretch of a table's buckets.
pub(crate) fn stretch(table: Table) -> Duration {
    table.bucket() / STRETCHES
}

/// The parts that were used lately, and the directories of their segments.
pub(crate) struct RollupCache(Cache<(i64, Option<Part>), Kept>);

#[derive(Clone)]
enum Kept {
    Table(Arc<RollupTable>),
    Directory(Directory),
}

impl RollupCache {
    /// A cache of so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Cache::new(bytes, usize::MAX))
    }

    /// A part of a segment, if it is kept.
    pub fn table(&self, segment: i64, part: &Part) -> Option<Arc<RollupTable>> {
        match self.0.get(&(segment, Some(part.clone())))? {
            Kept::Table(table) => Some(table),
            Kept::Directory(_) => None,
        }
    }

    /// Keeps a part of a segment.
    pub fn keep_table(&self, segment: i64, part: Part, table: Arc<RollupTable>) {
        let weight = table.memory_size();
        self.0
            .insert((segment, Some(part)), Kept::Table(table), weight);
    }

    /// A segment's directory, if it is kept.
    pub fn directory(&self, segment: i64) -> Option<Directory> {
        match self.0.get(&(segment, None))? {
            Kept::Directory(directory) => Some(directory),
            Kept::Table(_) => None,
        }
    }

    /// Keeps a segment's directory.
    pub fn keep_directory(&self, segment: i64, directory: Directory) {
        let weight = (directory.len() + 1) * ENTRY_BYTES;
        self.0
            .insert((segment, None), Kept::Directory(directory), weight);
    }

    /// Bytes that are kept.
    pub fn weight(&self) -> usize {
        self.0.weight()
    }

    /// Drops all of a segment.
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
