//! Inspects a data folder without changing it, whether or not a server uses it.
//!
//! Takes no lock and writes nothing. A server may write meanwhile. So files that it replaced since
//! the catalog was read are not reported as missing, and files that it is writing are not reported
//! as left over.

use crate::{
    LakeError,
    catalog::{self, Contents, Found, Source},
    folder::path::Layout,
    log::watermark,
    recovery,
    segment::{Segment, lineage::Lineage},
};
use hinomi_columnar::checksum;
use hinomi_io::{Disk, FileEntry};
use hinomi_model::UnixNanos;
use hinomi_wal::WalLimits;
use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

/// Less free space than this is a warning: it lasts some minutes of heavy load.
const LITTLE_ROOM: u64 = 2 << 30;
/// The warning also requires less free space than 1 / this of the file system.
const LITTLE_SHARE: u64 = 20;
/// Maximum number of findings of one kind that are listed; the others are counted.
const TOLD: usize = 20;

/// How thoroughly segments are verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// File lengths and the checksums of the tails.
    Tails,
    /// Every byte.
    Whole,
}

/// Severity of a finding, ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everything is in order.
    Fine,
    /// Worth knowing; nothing to do.
    Note,
    /// Something should be done.
    Warning,
    /// Stored data is lost or unreadable.
    Damage,
}

/// One result of an inspection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Severity.
    pub level: Level,
    /// The file or part of the folder that was inspected.
    pub subject: String,
    /// What was found.
    pub text: String,
    /// What to do about it; empty if nothing.
    pub advice: String,
}

impl Finding {
    /// Creates a finding.
    pub fn new(
        level: Level,
        subject: impl Into<String>,
        text: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            level,
            subject: subject.into(),
            text: text.into(),
            advice: advice.into(),
        }
    }

    fn fine(subject: &str, text: impl Into<String>) -> Self {
        Self::new(Level::Fine, subject, text, "")
    }

    fn note(subject: &str, text: impl Into<String>) -> Self {
        Self::new(Level::Note, subject, text, "")
    }
}

const RESTORE: &str =
    "stop the server, move the data folder away and restore a backup with hinomi restore";
const START: &str = "start the server: it takes what is missing from the segments themselves";
const PUT_BACK: &str = "put the file back from a backup and start the server again: it takes whole \
                        files back; without a backup the time it covers stays incomplete until \
                        retention removes it";

/// Inspects a data folder.
pub async fn inspect(disk: &dyn Disk, dir: &Path, depth: Depth) -> Vec<Finding> {
    let mut found = Findings::default();
    let layout = Layout { dir: dir.into() };
    found.room(disk, dir);
    let files = match disk.list(dir) {
        Ok(files) => files,
        Err(error) => {
            let advice = "give this user the right to read the folder";
            found.add(Finding::new(
                Level::Damage,
                dir.display().to_string(),
                error.to_string(),
                advice,
            ));
            return found.0;
        }
    };
    if found.unusable(&layout, &files) {
        return found.0;
    }
    let (contents, state) = match catalog::peek(disk, &layout).await {
        Ok(read) => read,
        Err(error) => {
            let text = format!("cannot be read ({error})");
            found.add(Finding::new(Level::Damage, "catalog", text, RESTORE));
            return found.0;
        }
    };
    if state.source == Source::Nothing && files.iter().any(|file| is_segment(&layout, file)) {
        let text = "the catalog is missing, but there are segments";
        found.add(Finding::new(Level::Damage, "catalog", text, START));
        return found.0;
    }
    found.catalog(&contents, &state);
    let checked = check_segments(disk, &layout, &contents, depth);
    let files = disk.list(&layout.segments()).unwrap_or_default();
    let watermark = watermark::read(disk, &layout).unwrap_or_default();
    let log = found.log(disk, &layout, contents.checkpoint);
    // The catalog is read again, to know what a running server has replaced or written meanwhile.
    let now = catalog::peek(disk, &layout).await;
    let now = now.map(|(contents, _)| contents).unwrap_or_default();
    found.segments(&contents, &now, checked, depth);
    found.unnamed(&layout, &contents, &now, &files);
    found.aside(disk, &layout);
    if let Some(log) = log {
        found.lost_records(&now, &log, watermark);
    }
    found.0
}

fn is_segment(layout: &Layout, file: &FileEntry) -> bool {
    file.path.starts_with(layout.segments())
}

