//! Hitmap and drill-down agree: random workloads with late spans, flushes, merges and restarts, with
//! every answer compared with the model.

use crate::{
    End, Model, Subject, append,
    model::Sum,
    questions::{all, all_rollups},
    span_ids,
    spans::{HOUR, SERVICES, Spec, span, trace_id},
};
use hinomi_model::{
    CallCategory, DurationRange, OutcomeFilter, Scope, Selection, SpanKind, Text, TimeRange,
    TransactionKind, UnixNanos,
    hitmap::{ROWS, row_edge},
    rollup::ServiceKey,
};
use hinomi_store::{
    CallFilter, Dimensions, Families, GroupKey, Measures, Resolution, RollupQuestion,
    SlowThresholds, Steps, Store, TraceStart, TransactionSearch,
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// Number of random workloads.
const WORKLOADS: usize = 24;

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Spec>),
    Flush,
    /// Time passes, and what is due is done.
    Pass {
        minutes: u64,
    },
    Restart(End),
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
        2 => (0_u64..90).prop_map(|minutes| Step::Pass { minutes }),
        1 => prop_oneof![Just(End::Closed), Just(End::Killed)].prop_map(Step::Restart),
    ];
    prop::collection::vec(step, 1..12)
}

/// On random workloads every answer equals that of the model.
pub async fn the_cells_of_any_region_count_the_transactions_listed<S: Subject>() {
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..WORKLOADS {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        // Shown by a test that fails.
        println!("{steps:#?}");
        check::<S>(steps).await;
    }
}

async fn check<S: Subject>(steps: Vec<Step>) {
    let mut subject = S::new().await;
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
                append(&subject, &spans).await;
            }
            Step::Flush => subject.flush().await,
            Step::Pass { minutes } => subject.pass(Duration::from_secs(minutes * 60)).await,
            Step::Restart(end) => subject.restart(end).await,
        }
        agree(subject.store(), &model).await;
    }
}

async fn agree(store: &dyn Store, model: &Model) {
    for search in searches() {
        let rows = model.transactions(&search);
        let found = store.transactions(search.clone()).await.unwrap();
        assert_eq!(found.total, rows.len() as u64, "{search:?}");
        assert_eq!(
            found.rows,
            rows[..rows.len().min(search.limit)],
            "{search:?}"
        );
        assert!(!found.partial);
        let times = store.transaction_times(search.clone()).await.unwrap();
        let mut times = times.unwrap().times;
        times.sort_unstable();
        let mut ran: Vec<_> = rows.iter().map(|row| (row.end, row.duration)).collect();
        ran.sort_unstable();
        assert_eq!(times, ran, "{search:?}");
        agree_with_cells(store, &search, found.total).await;
    }
    for question in rollup_questions() {
        let found = store.rollups(question.clone()).await.unwrap();
        assert_eq!(found.lost, []);
        let mut groups: BTreeMap<(GroupKey, u32), Sum> = BTreeMap::new();
        for group in &found.groups {
            for (step, sum) in &group.steps {
                let before = groups.insert((group.key.clone(), *step), Sum::of(sum));
                assert_eq!(before, None, "a group and step is there once");
            }
        }
        assert_eq!(groups, model.groups(&question), "{question:?}");
    }
    for trace in 0..6 {
        let id = trace_id(trace);
        let mut spans: Vec<_> = model
            .spans
            .iter()
            .filter(|span| span.trace_id == id)
            .cloned()
            .collect();
        spans.sort_by_key(|span| (span.start, span.end, span.span_id));
        let found = store.trace_page("default".into(), id, TraceStart::First, 10_000);
        let found = found.await.unwrap();
        assert_eq!(found.spans, spans);
        assert_eq!((found.omitted, found.partial), (0, false));
    }
    let mut ids = span_ids(store).await;
    let mut expected: Vec<_> = model
        .spans
        .iter()
        .map(|span| (span.trace_id, span.span_id))
        .collect();
    ids.sort_unstable();
    expected.sort_unstable();
    assert_eq!(ids, expected);
}

