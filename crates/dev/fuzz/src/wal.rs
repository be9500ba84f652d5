//! Target: the log. The input is either an arbitrary file, or modifications of a valid log.
//!
//! The first byte selects which. For modifications, every three bytes after it are one: a 16-bit
//! offset and the bits to flip there. The low bits of the last byte select records.

use crate::budget;
use hinomi_io::Disk;
use hinomi_testkit::{SeededEntropy, SimDisk};
use hinomi_wal::{Replay, Wal, WalError, WalLimits};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

type Records = Vec<(u64, Vec<u8>)>;

/// Size of the file header, and of a record header, in bytes.
const HEADS: (usize, usize) = (32, 28);

pub(crate) fn run(input: &[u8]) {
    match input.split_first() {
        Some((0, file)) => arbitrary(file),
        Some((_, changes)) => changed(changes),
        None => {}
    }
}

fn dir() -> PathBuf {
    PathBuf::from("/log")
}

fn disk_with(file: &[u8]) -> SimDisk {
    let disk = SimDisk::new(1, &dir());
    let path = dir().join("wal-00000000000000000001.log");
    disk.create(&path).unwrap().append(file).unwrap();
    disk
}

fn open(disk: &SimDisk) -> Result<(Wal, Records, Replay), WalError> {
    let (disk, entropy) = (Arc::new(disk.clone()), Arc::new(SeededEntropy::new(7)));
    let mut records = Vec::new();
    let take = |sequence, payload: &[u8]| records.push((sequence, payload.to_vec()));
    let (wal, found) = Wal::open(disk, entropy, dir(), WalLimits::default(), 0, take)?;
    Ok((wal, records, found))
}

/// Opens a log twice, and a third time after appending a record.
fn opens(disk: &SimDisk, bytes: usize) -> Option<Records> {
    let (mut wal, records, found) = match budget::within(bytes, 0, || open(disk)) {
        Ok(open) => open,
        Err(WalError::Newer { .. }) => return None,
        Err(error) => panic!("{error}"),
    };
    assert!(records.is_sorted_by(|before, after| before.0 < after.0));
    assert_eq!(found.records, records.len() as u64);
    drop(wal);
    let (again, same, found) = open(disk).unwrap();
    assert_eq!((&same, found.torn_bytes), (&records, 0));
    wal = again;
    // No real log reaches this sequence. A log that claims it has no room for more records.
    if wal.next_sequence() < u64::MAX {
        let sequence = wal.append(b"new").unwrap();
        wal.sync().unwrap();
        drop(wal);
        let (_, longer, _) = open(disk).unwrap();
        let (last, before) = longer.split_last().unwrap();
        assert_eq!((before, last), (&records[..], &(sequence, b"new".to_vec())));
    }
    Some(records)
}

fn arbitrary(file: &[u8]) {
    opens(&disk_with(file), file.len());
}

/// A log of five records, and the end of each.
fn ours() -> (Vec<u8>, Vec<(usize, Vec<u8>)>) {
    let disk = SimDisk::new(1, &dir());
    let (mut wal, ..) = open(&disk).unwrap();
    let payloads = [
        &b"first"[..],
        b"",
        &[0xf5; 40],
        b"\xF5\x9C\xE7\xA1 looks like one",
        &[0; 99],
    ];
    let mut at = HEADS.0;
    let mut ends = Vec::new();
    for payload in payloads {
        wal.append(payload).unwrap();
        at += HEADS.1 + payload.len();
        ends.push((at, payload.to_vec()));
    }
    wal.sync().unwrap();
    let path = disk.list(&dir()).unwrap().remove(0).path;
    (read(&disk, &path), ends)
}

fn read(disk: &SimDisk, path: &Path) -> Vec<u8> {
    let file = disk.open(path).unwrap();
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

/// Unmodified records must be returned; no record may be returned with modified contents.
fn changed(changes: &[u8]) {
    let (mut bytes, ends) = ours();
    let length = bytes.len();
    let mut touched = vec![false; length];
    for change in changes.as_chunks::<3>().0 {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % length;
        bytes[at] ^= change[2];
        touched[at] |= change[2] != 0;
    }
    let cut = match changes.as_chunks::<3>().1 {
        [cut] => usize::from(*cut) % length,
        _ => length,
    };
    bytes.truncate(cut);
    let Some(records) = opens(&disk_with(&bytes), bytes.len()) else {
        return;
    };
    let mut begin = HEADS.0;
    for (number, (end, payload)) in (1..).zip(&ends) {
        let whole = *end <= cut && !touched[begin..*end].contains(&true);
        let record = (number, payload.clone());
        let came_back = records.contains(&record);
        assert!(came_back || !whole, "record {number} was whole and is gone");
        assert!(
            records
                .iter()
                .all(|other| other.0 != number || *other == record)
        );
        begin = *end;
    }
    assert!(records.len() <= ends.len());
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let (bytes, ends) = ours();
    let arbitrary = |bytes: &[u8]| [&[0], bytes].concat();
    vec![
        arbitrary(&bytes),
        arbitrary(&bytes[..ends[2].0 - 3]),
        arbitrary(&[&bytes[..ends[1].0], &[0; 50], &bytes[ends[1].0..]].concat()),
        vec![1],
        vec![1, 40, 0, 1, 200, 0, 128],
        vec![1, 5, 0, 255, 120],
    ]
}
