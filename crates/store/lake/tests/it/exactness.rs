//! Hitmap and drill-down agree: random workloads with late spans, flushes and restarts, with every
//! answer compared with the model.

use crate::{
    folder::{Folder, all, all_rollups},
    model::Model,
    spans::{HOUR, SERVICES, Spec, batch, span},
};
use hinomi_lake::{Families, Lake, LakeLimits, Resolution, RollupSearch, TransactionSearch};
use hinomi_model::{
    DurationRange, OutcomeFilter, RollupKey, Scope, Selection, SpanKind, Text, TimeRange,
    UnixNanos,
    hitmap::{ROWS, row_edge},
};
use proptest::prelude::*;
use std::time::Duration;

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Spec>),
    Flush,
    /// Advances the clock and merges what is due.
    Compact {
        minutes: u64,
    },
    /// Restarts, after closing or after a crash.
    Reopen {
        close: bool,
    },
}

fn spec() -> impl Strategy<Value = Spec> {
    // Ends cluster around two hour edges, some exactly on the edge, some a month late.
    let end_ms = prop_oneof![
        4 => -20_000_i64..20_000,
        2 => (-4_i64..4).prop_map(|column| column * 5_000),
        1 => (3_600_000_i64 - 9_000)..(3_600_000 + 9_000),
        1 => Just(-30 * 24 * 3_600_000_i64),
    ];
    let duration = prop_oneof![
        0_u64..2_000_000_000,
        (0..ROWS).prop_map(|row| row_edge(row).as_nanos() as u64),
        0_u64..100_000_000_000,
    ];
    let kind = prop_oneof![
        3 => Just(SpanKind::Server),
        1 => Just(SpanKind::Client),
        1 => Just(SpanKind::Internal)
    ];
    (
        0_u8..6,
        0..SERVICES.len(),
        0_usize..3,
        0_usize..4,
        end_ms,
        duration,
        kind,
        0_u8..8,
    )
        .prop_map(
            |(trace, service, instance, operation, end_ms, duration, kind, flags)| Spec {
                trace,
                id: 0,
                service,
                instance,
                operation,
                end_ms,
                duration: Duration::from_nanos(duration),
                kind,
                failed: flags & 3 == 0,
                call: kind == SpanKind::Client || flags & 4 == 0,
            },
        )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => prop::collection::vec(spec(), 1..90).prop_map(Step::Append),
        2 => Just(Step::Flush),
        2 => (0_u64..90).prop_map(|minutes| Step::Compact { minutes }),
        1 => any::<bool>().prop_map(|close| Step::Reopen { close }),
    ];
    prop::collection::vec(step, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_cells_of_any_region_count_the_transactions_listed(
        steps in steps(),
        small_memtable in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(check(steps, small_memtable));
    }
}

async fn check(steps: Vec<Step>, small_memtable: bool) {
    let mut limits = LakeLimits::default();
    if small_memtable {
        // Sealed by size, in the background, while others are appended.
        limits.memtable_bytes = 40_000;
        limits.buckets_per_flush = 3;
    }
    let folder = Folder::with(limits);
    let (mut lake, _) = folder.open().await;
    let (mut model, mut id) = (Model::default(), 0);
    for step in steps {
        match step {
            Step::Append(specs) => {
                let numbered = specs.into_iter().map(|spec| {
                    id += 1;
                    span(&Spec { id, ..spec })
                });
                let spans: Vec<_> = numbered.collect();
                model.spans.extend(spans.iter().cloned());
                lake.append(batch(spans)).await.unwrap();
            }
            Step::Flush => lake.flush().await.unwrap(),
            Step::Compact { minutes } => {
                folder.clock.advance(Duration::from_secs(minutes * 60));
                lake.maintain().await.unwrap();
            }
            Step::Reopen { close } => {
                if close {
                    lake.close().await.unwrap();
                }
                drop(lake);
                lake = folder.open().await.0;
            }
        }
        agree(&lake, &model).await;
    }
}

