//! Retention: what is deleted by age and by budget, what stays, and what is refused when the disk
//! is nearly full.

use crate::folder::{Folder, MINUTE, agreed_total, all_rollups, cells, total};
use hinomi_conformance::spans::{HOUR, Spec, entries, one, span_id};
use hinomi_io::{Disk, Space};
use hinomi_lake::{AppendError, DiskLimits, Lake, LakeLimits, Resolution, Retention, TableId};
use hinomi_model::UnixNanos;
use hinomi_store::Registry;
use hinomi_testkit::{Faults, Power, SimDisk};
use std::{sync::Arc, time::Duration};

const AN_HOUR: Duration = Duration::from_secs(3_600);

/// Short retention for raw data, longer for rollups.
fn short() -> LakeLimits {
    LakeLimits {
        retention: Retention::FOREVER
            .keeping(TableId::SPANS, 2 * AN_HOUR)
            .keeping(TableId::TRANSACTIONS, 4 * AN_HOUR)
            .keeping(TableId::ROLLUPS_5S, AN_HOUR)
            .keeping(TableId::ROLLUPS_1M, 30 * AN_HOUR)
            .keeping(TableId::ROLLUPS_1H, 900 * AN_HOUR)
            .keeping(TableId::LOGS, AN_HOUR),
        ..LakeLimits::default()
    }
}

/// Sets the free bytes of a disk of 100 GB.
fn set_free(disk: &SimDisk, free: u64) {
    let total = 100_000_000_000;
    disk.set_space(Space { total, free });
}

/// One transaction that ends now, written to segments.
async fn now(lake: &Lake, folder: &Folder, id: u32, service: usize) {
    use hinomi_io::Clock;
    let end_ms = UnixNanos(folder.clock.unix_nanos()).millis() - HOUR.millis();
    let spec = Spec {
        id,
        service,
        end_ms,
        ..Spec::default()
    };
    lake.append(one(spec)).await.unwrap();
    lake.flush().await.unwrap();
}

#[tokio::test]
async fn each_kind_of_data_goes_at_its_age_and_the_horizon_says_so() {
    let folder = Folder::with(short());
    let (lake, _) = folder.open().await;
    now(&lake, &folder, 1, 0).await;
    let mut left = Vec::new();
    for id in 2..9 {
        folder.clock.advance(AN_HOUR + MINUTE);
        now(&lake, &folder, id, 0).await;
        lake.maintain().await.unwrap();
        let first = |found: bool| u8::from(found);
        let keys = lake
            .span_keys_since("default".into(), UnixNanos(0))
            .await
            .unwrap();
        let listed = lake.transactions(crate::folder::all()).await.unwrap();
        left.push([
            first(keys.iter().any(|(_, span)| *span == span_id(1))),
            first(listed.rows.iter().any(|row| row.span_id == span_id(1))),
            first(lake.horizon("default", Resolution::FiveSeconds) < HOUR),
        ]);
    }
    // When the first span is a little older than 1 h, 2 h, …
    let expected = [
        [1, 1, 0],
        [0, 1, 0],
        [0, 1, 0],
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
    ];
    assert_eq!(left, expected);
    assert_eq!(cells(&lake, Resolution::Minute).await, 8);
    assert_eq!(
        lake.horizon("default", Resolution::Minute),
        UnixNanos(i64::MIN)
    );
    let horizon = lake.horizon("default", Resolution::FiveSeconds);
    assert!(
        HOUR.plus(5 * AN_HOUR) < horizon && horizon < HOUR.plus(7 * AN_HOUR),
        "{horizon}"
    );
    let stats = lake.stats();
    assert_eq!(
        (stats.over_budget_segments, stats.maintenance_failures),
        (0, 0)
    );
    assert_eq!(stats.segments_by_table[..3], [2, 4, 1]);
    assert_eq!(folder.segment_files().len() as u64, stats.segments);
    drop(lake);
    let (lake, recovery) = folder.open().await;
    assert_eq!(recovery.deleted_files, 0);
    assert_eq!(
        lake.horizon("default", Resolution::FiveSeconds),
        horizon,
        "after a restart too"
    );
}

