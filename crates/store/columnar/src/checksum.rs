//! Checksums of files: one per block of 16 KiB, and one of the tail.
//!
//! Everything before the tail is divided into blocks, each with a CRC32C. The tail starts with the
//! table of these checksums, followed by page index and footer up to the end of the file. The owner
//! of the file keeps the tail's offset and CRC32C. So every byte is covered by a checksum that is
//! itself covered, independent of how columns are encoded. To Parquet readers the table is a gap
//! between the last row group and the page index, which they never read.

use crate::ColumnarError;
use bytes::Bytes;
use hinomi_io::{Disk, ReadFile};
use std::{path::Path, sync::Arc};

/// Size of a block in bytes: the minimum that reading a page costs.
const BLOCK_BYTES: usize = 16 << 10;
/// Bytes read at once while a whole file is verified.
const VERIFY_BYTES: usize = 64 * BLOCK_BYTES;
/// First bytes of the table; the last byte is its version.
const MAGIC: [u8; 8] = *b"HINOSUM\x01";
/// Size of the table's header in bytes: magic, block size, number of blocks.
const HEADER: usize = 16;
/// Largest tail that is read, in bytes. The tail of a 64 GiB file is smaller.
const TAIL_BYTES: u64 = 256 << 20;

/// Offset and checksum of a file's tail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileTail {
    /// Where the tail begins, in bytes.
    pub offset: u64,
    /// CRC32C of the tail.
    pub checksum: u32,
}

/// What the owner of a file has to keep to verify it: its length and tail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Length of the file, in bytes.
    pub bytes: u64,
    /// The tail, whose checksum covers all other checksums.
    pub tail: FileTail,
}

/// Computes the checksums of a file while it is written.
#[derive(Debug, Default)]
pub struct Checksummer {
    blocks: Vec<u32>,
    /// CRC32C of the block that is not full yet.
    current: u32,
    filled: usize,
    /// Set once the tail has begun.
    tail: Option<FileTail>,
    written: u64,
}

impl Checksummer {
    /// Adds the next bytes of the file.
    pub fn add(&mut self, mut bytes: &[u8]) {
        self.written += bytes.len() as u64;
        if let Some(tail) = &mut self.tail {
            tail.checksum = crc32c::crc32c_append(tail.checksum, bytes);
            return;
        }
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK_BYTES - self.filled));
            self.current = crc32c::crc32c_append(self.current, now);
            self.filled += now.len();
            bytes = later;
            if self.filled == BLOCK_BYTES {
                self.close_block();
            }
        }
    }

    /// Starts the tail. Returns its first bytes, the table, which the caller has to write.
    pub fn begin_tail(&mut self) -> Vec<u8> {
        if self.filled > 0 {
            self.close_block();
        }
        self.tail = Some(FileTail {
            offset: self.written,
            checksum: 0,
        });
        let mut table = Vec::with_capacity(HEADER + 4 * self.blocks.len());
        table.extend_from_slice(&MAGIC);
        table.extend_from_slice(&(BLOCK_BYTES as u32).to_le_bytes());
        table.extend_from_slice(&(self.blocks.len() as u32).to_le_bytes());
        for block in &self.blocks {
            table.extend_from_slice(&block.to_le_bytes());
        }
        table
    }

    /// Offset of the tail; `None` before it has begun.
    pub fn tail_offset(&self) -> Option<u64> {
        self.tail.map(|tail| tail.offset)
    }

    /// Replaces the tail's checksum by that of `bytes`, because the tail changed after it was
    /// added.
    pub fn replace_tail(&mut self, bytes: &[u8]) {
        if let Some(tail) = &mut self.tail {
            tail.checksum = crc32c::crc32c(bytes);
        }
    }

    /// Length and tail of the finished file.
    pub fn extent(&self) -> Extent {
        let nothing = FileTail {
            offset: self.written,
            checksum: 0,
        };
        Extent {
            bytes: self.written,
            tail: self.tail.unwrap_or(nothing),
        }
    }

    fn close_block(&mut self) {
        self.blocks.push(self.current);
        (self.current, self.filled) = (0, 0);
    }
}

