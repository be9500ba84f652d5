//! The log: append, sync, rotate, drop what a checkpoint has made superfluous.

use crate::{
    Replay, WalLimits, format,
    replay::{self, LogFile, Mend},
};
use hinomi_io::{Disk, Entropy, WriteFile};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What can go wrong. After an error of `append` or `sync` every record appended since the last
/// successful `sync` is void: it does not count as written, and its sequence is given out again.
#[derive(Debug, thiserror::Error)]
pub enum WalError {
    /// The disk failed.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The payload is longer than [`WalLimits::record_bytes`]. Voids nothing.
    #[error("a log record of {len} bytes is over the limit of {limit}; send smaller batches")]
    TooLong {
        /// Bytes of the payload.
        len: usize,
        /// The limit.
        limit: usize,
    },
    /// A file was written by a later version.
    #[error(
        "{path} has log format {version}, which this version does not know; start the version of hinomi that wrote it"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u8,
    },
}

impl WalError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

/// An open log. One owner, no lock: group commit is the owner's affair.
pub struct Wal {
    disk: Arc<dyn Disk>,
    entropy: Arc<dyn Entropy>,
    dir: PathBuf,
    limits: WalLimits,
    /// Closed files, ascending.
    closed: Vec<LogFile>,
    /// The file being written; none before the first append and after a failure.
    current: Option<Current>,
    /// The sequence that the next append gets.
    next: u64,
    /// The first sequence that no sync has confirmed.
    unsynced: u64,
}

struct Current {
    file: Box<dyn WriteFile>,
    log_id: u64,
    entry: LogFile,
    /// Bytes that a sync has confirmed.
    synced: u64,
    /// Records not yet handed to the file.
    buffer: Vec<u8>,
}

impl Wal {
    /// Opens the log in `dir`, creating the folder when need be, and hands every record after
    /// `checkpoint` to `each`: sequences begin at 1, so 0 asks for all. New records get sequences
    /// above both the checkpoint and everything found.
    pub fn open(
        disk: Arc<dyn Disk>,
        entropy: Arc<dyn Entropy>,
        dir: PathBuf,
        limits: WalLimits,
        checkpoint: u64,
        each: impl FnMut(u64, &[u8]),
    ) -> Result<(Self, Replay), WalError> {
        disk.create_dir_all(&dir).map_err(WalError::io(&dir))?;
        // Without its name no record in it is safe.
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
        };
        Ok((wal, found))
    }

    /// Adds a record behind the last and answers its sequence. Not durable before [`Self::sync`].
    pub fn append(&mut self, payload: &[u8]) -> Result<u64, WalError> {
        if payload.len() > self.limits.record_bytes {
            let (len, limit) = (payload.len(), self.limits.record_bytes);
            return Err(WalError::TooLong { len, limit });
        }
        let sequence = self.next;
        let appended = self.current().map(|current| {
            format::write_record(&mut current.buffer, current.log_id, sequence, payload);
            current.buffer.len()
        });
        let full = match appended {
            Ok(waiting) => waiting >= self.limits.buffer_bytes,
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

    /// Removes the files in which every record is before `sequence`. Safe to call again; what
    /// could not be removed is tried again the next time.
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
                _ => self.closed.remove(0),
            };
        }
        if whole > 0 {
            self.disk
                .sync_dir(&self.dir)
                .map_err(WalError::io(&self.dir))?;
        }
        Ok(())
    }

    /// The sequence that the next append gets.
    pub fn next_sequence(&self) -> u64 {
        self.next
    }

    /// Bytes of all files.
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

    /// Begins a file at the next sequence.
    fn create(&mut self) -> Result<Current, WalError> {
        let first_sequence = self.next;
        let path = self.dir.join(LogFile::name(first_sequence));
        // A file of that name has no record that counts, or its last one would be before `next`.
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
        // From here on the name is taken, and a failure has to leave it to be removed above.
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

    /// Gives the file up and takes the unsynced sequences back. Should their records have reached
    /// the disk all the same, the next file begins at the first of them, and replay stops there.
    fn abandon(&mut self, error: WalError) -> WalError {
        if let Some(current) = &mut self.current {
            // Until a next file begins, a reader would find them: in the page cache only, where the
            // disk has dropped them.
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
