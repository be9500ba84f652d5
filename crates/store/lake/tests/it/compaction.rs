//! Compaction leaves fewer files and the same answers, also concurrently with queries and flushes,
//! with damaged files, and when the disk fails.

use crate::folder::{Folder, MINUTE, agreed_total, all, all_rollups, total};
use hinomi_conformance::spans::{Spec, batch, entries, span, trace_id};
use hinomi_io::{Disk, RealDisk};
use hinomi_lake::{CompactionLimits, Lake, LakeLimits, Resolution};
use hinomi_model::{
    RollupSet, UnixNanos,
    batch::{BatchBuilder, ValueKind},
};
use hinomi_testkit::{Faults, Op, Power};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const HOURS: Duration = Duration::from_secs(2 * 3_600);

/// Flushes of spans of one hour, with `spans` spans each.
async fn fill(lake: &Lake, flushes: u32, spans: u32) {
    for flush in 0..flushes {
        let from = flush * spans + 1;
        lake.append(entries(from..from + spans)).await.unwrap();
        lake.flush().await.unwrap();
    }
}

#[tokio::test]
async fn an_hour_that_is_over_ends_in_one_file_a_table_and_answers_stay() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    fill(&lake, 12, 25).await;
    let before = (
        lake.transactions(all()).await.unwrap().rows,
        lake.rollups(all_rollups(Resolution::FiveSeconds))
            .await
            .unwrap(),
        lake.rollups(all_rollups(Resolution::Hour)).await.unwrap(),
        lake.trace("default".into(), trace_id(9), 100)
            .await
            .unwrap(),
    );
    lake.maintain().await.unwrap();
    assert_eq!(
        lake.stats().segments_by_table[..5],
        [12; 5],
        "all buckets are open"
    );
    folder.clock.advance(HOURS);
    for _ in 0..2 {
        lake.maintain().await.unwrap();
        let stats = lake.stats();
        // The buckets of a day and of a month are still open.
        assert_eq!(stats.segments_by_table[..5], [1, 1, 1, 12, 12]);
        assert_eq!((stats.compactions, stats.compacted_segments), (3, 36));
        assert_eq!(stats.maintenance_failures, 0);
        assert_eq!(
            folder.segment_files().len(),
            27,
            "what was merged is deleted"
        );
    }
    folder.clock.advance(Duration::from_secs(31 * 24 * 3_600));
    lake.maintain().await.unwrap();
    assert_eq!(lake.stats().segments_by_table[..5], [1; 5]);
    let check = async |lake: &Lake| {
        assert_eq!(agreed_total(lake).await, 300);
        let after = (
            lake.transactions(all()).await.unwrap().rows,
            lake.rollups(all_rollups(Resolution::FiveSeconds))
                .await
                .unwrap(),
            lake.rollups(all_rollups(Resolution::Hour)).await.unwrap(),
            lake.trace("default".into(), trace_id(9), 100)
                .await
                .unwrap(),
        );
        assert_eq!(after, before);
    };
    check(&lake).await;
    drop(lake);
    let (lake, recovery) = folder.open().await;
    assert_eq!((recovery.segments, recovery.deleted_files), (5, 0));
    check(&lake).await;
}

#[tokio::test]
async fn equal_rollups_become_one_row() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    // The same second and key in every flush.
    for id in 1..11 {
        let spec = Spec {
            id,
            ..Spec::default()
        };
        lake.append(batch(vec![span(&spec)])).await.unwrap();
        lake.flush().await.unwrap();
    }
    folder.clock.advance(HOURS);
    lake.maintain().await.unwrap();
    let (stats, found) = (
        lake.stats(),
        lake.rollups(all_rollups(Resolution::FiveSeconds)).await,
    );
    assert_eq!(stats.segments_by_table[2], 1);
    let found = found.unwrap();
    assert_eq!(
        found
            .rollups
            .iter()
            .map(|(_, _, rollup)| rollup.count)
            .collect::<Vec<_>>(),
        [10]
    );
    drop(lake);
    let merged =
        folder.index("SELECT table_name, row_count FROM segments ORDER BY id DESC LIMIT 3");
    let mut rows = merged.await;
    rows.sort();
    let expected = [("rollups_5s", 1), ("spans", 10), ("transactions", 10)];
    assert_eq!(rows, expected.map(|(table, rows)| (table.to_owned(), rows)));
}

