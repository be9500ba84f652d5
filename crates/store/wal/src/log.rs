//! The log: append, sync, rotate, and delete the files that a checkpoint has made unnecessary.

use crate::{
    Replay, WalLimits, format,
    replay::{self, Found, LogFile, Mend, Unsettled},
};
use hinomi_io::{Disk, Entropy, WriteFile};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Errors of the log. After an error of `append` or `sync`, every record appended since the last
/// successful `sync` is void: it does not count as written, and its sequence is reused.
#[derive(Debug, thiserror::Error)]
pub enum WalError {
    /// The disk failed.
    #[error("{path}: {source}")]
    Io {
        /// File or folder that failed.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The payload is longer than [`WalLimits::record_bytes`]. No record becomes void.
    #[error("a log record of {len} bytes is over the limit of {limit}; send smaller batches")]
    TooLong {
        /// Size of the payload in bytes.
        len: usize,
        /// Maximum size in bytes.
        limit: usize,
    },
    /// A later version of Hinomi wrote the file.
    #[error(
        "{path} has log format {version}, which this version does not know; start the version of hinomi that wrote it"
    )]
    Newer {
        /// Path of the file.
        path: PathBuf,
        /// Format version of the file.
        version: u8,
    },
}

impl WalError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// An open log. It has one owner and no lock; the owner implements group commit.
pub struct Wal {
    disk: Arc<dyn Disk>,
    entropy: Arc<dyn Entropy>,
    dir: PathBuf,
    limits: WalLimits,
    /// Closed files, ascending by sequence.
    closed: Vec<LogFile>,
    /// The file that is being written; `None` before the first append and after a failure.
    current: Option<Current>,
    /// The sequence of the next append.
    next: u64,
    /// The first sequence that no sync has confirmed.
    unsynced: u64,
    /// Files that could not be synced at start, because the disk was full or read-only.
    unsettled: Vec<Unsettled>,
    /// Location of the last record.
    last: Option<Place>,
}

/// Location of a record: file, offset and length.
struct Place {
    sequence: u64,
    path: PathBuf,
    offset: u64,
    len: usize,
}

struct Current {
    file: Box<dyn WriteFile>,
    log_id: u64,
    entry: LogFile,
    /// Number of bytes that a sync has confirmed.
    synced: u64,
    /// Records that are not yet written to the file.
    buffer: Vec<u8>,
}

impl Wal {
    /// Opens the log in `dir`, creating the folder if missing, and passes every record after
    /// `checkpoint` to `each`. Sequences begin at 1, so 0 requests all records. New records get
    /// sequences above both the checkpoint and everything found.
    ///
    /// On a full or read-only disk the log also opens and can be read. It accepts no record before
    /// [`Self::settle`] has succeeded.
    pub fn open(
        disk: Arc<dyn Disk>,
        entropy: Arc<dyn Entropy>,
        dir: PathBuf,
        limits: WalLimits,
        checkpoint: u64,
        each: impl FnMut(u64, &[u8]),
    ) -> Result<(Self, Replay), WalError> {
        disk.create_dir_all(&dir).map_err(WalError::io(&dir))?;
        // No record in the folder is safe before the folder's own name is durable.
        if let Some(above) = dir.parent().filter(|above| !above.as_os_str().is_empty()) {
            disk.sync_dir(above).map_err(WalError::io(above))?;
        }
        let mut files = replay::list(&*disk, &dir)?;
        let (found, last) = replay::replay(
            &*disk,
            &limits,
            &mut files,
            checkpoint,
            Mend::TornTails,
            each,
        )?;
        let Found {
            replay: found,
            unsettled,
        } = found;
        let next = last.max(checkpoint) + 1;
        let wal = Self {
            disk,
            entropy,
            dir,
            limits,
            closed: files,
            current: None,
            next,
            unsynced: next,
            unsettled,
            last: None,
        };
        Ok((wal, found))
    }

    /// Syncs what the start replayed, if the disk did not allow that then. Cheap if nothing is left
    /// to do.
    pub fn settle(&mut self) -> Result<(), WalError> {
        while let Some(unsettled) = self.unsettled.last() {
            unsettled.settle(&*self.disk)?;
            self.unsettled.pop();
        }
        Ok(())
    }

    /// Whether everything that the start replayed is synced.
    pub fn is_settled(&self) -> bool {
        self.unsettled.is_empty()
    }

    /// Reads the last record back through a newly opened file. Returns whether it has this sequence
    /// and a valid checksum. For owners that delete data once a record exists.
    pub fn reads_back(&self, sequence: u64) -> Result<bool, WalError> {
        let Some(place) = self.last.as_ref().filter(|last| last.sequence == sequence) else {
            return Ok(false);
        };
        let failed = || WalError::io(&place.path);
        let file = self.disk.open(&place.path).map_err(failed())?;
        let mut bytes = vec![0; place.len];
        file.read_exact_at(&mut bytes, place.offset)
            .map_err(failed())?;
        let record = format::read_record(&bytes, self.limits.record_bytes);
        Ok(record.is_some_and(|record| record.sequence == sequence))
    }

    /// Appends a record and returns its sequence. Durable only after [`Self::sync`].
    pub fn append(&mut self, payload: &[u8]) -> Result<u64, WalError> {
        if payload.len() > self.limits.record_bytes {
            let (len, limit) = (payload.len(), self.limits.record_bytes);
            return Err(WalError::TooLong { len, limit });
        }
        self.settle()?;
        let sequence = self.next;
        let appended = self.current().map(|current| {
            let before = current.buffer.len();
            format::write_record(&mut current.buffer, current.log_id, sequence, payload);
            let place = Place {
                sequence,
                path: current.entry.path.clone(),
                offset: current.entry.len + before as u64,
                len: current.buffer.len() - before,
            };
            (current.buffer.len(), place)
        });
        let full = match appended {
            Ok((waiting, place)) => {
                self.last = Some(place);
                waiting >= self.limits.buffer_bytes
            }
            Err(error) => return Err(self.abandon(error)),
        };
        self.next += 1;
        if full {
            self.write()?;
        }
        Ok(sequence)
    }

