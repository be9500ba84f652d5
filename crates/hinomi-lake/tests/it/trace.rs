//! A trace is put together wherever its pieces are.

use crate::{
    folder::Folder,
    spans::{Spec, batch, entries, one, span, span_id, trace_id},
};
use hinomi_model::Span;

fn piece(id: u32) -> Span {
    span(&Spec {
        trace: 9,
        id,
        service: id as usize % 4,
        end_ms: i64::from(id) * 10,
        ..Spec::default()
    })
}

#[tokio::test]
async fn a_trace_in_pieces_over_segments_and_memory_is_one() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    for id in [5, 2, 4] {
        // Among others, in segments of their own.
        lake.append(entries(100 + id * 20..110 + id * 20))
            .await
            .unwrap();
        lake.append(batch(vec![piece(id)])).await.unwrap();
        lake.flush().await.unwrap();
    }
    lake.append(batch(vec![piece(1)])).await.unwrap();
    lake.append(batch(vec![piece(3)])).await.unwrap();
    let found = lake
        .trace("default".into(), trace_id(9), 100)
        .await
        .unwrap();
    assert_eq!(found.spans, (1..=5).map(piece).collect::<Vec<_>>());
    let found = lake.trace("default".into(), trace_id(9), 2).await.unwrap();
    assert_eq!(found.spans, (1..=2).map(piece).collect::<Vec<_>>());
    assert_eq!(found.omitted, 3);
    assert_eq!(
        lake.trace("other".into(), trace_id(9), 100)
            .await
            .unwrap()
            .spans,
        []
    );
}

#[tokio::test]
async fn a_span_that_came_twice_is_shown_once() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(batch(vec![piece(1), piece(1), piece(2)]))
        .await
        .unwrap();
    lake.flush().await.unwrap();
    lake.append(batch(vec![piece(2), piece(3)])).await.unwrap();
    for limit in [1, 2, 3, 100] {
        let found = lake
            .trace("default".into(), trace_id(9), limit)
            .await
            .unwrap();
        assert_eq!(
            found.spans,
            (1..=3).take(limit).map(piece).collect::<Vec<_>>()
        );
        assert_eq!(found.omitted, 3 - limit.min(3));
    }
}

#[tokio::test]
async fn of_two_copies_the_earlier_counts_wherever_they_are() {
    let copy = |end_ms| Spec {
        trace: 9,
        id: 1,
        end_ms,
        ..Spec::default()
    };
    for (first, second) in [(10, 20), (20, 10)] {
        let folder = Folder::new();
        let (lake, _) = folder.open().await;
        lake.append(one(copy(first))).await.unwrap();
        lake.append(one(copy(second))).await.unwrap();
        for _ in 0..2 {
            let found = lake
                .trace("default".into(), trace_id(9), 100)
                .await
                .unwrap();
            assert_eq!(found.spans, [span(&copy(10))]);
            lake.flush().await.unwrap();
        }
    }
}

#[tokio::test]
async fn bloom_filters_and_statistics_find_every_trace_of_many_row_groups() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    // More than a row group, and many pages.
    let many = |id: u32| {
        let mut many = span(&Spec {
            id,
            end_ms: i64::from(id % 1_000),
            ..Spec::default()
        });
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&(id / 2).wrapping_mul(2_654_435_761).to_be_bytes());
        bytes[15] = 1;
        many.trace_id = hinomi_model::TraceId::from_slice(&bytes).unwrap();
        many
    };
    let count = 70_000;
    for from in (0..count).step_by(10_000) {
        lake.append(batch((from..from + 10_000).map(many).collect()))
            .await
            .unwrap();
    }
    lake.flush().await.unwrap();
    for id in (0..count).step_by(6_998) {
        let wanted = many(id);
        let found = lake
            .trace("default".into(), wanted.trace_id, 100)
            .await
            .unwrap();
        assert_eq!(found.spans.len(), 2, "{id}");
        assert!(found.spans.contains(&wanted));
    }
    let absent = lake
        .trace("default".into(), trace_id(3), 100)
        .await
        .unwrap();
    assert_eq!(absent.spans, []);
}

#[tokio::test]
async fn a_trace_beside_one_that_a_page_cuts_in_two_is_whole() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    // Pages of 4 096 rows begin within traces; every span but a trace's first has the one before as
    // its parent.
    const OF_A_TRACE: u32 = 900;
    let chain = |trace: u8| {
        let spans = (0..OF_A_TRACE).map(move |at| {
            let id = u32::from(trace) * 1_000 + at;
            let mut link = span(&Spec {
                trace,
                id,
                end_ms: i64::from(at),
                ..Spec::default()
            });
            link.parent_span_id = (at > 0).then(|| span_id(id - 1));
            link
        });
        spans.collect::<Vec<_>>()
    };
    for trace in 1..=12 {
        lake.append(batch(chain(trace))).await.unwrap();
    }
    lake.flush().await.unwrap();
    for trace in 1..=12 {
        let found = lake.trace("default".into(), trace_id(trace), 1_000).await;
        let found = found.unwrap();
        assert!(!found.partial, "{trace}");
        assert_eq!(found.spans, chain(trace), "{trace}");
    }
}
