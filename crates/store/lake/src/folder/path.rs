//! Paths of files and folders in the data folder.

use crate::tables::TableId;
use hinomi_model::UnixNanos;
use std::path::{Path, PathBuf};

/// Maximum length of a project name in bytes.
const PROJECT_LEN: usize = 64;

/// The data folder.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub dir: PathBuf,
}

impl Layout {
    /// The catalog's SQLite index; in data folders of earlier versions the catalog itself.
    pub fn catalog(&self) -> PathBuf {
        self.dir.join("catalog.db")
    }

    /// Folder of the manifest, the catalog's log.
    pub fn manifest(&self) -> PathBuf {
        self.dir.join("manifest")
    }

    /// Folder for files that a start did not understand and therefore did not delete.
    pub fn aside(&self) -> PathBuf {
        self.dir.join("aside")
    }

    /// File with state that is kept for the next start, besides the data: the trusted time and the
    /// default disk budget.
    pub fn kept(&self) -> PathBuf {
        self.dir.join("state")
    }

    /// Marker that exists while a restore copies files: the folder is incomplete.
    pub fn restoring(&self) -> PathBuf {
        self.dir.join("restoring")
    }

    pub fn wal(&self) -> PathBuf {
        self.dir.join("wal")
    }

    pub fn segments(&self) -> PathBuf {
        self.dir.join("segments")
    }

    /// File of a segment path from the catalog.
    pub fn segment(&self, path: &str) -> PathBuf {
        self.segments().join(path)
    }
}

/// A segment's path below `segments/`.
pub(crate) fn segment(project: &str, table: TableId, bucket: UnixNanos, id: i64) -> String {
    format!("{project}/{}/{}/{id}.parquet", table.name(), hour(bucket))
}

/// The id in a segment's file name, also of an unfinished file.
pub(crate) fn id_of(file: &Path) -> Option<i64> {
    let name = file.file_name()?.to_str()?;
    name.split('.').next()?.parse().ok()
}

/// The name of a file while it is being written.
pub(crate) fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    name.into()
}

/// Whether the name is safe as a folder name: at most 64 of `a-z 0-9 - _`, starting with a letter
/// or digit.
pub(crate) fn is_project(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= PROJECT_LEN
        && name.bytes().next().is_some_and(word)
        && name
            .bytes()
            .all(|byte| word(byte) || byte == b'-' || byte == b'_')
}

/// The hour of an instant, as `yyyymmddThhZ`.
fn hour(instant: UnixNanos) -> String {
    let hours = instant.0.div_euclid(3_600_000_000_000);
    let (days, hour) = (hours.div_euclid(24), hours.rem_euclid(24));
    // Converts days to a civil date with Howard Hinnant's algorithm, in which years start in March.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}T{hour:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_named_by_their_hour() {
        let hour_of = |seconds: i64| hour(UnixNanos::from_millis(seconds * 1_000));
        assert_eq!(hour_of(0), "19700101T00Z");
        assert_eq!(hour_of(951_782_400), "20000229T00Z");
        assert_eq!(hour_of(1_795_351_999), "20261122T12Z");
        assert_eq!(hour(UnixNanos(i64::MAX)), "22620411T23Z");
    }

    #[test]
    fn a_file_tells_its_id() {
        let file = segment("default", TableId::SPANS, UnixNanos(0), 41);
        let file = Path::new(&file);
        assert_eq!(id_of(file), Some(41));
        assert_eq!(id_of(&temporary(file)), Some(41));
        assert_eq!(id_of(Path::new("notes.txt")), None);
    }

    #[test]
    fn a_project_name_cannot_leave_its_folder() {
        for name in ["default", "shop-2", "a_b", "9"] {
            assert!(is_project(name), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            "a/b",
            "A",
            "-a",
            "_",
            "a b",
            "é",
            &"a".repeat(65),
        ] {
            assert!(!is_project(name), "{name}");
        }
    }
}
