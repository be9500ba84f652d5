//! `registry.db`: SQLite in the data folder, with a write-ahead log and a sync at each commit.

use super::{Begun, Connection, Value, migrations};
use crate::{
    RegistryError,
    repository::{Database, RegistryReply, RegistryTransaction},
};
use sqlx::{
    ConnectOptions, Connection as _, SqlStr, Sqlite, SqlitePool,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a statement waits for another connection. Only an operator with a tool of their own
/// holds one for long.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// A database in one file.
pub struct SqliteDatabase {
    pool: SqlitePool,
}

impl SqliteDatabase {
    /// Opens the file, makes it if it is missing, and brings its tables up to date.
    pub async fn open(path: &Path) -> Result<Self, RegistryError> {
        let options = options(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        // One connection: there is one writer, and what is read stands in memory.
        let pool = SqlitePoolOptions::new().max_connections(1);
        let opened = async {
            let pool = pool.connect_with(options).await?;
            migrations::sqlite().run(&pool).await?;
            Ok(Self { pool })
        };
        opened
            .await
            .map_err(|source: RegistryError| RegistryError::File {
                path: path.to_owned(),
                source: Box::new(source),
            })
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging()
}

/// Writes a consistent copy of the database, also while a server uses it. `to` must not exist.
pub async fn copy(from: &Path, to: &Path) -> Result<(), RegistryError> {
    let failed = |path: PathBuf| {
        move |source: sqlx::Error| RegistryError::File {
            path,
            source: Box::new(source.into()),
        }
    };
    let connected = options(from).connect().await;
    let mut connection = connected.map_err(failed(from.to_owned()))?;
    let to_text = to.to_string_lossy().into_owned();
    let copied = sqlx::query("VACUUM INTO $1")
        .bind(to_text)
        .execute(&mut connection)
        .await;
    copied.map_err(failed(to.to_owned()))?;
    // Nothing was written to the source.
    let _ = connection.close().await;
    Ok(())
}

/// Checks a database without changing it. Returns SQLite's complaints; none when it is whole.
pub async fn look(path: &Path) -> Result<Vec<String>, RegistryError> {
    let looked = async {
        let mut connection = options(path).read_only(true).connect().await?;
        let said: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(10)")
            .fetch_all(&mut connection)
            .await?;
        // Nothing was written.
        let _ = connection.close().await;
        Ok(said.into_iter().filter(|line| line != "ok").collect())
    };
    looked
        .await
        .map_err(|source: sqlx::Error| RegistryError::File {
            path: path.to_owned(),
            source: Box::new(source.into()),
        })
}

impl Database for SqliteDatabase {
    fn begin(&self) -> RegistryReply<'_, Box<dyn RegistryTransaction>> {
        Box::pin(async move {
            let begun = self.pool.begin_with("BEGIN IMMEDIATE").await?;
            Ok(Box::new(Begun(begun)) as Box<dyn RegistryTransaction>)
        })
    }

    fn close(&self) -> RegistryReply<'_, ()> {
        Box::pin(async move {
            self.pool.close().await;
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
