//! What can go wrong with the registry's database.

use hinomi_store::StoreError;
use std::{path::PathBuf, time::Duration};

/// Why the registry could not be opened, read or written. No message has the password of an address.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The database refused or could not be reached.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// The database did not answer in time; whether the change was made is unknown.
    #[error("the database did not answer within {0:?}")]
    TimedOut(Duration),
    /// The registry is closed.
    #[error("the registry is closed")]
    Closed,
    /// The address is none of a PostgreSQL database.
    #[error(
        "the registry's address is not understood; give postgres://USER:PASSWORD@HOST:PORT/DATABASE with --registry-url"
    )]
    Address,
    /// The file cannot be opened as a database, or its tables cannot be made.
    #[error(
        "the registry {path} cannot be opened ({source}); restore it from a backup, or move it away: names of services come back from the stored data, deployments, promoted attributes and settings do not"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// The error of SQLite.
        source: Box<RegistryError>,
    },
    /// The server cannot be reached, or the tables cannot be made.
    #[error(
        "the registry's PostgreSQL at {place} cannot be used ({source}); check that it runs, that the user may log in and create tables, and --registry-url"
    )]
    Server {
        /// Host, port and database; never the user's password.
        place: String,
        /// The error of the server or the network.
        source: Box<RegistryError>,
    },
    /// A later version has changed the tables.
    #[error("a later version of hinomi has changed the registry's tables ({0}); use that version")]
    Tables(#[from] sqlx::migrate::MigrateError),
    /// The thread of the registry could not be started.
    #[error("the registry's thread could not be started ({0}); free some memory and start again")]
    Thread(std::io::Error),
}

/// SQLite's primary result codes for a disk that is full, read-only or failing.
const OF_THE_DISK: [i64; 4] = [8, 10, 13, 14];

impl RegistryError {
    /// Whether a file could not be opened because of its disk, and not because of what it holds.
    pub(crate) fn is_of_the_disk(&self) -> bool {
        use sqlx::migrate::MigrateError;
        let of = |error: &sqlx::Error| match error {
            sqlx::Error::Io(_) => true,
            sqlx::Error::Database(error) => {
                let code = error.code().and_then(|code| code.parse::<i64>().ok());
                // The lowest byte of an extended code is the primary one.
                code.is_some_and(|code| OF_THE_DISK.contains(&(code & 0xff)))
            }
            _ => false,
        };
        match self {
            Self::Database(error) => of(error),
            Self::Tables(MigrateError::Execute(error)) => of(error),
            Self::Tables(MigrateError::ExecuteMigration(error, _)) => of(error),
            Self::File { source, .. } => source.is_of_the_disk(),
            _ => false,
        }
    }

    /// The error as the store's contract tells it: of a change that can be tried again.
    pub(crate) fn of_a_change(&self) -> StoreError {
        match self {
            Self::Closed => StoreError::Failed(self.to_string()),
            _ => StoreError::Unwritable(format!(
                "the registry cannot be written ({self}): free some space or check its database, then try again"
            )),
        }
    }
}
