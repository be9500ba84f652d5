//! The catalog's files at the moment of a crash. SQLite writes them by itself, to the real disk, so
//! they are copied when the power goes and put back before the next start.
//!
//! What SQLite has added to its log since the store last relied on it may be torn at any byte; what
//! the store relied on, by removing a file that the catalog made superfluous, is kept: that SQLite
//! syncs before it answers is trusted, not tested.

use hinomi_io::{Disk, RealDisk};
use hinomi_testkit::{Dice, Moment};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

#[derive(Default)]
struct Copied {
    database: Vec<u8>,
    log: Vec<u8>,
    /// Bytes of the log that the store has relied on.
    relied_on: usize,
    is_copied: bool,
}

/// Copies of one folder's catalog.
pub struct CatalogImage {
    database: PathBuf,
    copied: Arc<Mutex<Copied>>,
}

impl CatalogImage {
    pub fn new(folder: &Path) -> Self {
        Self {
            database: folder.join("catalog.db"),
            copied: Arc::default(),
        }
    }

    /// What the disk is to call.
    pub fn watcher(&self) -> impl Fn(Moment) + Send + 'static {
        let (database, copied) = (self.database.clone(), self.copied.clone());
        move |moment| {
            let mut copied = copied.lock().unwrap();
            match moment {
                Moment::Removal => copied.relied_on = read(&log(&database)).len(),
                Moment::Cut => {
                    copied.database = read(&database);
                    copied.log = read(&log(&database));
                    copied.is_copied = true;
                }
            }
        }
    }

    /// Puts the files back as they were when the power went, if it did. `torn` says whether the
    /// machine went too. Nobody may have them open.
    pub fn restore(&self, torn: Option<Dice>) {
        let mut copied = self.copied.lock().unwrap();
        if copied.is_copied {
            let added = copied.log.len().saturating_sub(copied.relied_on);
            if let Some(dice) = torn {
                let lost = dice.below(added as u64 + 1) as usize;
                let keep = copied.log.len() - lost;
                copied.log.truncate(keep);
            }
            let shared = with(&self.database, "-shm");
            for (path, bytes) in [
                (&self.database, &copied.database[..]),
                (&log(&self.database), &copied.log),
                (&shared, &[]),
            ] {
                let _ = RealDisk.remove(path);
                if !bytes.is_empty() {
                    RealDisk.create(path).unwrap().append(bytes).unwrap();
                }
            }
        }
        *copied = Copied {
            relied_on: read(&log(&self.database)).len(),
            ..Copied::default()
        };
    }

    /// Whether SQLite has let go of it. A connection that is dropped closes on a thread of its own,
    /// so this process's descriptors are asked.
    pub fn is_closed(&self) -> bool {
        let open = std::fs::read_dir("/proc/self/fd").unwrap();
        let name = self.database.to_string_lossy().into_owned();
        !open
            .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
            .any(|path| path.to_string_lossy().starts_with(&name))
    }
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn log(database: &Path) -> PathBuf {
    with(database, "-wal")
}

fn read(path: &Path) -> Vec<u8> {
    let Ok(file) = RealDisk.open(path) else {
        return Vec::new();
    };
    let mut bytes = vec![0; file.len().unwrap() as usize];
    match file.read_exact_at(&mut bytes, 0) {
        Ok(()) => bytes,
        // It was made shorter meanwhile.
        Err(_) => read(path),
    }
}
