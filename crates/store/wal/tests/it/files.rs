//! Tests rotation, reopening and freeing space.

use crate::log::{Folder, written};
use hinomi_io::RealDisk;
use hinomi_wal::{WalError, WalLimits};
use std::sync::Arc;

const SMALL: WalLimits = WalLimits {
    file_bytes: 200,
    record_bytes: 1_000,
    buffer_bytes: 64,
};

#[test]
fn synced_records_come_back_in_order_after_each_reopening() {
    let folder = Folder::new();
    for round in 0..3 {
        let (mut wal, records, found) = folder.open();
        assert_eq!(records.len(), round * 2);
        assert!(
            records
                .iter()
                .zip(1..)
                .all(|(record, sequence)| record.0 == sequence)
        );
        assert_eq!(found.torn_bytes + found.skipped, 0);
        for payload in [&b"a"[..], b""] {
            wal.append(payload).unwrap();
        }
        wal.sync().unwrap();
    }
}

#[test]
fn unsynced_records_are_not_promised_and_synced_ones_not_repeated() {
    let folder = Folder::new();
    written(&folder, &[b"kept"]);
    let (mut wal, ..) = folder.open();
    wal.append(b"dropped with the process").unwrap();
    drop(wal);
    let (_, records, _) = folder.open();
    assert_eq!(records, [(1, b"kept".to_vec())]);
}

#[test]
fn replay_begins_after_the_checkpoint_and_new_sequences_after_both() {
    let folder = Folder::new();
    written(&folder, &[b"1", b"2", b"3"]);
    let (_, records, _) = folder.open_with(Arc::new(RealDisk), WalLimits::default(), 2);
    assert_eq!(records, [(3, b"3".to_vec())]);
    let (wal, records, _) = folder.open_with(Arc::new(RealDisk), WalLimits::default(), 9);
    assert_eq!((records.len(), wal.next_sequence()), (0, 10));
}

#[test]
fn a_full_file_is_followed_by_the_next() {
    let folder = Folder::new();
    let (mut wal, ..) = folder.open_with(Arc::new(RealDisk), SMALL, 0);
    for _ in 0..20 {
        wal.append(&[7; 50]).unwrap();
        wal.sync().unwrap();
    }
    assert!(folder.files().len() > 5);
    drop(wal);
    let (wal, records, _) = folder.open_with(Arc::new(RealDisk), SMALL, 0);
    assert_eq!(records.len(), 20);
    assert_eq!(wal.next_sequence(), 21);
}

#[test]
fn truncating_removes_only_files_that_are_wholly_before() {
    let folder = Folder::new();
    let (mut wal, ..) = folder.open_with(Arc::new(RealDisk), SMALL, 0);
    for _ in 0..20 {
        wal.append(&[7; 50]).unwrap();
        wal.sync().unwrap();
    }
    let before = folder.files().len();
    wal.truncate_before(11).unwrap();
    assert!(folder.files().len() < before);
    drop(wal);
    let (mut wal, records, _) = folder.open_with(Arc::new(RealDisk), SMALL, 10);
    let sequences: Vec<u64> = records.iter().map(|record| record.0).collect();
    assert_eq!(sequences, (11..=20).collect::<Vec<_>>());
    wal.truncate_before(21).unwrap();
    assert_eq!((folder.files().len(), wal.bytes()), (0, 0));
    assert_eq!(wal.append(b"next").unwrap(), 21);
    wal.sync().unwrap();
    drop(wal);
    let (_, records, _) = folder.open_with(Arc::new(RealDisk), SMALL, 20);
    assert_eq!(records, [(21, b"next".to_vec())]);
}

#[test]
fn truncating_a_log_without_files_does_nothing() {
    let folder = Folder::new();
    let (mut wal, ..) = folder.open();
    wal.truncate_before(1).unwrap();
    wal.truncate_before(7).unwrap();
    assert_eq!((wal.next_sequence(), wal.bytes()), (1, 0));
}

#[test]
fn a_record_over_the_limit_is_refused_and_voids_nothing() {
    let folder = Folder::new();
    let (mut wal, ..) = folder.open_with(Arc::new(RealDisk), SMALL, 0);
    wal.append(b"before").unwrap();
    assert!(matches!(
        wal.append(&[0; 1_001]),
        Err(WalError::TooLong { .. })
    ));
    assert_eq!(wal.append(b"after").unwrap(), 2);
    wal.sync().unwrap();
    drop(wal);
    assert_eq!(folder.open().1.len(), 2);
}

#[test]
fn a_log_of_a_later_version_is_refused_by_name() {
    let folder = Folder::new();
    written(&folder, &[b"x"]);
    let path = folder.only_file();
    let mut bytes = crate::log::read(&path);
    bytes[7] = 2;
    let checksum = crc32c::crc32c(&bytes[..28]);
    bytes[28..32].copy_from_slice(&checksum.to_le_bytes());
    crate::log::overwrite(&path, &bytes);
    let opened = hinomi_wal::Wal::open(
        Arc::new(RealDisk),
        Arc::new(hinomi_io::SystemEntropy),
        folder.dir(),
        WalLimits::default(),
        0,
        |_, _| {},
    );
    let message = opened.unwrap_err().to_string();
    assert!(message.contains("log format 2"), "{message}");
}