#[tokio::test]
async fn a_clock_that_jumps_ten_years_ahead_deletes_nothing() {
    let folder = Folder::with(short());
    let (lake, _) = folder.open().await;
    lake.append(entries(1..50)).await.unwrap();
    lake.flush().await.unwrap();
    lake.maintain().await.unwrap();
    let ahead = HOUR.plus(10 * 365 * 24 * AN_HOUR);
    folder.clock.set(ahead.0);
    lake.maintain().await.unwrap();
    assert_eq!(agreed_total(&lake).await, 49);
    assert_eq!(lake.stats().expired_segments, 0);
}

#[tokio::test]
async fn a_service_that_no_data_are_left_of_is_forgotten() {
    let folder = Folder::with(short());
    let (lake, _) = folder.open().await;
    now(&lake, &folder, 1, 0).await;
    folder.clock.advance(899 * AN_HOUR);
    now(&lake, &folder, 2, 1).await;
    lake.maintain().await.unwrap();
    let names = async |_: &Lake| {
        let registry = folder.registry();
        let services = registry.services("default".into()).await.unwrap();
        services
            .iter()
            .map(|(key, _)| key.service.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&lake).await, ["checkout", "payment"]);
    folder.clock.advance(2 * AN_HOUR);
    now(&lake, &folder, 3, 1).await;
    lake.maintain().await.unwrap();
    assert_eq!(names(&lake).await, ["payment"]);
    drop(lake);
    assert_eq!(names(&folder.open().await.0).await, ["payment"]);
}

#[tokio::test]
async fn over_the_budget_the_oldest_spans_go_first_and_the_rest_stays() {
    let mut folder = Folder::new();
    let (lake, _) = folder.open().await;
    for id in 1..11 {
        now(&lake, &folder, id, 0).await;
        folder.clock.advance(AN_HOUR);
    }
    lake.maintain().await.unwrap();
    let whole = lake.stats();
    lake.close().await.unwrap();
    drop(lake);
    let spans_of_an_hour = whole.segment_bytes / 50;
    let limits = LakeLimits {
        disk: DiskLimits {
            budget_bytes: Some(whole.segment_bytes - 3 * spans_of_an_hour),
            reserve_bytes: Some(0),
        },
        retention: Retention::FOREVER,
        ..LakeLimits::default()
    };
    folder.limits = limits;
    let (lake, _) = folder.open().await;
    lake.maintain().await.unwrap();
    let stats = lake.stats();
    let deleted = whole.segments_by_table[0] - stats.segments_by_table[0];
    assert!((2..6).contains(&deleted), "{deleted} hours of spans");
    assert_eq!(stats.segments_by_table[1..], whole.segments_by_table[1..]);
    assert_eq!(
        (stats.over_budget_segments, stats.expired_segments),
        (deleted, 0)
    );
    assert!(
        stats.disk_used_bytes <= stats.disk_budget_bytes,
        "{stats:?}"
    );
    let keys = lake
        .span_keys_since("default".into(), UnixNanos(0))
        .await
        .unwrap();
    let mut left: Vec<_> = keys.into_iter().map(|(_, span)| span).collect();
    left.sort_unstable();
    let newest: Vec<_> = (1 + deleted as u32..11).map(span_id).collect();
    assert_eq!(left, newest, "the oldest are gone");
    assert_eq!(
        cells(&lake, Resolution::FiveSeconds).await,
        total(&lake).await
    );
}

#[tokio::test]
async fn data_grow_old_where_nothing_comes_in_and_not_by_a_clock_that_jumps() {
    use hinomi_io::Clock;
    let folder = Folder::with(short());
    let (lake, _) = folder.open().await;
    now(&lake, &folder, 1, 0).await;
    lake.maintain().await.unwrap();
    let years = 3_650 * 24 * 3_600 * 1_000_000_000;
    let before = folder.clock.unix_nanos();
    folder.clock.set(before + years);
    lake.maintain().await.unwrap();
    assert_eq!(agreed_total(&lake).await, 1);
    folder.clock.set(before);
    let spans = async || {
        lake.span_keys_since("default".into(), UnixNanos(0))
            .await
            .unwrap()
            .len()
    };
    assert_eq!(spans().await, 1);
    folder.clock.advance(3 * AN_HOUR);
    lake.maintain().await.unwrap();
    assert_eq!((spans().await, total(&lake).await), (0, 1));
    let default = "default".into();
    assert_eq!(lake.transactions_horizon(&default), None);
    folder.clock.advance(2 * AN_HOUR);
    lake.maintain().await.unwrap();
    assert_eq!(total(&lake).await, 0);
    let horizon = lake.transactions_horizon(&default).unwrap();
    assert_eq!(horizon, UnixNanos(before + 1));
}

