//! Target: segment files with some bytes modified, opened and searched as the store does.
//!
//! The first byte says whether the modification is detectable: if it is odd, the checksums are
//! recomputed as if the bytes had been written that way. The second byte selects the table. Every
//! four bytes after that are a modification: a 16-bit offset, the operation and its operand.
//!
//! With unchanged checksums no answer is wrong: either rows are missing and reported, or nothing is
//! missing. With recomputed checksums the answers may be anything, but nothing may panic and memory
//! must stay within its limit.

use crate::budget;
use hinomi_io::{Disk, FileEntry, ReadFile, RealDisk, WriteFile, clock::ManualClock};
use hinomi_lake::{
    AttributeSearch, Families, Lake, LakeConfig, LakeError, LakeLimits, Resolution, Retention,
    RollupSearch, Term, TransactionSearch, fuzz,
};
use hinomi_model::{
    DurationRange, Scope, Selection, TimeRange, TraceId, UnixNanos, hitmap::SLOW_THRESHOLD,
};
use hinomi_registry::DatabaseRegistry;
use hinomi_testkit::SeededEntropy;
use std::{
    cell::OnceCell,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

const TABLES: [&str; 5] = [
    "spans",
    "transactions",
    "rollups_5s",
    "rollups_1m",
    "rollups_1h",
];
/// Start of the hour in the golden folder.
const HOUR: i64 = 1_795_352_400_000_000_000;
/// A search in a small file may hold its columns, dictionaries and pages several times.
const SEARCH_BYTES: usize = 8 << 20;

pub(crate) fn run(input: &[u8]) {
    let [how, table, changes @ ..] = input else {
        return;
    };
    thread_local! {
        static FOLDER: OnceCell<Folder> = const { OnceCell::new() };
    }
    let table = TABLES[usize::from(*table) % TABLES.len()];
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(Folder::open);
        match how % 2 {
            0 => folder.noticed(table, changes),
            _ => folder.believed(table, changes),
        }
    });
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for table in 0..TABLES.len() as u8 {
        for how in 0..2 {
            seeds.push(vec![how, table]);
            seeds.push(vec![how, table, 100, 1, 0, 1]);
            // The end of the footer holds its length.
            seeds.push(vec![how, table, 247, 255, 2, 9]);
        }
    }
    seeds
}

/// A copy of the format's golden folder, opened and queryable.
struct Folder {
    lake: Lake,
    disk: Patched,
    /// Complete answers of each table.
    expected: Vec<Answers>,
    _dir: tempfile::TempDir,
}

/// Lists of results, and whether an answer reported missing data.
struct Answers {
    rows: Vec<Vec<String>>,
    is_partial: bool,
    /// Total count of the rollups.
    count: u64,
}

impl Folder {
    fn open() -> Self {
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let dir = dir.unwrap();
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../store/lake/tests/golden/2");
        copy(&golden, dir.path());
        let disk = Patched::default();
        let config = LakeConfig {
            dir: dir.path().to_owned(),
            node: "node-1".into(),
            limits: LakeLimits {
                footer_cache_bytes: 0,
                rollup_cache_bytes: 0,
                scrub_bytes_per_second: 0,
                retention: Retention::FOREVER,
                ..LakeLimits::default()
            },
        };
        let clock = Arc::new(ManualClock::at(HOUR));
        let (real, entropy) = (Arc::new(disk.clone()), Arc::new(SeededEntropy::new(1)));
        let open = async {
            let registry = DatabaseRegistry::in_memory().await.unwrap();
            Lake::open(config, real, clock, entropy, registry).await
        };
        let runtime = tokio::runtime::Builder::new_current_thread();
        let (lake, recovery) = { runtime }.build().unwrap().block_on(open).unwrap();
        assert!(!recovery.has_losses());
        let expected = TABLES.map(|table| answers(&lake, table).unwrap());
        assert!(expected.iter().all(|answers| !answers.is_partial));
        Self {
            lake,
            disk,
            expected: expected.into(),
            _dir: dir,
        }
    }

    fn file(&self, table: &str) -> (PathBuf, Vec<u8>) {
        let folder = self._dir.path().join("segments/default").join(table);
        let path = RealDisk.list(&folder).unwrap().remove(0).path;
        let bytes = read(&*RealDisk.open(&path).unwrap());
        (path, bytes)
    }

    fn noticed(&self, table: &str, changes: &[u8]) {
        let (path, good) = self.file(table);
        let bad = patched(&good, changes, good.len());
        let is_same = bad == good;
        self.disk.put(path, bad);
        let place = TABLES.iter().position(|name| *name == table).unwrap();
        let expected = &self.expected[place];
        for _ in 0..2 {
            let found = budget::within(SEARCH_BYTES, 0, || answers(&self.lake, table)).unwrap();
            if found.is_partial {
                assert!(!is_same, "{table}: nothing was changed");
                assert!(found.count <= expected.count, "{table}: counted too much");
                for (found, whole) in found.rows.iter().zip(&expected.rows) {
                    let known = |row: &String| whole.contains(row);
                    assert!(found.iter().all(known), "{table}: a wrong row");
                }
            } else {
                assert_eq!(found.rows, expected.rows, "{table}");
            }
            // By the second time, the scrub has read everything.
            fuzz::scrub(&self.lake);
        }
        assert_eq!(fuzz::holds(&self.lake, table), Some(is_same));
        self.restore();
    }