async fn agree(lake: &Lake, model: &Model) {
    for search in searches() {
        let rows = model.transactions(&search);
        let found = lake.transactions(search.clone()).await.unwrap();
        assert_eq!(found.total, rows.len() as u64, "{search:?}");
        assert_eq!(
            found.rows,
            rows[..rows.len().min(search.limit)],
            "{search:?}"
        );
        assert!(!found.partial);
        let times = lake.transaction_times(search.clone()).await.unwrap();
        let mut times = times.unwrap().times;
        times.sort_unstable();
        let mut ran: Vec<_> = rows.iter().map(|row| (row.end, row.duration)).collect();
        ran.sort_unstable();
        assert_eq!(times, ran, "{search:?}");
        agree_with_cells(lake, &search, found.total).await;
    }
    for search in rollup_searches() {
        let found = lake.rollups(search.clone()).await.unwrap();
        assert_eq!(found.lost, []);
        assert_eq!(found.rollups, model.rollups(&search), "{search:?}");
    }
    for trace in 0..6 {
        let id = crate::spans::trace_id(trace);
        let mut spans: Vec<_> = model
            .spans
            .iter()
            .filter(|span| span.trace_id == id)
            .cloned()
            .collect();
        spans.sort_by_key(|span| (span.start, span.end, span.span_id));
        let found = lake.trace("default".into(), id, 10_000).await.unwrap();
        assert_eq!(found.spans, spans);
        assert_eq!((found.omitted, found.partial), (0, false));
    }
    let mut keys = lake.span_keys_since(UnixNanos(0)).await.unwrap();
    let mut expected: Vec<_> = model
        .spans
        .iter()
        .map(|span| (span.trace_id, span.span_id))
        .collect();
    keys.sort_unstable();
    expected.sort_unstable();
    assert_eq!(keys, expected);
}

/// In a region of whole columns and rows, the cells contain as many transactions as the list.
async fn agree_with_cells(lake: &Lake, search: &TransactionSearch, total: u64) {
    let column = Resolution::FiveSeconds.width();
    let edge = |bound: Option<Duration>| {
        bound.is_none_or(|bound| (0..ROWS).any(|row| row_edge(row) == bound))
    };
    let whole = search.range.widened(column) == search.range
        && edge(search.duration.min)
        && edge(search.duration.max)
        && search.text.is_none();
    if !whole {
        return;
    }
    let rollups = RollupSearch {
        selection: search.selection.clone(),
        range: search.range,
        resolution: Resolution::FiveSeconds,
        families: Families::TRANSACTIONS,
    };
    let found = lake.rollups(rollups).await.unwrap().rollups;
    let slow_from = hinomi_model::hitmap::first_row_from(search.slow_threshold);
    let mut counted = 0;
    for cell in found.iter().flat_map(|(_, _, rollup)| &rollup.cells) {
        let row = usize::from(cell.row);
        if !search.duration.contains(row_edge(row)) {
            continue;
        }
        let (ok, slow) = if row >= slow_from {
            (0, cell.ok)
        } else {
            (cell.ok, 0)
        };
        counted += u64::from(match search.selection.outcome {
            None => cell.ok + cell.error,
            Some(OutcomeFilter::Ok) => ok,
            Some(OutcomeFilter::Slow) => slow,
            Some(OutcomeFilter::Error) => cell.error,
        });
    }
    assert_eq!(counted, total, "{search:?}");
}