/// Whether existing data stay when a batch is written while clocks are temporarily wrong. The batch
/// itself may be as old as it claims.
async fn stays_after_a_jump(off: i64, senders_too: bool) -> bool {
    use hinomi_io::Clock;
    let folder = Folder::with(short());
    let (lake, _) = folder.open().await;
    now(&lake, &folder, 1, 0).await;
    let before = folder.clock.unix_nanos();
    lake.clock().witness(before);
    folder.clock.set(before + off);
    if senders_too {
        lake.clock().witness(before + off);
    }
    now(&lake, &folder, 2, 0).await;
    lake.maintain().await.unwrap();
    assert!(lake.stats().clock.is_apart);
    // The store is also restarted under the wrong clock.
    lake.close().await.unwrap();
    drop(lake);
    let (lake, _) = folder.open().await;
    lake.maintain().await.unwrap();
    folder.clock.set(before);
    lake.maintain().await.unwrap();
    let keys = lake
        .span_keys_since("default".into(), UnixNanos(0))
        .await
        .unwrap();
    keys.iter().any(|(_, span)| *span == span_id(1))
}

#[tokio::test]
async fn one_batch_under_a_wrong_clock_deletes_nothing_also_over_a_restart() {
    let day = 24 * 3_600 * 1_000_000_000;
    for off in [8 * day, -8 * day, 3_650 * day, -3_650 * day] {
        for senders_too in [true, false] {
            assert!(stays_after_a_jump(off, senders_too).await, "{off}");
        }
    }
}

#[tokio::test]
async fn after_a_week_switched_off_data_expire_once_senders_or_an_operator_confirm_it() {
    use hinomi_io::Clock;
    for by_operator in [false, true] {
        let folder = Folder::with(short());
        let (lake, _) = folder.open().await;
        now(&lake, &folder, 1, 0).await;
        lake.clock().accept();
        lake.close().await.unwrap();
        drop(lake);
        folder.clock.power_off(7 * 24 * AN_HOUR);
        let (lake, _) = folder.open().await;
        lake.maintain().await.unwrap();
        let spans = async |lake: &Lake| {
            lake.span_keys_since("default".into(), UnixNanos(0))
                .await
                .unwrap()
                .len()
        };
        assert_eq!(spans(&lake).await, 1, "nobody knows how long it was");
        let status = lake.stats().clock;
        assert_eq!((status.is_held, status.held), (true, 7 * 24 * AN_HOUR));
        assert_eq!(status.now, folder.clock.unix_nanos());
        if by_operator {
            lake.close().await.unwrap();
            drop(lake);
            let clock = folder.clock.clone();
            let older = hinomi_lake::accept_clock(&hinomi_io::RealDisk, &folder.dir(), clock);
            assert_eq!(older.unwrap(), 7 * 24 * AN_HOUR);
            let (lake, _) = folder.open().await;
            lake.maintain().await.unwrap();
            assert_eq!(spans(&lake).await, 0);
            continue;
        }
        // In small steps, with a request from a sender after each.
        for _ in 0..49 * 6 {
            folder.clock.advance(10 * MINUTE);
            lake.clock().witness(folder.clock.unix_nanos());
        }
        lake.maintain().await.unwrap();
        assert_eq!(spans(&lake).await, 0);
        assert!(!lake.stats().clock.is_held);
    }
}

