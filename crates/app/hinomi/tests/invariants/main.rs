//! Tests that a screen counts as many transactions as its list has, and that rollups equal a
//! recount, on random workloads with late and repeated spans, flushes, restarts and crashes.
//!
//! This is a separate binary because the other tests of this crate start processes: between fork
//! and exec, a child holds the file locks of its parent.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail a test")]

use hinomi_ingest::{Ingest, IngestLimits, IngestMetrics, Secret};
use hinomi_io::{RealDisk, SystemEntropy, clock::ManualClock};
use hinomi_lake::{Lake, LakeConfig, LakeLimits, Piece};
use hinomi_live::{LIVE_WINDOW, Live, LiveLimits};
use hinomi_model::{
    DurationRange, Outcome, OutcomeFilter, Scope, Selection, Span, Text, TimeRange, UnixNanos,
    hitmap::{ROWS, row_edge},
};
use hinomi_query::{Query, StatisticQuestion, answer::Statistic};
use hinomi_registry::{DatabaseRegistry, RegistryLimits};
use hinomi_store::{Joined, Store};
use hinomi_testkit::SpanBuilder;
use proptest::prelude::*;
use std::{
    cmp::Reverse,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

const NOW: UnixNanos = UnixNanos::from_millis(1_795_358_800_000);

/// One transaction to send: how long before now it ended, its duration, its outcome.
#[derive(Debug, Clone)]
struct Sent {
    age_ms: u64,
    duration_us: u64,
    failed: bool,
    operation: u8,
    instance: u8,
}

/// What happens to the server.
#[derive(Debug, Clone)]
enum Event {
    Batch(Vec<Sent>),
    /// The batch with this number is sent again.
    Repeat(usize),
    Flush,
    /// The server is stopped and started.
    Restart,
    /// The server ends without notice and is started again.
    Crash,
}

fn sent() -> impl Strategy<Value = Sent> {
    // Mostly live, sometimes up to three hours late.
    let age_ms = prop_oneof![4 => 0_u64..600_000, 1 => 0_u64..10_800_000];
    // From microseconds to minutes, log-uniform, and often exactly on a row edge.
    let duration_us = prop_oneof![
        3 => (0_f64..8.2).prop_map(|exponent| 10_f64.powf(exponent) as u64),
        1 => (0..ROWS).prop_map(|row| row_edge(row).as_micros() as u64),
    ];
    (
        age_ms,
        duration_us,
        prop::bool::weighted(0.2),
        0_u8..4,
        0_u8..3,
    )
        .prop_map(|(age_ms, duration_us, failed, operation, instance)| Sent {
            age_ms,
            duration_us,
            failed,
            operation,
            instance,
        })
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => prop::collection::vec(sent(), 1..40).prop_map(Event::Batch),
        2 => any::<prop::sample::Index>().prop_map(|index| Event::Repeat(index.index(100))),
        2 => Just(Event::Flush),
        1 => Just(Event::Restart),
        1 => Just(Event::Crash),
    ];
    prop::collection::vec(event, 2..14)
}

struct Server {
    lake: Lake,
    live: Arc<Live>,
    ingest: Ingest,
    query: Query,
}

impl Server {
    async fn start(dir: &Path) -> Self {
        let clock = Arc::new(ManualClock::at(NOW.0));
        let config = LakeConfig {
            dir: dir.to_owned(),
            node: "node-1".into(),
            limits: LakeLimits::default(),
        };
        let path = dir.join("registry.db");
        let registry = DatabaseRegistry::open_file(path, RegistryLimits::default());
        let registry = Arc::new(registry.await.unwrap());
        let (disk, entropy) = (Arc::new(RealDisk), Arc::new(SystemEntropy));
        let opened = Lake::open(config, disk, clock, entropy, registry.clone());
        let (lake, _) = opened.await.unwrap();
        let store: Arc<dyn Store> = Arc::new(Joined {
            telemetry: lake.clone(),
            registry,
        });
        let live = Arc::new(Live::new(NOW, LiveLimits::default()));
        let project: Text = "default".into();
        let mut recent = lake.recent(&project, NOW.minus(LIVE_WINDOW));
        if let Some(end) = recent.end() {
            live.begin_restore("default", end);
        }
        // Some starts do not finish the restore, others do. Answers must be the same.
        static STARTS: AtomicUsize = AtomicUsize::new(0);
        for _ in 0..STARTS.fetch_add(1, Ordering::Relaxed) % 4 * 2 {
            let piece = recent.read(&|| false, &mut |at, key, rollup| {
                live.restore("default", at, key, rollup)
            });
            let Piece::Until(from) = piece.unwrap() else {
                panic!("nothing is damaged")
            };
            if !live.restored("default", from) {
                break;
            }
        }
        live.end_restore("default");
        let ingest = Ingest::new(
            store.clone(),
            live.clone(),
            lake.clock(),
            // Here repeats arrive hours of event time late, so all spans are remembered.
            IngestLimits {
                dedupe_window: Duration::from_secs(86_400),
                ..<_>::default()
            },
            IngestMetrics::default(),
            &[project],
            Secret::new(&SystemEntropy),
        )
        .await
        .unwrap();
        ingest.restore().await.unwrap();
        let query = Query::new(store, live.clone(), lake.clock());
        Self {
            lake,
            live,
            ingest,
            query,
        }
    }

