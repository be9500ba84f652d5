//! Backup of a data folder while a server writes to it, and restore.
//!
//! The order is what makes a backup consistent: first the log, then the catalog's manifest, then the segments.
//! A batch acknowledged before the backup began is in the log or, when its log file has been
//! dropped already, in segments of a catalog that was committed before. Log files are dropped only
//! after that commit, so the catalog, taken after the log, has what the log copy no longer has. And
//! the catalog says up to where the log is in segments: replay of the copy begins there, so that
//! nothing counts twice. Segments never change; one that was replaced while the backup ran is
//! missing, and then log and catalog are taken anew, with what was copied so far kept.
//!
//! A log file that begins between the two would make the copy of the one before it misleading,
//! should that have been given up after a failed sync: then, too, both are taken anew.
//!
//! Every file's length and CRC32C stand in a manifest, which is written last: a folder without one
//! is no backup.

use crate::{
    LakeError,
    catalog::{self, Source, manifest, sqlite::beside},
    checksum::{self, Depth},
    files::{self, Digest},
    path::{Layout, temporary},
    segment::Segment,
};
use hinomi_io::{Disk, SystemEntropy};
use hinomi_model::UnixNanos;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Name of the manifest.
const MANIFEST: &str = "manifest.txt";
/// First line of the manifest.
const TITLE: &str = "hinomi backup 1";
/// How often log and catalog are taken anew: each time a log file of 64 MiB has begun, or a segment
/// been replaced, within the seconds that takes.
const TRIES: usize = 10;

/// What a backup or a restore has done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BackupReport {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Segments among them.
    pub segments: u64,
    /// Segments that are damaged in the data folder: copied as they are where they are there.
    pub damaged: Vec<String>,
    /// Files of the data folder that are none of the store's, and are not in the backup.
    pub left_out: Vec<String>,
}

/// Why there is no backup, or nothing was restored. Each message ends in the next step.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is something where a backup or a data folder is to be made.
    #[error("{0} is not empty; name a folder that does not exist yet")]
    NotEmpty(PathBuf),
    /// There is no data folder.
    #[error("{0} has no catalog; name the data folder of a server with --data-dir")]
    NoData(PathBuf),
    /// The folder changed faster than it could be copied.
    #[error(
        "the data folder changed {TRIES} times while it was copied; try again when less comes in"
    )]
    Busy,
    /// The manifest is missing, or its own checksum does not hold.
    #[error("{path}: {why}; use another backup")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Files are not what the manifest says.
    #[error("{} of the backup are damaged or missing, first {}; use another backup", count(.0.len()), .0[0])]
    Damaged(Vec<String>),
    /// The disk failed.
    #[error("{path}: {source}; check the disk and try again")]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The catalog could not be read or written.
    #[error("the catalog could not be copied ({0}); hinomi doctor says more")]
    Catalog(LakeError),
}

