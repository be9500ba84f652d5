//! The catalog's other transaction: segments go, by compaction or retention, and with them what is
//! remembered only because of them.

use super::{Catalog, known_checkpoint, rows};
use crate::{
    schema::{FORMAT_VERSION, Table},
    segment::Segment,
};
use hinomi_model::{Text, UnixNanos};
use sqlx::{Connection, Row, SqliteConnection};
use std::sync::Arc;

/// Before the instant, rows of the project's table have been deleted.
pub(crate) type Horizon = (Text, Table, UnixNanos);

/// What one compaction or one step of retention changes.
#[derive(Default)]
pub(crate) struct Replacement {
    pub removed: Vec<Arc<Segment>>,
    /// Has the rows of all that is removed; `None` when they are to go.
    pub added: Option<Arc<Segment>>,
    pub horizons: Vec<Horizon>,
}

impl Catalog {
    /// Makes the replacement count, in one transaction. Doing it again changes nothing: a commit
    /// may have reached the disk although it answered with an error.
    pub async fn replace(&self, replacement: &Replacement) -> Result<(), sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        let mut transaction = connection.begin().await?;
        // Before anything goes that it may have to be taken from.
        let sequence = known_checkpoint(&mut transaction).await?;
        if let Some(added) = &replacement.added {
            if has_segment(&mut transaction, added.id).await? {
                return Ok(());
            }
            rows::insert_segment(&mut transaction, added, FORMAT_VERSION).await?;
        }
        let mut deleted = 0;
        for segment in &replacement.removed {
            deleted += delete_segment(&mut transaction, segment.id).await?;
        }
        if replacement.added.is_some() && deleted != replacement.removed.len() as u64 {
            // Nothing else deletes while a merge is under way.
            return Err(sqlx::Error::Protocol(
                "segments that were merged are no longer in the catalog".into(),
            ));
        }
        for (project, table, instant) in &replacement.horizons {
            upsert_horizon(&mut transaction, project, *table, *instant).await?;
        }
        rows::seal(&mut transaction, sequence).await?;
        transaction.commit().await
    }

    /// Forgets services that have had nothing since `before`.
    pub async fn forget_services(&self, before: UnixNanos) -> Result<(), sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        sqlx::query("DELETE FROM services WHERE newest_ns < $1")
            .bind(before.0)
            .execute(connection)
            .await
            .map(drop)
    }

    /// Gives the pages of deleted rows back to the disk.
    pub async fn shrink(&self) -> Result<(), sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        // Answers a row a page, so it has to be read to its end.
        sqlx::query("PRAGMA incremental_vacuum")
            .fetch_all(connection)
            .await
            .map(drop)
    }
}

/// What retention has deleted, by project and table.
pub(super) async fn horizons(
    connection: &mut SqliteConnection,
) -> Result<Vec<Horizon>, sqlx::Error> {
    let rows = sqlx::query("SELECT project, table_name, horizon_ns FROM horizons")
        .fetch_all(connection)
        .await?;
    let mut horizons = Vec::with_capacity(rows.len());
    for row in rows {
        let word: String = row.try_get("table_name")?;
        let table = Table::parse(&word)
            .ok_or_else(|| sqlx::Error::Decode(format!("no table is called {word:?}").into()))?;
        let project: String = row.try_get("project")?;
        horizons.push((project.into(), table, UnixNanos(row.try_get("horizon_ns")?)));
    }
    Ok(horizons)
}

async fn has_segment(connection: &mut SqliteConnection, id: i64) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM segments WHERE id = $1)")
        .bind(id)
        .fetch_one(connection)
        .await
}

/// Deletes the row, and what is remembered of damage to its file.
async fn delete_segment(connection: &mut SqliteConnection, id: i64) -> Result<u64, sqlx::Error> {
    sqlx::query("DELETE FROM quarantine WHERE segment_id = $1")
        .bind(id)
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM segments WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}

async fn upsert_horizon(
    connection: &mut SqliteConnection,
    project: &str,
    table: Table,
    instant: UnixNanos,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO horizons (project, table_name, horizon_ns) VALUES ($1, $2, $3)
         ON CONFLICT (project, table_name)
         DO UPDATE SET horizon_ns = max(horizon_ns, excluded.horizon_ns)",
    )
    .bind(project)
    .bind(table.as_str())
    .bind(instant.0)
    .execute(connection)
    .await
    .map(drop)
}
