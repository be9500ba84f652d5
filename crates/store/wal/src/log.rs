//! The log: append, sync, rotate, drop what a checkpoint has made superfluous.

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
    /// Files that the start could not make safe, because the disk was full or read-only.
    unsettled: Vec<Unsettled>,
    /// Where the last record stands.
    last: Option<Place>,
}

/// Where a record stands: in which file, from which byte, how long.
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
    /// Bytes that a sync has confirmed.
    synced: u64,
    /// Records not yet handed to the file.
    buffer: Vec<u8>,
}

impl Wal {
    /// Opens the log in `dir`, creating the folder when need be, and hands every record after
    /// `checkpoint` to `each`: sequences begin at 1, so 0 asks for all. New records get sequences
    /// above both the checkpoint and everything found.
    ///
    /// On a full or read-only disk the log opens all the same and can be read; it takes no record before
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

    /// Makes what the start handed out safe, where the disk did not let it then. Cheap when it is done.
    pub fn settle(&mut self) -> Result<(), WalError> {
        while let Some(unsettled) = self.unsettled.last() {
            unsettled.settle(&*self.disk)?;
            self.unsettled.pop();
        }
        Ok(())
    }

    /// Whether everything that the start handed out is safe.
    pub fn is_settled(&self) -> bool {
        self.unsettled.is_empty()
    }

    /// Reads the last record back, by a file opened for it, and answers whether it is the one with this
    /// sequence and its checksum holds. For owners that destroy something on the word of a record.
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

    /// Adds a record behind the last and answers its sequence. Not durable before [`Self::sync`].
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

    /// Ends the file that is being written, once all of it is synced: the next record begins a new one.
    pub fn rotate(&mut self) {
        if self.unsynced == self.next {
            self.close_current();
        }
    }

    /// Gives no sequence below `next` to a new record: those are known to have been given out, and lost.
    pub fn advance_to(&mut self, next: u64) {
        if next > self.next && self.unsynced == self.next {
            self.close_current();
            (self.next, self.unsynced) = (next, next);
        }
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
