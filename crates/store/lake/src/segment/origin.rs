//! A segment's own footer entry: it repeats the segment's catalog row, so that the catalog can be
//! rebuilt from the files.
//!
//! It is stored as JSON in the Parquet footer's key-value metadata, under the key `hinomi`. The
//! checksum of the file's tail is unknown while the footer is written. So the entry has zeros in
//! its place, and the writer then inserts the checksum of the tail computed with those zeros. This
//! makes a tail verifiable by itself.

use crate::{
    LakeError,
    segment::{Segment, SegmentRow, lineage::Lineage},
    tables::{FORMAT_VERSION, TableId},
};
use hinomi_columnar::{
    ColumnarError,
    checksum::{Extent, FileTail},
};
use hinomi_io::Disk;
use hinomi_model::{Text, TimeRange, UnixNanos};
use parquet::file::metadata::{KeyValue, ParquetMetaDataReader};
use serde::{Deserialize, Serialize};
use std::{path::Path, sync::Arc};

/// Key in the footer's metadata.
const KEY: &str = "hinomi";
/// Size of a Parquet file's ending in bytes: footer length and magic.
const ENDING: usize = 8;
/// Largest tail that is read, in bytes.
const TAIL_BYTES: u64 = 256 << 20;
/// Text before the checksum of the tail.
const SELF: &[u8] = b"\"tail_self_checksum\":\"";
/// Number of hexadecimal digits of the checksum.
const DIGITS: usize = 8;

/// Where a file's rows come from and where they belong.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub id: i64,
    pub project: Text,
    pub node: Text,
    pub table: TableId,
    pub bucket: UnixNanos,
    pub range: TimeRange,
    pub lineage: Lineage,
    pub written: UnixNanos,
    /// Number of segments that were merged into this one; 0 for a flushed segment.
    pub inputs: u32,
}

#[derive(Serialize, Deserialize)]
struct Said {
    v: u32,
    id: i64,
    project: String,
    node: String,
    table: String,
    bucket_ns: i64,
    from_ns: i64,
    to_ns: i64,
    lineage: Lineage,
    written_ns: i64,
    inputs: u32,
    format: i64,
    tail_offset: u64,
    tail_self_checksum: String,
}

impl Origin {
    /// Catalog row of the finished file.
    pub fn segment(self, rows: u64, extent: Extent, path: String) -> Segment {
        Segment::new(SegmentRow {
            id: self.id,
            project: self.project,
            node: self.node,
            table: self.table,
            bucket: self.bucket,
            range: self.range,
            rows,
            extent,
            lineage: self.lineage,
            written: self.written,
            path,
        })
    }

    /// Metadata entry for the footer of a file whose tail begins at `tail_offset`.
    pub fn key_value(&self, tail_offset: u64) -> KeyValue {
        let said = Said {
            v: 1,
            id: self.id,
            project: self.project.to_string(),
            node: self.node.to_string(),
            table: self.table.name().into(),
            bucket_ns: self.bucket.0,
            from_ns: self.range.from.0,
            to_ns: self.range.to.0,
            lineage: self.lineage.clone(),
            written_ns: self.written.0,
            inputs: self.inputs,
            format: FORMAT_VERSION,
            tail_offset,
            tail_self_checksum: "0".repeat(DIGITS),
        };
        KeyValue::new(KEY.into(), serde_json::to_string(&said).ok())
    }
}

/// Inserts the checksum of a finished tail into it.
pub(crate) fn seal(tail: &mut [u8]) {
    // Searched from the end, because a promoted attribute's text in the statistics could contain
    // the same text.
    let found = tail.windows(SELF.len()).rposition(|bytes| bytes == SELF);
    if let Some(at) = found.map(|at| at + SELF.len())
        && tail.get(at..at + DIGITS).is_some()
    {
        let checksum = crc32c::crc32c(tail);
        tail[at..at + DIGITS].copy_from_slice(format!("{checksum:08x}").as_bytes());
    }
}

