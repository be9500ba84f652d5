//! The contents and names on a simulated disk, in two versions: as programs see them, and as they
//! are durable.
//!
//! A write to a file is durable once the file is synced, a name once its folder is synced. A power
//! failure leaves the durable version, plus a random part of the other writes and name changes;
//! each is decided separately.

use super::dice::Dice;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Bytes that a disk writes atomically.
const SECTOR: u64 = 512;

/// What a power failure does to unsynced data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// All of it is lost.
    LosesAll,
    /// Each write and each name change survives, is lost or is torn independently. So a later one
    /// may survive although an earlier one is lost.
    LosesSome,
}

#[derive(Debug, Default)]
pub(super) struct Image {
    /// By file number. A number is never reused for another file.
    files: Vec<File>,
    seen: Names,
    safe: Names,
    /// Name changes whose folder has not been synced, in order.
    changes: Vec<Change>,
}

#[derive(Debug, Default)]
struct File {
    seen: Vec<u8>,
    safe: Vec<u8>,
    /// Ranges of `seen` that have not been synced.
    writes: Vec<std::ops::Range<usize>>,
}

#[derive(Debug, Default, Clone)]
struct Names {
    folders: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, usize>,
}

#[derive(Debug)]
enum Change {
    Folder(PathBuf),
    NoFolder(PathBuf),
    Link(PathBuf, usize),
    Unlink(PathBuf),
    Move(PathBuf, PathBuf, usize),
}

impl Change {
    fn is_in(&self, folder: &Path) -> bool {
        let (Self::Folder(path) | Self::NoFolder(path) | Self::Link(path, _) | Self::Unlink(path)) =
            self
        else {
            // Both names are in the same folder: the store never moves files between folders.
            let Self::Move(_, to, _) = self else {
                return false;
            };
            return to.parent() == Some(folder);
        };
        path.parent() == Some(folder)
    }

    fn apply(self, names: &mut Names) {
        match self {
            Self::Folder(path) => drop(names.folders.insert(path)),
            Self::NoFolder(path) => drop(names.folders.remove(&path)),
            Self::Link(path, file) => drop(names.files.insert(path, file)),
            Self::Unlink(path) => drop(names.files.remove(&path)),
            Self::Move(from, to, file) => {
                names.files.remove(&from);
                names.files.insert(to, file);
            }
        }
    }
}

impl Image {
    /// A disk with one folder, which is durable.
    pub fn new(root: &Path) -> Self {
        let mut image = Self::default();
        image.seen.folders.insert(root.to_owned());
        image.safe = image.seen.clone();
        image
    }

    pub fn has_folder(&self, path: &Path) -> bool {
        self.seen.folders.contains(path)
    }

    pub fn file(&self, path: &Path) -> Option<usize> {
        self.seen.files.get(path).copied()
    }

    pub fn files(&self, below: &Path) -> Vec<(PathBuf, u64)> {
        let inside = |(path, _): &(&PathBuf, &usize)| path.starts_with(below);
        let files = self.seen.files.iter().filter(inside);
        files
            .map(|(path, file)| (path.clone(), self.files[*file].seen.len() as u64))
            .collect()
    }

    /// Total size of all files that have a name.
    pub fn used(&self) -> u64 {
        let lengths = self.seen.files.values();
        lengths
            .map(|file| self.files[*file].seen.len() as u64)
            .sum()
    }

    pub fn bytes(&self, file: usize) -> &[u8] {
        &self.files[file].seen
    }

    pub fn make_folder(&mut self, path: &Path) {
        self.change(Change::Folder(path.to_owned()));
    }

    /// Folders below `path` that contain no file at any depth, innermost first.
    pub fn empty_folders(&self, path: &Path) -> Vec<PathBuf> {
        let below = |folder: &&PathBuf| folder.starts_with(path) && *folder != path;
        let has_file =
            |folder: &PathBuf| self.seen.files.keys().any(|file| file.starts_with(folder));
        let folders = self.seen.folders.iter().filter(below);
        folders
            .filter(|folder| !has_file(folder))
            .rev()
            .cloned()
            .collect()
    }

    pub fn remove_folder(&mut self, path: &Path) {
        self.change(Change::NoFolder(path.to_owned()));
    }

    pub fn make_file(&mut self, path: &Path) -> usize {
        let file = self.files.len();
        self.files.push(File::default());
        self.change(Change::Link(path.to_owned(), file));
        file
    }

    pub fn rename(&mut self, from: &Path, to: &Path, file: usize) {
        self.change(Change::Move(from.to_owned(), to.to_owned(), file));
    }

    pub fn remove(&mut self, path: &Path) {
        self.change(Change::Unlink(path.to_owned()));
    }

    fn change(&mut self, change: Change) {
        let again = match &change {
            Change::Folder(path) => Change::Folder(path.clone()),
            Change::NoFolder(path) => Change::NoFolder(path.clone()),
            Change::Link(path, file) => Change::Link(path.clone(), *file),
            Change::Unlink(path) => Change::Unlink(path.clone()),
            Change::Move(from, to, file) => Change::Move(from.clone(), to.clone(), *file),
        };
        again.apply(&mut self.seen);
        self.changes.push(change);
    }

