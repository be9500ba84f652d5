//! Rollups as they are stored: by bucket and key, nothing added up further.

use crate::{Families, Lost, Resolution};
use hinomi_model::{RollupKey, RollupRef, RollupSet, Selection, TimeRange, UnixNanos};

/// Rollups, and what is missing from them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RollupRows {
    /// Added up by bucket and key.
    pub rollups: RollupSet,
    /// What damaged segments in the time range had; empty when nothing is missing.
    pub lost: Vec<Lost>,
}

/// Which rollups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollupSearch {
    /// Project and filters; the outcome is left to the reader of the cells.
    pub selection: Selection,
    /// Time range; widened to whole buckets.
    pub range: TimeRange,
    /// Width of the buckets to answer with.
    pub resolution: Resolution,
    /// What is counted.
    pub families: Families,
}

/// What rollups are added up into. A key is asked about once for many of its rollups, and as often as
/// there are places that hold some.
pub(crate) trait RollupFold {
    /// Where the rollups of a key go.
    type Place: Copy;

    /// The place of a key; `None` when its rollups are not wanted.
    fn place(&mut self, key: &RollupKey) -> Option<Self::Place>;

    /// Adds one of a key with this place.
    fn add(&mut self, place: Self::Place, bucket: UnixNanos, rollup: RollupRef<'_>);
}
