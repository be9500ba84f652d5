//! Tests a catalog that is lost, truncated, corrupted or old. The segments' footers restore it, and
//! no file is deleted because the catalog does not know it.

use crate::{
    folder::{Folder, MINUTE, agreed_total, all},
    golden::copy,
};
use hinomi_conformance::spans::{Spec, batch, entries, span};
use hinomi_io::{Disk, RealDisk, SystemEntropy};
use hinomi_lake::{Lake, rebuild_catalog};
use hinomi_model::{Text, UnixNanos};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

const SPANS: u64 = 120;

/// A folder with flushes of two hours, merges, and a batch in the log, after a crash.
async fn written() -> Folder {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    fill(&lake, &folder).await;
    drop(lake);
    folder
}

async fn fill(lake: &Lake, folder: &Folder) {
    for flush in 0..5 {
        lake.append(entries(flush * 20 + 1..flush * 20 + 21))
            .await
            .unwrap();
        lake.flush().await.unwrap();
        if flush == 3 {
            folder.clock.advance(MINUTE * 150);
            lake.maintain().await.unwrap();
            assert!(lake.stats().compactions > 0);
        }
    }
    lake.append(entries(101..121)).await.unwrap();
}

fn manifest_files(folder: &Folder) -> Vec<PathBuf> {
    let mut files: Vec<_> = RealDisk
        .list(&folder.dir().join("manifest"))
        .unwrap()
        .into_iter()
        .map(|entry| entry.path)
        .collect();
    files.sort();
    files
}

fn read(path: &Path) -> Vec<u8> {
    let file = RealDisk.open(path).unwrap();
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

fn write(path: &Path, bytes: &[u8]) {
    RealDisk.remove(path).unwrap();
    RealDisk.create(path).unwrap().append(bytes).unwrap();
}

/// A copy of a folder in its current state.
fn copied(from: &Folder) -> Folder {
    let folder = Folder::new();
    folder.clock.set(hinomi_io::Clock::unix_nanos(&*from.clock));
    copy(&from.dir(), &folder.dir());
    folder
}

/// Checks that everything is there, counted once and not reported as partial, also after another
/// start.
async fn whole(folder: &Folder, what: &str) {
    for round in 0..2 {
        let (lake, _) = folder.open().await;
        assert_eq!(agreed_total(&lake).await, SPANS, "{what}, start {round}");
        let found = lake.transactions(all()).await.unwrap();
        assert!(!found.partial, "{what}, start {round}");
        let keys = lake
            .span_keys_since("default".into(), UnixNanos(0))
            .await
            .unwrap();
        assert_eq!(keys.len() as u64, SPANS, "{what}, start {round}");
        lake.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_bit_that_flips_anywhere_in_the_manifest_costs_nothing() {
    let source = written().await;
    let mut seen = 0;
    for (at_file, file) in manifest_files(&source).into_iter().enumerate() {
        let bytes = read(&file);
        // These offsets hit every record.
        for at in (0..bytes.len()).step_by(bytes.len() / 24 + 1) {
            let folder = copied(&source);
            let mut rotten = bytes.clone();
            rotten[at] ^= 16;
            write(&manifest_files(&folder)[at_file], &rotten);
            whole(&folder, &format!("file {at_file}, byte {at}")).await;
            seen += 1;
        }
    }
    assert!(seen >= 20, "{seen}");
}

#[tokio::test]
async fn a_manifest_that_is_cut_anywhere_costs_nothing() {
    let source = written().await;
    let file = manifest_files(&source).pop().unwrap();
    let bytes = read(&file);
    for at in (0..bytes.len()).step_by(bytes.len() / 20 + 1) {
        let folder = copied(&source);
        write(&manifest_files(&folder).pop().unwrap(), &bytes[..at]);
        whole(&folder, &format!("cut at {at} of {}", bytes.len())).await;
    }
}

#[tokio::test]
async fn a_lost_or_empty_manifest_is_made_anew_from_the_segments() {
    let source = written().await;
    for empty in [true, false] {
        let folder = copied(&source);
        for file in manifest_files(&folder) {
            match empty {
                true => write(&file, b""),
                false => RealDisk.remove(&file).unwrap(),
            }
        }
        let files = folder.segment_files().len();
        let (lake, recovery) = folder.open().await;
        assert!(recovery.adopted_segments > 0, "{recovery:?}");
        assert_eq!(agreed_total(&lake).await, SPANS);
        assert_eq!(recovery.set_aside_files, 0);
        assert!(folder.segment_files().len() <= files);
        lake.close().await.unwrap();
        drop(lake);
        whole(&folder, "made anew").await;
    }
}

#[tokio::test]
async fn an_older_manifest_is_brought_up_to_date_from_the_segments() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..2)).await.unwrap();
    lake.flush().await.unwrap();
    let older: Vec<_> = manifest_files(&folder)
        .into_iter()
        .map(|file| (read(&file), file))
        .collect();
    let mut expected = 1;
    for flush in 1..6 {
        lake.append(entries(flush * 20..flush * 20 + 20))
            .await
            .unwrap();
        lake.flush().await.unwrap();
        expected += 20;
        if flush == 3 {
            folder.clock.advance(MINUTE * 150);
            lake.maintain().await.unwrap();
        }
    }
    drop(lake);
    for file in manifest_files(&folder) {
        RealDisk.remove(&file).unwrap();
    }
    for (bytes, file) in older {
        RealDisk.create(&file).unwrap().append(&bytes).unwrap();
    }
    for _ in 0..2 {
        let (lake, recovery) = folder.open().await;
        assert_eq!(agreed_total(&lake).await, expected, "{recovery:?}");
        assert!(!lake.transactions(all()).await.unwrap().partial);
        lake.close().await.unwrap();
    }
}

