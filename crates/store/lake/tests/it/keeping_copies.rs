//! Backups that are taken while a server writes and restored elsewhere, and inspections of folders.

use crate::folder::{Folder, agreed_total, all, all_rollups};
use hinomi_conformance::spans::{Spec, entries};
use hinomi_io::{Disk, FileEntry, RealDisk};
use hinomi_lake::{
    BackupError, BackupReport, Depth, Finding, LakeLimits, Level, OpenError, Resolution, backup,
    inspect, restore, verify_backup,
};
use hinomi_model::UnixNanos;
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

const NOW: UnixNanos = UnixNanos(5);

/// A backup of a folder with nothing beside the store.
async fn backup_of(dir: &Path, to: &Path) -> Result<BackupReport, BackupError> {
    let nothing = async |_| Ok(false);
    backup(real(), dir, to, NOW, ("registry.db", nothing)).await
}

fn real() -> Arc<dyn Disk> {
    Arc::new(RealDisk)
}

fn read(path: &Path) -> Vec<u8> {
    let file = RealDisk.open(path).unwrap();
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

fn write(path: &Path, bytes: &[u8]) {
    let _ = RealDisk.remove(path);
    RealDisk.create(path).unwrap().append(bytes).unwrap();
}

/// Every file with its bytes, except SQLite's shared-memory index, which is derived from the
/// others.
fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<FileEntry> = RealDisk.list(dir).unwrap();
    files.sort_by(|left, right| left.path.cmp(&right.path));
    files.retain(|file| !file.path.display().to_string().ends_with("-shm"));
    files
        .into_iter()
        .map(|file| (file.path.clone(), read(&file.path)))
        .collect()
}

/// Restores the backup into a new folder and opens it.
async fn restored(to: &Path) -> (Folder, hinomi_lake::Lake) {
    let folder = Folder::new();
    let report = restore(&RealDisk, to, &folder.dir()).unwrap();
    assert!(report.files > 0);
    let (lake, recovery) = folder.open().await;
    assert!(!recovery.has_losses(), "{recovery:?}");
    (folder, lake)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_backup_under_load_has_what_was_acknowledged_before_it_and_nothing_twice() {
    let limits = LakeLimits {
        memtable_bytes: 600_000,
        wal_file_bytes: 200_000,
        ..LakeLimits::default()
    };
    let folder = Folder::with(limits);
    let (lake, _) = folder.open().await;
    let (next, stop) = (
        Arc::new(AtomicU32::new(1)),
        Arc::new(AtomicBool::new(false)),
    );
    let acknowledged = Arc::new(AtomicU32::new(0));
    // Some thousand spans per backup, however fast the disk is.
    let allowed = Arc::new(AtomicU32::new(0));
    let writer = {
        let (lake, next, stop) = (lake.clone(), next.clone(), stop.clone());
        let (acknowledged, allowed) = (acknowledged.clone(), allowed.clone());
        tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                if next.load(Ordering::SeqCst) > allowed.load(Ordering::SeqCst) {
                    tokio::task::yield_now().await;
                    continue;
                }
                let from = next.fetch_add(20, Ordering::SeqCst);
                lake.append(entries(from..from + 20)).await.unwrap();
                acknowledged.store(from + 19, Ordering::SeqCst);
            }
        })
    };
    for round in 1..=4_u32 {
        allowed.store(round * 4_000, Ordering::SeqCst);
        // Each backup starts after more was written, while writing continues.
        while acknowledged.load(Ordering::SeqCst) < round * 4_000 - 3_000 {
            tokio::task::yield_now().await;
        }
        let to = tempfile::tempdir().unwrap();
        let to = to.path().join("backup");
        let before = acknowledged.load(Ordering::SeqCst);
        // Log files of 40 kB begin so often that an attempt may fail; real ones have 64 MiB.
        let report = loop {
            match backup_of(&folder.dir(), &to).await {
                Ok(report) => break report,
                Err(BackupError::Busy) => {
                    for (path, _) in contents(&to) {
                        RealDisk.remove(&path).unwrap();
                    }
                }
                Err(error) => panic!("{error}"),
            }
        };
        let after = next.load(Ordering::SeqCst);
        assert!(report.damaged.is_empty() && report.left_out.is_empty());
        // By now the memtable has been full several times.
        assert!(report.segments > 0 || round < 4);
        let verified = verify_backup(&RealDisk, &to).unwrap();
        assert_eq!(
            (verified.files, verified.bytes),
            (report.files, report.bytes)
        );

        let (_folder, copy) = restored(&to).await;
        let mut ids = HashSet::new();
        let mut search = all();
        search.range = hinomi_model::TimeRange::new(UnixNanos(0), UnixNanos(i64::MAX));
        let total = copy.transactions(search.clone()).await.unwrap().total;
        loop {
            let page = copy.transactions(search.clone()).await.unwrap();
            for row in &page.rows {
                assert!(ids.insert(row.span_id), "{} comes twice", row.span_id);
            }
            match page.rows.last() {
                Some(last) if page.more => search.after = Some(last.cursor()),
                _ => break,
            }
        }
        assert_eq!(ids.len() as u64, total);
        for id in 1..=before {
            assert!(
                ids.contains(&hinomi_conformance::spans::span_id(id)),
                "round {round}: {id} of {before}"
            );
        }
        assert!(ids.len() < after as usize);
        for resolution in Resolution::ALL {
            let rollups = copy.rollups(all_rollups(resolution)).await.unwrap().rollups;
            let count: u64 = rollups.iter().map(|(_, _, rollup)| rollup.count).sum();
            assert_eq!(count, total, "round {round} {resolution:?}");
        }
    }
    stop.store(true, Ordering::SeqCst);
    writer.await.unwrap();
}