fn count(files: usize) -> String {
    match files {
        1 => "one file".into(),
        more => format!("{more} files"),
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::Disk { path, source }
}

/// Copies the data folder `dir`, whose server may run, to the new folder `to`.
pub async fn backup(
    disk: Arc<dyn Disk>,
    dir: &Path,
    to: &Path,
    now: UnixNanos,
) -> Result<BackupReport, BackupError> {
    let mut backup = Backup {
        disk,
        from: Layout { dir: dir.into() },
        to: Layout { dir: to.into() },
        files: BTreeMap::new(),
        missing: BTreeSet::new(),
        report: BackupReport::default(),
    };
    backup.prepare()?;
    for _ in 0..TRIES {
        let before = backup.copy_log()?;
        let segments = backup.copy_catalog().await?;
        let whole = backup.copy_segments(&segments)?;
        if whole && backup.log_files()?.is_subset(&before) {
            backup.drop_others(&segments)?;
            return backup.finish(now);
        }
    }
    Err(BackupError::Busy)
}

struct Backup {
    disk: Arc<dyn Disk>,
    from: Layout,
    to: Layout,
    /// What has been copied, by its path below the folder.
    files: BTreeMap<String, Digest>,
    /// Segments that a catalog named and that were not there.
    missing: BTreeSet<String>,
    report: BackupReport,
}

impl Backup {
    fn prepare(&mut self) -> Result<(), BackupError> {
        let to = &self.to.dir;
        if !self.disk.list(to).map_err(failed(to))?.is_empty() {
            return Err(BackupError::NotEmpty(to.clone()));
        }
        if !catalog::exists(&*self.disk, &self.from) {
            return Err(BackupError::NoData(self.from.dir.clone()));
        }
        for folder in [to, &self.to.wal(), &self.to.segments()] {
            self.disk.create_dir_all(folder).map_err(failed(folder))?;
        }
        self.report.left_out = self.strangers()?;
        Ok(())
    }

    /// Files of the data folder that the store does not know.
    fn strangers(&self) -> Result<Vec<String>, BackupError> {
        let dir = &self.from.dir;
        let catalog = self.from.catalog();
        let own = [
            catalog.clone(),
            beside(&catalog, "-wal"),
            beside(&catalog, "-shm"),
            dir.join("lock"),
            // Of the machine that wrote it: a restored folder counts ages from its newest data.
            self.from.kept(),
            temporary(&self.from.kept()),
        ];
        let files = self.disk.list(dir).map_err(failed(dir))?.into_iter();
        let mut strangers: Vec<String> = files
            .map(|file| file.path)
            .filter(|path| {
                !own.contains(path)
                    && !path.starts_with(self.from.manifest())
                    && !path.starts_with(self.from.wal())
                    && !path.starts_with(self.from.segments())
            })
            .map(|path| relative(dir, &path))
            .collect();
        strangers.sort();
        Ok(strangers)
    }

    /// Names of the log's files.
    fn log_files(&self) -> Result<BTreeSet<String>, BackupError> {
        let wal = self.from.wal();
        let files = self.disk.list(&wal).map_err(failed(&wal))?;
        // Not the watermark: it may be ahead of the copies.
        let names = files
            .iter()
            .filter(|file| file.path.extension().is_some_and(|ending| ending == "log"))
            .map(|file| relative(&self.from.dir, &file.path));
        Ok(names.collect())
    }

    /// Copies the log anew, oldest file first; answers the names that there were.
    fn copy_log(&mut self) -> Result<BTreeSet<String>, BackupError> {
        self.discard(|path| path.starts_with("wal/"))?;
        let names = self.log_files()?;
        for name in &names {
            // Gone: what it had is in the segments of the catalog that is read next.
            self.copy(name)?;
        }
        Ok(names)
    }

    /// Writes down the catalog as it is now; answers its segments.
    async fn copy_catalog(&mut self) -> Result<Vec<Arc<Segment>>, BackupError> {
        self.discard(|path| path.starts_with("manifest/"))?;
        let peeked = catalog::peek(&*self.disk, &self.from).await;
        let (mut contents, found) = peeked.map_err(BackupError::Catalog)?;
        if found.source == Source::Nothing {
            return Err(BackupError::NoData(self.from.dir.clone()));
        }
        for lost in found.lost() {
            contents.quarantined.insert(lost.segment, lost);
        }
        let segments = contents.segments.values().cloned().collect();
        let to = self.to.manifest();
        let entropy = Arc::new(SystemEntropy);
        manifest::write_new(self.disk.clone(), entropy, to.clone(), contents)
            .map_err(BackupError::Catalog)?;
        for file in self.disk.list(&to).map_err(failed(&to))? {
            let digest = files::digest(&*self.disk, &file.path).map_err(failed(&file.path))?;
            self.files
                .insert(relative(&self.to.dir, &file.path), digest);
        }
        Ok(segments)
    }

    /// Copies what was not copied yet; answers whether all of it was there.
    fn copy_segments(&mut self, segments: &[Arc<Segment>]) -> Result<bool, BackupError> {
        self.report.damaged.clear();
        for segment in segments {
            let name = segment_name(segment);
            if !self.files.contains_key(&name) {
                let file = self.to.dir.join(&name);
                let folder = file.parent().unwrap_or(&file);
                self.disk.create_dir_all(folder).map_err(failed(folder))?;
                // Replaced meanwhile, and then a newer catalog does not name it any more.
                if !self.copy(&name)? && self.missing.insert(name.clone()) {
                    return Ok(false);
                }
            }
            let copy = self.to.dir.join(&name);
            match checksum::verify(&*self.disk, &copy, segment.extent, Depth::Whole, |_| true) {
                Ok(_) => {}
                Err(LakeError::Disk { source, .. }) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(failed(&copy)(source));
                }
                Err(_) => self.report.damaged.push(name),
            }
        }
        Ok(true)
    }

    /// Copies one file; answers whether it was there.
    fn copy(&mut self, name: &str) -> Result<bool, BackupError> {
        let (from, to) = (self.from.dir.join(name), self.to.dir.join(name));
        match files::copy(&*self.disk, &from, &to) {
            Ok(digest) => {
                self.files.insert(name.into(), digest);
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed(&to)(error)),
        }
    }

    /// Removes copies of segments that have been replaced meanwhile.
    fn drop_others(&mut self, segments: &[Arc<Segment>]) -> Result<(), BackupError> {
        let wanted: BTreeSet<String> = segments.iter().map(|own| segment_name(own)).collect();
        self.discard(|path| path.starts_with("segments/") && !wanted.contains(path))
    }

    fn discard(&mut self, unwanted: impl Fn(&str) -> bool) -> Result<(), BackupError> {
        let names: Vec<String> = self
            .files
            .keys()
            .filter(|name| unwanted(name))
            .cloned()
            .collect();
        for name in names {
            let path = self.to.dir.join(&name);
            self.disk.remove(&path).map_err(failed(&path))?;
            self.files.remove(&name);
        }
        Ok(())
    }

    fn finish(mut self, now: UnixNanos) -> Result<BackupReport, BackupError> {
        sync_folders(&*self.disk, &self.to.dir, self.files.keys())?;
        let manifest = self.to.dir.join(MANIFEST);
        files::write(&*self.disk, &manifest, text(&self.files, now).as_bytes())
            .map_err(failed(&manifest))?;
        self.disk
            .sync_dir(&self.to.dir)
            .map_err(failed(&self.to.dir))?;
        count_files(&self.files, &mut self.report);
        Ok(self.report)
    }
}

