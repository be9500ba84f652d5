//! The watermark: how far the log has been confirmed, stored beside the log. It tells a start that
//! the end of the log is missing.
//!
//! In the log itself, a record that a crash cut short and an acknowledged record that was lost
//! later look the same: the log ends earlier. So after each sync of the log, and before the batches
//! are acknowledged, the sequence is noted in a separate file. The note is not synced. After a
//! crash of the process it is exact; after a power failure it may be older and prove less. It never
//! claims more than what is synced.
//!
//! A file holds notes of 32 bytes each; the last valid one counts. A new file begins every 64 KiB.

use crate::folder::path::Layout;
use hinomi_io::{Disk, WriteFile};
use hinomi_model::{TimeRange, UnixNanos};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// First bytes of a note; the last byte is its version.
const MAGIC: [u8; 4] = *b"HWM\x01";
const NOTE: usize = 32;
/// Size at which the next file begins, in bytes.
const FILE_BYTES: usize = 64 << 10;

/// What a start learns from the watermark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watermark {
    /// The log has been synced up to this record.
    pub sequence: u64,
    /// Time range of the spans that were not in segments at that moment.
    pub range: TimeRange,
}

/// Reads the latest note; `None` if there is no valid one.
pub(crate) fn read(disk: &dyn Disk, layout: &Layout) -> io::Result<Option<Watermark>> {
    for (_, path) in files(disk, layout)?.into_iter().rev() {
        let bytes = crate::folder::files::read(disk, &path)?;
        let mut notes = bytes.chunks_exact(NOTE).filter_map(parse);
        if let Some(latest) = notes.next_back() {
            return Ok(Some(latest));
        }
    }
    Ok(None)
}

/// Writes the notes.
pub(crate) struct WatermarkFile {
    disk: Arc<dyn Disk>,
    layout: Layout,
    next: u64,
    open: Option<(Box<dyn WriteFile>, usize)>,
    /// Older files, to be removed.
    old: Vec<PathBuf>,
}

impl WatermarkFile {
    pub fn new(disk: Arc<dyn Disk>, layout: Layout) -> Self {
        let files = files(&*disk, &layout).unwrap_or_default();
        let next = files.last().map_or(1, |(number, _)| number + 1);
        Self {
            disk,
            layout,
            next,
            open: None,
            old: files.into_iter().map(|(_, path)| path).collect(),
        }
    }

    /// Notes that the log is synced up to here. A note that cannot be written is skipped: the next
    /// start knows less, but nothing is lost.
    pub fn note(&mut self, watermark: Watermark) {
        if let Err(error) = self.try_note(watermark) {
            self.open = None;
            tracing::debug!(%error, "how far the log is safe could not be noted");
        }
    }

    fn try_note(&mut self, watermark: Watermark) -> io::Result<()> {
        let is_full = |open: &(Box<dyn WriteFile>, usize)| open.1 >= FILE_BYTES;
        if self.open.as_ref().is_none_or(is_full) {
            let path = self.layout.wal().join(name(self.next));
            self.next += 1;
            self.open = Some((self.disk.create(&path)?, 0));
            self.append(watermark)?;
            // Removed only now, because the new file has the later note.
            self.old.retain(|old| self.disk.remove(old).is_err());
            self.old.push(path);
            return Ok(());
        }
        self.append(watermark)
    }

    fn append(&mut self, watermark: Watermark) -> io::Result<()> {
        if let Some((file, written)) = &mut self.open {
            file.append(&bytes(watermark))?;
            *written += NOTE;
        }
        Ok(())
    }
}

fn name(number: u64) -> String {
    format!("watermark-{number:020}")
}

/// The files with their numbers, ascending.
fn files(disk: &dyn Disk, layout: &Layout) -> io::Result<Vec<(u64, PathBuf)>> {
    let number = |path: &Path| -> Option<u64> {
        let digits = path.file_name()?.to_str()?.strip_prefix("watermark-")?;
        digits.parse().ok()
    };
    let listed = disk.list(&layout.wal())?.into_iter();
    let mut files: Vec<_> = listed
        .filter_map(|entry| Some((number(&entry.path)?, entry.path)))
        .collect();
    files.sort_unstable();
    Ok(files)
}

fn bytes(watermark: Watermark) -> [u8; NOTE] {
    let mut note = [0; NOTE];
    note[..4].copy_from_slice(&MAGIC);
    note[4..12].copy_from_slice(&watermark.sequence.to_le_bytes());
    note[12..20].copy_from_slice(&watermark.range.from.0.to_le_bytes());
    note[20..28].copy_from_slice(&watermark.range.to.0.to_le_bytes());
    let checksum = crc32c::crc32c(&note[..28]);
    note[28..].copy_from_slice(&checksum.to_le_bytes());
    note
}

fn parse(note: &[u8]) -> Option<Watermark> {
    let eight = |at: usize| note.get(at..at + 8)?.try_into().ok();
    let checksum = note.get(28..32)?.try_into().ok().map(u32::from_le_bytes)?;
    if note.get(..4)? != MAGIC || crc32c::crc32c(&note[..28]) != checksum {
        return None;
    }
    let time = |at: usize| eight(at).map(i64::from_le_bytes).map(UnixNanos);
    Some(Watermark {
        sequence: u64::from_le_bytes(eight(4)?),
        range: TimeRange::new(time(12)?, time(20)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_io::RealDisk;

    fn folder() -> (tempfile::TempDir, Layout) {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout {
            dir: folder.path().into(),
        };
        RealDisk.create_dir_all(&layout.wal()).unwrap();
        (folder, layout)
    }

    fn watermark(sequence: u64) -> Watermark {
        let range = TimeRange::new(UnixNanos(3), UnixNanos(i64::MAX));
        Watermark { sequence, range }
    }

    #[test]
    fn the_latest_whole_note_counts_across_files_and_starts() {
        let (_folder, layout) = folder();
        assert_eq!(read(&RealDisk, &layout).unwrap(), None);
        for start in 0..3_u64 {
            let mut file = WatermarkFile::new(Arc::new(RealDisk), layout.clone());
            for sequence in 1..=3_000 {
                file.note(watermark(start * 3_000 + sequence));
            }
            let latest = Some(watermark(start * 3_000 + 3_000));
            assert_eq!(read(&RealDisk, &layout).unwrap(), latest);
            let files = files(&RealDisk, &layout).unwrap();
            assert_eq!(files.len(), 1, "old ones go: {files:?}");
        }
    }

    #[test]
    fn a_torn_or_rotten_note_is_none() {
        let whole = bytes(watermark(7));
        assert_eq!(parse(&whole), Some(watermark(7)));
        for at in 0..NOTE {
            let mut other = whole;
            other[at] ^= 4;
            assert_eq!(parse(&other), None);
            assert_eq!(parse(&whole[..at]), None);
        }
    }
}
