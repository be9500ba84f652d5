//! The time that transactions spent in client calls, compared with a recount of every span, in
//! memory, after flushes and merges, and after a restart.

use crate::{
    folder::{Folder, ever},
    spans::{HOUR, SERVICES, Spec, batch, span, span_id, trace_id},
};
use hinomi_lake::{Lake, LakeError, LakeLimits, SpentCalls, SpentCount, SpentRegion, SpentSearch};
use hinomi_model::{
    CallCategory, ClientCall, Cursor, DurationRange, Outcome, OutcomeFilter, Scope, Selection,
    Span, SpanId, SpanKind, Text, TimeRange, Transaction, UnixNanos, hitmap::SLOW_THRESHOLD,
};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

/// One of our services behind an HTTP host, and so not external.
const OURS: &str = "ledger:8080";
const TARGETS: [&str; 3] = ["db:5432", OURS, "api.partner.example"];

/// The properties of a span in a trace.
#[derive(Debug, Clone)]
struct Node {
    trace: u8,
    /// Distance to its parent among the previous spans; no parent if there are fewer.
    up: usize,
    service: usize,
    /// Role of the span: entry, call, both or neither.
    role: u8,
    category: usize,
    target: usize,
    end_ms: i64,
    millis: u64,
    failed: bool,
}

fn node() -> impl Strategy<Value = Node> {
    let end_ms = prop_oneof![
        6 => -30_000_i64..30_000,
        2 => (-2_i64..2).prop_map(|column| column * 5_000),
        // Far from the span above: at the limit of what counts, and beyond.
        1 => Just(-300_000_i64),
        1 => -700_000_i64..-250_000,
        1 => 50_000_i64..90_000,
    ];
    (
        (0_u8..3, 0_usize..5, 0_usize..2, 0_u8..6),
        (0_usize..5, 0_usize..3, end_ms, 0_u64..3_000, any::<bool>()),
    )
        .prop_map(
            |((trace, up, service, role), (category, target, end_ms, millis, failed))| Node {
                trace,
                up,
                service,
                role,
                category,
                target,
                end_ms,
                millis,
                failed,
            },
        )
}

/// Spans of these nodes: a third are entries, half are calls, the others neither; some are both.
fn spans(nodes: &[Node]) -> Vec<Span> {
    let mut made: Vec<Span> = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        let of_trace = made.iter().rev();
        let parent = of_trace
            .filter(|span| span.trace_id == trace_id(node.trace))
            .nth(node.up)
            .map(|span| span.span_id);
        let mut span = span(&Spec {
            trace: node.trace,
            id: at as u32,
            service: node.service,
            instance: at % 2,
            end_ms: node.end_ms,
            duration: Duration::from_millis(node.millis),
            failed: node.failed,
            kind: SpanKind::Internal,
            ..Spec::default()
        });
        span.span_id = span_id(at as u32);
        span.parent_span_id = parent;
        let is_entry = node.role < 2 || parent.is_none();
        span.transaction = is_entry.then(|| Transaction {
            operation: format!("GET /{}", at % 3).into(),
            outcome: if node.failed {
                Outcome::Error
            } else {
                Outcome::Ok
            },
        });
        span.call = (node.role >= 3 || node.role == 0 && parent.is_none()).then(|| ClientCall {
            category: CallCategory::ALL[node.category],
            target: TARGETS[node.target].into(),
            detail: "SELECT ?".into(),
            failed: node.failed,
        });
        made.push(span);
    }
    made
}

