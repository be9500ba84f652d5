//! The catalog's other transaction: segments go, by compaction or retention, and with them what is
//! remembered only because of them.

use super::{Catalog, known_checkpoint, rows, sums::RowSum};
use crate::{
    schema::{FORMAT_VERSION, Table},
    segment::Segment,
};
use hinomi_model::{Text, UnixNanos};
use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteRow};
use std::{collections::BTreeMap, sync::Arc};

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

    /// Forgets peers that have not been seen since `before`.
    pub async fn forget_peers(&self, before: UnixNanos) -> Result<(), sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        sqlx::query("DELETE FROM peers WHERE seen_ns < $1")
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

/// What retention has deleted, by project and table. Where a row does not hold, the segments stand in
/// for it: before the earliest there is nothing.
pub(super) async fn horizons(
    connection: &mut SqliteConnection,
    segments: &[Arc<Segment>],
) -> Result<Vec<Horizon>, sqlx::Error> {
    let rows = sqlx::query("SELECT project, table_name, horizon_ns, checksum FROM horizons")
        .fetch_all(connection)
        .await?;
    let mut horizons: Vec<Horizon> = rows.iter().filter_map(horizon).collect();
    if horizons.len() < rows.len() {
        tracing::error!(
            "a row of the catalog's horizons is damaged; it is taken from the segments"
        );
        let mut earliest: BTreeMap<(Text, Table), UnixNanos> = BTreeMap::new();
        for segment in segments {
            let from = earliest
                .entry((segment.project.clone(), segment.table))
                .or_insert(segment.range.from);
            *from = segment.range.from.min(*from);
        }
        let earliest = earliest.into_iter();
        horizons.extend(earliest.map(|((project, table), instant)| (project, table, instant)));
    }
    Ok(horizons)
}

/// Gives rows that were written before there were checksums theirs.
pub(super) async fn fill_horizon_checksums(
    connection: &mut SqliteConnection,
) -> Result<(), sqlx::Error> {
    let rows = sqlx::query("SELECT project, table_name, horizon_ns FROM horizons")
        .fetch_all(&mut *connection)
        .await?;
    for row in rows {
        let (project, table): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        // Of a table that is not known nothing is kept.
        if let Some(table) = Table::parse(&table) {
            let instant = UnixNanos(row.try_get(2)?);
            upsert_horizon(connection, &project, table, instant).await?;
        }
    }
    Ok(())
}

/// A row of `horizons`, if it holds.
fn horizon(row: &SqliteRow) -> Option<Horizon> {
    let project: String = row.try_get("project").ok()?;
    let table = Table::parse(row.try_get("table_name").ok()?)?;
    let instant = UnixNanos(row.try_get("horizon_ns").ok()?);
    let sum: i64 = row.try_get("checksum").ok()?;
    (sum == horizon_sum(&project, table, instant)).then(|| (project.into(), table, instant))
}

fn horizon_sum(project: &str, table: Table, instant: UnixNanos) -> i64 {
    RowSum::of("horizons")
        .text(project)
        .text(table.as_str())
        .number(instant.0)
        .finish()
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
    let known = sqlx::query(
        "SELECT project, table_name, horizon_ns, checksum FROM horizons
         WHERE project = $1 AND table_name = $2",
    )
    .bind(project)
    .bind(table.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let known = known.as_ref().and_then(horizon);
    let instant = known.map_or(instant, |(_, _, known)| known.max(instant));
    sqlx::query(
        "INSERT OR REPLACE INTO horizons (project, table_name, horizon_ns, checksum)
         VALUES ($1, $2, $3, $4)",
    )
    .bind(project)
    .bind(table.as_str())
    .bind(instant.0)
    .bind(horizon_sum(project, table, instant))
    .execute(connection)
    .await
    .map(drop)
}