fn searches() -> Vec<TransactionSearch> {
    let seconds = |from: i64, to: i64| {
        let at = |second: i64| UnixNanos(HOUR.0 + second * 1_000_000_000);
        TimeRange::new(at(from), at(to))
    };
    let text = |word: &str| Some(Text::from(word));
    let select = |selection: Selection| TransactionSearch { selection, ..all() };
    let plain = Selection::default;
    let mut searches = vec![
        all(),
        TransactionSearch { limit: 7, ..all() },
        TransactionSearch { limit: 0, ..all() },
        TransactionSearch {
            range: seconds(-10, 5),
            ..all()
        },
        TransactionSearch {
            range: seconds(-3, 1),
            ..all()
        },
        TransactionSearch {
            range: seconds(5, 5),
            ..all()
        },
        TransactionSearch {
            range: seconds(3_595, 3_605),
            ..all()
        },
        select(Selection {
            service: text("payment"),
            ..plain()
        }),
        select(Selection {
            service: text("Ünïcode shop"),
            ..plain()
        }),
        select(Selection {
            service: text("nobody"),
            ..plain()
        }),
        select(Selection {
            operation: text("GET /1"),
            instance: text("pod-1"),
            ..plain()
        }),
        select(Selection {
            version: text("1.5.0"),
            service: text("ledger"),
            ..plain()
        }),
        select(Selection {
            scope: Scope {
                environment: text("test"),
                ..Scope::default()
            },
            ..plain()
        }),
        select(Selection {
            scope: Scope {
                project: "other".into(),
                ..Scope::default()
            },
            ..plain()
        }),
    ];
    for outcome in [OutcomeFilter::Ok, OutcomeFilter::Slow, OutcomeFilter::Error] {
        searches.push(TransactionSearch {
            slow_threshold: Duration::from_millis(1_050),
            range: seconds(-15, 15),
            ..select(Selection {
                outcome: Some(outcome),
                ..plain()
            })
        });
    }
    for (min, max) in [
        (None, Some(1_000)),
        (Some(100), Some(5_000)),
        (Some(80_000), None),
    ] {
        let [min, max] = [min, max].map(|bound| bound.map(Duration::from_millis));
        searches.push(TransactionSearch {
            duration: DurationRange { min, max },
            ..all()
        });
    }
    for text in [
        "get /2",
        "TIMEOUT",
        "pod-0",
        "5a",
        "01",
        "nothing has this",
        "",
    ] {
        searches.push(TransactionSearch {
            text: Some(text.into()),
            ..all()
        });
    }
    searches
}

fn rollup_searches() -> Vec<RollupSearch> {
    let mut searches = Vec::new();
    for resolution in Resolution::ALL {
        searches.push(all_rollups(resolution));
        let at = |millis: i64| UnixNanos(HOUR.0 + millis * 1_000_000);
        searches.push(RollupSearch {
            range: TimeRange::new(at(-7_300), at(4_200)),
            selection: Selection {
                service: Some("checkout".into()),
                ..Selection::default()
            },
            families: Families::TRANSACTIONS | Families::ERRORS,
            ..all_rollups(resolution)
        });
    }
    searches
}

#[tokio::test]
async fn services_are_remembered_with_their_newest_bucket() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    let at = |service, end_ms| Spec {
        id: 1,
        service,
        end_ms,
        ..Spec::default()
    };
    lake.append(batch(vec![span(&at(0, 7_000)), span(&at(1, 1_000))]))
        .await
        .unwrap();
    lake.flush().await.unwrap();
    lake.append(batch(vec![span(&at(0, -9_000)), span(&at(1, 12_000))]))
        .await
        .unwrap();
    let expected = [("checkout", 5_000), ("payment", 10_000)];
    let check = async |lake: &Lake| {
        let services = lake.services("default".into()).await.unwrap();
        let found: Vec<_> = services
            .iter()
            .map(|(key, newest)| (&*key.service, newest.millis() - HOUR.millis()))
            .collect();
        assert_eq!(found, expected);
        assert_eq!(lake.services("other".into()).await.unwrap(), []);
    };
    check(&lake).await;
    drop(lake);
    let (lake, _) = folder.open().await;
    check(&lake).await;
    lake.close().await.unwrap();
    drop(lake);
    check(&folder.open().await.0).await;
}

#[tokio::test]
async fn a_call_keeps_its_category_and_target_on_disk() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    let call = Spec {
        kind: SpanKind::Client,
        call: true,
        operation: 1,
        ..Spec::default()
    };
    lake.append(crate::spans::one(call)).await.unwrap();
    lake.flush().await.unwrap();
    let found = lake.rollups(all_rollups(Resolution::Hour)).await.unwrap();
    let found = found.rollups;
    let keys: Vec<_> = found.iter().map(|(_, key, _)| key.clone()).collect();
    assert!(
        matches!(&keys[..], [RollupKey::Call { category: hinomi_model::CallCategory::Cache, target, .. }] if &**target == "db:5432"),
        "{keys:?}"
    );
}
