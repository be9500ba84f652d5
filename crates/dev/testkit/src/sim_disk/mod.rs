//! A disk in memory that fails, loses unsynced data and loses power, controlled by a seed.
//!
//! Promises: the same seed and the same calls on each file give the same faults, and the same
//! contents after a power failure, whatever the order of threads. It is as strict as POSIX allows:
//! syncing a file does not make its name durable, and syncing a folder does not make the names of
//! its parents durable.
//!
//! Refuses: files that do not belong to the store, such as those of libraries that open files
//! themselves. Panics if a file is written or synced again after a failure, because on Linux data
//! could be lost then.

mod dice;
mod faults;
mod image;

pub use dice::{Dice, SeededEntropy};
pub use faults::{Faults, Op};
pub use image::Power;

use hinomi_io::{Disk, FileEntry, ReadFile, Space, WriteFile, clock::ManualClock};
use image::Image;
use std::{
    collections::{HashMap, HashSet},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A simulated disk. Clones share the same disk.
#[derive(Clone)]
pub struct SimDisk {
    world: Arc<Mutex<World>>,
    gate: Arc<Mutex<()>>,
}

struct World {
    root: PathBuf,
    dice: Dice,
    /// Number of starts of the process. Handles from earlier starts are invalid.
    start: u64,
    is_cut: bool,
    faults: Faults,
    /// The size that it reports; `None` until set.
    space: Option<Space>,
    image: Image,
    locked: HashSet<PathBuf>,
    steps: u64,
    failures: u64,
    /// Number of calls, by kind and file.
    calls: HashMap<(Op, PathBuf), u64>,
    clock: Option<Arc<ManualClock>>,
}

impl SimDisk {
    /// An empty disk with one folder, without faults.
    pub fn new(seed: u64, root: &Path) -> Self {
        let world = World {
            root: root.to_owned(),
            dice: Dice::new(seed),
            start: 0,
            is_cut: false,
            faults: Faults::default(),
            space: None,
            image: Image::new(root),
            locked: HashSet::new(),
            steps: 0,
            failures: 0,
            calls: HashMap::new(),
            clock: None,
        };
        Self {
            world: Arc::new(Mutex::new(world)),
            gate: Arc::default(),
        }
    }

    /// Sets the clock that slow syncs advance.
    pub fn set_clock(&self, clock: Arc<ManualClock>) {
        self.world().clock = Some(clock);
    }

    /// Sets the faults from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.world().faults = faults;
    }

    /// Sets the size that it reports from now on.
    pub fn set_space(&self, space: Space) {
        self.world().space = Some(space);
    }

    /// Number of steps: calls that change the disk, including failed ones.
    pub fn steps(&self) -> u64 {
        self.world().steps
    }

    /// Number of calls that failed because of [`Faults`].
    pub fn failures(&self) -> u64 {
        self.world().failures
    }

    /// While the guard is held, calls that are to fail wait.
    pub fn hold_failures(&self) -> MutexGuard<'_, ()> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts the power: nothing reaches the disk any more until [`Self::restart`].
    pub fn cut(&self) {
        self.world().cut();
    }

    /// Whether the power is cut.
    pub fn is_cut(&self) -> bool {
        self.world().is_cut
    }

    /// Restarts the process. `power` says how the machine lost power; `None` means that it kept
    /// running, so everything written is there. Earlier file handles become invalid, and faults
    /// end.
    pub fn restart(&self, power: Option<Power>) {
        let mut world = self.world();
        world.start += 1;
        world.is_cut = false;
        world.faults = Faults::default();
        world.locked.clear();
        let dice = world.dice.about("power").nth(world.start);
        if let Some(power) = power {
            world.image.lose_power(power, dice);
        }
    }

    /// Whether programs see bytes that a failed sync has dropped. No later sync makes them durable.
    pub fn has_dropped_pages(&self) -> bool {
        self.world().image.has_dropped_pages()
    }

    /// Flips the bits of `mask` in one byte of a file.
    pub fn rot(&self, path: &Path, at: u64, mask: u8) -> io::Result<()> {
        let mut world = self.world();
        let file = world.existing(path)?;
        world.image.rot(file, at as usize, mask);
        Ok(())
    }

    /// Total size of all files.
    pub fn used(&self) -> u64 {
        self.world().image.used()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Admits a call, or returns its simulated error.
    fn check(&self, op: Op, path: &Path) -> io::Result<MutexGuard<'_, World>> {
        let mut world = self.world();
        match world.verdict(op, path)? {
            Verdict::Pass => Ok(world),
            Verdict::ReadOnly => {
                world.failures += 1;
                Err(io::ErrorKind::ReadOnlyFilesystem.into())
            }
            Verdict::Fail => {
                world.failures += 1;
                drop(world);
                drop(self.hold_failures());
                Err(op.error())
            }
        }
    }
}

