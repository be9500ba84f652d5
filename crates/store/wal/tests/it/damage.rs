//! Tests torn, zeroed, corrupted and stale bytes.

use crate::log::{Folder, Records, overwrite, read, written};
use hinomi_io::{Disk, RealDisk};
use proptest::prelude::*;

const PAYLOADS: [&[u8]; 4] = [b"first", b"second, a little longer", b"", b"fourth"];

fn expected(count: usize) -> Records {
    PAYLOADS[..count]
        .iter()
        .zip(1..)
        .map(|(payload, at)| (at, payload.to_vec()))
        .collect()
}

/// Offsets at which the header and each record end.
fn ends() -> Vec<usize> {
    let mut at = 32;
    std::iter::once(at)
        .chain(PAYLOADS.iter().map(|payload| {
            at += 28 + payload.len();
            at
        }))
        .collect()
}

#[test]
fn a_log_torn_at_any_byte_yields_the_whole_records_before() {
    let folder = Folder::new();
    written(&folder, &PAYLOADS);
    let (path, bytes) = (folder.only_file(), read(&folder.only_file()));
    assert_eq!(bytes.len(), *ends().last().unwrap());
    for len in 0..=bytes.len() {
        overwrite(&path, &bytes[..len]);
        let whole = ends()
            .iter()
            .filter(|end| **end <= len)
            .count()
            .saturating_sub(1);
        let (wal, records, found) = folder.open();
        assert_eq!(records, expected(whole), "{len}");
        assert_eq!(wal.next_sequence(), whole as u64 + 1);
        assert_eq!(found.skipped, 0);
        let kept = if len < 32 { 0 } else { ends()[whole] };
        assert_eq!(found.torn_bytes, (len - kept) as u64, "{len}");
        assert_eq!(read(&path).len(), kept, "the tail is cut off");
    }
}

#[test]
fn a_log_goes_on_after_a_torn_tail() {
    let folder = Folder::new();
    written(&folder, &PAYLOADS);
    for len in 0..ends()[4] {
        let folder = Folder::new();
        written(&folder, &PAYLOADS);
        let path = folder.only_file();
        overwrite(&path, &read(&path)[..len]);
        let (mut wal, before, _) = folder.open();
        wal.append(b"new").unwrap();
        wal.sync().unwrap();
        drop(wal);
        let (_, after, found) = folder.open();
        assert_eq!(after[..before.len()], before);
        assert_eq!(
            after[before.len()..],
            [(before.len() as u64 + 1, b"new".to_vec())]
        );
        assert_eq!(found.torn_bytes, 0);
    }
}

#[test]
fn zeros_and_garbage_at_the_end_are_cut_off() {
    for tail in [
        vec![0; 5_000],
        vec![0xF5; 777],
        b"\xF5\x9C\xE7\xA1 looks like one".to_vec(),
    ] {
        let folder = Folder::new();
        written(&folder, &PAYLOADS);
        let path = folder.only_file();
        let mut bytes = read(&path);
        bytes.extend(&tail);
        overwrite(&path, &bytes);
        let (_, records, found) = folder.open();
        assert_eq!(records, expected(4));
        assert_eq!((found.torn_bytes, found.skipped), (tail.len() as u64, 0));
    }
}

#[test]
fn a_stale_block_of_another_log_is_not_taken_for_ours() {
    let (other, folder) = (Folder::new(), Folder::new());
    written(&other, &[b"x", b"y", b"z", b"stale", b"stale too"]);
    written(&folder, &PAYLOADS);
    let stale = read(&other.only_file());
    let path = folder.only_file();
    let mut bytes = read(&path);
    // Complete records of another log, with valid checksums and matching sequences.
    bytes.extend(&stale[32 + 3 * 29..]);
    overwrite(&path, &bytes);
    let (_, records, found) = folder.open();
    assert_eq!(records, expected(4));
    assert_eq!(found.stale, 2);
}

#[test]
fn a_flipped_bit_costs_its_record_and_no_other() {
    let folder = Folder::new();
    written(&folder, &PAYLOADS);
    let (path, bytes) = (folder.only_file(), read(&folder.only_file()));
    let ends = ends();
    for at in 32..bytes.len() {
        for bit in [0, 7] {
            let mut rotten = bytes.clone();
            rotten[at] ^= 1 << bit;
            overwrite(&path, &rotten);
            let (wal, records, found) = folder.open();
            let lost = ends.iter().position(|end| at < *end).unwrap();
            let mut kept = expected(4);
            kept.remove(lost - 1);
            assert_eq!(records, kept, "byte {at} bit {bit}");
            // Corruption in the last record looks like a torn write.
            let torn = lost == 4;
            assert_eq!(
                (found.skipped, found.torn_bytes > 0),
                (u64::from(!torn), torn)
            );
            assert_eq!(wal.next_sequence(), if torn { 4 } else { 5 });
        }
    }
}

#[test]
fn a_damaged_file_header_costs_nothing() {
    let folder = Folder::new();
    written(&folder, &PAYLOADS);
    let (path, bytes) = (folder.only_file(), read(&folder.only_file()));
    for at in 0..32 {
        let mut rotten = bytes.clone();
        rotten[at] ^= 0x10;
        overwrite(&path, &rotten);
        assert_eq!(folder.open().1, expected(4), "byte {at}");
    }
}

#[test]
fn rot_in_one_file_leaves_the_others_whole() {
    let folder = Folder::new();
    for payload in PAYLOADS {
        // Each opening begins a new file.
        written(&folder, &[payload]);
    }
    let files = folder.files();
    assert_eq!(files.len(), 4);
    overwrite(&files[1], &vec![0xAA; 300]);
    let (_, records, _) = folder.open();
    let mut kept = expected(4);
    kept.remove(1);
    assert_eq!(records, kept);
}

#[test]
fn foreign_files_in_the_folder_are_left_alone() {
    let folder = Folder::new();
    written(&folder, &PAYLOADS);
    let foreign = folder.dir().join("wal-notes.log");
    RealDisk.create(&foreign).unwrap().append(b"mine").unwrap();
    let (mut wal, records, _) = folder.open();
    assert_eq!(records, expected(4));
    wal.truncate_before(5).unwrap();
    assert_eq!(read(&foreign), b"mine");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whatever_is_overwritten_the_log_opens_and_tells_no_lies(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..12),
        from in any::<prop::sample::Index>(),
        junk in prop::collection::vec(any::<u8>(), 1..80),
    ) {
        let folder = Folder::new();
        let slices: Vec<&[u8]> = payloads.iter().map(Vec::as_slice).collect();
        written(&folder, &slices);
        let path = folder.only_file();
        let mut bytes = read(&path);
        let from = from.index(bytes.len());
        let to = (from + junk.len()).min(bytes.len());
        bytes[from..to].copy_from_slice(&junk[..to - from]);
        overwrite(&path, &bytes);
        let (_, records, _) = folder.open();
        let mut end = 32;
        for (payload, sequence) in payloads.iter().zip(1_u64..) {
            let start = end;
            end += 28 + payload.len();
            let record = (sequence, payload.clone());
            // Untouched records are all returned; touched ones are complete or missing.
            prop_assert!(records.contains(&record) || (from < end && start < to));
        }
        let whole = |record: &(u64, Vec<u8>)| payloads.get(record.0 as usize - 1) == Some(&record.1);
        prop_assert!(records.iter().all(whole));
        prop_assert!(records.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