    /// Compares every cell of the hitmap with the list of its region, and the whole map with the
    /// oracle.
    async fn check(&self, oracle: &[Span]) {
        for minutes in [10, 15, 60, 240] {
            let range = TimeRange::new(
                NOW.minus(Duration::from_secs(minutes * 60)),
                NOW.plus(Duration::from_secs(5)),
            );
            let selection = Selection {
                service: Some("shop".into()),
                ..Selection::of(Scope::of("default"))
            };
            let hitmap = self.query.hitmap(&selection, range).await.unwrap();
            let expected = oracle
                .iter()
                .filter(|span| hitmap.range.contains(span.end))
                .count() as u64;
            assert_eq!(
                hitmap.total.total(),
                expected,
                "transactions in {minutes} minutes"
            );

            for cell in &hitmap.cells {
                let from = hitmap.range.from.plus(hitmap.column * cell.column);
                let column = TimeRange::new(from, from.plus(hitmap.column));
                let row = usize::from(cell.row);
                let durations = DurationRange {
                    min: Some(row_edge(row)),
                    max: (row + 1 < ROWS).then(|| row_edge(row + 1)),
                };
                for (outcome, count) in [
                    (OutcomeFilter::Ok, cell.counts.ok),
                    (OutcomeFilter::Slow, cell.counts.slow),
                    (OutcomeFilter::Error, cell.counts.error),
                ] {
                    let filtered = Selection {
                        outcome: Some(outcome),
                        ..selection.clone()
                    };
                    let listed = self
                        .query
                        .transactions(&filtered, column, durations, None, None, 1)
                        .await
                        .unwrap();
                    assert_eq!(
                        listed.total, count,
                        "{outcome:?} in {cell:?} of {minutes} min"
                    );
                }
            }
        }
        self.check_comparisons().await;
        self.check_filters(oracle).await;
        self.check_pages(oracle).await;
    }

    /// A comparison must equal two separate statistics, whatever resolutions the ranges are read
    /// from.
    async fn check_comparisons(&self) {
        let to = NOW.plus(Duration::from_secs(5));
        let selection = Selection::of(Scope::of("default"));
        for statistic in [
            Statistic::Operations,
            Statistic::Instances,
            Statistic::Errors,
        ] {
            for (minutes, back) in [(10, 10), (60, 61), (240, 30), (1_500, 60)] {
                let range = TimeRange::new(NOW.minus(Duration::from_secs(minutes * 60)), to);
                let back = Duration::from_secs(back * 60);
                let other = TimeRange::new(range.from.minus(back), range.to.minus(back));
                let asked = StatisticQuestion {
                    statistic,
                    range,
                    against: Some(other),
                    apart: false,
                };
                let compared = self.query.compared(asked, &selection).await.unwrap();
                let now = self.query.statistics(statistic, &selection, range);
                let then = self.query.statistics(statistic, &selection, other);
                let (now, then) = (now.await.unwrap().items, then.await.unwrap().items);
                let rows: Vec<_> = compared.rows.iter().map(|row| row.now.clone()).collect();
                assert_eq!(rows, now, "{statistic:?} of {minutes} minutes");
                let mut before: Vec<_> = compared
                    .rows
                    .iter()
                    .chain(&compared.gone)
                    .filter_map(|row| row.before.clone())
                    .collect();
                before.sort_by_key(|row| (Reverse(row.total), row.key.clone()));
                assert_eq!(before, then, "{statistic:?} {back:?} before");
                for row in &compared.rows {
                    assert!(row.trend.iter().flatten().all(|rate| *rate >= 0.0));
                }
            }
        }
    }

