//! Segment files that differ from what was written: always noticed, never a wrong answer, always
//! reported.

use crate::folder::{Folder, all, all_rollups, total};
use hinomi_conformance::spans::{HOUR, Spec, batch, entries, one, span, trace_id};
use hinomi_io::{Disk, RealDisk};
use hinomi_lake::{Lake, Lost, Resolution};
use hinomi_model::{TimeRange, UnixNanos};
use std::path::{Path, PathBuf};

/// Number of transactions in the folder's first hour.
const FIRST: u64 = 3_000;

/// A folder with two hours of entries, written and closed.
async fn two_hours() -> Folder {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    for from in (1..=FIRST as u32).step_by(500) {
        lake.append(entries(from..from + 500)).await.unwrap();
    }
    let later = |id: u32| {
        span(&Spec {
            id: 100_000 + id,
            trace: 200,
            end_ms: -3_600_000 + i64::from(id),
            ..Spec::default()
        })
    };
    lake.append(batch((0..7).map(later).collect()))
        .await
        .unwrap();
    lake.close().await.unwrap();
    folder
}

/// The largest file of a table; with two hours, that of the first hour.
pub fn largest(folder: &Folder, table: &str) -> PathBuf {
    let mut files = folder.segment_files();
    files.retain(|path| path.display().to_string().contains(&format!("/{table}/")));
    files.sort_by_key(|path| read(path).len());
    files.pop().unwrap()
}

pub fn read(path: &Path) -> Vec<u8> {
    let file = RealDisk.open(path).unwrap();
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

pub fn write(path: &Path, bytes: &[u8]) {
    let _ = RealDisk.remove(path);
    RealDisk.create(path).unwrap().append(bytes).unwrap();
}

/// Every answer is either complete, or lacks rows and names their table and time.
async fn answers_are_right_or_partial(lake: &Lake, table: &str, what: &str) {
    let found = lake.transactions(all()).await.unwrap();
    assert_eq!(found.partial, !found.lost.is_empty(), "{what}");
    match found.partial {
        false => assert_eq!(found.total, FIRST + 7, "{what}"),
        true => {
            assert_eq!(table, "transactions", "{what}");
            assert!(
                found.total <= FIRST + 7 && says_where(&found.lost, table),
                "{what}"
            );
        }
    }
    for resolution in Resolution::ALL {
        let found = lake.rollups(all_rollups(resolution)).await.unwrap();
        let count: u64 = found
            .rollups
            .iter()
            .map(|(_, _, rollup)| rollup.count)
            .sum();
        match found.lost.is_empty() {
            true => assert_eq!(count, FIRST + 7, "{what}"),
            false => assert!(
                count < FIRST + 7 && says_where(&found.lost, table),
                "{what}"
            ),
        }
    }
    for (trace, spans) in [(1, 12), (200, 7 + 11)] {
        let found = lake.trace("default".into(), trace_id(trace), 100);
        let found = found.await.unwrap();
        match found.partial {
            false => assert_eq!(found.spans.len(), spans, "{what} {trace}"),
            true => assert!(
                found.spans.len() <= spans && says_where(&found.lost, table),
                "{what} {trace}"
            ),
        }
    }
}

fn says_where(lost: &[Lost], table: &str) -> bool {
    let inside = |lost: &Lost| {
        lost.table == table && lost.range.contains(HOUR.plus(crate::folder::MINUTE / 60))
    };
    !lost.is_empty() && lost.iter().all(inside)
}

const TABLES: [&str; 5] = [
    "spans",
    "transactions",
    "rollups_5s",
    "rollups_1m",
    "rollups_1h",
];

#[tokio::test]
async fn a_flipped_bit_anywhere_is_noticed_and_never_a_wrong_answer() {
    let folder = two_hours().await;
    for table in TABLES {
        let path = largest(&folder, table);
        let good = read(&path);
        let length = good.len();
        // Both magics, the table of checksums, page index, footer, and pages in between.
        let sums = good
            .windows(8)
            .position(|eight| eight == b"HINOSUM\x01")
            .unwrap();
        let places = [
            0,
            3,
            4,
            sums - 1,
            sums,
            sums + 9,
            sums + 17,
            length - 9,
            length - 1,
        ];
        let spread = (1..12).map(|part| part * length / 12);
        for at in places.into_iter().chain(spread) {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            write(&path, &bad);
            let what = format!("{table}, byte {at} of {length}, checksums at {sums}");
            let (lake, _) = folder.open().await;
            answers_are_right_or_partial(&lake, table, &what).await;
            let scrub = lake.scrub().await.unwrap();
            assert_eq!(scrub.damaged, 1, "{what}");
            assert!(lake.stats().checksum_failures > 0, "{what}");
            answers_are_right_or_partial(&lake, table, &what).await;
            lake.close().await.unwrap();
            write(&path, &good);
            let (lake, recovery) = folder.open().await;
            assert_eq!(
                (recovery.released_segments, lake.stats().damaged_segments),
                (1, 0),
                "{what}"
            );
            lake.close().await.unwrap();
        }
    }
    let (lake, _) = folder.open().await;
    assert_eq!(total(&lake).await, FIRST + 7);
}

#[tokio::test]
async fn files_that_are_cut_longer_swapped_or_gone_are_noticed() {
    let folder = two_hours().await;
    for table in TABLES {
        let path = largest(&folder, table);
        let good = read(&path);
        let other = read(&largest(
            &folder,
            if table == "spans" {
                "transactions"
            } else {
                "spans"
            },
        ));
        let longer = [&good[..], b"x"].concat();
        let zeros = vec![0; good.len()];
        for (how, bytes) in [
            ("cut", Some(&good[..good.len() - 1])),
            ("empty", Some(&[][..])),
            ("longer", Some(&longer[..])),
            ("zeros", Some(&zeros[..])),
            ("swapped", Some(&other[..])),
            ("gone", None),
        ] {
            match bytes {
                Some(bytes) => write(&path, bytes),
                None => RealDisk.remove(&path).unwrap(),
            }
            let what = format!("{table} {how}");
            let (lake, _) = folder.open().await;
            answers_are_right_or_partial(&lake, table, &what).await;
            assert_eq!(lake.scrub().await.unwrap().damaged, 1, "{what}");
            lake.close().await.unwrap();
            write(&path, &good);
        }
    }
}

#[tokio::test]
async fn two_files_of_one_length_that_change_places_are_noticed() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    for from in [1, 11] {
        lake.append(entries(from..from + 10)).await.unwrap();
        lake.flush().await.unwrap();
    }
    lake.close().await.unwrap();
    let mut files = folder.segment_files();
    files.retain(|path| path.display().to_string().contains("/transactions/"));
    let (left, right) = (read(&files[0]), read(&files[1]));
    write(&files[0], &right);
    write(&files[1], &left);
    let (lake, _) = folder.open().await;
    let found = lake.transactions(all()).await.unwrap();
    assert_eq!((found.total, found.lost.len()), (0, 2));
}

