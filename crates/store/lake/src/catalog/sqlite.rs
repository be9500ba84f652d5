//! Reads a `catalog.db` that a version before the manifest wrote.
//!
//! The first start imports it and writes a manifest from it. From then on `catalog.db` is an index
//! that nothing relies on. Each row has a checksum: a row that does not match is left out and
//! reported.

mod names;
mod quarantine;
mod rows;
mod sums;

use super::Contents;
use crate::{
    LakeError, OpenError,
    folder::{files, path::Layout},
    quarantine::Quarantined,
};
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

/// In order: entry 0 migrates to version 1.
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

/// First version whose `horizons` rows have checksums.
const HORIZON_CHECKSUMS: i64 = 5;
/// First version whose `promoted_attributes` rows have checksums.
const PROMOTED_CHECKSUMS: i64 = 6;
/// First version whose `peers` rows have the time at which the peer was last seen.
const PEERS_SEEN: i64 = 7;
/// The oldest version that can be read.
const FIRST_READABLE: i64 = 3;
/// From this version on the file is an index of the manifest, not a catalog.
pub(crate) const INDEX: i64 = 10;

/// How long a statement waits for another connection. Only an operator with a tool of their own
/// would hold one.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// Contents of a database.
#[derive(Default)]
pub(crate) struct Imported {
    pub contents: Contents,
    /// Segment rows whose checksum does not match.
    pub damaged_rows: Vec<Quarantined>,
    /// Whether segment rows are missing or differ from those that were written.
    pub missing_rows: bool,
    /// Whether the checkpoint row is damaged. The checkpoint is then derived from the segments.
    pub damaged_checkpoint: bool,
}

/// Reads a database after migrating it to its last version. `None` if it holds no catalog, because
/// it is empty or an index.
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
    // Nothing else is written, so an error loses nothing.
    let _ = connection.close().await;
    Ok(imported)
}

/// Same as [`import`], but changes nothing in the folder, because it reads a copy.
pub(crate) async fn peek(disk: &dyn Disk, layout: &Layout) -> Result<Option<Imported>, LakeError> {
    let catalog = layout.catalog();
    if !files::exists(disk, &catalog).map_err(LakeError::disk(&catalog))? {
        return Ok(None);
    }
    let folder = tempfile::tempdir().map_err(LakeError::disk(std::env::temp_dir()))?;
    let copy = folder.path().join("catalog.db");
    files::copy(disk, &catalog, &copy).map_err(LakeError::disk(&copy))?;
    let log = beside(&catalog, "-wal");
    if files::exists(disk, &log).map_err(LakeError::disk(&log))? {
        let copy = beside(&copy, "-wal");
        files::copy(disk, &log, &copy).map_err(LakeError::disk(&copy))?;
    }
    import(&copy)
        .await
        .map_err(|error| LakeError::Damaged(error.to_string()))
}

/// Path of a file that SQLite keeps beside a database, such as its `-wal` file.
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
        // A pragma takes no parameters. The number is a constant of ours, so this is safe.
        let stamp = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {version}"));
        sqlx::raw_sql(stamp)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
    }
    Ok(())
}

/// Reads the whole database and verifies the checksum of each row.
async fn read(connection: &mut SqliteConnection) -> Result<Imported, sqlx::Error> {
    let segments = rows::segments(connection).await?;
    let checkpoint = rows::checkpoint(connection).await?;
    let held = segments.whole.len() + segments.damaged.len();
    let missing_rows = checkpoint.is_some_and(|checkpoint| {
        // A damaged row may have a damaged checksum, which makes the sum meaningless.
        let sum_says = segments.damaged.is_empty() && checkpoint.sum != segments.sum;
        checkpoint.segments != held as i64 || sum_says
    });
    let mut contents = Contents::default();
    for horizon in quarantine::horizons(connection, &segments.whole).await? {
        contents.see_horizon(&horizon);
    }
    // The newest lineage tells the checkpoint: each flush writes at least one segment that names
    // the last log record it holds.
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
