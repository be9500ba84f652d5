//! Tests the simulated disk itself: what it must lose, what it must keep, and that it is
//! deterministic.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hinomi_io::Disk;
use hinomi_testkit::{Faults, Op, Power, SimDisk};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    "/disk".into()
}

fn disk(seed: u64) -> SimDisk {
    SimDisk::new(seed, &root())
}

fn write(disk: &SimDisk, path: &Path, bytes: &[u8], sync: bool) {
    let mut file = disk.create(path).unwrap();
    file.append(bytes).unwrap();
    if sync {
        file.sync().unwrap();
    }
}

fn read(disk: &SimDisk, path: &Path) -> Option<Vec<u8>> {
    let file = disk.open(path).ok()?;
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    Some(bytes)
}

/// Files after a power failure that loses everything unsynced.
fn after(disk: &SimDisk) -> Vec<String> {
    disk.restart(Some(Power::LosesAll));
    let mut files: Vec<_> = disk
        .list(&root())
        .unwrap()
        .into_iter()
        .map(|entry| format!("{} {}", entry.path.display(), entry.len))
        .collect();
    files.sort();
    files
}

#[test]
fn bytes_are_safe_by_a_sync_of_the_file_and_names_by_one_of_the_folder() {
    for (file_synced, folder_synced, expected) in [
        (true, true, vec!["/disk/a 3"]),
        (false, true, vec!["/disk/a 0"]),
        (true, false, vec![]),
    ] {
        let disk = disk(1);
        write(&disk, &root().join("a"), b"abc", file_synced);
        if folder_synced {
            disk.sync_dir(&root()).unwrap();
        }
        assert_eq!(after(&disk), expected);
    }
}

#[test]
fn a_file_is_gone_when_a_folder_above_was_never_synced() {
    let disk = disk(1);
    let folder = root().join("folder");
    disk.create_dir_all(&folder).unwrap();
    write(&disk, &folder.join("a"), b"abc", true);
    disk.sync_dir(&folder).unwrap();
    assert!(after(&disk).is_empty());
}

#[test]
fn renames_and_removals_are_undone_unless_synced() {
    let disk = disk(1);
    for name in ["a", "b"] {
        write(&disk, &root().join(name), b"abc", true);
    }
    disk.sync_dir(&root()).unwrap();
    disk.rename(&root().join("a"), &root().join("c")).unwrap();
    disk.remove(&root().join("b")).unwrap();
    assert_eq!(after(&disk), ["/disk/a 3", "/disk/b 3"]);
}

#[test]
fn a_failed_sync_drops_pages_that_are_still_seen() {
    // With some seeds the write is dropped, with others it reached the disk.
    let kept: Vec<bool> = (0..20)
        .map(|seed| {
            let (disk, path) = (disk(seed), root().join("a"));
            let mut file = disk.create(&path).unwrap();
            disk.sync_dir(&root()).unwrap();
            file.append(b"abc").unwrap();
            disk.set_faults(Faults::always(Op::Sync));
            assert!(file.sync().is_err());
            assert_eq!(read(&disk, &path).unwrap(), b"abc", "still in the cache");
            disk.set_faults(Faults::default());
            // A sync through another descriptor succeeds but saves nothing.
            disk.truncate(&path, 3).unwrap();
            disk.restart(Some(Power::LosesAll));
            read(&disk, &path).unwrap() == b"abc"
        })
        .collect();
    assert!(kept.contains(&true) && kept.contains(&false));
}

#[test]
fn a_full_disk_takes_what_fits_and_goes_on_when_there_is_space() {
    let (disk, path) = (disk(1), root().join("a"));
    let mut file = disk.create(&path).unwrap();
    disk.set_faults(Faults {
        capacity: Some(5),
        ..Faults::default()
    });
    file.append(b"abc").unwrap();
    let error = file.append(b"defg").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    assert_eq!(read(&disk, &path).unwrap(), b"abcde");
    disk.remove(&path).unwrap();
    write(&disk, &path, b"fits", false);
}

/// The remains of three unsynced writes of two sectors each, after a power failure.
fn remains(seed: u64) -> Vec<u8> {
    let (disk, path) = (disk(seed), root().join("a"));
    let mut file = disk.create(&path).unwrap();
    disk.sync_dir(&root()).unwrap();
    for byte in [b'1', b'2', b'3'] {
        file.append(&[byte; 1_024]).unwrap();
    }
    disk.cut();
    assert!(file.append(b"late").is_err());
    disk.restart(Some(Power::LosesSome));
    read(&disk, &path).unwrap()
}

#[test]
fn a_power_cut_loses_tears_and_reorders_and_the_same_seed_does_the_same() {
    let images: Vec<_> = (0..300).map(remains).collect();
    assert_eq!(images, (0..300).map(remains).collect::<Vec<_>>());
    let some = |what: &str, is: &dyn Fn(&[u8]) -> bool| {
        assert!(images.iter().any(|image| is(image)), "none is {what}");
    };
    some("empty", &|image| image.is_empty());
    some("whole", &|image| {
        image.len() == 3_072 && !image.contains(&0)
    });
    some("torn inside a sector", &|image| image.len() % 512 != 0);
    some("torn at a sector", &|image| image.len() % 1_024 == 512);
    some("a later write without an earlier one", &|image| {
        image.contains(&b'3') && !image.contains(&b'2')
    });
}

#[test]
fn a_process_that_ends_loses_nothing_it_has_written() {
    let (disk, path) = (disk(1), root().join("a"));
    write(&disk, &path, b"abc", false);
    disk.restart(None);
    assert_eq!(read(&disk, &path).unwrap(), b"abc");
}

#[test]
#[should_panic(expected = "used again")]
fn a_file_that_failed_is_not_to_be_used_again() {
    let disk = disk(1);
    let mut file = disk.create(&root().join("a")).unwrap();
    disk.set_faults(Faults::always(Op::Sync));
    let _ = file.sync();
    let _ = file.sync();
}