#[tokio::test]
async fn only_answers_that_touch_the_lost_time_are_partial() {
    let folder = two_hours().await;
    RealDisk.remove(&largest(&folder, "transactions")).unwrap();
    RealDisk.remove(&largest(&folder, "rollups_5s")).unwrap();
    let (lake, _) = folder.open().await;
    let hour_before = TimeRange::new(UnixNanos(HOUR.0 - 3_600_000_000_000), HOUR);
    let mut search = all();
    search.range = hour_before;
    let found = lake.transactions(search).await.unwrap();
    assert_eq!((found.total, found.lost), (7, vec![]));
    let mut search = all_rollups(Resolution::FiveSeconds);
    search.range = hour_before;
    assert_eq!(lake.rollups(search).await.unwrap().lost, []);
    let found = lake.transactions(all()).await.unwrap();
    let range = TimeRange::new(
        UnixNanos(HOUR.0 + 1_000_000),
        UnixNanos(HOUR.0 + 3_000_000_001),
    );
    let lost = Lost {
        table: "transactions",
        range,
    };
    assert_eq!((found.total, found.lost), (7, vec![lost]));
    // Counts from undamaged files are complete.
    let found = lake.rollups(all_rollups(Resolution::Minute)).await.unwrap();
    assert_eq!(found.lost, []);
}

