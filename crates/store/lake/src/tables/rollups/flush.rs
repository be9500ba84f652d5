//! The files that a flush makes of rollups.

use super::{rows, table_of};
use crate::{LakeError, Resolution, flush::files::Files, segment::writer};
use hinomi_model::{RollupSet, Text, UnixNanos};
use std::collections::BTreeMap;

/// Number of rollups that are encoded at once, which bounds the memory of a flush.
const WRITE_ROWS: usize = 16 << 10;

/// Writes rollups of 5 s, and those of a minute and an hour that they come to.
pub(crate) fn write(
    files: &mut Files<'_>,
    project: &Text,
    rollups: &RollupSet,
) -> Result<(), LakeError> {
    write_table(files, project, Resolution::FiveSeconds, rollups)?;
    let minutes = rollups.widened(Resolution::Minute.width());
    write_table(files, project, Resolution::Minute, &minutes)?;
    let hours = minutes.widened(Resolution::Hour.width());
    write_table(files, project, Resolution::Hour, &hours)
}

/// Writes rollups, one file per bucket of the table's width.
fn write_table(
    files: &mut Files<'_>,
    project: &Text,
    resolution: Resolution,
    rollups: &RollupSet,
) -> Result<(), LakeError> {
    let table = table_of(resolution);
    let filing = files.filing(table, rollups.buckets().map(|bucket| bucket.0));
    let mut buckets: BTreeMap<UnixNanos, Vec<rows::Row<'_>>> = BTreeMap::new();
    for row in rollups.iter() {
        buckets.entry(filing.bucket(row.0.0)).or_default().push(row);
    }
    for (bucket, mut sorted) in buckets {
        sorted.sort_unstable_by(|left, right| {
            (left.1.service(), left.0, left.1).cmp(&(right.1.service(), right.0, right.1))
        });
        let first = sorted.iter().map(|row| row.0.0).min().unwrap_or(0);
        let last = sorted.iter().map(|row| row.0.0).max().unwrap_or(0);
        let batches = sorted.chunks(WRITE_ROWS).map(rows::encode);
        let size = ((first, last), sorted.len());
        files.write(project, (table, bucket), size, |disk, path, origin| {
            writer::write(disk, path, origin, table.kind().schema(), &[], batches)
        })?;
    }
    Ok(())
}
