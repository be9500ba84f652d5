//! A disk that fails when told to.

use hinomi_io::{Disk, FileEntry, ReadFile, RealDisk, WriteFile};
use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

#[derive(Default)]
pub struct Faults {
    pub append: AtomicBool,
    pub sync: AtomicBool,
    pub create: AtomicBool,
    pub remove: AtomicBool,
    pub sync_dir: AtomicBool,
}

impl Faults {
    fn check(fault: &AtomicBool) -> io::Result<()> {
        if fault.load(Ordering::SeqCst) {
            Err(io::Error::other("injected"))
        } else {
            Ok(())
        }
    }
}

#[derive(Default)]
pub struct FlakyDisk {
    pub faults: Arc<Faults>,
}

impl Disk for FlakyDisk {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir_all(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<FileEntry>> {
        RealDisk.list(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        Faults::check(&self.faults.create)?;
        let file = RealDisk.create(path)?;
        Ok(Box::new(FlakyFile {
            file,
            faults: self.faults.clone(),
            failed: false,
        }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn ReadFile>> {
        RealDisk.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Faults::check(&self.faults.remove)?;
        RealDisk.remove(path)
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        RealDisk.truncate(path, len)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        Faults::check(&self.faults.sync_dir)?;
        RealDisk.sync_dir(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        RealDisk.lock(path)
    }
}

struct FlakyFile {
    file: Box<dyn WriteFile>,
    faults: Arc<Faults>,
    failed: bool,
}

impl WriteFile for FlakyFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        assert!(!self.failed, "a failed file is written again");
        if let Err(error) = Faults::check(&self.faults.append) {
            // A short write: half of it reaches the file.
            self.failed = true;
            self.file.append(&bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        assert!(!self.failed, "a failed file is synced again");
        Faults::check(&self.faults.sync).inspect_err(|_| self.failed = true)?;
        self.file.sync()
    }
}
