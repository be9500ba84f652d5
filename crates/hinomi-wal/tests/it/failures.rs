//! A disk that fails while the log is written: what failed is void, what follows is whole.

use crate::{disk::FlakyDisk, log::Folder};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// One acknowledged record, one that fails, one acknowledged after it.
fn check_failure(fault: fn(&FlakyDisk) -> &AtomicBool) {
    let (folder, disk) = (Folder::new(), Arc::new(FlakyDisk::default()));
    let (mut wal, ..) = folder.open_flaky(&disk);
    wal.append(b"before").unwrap();
    wal.sync().unwrap();
    fault(&disk).store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let failed = wal.append(b"void").and_then(|_| wal.sync());
        assert!(failed.is_err());
    }
    fault(&disk).store(false, Ordering::SeqCst);
    assert_eq!(
        wal.append(b"after").unwrap(),
        2,
        "the void sequence is given out again"
    );
    wal.sync().unwrap();
    drop(wal);
    let (_, records, _) = folder.open();
    assert_eq!(records, [(1, b"before".to_vec()), (2, b"after".to_vec())]);
}

#[test]
fn a_failed_sync_voids_its_records_although_they_reached_the_file() {
    check_failure(|disk| &disk.faults.sync);
}

#[test]
fn a_failed_write_voids_its_records() {
    check_failure(|disk| &disk.faults.append);
}

#[test]
fn a_log_whose_first_file_cannot_be_made_recovers() {
    for fault in [
        |disk: &FlakyDisk| &disk.faults.create,
        |disk: &FlakyDisk| &disk.faults.sync_dir,
    ] as [fn(&FlakyDisk) -> &AtomicBool; 2]
    {
        let (folder, disk) = (Folder::new(), Arc::new(FlakyDisk::default()));
        let (mut wal, ..) = folder.open_flaky(&disk);
        fault(&disk).store(true, Ordering::SeqCst);
        assert!(wal.append(b"void").is_err());
        assert!(wal.append(b"void").is_err());
        fault(&disk).store(false, Ordering::SeqCst);
        assert_eq!(wal.append(b"first").unwrap(), 1);
        wal.sync().unwrap();
        drop(wal);
        assert_eq!(folder.open().1, [(1, b"first".to_vec())]);
    }
}

#[test]
fn a_void_file_that_cannot_be_removed_holds_up_writing_and_no_more() {
    let (folder, disk) = (Folder::new(), Arc::new(FlakyDisk::default()));
    let (mut wal, ..) = folder.open_flaky(&disk);
    disk.faults.sync.store(true, Ordering::SeqCst);
    wal.append(b"void").unwrap();
    assert!(wal.sync().is_err());
    disk.faults.sync.store(false, Ordering::SeqCst);
    disk.faults.remove.store(true, Ordering::SeqCst);
    assert!(wal.append(b"void").is_err());
    disk.faults.remove.store(false, Ordering::SeqCst);
    assert_eq!(wal.append(b"first").unwrap(), 1);
    wal.sync().unwrap();
    drop(wal);
    assert_eq!(folder.open().1, [(1, b"first".to_vec())]);
}

#[test]
fn superseded_records_are_counted() {
    let (folder, disk) = (Folder::new(), Arc::new(FlakyDisk::default()));
    let (mut wal, ..) = folder.open_flaky(&disk);
    wal.append(b"1").unwrap();
    wal.sync().unwrap();
    disk.faults.sync.store(true, Ordering::SeqCst);
    wal.append(b"void").unwrap();
    wal.append(b"void").unwrap();
    assert!(wal.sync().is_err());
    disk.faults.sync.store(false, Ordering::SeqCst);
    wal.append(b"2").unwrap();
    wal.sync().unwrap();
    drop(wal);
    assert_eq!(folder.open().2.superseded, 2);
}
