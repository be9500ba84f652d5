//! Acknowledged log records that are lost: deleted, truncated or corrupted. Answers about their
//! time report it.

use crate::folder::{Folder, MINUTE, all};
use hinomi_conformance::spans::entries;
use hinomi_io::{Disk, RealDisk};
use hinomi_lake::{Depth, LakeLimits, Level, TransactionSearch, inspect};
use hinomi_model::UnixNanos;

/// Ten batches of ten spans, each in its own log file, after a crash.
async fn crashed() -> Folder {
    let folder = Folder::with(LakeLimits {
        wal_file_bytes: 1,
        ..LakeLimits::default()
    });
    let (lake, _) = folder.open().await;
    for batch in 0..10 {
        lake.append(entries(batch * 10 + 1..batch * 10 + 11))
            .await
            .unwrap();
    }
    drop(lake);
    assert_eq!(folder.logs().len(), 10);
    folder
}

/// Checks that `left` transactions remain, and that every answer about the lost time is partial,
/// also after a flush and further starts. An answer about a later time is complete.
async fn said(folder: &Folder, left: u64, what: &str) {
    let findings = inspect(&RealDisk, &folder.dir(), Depth::Tails).await;
    let told = |found: &hinomi_lake::Finding| found.level == Level::Damage;
    assert!(findings.iter().any(told), "{what}: {findings:?}");
    for round in 0..3 {
        let (lake, recovery) = folder.open().await;
        if round == 0 {
            assert!(recovery.lost_log_records > 0, "{what}");
        }
        let found = lake.transactions(all()).await.unwrap();
        assert_eq!((found.total, found.partial), (left, true), "{what} {round}");
        assert!(lake.stats().damaged_rows > 0, "{what} {round}");
        let later = TransactionSearch {
            range: hinomi_model::TimeRange::new(
                UnixNanos(hinomi_conformance::spans::HOUR.0).plus(MINUTE * 60),
                UnixNanos(hinomi_conformance::spans::HOUR.0).plus(MINUTE * 120),
            ),
            ..all()
        };
        let later = lake.transactions(later).await.unwrap();
        assert!(!later.partial, "{what} {round}: the loss has a time");
        lake.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_deleted_file_is_said_whichever_it_is() {
    for which in [0, 4, 9] {
        let folder = crashed().await;
        RealDisk.remove(&folder.logs()[which]).unwrap();
        said(&folder, 90, &format!("file {which}")).await;
    }
}

#[tokio::test]
async fn a_log_that_is_gone_altogether_is_said() {
    let folder = crashed().await;
    for log in folder.logs() {
        RealDisk.remove(&log).unwrap();
    }
    said(&folder, 0, "all files").await;
    // Used sequences are not used again.
    let (lake, _) = folder.open().await;
    lake.append(entries(200..210)).await.unwrap();
    drop(lake);
    let (lake, _) = folder.open().await;
    assert_eq!(lake.transactions(all()).await.unwrap().total, 10);
}

#[tokio::test]
async fn an_end_that_was_cut_off_is_said() {
    let folder = crashed().await;
    let last = folder.logs().pop().unwrap();
    let len = RealDisk.open(&last).unwrap().len().unwrap();
    RealDisk.truncate(&last, len - 9).unwrap();
    said(&folder, 90, "cut").await;
}

#[tokio::test]
async fn rot_in_the_middle_is_said() {
    let folder = crashed().await;
    let log = &folder.logs()[3];
    let file = RealDisk.open(log).unwrap();
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes[100] ^= 1;
    RealDisk.remove(log).unwrap();
    RealDisk.create(log).unwrap().append(&bytes).unwrap();
    said(&folder, 90, "rot").await;
}

#[tokio::test]
async fn files_that_changed_places_are_said() {
    let folder = crashed().await;
    let logs = folder.logs();
    let aside = folder.dir().join("wal/aside");
    for (from, to) in [(&logs[2], &aside), (&logs[6], &logs[2]), (&aside, &logs[6])] {
        RealDisk.rename(from, to).unwrap();
    }
    said(&folder, 80, "swapped").await;
}

#[tokio::test]
async fn a_whole_log_says_nothing() {
    let folder = crashed().await;
    for _ in 0..2 {
        let (lake, recovery) = folder.open().await;
        assert!(!recovery.has_losses(), "{recovery:?}");
        let found = lake.transactions(all()).await.unwrap();
        assert_eq!((found.total, found.partial), (100, false));
    }
}
