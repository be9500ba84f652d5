//! The file system operations that the store needs: append, sync, rename, read at an offset.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

/// A file system. Paths are absolute or relative to the working directory. All calls block.
pub trait Disk: Send + Sync + 'static {
    /// Creates the folder and its parents; succeeds if it exists. The folder's entry in its parent
    /// is durable only after `sync_dir` of the parent.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;
    /// The files (not folders) anywhere below `path`, in no particular order; empty if `path` does
    /// not exist.
    fn list(&self, path: &Path) -> io::Result<Vec<FileEntry>>;
    /// Creates a file for writing. The file must not exist.
    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>>;
    /// Same as [`Self::create`], readable only by its owner if the disk supports owners.
    fn create_private(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.create(path)
    }
    /// Opens a file for reading at offsets.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn ReadFile>>;
    /// Renames within the file system, replacing the target. Durable only after `sync_dir`.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes the folders below `path` that contain no file at any depth; `path` itself stays. A
    /// folder that gets a file meanwhile stays. Durable only after `sync_dir`.
    fn remove_empty_dirs(&self, path: &Path) -> io::Result<()>;
    /// Truncates a file to `len` bytes and syncs it.
    fn truncate(&self, path: &Path, len: u64) -> io::Result<()>;
    /// Makes creations, renames and removals in the folder durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Locks the folder for as long as the returned value lives; `WouldBlock` if it is locked by
    /// another.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>>;
    /// The path in the operating system's file system, for libraries that open files themselves;
    /// `None` if there is none.
    fn local(&self, path: &Path) -> Option<PathBuf> {
        let _ = path;
        None
    }
    /// Size and free space of the folder's file system. A disk that cannot tell returns
    /// `Unsupported`; the caller then assumes that there is room.
    fn space(&self, path: &Path) -> io::Result<Space> {
        let _ = path;
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Size and free space of a file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Total size.
    pub total: u64,
    /// Free space that this process may use.
    pub free: u64,
}

/// One file in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Path of the file.
    pub path: PathBuf,
    /// Size in bytes.
    pub len: u64,
}

/// A file that is being written.
pub trait WriteFile: Send {
    /// Appends all of `bytes`. After an error the end of the file is undefined, so the file must be
    /// abandoned.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes everything appended durable. After an error the file must not be synced again, because
    /// the kernel may have dropped the dirty pages.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file that any number of readers can read at the same time.
#[expect(
    clippy::len_without_is_empty,
    reason = "whether a file is empty interests nobody"
)]
pub trait ReadFile: Send + Sync {
    /// Size in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Fills `buffer` from `offset`; returns `UnexpectedEof` if the file ends earlier.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
}

/// The file system of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

#[expect(clippy::disallowed_methods, reason = "this is the door to the disk")]
impl Disk for RealDisk {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        // Nothing else syncs the folders above the data folder. A new folder in a new parent must
        // survive a power failure.
        let made: Vec<&Path> = path
            .ancestors()
            .take_while(|above| !above.exists())
            .collect();
        fs::create_dir_all(path)?;
        for above in made.into_iter().filter_map(Path::parent) {
            let above = if above.as_os_str().is_empty() {
                Path::new(".")
            } else {
                above
            };
            self.sync_dir(above)?;
        }
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<FileEntry>> {
        let mut entries = Vec::new();
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            let reader = match fs::read_dir(&folder) {
                Ok(reader) => reader,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for entry in reader {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                    continue;
                }
                match entry.metadata() {
                    Ok(metadata) => entries.push(FileEntry {
                        path: entry.path(),
                        len: metadata.len(),
                    }),
                    // Another process has removed the file since it was listed.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(entries)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        Ok(Box::new(RealFile(
            OpenOptions::new().write(true).create_new(true).open(path)?,
        )))
    }

    fn create_private(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        Ok(Box::new(RealFile(options.open(path)?)))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn ReadFile>> {
        Ok(Arc::new(RealFile(File::open(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_empty_dirs(&self, path: &Path) -> io::Result<()> {
        let reader = match fs::read_dir(path) {
            Ok(reader) => reader,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in reader {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                self.remove_empty_dirs(&entry.path())?;
                match fs::remove_dir(entry.path()) {
                    Err(error)
                        if !matches!(
                            error.kind(),
                            io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotFound
                        ) =>
                    {
                        return Err(error);
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(len)?;
        file.sync_all()
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn local(&self, path: &Path) -> Option<PathBuf> {
        Some(path.to_owned())
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        let path = path.join("lock");
        let made = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let file = match made {
            // A lock writes nothing, so an existing lock file can also be locked on a read-only
            // disk.
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => File::open(&path)?,
            made => made?,
        };
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(fs::TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    fn space(&self, path: &Path) -> io::Result<Space> {
        let found = rustix::fs::statvfs(path)?;
        Ok(Space {
            total: found.f_blocks.saturating_mul(found.f_frsize),
            // Not `f_bfree`, which includes the blocks reserved for root.
            free: found.f_bavail.saturating_mul(found.f_frsize),
        })
    }
}

struct RealFile(File);

impl WriteFile for RealFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

impl ReadFile for RealFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_without_files_go_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        for path in ["a/b/c", "a/d", "e"] {
            RealDisk.create_dir_all(&at(path)).unwrap();
        }
        RealDisk.create(&at("a/d/file")).unwrap();
        RealDisk.remove_empty_dirs(folder.path()).unwrap();
        assert!(at("a/d/file").exists() && !at("a/b").exists() && !at("e").exists());
        RealDisk.remove_empty_dirs(&at("nowhere")).unwrap();
        assert!(folder.path().exists());
    }

    #[test]
    fn the_space_left_is_a_part_of_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let space = RealDisk.space(folder.path()).unwrap();
        assert!(0 < space.free && space.free <= space.total, "{space:?}");
        assert!(RealDisk.space(&folder.path().join("nowhere")).is_err());
    }
}
