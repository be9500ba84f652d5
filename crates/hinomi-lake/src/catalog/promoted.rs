//! Promoted attributes in the catalog.

use super::Catalog;
use hinomi_model::{Text, UnixNanos};
use sqlx::{Row, sqlite::SqliteRow};

impl Catalog {
    /// All of them: project, key, since when.
    pub async fn promoted(&self) -> Result<Vec<(Text, Text, UnixNanos)>, sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        let rows = sqlx::query("SELECT project, key, since_ns FROM promoted_attributes")
            .fetch_all(connection)
            .await?;
        rows.iter()
            .map(|row| {
                let since = UnixNanos(row.try_get("since_ns")?);
                Ok((text(row, "project")?, text(row, "key")?, since))
            })
            .collect()
    }

    /// Remembers one; one that is known stays as it is.
    pub async fn promote(
        &self,
        project: &str,
        key: &str,
        since: UnixNanos,
    ) -> Result<(), sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        sqlx::query(
            "INSERT INTO promoted_attributes (project, key, since_ns) VALUES ($1, $2, $3)
             ON CONFLICT (project, key) DO NOTHING",
        )
        .bind(project)
        .bind(key)
        .bind(since.0)
        .execute(connection)
        .await
        .map(drop)
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

fn text(row: &SqliteRow, column: &str) -> Result<Text, sqlx::Error> {
    Ok(row.try_get::<String, _>(column)?.into())
}
