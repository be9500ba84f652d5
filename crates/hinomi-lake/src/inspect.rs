//! Looking a data folder over without changing anything in it, whether or not a server runs on it.
//!
//! No lock is taken and nothing is written. A server may write meanwhile: what it has replaced since
//! the catalog was read is not called missing, and what it is writing is not called left over.

use crate::{
    LakeError,
    catalog::{
        Contents,
        reader::{Beside, Reader, index_of, log_of},
    },
    checksum, files,
    path::Layout,
    segment::Segment,
};
use hinomi_io::{Disk, FileEntry};
use hinomi_wal::WalLimits;
use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

/// Less room than this is a warning: some minutes of heavy load.
const LITTLE_ROOM: u64 = 2 << 30;
/// And less than this share of the file system.
const LITTLE_SHARE: u64 = 20;
/// Findings of one kind that are told one by one; more are counted.
const TOLD: usize = 20;

/// How deep segments are looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Lengths, and the checksums of their tails.
    Tails,
    /// Every byte.
    Whole,
}

/// How bad a finding is. Ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Fine,
    /// Worth knowing, nothing to do.
    Note,
    /// Something should be done.
    Warning,
    /// Stored data is lost or unreadable.
    Damage,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at: a file, or a part of the folder.
    pub subject: String,
    /// What was found.
    pub text: String,
    /// What to do about it; empty when nothing.
    pub advice: String,
}

impl Finding {
    /// A finding.
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
const PUT_BACK: &str = "put the file back from a backup and start the server again: it takes whole \
                        files back; without a backup the time it covers stays incomplete until \
                        retention removes it";

/// Looks a data folder over.
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
    let beside = beside(&layout, &files);
    let copy = beside.needs_copy().then(|| copy(disk, &layout));
    let catalog = match &copy {
        None => layout.catalog(),
        Some(Ok(copy)) => copy.path().join("catalog.db"),
        Some(Err(error)) => {
            found.add(Finding::note(
                "catalog.db",
                format!("not looked into: a crash left SQLite's log, and it could not be copied to read it ({error})"),
            ));
            return found.0;
        }
    };
    // A copy is nobody else's: it may have an index made for it.
    let read = read(&catalog, beside, &mut found).await;
    if let Some(contents) = read {
        found.catalog(&contents);
        let checked = check_segments(disk, &layout, &contents, depth);
        let files = disk.list(&layout.segments()).unwrap_or_default();
        // What a running server has replaced or written meanwhile.
        let now = reread(&catalog, beside).await.unwrap_or_default();
        found.segments(&contents, &now, checked, depth);
        found.unnamed(&layout, &contents, &now, &files);
        found.log(disk, &layout, contents.checkpoint);
    }
    found.0
}

fn beside(layout: &Layout, files: &[FileEntry]) -> Beside {
    let catalog = layout.catalog();
    let len = |path: PathBuf| {
        files
            .iter()
            .find(|file| file.path == path)
            .map(|file| file.len)
    };
    Beside {
        log: len(log_of(&catalog)).is_some_and(|len| len > 0),
        index: len(index_of(&catalog)).is_some(),
    }
}

/// The database and its log in a folder of their own.
fn copy(disk: &dyn Disk, layout: &Layout) -> std::io::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let catalog = layout.catalog();
    files::copy(disk, &catalog, &folder.path().join("catalog.db"))?;
    files::copy(
        disk,
        &log_of(&catalog),
        &folder.path().join("catalog.db-wal"),
    )?;
    Ok(folder)
}

async fn read(catalog: &Path, beside: Beside, found: &mut Findings) -> Option<Contents> {
    match try_read(catalog, beside, found).await {
        Ok(contents) => contents,
        Err(error) => {
            let text = format!("cannot be read ({error})");
            found.add(Finding::new(Level::Damage, "catalog.db", text, RESTORE));
            None
        }
    }
}

async fn try_read(
    catalog: &Path,
    beside: Beside,
    found: &mut Findings,
) -> Result<Option<Contents>, sqlx::Error> {
    let mut reader = Reader::open(catalog, beside).await?;
    let (version, known) = reader.version().await?;
    let wrong = reader.integrity_check().await?;
    for text in wrong.iter().take(TOLD) {
        found.add(Finding::new(
            Level::Damage,
            "catalog.db",
            text.clone(),
            RESTORE,
        ));
    }
    if wrong.is_empty() {
        found.add(Finding::fine(
            "catalog.db",
            format!("version {version}, SQLite finds nothing wrong"),
        ));
    }
    let contents = if version == known {
        Some(reader.contents().await?)
    } else {
        found.version(version, known);
        None
    };
    reader.close().await;
    Ok(contents)
}

async fn reread(catalog: &Path, beside: Beside) -> Option<Contents> {
    let mut reader = Reader::open(catalog, beside).await.ok()?;
    let contents = reader.contents().await.ok();
    reader.close().await;
    contents
}