/// Holds a backup against its manifest, byte by byte.
pub fn verify_backup(disk: &dyn Disk, from: &Path) -> Result<BackupReport, BackupError> {
    let listed = manifest(disk, from)?;
    let wrong = |(name, digest): (&String, &Digest)| {
        let found = files::digest(disk, &from.join(name));
        (!matches!(found, Ok(found) if found == *digest)).then(|| name.clone())
    };
    let damaged: Vec<String> = listed.iter().filter_map(wrong).collect();
    if !damaged.is_empty() {
        return Err(BackupError::Damaged(damaged));
    }
    let mut report = BackupReport::default();
    count_files(&listed, &mut report);
    Ok(report)
}

/// Copies a backup to the data folder `dir`, which must be empty. Until it is done a mark keeps
/// servers from opening the folder.
pub fn restore(disk: &dyn Disk, from: &Path, dir: &Path) -> Result<BackupReport, BackupError> {
    let listed = manifest(disk, from)?;
    if !disk.list(dir).map_err(failed(dir))?.is_empty() {
        return Err(BackupError::NotEmpty(dir.into()));
    }
    let layout = Layout { dir: dir.into() };
    for folder in [dir, &layout.wal(), &layout.segments()] {
        disk.create_dir_all(folder).map_err(failed(folder))?;
    }
    let mark = layout.restoring();
    files::write(disk, &mark, b"").map_err(failed(&mark))?;
    disk.sync_dir(dir).map_err(failed(dir))?;
    let mut damaged = Vec::new();
    for (name, digest) in &listed {
        let to = dir.join(name);
        let folder = to.parent().unwrap_or(&to);
        disk.create_dir_all(folder).map_err(failed(folder))?;
        match files::copy(disk, &from.join(name), &to) {
            Ok(copied) if copied == *digest => {}
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(&to)(error));
            }
            _ => damaged.push(name.clone()),
        }
    }
    if !damaged.is_empty() {
        return Err(BackupError::Damaged(damaged));
    }
    sync_folders(disk, dir, listed.keys())?;
    disk.remove(&mark).map_err(failed(&mark))?;
    disk.sync_dir(dir).map_err(failed(dir))?;
    let mut report = BackupReport::default();
    count_files(&listed, &mut report);
    Ok(report)
}

