//! The catalog: an SQLite database that says which segments count and where the log's checkpoint
//! is. The store's one commit point.
//!
//! All of the store's SQL is here, one function a statement. One connection: SQLite has one writer
//! anyway, and readers use the lists in memory.

mod promoted;
mod replace;

pub(crate) use replace::{Horizon, Replacement};

use crate::{
    OpenError,
    schema::{FORMAT_VERSION, Table},
    segment::{Segment, SegmentRow},
};
use hinomi_model::{Text, TimeRange, UnixNanos, rollup::ServiceKey};
use sqlx::{
    ConnectOptions, Connection, Row, SqliteConnection,
    sqlite::{
        SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous,
    },
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::Mutex;

/// In order of their versions: the first makes version 1.
const MIGRATIONS: [&str; 3] = [
    include_str!("../../../migrations/sqlite/catalog/0001_segments.sql"),
    include_str!("../../../migrations/sqlite/catalog/0003_horizons.sql"),
    include_str!("../../../migrations/sqlite/catalog/0004_promoted_attributes.sql"),
];

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
    /// (project, target, service).
    pub peers: Vec<(Text, Text, Text)>,
}

/// What one flush publishes.
pub(crate) struct Publication<'a> {
    pub segments: &'a [Arc<Segment>],
    pub checkpoint: u64,
    pub services: &'a [(Text, ServiceKey, UnixNanos)],
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
        Ok(Contents {
            segments: segments(connection).await?,
            checkpoint: checkpoint(connection).await? as u64,
            services: services(connection).await?,
            peers: peers(connection).await?,
        })
    }

    /// Makes segments count and moves the checkpoint, in one transaction. Answers whether it had
    /// been done before: a commit may have reached the disk although it answered with an error.
    pub async fn publish(&self, publication: Publication<'_>) -> Result<bool, sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        let mut transaction = connection.begin().await?;
        let sequence = publication.checkpoint as i64;
        if checkpoint(&mut transaction).await? >= sequence {
            return Ok(true);
        }
        for segment in publication.segments {
            insert_segment(&mut transaction, segment).await?;
        }
        for (project, service, newest) in publication.services {
            upsert_service(&mut transaction, project, service, *newest).await?;
        }
        set_checkpoint(&mut transaction, sequence).await?;
        transaction.commit().await?;
        Ok(false)
    }

    /// Remembers that a host is a service.
    pub async fn learn_peer(
        &self,
        project: &str,
        target: &str,
        service: &str,
    ) -> Result<(), sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        upsert_peer(connection, project, target, service).await
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
    for (version, migration) in (1..).zip(MIGRATIONS).skip(found.max(0) as usize) {
        let mut transaction = connection.begin().await.map_err(failed)?;
        sqlx::raw_sql(migration)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
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

async fn checkpoint(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT sequence FROM checkpoint WHERE one = 1")
        .fetch_one(connection)
        .await
}

async fn set_checkpoint(
    connection: &mut SqliteConnection,
    sequence: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE checkpoint SET sequence = $1 WHERE one = 1")
        .bind(sequence)
        .execute(connection)
        .await
        .map(drop)
}

async fn segments(connection: &mut SqliteConnection) -> Result<Vec<Arc<Segment>>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, project, node, table_name, bucket_ns, min_time_ns, max_time_ns, row_count,
                byte_count, first_sequence, last_sequence, written_ns, path
         FROM segments ORDER BY id",
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| Ok(Arc::new(Segment::new(segment(row)?))))
        .collect()
}

fn segment(row: &SqliteRow) -> Result<SegmentRow, sqlx::Error> {
    let number = |column: &str| row.try_get::<i64, _>(column);
    let word: String = row.try_get("table_name")?;
    let table = Table::parse(&word)
        .ok_or_else(|| sqlx::Error::Decode(format!("no table is called {word:?}").into()))?;
    // The newest row's time is stored, a range ends after it.
    let to = number("max_time_ns")?.saturating_add(1);
    Ok(SegmentRow {
        id: number("id")?,
        project: text(row, "project")?,
        node: text(row, "node")?,
        table,
        bucket: UnixNanos(number("bucket_ns")?),
        range: TimeRange::new(UnixNanos(number("min_time_ns")?), UnixNanos(to)),
        rows: number("row_count")? as u64,
        bytes: number("byte_count")? as u64,
        sequences: (
            number("first_sequence")? as u64,
            number("last_sequence")? as u64,
        ),
        written: UnixNanos(number("written_ns")?),
        path: row.try_get("path")?,
    })
}

async fn insert_segment(
    connection: &mut SqliteConnection,
    segment: &Segment,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO segments (id, project, node, table_name, bucket_ns, min_time_ns, max_time_ns,
                row_count, byte_count, first_sequence, last_sequence, written_ns, format_version,
                path)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(segment.id)
    .bind(&*segment.project)
    .bind(&*segment.node)
    .bind(segment.table.as_str())
    .bind(segment.bucket.0)
    .bind(segment.range.from.0)
    .bind(segment.range.to.0.saturating_sub(1))
    .bind(segment.rows as i64)
    .bind(segment.bytes as i64)
    .bind(segment.sequences.0 as i64)
    .bind(segment.sequences.1 as i64)
    .bind(segment.written.0)
    .bind(FORMAT_VERSION)
    .bind(&segment.path)
    .execute(connection)
    .await
    .map(drop)
}

async fn services(
    connection: &mut SqliteConnection,
) -> Result<Vec<(Text, ServiceKey, UnixNanos)>, sqlx::Error> {
    let rows =
        sqlx::query("SELECT project, service, namespace, environment, newest_ns FROM services")
            .fetch_all(connection)
            .await?;
    let read = |row: &SqliteRow| {
        let service = ServiceKey {
            service: text(row, "service")?,
            namespace: text(row, "namespace")?,
            environment: text(row, "environment")?,
        };
        Ok((
            text(row, "project")?,
            service,
            UnixNanos(row.try_get("newest_ns")?),
        ))
    };
    rows.iter().map(read).collect()
}

async fn upsert_service(
    connection: &mut SqliteConnection,
    project: &str,
    service: &ServiceKey,
    newest: UnixNanos,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO services (project, service, namespace, environment, newest_ns)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (project, service, namespace, environment)
         DO UPDATE SET newest_ns = max(newest_ns, excluded.newest_ns)",
    )
    .bind(project)
    .bind(&*service.service)
    .bind(&*service.namespace)
    .bind(&*service.environment)
    .bind(newest.0)
    .execute(connection)
    .await
    .map(drop)
}

async fn peers(connection: &mut SqliteConnection) -> Result<Vec<(Text, Text, Text)>, sqlx::Error> {
    let rows = sqlx::query("SELECT project, target, service FROM peers")
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                text(row, "project")?,
                text(row, "target")?,
                text(row, "service")?,
            ))
        })
        .collect()
}

async fn upsert_peer(
    connection: &mut SqliteConnection,
    project: &str,
    target: &str,
    service: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO peers (project, target, service) VALUES ($1, $2, $3)
         ON CONFLICT (project, target) DO UPDATE SET service = excluded.service",
    )
    .bind(project)
    .bind(target)
    .bind(service)
    .execute(connection)
    .await
    .map(drop)
}

fn text(row: &SqliteRow, column: &str) -> Result<Text, sqlx::Error> {
    Ok(row.try_get::<String, _>(column)?.into())
}