    /// Makes everything appended durable.
    pub fn sync(&mut self) -> Result<(), WalError> {
        if self.unsynced == self.next {
            return Ok(());
        }
        self.write()?;
        if let Some(current) = &mut self.current {
            let path = &current.entry.path;
            if let Err(error) = current.file.sync().map_err(WalError::io(path)) {
                return Err(self.abandon(error));
            }
        }
        self.unsynced = self.next;
        if let Some(current) = &mut self.current {
            current.synced = current.entry.len;
        }
        if self
            .current
            .as_ref()
            .is_some_and(|file| file.entry.len >= self.limits.file_bytes)
        {
            self.close_current();
        }
        Ok(())
    }

    /// Removes the files whose records are all before `sequence`. Can be repeated: files that could
    /// not be removed are retried.
    pub fn truncate_before(&mut self, sequence: u64) -> Result<(), WalError> {
        if self.next <= sequence && self.unsynced == self.next {
            self.close_current();
        }
        // A file ends where the next one begins.
        let current = self
            .current
            .as_ref()
            .map(|current| current.entry.first_sequence);
        let next = self.closed.iter().map(|file| file.first_sequence);
        let ends = next.skip(1).chain([current.unwrap_or(self.next)]);
        let whole = self
            .closed
            .iter()
            .zip(ends)
            .take_while(|(_, end)| *end <= sequence)
            .count();
        for _ in 0..whole {
            let path = &self.closed[0].path;
            match self.disk.remove(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(WalError::io(path)(error));
                }
                _ => {
                    let removed = self.closed.remove(0);
                    self.unsettled.retain(|file| !file.is(&removed.path));
                }
            }
        }
        if whole > 0 {
            self.disk
                .sync_dir(&self.dir)
                .map_err(WalError::io(&self.dir))?;
        }
        Ok(())
    }

    /// Closes the current file if all of it is synced. The next record then begins a new file.
    pub fn rotate(&mut self) {
        if self.unsynced == self.next {
            self.close_current();
        }
    }

    /// Ensures that new records get sequences of at least `next`, because lower ones were already
    /// used and lost.
    pub fn advance_to(&mut self, next: u64) {
        if next > self.next && self.unsynced == self.next {
            self.close_current();
            (self.next, self.unsynced) = (next, next);
        }
    }

    /// The sequence of the next append.
    pub fn next_sequence(&self) -> u64 {
        self.next
    }

    /// Size of all files in bytes.
    pub fn bytes(&self) -> u64 {
        let current = self.current.as_ref().map_or(0, |current| current.entry.len);
        self.closed.iter().map(|file| file.len).sum::<u64>() + current
    }

    fn current(&mut self) -> Result<&mut Current, WalError> {
        let current = match self.current.take() {
            Some(current) => current,
            None => self.create()?,
        };
        Ok(self.current.insert(current))
    }

    /// Creates a file that begins at the next sequence.
    fn create(&mut self) -> Result<Current, WalError> {
        let first_sequence = self.next;
        let path = self.dir.join(LogFile::name(first_sequence));
        // An existing file of that name has no valid record, or `next` would be higher.
        if let Some(at) = self
            .closed
            .iter()
            .position(|f| f.first_sequence >= first_sequence)
        {
            debug_assert_eq!(
                self.closed[at].path, path,
                "no file begins after the next sequence"
            );
            match self.disk.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(WalError::io(&path)(error));
                }
                _ => self.closed.remove(at),
            };
        }
        let log_id = self.entropy.next_u64();
        let file = self.disk.create(&path).map_err(WalError::io(&path))?;
        let entry = LogFile {
            path,
            first_sequence,
            len: 0,
        };
        // From here on the name is in use. After a failure the file must be listed, so that the
        // code above removes it.
        if let Err(error) = self.disk.sync_dir(&self.dir) {
            self.closed.push(entry);
            return Err(WalError::io(&self.dir)(error));
        }
        let buffer = format::file_header(log_id, first_sequence).to_vec();
        Ok(Current {
            file,
            log_id,
            entry,
            synced: 0,
            buffer,
        })
    }

    fn write(&mut self) -> Result<(), WalError> {
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        let written = current.file.append(&current.buffer);
        current.entry.len += current.buffer.len() as u64;
        current.buffer.clear();
        let path = &current.entry.path;
        match written.map_err(WalError::io(path)) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.abandon(error)),
        }
    }

    /// Abandons the file and reuses the unsynced sequences. If their records did reach the disk,
    /// the next file begins at the first of them, and replay stops there.
    fn abandon(&mut self, error: WalError) -> WalError {
        if let Some(current) = &mut self.current {
            // Until the next file exists, a reader would still find these records, in the page
            // cache only if the disk has dropped them.
            let path = &current.entry.path;
            match self.disk.truncate(path, current.synced) {
                Ok(()) => current.entry.len = current.synced,
                Err(error) => {
                    tracing::warn!(file = %path.display(), %error, "records that do not count could not be cut off the write-ahead log; the next file will overrule them");
                }
            }
        }
        self.close_current();
        self.next = self.unsynced;
        self.last = None;
        error
    }

    fn close_current(&mut self) {
        if let Some(current) = self.current.take() {
            self.closed.push(current.entry);
        }
    }
}

impl std::fmt::Debug for Wal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wal")
            .field("dir", &self.dir)
            .field("next", &self.next)
            .finish()
    }
}
