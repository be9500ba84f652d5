//! Tests a disk that fails while the log is written: failed records are void, later ones are
//! complete.

use crate::log::Folder;
use hinomi_testkit::{Faults, Op, Power};
use hinomi_wal::WalLimits;
use std::sync::Arc;

/// How the log is opened again: on the running machine, or after a power failure.
const ENDS: [Option<Power>; 2] = [None, Some(Power::LosesAll)];

/// One acknowledged record, one that fails, and one acknowledged after it.
fn check_failure(op: Op) {
    for end in ENDS {
        let folder = Folder::new();
        let disk = folder.disk();
        let (mut wal, ..) = folder.open_on(&disk);
        wal.append(b"before").unwrap();
        wal.sync().unwrap();
        disk.set_faults(Faults::always(op));
        for _ in 0..3 {
            let failed = wal.append(b"void").and_then(|_| wal.sync());
            assert!(failed.is_err());
        }
        disk.set_faults(Faults::default());
        assert_eq!(
            wal.append(b"after").unwrap(),
            2,
            "the void sequence is given out again"
        );
        wal.sync().unwrap();
        drop(wal);
        disk.restart(end);
        let (_, records, _) = folder.open_on(&disk);
        assert_eq!(records, [(1, b"before".to_vec()), (2, b"after".to_vec())]);
    }
}

#[test]
fn a_failed_sync_voids_its_records_although_they_reached_the_file() {
    check_failure(Op::Sync);
}

#[test]
fn a_failed_write_voids_its_records() {
    check_failure(Op::Append);
}

#[test]
fn a_log_whose_first_file_cannot_be_made_recovers() {
    for op in [Op::Create, Op::SyncDir] {
        let folder = Folder::new();
        let disk = folder.disk();
        let (mut wal, ..) = folder.open_on(&disk);
        disk.set_faults(Faults::always(op));
        assert!(wal.append(b"void").is_err());
        assert!(wal.append(b"void").is_err());
        disk.set_faults(Faults::default());
        assert_eq!(wal.append(b"first").unwrap(), 1);
        wal.sync().unwrap();
        drop(wal);
        assert_eq!(folder.open_on(&disk).1, [(1, b"first".to_vec())]);
    }
}

#[test]
fn a_void_file_that_cannot_be_removed_holds_up_writing_and_no_more() {
    let folder = Folder::new();
    let disk = folder.disk();
    let (mut wal, ..) = folder.open_on(&disk);
    disk.set_faults(Faults::always(Op::Sync));
    wal.append(b"void").unwrap();
    assert!(wal.sync().is_err());
    disk.set_faults(Faults::always(Op::Remove));
    assert!(wal.append(b"void").is_err());
    disk.set_faults(Faults::default());
    assert_eq!(wal.append(b"first").unwrap(), 1);
    wal.sync().unwrap();
    drop(wal);
    assert_eq!(folder.open_on(&disk).1, [(1, b"first".to_vec())]);
}

#[test]
fn superseded_records_are_counted() {
    let folder = Folder::new();
    let disk = folder.disk();
    let (mut wal, ..) = folder.open_on(&disk);
    wal.append(b"1").unwrap();
    wal.sync().unwrap();
    // They cannot be truncated either.
    disk.set_faults(Faults {
        chances: [(Op::Sync, 1_000), (Op::Truncate, 1_000)].into(),
        ..Faults::default()
    });
    wal.append(b"void").unwrap();
    wal.append(b"void").unwrap();
    assert!(wal.sync().is_err());
    disk.set_faults(Faults::default());
    wal.append(b"2").unwrap();
    wal.sync().unwrap();
    drop(wal);
    assert_eq!(folder.open_on(&disk).2.superseded, 2);
}

#[test]
fn void_records_are_not_handed_out_even_when_nothing_follows_them() {
    let folder = Folder::new();
    let disk = folder.disk();
    let (mut wal, ..) = folder.open_on(&disk);
    wal.append(b"1").unwrap();
    wal.sync().unwrap();
    disk.set_faults(Faults::always(Op::Sync));
    wal.append(b"void").unwrap();
    assert!(wal.sync().is_err());
    drop(wal);
    disk.restart(None);
    assert_eq!(folder.open_on(&disk).1, [(1, b"1".to_vec())]);
}

#[test]
fn what_was_handed_out_survives_a_power_cut_although_it_was_never_synced() {
    let folder = Folder::new();
    let disk = folder.disk();
    let limits = WalLimits {
        buffer_bytes: 1,
        ..WalLimits::default()
    };
    let (mut wal, ..) = folder.open_with(Arc::new(disk.clone()), limits, 0);
    // The record is written, but the process dies before the sync.
    wal.append(b"seen").unwrap();
    drop(wal);
    disk.restart(None);
    let (_, handed_out, _) = folder.open_on(&disk);
    assert_eq!(handed_out, [(1, b"seen".to_vec())]);
    disk.restart(Some(Power::LosesAll));
    assert_eq!(folder.open_on(&disk).1, handed_out);
}
