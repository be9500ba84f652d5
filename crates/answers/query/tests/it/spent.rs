//! The time that transactions spent in client calls, compared with a recount of every span: on the
//! map, in the list, and in the differences of a region.

use hinomi_conformance::{
    forest::{Node, OURS, node, spans},
    questions::ever,
    spans::{HOUR, SERVICES},
};
use hinomi_io::clock::ManualClock;
use hinomi_live::{Live, LiveLimits};
use hinomi_memory_store::MemoryStore;
use hinomi_model::{
    CallCategory, Cursor, DurationRange, OutcomeFilter, Scope, Selection, Span, SpanId, Text,
    TimeRange, UnixNanos,
    hitmap::{SLOW_THRESHOLD, row_edge, row_of},
};
use hinomi_query::{
    Query,
    answer::{ContrastKind, SpentIn},
};
use hinomi_store::{Batch, Peer, Registry, TelemetryWrite};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

/// The query over a store that holds these spans.
async fn query(spans: &[Span]) -> Query {
    let clock = Arc::new(ManualClock::at(HOUR.0));
    let store = MemoryStore::new(clock.clone());
    store.append(Batch::of("default", spans)).await.unwrap();
    let peer = Peer {
        target: OURS.into(),
        service: "ledger".into(),
        seen: HOUR,
    };
    let learned = store.learn_peer("default".into(), peer);
    learned.await.unwrap();
    let live = Live::new(HOUR, LiveLimits::default());
    Query::new(Arc::new(store), Arc::new(live), clock)
}

/// The definition of the time in calls, applied directly to spans: the selected transactions, newest
/// first.
fn recount(
    spans: &[Span],
    spent_in: SpentIn,
    selection: &Selection,
    range: TimeRange,
) -> Vec<(Cursor, Duration)> {
    let counts = |span: &Span| {
        span.call.as_ref().is_some_and(|call| match spent_in {
            SpentIn::Database => call.category == CallCategory::Database,
            SpentIn::External => {
                matches!(call.category, CallCategory::Http | CallCategory::Rpc)
                    && &*call.target != OURS
            }
        })
    };
    let of_id = |trace, id: SpanId| {
        let mut all = spans.iter();
        all.find(|span| span.trace_id == trace && span.span_id == id)
    };
    // The entry span above a call, if all spans between belong to the service and none is such a
    // call.
    let entry = |call: &Span| {
        let mut way = vec![call];
        while way.last()?.transaction.is_none() {
            let last = way.last()?;
            let above = of_id(last.trace_id, last.parent_span_id?)?;
            if counts(above) || above.resource.service != call.resource.service {
                return None;
            }
            way.push(above);
        }
        let entry = *way.last()?;
        let earliest = entry.end.minus(Duration::from_secs(300));
        let latest = entry.end.plus(Duration::from_secs(60));
        let near = way
            .iter()
            .all(|span| earliest <= span.end && span.end <= latest);
        near.then_some((entry.trace_id, entry.span_id))
    };
    let is = |wanted: &Option<Text>, have: &Text| wanted.as_ref().is_none_or(|one| one == have);
    let selected = spans.iter().filter(|span| {
        let outcome = span.transaction.as_ref().map(|transaction| {
            OutcomeFilter::of(transaction.outcome, span.duration(), SLOW_THRESHOLD)
        });
        outcome.is_some_and(|outcome| selection.outcome.is_none_or(|wanted| wanted == outcome))
            && range.contains(span.end)
            && is(&selection.service, &span.resource.service)
            && is(&selection.version, &span.resource.version)
            && is(&selection.scope.environment, &span.resource.environment)
    });
    let mut rows: Vec<(Cursor, Duration)> = selected
        .map(|span| {
            let calls = spans
                .iter()
                .filter(|call| counts(call) && entry(call) == Some((span.trace_id, span.span_id)));
            let cursor = Cursor {
                end: span.end,
                trace_id: span.trace_id,
                span_id: span.span_id,
            };
            (cursor, calls.map(Span::duration).sum())
        })
        .collect();
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.0));
    rows
}

fn second(second: i64) -> UnixNanos {
    UnixNanos(HOUR.0 + second * 1_000_000_000)
}

fn selections() -> Vec<Selection> {
    vec![
        Selection::of(Scope::of("default")),
        Selection {
            service: Some(SERVICES[1].into()),
            ..Selection::of(Scope::of("default"))
        },
        Selection {
            version: Some("1.4.0".into()),
            outcome: Some(OutcomeFilter::Ok),
            ..Selection::of(Scope::of("default"))
        },
        Selection {
            scope: Scope {
                environment: Some("prod".into()),
                ..Scope::of("default")
            },
            outcome: Some(OutcomeFilter::Error),
            ..Selection::of(Scope::of("default"))
        },
    ]
}

/// All pages of a list, three rows each; every page tells the whole number.
async fn list(
    query: &Query,
    spent_in: SpentIn,
    selection: &Selection,
    (range, spent): (TimeRange, DurationRange),
) -> Vec<(Cursor, Duration)> {
    let mut listed: Vec<(Cursor, Duration)> = Vec::new();
    loop {
        let after = listed.last().map(|row| row.0);
        let page = query
            .spent_transactions(spent_in, selection, (range, spent), after, 3)
            .await
            .unwrap();
        let rows = page.page.items.iter().map(|item| Cursor {
            end: item.end,
            trace_id: item.trace_id,
            span_id: item.span_id,
        });
        listed.extend(rows.zip(page.spent));
        match page.page.next {
            Some(next) => assert_eq!(Some(next), listed.last().map(|row| row.0)),
            None => {
                assert_eq!(page.page.total, listed.len() as u64);
                return listed;
            }
        }
    }
}