/// The segments that do not hold, with the reason.
fn check_segments(
    disk: &dyn Disk,
    layout: &Layout,
    contents: &Contents,
    depth: Depth,
) -> HashMap<i64, LakeError> {
    let depth = match depth {
        Depth::Tails => checksum::Depth::Tail,
        Depth::Whole => checksum::Depth::Whole,
    };
    let check = |segment: &std::sync::Arc<Segment>| {
        let path = layout.segment(&segment.path);
        let checked = checksum::verify(disk, &path, segment.extent, depth, |_| true);
        Some((segment.id, checked.err()?))
    };
    contents.segments.iter().filter_map(check).collect()
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    fn room(&mut self, disk: &dyn Disk, dir: &Path) {
        // Where it cannot be asked there is nothing to say.
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

    /// Says when there is nothing to look at; answers whether that is so.
    fn unusable(&mut self, layout: &Layout, files: &[FileEntry]) -> bool {
        let dir = layout.dir.display().to_string();
        let has = |path: &Path| files.iter().any(|file| file.path == path);
        if has(&layout.restoring()) {
            let text = "is being restored, or a restore was cut short";
            let advice = "wait for its end, or remove the folder and restore again";
            self.add(Finding::new(Level::Damage, dir, text, advice));
            return true;
        }
        if has(&layout.catalog()) {
            return false;
        }
        let data = |file: &FileEntry| file.path.starts_with(layout.segments());
        self.add(if files.iter().any(data) {
            Finding::new(
                Level::Damage,
                "catalog.db",
                "is missing, but there are segments",
                RESTORE,
            )
        } else {
            let advice = "name the right folder with --data-dir, or start a server on it";
            Finding::new(Level::Warning, dir, "holds no data", advice)
        });
        true
    }

    fn version(&mut self, found: i64, known: i64) {
        let text = format!("is of version {found}, this hinomi knows {known}");
        self.add(if found > known {
            let advice = "use the hinomi that wrote it, or a newer one";
            Finding::new(Level::Warning, "catalog.db", text, advice)
        } else {
            let text = format!("{text}: it was written by a version before the first release, or its first start was cut short");
            Finding::note("catalog.db", text)
        });
    }

    fn catalog(&mut self, contents: &Contents) {
        for row in contents.damaged_rows.iter().take(TOLD) {
            let text = format!(
                "the row of segment {} is damaged: {}",
                row.segment, row.reason
            );
            self.add(Finding::new(Level::Damage, "catalog.db", text, RESTORE));
        }
        if contents.missing_rows {
            let text = "rows of segments are missing";
            self.add(Finding::new(Level::Damage, "catalog.db", text, RESTORE));
        }
        if contents.damaged_checkpoint {
            let text = "the log's checkpoint is damaged";
            let advice = "start the server: it takes the checkpoint from the segments";
            self.add(Finding::new(Level::Damage, "catalog.db", text, advice));
        }
        if contents.quarantined.iter().any(|lost| lost.segment == 0) {
            let text = "rows of segments were lost earlier; answers of that time are partial";
            self.add(Finding::new(Level::Damage, "catalog.db", text, RESTORE));
        }
        if self.0.iter().all(|finding| finding.level != Level::Damage) {
            let text = format!(
                "{} segments, each row's checksum holds",
                contents.segments.len()
            );
            self.add(Finding::fine("catalog rows", text));
        }
    }

    fn segments(
        &mut self,
        contents: &Contents,
        now: &Contents,
        wrong: HashMap<i64, LakeError>,
        depth: Depth,
    ) {
        let still: HashSet<i64> = now.segments.iter().map(|segment| segment.id).collect();
        let quarantined: HashSet<i64> = now.quarantined.iter().map(|lost| lost.segment).collect();
        let (mut told, mut more) = (0, 0);
        for segment in &contents.segments {
            let subject = format!("segments/{}", segment.path);
            let left_out = quarantined.contains(&segment.id);
            let finding = match wrong.get(&segment.id) {
                Some(_) if !still.contains(&segment.id) => continue,
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
                Depth::Tails => "lengths and tails hold; --deep reads every byte",
                Depth::Whole => "every byte holds",
            };
            let bytes: u64 = contents.segments.iter().map(|segment| segment.bytes).sum();
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
            .flat_map(|contents| &contents.segments)
            .map(|segment| layout.segment(&segment.path))
            .collect();
        let unnamed = files.iter().filter(|file| !named.contains(&file.path));
        let (count, bytes) =
            unnamed.fold((0, 0), |(count, bytes), file| (count + 1, bytes + file.len));
        if count > 0 {
            let text = format!(
                "{count} files of {bytes} bytes that the catalog does not name: being written now, or left by a crash and deleted at the next start"
            );
            self.add(Finding::note("segments", text));
        }
    }

    fn log(&mut self, disk: &dyn Disk, layout: &Layout, checkpoint: u64) {
        let found =
            match hinomi_wal::inspect(disk, &layout.wal(), &WalLimits::default(), checkpoint) {
                Ok(found) => found,
                Err(error) => {
                    let advice = "start the hinomi that wrote it, or check the disk";
                    return self.add(Finding::new(
                        Level::Damage,
                        "wal",
                        error.to_string(),
                        advice,
                    ));
                }
            };
        if found.skipped > 0 {
            let text = format!(
                "{} stretches are damaged: each has cost at least one batch",
                found.skipped
            );
            let advice = "check the disk; what follows the damage is kept";
            self.add(Finding::new(Level::Damage, "wal", text, advice));
        }
        if found.torn_bytes > 0 {
            let text = format!(
                "{} bytes at the end are no whole record: being written now, or cut short by a crash",
                found.torn_bytes
            );
            self.add(Finding::note("wal", text));
        }
        let text = format!(
            "{} batches of {} bytes are not in segments yet",
            found.records, found.bytes
        );
        self.add(Finding::fine("wal", text));
    }
}
