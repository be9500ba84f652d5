//! A trace is assembled wherever its spans are kept.

use crate::{
    Subject, append,
    questions::ever,
    spans::{Spec, span, span_id, trace_id},
};
use hinomi_model::{Span, SpanId, SpanKind, TimeRange, UnixNanos};
use hinomi_store::{Store, TraceRows, TraceStart};
use std::{collections::HashSet, time::Duration};

fn piece(id: u32) -> Span {
    span(&Spec {
        trace: 9,
        id,
        service: id as usize % 4,
        end_ms: i64::from(id) * 10,
        ..Spec::default()
    })
}

/// Other spans, of other traces.
fn others(ids: std::ops::Range<u32>) -> Vec<Span> {
    let other = |id: u32| {
        span(&Spec {
            id,
            trace: 100 + (id % 100) as u8,
            end_ms: i64::from(id),
            ..Spec::default()
        })
    };
    ids.map(other).collect()
}

async fn page(store: &dyn Store, start: TraceStart, limit: usize) -> TraceRows {
    let page = store.trace_page("default".into(), trace_id(9), start, limit);
    page.await.unwrap()
}

/// A trace whose spans came in several parts is one.
pub async fn a_trace_in_pieces_is_one<S: Subject>() {
    let mut subject = S::new().await;
    for id in [5, 2, 4] {
        // Together with other spans.
        append(&subject, &others(100 + id * 20..110 + id * 20)).await;
        append(&subject, &[piece(id)]).await;
        subject.flush().await;
    }
    append(&subject, &[piece(1)]).await;
    append(&subject, &[piece(3)]).await;
    let found = page(subject.store(), TraceStart::First, 100).await;
    assert_eq!(found.spans, (1..=5).map(piece).collect::<Vec<_>>());
    let found = page(subject.store(), TraceStart::First, 2).await;
    assert_eq!(found.spans, (1..=2).map(piece).collect::<Vec<_>>());
    assert_eq!(found.omitted, 3);
    let other = subject
        .store()
        .trace_page("other".into(), trace_id(9), TraceStart::First, 100);
    assert_eq!(other.await.unwrap().spans, []);
}

/// A span that came twice is shown and counted once.
pub async fn a_span_that_came_twice_is_shown_once<S: Subject>() {
    let mut subject = S::new().await;
    append(&subject, &[piece(1), piece(1), piece(2)]).await;
    subject.flush().await;
    append(&subject, &[piece(2), piece(3)]).await;
    for limit in [1, 2, 3, 100] {
        let found = page(subject.store(), TraceStart::First, limit).await;
        let expected: Vec<Span> = (1..=3).take(limit).map(piece).collect();
        assert_eq!(found.spans, expected);
        assert_eq!(found.omitted, 3 - limit.min(3));
    }
}

/// Of two copies of a span, the one that ended earlier counts, in whichever order they came.
pub async fn of_two_copies_the_earlier_counts<S: Subject>() {
    let copy = |longer_ms| {
        let mut copy = piece(1);
        copy.end = copy.end.plus(Duration::from_millis(longer_ms));
        copy
    };
    for (first, second) in [(0, 20), (20, 0)] {
        let mut subject = S::new().await;
        append(&subject, &[copy(first)]).await;
        append(&subject, &[copy(second)]).await;
        for _ in 0..2 {
            let found = page(subject.store(), TraceStart::First, 100).await;
            assert_eq!(found.spans, [copy(0)]);
            subject.flush().await;
        }
    }
}

/// Spans that share an id and differ in role or start are no copies: all are there, on pages of any size.
pub async fn spans_that_share_an_id_are_all_there<S: Subject>() {
    let calling = Span {
        kind: SpanKind::Client,
        ..piece(1)
    };
    let answering = Span {
        kind: SpanKind::Server,
        ..piece(1)
    };
    let of_a_fork = Span {
        start: answering.start.plus(Duration::from_millis(1)),
        ..answering.clone()
    };
    let expected = [answering, calling, of_a_fork];
    let mut subject = S::new().await;
    append(&subject, &expected[..2]).await;
    subject.flush().await;
    append(&subject, &expected[1..]).await;
    for _ in 0..2 {
        for limit in [1, 2, 100] {
            let pages = pages(subject.store(), limit).await;
            let mut before = 0;
            for page in &pages {
                assert_eq!(page.before, before);
                before += page.spans.len();
                assert_eq!(before + page.omitted, expected.len());
            }
            let spans: Vec<Span> = pages.into_iter().flat_map(|page| page.spans).collect();
            assert_eq!(spans, expected, "{limit}");
        }
        subject.flush().await;
    }
}