#[tokio::test]
async fn the_clock_of_a_running_server_is_not_accepted_from_outside() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    let accept = || {
        let clock = folder.clock.clone();
        hinomi_lake::accept_clock(&hinomi_io::RealDisk, &folder.dir(), clock)
    };
    assert!(matches!(
        accept(),
        Err(hinomi_lake::OpenError::Locked { .. })
    ));
    lake.close().await.unwrap();
    drop(lake);
    assert!(accept().is_ok());
}

#[tokio::test]
async fn a_damaged_state_file_deletes_nothing() {
    let folder = Folder::with(short());
    let (lake, _) = folder.open().await;
    now(&lake, &folder, 1, 0).await;
    lake.close().await.unwrap();
    drop(lake);
    let state = folder.dir().join("state");
    hinomi_io::RealDisk.truncate(&state, 40).unwrap();
    folder.clock.power_off(3_650 * 24 * AN_HOUR);
    let (lake, _) = folder.open().await;
    lake.maintain().await.unwrap();
    assert_eq!(agreed_total(&lake).await, 1);
    lake.close().await.unwrap();
    drop(lake);
    folder.open().await;
}

#[tokio::test]
async fn the_folder_of_a_bucket_goes_with_its_last_file() {
    let folder = Folder::with(short());
    let (lake, _) = folder.open().await;
    now(&lake, &folder, 1, 0).await;
    folder.clock.advance(3 * AN_HOUR);
    now(&lake, &folder, 2, 0).await;
    lake.maintain().await.unwrap();
    let buckets = |table: &str| {
        let folder = folder.dir().join("segments/default").join(table);
        let entries = folder.read_dir().unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .collect::<Vec<_>>()
    };
    assert_eq!(buckets("spans").len(), 1);
    assert_eq!(buckets("transactions").len(), 2);
    lake.close().await.unwrap();
    // What a crash between the two steps leaves behind.
    let left = folder.dir().join("segments/default/spans/20200101T00Z");
    hinomi_io::RealDisk.create_dir_all(&left).unwrap();
    let (lake, _) = folder.open().await;
    assert!(!left.exists());
    assert_eq!(buckets("spans").len(), 1);
    assert_eq!(total(&lake).await, 2);
}

#[tokio::test]
async fn below_the_reserve_spans_are_refused_for_now_and_reads_go_on() {
    let limits = LakeLimits {
        disk: DiskLimits {
            budget_bytes: None,
            reserve_bytes: Some(1_000_000),
        },
        ..LakeLimits::default()
    };
    let folder = Folder::with(limits);
    let disk = folder.disk();
    set_free(&disk, 2_000_000);
    let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    lake.append(entries(1..10)).await.unwrap();
    set_free(&disk, 999_999);
    lake.maintain().await.unwrap();
    let refused = lake.append(entries(10..20)).await.unwrap_err();
    assert_eq!(refused, AppendError::NoSpace);
    assert!(refused.is_retryable());
    let stats = lake.stats();
    assert!(
        stats.disk_low && stats.disk_free_bytes == 999_999,
        "{stats:?}"
    );
    // Accepted data is still written, and queried from segments.
    lake.flush().await.unwrap();
    assert_eq!(agreed_total(&lake).await, 9);
    set_free(&disk, 1_000_001);
    lake.maintain().await.unwrap();
    assert!(
        lake.append(entries(10..20)).await.is_err(),
        "it does not flap"
    );
    set_free(&disk, 1_100_000);
    lake.maintain().await.unwrap();
    lake.append(entries(10..20)).await.unwrap();
    assert_eq!(agreed_total(&lake).await, 19);
    assert!(!lake.stats().disk_low);
}

#[tokio::test]
async fn a_lake_that_opens_on_a_full_disk_reads_and_refuses() {
    let folder = Folder::new();
    let disk = folder.disk();
    let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    lake.append(entries(1..10)).await.unwrap();
    lake.close().await.unwrap();
    drop(lake);
    set_free(&disk, 0);
    let (lake, _) = folder.try_open(Arc::new(disk)).await.unwrap();
    assert_eq!(agreed_total(&lake).await, 9);
    assert_eq!(
        lake.append(entries(10..20)).await,
        Err(AppendError::NoSpace)
    );
}

