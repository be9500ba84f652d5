//! Files that the start of the store could not settle: it could not delete them durably, or could not
//! decide about them.
//!
//! Such a file may hold rows of the log, from a flush that a crash interrupted. What proves that is
//! the log, as long as it has the records, and later the segments of the flush that wrote them again,
//! as long as they are not merged. So these files are settled before the first transaction that
//! publishes segments: no later start may take one for a file whose rows nothing else holds.

use crate::{
    LakeError,
    folder::aside::aside,
    folder::{files, path::Layout},
};
use hinomi_io::Disk;
use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// What is to happen to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Its rows are held elsewhere.
    Deleted,
    /// Nothing is known of its rows.
    SetAside,
}

/// A file that the start could not settle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leftover {
    pub file: PathBuf,
    pub fate: Fate,
}

/// The files that the start could not settle.
pub(crate) struct Leftovers {
    files: Mutex<Vec<Leftover>>,
    any: AtomicBool,
}

impl Leftovers {
    pub fn new(files: Vec<Leftover>) -> Self {
        Self {
            any: AtomicBool::new(!files.is_empty()),
            files: Mutex::new(files),
        }
    }

    /// Deletes the files or moves them to `aside/`, durably. After an error nothing may be published.
    pub fn settle(&self, disk: &dyn Disk, layout: &Layout) -> Result<(), LakeError> {
        if !self.any.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(Leftover { file, fate }) = files.last() {
            let settled = match fate {
                Fate::Deleted => delete(disk, file),
                Fate::SetAside => set_aside(disk, layout, file),
            };
            settled.map_err(LakeError::disk(file))?;
            files.pop();
        }
        self.any.store(false, Ordering::Release);
        Ok(())
    }
}

fn delete(disk: &dyn Disk, file: &Path) -> io::Result<()> {
    match disk.remove(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    sync_folder(disk, file)
}

fn set_aside(disk: &dyn Disk, layout: &Layout, file: &Path) -> io::Result<()> {
    if files::exists(disk, file)? {
        let to = aside(disk, layout, file)?;
        tracing::warn!(
            file = %file.display(), to = %to.display(),
            "a file that the start could not decide about was moved aside before segments change; nothing was deleted"
        );
        sync_folder(disk, &to)?;
    }
    sync_folder(disk, file)
}

/// Makes the names in a file's folder durable.
fn sync_folder(disk: &dyn Disk, file: &Path) -> io::Result<()> {
    let Some(folder) = file.parent() else {
        return Ok(());
    };
    match disk.sync_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        synced => synced,
    }
}
