//! Log records on disk: crashes at any step, merges, retention and damage.

use crate::{
    damage::{largest, read, write},
    folder::{Folder, agreed_total},
};
use hinomi_conformance::spans::{HOUR, entries};
use hinomi_lake::{Lake, LakeLimits, Retention, TableId};
use hinomi_model::{LogRecord, Scope, TimeRange, UnixNanos};
use hinomi_store::{LogRows, LogSearch};
use hinomi_testkit::{Faults, Power, log_records};
use std::{sync::Arc, time::Duration};

/// Everything that is stored of the default project.
pub async fn stored(lake: &Lake) -> LogRows {
    let search = LogSearch {
        scope: Scope {
            project: "default".into(),
            environment: None,
            namespace: None,
        },
        range: TimeRange::new(UnixNanos(0), UnixNanos(i64::MAX)),
        service: None,
        min_severity: 0,
        trace_id: None,
        after: None,
        limit: 10_000,
    };
    lake.logs(search).await.unwrap()
}

async fn append(lake: &Lake, records: &[LogRecord]) -> bool {
    let batch = records.iter().collect();
    lake.append_logs("default".into(), batch).await.is_ok()
}

/// Bodies with how often each is there.
fn bodies<'a>(records: impl IntoIterator<Item = &'a LogRecord>) -> Vec<String> {
    let bodies = records.into_iter().map(|record| record.body.to_string());
    let mut bodies: Vec<String> = bodies.collect();
    bodies.sort_unstable();
    bodies
}

/// Five records whose bodies nothing else has.
fn named(batch: usize) -> Vec<LogRecord> {
    let records = log_records(5).into_iter().enumerate();
    records
        .map(|(at, record)| LogRecord {
            body: format!("{batch}-{at}").into(),
            ..record
        })
        .collect()
}

/// From some step on nothing reaches the disk; then the process ends.
async fn crash_at(step: u64, power_cut: bool) -> bool {
    let folder = Folder::new();
    let disk = folder.disk();
    disk.set_faults(Faults::from_step(step));
    let (mut acknowledged, mut spans) = (Vec::new(), 0);
    if let Ok((lake, _)) = folder.try_open(Arc::new(disk.clone())).await {
        for batch in 0..4 {
            let records = named(batch);
            if append(&lake, &records).await {
                acknowledged.extend(bodies(&records));
            }
            let first = batch as u32 * 3 + 1;
            spans += match lake.append(entries(first..first + 3)).await {
                Ok(()) => 3,
                Err(_) => 0,
            };
            if batch % 2 == 1 {
                let _ = lake.flush().await;
            }
        }
    }
    disk.restart(power_cut.then_some(Power::LosesAll));
    for _ in 0..2 {
        let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
        let found = stored(&lake).await;
        let found = bodies(&found.rows);
        assert!(
            found.windows(2).all(|two| two[0] != two[1]),
            "{step}: twice"
        );
        let is_there = |body: &String| found.binary_search(body).is_ok();
        assert!(acknowledged.iter().all(is_there), "{step}: lost");
        assert!(agreed_total(&lake).await >= spans, "{step}: spans lost");
        lake.flush().await.unwrap();
        assert_eq!(bodies(&stored(&lake).await.rows), found);
    }
    disk.failures() > 0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_or_power_cut_at_any_step_loses_and_doubles_no_log_record() {
    for power_cut in [false, true] {
        let mut step = 0;
        while crash_at(step, power_cut).await {
            step += 1;
        }
        assert!(step > 40, "the scenario has more than {step} steps");
    }
}

#[tokio::test]
async fn an_hour_of_logs_that_is_over_becomes_one_file_of_the_same_records() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    for part in log_records(300).chunks(50) {
        assert!(append(&lake, part).await);
        lake.flush().await.unwrap();
    }
    let segments = |lake: &Lake| lake.stats().segments_by_table[TableId::LOGS.position()];
    assert_eq!(segments(&lake), 6);
    let before = stored(&lake).await;
    folder.clock.advance(Duration::from_secs(3 * 3_600));
    lake.maintain().await.unwrap();
    assert_eq!(segments(&lake), 1);
    assert_eq!(stored(&lake).await, before);
    assert_eq!(before.total, 300);
    lake.close().await.unwrap();
    let (lake, recovery) = folder.open().await;
    assert_eq!(recovery.damaged_segments, 0);
    assert_eq!(stored(&lake).await, before);
}

#[tokio::test]
async fn logs_are_kept_as_long_as_their_table_says() {
    let two_hours = Duration::from_secs(2 * 3_600);
    let folder = Folder::with(LakeLimits {
        retention: Retention::FOREVER.keeping(TableId::LOGS, two_hours),
        ..LakeLimits::default()
    });
    let (lake, _) = folder.open().await;
    lake.append(entries(1..9)).await.unwrap();
    assert!(append(&lake, &log_records(40)).await);
    lake.flush().await.unwrap();
    folder.clock.advance(two_hours / 2);
    lake.maintain().await.unwrap();
    assert_eq!(stored(&lake).await.total, 40);
    folder.clock.advance(two_hours);
    lake.maintain().await.unwrap();
    assert_eq!(stored(&lake).await.total, 0);
    assert_eq!(agreed_total(&lake).await, 8, "spans stay");
}

#[tokio::test]
async fn logs_with_any_bit_flipped_are_left_out_and_the_answer_says_so() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    assert!(append(&lake, &log_records(400)).await);
    lake.flush().await.unwrap();
    let whole = stored(&lake).await;
    lake.close().await.unwrap();
    let file = largest(&folder, "logs");
    let good = read(&file);
    for part in 0..24 {
        let mut bad = good.clone();
        let at = part * good.len() / 24;
        bad[at] ^= 1 << (at % 8);
        write(&file, &bad);
        let (lake, _) = folder.open().await;
        let found = stored(&lake).await;
        match found.lost.first() {
            // The search does not read every byte.
            None => assert_eq!(found, whole, "byte {at}"),
            Some(lost) => {
                assert_eq!((found.total, found.rows.len()), (0, 0));
                assert_eq!((found.lost.len(), lost.table), (1, "logs"));
                assert!(lost.range.contains(UnixNanos(HOUR.0 + 1_000_000_000)));
            }
        }
        assert_eq!(lake.scrub().await.unwrap().damaged, 1, "byte {at}");
        assert_eq!(stored(&lake).await.lost.len(), 1, "byte {at}");
        lake.close().await.unwrap();
    }
}
