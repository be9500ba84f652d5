//! The catalog: an SQLite database that says which segments count and where the log's checkpoint
//! is. The store's one commit point.
//!
//! All of the store's SQL is here, one function a statement. One connection: SQLite has one writer
//! anyway, and readers use the lists in memory.

mod deployments;
mod labels;
mod promoted;
pub(crate) mod quarantine;
pub(crate) mod reader;
mod replace;
mod rows;
mod services_rows;
mod sums;

pub(crate) use labels::LabelRow;
pub(crate) use replace::{Horizon, Replacement};

use crate::{
    OpenError, SeenVersion, quarantine::Quarantined, schema::FORMAT_VERSION, segment::Segment,
};
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use quarantine::ScrubProgress;
pub(crate) use services_rows::PeerRow;
use services_rows::{delete_peer, upsert_peer, upsert_service};
use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::Mutex;

/// In order of their versions: the first makes version 1.
const MIGRATIONS: [&str; 9] = [
    include_str!("../../../migrations/sqlite/catalog/0001_segments.sql"),
    include_str!("../../../migrations/sqlite/catalog/0002_checksums.sql"),
    include_str!("../../../migrations/sqlite/catalog/0003_horizons.sql"),
    include_str!("../../../migrations/sqlite/catalog/0004_promoted_attributes.sql"),
    include_str!("../../../migrations/sqlite/catalog/0005_horizon_checksums.sql"),
    include_str!("../../../migrations/sqlite/catalog/0006_promoted_checksums.sql"),
    include_str!("../../../migrations/sqlite/catalog/0007_peers_seen.sql"),
    include_str!("../../../migrations/sqlite/catalog/0008_deployments.sql"),
    include_str!("../../../migrations/sqlite/catalog/0009_labels.sql"),
];

/// From this version on rows have checksums.
const CHECKSUMS: i64 = 2;
/// From this version on rows of `horizons` have theirs.
const HORIZON_CHECKSUMS: i64 = 5;
/// From this version on rows of `promoted_attributes` have theirs.
const PROMOTED_CHECKSUMS: i64 = 6;
/// From this version on rows of `peers` say when they were seen.
const PEERS_SEEN: i64 = 7;
/// The first version that can be read.
const FIRST_READABLE: i64 = 3;

/// How long a commit waits for another connection: nobody but a curious operator has one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// An open catalog; `None` inside after [`Self::close`].
pub(crate) struct Catalog {
    connection: Mutex<Option<SqliteConnection>>,
}

/// What the catalog holds.
#[derive(Default)]
pub(crate) struct Contents {
    pub segments: Vec<Arc<Segment>>,
    /// Highest sequence that segments hold.
    pub checkpoint: u64,
    pub services: Vec<(Text, ServiceKey, UnixNanos)>,
    pub peers: Vec<PeerRow>,
    /// Rows of segments whose checksum does not hold.
    pub damaged_rows: Vec<Quarantined>,
    /// Whether rows of segments are missing, or are others than were written.
    pub missing_rows: bool,
    /// Whether the checkpoint's own row does not hold; the log's place is then taken from the
    /// segments.
    pub damaged_checkpoint: bool,
    /// What answers leave out since earlier starts.
    pub quarantined: Vec<Quarantined>,
    /// How far the background check has come.
    pub scrub: ScrubProgress,
    /// What retention has deleted, by project and table.
    pub horizons: Vec<Horizon>,
}

/// What one flush publishes.
pub(crate) struct Publication<'a> {
    pub segments: &'a [Arc<Segment>],
    pub checkpoint: u64,
    pub services: &'a [(Text, ServiceKey, UnixNanos)],
    pub versions: &'a [(Text, SeenVersion)],
    pub labels: &'a [LabelRow],
}

