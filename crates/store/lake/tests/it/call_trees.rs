//! Call trees say when they would be too large, and what has expired.

use crate::folder::{Folder, ever};
use hinomi_conformance::spans::{HOUR, Spec, batch, span};
use hinomi_lake::{LakeError, LakeLimits, TableId};
use hinomi_model::{
    CallCategory, Scope, Selection, SpanKind, TimeRange, UnixNanos, hitmap::SLOW_THRESHOLD,
};
use hinomi_store::CallTreeSearch;
use std::time::Duration;

fn search(range: TimeRange) -> CallTreeSearch {
    CallTreeSearch {
        selection: Selection::of(Scope::of("default")),
        range,
        slow_threshold: SLOW_THRESHOLD,
        before: Duration::from_secs(300),
        after: Duration::from_secs(60),
        categories: vec![CallCategory::Database],
        names: false,
    }
}

#[tokio::test]
async fn more_spans_than_the_limit_are_said() {
    let folder = Folder::with(LakeLimits {
        call_tree_spans: 5,
        ..LakeLimits::default()
    });
    let (lake, _) = folder.open().await;
    let below = |id: u32| {
        span(&Spec {
            id,
            kind: SpanKind::Internal,
            ..Spec::default()
        })
    };
    let entry = span(&Spec::default());
    let spans = (2..6).map(below).chain([entry]).collect();
    lake.append(batch(spans)).await.unwrap();
    let found = lake.call_trees(search(ever())).await.unwrap();
    assert_eq!((found.transactions.len(), found.spans.len()), (1, 5));
    // A sixth, in memory and then in a segment.
    lake.append(batch(vec![below(10)])).await.unwrap();
    for _ in 0..2 {
        let refused = lake.call_trees(search(ever())).await.unwrap_err();
        assert!(
            matches!(refused, LakeError::TooManySpans { limit: 5 }),
            "{refused}"
        );
        assert!(refused.to_string().contains("shorter time range"));
        lake.flush().await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_keeps_its_memory_reserved_until_it_is_dropped() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    let entries = hinomi_conformance::spans::entries(0..50);
    lake.append(entries).await.unwrap();
    lake.flush().await.unwrap();
    let found = lake.call_trees(search(ever())).await.unwrap();
    assert!(lake.stats().query_bytes > 50 * 136);
    drop(found);
    assert_eq!(lake.stats().query_bytes, 0);
}

#[tokio::test]
async fn transactions_whose_spans_have_been_deleted_are_left_out_and_that_is_said() {
    let mut limits = LakeLimits::default();
    let two_hours = Duration::from_secs(2 * 3_600);
    limits.retention = limits.retention.keeping(TableId::SPANS, two_hours);
    let folder = Folder::with(limits);
    let (lake, _) = folder.open().await;
    let at = |id: u32, hours: i64| {
        span(&Spec {
            id,
            end_ms: hours * 3_600_000,
            ..Spec::default()
        })
    };
    lake.append(batch(vec![at(1, -6), at(2, 0)])).await.unwrap();
    lake.flush().await.unwrap();
    lake.maintain().await.unwrap();
    let found = lake.call_trees(search(ever())).await.unwrap();
    let expired = found.expired_before.expect("something has been deleted");
    assert!(expired < HOUR && expired > UnixNanos(HOUR.0 - 6 * 3_600_000_000_000));
    assert_eq!(found.transactions.len(), 1);
    assert_eq!(found.transactions[0].cursor.end, HOUR);
    let later = TimeRange::new(HOUR, HOUR.plus(Duration::from_secs(5)));
    let found = lake.call_trees(search(later)).await.unwrap();
    assert_eq!((found.transactions.len(), found.expired_before), (1, None));
}