enum Verdict {
    Pass,
    ReadOnly,
    Fail,
}

impl World {
    fn alive(&self) -> io::Result<()> {
        if self.is_cut {
            return Err(io::Error::other("the power is gone"));
        }
        Ok(())
    }

    fn cut(&mut self) {
        self.is_cut = true;
    }

    /// Counts the call and decides at random whether it fails.
    fn verdict(&mut self, op: Op, path: &Path) -> io::Result<Verdict> {
        if op.is_change() {
            self.alive()?;
        }
        if self.faults.is_read_only && op.is_refused_read_only() {
            return Ok(Verdict::ReadOnly);
        }
        let dice = self.throw(op, path);
        let mut fails = self
            .faults
            .chances
            .get(&op)
            .is_some_and(|chance| dice.about("fault").per_mille(*chance))
            && self.faults.concerns(path);
        if op.is_change() {
            fails |= self.faults.steps.contains(&self.steps);
            self.steps += 1;
        }
        Ok(if fails { Verdict::Fail } else { Verdict::Pass })
    }

    fn throw(&mut self, op: Op, path: &Path) -> Dice {
        *self.calls.entry((op, path.to_owned())).or_default() += 1;
        self.dice_of("call", op, path)
    }

    /// Dice for a subject of the latest call of this kind on a file.
    fn dice_of(&self, matter: &str, op: Op, path: &Path) -> Dice {
        let name = path.strip_prefix(&self.root).unwrap_or(path);
        let calls = self.calls.get(&(op, path.to_owned())).copied();
        self.dice
            .about(&format!("{matter} {op:?} {}", name.display()))
            .nth(calls.unwrap_or(0))
    }

    /// Cuts the power at random after a call was applied. Returns an error if it does, so the
    /// caller never learns whether the call succeeded.
    fn maybe_cut(&mut self, op: Op, path: &Path) -> io::Result<()> {
        if self.dice_of("cut", op, path).per_mille(self.faults.cuts) {
            self.cut();
        }
        self.alive()
    }