/// Syncs every folder that has one of these files, and those above them.
fn sync_folders<'a>(
    disk: &dyn Disk,
    dir: &Path,
    names: impl Iterator<Item = &'a String>,
) -> Result<(), BackupError> {
    let mut folders = BTreeSet::from([dir.to_owned()]);
    for name in names {
        let path = dir.join(name);
        let above = path
            .ancestors()
            .skip(1)
            .take_while(|above| above.starts_with(dir));
        folders.extend(above.map(Path::to_owned));
    }
    for folder in folders {
        disk.sync_dir(&folder).map_err(failed(&folder))?;
    }
    Ok(())
}

fn count_files(files: &BTreeMap<String, Digest>, report: &mut BackupReport) {
    report.files = files.len() as u64;
    report.bytes = files.values().map(|digest| digest.bytes).sum();
    let segments = files.keys().filter(|name| name.starts_with("segments/"));
    report.segments = segments.count() as u64;
}

fn segment_name(segment: &Segment) -> String {
    format!("segments/{}", segment.path)
}

fn relative(dir: &Path, path: &Path) -> String {
    let path = path.strip_prefix(dir).unwrap_or(path);
    path.to_string_lossy().into_owned()
}

/// The manifest: a title, when it was made, a line a file (checksum, length, path), and the checksum
/// of all that.
fn text(files: &BTreeMap<String, Digest>, now: UnixNanos) -> String {
    let mut text = format!("{TITLE}\nmade {now}\n");
    for (name, Digest { bytes, checksum }) in files {
        text.push_str(&format!("{checksum:08x} {bytes} {name}\n"));
    }
    let checksum = crc32c::crc32c(text.as_bytes());
    text.push_str(&format!("end {checksum:08x}\n"));
    text
}

/// Reads a manifest.
fn manifest(disk: &dyn Disk, from: &Path) -> Result<BTreeMap<String, Digest>, BackupError> {
    let path = from.join(MANIFEST);
    let unfit = |why| BackupError::Manifest {
        path: path.clone(),
        why,
    };
    let bytes = files::read(disk, &path).map_err(|_| {
        unfit("there is no manifest, so this is not a backup, or the backup was cut short")
    })?;
    parse(&bytes).ok_or_else(|| unfit("the manifest is damaged or of a later version"))
}

fn parse(bytes: &[u8]) -> Option<BTreeMap<String, Digest>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (body, end) = text.strip_suffix('\n')?.rsplit_once("\nend ")?;
    let body = &text[..body.len() + 1];
    if u32::from_str_radix(end, 16).ok()? != crc32c::crc32c(body.as_bytes()) {
        return None;
    }
    let mut lines = body.lines();
    if lines.next()? != TITLE || !lines.next()?.starts_with("made ") {
        return None;
    }
    lines.map(line).collect()
}

/// A line of a file. A path that leads out of the folder is none.
fn line(line: &str) -> Option<(String, Digest)> {
    let (checksum, rest) = line.split_once(' ')?;
    let (bytes, name) = rest.split_once(' ')?;
    let inside = |part: std::path::Component<'_>| matches!(part, std::path::Component::Normal(_));
    if name.is_empty() || !Path::new(name).components().all(inside) {
        return None;
    }
    let digest = Digest {
        bytes: bytes.parse().ok()?,
        checksum: u32::from_str_radix(checksum, 16).ok()?,
    };
    Some((name.into(), digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_survives_its_text_and_nothing_else_does() {
        let digest = |bytes, checksum| Digest { bytes, checksum };
        let files = BTreeMap::from([
            ("catalog.db".into(), digest(4_096, 7)),
            ("segments/a b/1.parquet".into(), digest(0, u32::MAX)),
        ]);
        let text = text(&files, UnixNanos(5));
        assert_eq!(parse(text.as_bytes()), Some(files));
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] ^= 1;
            assert_eq!(parse(&other), None, "byte {at}");
            assert_eq!(parse(&text.as_bytes()[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn a_path_cannot_leave_the_folder() {
        for name in ["../x", "/etc/passwd", "a/../../x", ""] {
            assert_eq!(line(&format!("00000007 1 {name}")), None, "{name}");
        }
    }
}