    pub fn append(&mut self, file: usize, bytes: &[u8]) {
        let file = &mut self.files[file];
        let from = file.seen.len();
        file.seen.extend_from_slice(bytes);
        file.writes.push(from..file.seen.len());
    }

    pub fn sync(&mut self, file: usize) {
        self.files[file].sync();
    }

    pub fn truncate(&mut self, file: usize, len: usize) {
        let file = &mut self.files[file];
        assert!(len <= file.seen.len(), "a file is made longer");
        file.seen.truncate(len);
        // Data that an earlier failed sync dropped stays dropped, because those pages count as
        // clean.
        file.safe.truncate(len);
        for write in std::mem::take(&mut file.writes) {
            file.write_back(write.start.min(len)..write.end.min(len));
        }
    }

    /// A failing sync: some dirty pages reach the disk, and all count as clean afterwards. So no
    /// later sync writes them, although programs still see them.
    pub fn fail_sync(&mut self, file: usize, dice: Dice) {
        let file = &mut self.files[file];
        for (at, write) in std::mem::take(&mut file.writes).into_iter().enumerate() {
            if dice.nth(at as u64).per_mille(500) {
                file.write_back(write);
            }
        }
    }

    /// Whether programs see bytes in a file that no sync will ever write.
    pub fn has_dropped_pages(&self) -> bool {
        self.seen.files.values().any(|file| {
            let file = &self.files[*file];
            let mut synced = File {
                seen: file.seen.clone(),
                safe: file.safe.clone(),
                writes: file.writes.clone(),
            };
            synced.sync();
            synced.seen != synced.safe
        })
    }

    pub fn sync_folder(&mut self, path: &Path) {
        for change in std::mem::take(&mut self.changes) {
            if change.is_in(path) {
                change.apply(&mut self.safe);
            } else {
                self.changes.push(change);
            }
        }
    }

    /// Applies a power failure and restart.
    pub fn lose_power(&mut self, power: Power, dice: Dice) {
        let names = dice.about("names");
        for (at, change) in std::mem::take(&mut self.changes).into_iter().enumerate() {
            if power == Power::LosesSome && names.nth(at as u64).per_mille(500) {
                change.apply(&mut self.safe);
            }
        }
        // A file exists only if its folder exists.
        let mut lost = Names::default();
        std::mem::swap(&mut lost, &mut self.safe);
        for folder in lost.folders {
            let root = self.safe.folders.is_empty();
            let above = folder.parent();
            if root || above.is_some_and(|above| self.safe.folders.contains(above)) {
                self.safe.folders.insert(folder);
            }
        }
        for (path, file) in lost.files {
            if path
                .parent()
                .is_some_and(|above| self.safe.folders.contains(above))
            {
                self.safe.files.insert(path, file);
            }
        }
        self.seen = self.safe.clone();
        for (number, file) in self.files.iter_mut().enumerate() {
            file.lose_power(power, dice.about("file").nth(number as u64));
        }
        self.forget_nameless();
    }

    /// Modifies a byte in both versions, to simulate corruption.
    pub fn rot(&mut self, file: usize, at: usize, mask: u8) {
        let file = &mut self.files[file];
        file.seen[at] ^= mask;
        if let Some(byte) = file.safe.get_mut(at) {
            *byte ^= mask;
        }
    }

    /// Frees the memory of files that have no name.
    fn forget_nameless(&mut self) {
        let named: BTreeSet<usize> = self.seen.files.values().copied().collect();
        for (number, file) in self.files.iter_mut().enumerate() {
            if !named.contains(&number) {
                *file = File::default();
            }
        }
    }
}

impl File {
    fn sync(&mut self) {
        for write in std::mem::take(&mut self.writes) {
            self.write_back(write);
        }
    }

    fn write_back(&mut self, write: std::ops::Range<usize>) {
        if self.safe.len() < write.end {
            // A gap that was never written reads as zeros.
            self.safe.resize(write.end, 0);
        }
        self.safe[write.clone()].copy_from_slice(&self.seen[write]);
    }

    fn lose_power(&mut self, power: Power, dice: Dice) {
        for (at, write) in std::mem::take(&mut self.writes).into_iter().enumerate() {
            if power == Power::LosesAll {
                continue;
            }
            let dice = dice.nth(at as u64);
            let len = write.len() as u64;
            let torn = dice.about("torn").below(len + 1) as usize;
            match dice.about("fate").below(6) {
                0 | 1 => {}
                2 | 3 => self.write_back(write),
                // Torn at any byte.
                4 => self.write_back(write.start..write.start + torn),
                // Each sector is decided separately. A missing one in the middle reads as zeros.
                _ => {
                    let mut from = write.start;
                    while from < write.end {
                        let edge = (from as u64 / SECTOR + 1) * SECTOR;
                        let to = write.end.min(edge as usize);
                        if dice.about("sector").nth(from as u64).per_mille(600) {
                            self.write_back(from..to);
                        }
                        from = to;
                    }
                }
            }
        }
        self.seen = self.safe.clone();
    }
}
