//! Copies files through a `Disk` with a checksum, and reads and writes small files.

use crate::{folder::path::Layout, segment::Segment};
use hinomi_io::Disk;
use std::{io, path::Path, sync::Arc};

/// Bytes copied at once.
const COPY_BYTES: usize = 1 << 20;

/// Length and CRC32C of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest {
    pub bytes: u64,
    pub checksum: u32,
}

/// Whether there is a file. A file that cannot be opened for the moment, for example because no file
/// descriptor is left, is an error and not an absence: what is decided by absence cannot be undone.
pub(crate) fn exists(disk: &dyn Disk, path: &Path) -> io::Result<bool> {
    match disk.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Copies the current contents of a file to a new file and syncs it. The new file must not exist.
pub(crate) fn copy(disk: &dyn Disk, from: &Path, to: &Path) -> io::Result<Digest> {
    // The source is opened first, so that a missing source does not leave an empty target.
    let source = disk.open(from)?;
    let mut target = disk.create(to)?;
    let digest = each_piece(&*source, |piece| target.append(piece))?;
    target.sync()?;
    Ok(digest)
}

/// Computes the digest of a file.
pub(crate) fn digest(disk: &dyn Disk, path: &Path) -> io::Result<Digest> {
    each_piece(&*disk.open(path)?, |_| Ok(()))
}

/// Removes empty folders below `below`. Keeps the folder of a segment whose file is missing,
/// because the file may be restored from a backup.
pub(crate) fn remove_empty_dirs<'a>(
    disk: &dyn Disk,
    layout: &Layout,
    below: &Path,
    segments: impl IntoIterator<Item = &'a Arc<Segment>>,
) -> io::Result<()> {
    disk.remove_empty_dirs(below)?;
    let damaged = segments.into_iter().filter(|segment| segment.is_damaged());
    for segment in damaged {
        let file = layout.segment(&segment.path);
        if let Some(folder) = file.parent().filter(|folder| folder.starts_with(below)) {
            disk.create_dir_all(folder)?;
        }
    }
    Ok(())
}

/// Reads a whole file.
pub(crate) fn read(disk: &dyn Disk, path: &Path) -> io::Result<Vec<u8>> {
    let file = disk.open(path)?;
    let mut bytes = vec![0; usize::try_from(file.len()?).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Writes a new file and syncs it. The file must not exist.
pub(crate) fn write(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = disk.create(path)?;
    file.append(bytes)?;
    file.sync()
}

fn each_piece(
    file: &dyn hinomi_io::ReadFile,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Digest> {
    let bytes = file.len()?;
    let mut buffer = vec![0; COPY_BYTES];
    let (mut at, mut checksum) = (0, 0);
    while at < bytes {
        let piece = &mut buffer[..(bytes - at).min(COPY_BYTES as u64) as usize];
        file.read_exact_at(piece, at)?;
        checksum = crc32c::crc32c_append(checksum, piece);
        each(piece)?;
        at += piece.len() as u64;
    }
    Ok(Digest { bytes, checksum })
}
