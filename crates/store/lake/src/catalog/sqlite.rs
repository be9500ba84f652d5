//! Reading `catalog.db` as the versions before the manifest wrote it.
//!
//! A start reads it once and writes a manifest of what it says; from then on `catalog.db` is an index that
//! nobody reads for truth. Each row has a checksum: what does not hold is left out and said.

mod names;
mod quarantine;
mod rows;
mod sums;

use super::Contents;
use crate::{LakeError, OpenError, files, path::Layout, quarantine::Quarantined};
use hinomi_io::Disk;
use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

pub(crate) use rows::{Checkpoint, insert_segment};

/// In order of their versions: the first made version 1.
const MIGRATIONS: [&str; 9] = [
    include_str!("../../../../../migrations/sqlite/catalog/0001_segments.sql"),
    include_str!("../../../../../migrations/sqlite/catalog/0002_checksums.sql"),
    include_str!("../../../../../migrations/sqlite/catalog/0003_horizons.sql"),
    include_str!("../../../../../migrations/sqlite/catalog/0004_promoted_attributes.sql"),
    include_str!("../../../../../migrations/sqlite/catalog/0005_horizon_checksums.sql"),
    include_str!("../../../../../migrations/sqlite/catalog/0006_promoted_checksums.sql"),
    include_str!("../../../../../migrations/sqlite/catalog/0007_peers_seen.sql"),
    include_str!("../../../../../migrations/sqlite/catalog/0008_deployments.sql"),
    include_str!("../../../../../migrations/sqlite/catalog/0009_labels.sql"),
];

/// From this version on rows of `horizons` have checksums.
const HORIZON_CHECKSUMS: i64 = 5;
/// From this version on rows of `promoted_attributes` have theirs.
const PROMOTED_CHECKSUMS: i64 = 6;
/// From this version on rows of `peers` say when they were seen.
const PEERS_SEEN: i64 = 7;
/// The first version that can be read.
const FIRST_READABLE: i64 = 3;
/// From this version on the file is an index of the manifest.
pub(crate) const INDEX: i64 = 10;

/// How long a statement waits for another connection: nobody but a curious operator has one.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// What a database held.
#[derive(Default)]
pub(crate) struct Imported {
    pub contents: Contents,
    /// Rows of segments whose checksum does not hold.
    pub damaged_rows: Vec<Quarantined>,
    /// Whether rows of segments are missing, or are others than were written.
    pub missing_rows: bool,
    /// Whether the checkpoint's own row does not hold; the log's place is then taken from the segments.
    pub damaged_checkpoint: bool,
}

/// Reads a database, bringing it to its last version first. `None` when it holds no catalog: it is new and
/// empty, or an index.
pub(crate) async fn import(path: &Path) -> Result<Option<Imported>, OpenError> {
    let failed = |source| OpenError::Catalog {
        path: path.to_owned(),
        source,
    };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
    let mut connection = options.connect().await.map_err(failed)?;
    let version = version(&mut connection).await.map_err(failed)?;
    if version > INDEX {
        return Err(OpenError::NewerVersion {
            found: version,
            known: INDEX,
        });
    }
    let mut imported = None;
    if (1..INDEX).contains(&version) {
        migrate(&mut connection, path, version).await?;
        imported = Some(read(&mut connection).await.map_err(failed)?);
    }
    // Nothing is written any more: an error costs nothing.
    let _ = connection.close().await;
    Ok(imported)
}

/// The same without changing anything in the folder: a copy is read.
pub(crate) async fn peek(disk: &dyn Disk, layout: &Layout) -> Result<Option<Imported>, LakeError> {
    let catalog = layout.catalog();
    if disk.open(&catalog).is_err() {
        return Ok(None);
    }
    let folder = tempfile::tempdir().map_err(LakeError::disk(std::env::temp_dir()))?;
    let copy = folder.path().join("catalog.db");
    files::copy(disk, &catalog, &copy).map_err(LakeError::disk(&copy))?;
    let log = beside(&catalog, "-wal");
    if disk.open(&log).is_ok() {
        let copy = beside(&copy, "-wal");
        files::copy(disk, &log, &copy).map_err(LakeError::disk(&copy))?;
    }
    import(&copy)
        .await
        .map_err(|error| LakeError::Damaged(error.to_string()))
}

/// A file of SQLite's beside a database.
pub(crate) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

pub(crate) async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(connection)
        .await
}

async fn migrate(
    connection: &mut SqliteConnection,
    path: &Path,
    found: i64,
) -> Result<(), OpenError> {
    let failed = |source| OpenError::Catalog {
        path: PathBuf::from(path),
        source,
    };
    if found < FIRST_READABLE {
        return Err(OpenError::BeforeFirstRelease {
            path: path.parent().unwrap_or(path).into(),
        });
    }
    for (version, migration) in (1..).zip(MIGRATIONS).skip(found as usize) {
        let mut transaction = connection.begin().await.map_err(failed)?;
        sqlx::raw_sql(migration)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        if version == HORIZON_CHECKSUMS {
            let filled = quarantine::fill_horizon_checksums(&mut transaction).await;
            filled.map_err(failed)?;
        }
        if version == PROMOTED_CHECKSUMS {
            let filled = names::fill_promoted_checksums(&mut transaction).await;
            filled.map_err(failed)?;
        }
        if version == PEERS_SEEN {
            let filled = names::fill_peers_seen(&mut transaction).await;
            filled.map_err(failed)?;
        }
        // A pragma takes no parameters; the number is ours.
        let stamp = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {version}"));
        sqlx::raw_sql(stamp)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
    }
    Ok(())
}

/// Everything, each row held against its checksum.
async fn read(connection: &mut SqliteConnection) -> Result<Imported, sqlx::Error> {
    let segments = rows::segments(connection).await?;
    let checkpoint = rows::checkpoint(connection).await?;
    let held = segments.whole.len() + segments.damaged.len();
    let missing_rows = checkpoint.is_some_and(|checkpoint| {
        // A damaged row may have a damaged checksum, and then the sum says nothing.
        let sum_says = segments.damaged.is_empty() && checkpoint.sum != segments.sum;
        checkpoint.segments != held as i64 || sum_says
    });
    let mut contents = Contents::default();
    for horizon in quarantine::horizons(connection, &segments.whole).await? {
        contents.see_horizon(&horizon);
    }
    // Each flush writes at least one segment with the last log record that it holds.
    let last = segments.whole.iter().map(|segment| segment.lineage.last());
    let last = last.max().unwrap_or(0);
    contents.checkpoint = checkpoint.map_or(last, |row| row.sequence.max(0) as u64);
    for lost in quarantine::quarantined(connection).await? {
        contents.quarantined.insert(lost.segment, lost);
    }
    contents.scrub = quarantine::scrub(connection).await?;
    names::read(connection, &mut contents).await?;
    let whole = segments.whole.into_iter();
    contents.segments = whole.map(|segment| (segment.id, segment)).collect();
    Ok(Imported {
        contents,
        damaged_rows: segments.damaged,
        missing_rows,
        damaged_checkpoint: checkpoint.is_none(),
    })
}