/// The verified checksums of a file's blocks.
#[derive(Debug, Clone)]
pub(crate) struct Blocks {
    /// Offset of the tail, where the blocks end.
    end: u64,
    sums: Arc<[u32]>,
}

impl Blocks {
    /// Reads the table at the start of a tail that begins at `end`.
    fn parse(tail: &[u8], end: u64) -> Result<Self, ColumnarError> {
        let unfit = |why: &str| ColumnarError::Damaged(format!("the table of checksums {why}"));
        let header = tail.get(..HEADER).ok_or_else(|| unfit("is cut short"))?;
        if header[..8] != MAGIC {
            return Err(unfit("is missing or of a later version"));
        }
        let number = |at: usize| {
            let four = header[at..at + 4].try_into().unwrap_or_default();
            u64::from(u32::from_le_bytes(four))
        };
        if number(8) != BLOCK_BYTES as u64 || number(12) != end.div_ceil(BLOCK_BYTES as u64) {
            return Err(unfit("does not fit the file's length"));
        }
        let count = number(12) as usize;
        let sums = tail
            .get(HEADER..HEADER + 4 * count)
            .ok_or_else(|| unfit("is cut short"))?;
        let sums = sums
            .chunks_exact(4)
            .map(|four| u32::from_le_bytes(four.try_into().unwrap_or_default()))
            .collect();
        Ok(Self { end, sums })
    }

    /// Offset at which the blocks end.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Memory used by the checksums, in bytes.
    pub fn memory_size(&self) -> usize {
        4 * self.sums.len()
    }

    /// Reads `length` bytes at `start`. Reads and verifies the whole blocks that contain them.
    pub fn read(
        &self,
        file: &dyn ReadFile,
        start: u64,
        length: usize,
    ) -> Result<Bytes, ColumnarError> {
        let end = start.saturating_add(length as u64);
        if end > self.end {
            return Err(ColumnarError::Damaged(format!(
                "bytes {start} to {end} were asked for, data ends at {}",
                self.end
            )));
        }
        let block = BLOCK_BYTES as u64;
        let from = start - start % block;
        let to = end.next_multiple_of(block).min(self.end);
        let mut buffer = vec![0; (to - from) as usize];
        file.read_exact_at(&mut buffer, from)
            .map_err(ColumnarError::reading)?;
        for (block, bytes) in (from / block..).zip(buffer.chunks(BLOCK_BYTES)) {
            if self.sums.get(block as usize) != Some(&crc32c::crc32c(bytes)) {
                let at = block * BLOCK_BYTES as u64;
                return Err(ColumnarError::Damaged(format!(
                    "the checksum of the block at byte {at} does not hold"
                )));
            }
        }
        let skip = (start - from) as usize;
        Ok(Bytes::from(buffer).slice(skip..skip + length))
    }
}

/// A file's complete, verified tail.
pub(crate) struct ReadTail {
    pub offset: u64,
    pub bytes: Bytes,
    pub blocks: Blocks,
}

/// Reads and verifies a tail.
pub(crate) fn read_tail(
    file: &dyn ReadFile,
    bytes: u64,
    tail: FileTail,
) -> Result<ReadTail, ColumnarError> {
    let length = bytes
        .checked_sub(tail.offset)
        .filter(|length| *length <= TAIL_BYTES)
        .ok_or_else(|| ColumnarError::Damaged("the tail's place is outside the file".into()))?;
    let mut buffer = vec![0; length as usize];
    file.read_exact_at(&mut buffer, tail.offset)
        .map_err(ColumnarError::reading)?;
    if crc32c::crc32c(&buffer) != tail.checksum {
        return Err(ColumnarError::Damaged(
            "the checksum of the file's tail does not hold".into(),
        ));
    }
    let blocks = Blocks::parse(&buffer, tail.offset)?;
    Ok(ReadTail {
        offset: tail.offset,
        bytes: buffer.into(),
        blocks,
    })
}

/// Extent of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyDepth {
    /// Only length and tail.
    Tail,
    /// Every byte.
    Whole,
}

