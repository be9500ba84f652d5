//! A crash or a failure at every step between the first append and the last flush.

use crate::folder::{Folder, agreed_total, all, all_rollups};
use hinomi_conformance::spans::{Spec, batch, entries};
use hinomi_io::{Disk, RealDisk};
use hinomi_lake::{AppendError, Lake, Resolution};
use hinomi_model::{SpanId, UnixNanos};
use hinomi_testkit::{Faults, Op, Power};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Batches of the scenario, by their ids.
const BATCHES: [std::ops::Range<u32>; 4] = [1..5, 5..9, 9..13, 13..17];

async fn listed(lake: &Lake) -> Vec<SpanId> {
    lake.transactions(all())
        .await
        .unwrap()
        .rows
        .iter()
        .map(|row| row.span_id)
        .collect()
}

fn ids(batch: std::ops::Range<u32>) -> HashSet<SpanId> {
    batch.map(hinomi_conformance::spans::span_id).collect()
}

/// Checks that list, hitmap and keys contain every span once. Returns the ids.
async fn consistent(lake: &Lake) -> HashSet<SpanId> {
    let rows = listed(lake).await;
    let distinct: HashSet<SpanId> = rows.iter().copied().collect();
    assert_eq!(distinct.len(), rows.len(), "a transaction is listed twice");
    assert_eq!(agreed_total(lake).await, rows.len() as u64);
    let keys = lake
        .span_keys_since("default".into(), UnixNanos(0))
        .await
        .unwrap();
    assert_eq!(keys.len(), rows.len());
    distinct
}