/// A file and the catalog row from its footer.
pub(crate) struct Found {
    pub segment: Arc<Segment>,
    /// Whether it was merged from other segments.
    pub is_merge: bool,
}

/// Reads a file's catalog row from its own footer. An error other than a temporary disk error means
/// that the file has no such entry or that a checksum does not match.
pub(crate) fn read(disk: &dyn Disk, file: &Path, path: &str) -> Result<Found, LakeError> {
    let unfit = |why: &str| LakeError::Damaged(why.into());
    let reader = disk.open(file).map_err(LakeError::disk(file))?;
    let bytes = reader.len().map_err(LakeError::disk(file))?;
    let read = |from: u64, length: usize| -> Result<Vec<u8>, LakeError> {
        let mut buffer = vec![0; length];
        reader
            .read_exact_at(&mut buffer, from)
            .map_err(|error| ColumnarError::reading(error).of_file(file))?;
        Ok(buffer)
    };
    let ending = bytes
        .checked_sub(ENDING as u64)
        .ok_or_else(|| unfit("the file is too short for a footer"))?;
    let last = read(ending, ENDING)?;
    let length = u32::from_le_bytes(last[..4].try_into().unwrap_or_default());
    let start = ending
        .checked_sub(u64::from(length))
        .filter(|_| u64::from(length) <= TAIL_BYTES && &last[4..] == b"PAR1")
        .ok_or_else(|| unfit("the file does not end in a footer"))?;
    let footer = read(start, length as usize)?;
    let metadata = ParquetMetaDataReader::decode_metadata(&footer)?;
    let said = metadata.file_metadata().key_value_metadata();
    let said = said.and_then(|pairs| pairs.iter().find(|pair| pair.key == KEY));
    let said = said
        .and_then(|pair| pair.value.as_deref())
        .ok_or_else(|| unfit("its footer does not say where it belongs"))?;
    let said: Said = serde_json::from_str(said)
        .map_err(|error| LakeError::Damaged(format!("what its footer says: {error}")))?;
    let length = bytes
        .checked_sub(said.tail_offset)
        .filter(|length| *length <= TAIL_BYTES)
        .ok_or_else(|| unfit("its tail is outside the file"))?;
    let mut tail = read(said.tail_offset, length as usize)?;
    let checksum = crc32c::crc32c(&tail);
    if !holds(&mut tail) {
        return Err(unfit("the checksum of its tail does not hold"));
    }
    let table = TableId::parse(&said.table).ok_or_else(|| unfit("its table is not known"))?;
    let project: Text = said.project.into();
    let bucket = UnixNanos(said.bucket_ns);
    if crate::folder::path::segment(&project, table, bucket, said.id) != path {
        return Err(unfit("its footer says that it belongs elsewhere"));
    }
    let origin = Origin {
        id: said.id,
        project,
        node: said.node.into(),
        table,
        bucket,
        range: TimeRange::new(UnixNanos(said.from_ns), UnixNanos(said.to_ns)),
        lineage: said.lineage,
        written: UnixNanos(said.written_ns),
        inputs: said.inputs,
    };
    let tail = FileTail {
        offset: said.tail_offset,
        checksum,
    };
    let rows = metadata.file_metadata().num_rows();
    let rows = u64::try_from(rows).unwrap_or(0);
    Ok(Found {
        is_merge: origin.inputs > 0,
        segment: Arc::new(origin.segment(rows, Extent { bytes, tail }, path.into())),
    })
}

/// Whether the tail's own checksum matches.
fn holds(tail: &mut [u8]) -> bool {
    let found = tail.windows(SELF.len()).rposition(|bytes| bytes == SELF);
    let Some(place) = found
        .map(|at| at + SELF.len())
        .and_then(|at| tail.get_mut(at..at + DIGITS))
    else {
        return false;
    };
    let Some(said) = std::str::from_utf8(place)
        .ok()
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
    else {
        return false;
    };
    place.fill(b'0');
    crc32c::crc32c(tail) == said
}
