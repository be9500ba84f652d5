//! `registry.db`: SQLite in the data folder, with a write-ahead log and a sync at each commit.

use super::{Begun, Connection, Value, migrations};
use crate::{
    MemoryDatabase, RegistryError,
    repository::{Database, RegistryReply, RegistryTransaction},
};
use hinomi_io::{Disk, RealDisk};
use sqlx::{
    ConnectOptions, Connection as _, SqlStr, Sqlite, SqlitePool,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use tokio::sync::Mutex;

/// Name of the copy of a file that cannot be opened for writing.
const COPY: &str = "registry.db";

/// How long a statement waits for another connection. Only an operator with a tool of their own
/// holds one for long.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// A database in one file.
pub struct SqliteDatabase {
    path: PathBuf,
    /// `None` until the file can be opened for writing.
    pool: Mutex<Option<SqlitePool>>,
    /// What the file had at the start, when it could not be opened for writing.
    copy: Option<Copied>,
}

/// What can be read of a file that cannot be opened.
enum Copied {
    /// A copy of it.
    File { pool: SqlitePool, _folder: TempDir },
    /// There is no file.
    Nothing(MemoryDatabase),
}

impl SqliteDatabase {
    /// Opens the file, makes it if it is missing, and brings its tables up to date.
    pub async fn open(path: &Path) -> Result<Self, RegistryError> {
        Ok(Self {
            path: path.to_owned(),
            pool: Mutex::new(Some(connect(path).await?)),
            copy: None,
        })
    }

    /// As [`Self::open`]; when the disk is full or read-only, what the file has can be read, and each
    /// change tries to open it again.
    pub async fn open_or_read(path: &Path) -> Result<Self, RegistryError> {
        let error = match Self::open(path).await {
            Ok(opened) => return Ok(opened),
            Err(error) if error.is_of_the_disk() => reason(error),
            Err(error) => return Err(error),
        };
        tracing::error!(%error, "the registry cannot be written; names are shown, and deployments, promotions and settings are refused until it can be");
        let copied = copied(path).map_err(|error| failed(path, sqlx::Error::Io(error).into()))?;
        let copy = match copied {
            None => Copied::Nothing(MemoryDatabase::default()),
            Some(folder) => Copied::File {
                pool: connect(&folder.path().join(COPY)).await?,
                _folder: folder,
            },
        };
        Ok(Self {
            path: path.to_owned(),
            pool: Mutex::default(),
            copy: Some(copy),
        })
    }
}

async fn connect(path: &Path) -> Result<SqlitePool, RegistryError> {
    let options = options(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    // One connection: there is one writer, and what is read stands in memory.
    let pool = SqlitePoolOptions::new().max_connections(1);
    let opened = async {
        let pool = pool.connect_with(options).await?;
        migrations::sqlite().run(&pool).await?;
        Ok(pool)
    };
    opened.await.map_err(|source| failed(path, source))
}

fn failed(path: &Path, source: RegistryError) -> RegistryError {
    RegistryError::File {
        path: path.to_owned(),
        source: Box::new(source),
    }
}

/// Why a file could not be opened, without the advice for a start that fails.
fn reason(error: RegistryError) -> RegistryError {
    match error {
        RegistryError::File { source, .. } => *source,
        error => error,
    }
}

/// Copies the file and its log to a temporary folder, in memory if possible: the disk may be full.
/// `None` when there is no file.
fn copied(path: &Path) -> io::Result<Option<TempDir>> {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
    let copy = folder.path().join(COPY);
    match read(path) {
        Ok(bytes) => RealDisk.create(&copy)?.append(&bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    // Without a log, or with something else in its place, the file says all.
    if let Ok(bytes) = read(&log_of(path)) {
        RealDisk.create(&log_of(&copy))?.append(&bytes)?;
    }
    Ok(Some(folder))
}

/// The log that SQLite keeps beside a database.
fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = RealDisk.open(path)?;
    let len = usize::try_from(file.len()?).map_err(io::Error::other)?;
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging()
}

/// Opens the file for reading only. Without a log nobody writes to it, or SQLite would leave files
/// beside it.
fn reading(path: &Path) -> SqliteConnectOptions {
    let has_log = RealDisk.open(&log_of(path)).is_ok();
    options(path).read_only(true).immutable(!has_log)
}

/// Writes a consistent copy of the database, also while a server uses it. `to` must not exist. The
/// copy is not synced.
pub async fn copy(from: &Path, to: &Path) -> Result<(), RegistryError> {
    let connected = reading(from).connect().await;
    let mut connection = connected.map_err(|source| failed(from, source.into()))?;
    let to_text = to.to_string_lossy().into_owned();
    let copied = sqlx::query("VACUUM INTO $1")
        .bind(to_text)
        .execute(&mut connection)
        .await;
    copied.map_err(|source| failed(to, source.into()))?;
    // Nothing was written to the source.
    let _ = connection.close().await;
    Ok(())
}

/// Checks a database without changing it. Returns SQLite's complaints; none when it is whole.
pub async fn look(path: &Path) -> Result<Vec<String>, RegistryError> {
    let looked = async {
        let mut connection = reading(path).connect().await?;
        let said: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(10)")
            .fetch_all(&mut connection)
            .await?;
        // Nothing was written.
        let _ = connection.close().await;
        Ok(said.into_iter().filter(|line| line != "ok").collect())
    };
    looked
        .await
        .map_err(|source: sqlx::Error| failed(path, source.into()))
}

impl Database for SqliteDatabase {
    fn begin(&self) -> RegistryReply<'_, Box<dyn RegistryTransaction>> {
        Box::pin(async move {
            let mut pool = self.pool.lock().await;
            let pool = match &mut *pool {
                Some(pool) => pool.clone(),
                none => {
                    let opened = connect(&self.path).await.map_err(reason)?;
                    none.insert(opened).clone()
                }
            };
            let begun = pool.begin_with("BEGIN IMMEDIATE").await?;
            Ok(Box::new(Begun(begun)) as Box<dyn RegistryTransaction>)
        })
    }

    fn begin_reading(&self) -> RegistryReply<'_, Box<dyn RegistryTransaction>> {
        match &self.copy {
            None => self.begin(),
            Some(Copied::Nothing(nothing)) => nothing.begin(),
            Some(Copied::File { pool, .. }) => Box::pin(async move {
                let begun = pool.begin().await?;
                Ok(Box::new(Begun(begun)) as Box<dyn RegistryTransaction>)
            }),
        }
    }

    fn close(&self) -> RegistryReply<'_, ()> {
        Box::pin(async move {
            if let Some(Copied::File { pool, .. }) = &self.copy {
                pool.close().await;
            }
            if let Some(pool) = &*self.pool.lock().await {
                pool.close().await;
            }
            Ok(())
        })
    }
}

impl Connection for sqlx::Transaction<'static, Sqlite> {
    type Row = SqliteRow;

    async fn execute(&mut self, sql: SqlStr, values: Vec<Value>) -> Result<u64, sqlx::Error> {
        let mut query = sqlx::query(sql);
        for value in values {
            query = match value {
                Value::Text(text) => query.bind(text.to_string()),
                Value::Number(number) => query.bind(number),
            };
        }
        Ok(query.execute(&mut **self).await?.rows_affected())
    }

    async fn fetch(&mut self, sql: &'static str) -> Result<Vec<SqliteRow>, sqlx::Error> {
        sqlx::query(sql).fetch_all(&mut **self).await
    }

    async fn commit(self) -> Result<(), sqlx::Error> {
        sqlx::Transaction::commit(self).await
    }
}