#[tokio::test]
async fn the_loss_of_the_last_snapshot_costs_nothing() {
    let folder = Folder::new();
    // Each record of a segment has the name of its node: enough bytes for several snapshots.
    let node: Text = "n".repeat(40_000).into();
    let mut expected = 0;
    for start in 0..8 {
        let (lake, _) = folder.open_as(node.clone()).await;
        for flush in 0..10 {
            let first = (start * 10 + flush) * 10 + 1;
            lake.append(entries(first..first + 10)).await.unwrap();
            lake.flush().await.unwrap();
            expected += 10;
        }
        folder.clock.advance(MINUTE * 150);
        lake.maintain().await.unwrap();
        lake.close().await.unwrap();
    }
    let files = manifest_files(&folder);
    let sizes: u64 = files.iter().map(|file| read(file).len() as u64).sum();
    assert!(sizes < 12 << 20, "old generations go: {sizes}");
    // The last snapshot begins a file, so its first record is the large one.
    let largest = files.iter().max_by_key(|file| read(file).len()).unwrap();
    let mut bytes = read(largest);
    bytes[200] ^= 1;
    write(largest, &bytes);
    let (lake, _) = folder.open_as(node).await;
    assert_eq!(agreed_total(&lake).await, expected);
    assert!(!lake.transactions(all()).await.unwrap().partial);
}

#[tokio::test]
async fn the_index_may_be_anything() {
    let source = written().await;
    let index = |folder: &Folder| folder.dir().join("catalog.db");
    let (lake, _) = source.open().await;
    lake.close().await.unwrap();
    drop(lake);
    let bytes = read(&index(&source));
    type Damage<'a> = (&'static str, Box<dyn Fn(&Folder) + 'a>);
    let damages: [Damage<'_>; 4] = [
        (
            "gone",
            Box::new(|folder| RealDisk.remove(&index(folder)).unwrap()),
        ),
        ("empty", Box::new(|folder| write(&index(folder), b""))),
        (
            "no database",
            Box::new(|folder| write(&index(folder), &[b'x'; 9_000])),
        ),
        (
            "cut",
            Box::new(|folder| write(&index(folder), &bytes[..bytes.len() / 2])),
        ),
    ];
    for (what, damage) in damages {
        let folder = copied(&source);
        damage(&folder);
        whole(&folder, what).await;
        let rows = folder
            .index("SELECT 'segments', count(*) FROM segments")
            .await;
        let files = folder.segment_files().len() as i64;
        assert_eq!(rows, [("segments".to_owned(), files)], "{what}: made anew");
    }
}