/// Opens a file and checks its length.
pub(crate) fn open(
    disk: &dyn Disk,
    path: &Path,
    bytes: u64,
) -> Result<Arc<dyn ReadFile>, ColumnarError> {
    let file = disk.open(path).map_err(ColumnarError::disk(path))?;
    let len = file.len().map_err(ColumnarError::disk(path))?;
    if len != bytes {
        return Err(ColumnarError::Damaged(format!(
            "the file has {len} bytes instead of {bytes}"
        )));
    }
    Ok(file)
}

/// Verifies a file. Calls `each` with the number of bytes read; `each` returns whether to continue.
/// Returns whether the file was read to its end.
pub fn verify(
    disk: &dyn Disk,
    path: &Path,
    extent: Extent,
    depth: VerifyDepth,
    mut each: impl FnMut(usize) -> bool,
) -> Result<bool, ColumnarError> {
    let file = open(disk, path, extent.bytes)?;
    let tail = read_tail(&*file, extent.bytes, extent.tail);
    let tail = tail.map_err(|error| error.of_file(path))?;
    if depth == VerifyDepth::Tail {
        return Ok(true);
    }
    if !each(tail.bytes.len()) {
        return Ok(false);
    }
    let mut at = 0;
    while at < tail.offset {
        let length = (tail.offset - at).min(VERIFY_BYTES as u64) as usize;
        let read = tail.blocks.read(&*file, at, length);
        read.map_err(|error| error.of_file(path))?;
        at += length as u64;
        if !each(length) && at < tail.offset {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_io::RealDisk;

    /// A file of `length` bytes and a tail, with 100 bytes after the table.
    fn file(dir: &Path, length: usize) -> (std::path::PathBuf, Extent, Vec<u8>) {
        let data: Vec<u8> = (0..length).map(|at| ((at * 31) >> 3) as u8).collect();
        let mut summer = Checksummer::default();
        let mut bytes = data.clone();
        // In uneven pieces, as a writer's buffer produces them.
        data.chunks(7_001).for_each(|piece| summer.add(piece));
        for piece in [summer.begin_tail(), vec![7; 100]] {
            summer.add(&piece);
            bytes.extend(piece);
        }
        let path = dir.join(format!("{length}"));
        RealDisk.create(&path).unwrap().append(&bytes).unwrap();
        (path, summer.extent(), bytes)
    }

    #[test]
    fn every_flipped_bit_of_every_byte_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        for length in [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, 3 * BLOCK_BYTES + 5] {
            let (path, extent, bytes) = file(dir.path(), length);
            let check = || verify(&RealDisk, &path, extent, VerifyDepth::Whole, |_| true);
            assert!(check().unwrap(), "{length}");
            for at in (0..bytes.len()).step_by(997).chain([bytes.len() - 1]) {
                let mut other = bytes.clone();
                other[at] ^= 1 << (at % 8);
                RealDisk.remove(&path).unwrap();
                RealDisk.create(&path).unwrap().append(&other).unwrap();
                let found = check();
                assert!(
                    matches!(found, Err(ColumnarError::Damaged(_))),
                    "{length} {at}"
                );
            }
        }
    }

    #[test]
    fn a_range_is_its_bytes_whatever_blocks_it_lies_in() {
        let dir = tempfile::tempdir().unwrap();
        let (path, extent, bytes) = file(dir.path(), 3 * BLOCK_BYTES + 5);
        let file = open(&RealDisk, &path, extent.bytes).unwrap();
        let tail = read_tail(&*file, extent.bytes, extent.tail).unwrap();
        for (start, length) in [
            (0, 1),
            (BLOCK_BYTES - 1, 2),
            (5, 40_000),
            (3 * BLOCK_BYTES, 5),
        ] {
            let read = tail.blocks.read(&*file, start as u64, length).unwrap();
            assert_eq!(read, bytes[start..start + length], "{start} {length}");
        }
        let beyond = tail.blocks.read(&*file, 3 * BLOCK_BYTES as u64, 6);
        assert!(matches!(beyond, Err(ColumnarError::Damaged(_))));
    }
}