    fn believed(&self, table: &str, changes: &[u8]) {
        let (path, good) = self.file(table);
        let magic = good.windows(8).position(|eight| eight == b"HINOSUM\x01");
        let tail = magic.unwrap();
        let mut bad = patched(&good, changes, good.len());
        fuzz::seal(&mut bad, tail);
        self.disk.put(path, bad);
        let put_back = fuzz::believe(&self.lake, table, tail).unwrap();
        let found = budget::within(SEARCH_BYTES, 0, || answers(&self.lake, table));
        if let Err(error) = found {
            assert!(!matches!(error, LakeError::Internal(_)), "{error}");
        }
        put_back();
        self.restore();
    }

    fn restore(&self) {
        self.disk.forget();
        fuzz::scrub(&self.lake);
    }
}

/// `good` with some modifications before offset `end`.
fn patched(good: &[u8], changes: &[u8], end: usize) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for [low, high, how, with] in changes.as_chunks::<4>().0 {
        let at = usize::from(u16::from_le_bytes([*low, *high]));
        // Counted from the end, where the footer is.
        let at = if how & 2 == 0 {
            at % end
        } else {
            end - 1 - (usize::from(!low) % end)
        };
        bytes[at] = if how & 1 == 0 {
            bytes[at] ^ with
        } else {
            *with
        };
    }
    bytes
}

/// All queries that read a table.
fn answers(lake: &Lake, table: &str) -> Result<Answers, LakeError> {
    let range = TimeRange::new(UnixNanos(0), UnixNanos(HOUR * 2));
    let mut all = Answers {
        rows: Vec::new(),
        is_partial: false,
        count: 0,
    };
    match table {
        "spans" => {
            for number in 1..=10_u8 {
                // Same formula as for the ids in the golden folder.
                let mut id = [number.wrapping_mul(151).wrapping_add(1); 16];
                id[15] = number;
                id[0] |= 1;
                let found = fuzz::trace(lake, TraceId::from_slice(&id).unwrap(), 100)?;
                all.add(&found.spans, found.partial);
            }
            for term in [
                Term::Has {
                    key: "order.id".into(),
                },
                Term::Any { value: "12".into() },
                Term::HttpStatus(200),
            ] {
                let search = AttributeSearch {
                    scope: Scope::of("default"),
                    service: None,
                    range,
                    terms: vec![term],
                    before: None,
                    limit: 100,
                };
                let found = fuzz::search(lake, &search)?;
                all.add(&found.rows, found.partial);
            }
        }
        "transactions" => {
            for text in [None, Some("get /0".to_owned())] {
                let search = TransactionSearch {
                    selection: Selection::of(Scope::of("default")),
                    range,
                    duration: DurationRange::default(),
                    slow_threshold: SLOW_THRESHOLD,
                    text,
                    terms: Vec::new(),
                    after: None,
                    limit: 100,
                };
                let found = fuzz::transactions(lake, &search)?;
                assert!(found.rows.len() as u64 <= found.total);
                all.add(&found.rows, found.partial);
            }
        }
        _ => {
            let resolution = match table {
                "rollups_5s" => Resolution::FiveSeconds,
                "rollups_1m" => Resolution::Minute,
                _ => Resolution::Hour,
            };
            let search = RollupSearch {
                selection: Selection::of(Scope::of("default")),
                range,
                resolution,
                families: Families::ALL,
            };
            let found = fuzz::rollups(lake, &search)?;
            all.count = found
                .rollups
                .iter()
                .map(|(_, _, rollup)| rollup.count)
                .fold(0, u64::saturating_add);
            // Counts in memory are added to those in the file. If the file is missing, the rows
            // differ, so they are not compared.
            let rows: Vec<_> = match found.lost.is_empty() {
                true => found.rollups.iter().collect(),
                false => Vec::new(),
            };
            all.add(&rows, !found.lost.is_empty());
        }
    }
    Ok(all)
}

impl Answers {
    fn add(&mut self, rows: &[impl std::fmt::Debug], is_partial: bool) {
        let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
        rows.sort();
        self.rows.push(rows);
        self.is_partial |= is_partial;
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in RealDisk.list(from).unwrap() {
        let place = to.join(entry.path.strip_prefix(from).unwrap());
        RealDisk.create_dir_all(place.parent().unwrap()).unwrap();
        let bytes = read(&*RealDisk.open(&entry.path).unwrap());
        RealDisk.create(&place).unwrap().append(&bytes).unwrap();
    }
}

fn read(file: &dyn ReadFile) -> Vec<u8> {
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

/// Path of a file, and the bytes it appears to have.
type Patch = Option<(PathBuf, Arc<[u8]>)>;

/// The real disk, on which one file appears to have other contents.
#[derive(Clone, Default)]
struct Patched(Arc<Mutex<Patch>>);

impl Patched {
    fn put(&self, path: PathBuf, bytes: Vec<u8>) {
        *self.lock() = Some((path, bytes.into()));
    }

    fn forget(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Patch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk for Patched {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir_all(path)
    }

    fn local(&self, path: &Path) -> Option<PathBuf> {
        Some(path.to_owned())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<FileEntry>> {
        RealDisk.list(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        RealDisk.create(path)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn ReadFile>> {
        match &*self.lock() {
            Some((patched, bytes)) if patched == path => Ok(Arc::new(InMemory(bytes.clone()))),
            _ => RealDisk.open(path),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }

    fn remove_empty_dirs(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_empty_dirs(path)
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        RealDisk.truncate(path, len)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_dir(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        RealDisk.lock(path)
    }
}

struct InMemory(Arc<[u8]>);

impl ReadFile for InMemory {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let found = self.0.get(from..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}