#[tokio::test]
async fn late_spans_go_to_their_bucket_and_are_merged_in_turn() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    folder.clock.advance(HOURS);
    let mut most = 0;
    for flush in 0..60_u32 {
        folder.clock.advance(MINUTE);
        lake.append(entries(flush * 10 + 1..flush * 10 + 11))
            .await
            .unwrap();
        lake.flush().await.unwrap();
        lake.maintain().await.unwrap();
        most = most.max(lake.stats().segments_by_table[0]);
        assert_eq!(total(&lake).await, u64::from(flush + 1) * 10);
    }
    assert!((2..32).contains(&most), "{most} files of one hour");
    folder.clock.advance(HOURS);
    lake.maintain().await.unwrap();
    let stats = lake.stats();
    assert_eq!(stats.segments_by_table[0], 1);
    // 600 spans, 600 transactions and at most as many rollups in each of three tables.
    assert!(
        stats.compacted_rows < 3 * 3_000,
        "{} rows",
        stats.compacted_rows
    );
    assert_eq!(agreed_total(&lake).await, 600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_query_beside_compaction_never_fails_and_counts_every_span_once() {
    let limits = LakeLimits {
        compaction: CompactionLimits {
            open_segments: 2,
            ..CompactionLimits::default()
        },
        ..LakeLimits::default()
    };
    let folder = Folder::with(limits);
    let (lake, _) = folder.open().await;
    fill(&lake, 3, 20).await;
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (lake, done) = (lake.clone(), done.clone());
            tokio::spawn(async move {
                let mut least = 60;
                while !done.load(Ordering::SeqCst) {
                    let found = lake.transactions(all()).await.unwrap();
                    assert!(!found.partial && found.total >= least && found.total % 20 == 0);
                    least = found.total;
                    let cells = crate::folder::cells(&lake, Resolution::Minute).await;
                    assert!(cells >= least && cells % 20 == 0);
                    let trace = lake
                        .trace("default".into(), trace_id(5), 100)
                        .await
                        .unwrap();
                    assert!(!trace.partial && !trace.spans.is_empty());
                }
                least
            })
        })
        .collect();
    for flush in 3..60_u32 {
        lake.append(entries(flush * 20 + 1..flush * 20 + 21))
            .await
            .unwrap();
        lake.flush().await.unwrap();
        lake.maintain().await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        assert!(reader.await.unwrap() > 60, "it has seen some of them come");
    }
    assert!(lake.stats().compactions > 50);
    assert_eq!(agreed_total(&lake).await, 1_200);
    lake.maintain().await.unwrap();
    assert_eq!(folder.segment_files().len() as u64, lake.stats().segments);
}

#[tokio::test]
async fn a_damaged_segment_stays_and_the_others_are_merged_without_it() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    fill(&lake, 5, 10).await;
    drop(lake);
    let mut files = folder.segment_files();
    files.retain(|path| path.display().to_string().contains("/transactions/"));
    files.sort();
    let damaged = &files[2];
    let len = RealDisk.open(damaged).unwrap().len().unwrap();
    RealDisk.remove(damaged).unwrap();
    RealDisk
        .create(damaged)
        .unwrap()
        .append(&vec![0x5a; len as usize])
        .unwrap();
    let (lake, _) = folder.open().await;
    folder.clock.advance(HOURS);
    lake.maintain().await.unwrap();
    let stats = lake.stats();
    assert_eq!(stats.segments_by_table[..5], [1, 2, 1, 5, 5]);
    assert_eq!((stats.damaged_segments, stats.maintenance_failures), (1, 0));
    assert!(folder.segment_files().contains(damaged), "kept as it is");
    let found = lake.transactions(all()).await.unwrap();
    assert_eq!((found.total, found.partial), (40, true));
    assert_eq!(
        crate::folder::cells(&lake, Resolution::FiveSeconds).await,
        50
    );
}

/// Transactions on which list, keys and hitmap agree, each counted once. Returns their number.
async fn consistent(lake: &Lake) -> usize {
    let found = lake.transactions(all()).await.unwrap();
    let distinct: HashSet<_> = found.rows.iter().map(|row| row.span_id).collect();
    assert_eq!(
        distinct.len(),
        found.rows.len(),
        "a transaction is listed twice"
    );
    assert!(!found.partial);
    assert_eq!(agreed_total(lake).await, found.rows.len() as u64);
    let keys = lake
        .span_keys_since("default".into(), UnixNanos(0))
        .await
        .unwrap();
    assert_eq!(keys.len(), found.rows.len());
    distinct.len()
}

