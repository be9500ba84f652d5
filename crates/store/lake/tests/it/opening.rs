//! Folders that cannot be opened, and the messages for the operator.

use crate::folder::{Folder, agreed_total};
use hinomi_conformance::spans::entries;
use hinomi_io::{Disk, RealDisk, SystemEntropy};
use hinomi_lake::{AppendError, OpenError};
use hinomi_testkit::Faults;
use hinomi_wal::{Wal, WalLimits};
use std::sync::Arc;

#[tokio::test]
async fn a_folder_in_use_is_refused_until_it_is_given_back() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    let refused = folder.try_open(Arc::new(RealDisk)).await.err().unwrap();
    assert!(matches!(refused, OpenError::Locked { .. }));
    assert!(
        refused
            .to_string()
            .ends_with("choose another folder with --data-dir")
    );
    lake.close().await.unwrap();
    folder.open().await;
}

#[tokio::test]
async fn a_folder_of_a_newer_version_is_refused_by_number() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.close().await.unwrap();
    drop(lake);
    let (disk, entropy) = (Arc::new(RealDisk), Arc::new(SystemEntropy));
    let (dir, limits) = (folder.dir().join("manifest"), WalLimits::default());
    let (mut manifest, _) = Wal::open(disk, entropy, dir, limits, 0, |_, _| ()).unwrap();
    manifest
        .append(br#"{"v":99,"entries":[{"unheard":"of"}]}"#)
        .unwrap();
    manifest.sync().unwrap();
    let refused = folder.try_open(Arc::new(RealDisk)).await.err().unwrap();
    assert!(
        matches!(
            refused,
            OpenError::NewerVersion {
                found: 99,
                known: 1..
            }
        ),
        "{refused}"
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let folder = Folder::new();
    // A file at the folder's path: even root cannot write below it.
    RealDisk.create(&folder.dir()).unwrap();
    let refused = folder.try_open(Arc::new(RealDisk)).await.err().unwrap();
    assert!(matches!(refused, OpenError::Unwritable { .. }), "{refused}");
    assert!(
        refused
            .to_string()
            .contains(&folder.dir().display().to_string())
    );
}

#[tokio::test]
async fn a_catalog_that_is_no_database_is_refused_and_left_alone() {
    let folder = Folder::new();
    RealDisk.create_dir_all(&folder.dir()).unwrap();
    let path = folder.dir().join("catalog.db");
    RealDisk
        .create(&path)
        .unwrap()
        .append(&[b'x'; 8_192])
        .unwrap();
    let refused = folder.try_open(Arc::new(RealDisk)).await.err().unwrap();
    assert!(matches!(refused, OpenError::Catalog { .. }), "{refused}");
    assert_eq!(RealDisk.open(&path).unwrap().len().unwrap(), 8_192);
}

#[tokio::test]
async fn a_lake_on_a_read_only_disk_reads_refuses_and_goes_on_once_it_can_write() {
    let folder = Folder::new();
    let disk = folder.disk();
    let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    lake.append(entries(1..10)).await.unwrap();
    lake.flush().await.unwrap();
    lake.append(entries(10..20)).await.unwrap();
    disk.cut();
    drop(lake);
    disk.restart(None);
    disk.set_faults(Faults::read_only());
    let (lake, _) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    assert_eq!(agreed_total(&lake).await, 19, "of segments and log");
    let refused = lake.append(entries(20..30)).await;
    assert!(matches!(refused, Err(AppendError::Disk(_))), "{refused:?}");
    assert_eq!(agreed_total(&lake).await, 19);
    disk.set_faults(Faults::default());
    lake.append(entries(30..40)).await.unwrap();
    assert_eq!(agreed_total(&lake).await, 29);
}
