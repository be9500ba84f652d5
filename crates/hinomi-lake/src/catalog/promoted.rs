//! Promoted attributes in the catalog.
//!
//! Each row has a checksum. One that does not hold is left out and logged: segments are written without
//! its filter until the attribute is promoted again.

use super::{Catalog, sums::RowSum};
use hinomi_model::{Text, UnixNanos};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

/// Project, key, since when.
type Promoted = (Text, Text, UnixNanos);

impl Catalog {
    /// All that hold.
    pub async fn promoted(&self) -> Result<Vec<Promoted>, sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        let rows = sqlx::query("SELECT project, key, since_ns, checksum FROM promoted_attributes")
            .fetch_all(connection)
            .await?;
        let read = rows.iter().filter_map(|row| {
            let holds = promoted(row).filter(|read| {
                row.try_get::<i64, _>("checksum").ok() == Some(sum(&read.0, &read.1, read.2))
            });
            if holds.is_none() {
                tracing::error!(
                    "a row of the catalog's promoted attributes is damaged and left out; promote the attribute again"
                );
            }
            holds
        });
        Ok(read.collect())
    }

    /// Remembers one, in the place of a row that does not hold.
    pub async fn promote(
        &self,
        project: &str,
        key: &str,
        since: UnixNanos,
    ) -> Result<(), sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        insert(connection, project, key, since).await
    }

    /// Forgets one.
    pub async fn demote(&self, project: &str, key: &str) -> Result<(), sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        sqlx::query("DELETE FROM promoted_attributes WHERE project = $1 AND key = $2")
            .bind(project)
            .bind(key)
            .execute(connection)
            .await
            .map(drop)
    }
}

/// Gives rows that were written before there were checksums theirs.
pub(super) async fn fill_checksums(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let rows = sqlx::query("SELECT project, key, since_ns FROM promoted_attributes")
        .fetch_all(&mut *connection)
        .await?;
    for (project, key, since) in rows.iter().filter_map(promoted) {
        insert(connection, &project, &key, since).await?;
    }
    Ok(())
}

async fn insert(
    connection: &mut SqliteConnection,
    project: &str,
    key: &str,
    since: UnixNanos,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT OR REPLACE INTO promoted_attributes (project, key, since_ns, checksum)
         VALUES ($1, $2, $3, $4)",
    )
    .bind(project)
    .bind(key)
    .bind(since.0)
    .bind(sum(project, key, since))
    .execute(connection)
    .await
    .map(drop)
}

fn promoted(row: &SqliteRow) -> Option<Promoted> {
    let text = |column: &str| row.try_get::<String, _>(column).ok().map(Text::from);
    let since = UnixNanos(row.try_get("since_ns").ok()?);
    Some((text("project")?, text("key")?, since))
}

fn sum(project: &str, key: &str, since: UnixNanos) -> i64 {
    RowSum::of("promoted_attributes")
        .text(project)
        .text(key)
        .number(since.0)
        .finish()
}
