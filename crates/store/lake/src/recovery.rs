//! Recovery of a folder in any state: first the catalog, then the files, then the log.

pub(crate) mod leftovers;
pub(crate) mod losses;
pub(crate) mod rebuild;
pub(crate) mod reconcile;

use crate::{
    LakeLimits,
    folder::path::Layout,
    lists::Lists,
    log::{record, watermark::Watermark},
    memtable::names_of,
    quarantine::{AHEAD, Quarantined},
    segment::lineage::Lineage,
    tables::signals::{self, Restored},
};
use hinomi_io::Disk;
use hinomi_model::{TimeRange, UnixNanos};
use hinomi_store::Names;
use std::time::Duration;

/// What a start found and repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovery {
    /// Number of segments that count.
    pub segments: u64,
    /// Segments that count but are missing or truncated. Answers leave them out.
    pub damaged_segments: u64,
    /// Segments that were left out and are valid again.
    pub released_segments: u64,
    /// Records of the catalog's manifest that are lost or damaged. Information about segments is
    /// restored from the segments' footers.
    pub lost_manifest_records: u64,
    /// Segment rows with a wrong checksum in the catalog of an earlier version. Answers leave them
    /// out.
    pub damaged_rows: u64,
    /// Whether segment rows are missing from the catalog of an earlier version.
    pub missing_rows: bool,
    /// Whether the checkpoint in the catalog of an earlier version was damaged and was derived from
    /// the segments.
    pub damaged_checkpoint: bool,
    /// Segments that the catalog did not name and that were adopted, according to their footers.
    pub adopted_segments: u64,
    /// Deleted files that were no longer needed: of a removed segment, or of a flush or merge that
    /// a crash interrupted.
    pub deleted_files: u64,
    /// Files that the catalog does not name and that may hold rows; they were moved to `aside/`.
    pub set_aside_files: u64,
    /// Batches replayed from the log.
    pub replayed_batches: u64,
    /// Spans in the replayed batches.
    pub replayed_spans: u64,
    /// Log records with a valid checksum that did not decode; left out.
    pub undecodable_batches: u64,
    /// Number of ranges of log records that were acknowledged and are lost. Answers report this.
    pub lost_log_records: u64,
    /// What reading the log itself found.
    pub log: hinomi_wal::Replay,
}

impl Recovery {
    /// Whether any stored data was lost.
    pub fn has_losses(&self) -> bool {
        self.damaged_segments > 0
            || self.damaged_rows > 0
            || self.missing_rows
            || self.damaged_checkpoint
            || self.undecodable_batches > 0
            || self.lost_log_records > 0
            || self.log.skipped > 0
    }
}

/// Replays log records that segments do not hold into memory.
pub(crate) struct Restorer<'a> {
    pub limits: &'a LakeLimits,
    pub state: &'a mut Lists,
    pub names: &'a dyn Names,
    pub recovery: &'a mut Recovery,
    /// Current time on the monotonic clock.
    pub now: Duration,
    /// Records after the checkpoint that segments hold.
    pub held: Lineage,
    /// Records that the log has.
    pub found: Lineage,
    /// Records that do not decode.
    pub undecodable: Vec<u64>,
}

impl Restorer<'_> {
    /// Replays one log record. Seals each full memtable, without limit, because the log is bounded.
    pub fn restore(&mut self, sequence: u64, payload: &[u8]) {
        self.found.push(sequence);
        if self.held.has(sequence) {
            return;
        }
        match record::read(payload) {
            Ok(Restored { chunk, rollups }) => {
                self.recovery.replayed_batches += 1;
                if chunk.signal() == signals::SPANS {
                    self.recovery.replayed_spans += chunk.len() as u64;
                }
                self.names
                    .learn(chunk.project(), &names_of(&*chunk, &rollups));
                self.state.apply(sequence, chunk, &rollups, self.now);
                if self.state.active.bytes() >= self.limits.memtable_bytes {
                    self.state.seal();
                }
            }
            Err(error) => {
                self.recovery.undecodable_batches += 1;
                self.undecodable.push(sequence);
                tracing::error!(sequence, %error, "a log record does not decode and is left out");
            }
        }
    }
}

/// The ranges of log records that were acknowledged and are lost, as entries that answers report.
pub(crate) fn lost_records(
    checkpoint: u64,
    have: &Lineage,
    undecodable: &[u64],
    watermark: Option<Watermark>,
    now: UnixNanos,
) -> Vec<Quarantined> {
    // A watermark before the checkpoint adds no information.
    let watermark = watermark.filter(|watermark| watermark.sequence > checkpoint);
    let noted = watermark.map_or(0, |watermark| watermark.sequence);
    let mut gaps = have.missing(checkpoint + 1, have.last().max(noted));
    gaps.extend(undecodable.iter().map(|sequence| (*sequence, *sequence)));
    let lost = |(first, last): (u64, u64)| {
        // Without a watermark that covers them, their spans may be of any time up to now.
        let noted = watermark.filter(|watermark| watermark.sequence >= last);
        let range = noted.map_or_else(
            || TimeRange::new(UnixNanos(i64::MIN), now.plus(AHEAD)),
            |watermark| watermark.range,
        );
        Quarantined {
            segment: -i64::try_from(first).unwrap_or(i64::MAX),
            project: None,
            table: None,
            range,
            noticed: now,
            reason: format!("records {first} to {last} of the write-ahead log are lost"),
        }
    };
    gaps.into_iter().map(lost).collect()
}

/// Time of the newest row in the log.
pub(crate) fn newest_in_log(
    disk: &dyn Disk,
    layout: &Layout,
) -> Result<Option<UnixNanos>, hinomi_wal::WalError> {
    let mut newest = None;
    let limits = hinomi_wal::WalLimits::default();
    let each = |_: u64, payload: &[u8]| {
        if let Ok(Restored { chunk, .. }) = record::read(payload) {
            let last = UnixNanos(chunk.range().to.0.saturating_sub(1));
            newest = newest.max((chunk.len() > 0).then_some(last));
        }
    };
    hinomi_wal::read(disk, &layout.wal(), &limits, 0, each)?;
    Ok(newest)
}
