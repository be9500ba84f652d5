//! What a log record holds: a project and its spans as an Arrow IPC stream.
//!
//! Layout: version (1 byte), length of the project's name (1 byte), the name, the stream.
//! `docs/formats/wal.md` has it too.

use crate::LakeError;
use arrow_array::RecordBatch;
use arrow_ipc::{
    MetadataVersion,
    reader::StreamReader,
    writer::{IpcWriteOptions, StreamWriter},
};
use hinomi_model::Text;

const VERSION: u8 = 1;

/// The frame of a batch of table `spans`.
pub(crate) fn write(project: &str, spans: &RecordBatch) -> Result<Vec<u8>, LakeError> {
    let name = u8::try_from(project.len())
        .map_err(|_| LakeError::Columns(format!("{} bytes of project name", project.len())))?;
    let mut frame = Vec::with_capacity(spans.get_array_memory_size() + (8 << 10));
    frame.extend_from_slice(&[VERSION, name]);
    frame.extend_from_slice(project.as_bytes());
    // Aligned to 8 and not to 64: a batch of one span is mostly padding else.
    let options = IpcWriteOptions::try_new(8, false, MetadataVersion::V5)?;
    let mut writer = StreamWriter::try_new_with_options(&mut frame, &spans.schema(), options)?;
    writer.write(spans)?;
    writer.finish()?;
    drop(writer);
    Ok(frame)
}

/// The project and the spans of a frame.
pub(crate) fn read(frame: &[u8]) -> Result<(Text, RecordBatch), LakeError> {
    let damaged = |what: &str| LakeError::Columns(format!("a log frame {what}"));
    let [version, name, rest @ ..] = frame else {
        return Err(damaged("is too short"));
    };
    if *version != VERSION {
        return Err(damaged("is of a version that is not known"));
    }
    let (name, stream) = rest
        .split_at_checked(usize::from(*name))
        .ok_or_else(|| damaged("is too short"))?;
    let project = std::str::from_utf8(name).map_err(|_| damaged("names no project"))?;
    let mut reader = StreamReader::try_new(stream, None)?;
    let batch = reader.next().ok_or_else(|| damaged("has no spans"))??;
    if batch.schema().fields() != crate::schema::Table::Spans.schema().fields() {
        return Err(damaged("has other columns than spans have"));
    }
    Ok((project.into(), batch))
}
