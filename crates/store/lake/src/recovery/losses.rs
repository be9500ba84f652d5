//! What a start knows to be lost: the quarantine of earlier starts, and what this one found.

use crate::{
    catalog::{Contents, Found},
    folder::path::Layout,
    quarantine::{AHEAD, Note, Quarantined, entry},
    recovery::Recovery,
    segment::Segment,
};
use hinomi_columnar::checksum::{self, VerifyDepth};
use hinomi_io::Disk;
use hinomi_model::{TimeRange, UnixNanos};
use std::{collections::HashMap, sync::Arc};

/// Combines the quarantine of earlier starts with what this start found. Marks segments; returns
/// the losses without a segment and the changes for the catalog.
pub(crate) fn settle(
    disk: &dyn Disk,
    layout: &Layout,
    contents: &Contents,
    found: &Found,
    now: UnixNanos,
    recovery: &mut Recovery,
) -> (Vec<Quarantined>, Vec<Note>) {
    let (mut lost, mut notes) = (Vec::new(), Vec::new());
    let mut known: HashMap<i64, &Quarantined> = HashMap::new();
    for (id, entry) in &contents.quarantined {
        known.insert(*id, entry);
    }
    for segment in contents.segments.values() {
        let before = known.remove(&segment.id);
        match (before, segment.is_damaged()) {
            (None, false) => {}
            (None, true) => notes.push(Note::Lost(entry(
                segment,
                now,
                "its file was missing or of another size at the start".into(),
            ))),
            (Some(_), true) => {}
            (Some(before), false) => match whole(disk, layout, segment) {
                true => {
                    tracing::info!(
                        segment = segment.path,
                        "a segment is whole again and back in answers"
                    );
                    recovery.released_segments += 1;
                    notes.push(Note::Released(segment.id));
                }
                false => {
                    segment.mark_damaged(&before.reason);
                    recovery.damaged_segments += 1;
                }
            },
        }
    }
    for row in &found.damaged_rows {
        let before = known.remove(&row.segment);
        lost.push(noticed(row, before, now, &mut notes));
    }
    if found.missing_rows {
        let all = Quarantined {
            segment: 0,
            project: None,
            table: None,
            range: TimeRange::new(UnixNanos(i64::MIN), now.plus(AHEAD)),
            noticed: now,
            reason: "rows of the catalog are missing".into(),
        };
        // A second loss replaces the first, since its range reaches up to now.
        known.remove(&0);
        notes.push(Note::Lost(all.clone()));
        lost.push(all);
    }
    // An entry without a segment stands for lost catalog rows or log records and stays. The entries
    // of removed segments were dropped by compaction or retention.
    lost.extend(known.into_values().cloned());
    recovery.damaged_rows = found.damaged_rows.len() as u64;
    recovery.missing_rows = found.missing_rows;
    recovery.damaged_checkpoint = found.damaged_checkpoint;
    if found.damaged_checkpoint {
        tracing::error!(
            "the log's checkpoint in the catalog is damaged; it is taken from the segments"
        );
    }
    (lost, notes)
}

/// A damaged row with the time at which it was first noticed: data written later is not lost.
fn noticed(
    row: &Quarantined,
    before: Option<&Quarantined>,
    now: UnixNanos,
    notes: &mut Vec<Note>,
) -> Quarantined {
    if let Some(before) = before {
        return before.clone();
    }
    let mut lost = row.clone();
    lost.noticed = now;
    lost.range.to = now.max(lost.range.from).plus(AHEAD);
    tracing::error!(
        segment = lost.segment,
        reason = lost.reason,
        "a row of the catalog is damaged; its segment is left out of answers; restore the data folder from a backup"
    );
    notes.push(Note::Lost(lost.clone()));
    lost
}

fn whole(disk: &dyn Disk, layout: &Layout, segment: &Arc<Segment>) -> bool {
    let path = layout.segment(&segment.path);
    let read = checksum::verify(disk, &path, segment.extent, VerifyDepth::Whole, |_| true);
    matches!(read, Ok(true))
}