/// The definition of the time in calls, applied directly to spans.
fn recount(spans: &[Span], search: &SpentSearch) -> Vec<(Cursor, Duration)> {
    let counts = |span: &Span| {
        span.call.as_ref().is_some_and(|call| match &search.calls {
            SpentCalls::Database => call.category == CallCategory::Database,
            SpentCalls::External { services } => {
                matches!(call.category, CallCategory::Http | CallCategory::Rpc)
                    && !services.contains(&call.target)
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
    let selection = &search.selection;
    let selected = spans.iter().filter(|span| {
        let of_service = selection.service.as_ref();
        let of_version = selection.version.as_ref();
        let outcome = span.transaction.as_ref().map(|transaction| {
            OutcomeFilter::of(transaction.outcome, span.duration(), SLOW_THRESHOLD)
        });
        outcome.is_some_and(|outcome| selection.outcome.is_none_or(|wanted| wanted == outcome))
            && search.range.contains(span.end)
            && of_service.is_none_or(|service| *service == span.resource.service)
            && of_version.is_none_or(|version| *version == span.resource.version)
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

fn external() -> SpentCalls {
    let services: HashSet<Text> = [Text::from(OURS)].into();
    SpentCalls::External {
        services: Arc::new(services),
    }
}

fn search(calls: SpentCalls, range: TimeRange) -> SpentSearch {
    SpentSearch {
        selection: Selection::default(),
        range,
        slow_threshold: SLOW_THRESHOLD,
        calls,
    }
}

fn searches() -> Vec<SpentSearch> {
    let second = |second: i64| UnixNanos(HOUR.0 + second * 1_000_000_000);
    let narrow = TimeRange::new(second(-5), second(10));
    let mut all = Vec::new();
    for calls in [SpentCalls::Database, external()] {
        for range in [ever(), narrow] {
            let plain = search(calls.clone(), range);
            let with = |selection: Selection| SpentSearch {
                selection,
                ..plain.clone()
            };
            all.push(with(Selection {
                service: Some(SERVICES[1].into()),
                ..Selection::default()
            }));
            all.push(with(Selection {
                version: Some("1.4.0".into()),
                outcome: Some(OutcomeFilter::Ok),
                ..Selection::default()
            }));
            all.push(with(Selection {
                scope: Scope {
                    environment: Some("prod".into()),
                    ..Scope::default()
                },
                outcome: Some(OutcomeFilter::Error),
                ..Selection::default()
            }));
            all.push(plain);
        }
    }
    all
}

async fn agree(lake: &Lake, spans: &[Span]) {
    for search in searches() {
        let mut expected = recount(spans, &search);
        if search.selection.scope.environment.is_some() {
            let of_prod = |row: &(Cursor, Duration)| {
                let mut all = spans.iter();
                all.any(|span| {
                    (span.trace_id, span.span_id) == (row.0.trace_id, row.0.span_id)
                        && &*span.resource.environment == "prod"
                })
            };
            expected.retain(of_prod);
        }
        let found = lake.spent(search.clone()).await.unwrap();
        contrasted(lake, spans, &search).await;
        let mut rows: Vec<_> = found.rows.iter().map(|row| (row.end, row.spent)).collect();
        rows.sort_unstable();
        let mut wanted: Vec<_> = expected.iter().map(|row| (row.0.end, row.1)).collect();
        wanted.sort_unstable();
        assert_eq!(rows, wanted, "{search:?}");

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
            let mut listed: Vec<(Cursor, Duration)> = Vec::new();
            loop {
                let after = listed.last().map(|row| row.0);
                let page = lake
                    .spent_transactions(search.clone(), spent, after, 3)
                    .await;
                let page = page.unwrap();
                let counted = found.rows.iter().filter(|row| spent.contains(row.spent));
                assert_eq!(
                    page.total,
                    counted.count() as u64,
                    "what is counted is listed"
                );
                listed.extend(page.rows.iter().map(|(row, spent)| (row.cursor(), *spent)));
                if !page.more {
                    break;
                }
            }
            let wanted = expected.iter().filter(|row| spent.contains(row.1));
            assert_eq!(
                listed,
                wanted.copied().collect::<Vec<_>>(),
                "{search:?} {spent:?}"
            );
        }
    }
}

/// Both sides of some regions equal what the list contains and lacks, and each value's count equals
/// that of the spans.
async fn contrasted(lake: &Lake, spans: &[Span], search: &SpentSearch) {
    const SAMPLE: usize = 4;
    let list = |search: SpentSearch, spent| async move {
        let page = lake.spent_transactions(search, spent, None, 1_000);
        page.await.unwrap().rows
    };
    let all = SpentSearch {
        selection: Selection {
            outcome: None,
            ..search.selection.clone()
        },
        ..search.clone()
    };
    let everything = list(all.clone(), DurationRange::default()).await;
    let second = |second: i64| UnixNanos(HOUR.0 + second * 1_000_000_000);
    for (range, min) in [
        (search.range, 1),
        (TimeRange::new(second(-10), second(5)), 0),
    ] {
        let spent = DurationRange {
            min: Some(Duration::from_millis(min)),
            max: Some(Duration::from_millis(1_500)),
        };
        let narrowed = SpentSearch {
            range: TimeRange::new(
                range.from.max(search.range.from),
                range.to.min(search.range.to),
            ),
            ..search.clone()
        };
        let selected: HashSet<SpanId> = list(narrowed, spent)
            .await
            .iter()
            .map(|(row, _)| row.span_id)
            .collect();
        let region = SpentRegion {
            range,
            spent,
            outcome: search.selection.outcome,
        };
        let found = lake.spent_contrast(all.clone(), region, SAMPLE).await;
        let found = found.unwrap();
        assert_eq!(found.selected.total, selected.len() as u64, "{search:?}");
        assert_eq!(
            found.rest.total,
            (everything.len() - selected.len()) as u64,
            "{search:?}"
        );
        for (side, is_selected) in [(&found.selected, true), (&found.rest, false)] {
            let ids: HashSet<SpanId> = side.sample.iter().map(|row| row.span_id).collect();
            assert_eq!(ids.len(), SAMPLE.min(side.total as usize), "each once");
            assert!(ids.iter().all(|id| selected.contains(id) == is_selected));
            assert!(side.sample.is_sorted_by_key(|row| row.end), "over the time");
            for row in &side.sample {
                let listed = everything.iter().any(|(listed, _)| listed == row);
                assert!(listed, "{row:?}");
            }
        }
        let recounted = |value: fn(&Span) -> Text| {
            let mut counts: BTreeMap<Text, (u64, u64)> = BTreeMap::new();
            for (row, _) in &everything {
                let span = spans.iter().find(|span| span.span_id == row.span_id);
                let counts = counts.entry(value(span.unwrap())).or_default();
                match selected.contains(&row.span_id) {
                    true => counts.0 += 1,
                    false => counts.1 += 1,
                }
            }
            let each = counts.into_iter();
            each.map(|(value, (selected, rest))| (value, selected, rest))
                .collect::<Vec<_>>()
        };
        let told = |counts: Vec<SpentCount>| {
            let each = counts.into_iter();
            each.map(|count| (count.value, count.selected, count.rest))
                .collect::<Vec<_>>()
        };
        let operation = |span: &Span| span.transaction.clone().unwrap().operation;
        assert_eq!(told(found.operations), recounted(operation));
        let instance = |span: &Span| span.resource.instance.clone();
        assert_eq!(told(found.instances), recounted(instance));
        let version = |span: &Span| span.resource.version.clone();
        assert_eq!(told(found.versions), recounted(version));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_transaction_s_time_is_the_recount_of_its_calls(
        nodes in prop::collection::vec(node(), 1..60),
        order in any::<u64>(),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(check(&nodes, order));
    }
}

/// The spans arrive in any order and are in memory, in small segments and in merged ones.
async fn check(nodes: &[Node], order: u64) {
    let spans = spans(nodes);
    let mut shuffled = spans.clone();
    shuffled.sort_by_key(|span| {
        let bytes = span.span_id.as_bytes();
        u64::from_be_bytes(*bytes)
            .wrapping_mul(order | 1)
            .rotate_left(29)
    });
    let folder = Folder::new();
    let (mut lake, _) = folder.open().await;
    let parts = shuffled.len().div_ceil(4).max(1);
    for (number, part) in shuffled.chunks(parts).enumerate() {
        lake.append(batch(part.to_vec())).await.unwrap();
        if number < 3 {
            lake.flush().await.unwrap();
        }
        if number == 1 {
            folder.clock.advance(Duration::from_secs(5_400));
            lake.maintain().await.unwrap();
        }
    }
    agree(&lake, &spans).await;
    lake.close().await.unwrap();
    drop(lake);
    lake = folder.open().await.0;
    agree(&lake, &spans).await;
}

#[tokio::test]
async fn more_spans_than_the_limit_are_said() {
    let folder = Folder::with(LakeLimits {
        spent_spans: 5,
        ..LakeLimits::default()
    });
    let (lake, _) = folder.open().await;
    let entries = |count: u32| crate::spans::entries(0..count);
    lake.append(entries(5)).await.unwrap();
    let of_all = search(SpentCalls::Database, ever());
    assert_eq!(lake.spent(of_all.clone()).await.unwrap().rows.len(), 5);
    lake.append(entries(6)).await.unwrap();
    let refused = lake.spent(of_all.clone()).await.unwrap_err();
    assert!(
        matches!(refused, LakeError::TooManySpans { limit: 5 }),
        "{refused}"
    );
    assert!(refused.to_string().contains("shorter time range"));
    let page = lake.spent_transactions(of_all, DurationRange::default(), None, 10);
    assert!(matches!(
        page.await.unwrap_err(),
        LakeError::TooManySpans { .. }
    ));
    let region = SpentRegion {
        range: ever(),
        spent: DurationRange::default(),
        outcome: None,
    };
    let of_all = search(SpentCalls::Database, ever());
    let refused = lake.spent_contrast(of_all, region, 10).await.unwrap_err();
    assert!(matches!(refused, LakeError::TooManySpans { .. }));
}

#[tokio::test]
async fn transactions_whose_spans_have_been_deleted_are_left_out_and_that_is_said() {
    let mut limits = LakeLimits::default();
    limits.retention.spans = Duration::from_secs(2 * 3_600);
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
    let found = lake
        .spent(search(SpentCalls::Database, ever()))
        .await
        .unwrap();
    let expired = found.expired_before.expect("something has been deleted");
    assert!(expired < HOUR && expired > UnixNanos(HOUR.0 - 6 * 3_600_000_000_000));
    assert_eq!(found.rows.len(), 1);
    assert_eq!(found.rows[0].end, HOUR);
    let later = TimeRange::new(HOUR, HOUR.plus(Duration::from_secs(5)));
    let found = lake
        .spent(search(SpentCalls::Database, later))
        .await
        .unwrap();
    assert_eq!((found.rows.len(), found.expired_before), (1, None));
}
