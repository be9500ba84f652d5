//! Backs up a data folder while a server writes to it, and restores it.
//!
//! The copy order makes a backup consistent: first the log, then the catalog's manifest, then the
//! segments. A batch acknowledged before the backup started is in the log. If its log file is
//! already deleted, the batch is in segments of a catalog that was committed earlier, because log
//! files are deleted only after that commit. The catalog is copied after the log, so it has
//! everything that the log copy lacks. The catalog also has the checkpoint: replay of the copied
//! log starts there, so nothing counts twice. Segments never change. If a segment is replaced
//! during the backup, its file is missing. Then log and catalog are copied again, and the segments
//! copied so far are kept.
//!
//! Log and catalog are also copied again if a new log file begins between the two copies. Otherwise
//! the copy of the previous log file would be misleading, should that file have been abandoned
//! after a failed sync.
//!
//! A manifest lists the length and CRC32C of every file. It is written last: a folder without a
//! manifest is no backup.

use crate::{
    LakeError,
    catalog::{self, Source, manifest, sqlite::beside},
    folder::{
        files::{self, Digest},
        path::{Layout, temporary},
    },
    segment::Segment,
};
use hinomi_columnar::{
    ColumnarError,
    checksum::{self, VerifyDepth},
};
use hinomi_io::{Disk, SystemEntropy};
use hinomi_model::UnixNanos;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// File name of the manifest.
const MANIFEST: &str = "manifest.txt";
/// First line of the manifest.
const TITLE: &str = "hinomi backup 1";
/// Maximum number of times that log and catalog are copied. A retry is needed when a new 64 MiB log
/// file begins or a segment is replaced during the seconds that copying takes.
const TRIES: usize = 10;

/// Result of a backup or a restore.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BackupReport {
    /// Number of files.
    pub files: u64,
    /// Size of the files in bytes.
    pub bytes: u64,
    /// Number of segments among the files.
    pub segments: u64,
    /// Segments that are damaged in the data folder. They are copied as they are, if they exist.
    pub damaged: Vec<String>,
    /// Files in the data folder that do not belong to the store and are not in the backup.
    pub left_out: Vec<String>,
}

