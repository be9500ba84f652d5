//! `catalog.db`: an SQLite index of the segments that count, for people and tools.
//!
//! A separate thread writes it after the manifest. Hinomi never reads it, so it needs no
//! durability: it is not synced, a connection that failed once is never used again, and a file that
//! is missing, damaged or different is rebuilt. `sqlite3 catalog.db 'SELECT table_name, count(*)
//! FROM segments GROUP BY 1'`.

use super::{
    Catalog,
    sqlite::{BUSY_TIMEOUT, Checkpoint, INDEX, beside, insert_segment, version},
};
use crate::{segment::Segment, shared::Shared, tables::FORMAT_VERSION};
use hinomi_io::Disk;
use sqlx::{
    ConnectOptions, Connection, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

const SCHEMA: &str = include_str!("../../../../../migrations/sqlite/index/0001_index.sql");
/// After a failure the index is left alone for so long.
const RETRY: Duration = Duration::from_secs(5);
/// Interval between checks while nothing changes.
const IDLE: Duration = Duration::from_secs(60);

/// State of the thread that maintains the index.
pub(crate) struct Indexer {
    shared: Arc<Shared>,
    path: PathBuf,
    runtime: tokio::runtime::Runtime,
    open: Option<Index>,
}

/// An open index and what it contains.
struct Index {
    connection: SqliteConnection,
    ids: BTreeSet<i64>,
    checkpoint: Option<u64>,
}

impl Indexer {
    /// `None` if the disk has no local path that SQLite could open.
    pub fn new(shared: Arc<Shared>) -> std::io::Result<Option<Self>> {
        let Some(path) = shared.files.disk.local(&shared.files.layout.catalog()) else {
            return Ok(None);
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(Some(Self {
            shared,
            path,
            runtime,
            open: None,
        }))
    }

    /// Runs until the lake stops, and writes the last changes before it returns.
    pub fn run(mut self) {
        let shared = self.shared.clone();
        loop {
            let is_last = shared.is_stopping();
            let wait = match self.write() {
                Ok(()) => IDLE,
                Err(error) => {
                    tracing::debug!(%error, "the index catalog.db could not be written; it is made anew");
                    // Its state is unknown, so it is dropped and never used again.
                    self.open = None;
                    RETRY
                }
            };
            if is_last {
                break;
            }
            shared.catalog.changed.wait(wait);
        }
        if let Some(index) = self.open.take() {
            // The index is derived data, so an error here loses nothing.
            let _ = self.runtime.block_on(index.connection.close());
        }
    }

    /// Updates the index to the catalog's contents.
    fn write(&mut self) -> Result<(), sqlx::Error> {
        let (segments, checkpoint) = wanted(&self.shared.catalog);
        let mut index = match self.open.take() {
            Some(index) => index,
            None => {
                let opened = self.runtime.block_on(open(&self.path));
                match opened {
                    Ok(index) => index,
                    Err(error) => {
                        tracing::info!(%error, "the index catalog.db does not open and is made anew");
                        remove(&*self.shared.files.disk, &self.path).map_err(sqlx::Error::Io)?;
                        self.runtime.block_on(open(&self.path))?
                    }
                }
            }
        };
        self.runtime
            .block_on(index.bring_to(&segments, checkpoint))?;
        self.open = Some(index);
        Ok(())
    }
}

fn wanted(catalog: &Catalog) -> (BTreeMap<i64, Arc<Segment>>, u64) {
    catalog.read(|contents| (contents.segments.clone(), contents.checkpoint))
}

/// Opens the index, creating it if missing. Returns an error if the file is damaged or not our
/// index.
async fn open(path: &Path) -> Result<Index, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Off)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
    let mut connection = options.connect().await?;
    let found = version(&mut connection).await?;
    let unfit = |why: &str| Err(sqlx::Error::Protocol(why.into()));
    if found == 0 {
        let mut transaction = connection.begin().await?;
        sqlx::raw_sql(SCHEMA).execute(&mut *transaction).await?;
        transaction.commit().await?;
    } else if found != INDEX {
        return unfit("it is of another version");
    }
    let said: Vec<String> = sqlx::query_scalar("PRAGMA quick_check")
        .fetch_all(&mut connection)
        .await?;
    if said.iter().any(|line| line != "ok") {
        return unfit("it is damaged");
    }
    Ok(Index {
        connection,
        // Existing rows are replaced: verifying them would cost as much.
        ids: BTreeSet::new(),
        checkpoint: None,
    })
}

/// Removes the index and the files that SQLite left beside it.
fn remove(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    remove_beside(disk, path)?;
    remove_file(disk, path)
}

/// Removes the files that SQLite leaves beside a database.
pub(crate) fn remove_beside(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    for ending in ["-wal", "-shm", "-journal"] {
        remove_file(disk, &beside(path, ending))?;
    }
    Ok(())
}

fn remove_file(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match disk.remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Index {
    /// Writes the difference, in one transaction.
    async fn bring_to(
        &mut self,
        segments: &BTreeMap<i64, Arc<Segment>>,
        checkpoint: u64,
    ) -> Result<(), sqlx::Error> {
        let is_new = self.checkpoint.is_none();
        let same = self.ids.len() == segments.len() && self.ids.iter().eq(segments.keys());
        if !is_new && same && self.checkpoint == Some(checkpoint) {
            return Ok(());
        }
        let mut transaction = self.connection.begin().await?;
        if is_new {
            sqlx::raw_sql("DELETE FROM segments")
                .execute(&mut *transaction)
                .await?;
        }
        for id in self.ids.iter().filter(|id| !segments.contains_key(id)) {
            sqlx::query("DELETE FROM segments WHERE id = $1")
                .bind(id)
                .execute(&mut *transaction)
                .await?;
        }
        let missing = segments.iter().filter(|(id, _)| !self.ids.contains(id));
        for (_, segment) in missing {
            insert_segment(&mut transaction, segment, FORMAT_VERSION).await?;
        }
        seal(&mut transaction, checkpoint).await?;
        transaction.commit().await?;
        self.ids = segments.keys().copied().collect();
        self.checkpoint = Some(checkpoint);
        Ok(())
    }
}

/// Writes the checkpoint row with the count and checksum sum of the current segments.
async fn seal(connection: &mut SqliteConnection, sequence: u64) -> Result<(), sqlx::Error> {
    let row = sqlx::query("SELECT count(*) AS n, coalesce(sum(checksum), 0) AS s FROM segments")
        .fetch_one(&mut *connection)
        .await?;
    let checkpoint = Checkpoint {
        sequence: sequence as i64,
        segments: row.try_get("n")?,
        sum: row.try_get("s")?,
    };
    sqlx::query(
        "INSERT OR REPLACE INTO checkpoint (one, sequence, segment_count, segment_sum, checksum)
         VALUES (1, $1, $2, $3, $4)",
    )
    .bind(checkpoint.sequence)
    .bind(checkpoint.segments)
    .bind(checkpoint.sum)
    .bind(checkpoint.row_sum())
    .execute(connection)
    .await
    .map(drop)
}
