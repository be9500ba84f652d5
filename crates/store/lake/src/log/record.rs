//! The payload of a log record: a header that says which project and which signal its rows belong to
//! and in which version they are written, then the rows.
//!
//! `docs/formats/wal.md` lists the fields. Numbers are little-endian. How the rows of a signal are
//! written stands in the folder of its table. Decoding checks every position and every text, so
//! decoded rows are safe to use.

use crate::{
    LakeError,
    log::codec::{Reader, Writer, unknown_version},
    memtable::SignalBatch,
    tables::signals::{self, Restored},
};
use hinomi_model::Text;

/// First byte of a record. Versions 2 and 3 of a frame of spans, from before there were other signals,
/// begin with their version instead.
const HEADER: u8 = 4;
/// The versions of frames of spans without this header.
const HEADLESS: [u8; 2] = [2, 3];

/// Encodes a batch.
pub(crate) fn write<B: SignalBatch>(project: &str, batch: &B) -> Result<Vec<u8>, LakeError> {
    let name = u8::try_from(project.len())
        .map_err(|_| LakeError::Columns(format!("{} bytes of project name", project.len())))?;
    let mut out = Writer(Vec::with_capacity(batch.record_bytes() + project.len()));
    out.0
        .extend_from_slice(&[HEADER, B::SIGNAL, B::RECORD_VERSION, name]);
    out.0.extend_from_slice(project.as_bytes());
    batch.write(&mut out);
    Ok(out.0)
}

/// Decodes a record.
pub(crate) fn read(record: &[u8]) -> Result<Restored, LakeError> {
    let mut from = Reader {
        rest: record,
        wide: false,
    };
    let [first, second] = from.array()?;
    let (signal, version, name) = match first {
        HEADER => {
            let [version, name] = from.array()?;
            (second, version, name)
        }
        version if HEADLESS.contains(&version) => (signals::SPANS, version, second),
        _ => return Err(unknown_version()),
    };
    let project: Text = from.str(usize::from(name))?.into();
    signals::read(signal, version, project, &mut from)
}