    async fn check_filters(&self, oracle: &[Span]) {
        let range = TimeRange::new(NOW.minus(Duration::from_secs(14_400)), NOW);
        for operation in 0..4_u8 {
            let selection = Selection {
                service: Some("shop".into()),
                operation: Some(format!("op-{operation}").into()),
                instance: Some("shop-1".into()),
                ..Selection::of(Scope::of("default"))
            };
            let hitmap = self.query.hitmap(&selection, range).await.unwrap();
            let expected = oracle
                .iter()
                .filter(|span| {
                    hitmap.range.contains(span.end)
                        && span.transaction.as_ref().map(|t| &t.operation)
                            == selection.operation.as_ref()
                        && *span.resource.instance == *"shop-1"
                })
                .count() as u64;
            assert_eq!(hitmap.total.total(), expected);
        }
    }

    /// Following the cursor must reach every transaction exactly once.
    async fn check_pages(&self, oracle: &[Span]) {
        let range = TimeRange::new(UnixNanos(0), NOW.plus(Duration::from_secs(1)));
        let selection = Selection::of(Scope::of("default"));
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let durations = DurationRange::default();
            let page = self
                .query
                .transactions(&selection, range, durations, None, after, 7)
                .await
                .unwrap();
            assert_eq!(page.total, oracle.len() as u64);
            listed.extend(
                page.items
                    .into_iter()
                    .map(|item| (item.end, item.trace_id, item.span_id)),
            );
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let mut expected: Vec<_> = oracle
            .iter()
            .map(|span| (span.end, span.trace_id, span.span_id))
            .collect();
        expected.sort();
        expected.reverse();
        assert_eq!(listed, expected);
    }
}

fn span(sent: &Sent) -> Span {
    let builder = SpanBuilder::server("shop", &format!("op-{}", sent.operation))
        .instance(&format!("shop-{}", sent.instance))
        .ends(
            NOW.minus(Duration::from_millis(sent.age_ms + 1)),
            Duration::from_micros(sent.duration_us),
        );
    if sent.failed {
        builder.fails("timeout").build()
    } else {
        builder.build()
    }
}

async fn run(events: Vec<Event>) {
    let dir = tempfile::tempdir().unwrap();
    let project: Text = "default".into();
    let mut server = Server::start(dir.path()).await;
    let mut batches: Vec<Vec<Span>> = Vec::new();
    for event in events {
        match event {
            Event::Batch(sent) => {
                let batch: Vec<Span> = sent.iter().map(span).collect();
                let admitted = server
                    .ingest
                    .spans(&project, batch.iter().collect())
                    .await
                    .unwrap();
                assert_eq!((admitted.accepted, admitted.duplicates), (batch.len(), 0));
                batches.push(batch);
            }
            Event::Repeat(index) => {
                let Some(batch) = batches.get(index % batches.len().max(1)) else {
                    continue;
                };
                let admitted = server
                    .ingest
                    .spans(&project, batch.iter().collect())
                    .await
                    .unwrap();
                assert_eq!((admitted.accepted, admitted.duplicates), (0, batch.len()));
            }
            Event::Flush => server.lake.flush().await.unwrap(),
            Event::Restart => {
                server.lake.close().await.unwrap();
                drop(server);
                server = Server::start(dir.path()).await;
            }
            Event::Crash => {
                drop(server);
                server = Server::start(dir.path()).await;
            }
        }
    }
    let oracle: Vec<Span> = batches.into_iter().flatten().collect();
    server.check(&oracle).await;
    // Once more, when all data comes from segments.
    server.lake.flush().await.unwrap();
    server.live.tick(NOW);
    server.check(&oracle).await;
    server.lake.close().await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn every_cell_counts_what_its_drag_lists(events in events()) {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
            .block_on(run(events));
    }
}

#[test]
fn outcomes_are_told_apart_as_the_screen_does() {
    // The oracle above relies on this: one row never holds both ok and slow transactions.
    let threshold = hinomi_model::hitmap::SLOW_THRESHOLD;
    for row in 0..ROWS - 1 {
        let first = OutcomeFilter::of(Outcome::Ok, row_edge(row), threshold);
        let last = row_edge(row + 1) - Duration::from_nanos(1);
        assert_eq!(
            OutcomeFilter::of(Outcome::Ok, last, threshold),
            first,
            "row {row}"
        );
    }
}
