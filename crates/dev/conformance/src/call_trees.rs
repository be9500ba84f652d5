//! Transactions come with the spans of their traces, and are found again by their place.

use crate::{
    End, Subject, append,
    forest::{self, Node, node},
    questions::{all, ever},
    spans::{HOUR, SERVICES},
};
use hinomi_model::{
    CallCategory, Cursor, OutcomeFilter, Scope, Selection, Span, Text, TimeRange, UnixNanos,
    hitmap::SLOW_THRESHOLD, rollup::ServiceKey,
};
use hinomi_store::{CallTreeSearch, Store, TransactionRow};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Duration,
};

/// Number of random forests.
const FORESTS: usize = 24;

/// Call trees hold exactly the selected transactions and the spans around them.
pub async fn transactions_come_with_the_spans_of_their_traces<S: Subject>() {
    let mut runner = TestRunner::new(Config::default());
    let nodes = prop::collection::vec(node(), 1..60);
    for _ in 0..FORESTS {
        let (nodes, order) = (&nodes, any::<u64>())
            .new_tree(&mut runner)
            .unwrap()
            .current();
        // Shown by a test that fails.
        println!("{order} {nodes:#?}");
        check::<S>(&nodes, order).await;
    }
}

/// The spans arrive in any order and are in memory, in small parts and in merged ones.
async fn check<S: Subject>(nodes: &[Node], order: u64) {
    let spans = forest::spans(nodes);
    let mut shuffled = spans.clone();
    shuffled.sort_by_key(|span| {
        let bytes = span.span_id.as_bytes();
        u64::from_be_bytes(*bytes)
            .wrapping_mul(order | 1)
            .rotate_left(29)
    });
    let mut subject = S::new().await;
    let parts = shuffled.len().div_ceil(4).max(1);
    for (number, part) in shuffled.chunks(parts).enumerate() {
        append(&subject, part).await;
        if number < 3 {
            subject.flush().await;
        }
        if number == 1 {
            subject.pass(Duration::from_secs(5_400)).await;
        }
    }
    agree(subject.store(), &spans).await;
    subject.restart(End::Closed).await;
    agree(subject.store(), &spans).await;
}

fn searches() -> Vec<CallTreeSearch> {
    let second = |second: i64| UnixNanos(HOUR.0 + second * 1_000_000_000);
    let narrow = TimeRange::new(second(-5), second(10));
    let mut all = Vec::new();
    for (range, names) in [(ever(), true), (narrow, false), (narrow, true)] {
        let plain = CallTreeSearch {
            selection: Selection::of(Scope::of("default")),
            range,
            slow_threshold: SLOW_THRESHOLD,
            before: Duration::from_secs(300),
            after: Duration::from_secs(60),
            categories: vec![CallCategory::Database],
            names,
        };
        all.push(CallTreeSearch {
            selection: Selection {
                service: Some(SERVICES[1].into()),
                ..Selection::of(Scope::of("default"))
            },
            categories: vec![CallCategory::Http, CallCategory::Rpc],
            ..plain.clone()
        });
        all.push(CallTreeSearch {
            selection: Selection {
                version: Some("1.4.0".into()),
                outcome: Some(OutcomeFilter::Ok),
                ..Selection::of(Scope::of("default"))
            },
            before: Duration::ZERO,
            ..plain.clone()
        });
        all.push(CallTreeSearch {
            selection: Selection {
                scope: Scope {
                    environment: Some("prod".into()),
                    ..Scope::of("default")
                },
                outcome: Some(OutcomeFilter::Error),
                ..Selection::of(Scope::of("default"))
            },
            ..plain.clone()
        });
        all.push(plain);
    }
    all
}