impl Catalog {
    /// Opens the catalog, making or migrating it.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Catalog {
            path: path.to_owned(),
            source,
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            // Counts when the file is made: what is deleted later can be given back.
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .disable_statement_logging();
        let mut connection = options.connect().await.map_err(failed)?;
        migrate(&mut connection, path).await?;
        Ok(Self {
            connection: Mutex::new(Some(connection)),
        })
    }

    /// Reads everything.
    pub async fn contents(&self) -> Result<Contents, sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        contents(connection).await
    }

    /// Makes segments count and moves the checkpoint, in one transaction. Answers whether it had
    /// been done before: a commit may have reached the disk although it answered with an error.
    pub async fn publish(&self, publication: Publication<'_>) -> Result<bool, sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        let mut transaction = connection.begin().await?;
        let sequence = publication.checkpoint as i64;
        if known_checkpoint(&mut transaction).await? >= sequence {
            return Ok(true);
        }
        for segment in publication.segments {
            rows::insert_segment(&mut transaction, segment, FORMAT_VERSION).await?;
        }
        for (project, service, newest) in publication.services {
            upsert_service(&mut transaction, project, service, *newest).await?;
        }
        for (project, seen) in publication.versions {
            deployments::upsert_version(&mut transaction, project, seen).await?;
        }
        for label in publication.labels {
            labels::upsert_label(&mut transaction, label).await?;
        }
        rows::seal(&mut transaction, sequence).await?;
        transaction.commit().await?;
        Ok(false)
    }

    /// Remembers that a host is a service; `instead` of another target of the project, where there are too
    /// many.
    pub async fn learn_peer(
        &self,
        peer: &PeerRow,
        instead: Option<&str>,
    ) -> Result<(), sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        let mut transaction = connection.begin().await?;
        if let Some(target) = instead {
            delete_peer(&mut transaction, &peer.project, target).await?;
        }
        upsert_peer(&mut transaction, peer).await?;
        transaction.commit().await
    }

    /// Closes the database; idempotent.
    pub async fn close(&self) -> Result<(), sqlx::Error> {
        match self.connection.lock().await.take() {
            Some(connection) => connection.close().await,
            None => Ok(()),
        }
    }
}

async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Catalog {
        path: PathBuf::from(path),
        source,
    };
    let known = MIGRATIONS.len() as i64;
    let found: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    if found > known {
        return Err(OpenError::NewerVersion { found, known });
    }
    if (1..FIRST_READABLE).contains(&found) && has_segments(connection).await.map_err(failed)? {
        return Err(OpenError::BeforeFirstRelease {
            path: path.parent().unwrap_or(path).into(),
        });
    }
    for (version, migration) in (1..).zip(MIGRATIONS).skip(found.max(0) as usize) {
        let mut transaction = connection.begin().await.map_err(failed)?;
        sqlx::raw_sql(migration)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        if version == CHECKSUMS {
            // There is nothing yet: a new folder.
            rows::seal(&mut transaction, 0).await.map_err(failed)?;
        }
        if version == HORIZON_CHECKSUMS {
            let filled = replace::fill_horizon_checksums(&mut transaction).await;
            filled.map_err(failed)?;
        }
        if version == PROMOTED_CHECKSUMS {
            let filled = promoted::fill_checksums(&mut transaction).await;
            filled.map_err(failed)?;
        }
        if version == PEERS_SEEN {
            let filled = services_rows::fill_peers_seen(&mut transaction).await;
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

async fn has_segments(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM segments)")
        .fetch_one(connection)
        .await
}

/// Everything, each row held against its checksum.
pub(crate) async fn contents(connection: &mut SqliteConnection) -> Result<Contents, sqlx::Error> {
    let segments = rows::segments(connection).await?;
    let checkpoint = rows::checkpoint(connection).await?;
    let held = segments.whole.len() + segments.damaged.len();
    let missing_rows = checkpoint.is_some_and(|checkpoint| {
        // A damaged row may have a damaged checksum, and then the sum says nothing.
        let sum_says = segments.damaged.is_empty() && checkpoint.sum != segments.sum;
        checkpoint.segments != held as i64 || sum_says
    });
    let horizons = replace::horizons(connection, &segments.whole).await?;
    Ok(Contents {
        horizons,
        checkpoint: checkpoint.map_or_else(
            || last_sequence(&segments.whole),
            |row| row.sequence.max(0) as u64,
        ),
        segments: segments.whole,
        services: services_rows::services(connection).await?,
        peers: services_rows::peers(connection).await?,
        damaged_rows: segments.damaged,
        missing_rows,
        damaged_checkpoint: checkpoint.is_none(),
        quarantined: quarantine::quarantined(connection).await?,
        scrub: quarantine::scrub(connection).await?,
    })
}

/// The last log record that these segments hold: each flush writes at least one with its last.
fn last_sequence(segments: &[Arc<Segment>]) -> u64 {
    let last = segments.iter().map(|segment| segment.sequences.1).max();
    last.unwrap_or(0)
}

/// The checkpoint, taken from the segments when its row does not hold.
async fn known_checkpoint(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    if let Some(checkpoint) = rows::checkpoint(connection).await? {
        return Ok(checkpoint.sequence);
    }
    let segments = rows::segments(connection).await?;
    Ok(last_sequence(&segments.whole) as i64)
}
