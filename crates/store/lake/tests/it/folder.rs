//! A data folder for one test, which can be opened repeatedly.

pub use hinomi_conformance::questions::{all, ever};

use hinomi_conformance::spans::HOUR;
use hinomi_io::{Disk, RealDisk, SystemEntropy, clock::ManualClock};
use hinomi_lake::{
    Families, Lake, LakeConfig, LakeLimits, OpenError, Recovery, Resolution, Retention,
    RollupSearch,
};
use hinomi_model::{Scope, Selection, Text};
use hinomi_registry::{DatabaseRegistry, MemoryDatabase, RegistryLimits};
use hinomi_testkit::SimDisk;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

pub struct Folder {
    dir: tempfile::TempDir,
    pub clock: Arc<ManualClock>,
    pub limits: LakeLimits,
    /// What the registry has written. It outlives a crash, as the folder does.
    pub database: MemoryDatabase,
    registry: Mutex<Option<Arc<DatabaseRegistry>>>,
}

impl Folder {
    pub fn new() -> Self {
        Self::with(LakeLimits::default())
    }

    /// A folder without retention, unless the limits set one, because tests have very late spans.
    pub fn with(mut limits: LakeLimits) -> Self {
        if limits.retention == Retention::default() {
            limits.retention = Retention::FOREVER;
        }
        // In memory if possible: no test relies on the device.
        let dir = tempfile::tempdir_in("/dev/shm")
            .or_else(|_| tempfile::tempdir())
            .unwrap();
        Self {
            dir,
            clock: Arc::new(ManualClock::at(HOUR.0)),
            limits,
            database: MemoryDatabase::default(),
            registry: Mutex::default(),
        }
    }

    /// Opens the registry again, as a new process does.
    pub async fn open_registry(&self) -> Arc<DatabaseRegistry> {
        let limits = RegistryLimits {
            // Tests tell themselves when a database works again.
            retry_pause: Duration::ZERO,
            ..RegistryLimits::default()
        };
        let opened = DatabaseRegistry::open_memory(&self.database, limits).await;
        let opened = Arc::new(opened.unwrap());
        *self.registry.lock().unwrap() = Some(opened.clone());
        opened
    }

    /// The registry of the lake that was opened last.
    pub fn registry(&self) -> Arc<DatabaseRegistry> {
        self.registry.lock().unwrap().clone().unwrap()
    }

    pub fn dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A simulated disk at this folder's path.
    pub fn disk(&self) -> SimDisk {
        self.seeded_disk(1)
    }

    pub fn seeded_disk(&self, seed: u64) -> SimDisk {
        RealDisk.create_dir_all(&self.dir()).unwrap();
        SimDisk::new(seed, &self.dir())
    }

    pub async fn try_open(&self, disk: Arc<dyn Disk>) -> Result<(Lake, Recovery), OpenError> {
        self.try_open_as("node-1".into(), disk).await
    }

    async fn try_open_as(
        &self,
        node: Text,
        disk: Arc<dyn Disk>,
    ) -> Result<(Lake, Recovery), OpenError> {
        let config = LakeConfig {
            dir: self.dir(),
            node,
            limits: self.limits,
        };
        let names = self.open_registry().await;
        let entropy = Arc::new(SystemEntropy);
        Lake::open(config, disk, self.clock.clone(), entropy, names).await
    }

    /// Opens the folder with another name of the node.
    pub async fn open_as(&self, node: Text) -> (Lake, Recovery) {
        self.try_open_as(node, Arc::new(RealDisk)).await.unwrap()
    }

    pub async fn open(&self) -> (Lake, Recovery) {
        self.try_open(Arc::new(RealDisk)).await.unwrap()
    }

    /// Rows of text and number that the index `catalog.db` returns, for a closed or crashed store.
    pub async fn index(&self, question: &'static str) -> Vec<(String, i64)> {
        use sqlx::{ConnectOptions, Row};
        let path = self.dir().join("catalog.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut connection = options.connect().await.unwrap();
        let rows = sqlx::query(question).fetch_all(&mut connection).await;
        let rows = rows.unwrap().into_iter();
        rows.map(|row| (row.get(0), row.get(1))).collect()
    }

    /// The log's files, oldest first.
    pub fn logs(&self) -> Vec<PathBuf> {
        let files = RealDisk.list(&self.dir().join("wal")).unwrap();
        let mut logs: Vec<_> = files.into_iter().map(|file| file.path).collect();
        logs.retain(|path| path.extension().is_some_and(|ending| ending == "log"));
        logs.sort();
        logs
    }

    /// Files below `segments/`.
    pub fn segment_files(&self) -> Vec<PathBuf> {
        let files = RealDisk.list(&self.dir().join("segments")).unwrap();
        files.into_iter().map(|entry| entry.path).collect()
    }
}

/// Search for every rollup of the default project.
pub fn all_rollups(resolution: Resolution) -> RollupSearch {
    let selection = Selection::of(Scope::of("default"));
    RollupSearch {
        selection,
        range: ever(),
        resolution,
        families: Families::ALL,
    }
}

/// Number of transactions that a search for everything finds.
pub async fn total(lake: &Lake) -> u64 {
    lake.transactions(all()).await.unwrap().total
}

/// Sum of the cells of all rollups.
pub async fn cells(lake: &Lake, resolution: Resolution) -> u64 {
    let rollups = lake.rollups(all_rollups(resolution)).await.unwrap();
    let cells = rollups
        .rollups
        .iter()
        .flat_map(|(_, _, rollup)| &rollup.cells);
    cells
        .map(|cell| u64::from(cell.ok) + u64::from(cell.error))
        .sum()
}

/// Checks that hitmap and list agree at every resolution. Returns the number of transactions.
pub async fn agreed_total(lake: &Lake) -> u64 {
    let total = total(lake).await;
    for resolution in Resolution::ALL {
        assert_eq!(cells(lake, resolution).await, total, "{resolution:?}");
    }
    total
}

pub const MINUTE: Duration = Duration::from_secs(60);
