//! Questions for everything, from which the cases make narrower ones.

use crate::spans::HOUR;
use hinomi_model::{DurationRange, Scope, Selection, TimeRange, UnixNanos, hitmap::SLOW_THRESHOLD};
use hinomi_store::{
    Dimensions, Families, Measures, Resolution, RollupQuestion, Steps, TransactionSearch,
};

/// A range that contains all times of the cases.
pub fn ever() -> TimeRange {
    TimeRange::new(UnixNanos(0), UnixNanos(HOUR.0 * 2))
}

/// Search for every transaction of the default project.
pub fn all() -> TransactionSearch {
    TransactionSearch {
        selection: Selection::of(Scope::of("default")),
        range: ever(),
        duration: DurationRange::default(),
        slow_threshold: SLOW_THRESHOLD,
        text: None,
        terms: Vec::new(),
        after: None,
        limit: 1_000,
    }
}

/// Question for every rollup of the default project, with all that can be kept apart kept apart.
pub fn all_rollups(resolution: Resolution) -> RollupQuestion {
    let every = [
        Dimensions::SERVICE,
        Dimensions::OPERATION,
        Dimensions::INSTANCE,
        Dimensions::VERSION,
        Dimensions::TARGET,
        Dimensions::DETAIL,
        Dimensions::ERROR_TYPE,
        Dimensions::FAILURE,
        Dimensions::KIND,
    ];
    RollupQuestion {
        selection: Selection::of(Scope::of("default")),
        range: ever(),
        resolution,
        steps: Steps::Whole,
        families: Families::ALL,
        calls: None,
        by: every
            .into_iter()
            .fold(Dimensions::NONE, |all, one| all | one),
        measures: Measures::LATENCY | Measures::CELLS,
        slow_thresholds: Some(SLOW_THRESHOLD.into()),
        categories: Vec::new(),
        kinds: Vec::new(),
    }
}