async fn check(nodes: &[Node]) {
    let spans = spans(nodes);
    let query = query(&spans).await;
    for spent_in in SpentIn::ALL {
        for selection in selections() {
            for range in [ever(), TimeRange::new(second(-5), second(10))] {
                let expected = recount(&spans, spent_in, &selection, range);
                for (min, max) in [
                    (None, None),
                    (Some(1), None),
                    (None, Some(900)),
                    (Some(500), Some(2_000)),
                ] {
                    let spent = DurationRange {
                        min: min.map(Duration::from_millis),
                        max: max.map(Duration::from_millis),
                    };
                    let listed = list(&query, spent_in, &selection, (range, spent)).await;
                    let wanted = expected.iter().filter(|row| spent.contains(row.1));
                    let wanted: Vec<_> = wanted.copied().collect();
                    assert_eq!(listed, wanted, "{spent_in:?} {selection:?} {spent:?}");
                }
            }
            map(&query, spent_in, &selection).await;
            contrast(&query, &spans, spent_in, &selection).await;
        }
    }
}

/// Each cell of the map counts what the list of its region has.
async fn map(query: &Query, spent_in: SpentIn, selection: &Selection) {
    let range = TimeRange::new(second(-30), second(30));
    let found = query
        .spent_hitmap(spent_in, selection, range)
        .await
        .unwrap();
    let all = list(
        query,
        spent_in,
        selection,
        (found.map.range, DurationRange::default()),
    )
    .await;
    let total = found.map.total;
    assert_eq!(total.ok + total.slow + total.error, all.len() as u64);
    for cell in &found.map.cells {
        let from = found.map.range.from.plus(found.map.column * cell.column);
        let region = (
            TimeRange::new(from, from.plus(found.map.column)),
            DurationRange {
                min: Some(row_edge(cell.row.into())),
                max: None,
            },
        );
        let listed = list(query, spent_in, selection, region).await;
        let of_row = listed.iter().filter(|(_, time)| row_of(*time) == cell.row);
        let counts = cell.counts;
        assert_eq!(
            counts.ok + counts.slow + counts.error,
            of_row.count() as u64
        );
    }
}

/// Both sides of a region equal what the list contains and lacks, and each value's count equals that
/// of the spans.
async fn contrast(query: &Query, spans: &[Span], spent_in: SpentIn, selection: &Selection) {
    let window = TimeRange::new(second(-30), second(30));
    let all = Selection {
        outcome: None,
        ..selection.clone()
    };
    let whole = query
        .spent_hitmap(spent_in, &all, window)
        .await
        .unwrap()
        .map
        .range;
    let everything = list(query, spent_in, &all, (whole, DurationRange::default())).await;
    for (inside, min) in [(window, 1), (TimeRange::new(second(-10), second(5)), 0)] {
        let spent = DurationRange {
            min: Some(Duration::from_millis(min)),
            max: Some(Duration::from_millis(1_500)),
        };
        let selected = list(query, spent_in, selection, (inside, spent)).await;
        let selected: HashSet<SpanId> = selected.iter().map(|row| row.0.span_id).collect();
        let found = query
            .spent_contrast(spent_in, selection, window, (inside, spent))
            .await
            .unwrap();
        assert_eq!(found.selected, selected.len() as u64);
        assert_eq!(found.rest, (everything.len() - selected.len()) as u64);
        for (sample, is_selected) in [(&found.selected_sample, true), (&found.rest_sample, false)] {
            for sampled in sample {
                assert_eq!(selected.contains(&sampled.item.span_id), is_selected);
            }
            assert!(sample.is_sorted_by_key(|sampled| sampled.item.end));
        }
        let value = |kind, span: &Span| match kind {
            ContrastKind::Operation => span.transaction.clone().unwrap().operation,
            ContrastKind::Instance => span.resource.instance.clone(),
            ContrastKind::Version => span.resource.version.clone(),
        };
        let mut counts: BTreeMap<(ContrastKind, Text), (u64, u64)> = BTreeMap::new();
        for (cursor, _) in &everything {
            let span = spans.iter().find(|span| span.span_id == cursor.span_id);
            for kind in [
                ContrastKind::Operation,
                ContrastKind::Instance,
                ContrastKind::Version,
            ] {
                let counts = counts
                    .entry((kind, value(kind, span.unwrap())))
                    .or_default();
                match selected.contains(&cursor.span_id) {
                    true => counts.0 += 1,
                    false => counts.1 += 1,
                }
            }
        }
        let told = found.counted.into_iter();
        let told = told.map(|one| ((one.kind, one.value), (one.selected, one.rest)));
        assert_eq!(told.collect::<Vec<_>>(), Vec::from_iter(counts));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_transaction_s_time_is_the_recount_of_its_calls(
        nodes in prop::collection::vec(node(), 1..60),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(check(&nodes));
    }
}
