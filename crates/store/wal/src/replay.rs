//! Reads the files of a log, in any state that a crash or the disk left them in.

use crate::{
    WalError, WalLimits,
    format::{FILE_HEADER, FileHeader, RECORD_MAGIC, Record, read_file_header, read_record},
};
use hinomi_io::Disk;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Result of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replay {
    /// Number of records passed to the caller.
    pub records: u64,
    /// Size of their payloads in bytes.
    pub bytes: u64,
    /// Damaged ranges that are followed by valid records. Each has lost at least one record.
    pub skipped: u64,
    /// Bytes truncated at the end of files, where no valid record followed: writes that a crash
    /// interrupted.
    pub torn_bytes: u64,
    /// Records of a group whose write or sync failed; records of a later file replace them.
    pub superseded: u64,
    /// Records that another log left in a reused block.
    pub stale: u64,
}

/// One file of the log, according to its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogFile {
    pub path: PathBuf,
    pub first_sequence: u64,
    pub len: u64,
}

impl LogFile {
    /// File name for a first sequence.
    pub fn name(first_sequence: u64) -> String {
        format!("wal-{first_sequence:020}.log")
    }

    fn parse(path: &Path) -> Option<u64> {
        let name = path.file_name()?.to_str()?;
        let first = name
            .strip_prefix("wal-")?
            .strip_suffix(".log")?
            .parse()
            .ok()?;
        (Self::name(first) == name).then_some(first)
    }
}

/// The files of the log, ascending by first sequence.
pub(crate) fn list(disk: &dyn Disk, dir: &Path) -> Result<Vec<LogFile>, WalError> {
    let mut files: Vec<LogFile> = disk
        .list(dir)
        .map_err(WalError::io(dir))?
        .into_iter()
        .filter_map(|entry| {
            let first_sequence = LogFile::parse(&entry.path)?;
            Some(LogFile {
                path: entry.path,
                first_sequence,
                len: entry.len,
            })
        })
        .collect();
    files.sort_by_key(|file| file.first_sequence);
    Ok(files)
}

/// What a replay may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mend {
    /// Truncate torn tails and sync the rest.
    TornTails,
    /// Nothing, because the log may belong to another process.
    Nothing,
}

/// Result of a replay, and files that it could not repair.
pub(crate) struct Found {
    pub replay: Replay,
    pub unsettled: Vec<Unsettled>,
}

/// A file whose torn tail is still to be truncated and whose rest is still to be synced.
pub(crate) struct Unsettled {
    path: PathBuf,
    good: u64,
}

impl Unsettled {
    /// Whether this is the file at `path`.
    pub fn is(&self, path: &Path) -> bool {
        self.path == path
    }

    /// Truncates the torn tail and syncs the rest.
    pub fn settle(&self, disk: &dyn Disk) -> Result<(), WalError> {
        disk.truncate(&self.path, self.good)
            .map_err(WalError::io(&self.path))
    }
}

/// Whether the disk is full or read-only. Then the log can be read, and the disk may recover by
/// itself.
fn is_unwritable(error: &WalError) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error, WalError::Io { source, .. }
        if matches!(source.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem))
}

/// Reads the log in `dir` without changing it, also while its owner writes to it. Passes the
/// records after `checkpoint` to `each`. A record that is being written counts as torn.
pub fn read(
    disk: &dyn Disk,
    dir: &Path,
    limits: &WalLimits,
    checkpoint: u64,
    each: impl FnMut(u64, &[u8]),
) -> Result<Replay, WalError> {
    let mut files = list(disk, dir)?;
    replay(disk, limits, &mut files, checkpoint, Mend::Nothing, each).map(|(found, _)| found.replay)
}