#[tokio::test]
async fn damage_is_remembered_over_restarts_until_the_file_is_back() {
    let folder = two_hours().await;
    let path = largest(&folder, "transactions");
    let good = read(&path);
    let mut bad = good.clone();
    // Inside a page, so that neither the start nor the size of the file reveals it.
    bad[good.len() / 3] ^= 4;
    write(&path, &bad);
    let (lake, recovery) = folder.open().await;
    assert_eq!(recovery.damaged_segments, 0);
    assert!(lake.transactions(all()).await.unwrap().partial);
    lake.close().await.unwrap();
    for _ in 0..2 {
        let (lake, recovery) = folder.open().await;
        assert_eq!(
            (recovery.damaged_segments, lake.stats().damaged_segments),
            (1, 1)
        );
        assert!(recovery.has_losses());
        lake.close().await.unwrap();
    }
    write(&path, &good);
    let (lake, recovery) = folder.open().await;
    assert_eq!(
        (recovery.damaged_segments, recovery.released_segments),
        (0, 1)
    );
    let found = lake.transactions(all()).await.unwrap();
    assert_eq!((found.total, found.partial), (FIRST + 7, false));
    lake.close().await.unwrap();
    let (_, recovery) = folder.open().await;
    assert_eq!(recovery.released_segments, 0, "once");
}

#[tokio::test]
async fn a_file_put_back_while_the_store_runs_is_taken_back_by_the_next_check() {
    let folder = two_hours().await;
    let path = largest(&folder, "transactions");
    let good = read(&path);
    let (lake, _) = folder.open().await;
    assert_eq!(total(&lake).await, FIRST + 7);
    let mut bad = good.clone();
    bad[good.len() / 3] ^= 4;
    write(&path, &bad);
    assert_eq!(lake.scrub().await.unwrap().damaged, 1);
    assert!(lake.transactions(all()).await.unwrap().partial);
    write(&path, &good);
    assert_eq!(lake.scrub().await.unwrap().damaged, 0);
    let found = lake.transactions(all()).await.unwrap();
    assert_eq!((found.total, found.partial), (FIRST + 7, false));
}

#[tokio::test]
async fn other_parquet_readers_do_not_mind_the_checksums() {
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let folder = two_hours().await;
    for table in TABLES {
        let bytes = bytes::Bytes::from(read(&largest(&folder, table)));
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
        let rows = reader.metadata().file_metadata().num_rows();
        let read: usize = reader
            .build()
            .unwrap()
            .map(|batch| batch.unwrap().num_rows())
            .sum();
        assert!(read > 0 && read as i64 == rows, "{table}");
    }
}

#[tokio::test]
async fn the_background_check_finds_what_nobody_asked_for() {
    let folder = two_hours().await;
    let path = largest(&folder, "spans");
    let mut bad = read(&path);
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    write(&path, &bad);
    let (lake, _) = folder.open().await;
    assert_eq!(lake.stats().scrub_bytes, 0, "a new folder is not due");
    lake.close().await.unwrap();
    folder.clock.advance(crate::folder::MINUTE * 60 * 24 * 8);
    let (lake, _) = folder.open().await;
    while lake.stats().scrub_passes == 0 {
        tokio::task::yield_now().await;
    }
    let stats = lake.stats();
    assert_eq!((stats.damaged_segments, stats.scrub_failures), (1, 1));
    let bytes: u64 = folder
        .segment_files()
        .iter()
        .map(|path| read(path).len() as u64)
        .sum();
    // The damaged file is read up to its damage.
    assert!(stats.scrub_bytes > bytes / 4 && stats.scrub_bytes <= bytes);
    assert!(stats.scrub_finished_seconds > 0);
    lake.close().await.unwrap();
    let (lake, _) = folder.open().await;
    assert_eq!(lake.stats().scrub_passes, 0, "the next is due in a week");
    assert_eq!(lake.stats().damaged_segments, 1);
}

#[tokio::test]
async fn new_segments_are_whole_while_others_are_left_out() {
    let folder = two_hours().await;
    RealDisk.remove(&largest(&folder, "transactions")).unwrap();
    let (lake, _) = folder.open().await;
    let late = Spec {
        id: 77_777,
        trace: 77,
        end_ms: 10,
        ..Spec::default()
    };
    lake.append(one(late)).await.unwrap();
    lake.close().await.unwrap();
    let (lake, recovery) = folder.open().await;
    assert!(!recovery.missing_rows && recovery.damaged_rows == 0);
    let found = lake.transactions(all()).await.unwrap();
    assert_eq!((found.total, found.partial), (8, true));
}