/// Why a backup or a restore failed. Each message ends with the next step.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target folder is not empty.
    #[error("{0} is not empty; name a folder that does not exist yet")]
    NotEmpty(PathBuf),
    /// The folder has no catalog, so it is not a data folder.
    #[error("{0} has no catalog; name the data folder of a server with --data-dir")]
    NoData(PathBuf),
    /// The folder changed faster than it could be copied.
    #[error(
        "the data folder changed {TRIES} times while it was copied; try again when less comes in"
    )]
    Busy,
    /// The manifest is missing, or its own checksum does not match.
    #[error("{path}: {why}; use another backup")]
    Manifest {
        /// Path of the manifest.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// These files do not match the manifest.
    #[error("{} of the backup are damaged or missing, first {}; use another backup", count(.0.len()), .0[0])]
    Damaged(Vec<String>),
    /// The disk failed.
    #[error("{path}: {source}; check the disk and try again")]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// Error of the operating system.
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

/// Copies the data folder `dir` to the new folder `to`. A server may be using `dir`. `beside` is a file
/// of another owner in the folder, by its name, and writes a copy of it to a path; it returns false
/// when there is no such file.
pub async fn backup(
    disk: Arc<dyn Disk>,
    dir: &Path,
    to: &Path,
    now: UnixNanos,
    beside: (&str, impl AsyncFnOnce(PathBuf) -> Result<bool, String>),
) -> Result<BackupReport, BackupError> {
    let mut backup = Backup {
        disk,
        from: Layout { dir: dir.into() },
        to: Layout { dir: to.into() },
        files: BTreeMap::new(),
        missing: BTreeSet::new(),
        report: BackupReport::default(),
    };
    backup.prepare(beside.0)?;
    for _ in 0..TRIES {
        let before = backup.copy_log()?;
        let segments = backup.copy_catalog().await?;
        let whole = backup.copy_segments(&segments)?;
        if whole && backup.log_files()?.is_subset(&before) {
            backup.drop_others(&segments)?;
            backup.copy_beside(beside).await?;
            return backup.finish(now);
        }
    }
    Err(BackupError::Busy)
}

struct Backup {
    disk: Arc<dyn Disk>,
    from: Layout,
    to: Layout,
    /// Files copied so far, by path below the folder.
    files: BTreeMap<String, Digest>,
    /// Segments that a catalog named and whose files were missing.
    missing: BTreeSet<String>,
    report: BackupReport,
}

impl Backup {
    fn prepare(&mut self, beside: &str) -> Result<(), BackupError> {
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
        self.report.left_out = self.strangers(beside)?;
        Ok(())
    }

    /// Files in the data folder that do not belong to the store.
    fn strangers(&self, other: &str) -> Result<Vec<String>, BackupError> {
        let dir = &self.from.dir;
        let (catalog, other) = (self.from.catalog(), dir.join(other));
        let own = [
            other.clone(),
            beside(&other, "-wal"),
            beside(&other, "-shm"),
            catalog.clone(),
            beside(&catalog, "-wal"),
            beside(&catalog, "-shm"),
            dir.join("lock"),
            // Not backed up, because it describes this machine: a restored folder counts ages from
            // its newest data.
            self.from.kept(),
            temporary(&self.from.kept()),
            // The key of the server's hashes; a restored folder gets a new one.
            dir.join("secret"),
            self.from.restoring(),
        ];
        let files = self.disk.list(dir).map_err(failed(dir))?.into_iter();
        let mut strangers: Vec<String> = files
            .map(|file| file.path)
            .filter(|path| {
                !own.contains(path)
                    && !path.starts_with(self.from.manifest())
                    && !path.starts_with(self.from.wal())
                    && !path.starts_with(self.from.segments())
                    && !path.starts_with(self.from.aside())
            })
            .map(|path| relative(dir, &path))
            .collect();
        strangers.sort();
        Ok(strangers)
    }

    /// Names of the log files.
    fn log_files(&self) -> Result<BTreeSet<String>, BackupError> {
        let wal = self.from.wal();
        let files = self.disk.list(&wal).map_err(failed(&wal))?;
        // Excludes the watermark, which may be ahead of the copied log.
        let names = files
            .iter()
            .filter(|file| file.path.extension().is_some_and(|ending| ending == "log"))
            .map(|file| relative(&self.from.dir, &file.path));
        Ok(names.collect())
    }

    /// Copies the whole log, oldest file first. Returns the file names.
    fn copy_log(&mut self) -> Result<BTreeSet<String>, BackupError> {
        self.discard(|path| path.starts_with("wal/"))?;
        let names = self.log_files()?;
        for name in &names {
            // A missing file was deleted meanwhile; its contents are in segments of the catalog
            // that is read next.
            self.copy(name)?;
        }
        Ok(names)
    }

    /// Writes a copy of the current catalog. Returns its segments.
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

    /// Copies the segments that are not copied yet. Returns whether all of them existed.
    fn copy_segments(&mut self, segments: &[Arc<Segment>]) -> Result<bool, BackupError> {
        self.report.damaged.clear();
        for segment in segments {
            let name = segment_name(segment);
            if !self.files.contains_key(&name) {
                let file = self.to.dir.join(&name);
                let folder = file.parent().unwrap_or(&file);
                self.disk.create_dir_all(folder).map_err(failed(folder))?;
                // A missing file was replaced meanwhile, so a newer catalog no longer names it.
                if !self.copy(&name)? && self.missing.insert(name.clone()) {
                    return Ok(false);
                }
            }
            let copy = self.to.dir.join(&name);
            match checksum::verify(
                &*self.disk,
                &copy,
                segment.extent,
                VerifyDepth::Whole,
                |_| true,
            ) {
                Ok(_) => {}
                Err(ColumnarError::Disk { source, .. })
                    if source.kind() != io::ErrorKind::NotFound =>
                {
                    return Err(failed(&copy)(source));
                }
                Err(_) => self.report.damaged.push(name),
            }
        }
        Ok(true)
    }

    /// Copies one file. Returns whether it existed.
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

    /// Lets the other owner copy its file. After the catalog: what was learned from a log that the
    /// catalog's copy has left behind is then in that file.
    async fn copy_beside(
        &mut self,
        (name, copy): (&str, impl AsyncFnOnce(PathBuf) -> Result<bool, String>),
    ) -> Result<(), BackupError> {
        let to = self.to.dir.join(name);
        // The owner need not sync it.
        let unsynced = temporary(&to);
        let copied = copy(unsynced.clone()).await.map_err(io::Error::other);
        if copied.map_err(failed(&to))? {
            let digest = files::copy(&*self.disk, &unsynced, &to).map_err(failed(&to))?;
            self.disk.remove(&unsynced).map_err(failed(&unsynced))?;
            self.files.insert(name.into(), digest);
        }
        Ok(())
    }

    /// Removes copies of segments that were replaced meanwhile.
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

/// Verifies every file of a backup against its manifest.
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

/// Copies a backup to the data folder `dir`, which must be empty. A marker file keeps servers from
/// opening the folder until the copy is complete.
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

/// Syncs every folder that contains one of these files, and all its parents up to `dir`.
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

/// The text of the manifest: a title, the time of the backup, one line per file (checksum, length,
/// path), and the checksum of all that.
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

/// Parses the line of a file. Rejects a path that leads out of the folder.
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
