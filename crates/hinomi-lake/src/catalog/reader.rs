//! Reading a catalog beside the server that owns it, or when none runs, without changing anything.
//!
//! SQLite reads a database in WAL mode through a shared index, `-shm`, which it makes when there is
//! none. A folder of which nothing may change is therefore read in one of three ways: through the
//! index of the running server; as a file that cannot change, when no log of SQLite's is beside it;
//! and, after a crash of the machine that left the log but no index, as a copy elsewhere.

use super::{Contents, MIGRATIONS, contents, quarantine::check};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::path::{Path, PathBuf};

/// A connection that writes nothing to the folder.
pub(crate) struct Reader {
    connection: SqliteConnection,
}

/// Which files of SQLite's are beside the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Beside {
    /// A log that is not empty.
    pub log: bool,
    /// The shared index.
    pub index: bool,
}

impl Beside {
    /// Whether it takes a copy of the database and its log to read without writing.
    pub fn needs_copy(self) -> bool {
        self.log && !self.index
    }
}

/// The log of SQLite's beside a database.
pub(crate) fn log_of(catalog: &Path) -> PathBuf {
    with_ending(catalog, "-wal")
}

/// The shared index of SQLite's beside a database.
pub(crate) fn index_of(catalog: &Path) -> PathBuf {
    with_ending(catalog, "-shm")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

impl Reader {
    /// Opens the database, whose neighbours are as told.
    pub async fn open(path: &Path, beside: Beside) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .immutable(!beside.log && !beside.index)
            .busy_timeout(super::BUSY_TIMEOUT)
            .disable_statement_logging();
        let connection = options.connect().await?;
        Ok(Self { connection })
    }

    /// The catalog's version, and the latest one known.
    pub async fn version(&mut self) -> Result<(i64, i64), sqlx::Error> {
        let found = sqlx::query_scalar("PRAGMA user_version")
            .fetch_one(&mut self.connection)
            .await?;
        Ok((found, MIGRATIONS.len() as i64))
    }

    /// What SQLite finds wrong with the file; empty when nothing.
    pub async fn integrity_check(&mut self) -> Result<Vec<String>, sqlx::Error> {
        check(&mut self.connection, "PRAGMA integrity_check").await
    }

    /// Reads everything, each row held against its checksum. Only of the latest version.
    pub async fn contents(&mut self) -> Result<Contents, sqlx::Error> {
        let mut transaction = self.connection.begin().await?;
        contents(&mut transaction).await
    }

    /// Writes the database as it is at this moment to a file that must not exist.
    pub async fn snapshot(&mut self, to: &Path) -> Result<(), sqlx::Error> {
        sqlx::query("VACUUM INTO $1")
            .bind(to.to_string_lossy().into_owned())
            .execute(&mut self.connection)
            .await
            .map(drop)
    }

    pub async fn close(self) {
        // Nothing was written: nothing can be lost.
        let _ = self.connection.close().await;
    }
}