/// The segments whose verification failed, with the reason.
fn check_segments(
    disk: &dyn Disk,
    layout: &Layout,
    contents: &Contents,
    depth: Depth,
) -> HashMap<i64, LakeError> {
    let depth = match depth {
        Depth::Tails => checksum::VerifyDepth::Tail,
        Depth::Whole => checksum::VerifyDepth::Whole,
    };
    let check = |segment: &std::sync::Arc<Segment>| {
        let path = layout.segment(&segment.path);
        let checked = checksum::verify(disk, &path, segment.extent, depth, |_| true);
        Some((segment.id, checked.err()?.into()))
    };
    contents.segments.values().filter_map(check).collect()
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    fn room(&mut self, disk: &dyn Disk, dir: &Path) {
        // If the disk cannot tell its free space, there is nothing to report.
        let Ok(space) = disk.space(dir) else { return };
        let text = format!("{} MiB free of {} MiB", space.free >> 20, space.total >> 20);
        let little = space.free < LITTLE_ROOM && space.free < space.total / LITTLE_SHARE;
        self.add(if little {
            let advice = "make room on the file system, or give the data folder a larger one";
            Finding::new(Level::Warning, "free space", text, advice)
        } else {
            Finding::fine("free space", text)
        });
    }

    /// Reports a folder that cannot be inspected. Returns whether that is so.
    fn unusable(&mut self, layout: &Layout, files: &[FileEntry]) -> bool {
        let dir = layout.dir.display().to_string();
        let has = |path: &Path| files.iter().any(|file| file.path == path);
        if has(&layout.restoring()) {
            let text = "is being restored, or a restore was cut short";
            let advice = "wait until the restore ends, or remove the folder and restore again";
            self.add(Finding::new(Level::Damage, dir, text, advice));
            return true;
        }
        let data = |file: &FileEntry| {
            let path = &file.path;
            is_segment(layout, file) || path.starts_with(layout.manifest())
        };
        if has(&layout.catalog()) || files.iter().any(data) {
            return false;
        }
        let advice = "name the right folder with --data-dir, or start a server on it";
        self.add(Finding::new(Level::Warning, dir, "holds no data", advice));
        true
    }

    fn catalog(&mut self, contents: &Contents, found: &Found) {
        if let Source::Gaps(lost) = found.source {
            let text = format!("{lost} records of the manifest are lost or damaged");
            self.add(Finding::new(Level::Damage, "catalog", text, START));
        }
        for row in found.damaged_rows.iter().take(TOLD) {
            let text = format!(
                "the row of segment {} is damaged: {}",
                row.segment, row.reason
            );
            self.add(Finding::new(Level::Damage, "catalog.db", text, RESTORE));
        }
        if found.missing_rows {
            let text = "rows of segments are missing";
            self.add(Finding::new(Level::Damage, "catalog.db", text, RESTORE));
        }
        if found.damaged_checkpoint {
            let text = "the log's checkpoint is damaged";
            let advice = "start the server: it takes the checkpoint from the segments";
            self.add(Finding::new(Level::Damage, "catalog.db", text, advice));
        }
        let quarantined = || contents.quarantined.values();
        if quarantined().any(|lost| lost.segment == 0) {
            let text = "rows of segments were lost earlier; answers of that time are partial";
            self.add(Finding::new(Level::Damage, "catalog", text, RESTORE));
        }
        for lost in quarantined().filter(|lost| lost.segment < 0).take(TOLD) {
            let text = format!("{}; answers of their time are partial", lost.reason);
            self.add(Finding::new(Level::Damage, "wal", text, RESTORE));
        }
        if self.0.iter().all(|finding| finding.level != Level::Damage) {
            let text = format!(
                "{} segments, the checksum of every record is right",
                contents.segments.len()
            );
            self.add(Finding::fine("catalog", text));
        }
    }

    fn aside(&mut self, disk: &dyn Disk, layout: &Layout) {
        let files = disk.list(&layout.aside()).unwrap_or_default();
        if !files.is_empty() {
            let bytes: u64 = files.iter().map(|file| file.len).sum();
            let text = format!(
                "{} files of {bytes} bytes that the server could not use at a start and moved aside",
                files.len()
            );
            let advice = "the server's log has the reason for each; hinomi doctor --rebuild-catalog checks the files again; delete the files that are not needed";
            self.add(Finding::new(Level::Warning, "aside", text, advice));
        }
    }

    /// Reports records that were acknowledged but are neither in the log nor in segments.
    fn lost_records(
        &mut self,
        now: &Contents,
        log: &Lineage,
        watermark: Option<watermark::Watermark>,
    ) {
        let segments = now.segments.values();
        let held = segments.map(|segment| &segment.lineage);
        let held = held.filter(|lineage| lineage.last() > now.checkpoint);
        let have = Lineage::union(held.chain([log]));
        let lost = recovery::lost_records(now.checkpoint, &have, &[], watermark, UnixNanos(0));
        for lost in lost.iter().take(TOLD) {
            if !now.quarantined.contains_key(&lost.segment) {
                let reason = lost.reason.clone();
                self.add(Finding::new(Level::Damage, "wal", reason, RESTORE));
            }
        }
    }

    fn segments(
        &mut self,
        contents: &Contents,
        now: &Contents,
        wrong: HashMap<i64, LakeError>,
        depth: Depth,
    ) {
        let (still, quarantined) = (&now.segments, &now.quarantined);
        let (mut told, mut more) = (0, 0);
        for segment in contents.segments.values() {
            let subject = format!("segments/{}", segment.path);
            let left_out = quarantined.contains_key(&segment.id);
            let finding = match wrong.get(&segment.id) {
                Some(_) if !still.contains_key(&segment.id) => continue,
                Some(error) => {
                    let state = if left_out {
                        ", left out of answers"
                    } else {
                        ""
                    };
                    Finding::new(Level::Damage, subject, format!("{error}{state}"), PUT_BACK)
                }
                None if left_out && depth == Depth::Whole => {
                    let advice = "start the server again: it takes whole files back";
                    Finding::new(
                        Level::Warning,
                        subject,
                        "is whole, but still left out of answers",
                        advice,
                    )
                }
                None if left_out => {
                    let text = "was found damaged and is left out of answers";
                    Finding::new(Level::Damage, subject, text, PUT_BACK)
                }
                None => continue,
            };
            if told < TOLD {
                told += 1;
                self.add(finding);
            } else {
                more += 1;
            }
        }
        if more > 0 {
            let text = format!("{more} more are damaged");
            self.add(Finding::new(Level::Damage, "segments", text, RESTORE));
        }
        if told == 0 {
            let how = match depth {
                Depth::Tails => "lengths and checksums of tails are right; --deep reads every byte",
                Depth::Whole => "every byte is right",
            };
            let bytes: u64 = contents
                .segments
                .values()
                .map(|segment| segment.bytes)
                .sum();
            let text = format!(
                "{} files, {} MiB: {how}",
                contents.segments.len(),
                bytes >> 20
            );
            self.add(Finding::fine("segments", text));
        }
    }

    fn unnamed(&mut self, layout: &Layout, before: &Contents, now: &Contents, files: &[FileEntry]) {
        let named: HashSet<PathBuf> = [before, now]
            .iter()
            .flat_map(|contents| {
                let counting = contents.segments.values().map(|segment| &segment.path);
                counting.chain(contents.removed.values())
            })
            .map(|path| layout.segment(path))
            .collect();
        let unnamed = files.iter().filter(|file| !named.contains(&file.path));
        let (count, bytes) =
            unnamed.fold((0, 0), |(count, bytes), file| (count + 1, bytes + file.len));
        if count > 0 {
            let text = format!(
                "{count} files of {bytes} bytes are not in the catalog: they are being written now, or a crash left them; the next start deletes files whose rows are stored elsewhere and adds the others"
            );
            self.add(Finding::note("segments", text));
        }
    }

    /// Inspects the log. Returns the records after the checkpoint that it has.
    fn log(&mut self, disk: &dyn Disk, layout: &Layout, checkpoint: u64) -> Option<Lineage> {
        let mut have = Lineage::default();
        let limits = WalLimits::default();
        let each = |sequence: u64, _: &[u8]| have.push(sequence);
        let found = match hinomi_wal::read(disk, &layout.wal(), &limits, checkpoint, each) {
            Ok(found) => found,
            Err(error) => {
                let advice = "start the version of Hinomi that wrote the log, or check the disk";
                let text = error.to_string();
                self.add(Finding::new(Level::Damage, "wal", text, advice));
                return None;
            }
        };
        if found.skipped > 0 {
            let text = format!(
                "{} parts are damaged: each lost at least one batch",
                found.skipped
            );
            let advice = "check the disk; records after the damage are kept";
            self.add(Finding::new(Level::Damage, "wal", text, advice));
        }
        if found.torn_bytes > 0 {
            let text = format!(
                "{} bytes at the end are not a complete record: it is being written now, or a crash cut it short",
                found.torn_bytes
            );
            self.add(Finding::note("wal", text));
        }
        let text = format!(
            "{} batches of {} bytes are not in segments yet",
            found.records, found.bytes
        );
        self.add(Finding::fine("wal", text));
        Some(have)
    }
}
