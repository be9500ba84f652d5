//! A disk that fails at a chosen step, and that forgets what was not synced. It never waits for
//! the real one: what is durable is what it has noted down.

use hinomi_io::{Disk, FileEntry, ReadFile, RealDisk, Space, WriteFile};
use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

/// Counts the steps that change the disk.
#[derive(Default)]
pub struct Steps {
    taken: AtomicI64,
    /// The steps that fail: from the first, before the second.
    failing: (i64, i64),
    pub failures: AtomicU64,
    /// While held, failing steps wait.
    pub gate: Mutex<()>,
    files: Mutex<HashMap<PathBuf, FileState>>,
    /// Free bytes of a file system of 100 GB; nobody knows when `None`.
    free: Mutex<Option<u64>>,
}

#[derive(Clone, Copy, Default)]
struct FileState {
    written: u64,
    synced: u64,
    /// Whether its name is durable.
    named: bool,
}

#[derive(Clone)]
pub struct FlakyDisk(pub Arc<Steps>);

impl FlakyDisk {
    /// Steps from `from` on, and before `to`, fail.
    pub fn failing(from: i64, to: i64) -> Self {
        Self(Arc::new(Steps {
            failing: (from, to),
            ..Steps::default()
        }))
    }

    /// A disk that never fails.
    pub fn sound() -> Self {
        Self::failing(i64::MAX, i64::MAX)
    }

    pub fn has_failed(&self) -> bool {
        self.0.failures.load(Ordering::SeqCst) > 0
    }

    /// From now on so many bytes are free.
    pub fn set_free(&self, bytes: u64) {
        *self.0.free.lock().unwrap() = Some(bytes);
    }

    /// What a power cut leaves: synced bytes in files whose names were synced.
    pub fn lose_unsynced(&self) {
        for (path, state) in self.0.files.lock().unwrap().iter() {
            if !state.named {
                RealDisk.remove(path).unwrap();
            } else if state.synced < state.written {
                RealDisk.truncate(path, state.synced).unwrap();
            }
        }
    }

    fn step(&self) -> io::Result<()> {
        let step = self.0.taken.fetch_add(1, Ordering::SeqCst);
        let (from, to) = self.0.failing;
        if (from..to).contains(&step) {
            drop(self.0.gate.lock().unwrap());
            self.0.failures.fetch_add(1, Ordering::SeqCst);
            return Err(io::Error::other(format!("injected at step {step}")));
        }
        Ok(())
    }

    fn files<T>(&self, change: impl FnOnce(&mut HashMap<PathBuf, FileState>) -> T) -> T {
        change(&mut self.0.files.lock().unwrap())
    }
}

impl Disk for FlakyDisk {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.create_dir_all(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<FileEntry>> {
        RealDisk.list(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.step()?;
        let file = RealDisk.create(path)?;
        self.files(|files| files.insert(path.into(), FileState::default()));
        Ok(Box::new(FlakyFile {
            file,
            path: path.into(),
            disk: self.clone(),
        }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn ReadFile>> {
        RealDisk.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.rename(from, to)?;
        self.files(|files| {
            let state = files.remove(from).unwrap_or_default();
            files.insert(
                to.into(),
                FileState {
                    named: false,
                    ..state
                },
            );
        });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.remove(path)?;
        self.files(|files| files.remove(path));
        Ok(())
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        self.step()?;
        RealDisk.truncate(path, len)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        self.files(|files| {
            for (file, state) in files {
                state.named |= file.parent() == Some(path);
            }
        });
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        RealDisk.lock(path)
    }

    fn space(&self, _: &Path) -> io::Result<Space> {
        let free = *self.0.free.lock().unwrap();
        let total = 100_000_000_000;
        free.map(|free| Space { total, free })
            .ok_or_else(|| io::ErrorKind::Unsupported.into())
    }
}

struct FlakyFile {
    file: Box<dyn WriteFile>,
    path: PathBuf,
    disk: FlakyDisk,
}

impl FlakyFile {
    fn update(&self, change: impl FnOnce(&mut FileState)) {
        self.disk
            .files(|files| files.get_mut(&self.path).map(change));
    }
}

impl WriteFile for FlakyFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let step = self.disk.step();
        // A failing write is a short one.
        let bytes = if step.is_err() {
            &bytes[..bytes.len() / 2]
        } else {
            bytes
        };
        self.file.append(bytes)?;
        self.update(|state| state.written += bytes.len() as u64);
        step
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.step()?;
        self.update(|state| state.synced = state.written);
        Ok(())
    }
}