#[tokio::test]
async fn a_row_lost_with_its_file_is_no_other_files_loss() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    for from in [1, 11] {
        lake.append(entries(from..from + 10)).await.unwrap();
        lake.flush().await.unwrap();
    }
    lake.close().await.unwrap();
    drop(lake);
    let lost = folder
        .segment_files()
        .into_iter()
        .find(|file| file.to_string_lossy().contains("/transactions/"));
    RealDisk.remove(&lost.unwrap()).unwrap();
    let (lake, recovery) = folder.open().await;
    assert_eq!((recovery.damaged_segments, recovery.deleted_files), (1, 0));
    let found = lake.transactions(all()).await.unwrap();
    assert_eq!((found.total, found.partial), (10, true));
}

#[tokio::test]
async fn the_doctor_makes_the_catalog_anew_and_looks_at_what_was_moved_aside() {
    let folder = written().await;
    let stray = folder.segment_files()[0]
        .parent()
        .unwrap()
        .join("9000.parquet");
    RealDisk.create(&stray).unwrap().append(b"half").unwrap();
    let (lake, recovery) = folder.open().await;
    assert_eq!(recovery.set_aside_files, 1);
    lake.close().await.unwrap();
    drop(lake);
    let recovery = rebuild_catalog(
        Arc::new(RealDisk),
        folder.clock.clone(),
        Arc::new(SystemEntropy),
        &folder.dir(),
        folder.open_registry().await,
    )
    .await
    .unwrap();
    assert!(recovery.adopted_segments > 0);
    assert_eq!(recovery.set_aside_files, 1, "it is still not understood");
    whole(&folder, "made anew").await;
}

#[tokio::test]
async fn a_removed_segment_whose_file_stayed_does_not_come_back() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    for flush in 0..4 {
        lake.append(entries(flush * 5 + 1..flush * 5 + 6))
            .await
            .unwrap();
        lake.flush().await.unwrap();
    }
    let before = copied(&folder);
    folder.clock.advance(MINUTE * 150);
    lake.maintain().await.unwrap();
    drop(lake);
    // As if the removals had not reached the disk.
    for file in before.segment_files() {
        let to = folder.dir().join(file.strip_prefix(before.dir()).unwrap());
        if RealDisk.open(&to).is_err() {
            RealDisk.create_dir_all(to.parent().unwrap()).unwrap();
            RealDisk.create(&to).unwrap().append(&read(&file)).unwrap();
        }
    }
    for _ in 0..2 {
        let (lake, recovery) = folder.open().await;
        assert_eq!(agreed_total(&lake).await, 20, "{recovery:?}");
        assert_eq!(recovery.set_aside_files, 0);
        lake.close().await.unwrap();
    }
}

#[tokio::test]
async fn spans_of_other_hours_are_found_again_too() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    let late = |id: u32| {
        span(&Spec {
            id,
            end_ms: -i64::from(id) * 3_000_000,
            ..Spec::default()
        })
    };
    for flush in 0..3_u32 {
        let spans = (flush * 10 + 1..flush * 10 + 11).map(late).collect();
        lake.append(batch(spans)).await.unwrap();
        lake.flush().await.unwrap();
    }
    drop(lake);
    for file in manifest_files(&folder) {
        RealDisk.remove(&file).unwrap();
    }
    let (lake, _) = folder.open().await;
    assert_eq!(agreed_total(&lake).await, 30);
}
