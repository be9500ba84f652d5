//! The format of a log file: one file header, then records. All numbers are little-endian.
//!
//! A record contains its log's id. So a block that the file system reused from another log is
//! recognised: its checksum is valid, but the id is wrong. A damaged file header can be replaced by
//! the id in any record.

/// First bytes of a file; the last byte is the format version.
const FILE_MAGIC: [u8; 8] = *b"HINOWAL\x01";
/// First bytes of a record. None is ASCII, so that text is not mistaken for a record.
pub(crate) const RECORD_MAGIC: [u8; 4] = [0xF5, 0x9C, 0xE7, 0xA1];
/// Size of a file header in bytes.
pub(crate) const FILE_HEADER: usize = 32;
/// Size of a record's header, before its payload, in bytes.
pub(crate) const RECORD_HEADER: usize = 28;

/// Result of reading a file header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileHeader {
    /// The header is valid.
    Valid { log_id: u64 },
    /// A later version of Hinomi wrote the file.
    Newer { version: u8 },
    /// The header is damaged or missing.
    Damaged,
}

/// Header of a file whose first record will have `first_sequence`.
pub(crate) fn file_header(log_id: u64, first_sequence: u64) -> [u8; FILE_HEADER] {
    let mut header = [0; FILE_HEADER];
    header[..8].copy_from_slice(&FILE_MAGIC);
    header[8..16].copy_from_slice(&log_id.to_le_bytes());
    header[16..24].copy_from_slice(&first_sequence.to_le_bytes());
    let checksum = crc32c::crc32c(&header[..28]);
    header[28..].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// Reads a file header.
pub(crate) fn read_file_header(bytes: &[u8]) -> FileHeader {
    let (Some(magic), Some(log_id), Some(checksum)) =
        (bytes.get(..8), u64_at(bytes, 8), u32_at(bytes, 28))
    else {
        return FileHeader::Damaged;
    };
    if crc32c::crc32c(&bytes[..28]) != checksum || magic[..7] != FILE_MAGIC[..7] {
        return FileHeader::Damaged;
    }
    if magic[7] > FILE_MAGIC[7] {
        return FileHeader::Newer { version: magic[7] };
    }
    FileHeader::Valid { log_id }
}

/// Appends one record to `buffer`.
pub(crate) fn write_record(buffer: &mut Vec<u8>, log_id: u64, sequence: u64, payload: &[u8]) {
    debug_assert!(
        u32::try_from(payload.len()).is_ok(),
        "the limit is below 4 GiB"
    );
    let start = buffer.len();
    buffer.extend_from_slice(&RECORD_MAGIC);
    buffer.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    buffer.extend_from_slice(&sequence.to_le_bytes());
    buffer.extend_from_slice(&log_id.to_le_bytes());
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&buffer[start..]), payload);
    buffer.extend_from_slice(&checksum.to_le_bytes());
    buffer.extend_from_slice(payload);
}

/// One record of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub log_id: u64,
    pub sequence: u64,
    pub payload: &'a [u8],
}

impl Record<'_> {
    /// Size of the record in the file, in bytes.
    pub fn len(&self) -> usize {
        RECORD_HEADER + self.payload.len()
    }
}

/// The record at the start of `bytes`; `None` if it is incomplete or its checksum does not match.
pub(crate) fn read_record(bytes: &[u8], longest: usize) -> Option<Record<'_>> {
    if bytes.get(..4)? != RECORD_MAGIC {
        return None;
    }
    let length = u32_at(bytes, 4)? as usize;
    if length > longest {
        return None;
    }
    let (sequence, log_id) = (u64_at(bytes, 8)?, u64_at(bytes, 16)?);
    let checksum = u32_at(bytes, 24)?;
    let payload = bytes.get(RECORD_HEADER..RECORD_HEADER + length)?;
    let found = crc32c::crc32c_append(crc32c::crc32c(&bytes[..24]), payload);
    (found == checksum).then_some(Record {
        log_id,
        sequence,
        payload,
    })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at + 4)?
        .try_into()
        .ok()
        .map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes
        .get(at..at + 8)?
        .try_into()
        .ok()
        .map(u64::from_le_bytes)
}
