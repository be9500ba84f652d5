//! A log in its own folder, and the result of reopening it.

use hinomi_io::{Disk, RealDisk, SystemEntropy};
use hinomi_testkit::SimDisk;
use hinomi_wal::{Replay, Wal, WalLimits};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub struct Folder(tempfile::TempDir);

pub type Records = Vec<(u64, Vec<u8>)>;

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn dir(&self) -> PathBuf {
        self.0.path().join("wal")
    }

    pub fn open_with(
        &self,
        disk: Arc<dyn Disk>,
        limits: WalLimits,
        checkpoint: u64,
    ) -> (Wal, Records, Replay) {
        let mut records = Vec::new();
        let each = |sequence: u64, payload: &[u8]| records.push((sequence, payload.to_vec()));
        let (wal, found) = Wal::open(
            disk,
            Arc::new(SystemEntropy),
            self.dir(),
            limits,
            checkpoint,
            each,
        )
        .unwrap();
        (wal, records, found)
    }

    pub fn open(&self) -> (Wal, Records, Replay) {
        self.open_with(Arc::new(RealDisk), WalLimits::default(), 0)
    }

    /// Opens the log on a simulated disk.
    pub fn open_on(&self, disk: &SimDisk) -> (Wal, Records, Replay) {
        self.open_with(Arc::new(disk.clone()), WalLimits::default(), 0)
    }

    /// A simulated disk for this folder.
    pub fn disk(&self) -> SimDisk {
        SimDisk::new(1, self.0.path())
    }

    /// The log's files, in order.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = RealDisk
            .list(&self.dir())
            .unwrap()
            .into_iter()
            .map(|entry| entry.path)
            .collect();
        files.sort();
        files
    }

    pub fn only_file(&self) -> PathBuf {
        let files = self.files();
        assert_eq!(files.len(), 1, "{files:?}");
        files[0].clone()
    }
}

/// Writes and syncs records one by one, then drops the log without closing it, like a crash.
pub fn written(folder: &Folder, payloads: &[&[u8]]) {
    let (mut wal, ..) = folder.open();
    for payload in payloads {
        wal.append(payload).unwrap();
        wal.sync().unwrap();
    }
}

pub fn read(path: &Path) -> Vec<u8> {
    let file = RealDisk.open(path).unwrap();
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

/// Replaces the bytes of a file.
pub fn overwrite(path: &Path, bytes: &[u8]) {
    RealDisk.remove(path).unwrap();
    let mut file = RealDisk.create(path).unwrap();
    file.append(bytes).unwrap();
    file.sync().unwrap();
}
