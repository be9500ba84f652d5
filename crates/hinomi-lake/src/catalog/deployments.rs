//! The catalog's tables `versions` and `deployments`.
//!
//! Each row has a checksum. A version whose row does not hold is left out until it is seen again;
//! a deployment is lost.

use super::{
    Catalog,
    services_rows::{holds, text},
    sums::RowSum,
};
use crate::{Deployed, SeenVersion};
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

impl Catalog {
    /// Every version that was seen, by project.
    pub async fn versions(&self) -> Result<Vec<(Text, SeenVersion)>, sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        let rows = sqlx::query(
            "SELECT project, service, namespace, environment, version, first_ns, checksum
             FROM versions",
        )
        .fetch_all(connection)
        .await?;
        let read = rows.iter().filter_map(|row| {
            let project = text(row, "project")?;
            let seen = SeenVersion {
                service: service(row)?,
                version: text(row, "version")?,
                first: UnixNanos(row.try_get("first_ns").ok()?),
            };
            holds(row, "versions", version_sum(&project, &seen)).then_some((project, seen))
        });
        Ok(read.collect())
    }

    /// Every deployment that was told of, by project.
    pub async fn deployments(&self) -> Result<Vec<(Text, Deployed)>, sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        let rows = sqlx::query(
            "SELECT project, service, namespace, environment, version, at_ns, label, checksum
             FROM deployments ORDER BY id",
        )
        .fetch_all(connection)
        .await?;
        let read = rows.iter().filter_map(|row| {
            let project = text(row, "project")?;
            let deployed = Deployed {
                service: service(row)?,
                version: text(row, "version")?,
                at: UnixNanos(row.try_get("at_ns").ok()?),
                label: text(row, "label")?,
            };
            holds(row, "deployments", deployed_sum(&project, &deployed))
                .then_some((project, deployed))
        });
        Ok(read.collect())
    }

    /// Remembers a deployment, and the `most` of the project that were told last.
    pub async fn add_deployment(
        &self,
        project: &str,
        deployed: &Deployed,
        most: usize,
    ) -> Result<(), sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        sqlx::query(
            "INSERT INTO deployments
                    (project, service, namespace, environment, version, at_ns, label, checksum)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(project)
        .bind(&*deployed.service.service)
        .bind(&*deployed.service.namespace)
        .bind(&*deployed.service.environment)
        .bind(&*deployed.version)
        .bind(deployed.at.0)
        .bind(&*deployed.label)
        .bind(deployed_sum(project, deployed))
        .execute(&mut *connection)
        .await?;
        // In a statement of its own: should it fail, the next one does it as well.
        sqlx::query(
            "DELETE FROM deployments WHERE project = $1 AND id <= (
                 SELECT id FROM deployments WHERE project = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)",
        )
        .bind(project)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .execute(connection)
        .await
        .map(drop)
    }
}

/// Remembers a version with what is known of its first transaction.
pub(super) async fn upsert_version(
    connection: &mut SqliteConnection,
    project: &str,
    seen: &SeenVersion,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT OR REPLACE INTO versions
                (project, service, namespace, environment, version, first_ns, checksum)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(project)
    .bind(&*seen.service.service)
    .bind(&*seen.service.namespace)
    .bind(&*seen.service.environment)
    .bind(&*seen.version)
    .bind(seen.first.0)
    .bind(version_sum(project, seen))
    .execute(connection)
    .await
    .map(drop)
}

fn service(row: &SqliteRow) -> Option<ServiceKey> {
    Some(ServiceKey {
        service: text(row, "service")?,
        namespace: text(row, "namespace")?,
        environment: text(row, "environment")?,
    })
}

fn version_sum(project: &str, seen: &SeenVersion) -> i64 {
    RowSum::of("versions")
        .text(project)
        .text(&seen.service.service)
        .text(&seen.service.namespace)
        .text(&seen.service.environment)
        .text(&seen.version)
        .number(seen.first.0)
        .finish()
}

fn deployed_sum(project: &str, deployed: &Deployed) -> i64 {
    RowSum::of("deployments")
        .text(project)
        .text(&deployed.service.service)
        .text(&deployed.service.namespace)
        .text(&deployed.service.environment)
        .text(&deployed.version)
        .number(deployed.at.0)
        .text(&deployed.label)
        .finish()
}