#[tokio::test]
async fn without_room_for_the_new_file_nothing_is_merged() {
    let mut folder = Folder::new();
    let disk = folder.disk();
    set_free(&disk, 500_000_000);
    let limits = LakeLimits {
        disk: DiskLimits {
            budget_bytes: None,
            reserve_bytes: Some(1_000),
        },
        ..folder.limits
    };
    folder.limits = limits;
    let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    for id in 1..4 {
        now(&lake, &folder, id, 0).await;
    }
    folder.clock.advance(2 * AN_HOUR);
    set_free(&disk, 2_000);
    lake.maintain().await.unwrap();
    assert_eq!(lake.stats().compactions, 0);
    set_free(&disk, 500_000_000);
    lake.maintain().await.unwrap();
    assert_eq!(lake.stats().compactions, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_query_beside_retention_never_fails() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let folder = Folder::with(short());
    let (lake, _) = folder.open().await;
    now(&lake, &folder, 1, 0).await;
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (lake, done) = (lake.clone(), done.clone());
            tokio::spawn(async move {
                let mut answers = 0_u64;
                while !done.load(Ordering::SeqCst) {
                    assert!(
                        !lake
                            .transactions(crate::folder::all())
                            .await
                            .unwrap()
                            .partial
                    );
                    lake.rollups(all_rollups(Resolution::FiveSeconds))
                        .await
                        .unwrap();
                    let id = hinomi_conformance::spans::trace_id(1);
                    assert!(!lake.trace("default".into(), id, 100).await.unwrap().partial);
                    answers += 1;
                }
                answers
            })
        })
        .collect();
    for id in 2..60 {
        folder.clock.advance(20 * MINUTE);
        now(&lake, &folder, id, 0).await;
        lake.maintain().await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
    let stats = lake.stats();
    assert!(
        stats.expired_segments > 20 && stats.damaged_segments == 0,
        "{stats:?}"
    );
}

/// Retention, until from some step on nothing reaches the disk any more.
async fn crash_at(step: u64, power_cut: bool) -> bool {
    let folder = Folder::with(short());
    let disk = folder.disk();
    let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    for id in 1..5 {
        now(&lake, &folder, id, 0).await;
        folder.clock.advance(AN_HOUR);
    }
    lake.close().await.unwrap();
    drop(lake);
    disk.set_faults(Faults::from_step(disk.steps() + step));
    if let Ok((lake, _)) = folder.try_open(Arc::new(disk.clone())).await {
        let _ = lake.maintain().await;
    }
    disk.restart(power_cut.then_some(Power::LosesAll));
    let (lake, recovery) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    assert_eq!(recovery.damaged_segments, 0, "{step}");
    lake.maintain().await.unwrap();
    // Ages are 1 h to 4 h. A range ends a nanosecond after its newest row, so the data of 2 h is
    // kept.
    let keys = lake
        .span_keys_since("default".into(), UnixNanos(0))
        .await
        .unwrap();
    assert_eq!(keys.len(), 2, "{step}");
    assert_eq!(cells(&lake, Resolution::Hour).await, 4, "{step}");
    let files = disk.list(&folder.dir().join("segments")).unwrap();
    assert_eq!(
        files.len() as u64,
        lake.stats().segments,
        "{step}: left over"
    );
    disk.failures() > 0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_step_of_retention_keeps_what_is_to_be_kept() {
    for power_cut in [false, true] {
        let mut step = 0;
        while crash_at(step, power_cut).await {
            step += 1;
        }
        assert!(step > 4, "the scenario has more than {step} steps");
    }
}

#[tokio::test]
async fn the_disk_is_asked_for_its_size() {
    let folder = Folder::new();
    let disk = folder.disk();
    set_free(&disk, 40_000_000_000);
    let (lake, _) = folder.try_open(Arc::new(disk)).await.unwrap();
    let stats = lake.stats();
    assert_eq!(
        stats.disk_budget_bytes, 32_000_000_000,
        "80 % of what is free"
    );
    assert_eq!(stats.disk_reserve_bytes, 2_000_000_000, "2 % of 100 GB");
}
