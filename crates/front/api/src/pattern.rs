//! The JSON of a pattern, as the hitmap's answer, the live stream and the pages have it.

use crate::wire::millis;
use hinomi_analysis::pattern::HitmapPattern;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// A pattern and where it is on the map.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PatternWire {
    /// `vertical`, `horizontal`, `wave`, `overload` or `flood`.
    kind: &'static str,
    from_ms: i64,
    to_ms: i64,
    min_ms: f64,
    /// Null when the region is open-ended.
    max_ms: Option<f64>,
    /// Duration of a horizontal line, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    constant_ms: Option<f64>,
    /// Time from one crest of a wave to the next, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    period_ms: Option<f64>,
    /// Number of transactions in the region.
    count: u64,
    /// How many of them failed. A horizontal line of which most failed is a timeout.
    failed: u64,
    /// Factor on the usual number.
    strength: f64,
    /// Whether most services show it at that time. Always false on a map by the time in calls:
    /// there it is not searched in other services.
    of_all: bool,
}

impl PatternWire {
    /// The patterns of a map.
    pub fn all(patterns: &[HitmapPattern]) -> Vec<Self> {
        patterns.iter().map(Self::of).collect()
    }

    fn of(pattern: &HitmapPattern) -> Self {
        // Row edges are whole microseconds.
        let edge = |edge: Duration| edge.as_micros() as f64 / 1e3;
        Self {
            kind: pattern.kind.as_str(),
            from_ms: pattern.from.millis(),
            to_ms: pattern.to.millis(),
            min_ms: edge(pattern.min),
            max_ms: pattern.max.map(edge),
            constant_ms: pattern.constant.map(millis),
            period_ms: pattern.period.map(|period| millis(period).round()),
            count: pattern.count,
            failed: pattern.failed,
            strength: (pattern.strength * 10.0).round() / 10.0,
            of_all: pattern.of_all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_analysis::pattern::PatternKind;
    use hinomi_model::{
        UnixNanos,
        hitmap::{row_edge, row_of},
    };

    #[test]
    fn a_pattern_has_the_shape_of_the_contract() {
        let row = usize::from(row_of(Duration::from_micros(1_120)));
        let line = HitmapPattern {
            kind: PatternKind::Horizontal,
            from: UnixNanos::from_millis(400_000),
            to: UnixNanos::from_millis(600_000),
            min: row_edge(row),
            max: None,
            constant: Some(Duration::from_secs(3)),
            period: None,
            count: 80,
            failed: 78,
            strength: 7.26,
            of_all: false,
        };
        let expected = serde_json::json!({
            "kind": "horizontal", "from_ms": 400_000, "to_ms": 600_000,
            "min_ms": 1.12, "max_ms": null, "constant_ms": 3_000.0,
            "count": 80, "failed": 78, "strength": 7.3, "of_all": false,
        });
        let found = serde_json::to_value(PatternWire::of(&line)).unwrap();
        assert_eq!(found, expected);
    }
}