/// From some step on nothing reaches the disk; then the process ends, with or without a power
/// failure.
async fn crash_at(step: u64, power_cut: bool) -> bool {
    let folder = Folder::new();
    let disk = folder.disk();
    disk.set_faults(Faults::from_step(step));
    let mut acknowledged = HashSet::new();
    if let Ok((lake, _)) = folder.try_open(Arc::new(disk.clone())).await {
        for (at, range) in BATCHES.into_iter().enumerate() {
            if lake.append(entries(range.clone())).await.is_ok() {
                acknowledged.extend(ids(range));
            }
            if at % 2 == 1 {
                let _ = lake.flush().await;
            }
        }
        assert!(
            acknowledged.is_subset(&consistent(&lake).await),
            "{step}: visible while up"
        );
    }
    disk.restart(power_cut.then_some(Power::LosesAll));
    for _ in 0..2 {
        let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
        let found = consistent(&lake).await;
        assert!(
            acknowledged.is_subset(&found),
            "{step}: acknowledged and lost"
        );
        lake.flush().await.unwrap();
        assert_eq!(consistent(&lake).await, found);
    }
    disk.failures() > 0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_step_loses_nothing_acknowledged_and_doubles_nothing() {
    let mut step = 0;
    while crash_at(step, false).await {
        step += 1;
    }
    assert!(step > 40, "the scenario has more than {step} steps");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_at_any_step_loses_nothing_acknowledged_and_doubles_nothing() {
    let mut step = 0;
    while crash_at(step, true).await {
        step += 1;
    }
    assert!(step > 40, "the scenario has more than {step} steps");
}

/// From some step of a flush on nothing reaches the disk. The next start can only read; then the disk
/// can be written again, the rows are flushed with later ones, and everything is merged.
async fn leftovers_at(step: u64) -> bool {
    let mut folder = Folder::new();
    // Rows of several hours share a file: the later flushes file the first ones elsewhere.
    folder.limits.buckets_per_flush = 2;
    let late = |id: u32| {
        let hours = match id {
            0..4 => 12,
            id => i64::from(id % 3) * 12,
        };
        hinomi_conformance::spans::span(&Spec {
            id,
            trace: id as u8,
            end_ms: -hours * 3_600_000,
            ..Spec::default()
        })
    };
    let disk = folder.disk();
    let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    lake.append(batch((1..4).map(late).collect()))
        .await
        .unwrap();
    disk.set_faults(Faults::from_step(disk.steps() + step));
    let is_flushed = lake.flush().await.is_ok();
    disk.cut();
    drop(lake);
    disk.restart(None);
    disk.set_faults(Faults::read_only());
    let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    disk.set_faults(Faults::default());
    for ids in [4..9, 9..14] {
        lake.append(batch(ids.map(late).collect())).await.unwrap();
        lake.flush().await.unwrap();
    }
    // All buckets are over: no file of the later flushes is left as it was written.
    folder.clock.advance(Duration::from_secs(40 * 86_400));
    lake.maintain().await.unwrap();
    disk.cut();
    drop(lake);
    disk.restart(None);
    let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    assert_eq!(consistent(&lake).await, ids(1..14), "step {step}");
    !is_flushed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leftover_that_could_not_be_deleted_never_counts_beside_the_flush_of_its_rows() {
    let mut step = 0;
    while leftovers_at(step).await {
        step += 1;
    }
    assert!(step > 20, "the flush has more than {step} steps");
}

/// One step fails and the next ones succeed. Refused calls are repeated.
async fn failure_at(step: u64) -> bool {
    let folder = Folder::new();
    let disk = folder.disk();
    disk.set_faults(Faults::at_step(step));
    let lake = loop {
        if let Ok((lake, _)) = folder.try_open(Arc::new(disk.clone())).await {
            break lake;
        }
    };
    for (at, range) in BATCHES.into_iter().enumerate() {
        let mut tries = 0;
        while let Err(error) = lake.append(entries(range.clone())).await {
            assert!(matches!(error, AppendError::Disk(_)), "{error}");
            tries += 1;
            assert!(tries < 3);
        }
        // The last two batches stay in the log.
        while at == 1 && lake.flush().await.is_err() {
            tries += 1;
            assert!(tries < 4);
        }
    }
    let everything = ids(1..17);
    assert_eq!(consistent(&lake).await, everything, "step {step}");
    drop(lake);
    disk.restart(None);
    let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    assert_eq!(consistent(&lake).await, everything, "step {step}");
    disk.failures() > 0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_at_any_step_is_got_over_by_trying_again() {
    let mut step = 0;
    while failure_at(step).await {
        step += 1;
    }
    assert!(step > 40, "the scenario has more than {step} steps");
}

#[tokio::test]
async fn a_barrier_behind_a_failed_batch_fails_too() {
    let folder = Folder::new();
    let disk = folder.disk();
    let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    disk.set_faults(Faults::from_step(0));
    let gate = disk.hold_failures();
    let release = async { drop(gate) };
    let (first, barrier, ()) = tokio::join!(
        lake.append(entries(1..10)),
        lake.append(batch(vec![])),
        release
    );
    assert!(matches!(first, Err(AppendError::Disk(_))));
    assert!(matches!(barrier, Err(AppendError::Disk(_))));
    assert_eq!(agreed_total(&lake).await, 0);
    assert_eq!(lake.stats().commit_failures, 1);
}

/// Faults that keep the catalog from committing.
fn failing_catalog(folder: &Folder) -> Faults {
    Faults {
        below: Some(folder.dir().join("manifest")),
        ..Faults::always(Op::Sync)
    }
}

#[tokio::test]
async fn a_crash_before_the_catalog_commits_loses_nothing() {
    let folder = Folder::new();
    let disk = folder.disk();
    let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    lake.append(entries(1..50)).await.unwrap();
    disk.set_faults(failing_catalog(&folder));
    assert!(lake.flush().await.is_err());
    // The committer truncates the log before it takes the next batch.
    lake.append(batch(vec![])).await.unwrap();
    lake.append(batch(vec![])).await.unwrap();
    assert_eq!(consistent(&lake).await, ids(1..50));
    drop(lake);
    disk.restart(Some(Power::LosesAll));
    let (lake, recovery) = folder.try_open(Arc::new(disk)).await.unwrap();
    assert_eq!((recovery.replayed_spans, recovery.deleted_files), (49, 5));
    assert_eq!(consistent(&lake).await, ids(1..50));
}

#[tokio::test]
async fn a_catalog_that_fails_for_a_while_is_tried_again_with_the_same_files() {
    let folder = Folder::new();
    let disk = folder.disk();
    let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    lake.append(entries(1..50)).await.unwrap();
    disk.set_faults(failing_catalog(&folder));
    for _ in 0..3 {
        assert!(lake.flush().await.is_err());
    }
    disk.set_faults(Faults::default());
    lake.flush().await.unwrap();
    let files = disk.list(&folder.dir().join("segments")).unwrap();
    assert_eq!(files.len(), 5);
    assert_eq!(consistent(&lake).await, ids(1..50));
    assert!(lake.stats().flush_failures >= 3);
    // Data committed after the failures is durable.
    drop(lake);
    disk.restart(Some(Power::LosesAll));
    let (lake, recovery) = folder.try_open(Arc::new(disk)).await.unwrap();
    assert_eq!((recovery.segments, recovery.replayed_spans), (5, 0));
    assert_eq!(consistent(&lake).await, ids(1..50));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_query_during_a_flush_sees_every_row_once() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    let (sent, acknowledged) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (lake, sent, acknowledged) = (lake.clone(), sent.clone(), acknowledged.clone());
            tokio::spawn(async move {
                let mut least = 0;
                while least < 40 * 20 {
                    least = acknowledged.load(Ordering::SeqCst);
                    let total = crate::folder::total(&lake).await;
                    let cells = crate::folder::cells(&lake, Resolution::FiveSeconds).await;
                    let most = sent.load(Ordering::SeqCst);
                    assert!((least..=most).contains(&total), "{least} {total} {most}");
                    assert!((total..=most).contains(&cells), "{total} {cells} {most}");
                }
            })
        })
        .collect();
    for at in 0..40 {
        sent.fetch_add(20, Ordering::SeqCst);
        lake.append(entries(at * 20 + 1..at * 20 + 21))
            .await
            .unwrap();
        acknowledged.fetch_add(20, Ordering::SeqCst);
        lake.flush().await.unwrap();
    }
    for reader in readers {
        reader.await.unwrap();
    }
}

#[tokio::test]
async fn a_lake_with_everything_in_its_log_answers_like_one_with_segments() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..300)).await.unwrap();
    let rollups = lake.rollups(all_rollups(Resolution::Minute)).await.unwrap();
    let rows = listed(&lake).await;
    drop(lake);
    let (lake, _) = folder.try_open(Arc::new(RealDisk)).await.unwrap();
    assert_eq!(
        lake.rollups(all_rollups(Resolution::Minute)).await.unwrap(),
        rollups
    );
    assert_eq!(listed(&lake).await, rows);
    lake.flush().await.unwrap();
    assert_eq!(
        lake.rollups(all_rollups(Resolution::Minute)).await.unwrap(),
        rollups
    );
    assert_eq!(listed(&lake).await, rows);
}