/// A span of a long trace; most have the previous one as their parent.
fn link(id: u32) -> Span {
    let mut link = piece(id);
    link.parent_span_id = (id % 7 != 1).then(|| span_id(id - 1));
    link
}

/// All pages of the trace.
async fn pages(store: &dyn Store, limit: usize) -> Vec<TraceRows> {
    let mut pages = vec![page(store, TraceStart::First, limit).await];
    while let Some(place) = pages.last().and_then(|last| last.next) {
        pages.push(page(store, TraceStart::After(place), limit).await);
    }
    pages
}

/// A trace of `count` spans that came in four parts; some spans came twice.
async fn long_trace<S: Subject>(count: u32) -> S {
    let mut subject = S::new().await;
    let spans = |rest: u32| (1..=count).filter(move |id| id % 4 == rest).map(link);
    for rest in 0..3 {
        append(&subject, &others(9_000 + rest * 20..9_010 + rest * 20)).await;
        append(&subject, &spans(rest).collect::<Vec<_>>()).await;
        subject.flush().await;
    }
    let repeated = (1..=count).step_by(5).map(link);
    append(&subject, &spans(3).chain(repeated).collect::<Vec<_>>()).await;
    subject
}

/// Pages of any size hold every span of a trace once and say how many lie on other pages.
pub async fn every_span_of_a_long_trace_is_on_one_page_and_counted_on_each<S: Subject>() {
    let count = 60;
    let mut subject: S = long_trace(count).await;
    for flushed in [false, true] {
        if flushed {
            subject.flush().await;
        }
        for limit in [1, 7, 59, 60, 1_000] {
            let pages = pages(subject.store(), limit).await;
            assert_eq!(pages.len(), (count as usize).div_ceil(limit), "{limit}");
            let mut before = 0;
            for page in &pages {
                assert_eq!(page.before, before);
                before += page.spans.len();
                assert_eq!(before + page.omitted, count as usize);
                let here: HashSet<SpanId> = page.spans.iter().map(|span| span.span_id).collect();
                let parents = page.spans.iter().filter_map(|span| span.parent_span_id);
                let elsewhere = parents.filter(|id| !here.contains(id)).collect();
                assert_eq!(page.elsewhere, elsewhere, "every parent is somewhere");
            }
            let spans: Vec<Span> = pages.into_iter().flat_map(|page| page.spans).collect();
            assert_eq!(spans, (1..=count).map(link).collect::<Vec<_>>(), "{limit}");
        }
    }
}

/// A page begins at a span whose id is known.
pub async fn the_page_with_a_span_is_found_by_its_id<S: Subject>() {
    let subject: S = long_trace(60).await;
    for (id, first) in [(1, 1), (10, 1), (11, 11), (60, 60), (999, 1)] {
        let page = page(subject.store(), TraceStart::With(span_id(id)), 10).await;
        assert_eq!(page.spans[0], link(first), "{id}");
        assert_eq!(page.before, first as usize - 1);
        assert_eq!(page.before + page.spans.len() + page.omitted, 60);
    }
}

/// Several traces are read with one question; those without spans are absent.
pub async fn the_first_spans_of_several_traces_are_had_at_once<S: Subject>() {
    let mut subject: S = long_trace(60).await;
    subject.flush().await;
    append(&subject, &others(60..62)).await;
    let ids = vec![trace_id(9), trace_id(77), trace_id(160)];
    let traces = async |range: TimeRange, most| {
        let time = Duration::from_secs(60);
        let found = subject
            .store()
            .traces("default".into(), ids.clone(), range, most, time);
        found.await.unwrap()
    };
    let found = traces(ever(), 4).await;
    let expected = [
        (trace_id(9), (1..=4).map(link).collect()),
        (trace_id(160), others(60..61)),
    ];
    assert_eq!(found, expected);
    // Spans outside the range may be missing; those inside it are there.
    let before = TimeRange::new(UnixNanos(0), link(3).start);
    let found = traces(before, 4).await;
    assert!(
        found
            .iter()
            .any(|(id, spans)| *id == trace_id(9) && spans.contains(&link(1)))
    );
}