/// Passes the records after `checkpoint` to `each`, truncates torn tails and syncs the rest.
/// Returns what was found and the highest sequence of any valid record, or 0.
pub(crate) fn replay(
    disk: &dyn Disk,
    limits: &WalLimits,
    files: &mut [LogFile],
    checkpoint: u64,
    mend: Mend,
    mut each: impl FnMut(u64, &[u8]),
) -> Result<(Found, u64), WalError> {
    let mut found = Replay::default();
    let mut unsettled = Vec::new();
    let mut last = 0;
    for at in 0..files.len() {
        // The records of an abandoned file are void from the first sequence of the next file on.
        let bound = files
            .get(at + 1)
            .map_or(u64::MAX, |next| next.first_sequence);
        let bytes = match read_file(disk, &files[at]) {
            // The log's owner has deleted the file meanwhile.
            Err(WalError::Io { source, .. })
                if mend == Mend::Nothing && source.kind() == io::ErrorKind::NotFound =>
            {
                continue;
            }
            read => read?,
        };
        let good = scan(
            &bytes,
            limits,
            &files[at].path,
            &mut found,
            |found, record| {
                // A sequence below the file's first one belongs to another file: the files were
                // swapped.
                let first = files[at].first_sequence;
                if record.sequence >= bound || record.sequence < first {
                    found.superseded += 1;
                    return;
                }
                last = last.max(record.sequence);
                if record.sequence > checkpoint {
                    found.records += 1;
                    found.bytes += record.payload.len() as u64;
                    each(record.sequence, record.payload);
                }
            },
        )?;
        match mend {
            Mend::TornTails => {
                let settled = settle(disk, &mut files[at], good as u64, &mut found);
                match settled {
                    Ok(()) => {}
                    Err(error) if is_unwritable(&error) => unsettled.push(Unsettled {
                        path: files[at].path.clone(),
                        good: good as u64,
                    }),
                    Err(error) => return Err(error),
                }
            }
            Mend::Nothing => found.torn_bytes += bytes.len() as u64 - good as u64,
        }
    }
    let replay = found;
    Ok((Found { replay, unsettled }, last))
}

/// Calls `each` with every valid record. Returns the end offset of the last one.
fn scan<'a>(
    bytes: &'a [u8],
    limits: &WalLimits,
    path: &Path,
    found: &mut Replay,
    mut each: impl FnMut(&mut Replay, Record<'a>),
) -> Result<usize, WalError> {
    let mut log_id = match read_file_header(bytes) {
        FileHeader::Valid { log_id } => Some(log_id),
        FileHeader::Newer { version } => {
            return Err(WalError::Newer {
                path: path.to_owned(),
                version,
            });
        }
        FileHeader::Damaged => None,
    };
    let header_damaged = log_id.is_none();
    let (mut good, mut at) = (FILE_HEADER.min(bytes.len()), FILE_HEADER);
    let (mut last, mut skipping) = (0, false);
    while at < bytes.len() {
        let record = read_record(&bytes[at..], limits.record_bytes);
        let stale = record.is_some_and(|record| log_id.is_some_and(|id| id != record.log_id));
        match record.filter(|record| !stale && record.sequence > last) {
            Some(record) => {
                found.skipped += u64::from(skipping);
                skipping = false;
                log_id = Some(record.log_id);
                last = record.sequence;
                at += record.len();
                good = at;
                each(found, record);
            }
            None => {
                found.stale += u64::from(stale);
                skipping = true;
                at += 1 + next_magic(&bytes[at + 1..]);
            }
        }
    }
    // A crash interrupted the file before its header was written, so there is nothing to keep.
    Ok(if header_damaged && last == 0 { 0 } else { good })
}

fn next_magic(bytes: &[u8]) -> usize {
    bytes
        .windows(RECORD_MAGIC.len())
        .position(|four| four == RECORD_MAGIC)
        .unwrap_or(bytes.len())
}

/// Truncates a torn tail and syncs the rest. A process may have died between a write and its sync,
/// and records that were replayed must survive a later power failure.
fn settle(
    disk: &dyn Disk,
    file: &mut LogFile,
    good: u64,
    found: &mut Replay,
) -> Result<(), WalError> {
    let torn = file.len.saturating_sub(good);
    if torn > 0 {
        found.torn_bytes += torn;
        tracing::warn!(file = %file.path.display(), torn, "the write-ahead log ended in the middle of a write; the rest is cut off");
    }
    disk.truncate(&file.path, good)
        .map_err(WalError::io(&file.path))?;
    file.len = good;
    Ok(())
}

fn read_file(disk: &dyn Disk, file: &LogFile) -> Result<Vec<u8>, WalError> {
    let reader = disk.open(&file.path).map_err(WalError::io(&file.path))?;
    let len = reader.len().map_err(WalError::io(&file.path))?;
    let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
    reader
        .read_exact_at(&mut bytes, 0)
        .map_err(WalError::io(&file.path))?;
    Ok(bytes)
}
