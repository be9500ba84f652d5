//! Restarts: what is restored, what is deleted, what is reported missing.

use crate::folder::{Folder, agreed_total, all};
use hinomi_conformance::spans::{entries, trace_id};
use hinomi_io::{Disk, RealDisk};

#[tokio::test]
async fn what_was_acknowledged_survives_a_crash_before_any_flush() {
    let folder = Folder::new();
    let (lake, recovery) = folder.open().await;
    assert_eq!(recovery, Default::default());
    for from in [1, 100, 200] {
        lake.append(entries(from..from + 50)).await.unwrap();
    }
    drop(lake);
    for _ in 0..2 {
        let (lake, recovery) = folder.open().await;
        assert_eq!(
            (recovery.replayed_batches, recovery.replayed_spans),
            (3, 150)
        );
        assert!(!recovery.has_losses());
        assert_eq!(agreed_total(&lake).await, 150);
    }
}

#[tokio::test]
async fn files_that_nothing_names_and_that_say_nothing_are_moved_aside() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..10)).await.unwrap();
    lake.flush().await.unwrap();
    let files = folder.segment_files();
    drop(lake);
    for name in ["77.parquet", "78.parquet.tmp"] {
        let left_over = files[0].parent().unwrap().join(name);
        RealDisk
            .create(&left_over)
            .unwrap()
            .append(b"half")
            .unwrap();
    }
    let (lake, recovery) = folder.open().await;
    assert_eq!((recovery.deleted_files, recovery.set_aside_files), (1, 1));
    assert_eq!(folder.segment_files().len(), files.len());
    let aside = RealDisk.list(&folder.dir().join("aside")).unwrap();
    assert!(aside.len() == 1 && aside[0].path.ends_with("77.parquet"));
    assert_eq!(agreed_total(&lake).await, 9);
}

#[tokio::test]
async fn a_missing_segment_is_left_out_and_said() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..10)).await.unwrap();
    lake.flush().await.unwrap();
    lake.append(entries(10..30)).await.unwrap();
    lake.flush().await.unwrap();
    drop(lake);
    let mut files = folder.segment_files();
    files.retain(|path| path.display().to_string().contains("/transactions/"));
    files.sort();
    RealDisk.remove(&files[0]).unwrap();
    let (lake, recovery) = folder.open().await;
    assert!(recovery.has_losses());
    assert_eq!(
        (recovery.damaged_segments, lake.stats().damaged_segments),
        (1, 1)
    );
    let found = lake.transactions(all()).await.unwrap();
    assert!(
        found.partial && [9, 20].contains(&found.total),
        "{}",
        found.total
    );
    assert!(
        !lake
            .trace("default".into(), trace_id(1), 10)
            .await
            .unwrap()
            .partial
    );
}

#[tokio::test]
async fn a_segment_with_other_bytes_is_left_out_and_said() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..10)).await.unwrap();
    lake.flush().await.unwrap();
    drop(lake);
    for path in folder.segment_files() {
        let len = RealDisk.open(&path).unwrap().len().unwrap();
        RealDisk.remove(&path).unwrap();
        RealDisk
            .create(&path)
            .unwrap()
            .append(&vec![0x5a; len as usize])
            .unwrap();
    }
    let (lake, recovery) = folder.open().await;
    assert_eq!(recovery.damaged_segments, 0, "the size is right");
    let found = lake.transactions(all()).await.unwrap();
    assert_eq!((found.total, found.partial), (0, true));
    assert!(
        lake.trace("default".into(), trace_id(1), 10)
            .await
            .unwrap()
            .partial
    );
    assert_eq!(lake.stats().damaged_segments, 2);
}

#[tokio::test]
async fn a_flush_gives_the_space_of_the_log_back() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..500)).await.unwrap();
    lake.flush().await.unwrap();
    // The committer truncates the log before it takes the next batch.
    lake.append(hinomi_conformance::spans::batch(vec![]))
        .await
        .unwrap();
    lake.append(hinomi_conformance::spans::batch(vec![]))
        .await
        .unwrap();
    assert!(folder.logs().is_empty());
    lake.append(entries(500..600)).await.unwrap();
    drop(lake);
    let (lake, recovery) = folder.open().await;
    assert_eq!(recovery.replayed_spans, 100);
    assert_eq!(agreed_total(&lake).await, 599);
}
