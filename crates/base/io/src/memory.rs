//! Memory of the process: its limit, its current use, and shares of it for different uses.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Maximum memory of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantedMemory {
    /// In bytes.
    pub bytes: u64,
    /// Whether it is the limit of a control group, as in a container; otherwise it is the machine's
    /// memory.
    pub is_group: bool,
}

/// The minimum of the machine's memory and the limits of the process's control groups. `None` if
/// the system does not tell.
pub fn granted_memory() -> Option<GrantedMemory> {
    granted(Path::new("/"))
}

/// Resident memory of the process in bytes. `None` if the system does not tell.
pub fn resident_memory() -> Option<u64> {
    kilobytes(&read(Path::new("/proc/self/status"))?, "VmRSS:")
}

fn granted(root: &Path) -> Option<GrantedMemory> {
    let machine = kilobytes(&read(&root.join("proc/meminfo"))?, "MemTotal:")?;
    let group = group_limit(root).filter(|limit| *limit < machine);
    Some(GrantedMemory {
        bytes: group.unwrap_or(machine),
        is_group: group.is_some(),
    })
}

/// The lowest limit among the process's control groups and their parents, for cgroup v1 and v2.
fn group_limit(root: &Path) -> Option<u64> {
    let groups = read(&root.join("proc/self/cgroup"))?;
    let limits = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let (mount, file) = match controllers {
            "" => ("sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                ("sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => return None,
        };
        let mount = root.join(mount);
        let folder: PathBuf = mount.join(path.trim_start_matches('/'));
        let above = folder
            .ancestors()
            .take_while(|folder| folder.starts_with(&mount));
        // A group without a limit contains "max", or a number larger than all memory.
        above
            .filter_map(|folder| read(&folder.join(file))?.trim().parse().ok())
            .min()
    });
    limits.min()
}

/// The number of kilobytes after a word at the start of a line, converted to bytes.
fn kilobytes(text: &str, word: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(word))?;
    let number: u64 = line.split_whitespace().next()?.parse().ok()?;
    number.checked_mul(1024)
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// A share of the memory for one use, with a limit and the amount reserved. It only counts what its
/// users report; it does not allocate.
#[derive(Debug)]
pub struct MemoryShare {
    limit: usize,
    used: AtomicUsize,
}

impl MemoryShare {
    /// A share with this limit in bytes.
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            used: AtomicUsize::new(0),
        })
    }

    /// Limit in bytes.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Reserved bytes.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Reserves bytes until the returned value is dropped; `None` if too few are free.
    pub fn hold(self: &Arc<Self>, bytes: usize) -> Option<HeldMemory> {
        let mut held = HeldMemory {
            share: self.clone(),
            bytes: 0,
        };
        held.resize(bytes).then_some(held)
    }

    fn take(&self, bytes: usize) -> bool {
        let taken = |used: usize| {
            let used = used.checked_add(bytes)?;
            (used <= self.limit).then_some(used)
        };
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken)
            .is_ok()
    }
}

/// A reservation in a share; dropping it releases the bytes.
#[derive(Debug)]
pub struct HeldMemory {
    share: Arc<MemoryShare>,
    bytes: usize,
}

impl HeldMemory {
    /// Size of the reservation in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Changes the size of the reservation. Returns false, and leaves it unchanged, if too few
    /// bytes are free.
    #[must_use]
    pub fn resize(&mut self, bytes: usize) -> bool {
        let resized = match bytes.checked_sub(self.bytes) {
            Some(more) => self.share.take(more),
            None => {
                let less = self.bytes - bytes;
                self.share.used.fetch_sub(less, Ordering::Relaxed);
                true
            }
        };
        if resized {
            self.bytes = bytes;
        }
        resized
    }
}

impl Drop for HeldMemory {
    fn drop(&mut self) {
        self.share.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Disk, RealDisk};

    /// Granted memory on a system that has only these files.
    fn granted_by(files: &[(&str, &str)]) -> Option<GrantedMemory> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut file = RealDisk.create(&path).unwrap();
            file.append(text.as_bytes()).unwrap();
        }
        granted(root.path())
    }

    const MACHINE: (&str, &str) = ("proc/meminfo", "MemFree: 1 kB\nMemTotal:  1000 kB\n");

    #[test]
    fn without_a_group_it_is_the_machine() {
        let machine = Some(GrantedMemory {
            bytes: 1_024_000,
            is_group: false,
        });
        assert_eq!(granted_by(&[MACHINE]), machine);
        let free = [
            MACHINE,
            ("proc/self/cgroup", "0::/a\n"),
            ("sys/fs/cgroup/a/memory.max", "max\n"),
        ];
        assert_eq!(granted_by(&free), machine);
        let more = [
            MACHINE,
            ("proc/self/cgroup", "4:memory:/\n"),
            (
                "sys/fs/cgroup/memory/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
        ];
        assert_eq!(granted_by(&more), machine);
        assert_eq!(granted_by(&[]), None);
    }

    #[test]
    fn the_least_limit_of_the_groups_above_counts() {
        let group = |bytes| {
            Some(GrantedMemory {
                bytes,
                is_group: true,
            })
        };
        let second = [
            MACHINE,
            ("proc/self/cgroup", "0::/a/b\n"),
            ("sys/fs/cgroup/a/memory.max", "5000\n"),
            ("sys/fs/cgroup/a/b/memory.max", "7000\n"),
        ];
        assert_eq!(granted_by(&second), group(5_000));
        let first = [
            MACHINE,
            (
                "proc/self/cgroup",
                "9:cpu,cpuacct:/x\n8:hugetlb,memory:/a\n0::/a\n",
            ),
            ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "6000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/x/memory.max", "1\n"),
        ];
        assert_eq!(granted_by(&first), group(6_000));
    }

    #[test]
    fn the_process_has_some_memory() {
        assert!(resident_memory().unwrap() > 100_000);
    }

    #[test]
    fn no_more_than_the_share_is_held_and_all_is_given_back() {
        let share = MemoryShare::new(10);
        let mut first = share.hold(6).unwrap();
        assert!(share.hold(5).is_none());
        assert!(!first.resize(usize::MAX));
        assert!(first.resize(10));
        assert_eq!((share.used(), share.limit()), (10, 10));
        assert!(share.hold(1).is_none());
        assert!(first.resize(2));
        assert_eq!((first.bytes(), share.used()), (2, 2));
        drop(first);
        assert_eq!(share.used(), 0);
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let share = share.clone();
                std::thread::spawn(move || (0..1_000).filter_map(|_| share.hold(3)).count())
            })
            .collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap() > 0));
        assert_eq!(share.used(), 0);
    }
}
