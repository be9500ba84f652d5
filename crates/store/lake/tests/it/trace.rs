//! A trace is assembled wherever its spans are stored.

use crate::folder::Folder;
use hinomi_conformance::spans::{Spec, batch, span, span_id, trace_id};
use hinomi_lake::{Lake, LakeLimits, TraceRows, TraceStart};
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
    // Pages of 4,096 rows begin within traces. Every span except the first of a trace has the
    // previous one as its parent.
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

/// A span of a long trace; most have the previous one as their parent.
fn link(id: u32) -> Span {
    let mut link = piece(id);
    link.parent_span_id = (id % 7 != 1).then(|| span_id(id - 1));
    link
}

async fn page(lake: &Lake, start: TraceStart, limit: usize) -> TraceRows {
    let page = lake.trace_page("default".into(), trace_id(9), start, limit);
    page.await.unwrap()
}

/// All pages of a trace.
async fn pages(lake: &Lake, limit: usize) -> Vec<TraceRows> {
    let mut pages = vec![page(lake, TraceStart::First, limit).await];
    while let Some(place) = pages.last().and_then(|last| last.next) {
        pages.push(page(lake, TraceStart::After(place), limit).await);
    }
    pages
}

#[tokio::test]
async fn a_page_whose_spans_do_not_fit_into_the_memory_ends_earlier() {
    let folder = Folder::with(LakeLimits {
        query_bytes: 200_000,
        ..LakeLimits::default()
    });
    let (lake, _) = folder.open().await;
    let long = |id| {
        let mut long = link(id);
        long.attributes = format!(r#"{{"text":"{}"}}"#, "x".repeat(10_000));
        long
    };
    for ids in [1..=20, 21..=40] {
        lake.append(batch(ids.map(long).collect())).await.unwrap();
        lake.flush().await.unwrap();
    }
    lake.append(batch((41..=50).map(long).collect()))
        .await
        .unwrap();
    let pages = pages(&lake, 100).await;
    assert!(pages.iter().all(|page| page.spans.len() <= 5));
    let spans: Vec<Span> = pages.into_iter().flat_map(|page| page.spans).collect();
    assert_eq!(spans, (1..=50).map(long).collect::<Vec<_>>());
    assert_eq!(lake.stats().query_bytes, 0);
}

#[tokio::test]
async fn a_page_of_a_trace_takes_memory_for_itself_and_not_for_the_trace() {
    let count = 20_000;
    let folder = Folder::with(LakeLimits {
        // Too small even for the sort keys of all spans.
        query_bytes: count as usize * 20,
        ..LakeLimits::default()
    });
    let (lake, _) = folder.open().await;
    for from in (1..=count).step_by(5_000) {
        lake.append(batch((from..from + 5_000).map(link).collect()))
            .await
            .unwrap();
    }
    lake.flush().await.unwrap();
    let first = page(&lake, TraceStart::First, 100).await;
    assert_eq!((first.spans.len(), first.omitted), (100, 19_900));
    let last = page(&lake, TraceStart::With(span_id(count)), 100).await;
    assert_eq!((last.before, last.spans), (19_999, vec![link(count)]));
}