/// A folder with segments and a log, after a crash.
async fn crashed() -> Folder {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..101)).await.unwrap();
    lake.flush().await.unwrap();
    lake.append(entries(101..151)).await.unwrap();
    drop(lake);
    at_rest(&folder).await;
    folder
}

/// Waits until SQLite has closed its files, which it does on another thread.
async fn at_rest(folder: &Folder) {
    while RealDisk.open(&folder.dir().join("catalog.db-wal")).is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_folder_whose_machine_stopped_is_read_without_being_changed() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..101)).await.unwrap();
    lake.flush().await.unwrap();
    // The files on disk while the store runs: SQLite's log is included, its shared-memory index is
    // not.
    let copy = Folder::new();
    crate::golden::copy(&folder.dir(), &copy.dir());
    let found = looked_over(&copy, Depth::Whole).await;
    assert!(worst(&found) <= Level::Note, "{found:?}");
    let rows = found.iter().find(|finding| finding.subject == "catalog");
    assert!(rows.unwrap().text.starts_with("5 segments"), "{found:?}");
}

#[tokio::test]
async fn a_backup_of_a_folder_at_rest_is_the_folder() {
    let folder = crashed().await;
    let to = tempfile::tempdir().unwrap();
    let to = to.path().join("backup");
    let before = contents(&folder.dir());
    backup_of(&folder.dir(), &to).await.unwrap();
    assert!(contents(&folder.dir()) == before, "the folder is as it was");
    let (_folder, lake) = restored(&to).await;
    assert_eq!(agreed_total(&lake).await, 150);
}

#[tokio::test]
async fn a_damaged_backup_is_noticed_at_every_byte_and_never_restored() {
    let folder = crashed().await;
    let to = tempfile::tempdir().unwrap();
    let to = to.path().join("backup");
    backup_of(&folder.dir(), &to).await.unwrap();
    for (path, good) in contents(&to) {
        for part in 0..4 {
            let at = part * (good.len() - 1) / 3;
            let mut bad = good.clone();
            bad[at] ^= 2;
            write(&path, &bad);
            assert!(
                verify_backup(&RealDisk, &to).is_err(),
                "{} {at}",
                path.display()
            );
        }
        write(&path, &good[..good.len() - 1]);
        assert!(
            verify_backup(&RealDisk, &to).is_err(),
            "{} cut",
            path.display()
        );
        RealDisk.remove(&path).unwrap();
        let into = Folder::new();
        assert!(
            restore(&RealDisk, &to, &into.dir()).is_err(),
            "{} gone",
            path.display()
        );
        // A partly restored folder must not open.
        let opened = into.try_open(real()).await;
        let refused = matches!(opened, Err(OpenError::Restoring { .. }));
        // Without a manifest the restore did not start, so the folder counts as new.
        assert_eq!(
            refused,
            !path.ends_with("manifest.txt"),
            "{}",
            path.display()
        );
        write(&path, &good);
    }
    verify_backup(&RealDisk, &to).unwrap();
}

#[tokio::test]
async fn nothing_is_written_over() {
    let folder = crashed().await;
    let full = tempfile::tempdir().unwrap();
    write(&full.path().join("x"), b"mine");
    let refused = backup_of(&folder.dir(), full.path()).await.unwrap_err();
    assert!(matches!(refused, BackupError::NotEmpty(_)), "{refused}");
    let to = full.path().join("backup");
    let refused = backup_of(full.path(), &to).await.unwrap_err();
    assert!(matches!(refused, BackupError::NoData(_)), "{refused}");
    backup_of(&folder.dir(), &to).await.unwrap();
    let refused = restore(&RealDisk, &to, &folder.dir()).unwrap_err();
    assert!(matches!(refused, BackupError::NotEmpty(_)), "{refused}");
}

#[tokio::test]
async fn damage_and_strangers_in_the_folder_do_not_stop_a_backup_and_are_said() {
    let folder = crashed().await;
    write(&folder.dir().join("notes.txt"), b"mine");
    let files = folder.segment_files();
    let mut bad = read(&files[0]);
    bad[100] ^= 1;
    write(&files[0], &bad);
    RealDisk.remove(&files[1]).unwrap();
    let to = tempfile::tempdir().unwrap();
    let to = to.path().join("backup");
    let report = backup_of(&folder.dir(), &to).await.unwrap();
    assert_eq!(report.damaged.len(), 2);
    assert_eq!(report.left_out, ["notes.txt"]);
    verify_backup(&RealDisk, &to).unwrap();
}