/// In a region of whole columns and rows, the cells contain as many transactions as the list.
async fn agree_with_cells(store: &dyn Store, search: &TransactionSearch, total: u64) {
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
    let cells = RollupQuestion {
        selection: search.selection.clone(),
        range: search.range,
        families: Families::TRANSACTIONS,
        by: Dimensions::NONE,
        measures: Measures::CELLS,
        ..all_rollups(Resolution::FiveSeconds)
    };
    let found = store.rollups(cells).await.unwrap().groups;
    let slow_from = hinomi_model::hitmap::first_row_from(search.slow_threshold);
    let mut counted = 0;
    let sums = found.iter().flat_map(|group| &group.steps);
    for cell in sums.flat_map(|(_, sum)| sum.cells.cells()) {
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
    let plain = || Selection::of(Scope::of("default"));
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
                ..Scope::of("default")
            },
            ..plain()
        }),
        select(Selection {
            scope: Scope {
                project: "other".into(),
                ..Scope::of("default")
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

/// Questions that keep more and less apart, of all resolutions.
fn rollup_questions() -> Vec<RollupQuestion> {
    let mut questions = Vec::new();
    let at = |millis: i64| UnixNanos(HOUR.0 + millis * 1_000_000);
    for resolution in Resolution::ALL {
        let width = resolution.width();
        let every = all_rollups(resolution);
        let range = TimeRange::new(at(-7_300), at(4_200));
        let steps = Steps::Of {
            from: range.widened(width * 3).from,
            width: width * 3,
        };
        questions.push(every.clone());
        questions.push(RollupQuestion {
            range,
            selection: Selection {
                service: Some("checkout".into()),
                ..Selection::of(Scope::of("default"))
            },
            families: Families::TRANSACTIONS | Families::ERRORS,
            by: Dimensions::OPERATION | Dimensions::ERROR_TYPE,
            ..every.clone()
        });
        questions.push(RollupQuestion {
            range,
            steps,
            families: Families::TRANSACTIONS,
            by: Dimensions::SERVICE,
            measures: Measures::COUNTS | Measures::CELLS,
            slow_thresholds: Some(thresholds()),
            ..every.clone()
        });
        for detail in [None, Some("SELECT 1".into())] {
            questions.push(RollupQuestion {
                families: Families::CALLS | Families::FAILED_CALLS,
                calls: Some(CallFilter {
                    target: "db:5432".into(),
                    detail,
                }),
                by: Dimensions::TARGET | Dimensions::FAILURE,
                slow_thresholds: None,
                ..every.clone()
            });
        }
        questions.push(RollupQuestion {
            families: Families::CALLS | Families::FAILED_CALLS | Families::TRANSACTIONS,
            categories: vec![CallCategory::Http, CallCategory::Cache],
            by: Dimensions::TARGET | Dimensions::SERVICE,
            ..every.clone()
        });
        questions.push(RollupQuestion {
            families: Families::TRANSACTIONS,
            by: Dimensions::SERVICE | Dimensions::KIND,
            ..every.clone()
        });
        questions.push(RollupQuestion {
            families: Families::TRANSACTIONS | Families::CALLS,
            kinds: vec![TransactionKind::Probe, TransactionKind::Message],
            by: Dimensions::SERVICE,
            ..every.clone()
        });
        questions.push(RollupQuestion {
            selection: Selection {
                instance: Some("pod-1".into()),
                scope: Scope {
                    environment: Some("prod".into()),
                    ..Scope::of("default")
                },
                ..Selection::of(Scope::of("default"))
            },
            by: Dimensions::NONE,
            ..every
        });
    }
    questions
}

/// A client call keeps category, target and detail.
pub async fn a_call_keeps_its_category_and_target<S: Subject>() {
    let mut subject = S::new().await;
    let call = Spec {
        kind: SpanKind::Client,
        call: true,
        operation: 1,
        ..Spec::default()
    };
    append(&subject, &[span(&call)]).await;
    subject.flush().await;
    let found = subject.store().rollups(all_rollups(Resolution::Hour)).await;
    let found = found.unwrap().groups;
    assert_eq!(found.len(), 1, "{found:?}");
    let key = &found[0].key;
    assert_eq!(key.category, Some(hinomi_model::CallCategory::Cache));
    assert_eq!((&*key.target, &*key.detail), ("db:5432", "SELECT 1"));
}

/// One service is slow earlier than all others.
fn thresholds() -> SlowThresholds {
    let payment = ServiceKey {
        service: SERVICES[1].into(),
        namespace: "shop".into(),
        environment: "test".into(),
    };
    let own = HashMap::from([(payment, Duration::from_millis(20))]);
    SlowThresholds::new(Duration::from_millis(300), own)
}