    fn existing(&self, path: &Path) -> io::Result<usize> {
        self.image
            .file(path)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn parent_exists(&self, path: &Path) -> io::Result<()> {
        match path.parent() {
            Some(parent) if self.image.has_folder(parent) => Ok(()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Disk for SimDisk {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let is_there = self.world().image.has_folder(path);
        if is_there && self.world().faults.is_read_only {
            return Ok(());
        }
        let mut world = self.check(Op::CreateDir, path)?;
        let root = world.root.clone();
        let mut missing: Vec<&Path> = path
            .ancestors()
            .take_while(|above| above.starts_with(&root) && !world.image.has_folder(above))
            .collect();
        while let Some(folder) = missing.pop() {
            world.image.make_folder(folder);
        }
        world.maybe_cut(Op::CreateDir, path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<FileEntry>> {
        let world = self.check(Op::List, path)?;
        let files = world.image.files(path).into_iter();
        Ok(files.map(|(path, len)| FileEntry { path, len }).collect())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        let mut world = self.check(Op::Create, path)?;
        world.parent_exists(path)?;
        if world.image.file(path).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = world.image.make_file(path);
        world.maybe_cut(Op::Create, path)?;
        Ok(Box::new(SimFile {
            disk: self.clone(),
            path: path.to_owned(),
            file,
            start: world.start,
            has_failed: false,
        }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn ReadFile>> {
        let world = self.check(Op::Open, path)?;
        Ok(Arc::new(SimReader {
            disk: self.clone(),
            path: path.to_owned(),
            file: world.existing(path)?,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.check(Op::Rename, from)?;
        let file = world.existing(from)?;
        world.parent_exists(to)?;
        world.image.rename(from, to, file);
        world.maybe_cut(Op::Rename, from)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut world = self.check(Op::Remove, path)?;
        world.existing(path)?;
        world.image.remove(path);
        world.maybe_cut(Op::Remove, path)
    }

    fn remove_empty_dirs(&self, path: &Path) -> io::Result<()> {
        let mut world = self.check(Op::Remove, path)?;
        for folder in world.image.empty_folders(path) {
            world.image.remove_folder(&folder);
            world.maybe_cut(Op::Remove, path)?;
        }
        Ok(())
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        let mut world = self.check(Op::Truncate, path)?;
        let file = world.existing(path)?;
        world.maybe_cut(Op::Truncate, path)?;
        world.image.truncate(file, len as usize);
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.check(Op::SyncDir, path)?;
        world.maybe_cut(Op::SyncDir, path)?;
        world.image.sync_folder(path);
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        let mut world = self.world();
        world.alive()?;
        if !world.locked.insert(path.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(SimLock {
            disk: self.clone(),
            path: path.to_owned(),
            start: world.start,
        }))
    }
    fn space(&self, _: &Path) -> io::Result<Space> {
        let space = self.world().space;
        space.ok_or_else(|| io::ErrorKind::Unsupported.into())
    }
}

struct SimLock {
    disk: SimDisk,
    path: PathBuf,
    start: u64,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut world = self.disk.world();
        if world.start == self.start {
            world.locked.remove(&self.path);
        }
    }
}

struct SimFile {
    disk: SimDisk,
    path: PathBuf,
    file: usize,
    start: u64,
    has_failed: bool,
}

impl SimFile {
    fn check(&self, op: Op) -> io::Result<MutexGuard<'_, World>> {
        let world = self.disk.world();
        if world.start != self.start {
            return Err(io::Error::other("this file's process is gone"));
        }
        world.alive()?;
        assert!(
            !self.has_failed,
            "{} has failed and is used again",
            self.path.display()
        );
        drop(world);
        self.disk.check(op, &self.path)
    }
}

impl WriteFile for SimFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let result = match self.check(Op::Append) {
            Ok(mut world) => {
                let used = world.image.used();
                let space = world.faults.capacity.map(|all| all.saturating_sub(used));
                let fits = space.is_none_or(|space| bytes.len() as u64 <= space);
                let taken = space.map_or(bytes.len(), |space| bytes.len().min(space as usize));
                world.image.append(self.file, &bytes[..taken]);
                if !fits {
                    world.failures += 1;
                    Err(io::ErrorKind::StorageFull.into())
                } else {
                    world.maybe_cut(Op::Append, &self.path)
                }
            }
            Err(error) => {
                // A failing write writes some of the bytes.
                let mut world = self.disk.world();
                if world.start == self.start && !world.is_cut && !world.faults.is_read_only {
                    let dice = world.dice_of("short", Op::Append, &self.path);
                    let taken = dice.below(bytes.len() as u64 + 1) as usize;
                    world.image.append(self.file, &bytes[..taken]);
                }
                Err(error)
            }
        };
        self.has_failed = result.is_err();
        result
    }

    fn sync(&mut self) -> io::Result<()> {
        let result = match self.check(Op::Sync) {
            Ok(mut world) => {
                let slow = u64::try_from(world.faults.slow_sync.as_nanos()).unwrap_or(u64::MAX);
                if let Some(clock) = &world.clock {
                    let dice = world.dice_of("slow", Op::Sync, &self.path);
                    clock.advance(Duration::from_nanos(dice.below(slow)));
                }
                let cut = world.maybe_cut(Op::Sync, &self.path);
                if cut.is_ok() {
                    world.image.sync(self.file);
                }
                cut
            }
            Err(error) => {
                let mut world = self.disk.world();
                if world.start == self.start && !world.is_cut {
                    let dice = world.dice_of("dropped", Op::Sync, &self.path);
                    world.image.fail_sync(self.file, dice);
                }
                Err(error)
            }
        };
        self.has_failed = result.is_err();
        result
    }
}

struct SimReader {
    disk: SimDisk,
    path: PathBuf,
    file: usize,
}

impl ReadFile for SimReader {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.world().image.bytes(self.file).len() as u64)
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let world = self.disk.check(Op::Read, &self.path)?;
        let bytes = world.image.bytes(self.file);
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let to = from.saturating_add(buffer.len());
        let part = bytes.get(from..to).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(part);
        Ok(())
    }
}