async fn looked_over(folder: &Folder, depth: Depth) -> Vec<Finding> {
    let before = contents(&folder.dir());
    let found = inspect(&RealDisk, &folder.dir(), depth).await;
    assert!(contents(&folder.dir()) == before, "looking changes nothing");
    for finding in &found {
        let needs = finding.level >= Level::Warning;
        assert!(!needs || !finding.advice.is_empty(), "{finding:?}");
    }
    found
}

fn worst(found: &[Finding]) -> Level {
    // Free space of the test machine is not under the test's control.
    let own = found
        .iter()
        .filter(|finding| finding.subject != "free space");
    own.map(|finding| finding.level).max().unwrap()
}

#[tokio::test]
async fn a_folder_is_found_well_running_crashed_and_closed() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..101)).await.unwrap();
    lake.flush().await.unwrap();
    lake.append(entries(101..151)).await.unwrap();
    for depth in [Depth::Tails, Depth::Whole] {
        let found = inspect(&RealDisk, &folder.dir(), depth).await;
        assert!(worst(&found) <= Level::Note, "{found:?}");
        let log = found
            .iter()
            .find(|finding| finding.subject == "wal")
            .unwrap();
        assert!(log.text.starts_with("1 batches"), "{log:?}");
    }
    drop(lake);
    at_rest(&folder).await;
    let found = looked_over(&folder, Depth::Whole).await;
    assert!(worst(&found) <= Level::Note, "{found:?}");
    let (lake, _) = folder.open().await;
    lake.close().await.unwrap();
    drop(lake);
    let found = looked_over(&folder, Depth::Whole).await;
    assert!(worst(&found) <= Level::Note, "{found:?}");
}

#[tokio::test]
async fn damage_is_found_where_it_is_and_as_deep_as_is_asked() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..2_001)).await.unwrap();
    lake.append(hinomi_conformance::spans::one(Spec {
        id: 9_000,
        ..Spec::default()
    }))
    .await
    .unwrap();
    lake.close().await.unwrap();
    drop(lake);
    let mut files = folder.segment_files();
    files.retain(|path| path.display().to_string().contains("/spans/"));
    let good = read(&files[0]);
    let mut bad = good.clone();
    bad[good.len() / 3] ^= 1;
    write(&files[0], &bad);
    assert!(worst(&looked_over(&folder, Depth::Tails).await) <= Level::Note);
    let found = looked_over(&folder, Depth::Whole).await;
    let damage: Vec<_> = found
        .iter()
        .filter(|finding| finding.level == Level::Damage)
        .collect();
    assert!(
        damage.len() == 1 && damage[0].subject.starts_with("segments/default/spans/"),
        "{damage:?}"
    );
    write(&files[0], &good[..good.len() - 1]);
    assert_eq!(
        worst(&looked_over(&folder, Depth::Tails).await),
        Level::Damage
    );
    write(&files[0], &good);
    assert!(worst(&looked_over(&folder, Depth::Whole).await) <= Level::Note);
    for file in RealDisk.list(&folder.dir().join("manifest")).unwrap() {
        RealDisk.remove(&file.path).unwrap();
    }
    assert_eq!(
        worst(&looked_over(&folder, Depth::Tails).await),
        Level::Damage
    );
}

#[tokio::test]
async fn a_log_with_rot_and_a_torn_tail_is_told_apart() {
    let folder = crashed().await;
    let log = folder.logs().remove(0);
    let good = read(&log);
    write(&log, &[&good[..], b"half a record"].concat());
    let found = looked_over(&folder, Depth::Tails).await;
    let torn = found
        .iter()
        .find(|finding| finding.subject == "wal" && finding.level == Level::Note);
    assert!(torn.unwrap().text.starts_with("13 bytes"), "{found:?}");
    // A complete record with a later sequence after the damage distinguishes corruption from a torn
    // tail.
    let (lake, _) = folder.open().await;
    lake.append(entries(300..310)).await.unwrap();
    lake.append(entries(310..320)).await.unwrap();
    drop(lake);
    at_rest(&folder).await;
    let last = folder.logs().pop().unwrap();
    let mut bytes = read(&last);
    bytes[100] ^= 1;
    write(&last, &bytes);
    let found = looked_over(&folder, Depth::Tails).await;
    assert_eq!(worst(&found), Level::Damage, "{found:?}");
}

#[tokio::test]
async fn an_empty_folder_and_a_cut_restore_are_said() {
    let folder = Folder::new();
    let found = inspect(&RealDisk, &folder.dir(), Depth::Tails).await;
    assert_eq!(worst(&found), Level::Warning, "{found:?}");
    RealDisk.create_dir_all(&folder.dir()).unwrap();
    write(&folder.dir().join("restoring"), b"");
    let found = inspect(&RealDisk, &folder.dir(), Depth::Tails).await;
    assert_eq!(worst(&found), Level::Damage, "{found:?}");
}
