//! A file that is open for reading, with its parsed footer. Every byte is verified.

use crate::{
    ColumnarError, PageCache,
    checksum::{self, Blocks, Extent, ReadTail},
};
use bytes::{Buf, Bytes};
use hinomi_io::{Disk, ReadFile};
use parquet::{
    arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
    errors::ParquetError,
    file::{
        metadata::{PageIndexPolicy, ParquetMetaData},
        reader::{ChunkReader, Length},
    },
};
use std::{
    io::{self, Read},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes read at once when the needed length is unknown.
const READ_AHEAD: usize = 64 << 10;

/// An open file with its parsed footer. Clones share the file.
#[derive(Clone)]
pub struct OpenFile {
    /// Number that tells the file's pages from those of other files in the cache.
    pub id: i64,
    /// The bytes.
    pub file: VerifiedFile,
    /// Footer, page index and schema.
    pub metadata: ArrowReaderMetadata,
    /// Cache of recently read pages of all files.
    pages: Arc<PageCache>,
}

impl OpenFile {
    /// Opens a file and reads its tail. `id` must be unique among the files that share the cache.
    pub fn open(
        disk: &dyn Disk,
        path: &Path,
        id: i64,
        extent: Extent,
        pages: Arc<PageCache>,
    ) -> Result<Self, ColumnarError> {
        let file = checksum::open(disk, path, extent.bytes)?;
        let tail = checksum::read_tail(&*file, extent.bytes, extent.tail);
        let tail = tail.map_err(|error| error.of_file(path))?;
        let file = VerifiedFile {
            file,
            path: path.into(),
            len: extent.bytes,
            blocks: tail.blocks.clone(),
            failure: Arc::default(),
        };
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = ArrowReaderMetadata::load(&TailReader(tail), options)?;
        if !lies_within(metadata.metadata(), extent.bytes) {
            return Err(ColumnarError::Columns(
                "the footer tells of places outside the file".into(),
            ));
        }
        Ok(Self {
            id,
            file,
            metadata,
            pages,
        })
    }

    /// The same file with its own slot for the reason of a failed read.
    pub fn for_one_scan(mut self) -> Self {
        self.file.failure = Arc::default();
        self
    }

    /// Memory used by the footer and the checksums, in bytes.
    pub fn memory_size(&self) -> usize {
        self.metadata.metadata().memory_size() + self.file.blocks.memory_size()
    }

    /// Cache of recently read pages.
    pub(crate) fn pages(&self) -> &PageCache {
        &self.pages
    }
}

/// Whether the columns of all row groups are within the file and counts are not negative. Parquet's
/// readers rely on this without checking it.
fn lies_within(metadata: &ParquetMetaData, len: u64) -> bool {
    let place = |offset: i64| u64::try_from(offset).is_ok_and(|offset| offset <= len);
    metadata.row_groups().iter().all(|group| {
        let columns = group.columns().iter();
        let mut fits = columns.map(|column| {
            let start = column.dictionary_page_offset();
            let start = start.unwrap_or_else(|| column.data_page_offset());
            let end = start.checked_add(column.compressed_size());
            place(start)
                && place(column.data_page_offset())
                && column.compressed_size() >= 0
                && column.num_values() >= 0
                && end.is_some_and(place)
        });
        group.num_rows() >= 0 && fits.all(|fits| fits)
    })
}

/// A file for Parquet's readers. Every byte is verified before it is returned.
#[derive(Clone)]
pub struct VerifiedFile {
    file: Arc<dyn ReadFile>,
    path: Arc<Path>,
    len: u64,
    blocks: Blocks,
    /// Why a read failed. Parquet's and Arrow's errors keep only the text, but damage and temporary
    /// disk failures have to be told apart.
    failure: Arc<Mutex<Option<ColumnarError>>>,
}

impl VerifiedFile {
    /// Takes the error of the first failed read since the last call. Errors of Parquet's and
    /// Arrow's readers keep only its text.
    pub fn take_failure(&self) -> Option<ColumnarError> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }

    fn read(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let read = self.blocks.read(&*self.file, start, length);
        read.map_err(|error| {
            let text = error.to_string();
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert(error.of_file(&self.path));
            ParquetError::General(text)
        })
    }
}

impl Length for VerifiedFile {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for VerifiedFile {
    type T = FileCursor;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(FileCursor {
            file: self.clone(),
            at: start,
            ahead: Bytes::new(),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.read(start, length)
    }
}

/// Reads a file sequentially from an offset, some blocks at a time.
pub struct FileCursor {
    file: VerifiedFile,
    at: u64,
    ahead: Bytes,
}

impl Read for FileCursor {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            let left = self.file.blocks.end().saturating_sub(self.at);
            let left = left.min(READ_AHEAD as u64);
            self.ahead = self
                .file
                .read(self.at, left as usize)
                .map_err(io::Error::other)?;
            self.at += left;
        }
        let now = self.ahead.split_to(buffer.len().min(self.ahead.len()));
        buffer[..now.len()].copy_from_slice(&now);
        Ok(now.len())
    }
}

/// A verified tail, as a file from which Parquet reads footer and page index.
struct TailReader(ReadTail);

impl Length for TailReader {
    fn len(&self) -> u64 {
        self.0.offset + self.0.bytes.len() as u64
    }
}

impl ChunkReader for TailReader {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let length = self.len().saturating_sub(start) as usize;
        Ok(self.get_bytes(start, length)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let outside = || ParquetError::EOF("the footer points outside the tail".into());
        let from = start.checked_sub(self.0.offset).ok_or_else(outside)? as usize;
        let to = from.checked_add(length).ok_or_else(outside)?;
        if to > self.0.bytes.len() {
            return Err(outside());
        }
        Ok(self.0.bytes.slice(from..to))
    }
}