async fn agree(store: &dyn Store, spans: &[Span]) {
    for search in searches() {
        let found = store.call_trees(search.clone()).await.unwrap();
        assert_eq!(found.lost, []);
        assert_eq!(found.expired_before, None);
        assert_eq!(&*found.words[0], "");
        let word = |number: u32| found.words[number as usize].clone();
        let selection = &search.selection;
        let service = |span: &Span| ServiceKey::of(&span.resource);

        let selected = spans.iter().filter(|span| {
            let outcome = span.transaction.as_ref().map(|transaction| {
                OutcomeFilter::of(transaction.outcome, span.duration(), SLOW_THRESHOLD)
            });
            let version = selection.version.as_ref();
            outcome.is_some_and(|outcome| selection.outcome.is_none_or(|wanted| wanted == outcome))
                && search.range.contains(span.end)
                && selection.has_service(&service(span))
                && version.is_none_or(|version| *version == span.resource.version)
        });
        let selected: Vec<&Span> = selected.collect();
        let name = |name: &Text| {
            if search.names {
                name.clone()
            } else {
                "".into()
            }
        };
        let expected: BTreeMap<_, _> = selected
            .iter()
            .map(|span| {
                let transaction = span.transaction.as_ref().unwrap();
                let names = [
                    name(&transaction.operation),
                    name(&span.resource.instance),
                    name(&span.resource.version),
                ];
                let is_failed = transaction.outcome == hinomi_model::Outcome::Error;
                (cursor(span), (span.duration(), is_failed, names))
            })
            .collect();
        let transactions: BTreeMap<_, _> = found
            .transactions
            .iter()
            .map(|one| {
                let names = [word(one.operation), word(one.instance), word(one.version)];
                let is_failed = one.outcome == hinomi_model::Outcome::Error;
                (one.cursor, (one.duration, is_failed, names))
            })
            .collect();
        assert_eq!(found.transactions.len(), expected.len(), "{search:?}");
        assert_eq!(transactions, expected, "{search:?}");

        let traces: HashSet<_> = selected.iter().map(|span| span.trace_id).collect();
        let around = search.around();
        let of_traces = spans.iter().filter(|span| {
            traces.contains(&span.trace_id)
                && around.contains(span.end)
                && selection.has_service(&service(span))
        });
        let expected: BTreeSet<_> = of_traces
            .map(|span| {
                let call = span.call.as_ref();
                let call = call.filter(|call| search.categories.contains(&call.category));
                (
                    (span.trace_id, span.span_id, span.parent_span_id),
                    (span.start, span.end),
                    service(span),
                    span.transaction.is_some(),
                    call.map(|call| call.target.clone()),
                )
            })
            .collect();
        let told: BTreeSet<_> = found
            .spans
            .iter()
            .map(|span| {
                (
                    (span.trace_id, span.span_id, span.parent),
                    (span.start, span.end),
                    found.services[span.service as usize].clone(),
                    span.is_entry,
                    span.call.map(word),
                )
            })
            .collect();
        assert_eq!(told, expected, "{search:?}");
    }
}

fn cursor(span: &Span) -> Cursor {
    Cursor {
        end: span.end,
        trace_id: span.trace_id,
        span_id: span.span_id,
    }
}

/// Transactions are read whole by their cursors; unknown cursors find nothing.
pub async fn transactions_are_read_by_their_place<S: Subject>() {
    let mut subject = S::new().await;
    let mut runner = TestRunner::new(Config::default());
    let nodes = prop::collection::vec(node(), 120);
    let spans = forest::spans(&nodes.new_tree(&mut runner).unwrap().current());
    let (first, second) = spans.split_at(60);
    append(&subject, first).await;
    subject.flush().await;
    append(&subject, second).await;
    let listed = subject.store().transactions(all()).await.unwrap().rows;
    assert!(listed.len() > 20);
    let mut wanted: Vec<TransactionRow> = listed.into_iter().step_by(3).collect();
    let mut cursors: Vec<Cursor> = wanted.iter().map(TransactionRow::cursor).collect();
    // One that was never there, at a time at which another ended.
    cursors.push(Cursor {
        span_id: crate::spans::span_id(9_999),
        ..cursors[0]
    });
    wanted.sort_by_key(TransactionRow::cursor);
    for _ in 0..2 {
        let read = async |project: &str, cursors: Vec<Cursor>| {
            let read = subject
                .store()
                .transactions_at(project.into(), cursors)
                .await;
            let mut rows = read.unwrap();
            rows.sort_by_key(TransactionRow::cursor);
            rows
        };
        assert_eq!(read("default", cursors.clone()).await, wanted);
        assert_eq!(read("other", cursors.clone()).await, []);
        assert_eq!(read("default", Vec::new()).await, []);
        subject.flush().await;
    }
}