/// Compaction concurrent with appends and flushes. From some step on nothing reaches the disk; then
/// the process ends, with or without a power failure.
async fn crash_at(step: u64, power_cut: bool) -> bool {
    let folder = Folder::new();
    let disk = folder.disk();
    let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    fill(&lake, 4, 5).await;
    lake.close().await.unwrap();
    drop(lake);
    folder.clock.advance(HOURS);
    disk.set_faults(Faults::from_step(disk.steps() + step));
    let mut acknowledged = 20;
    if let Ok((lake, _)) = folder.try_open(Arc::new(disk.clone())).await {
        let _ = lake.maintain().await;
        assert_eq!(
            consistent(&lake).await,
            acknowledged,
            "{step}: visible while up"
        );
        if lake.append(entries(21..26)).await.is_ok() {
            acknowledged = 25;
        }
        let _ = lake.flush().await;
        let _ = lake.maintain().await;
        assert_eq!(
            consistent(&lake).await,
            acknowledged,
            "{step}: visible while up"
        );
    }
    disk.restart(power_cut.then_some(Power::LosesAll));
    for _ in 0..2 {
        let (lake, recovery) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
        assert_eq!(recovery.damaged_segments, 0, "{step}");
        let found = consistent(&lake).await;
        // A batch that was not acknowledged may still have reached the log.
        assert!(
            found == acknowledged || found == 25,
            "{step}: {found} of {acknowledged}"
        );
        lake.maintain().await.unwrap();
        assert_eq!(consistent(&lake).await, found, "{step}");
        let files = disk.list(&folder.dir().join("segments")).unwrap();
        assert_eq!(
            files.len() as u64,
            lake.stats().segments,
            "{step}: left over"
        );
    }
    disk.failures() > 0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_step_of_compaction_loses_and_doubles_nothing() {
    let mut step = 0;
    while crash_at(step, false).await {
        step += 1;
    }
    assert!(step > 40, "the scenario has more than {step} steps");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_at_any_step_of_compaction_loses_and_doubles_nothing() {
    let mut step = 0;
    while crash_at(step, true).await {
        step += 1;
    }
    assert!(step > 40, "the scenario has more than {step} steps");
}

#[tokio::test]
async fn a_catalog_that_fails_for_a_while_gets_the_same_file_later() {
    let folder = Folder::new();
    let disk = folder.disk();
    let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    fill(&lake, 4, 5).await;
    folder.clock.advance(HOURS);
    disk.set_faults(Faults {
        below: Some(folder.dir().join("manifest")),
        ..Faults::always(Op::Sync)
    });
    assert!(lake.maintain().await.is_err());
    assert_eq!(agreed_total(&lake).await, 20);
    assert_eq!(lake.stats().segments_by_table[0], 4);
    disk.set_faults(Faults::default());
    lake.maintain().await.unwrap();
    assert_eq!(lake.stats().segments_by_table[..5], [1, 1, 1, 4, 4]);
    assert_eq!(lake.stats().compactions, 3);
    assert_eq!(agreed_total(&lake).await, 20);
    let files = disk.list(&folder.dir().join("segments")).unwrap();
    assert_eq!(files.len(), 11);
}

#[tokio::test]
async fn a_closed_lake_says_so_instead_of_waiting() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.close().await.unwrap();
    let waited = tokio::time::timeout(MINUTE, lake.maintain()).await.unwrap();
    assert!(matches!(waited, Err(hinomi_lake::LakeError::Closed)));
}

/// Spans of one flush, each with a distinct value under each of some keys.
fn with_keys(spans: std::ops::Range<u32>, keys: std::ops::Range<u32>) -> hinomi_lake::Batch {
    let mut builder = BatchBuilder::default();
    for id in spans {
        for key in keys.clone() {
            let kind = [ValueKind::Text, ValueKind::Json][(key % 2) as usize];
            let key = builder.key(&format!("key.{key:03}"), kind);
            let value = builder.words().intern(&format!("{}", id * 1_000));
            builder.own(key, value);
        }
        let spec = Spec {
            id,
            end_ms: i64::from(id),
            ..Spec::default()
        };
        builder.span(&hinomi_model::Span {
            attributes: "{}".into(),
            ..span(&spec)
        });
    }
    let spans = builder.finish();
    let rollups = RollupSet::of(&spans).into();
    hinomi_lake::Batch {
        project: "default".into(),
        spans,
        rollups,
    }
}

#[tokio::test]
async fn a_merge_has_no_more_attribute_columns_than_a_flush_and_loses_none() {
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    for flush in 0..3_u32 {
        let spans = flush * 10 + 1..flush * 10 + 11;
        let batch = with_keys(spans, flush * 30..flush * 30 + 40);
        lake.append(batch).await.unwrap();
        lake.flush().await.unwrap();
    }
    let attributes = async || {
        let found = lake
            .trace("default".into(), trace_id(1), 100)
            .await
            .unwrap();
        let parsed = found.spans.iter().map(|span| {
            let attributes: serde_json::Value = serde_json::from_str(&span.attributes).unwrap();
            (span.span_id, attributes)
        });
        parsed.collect::<Vec<_>>()
    };
    let before = attributes().await;
    assert_eq!(before.len(), 30);
    assert_eq!(before[0].1.as_object().unwrap().len(), 40);
    folder.clock.advance(HOURS);
    lake.maintain().await.unwrap();
    assert_eq!(lake.stats().segments_by_table[0], 1);
    assert_eq!(attributes().await, before);
    let files = folder.segment_files();
    let file = files
        .iter()
        .find(|path| path.display().to_string().contains("/spans/"));
    let bytes = bytes::Bytes::from(read(file.unwrap()));
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    let names = reader
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone());
    let own = names.filter(|name| name.contains("attributes.")).count();
    assert_eq!(own, 64, "of a hundred");
}

fn read(path: &std::path::Path) -> Vec<u8> {
    let file = RealDisk.open(path).unwrap();
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}
