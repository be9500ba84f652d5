//! The catalog's tables `services` and `peers`: names that were seen.
//!
//! Each row has a checksum. One that does not hold is left out and logged: the name comes back with
//! the next flush that has it.

use super::rows::{peer_sum, service_sum};
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

/// All services that hold.
pub(super) async fn services(
    connection: &mut SqliteConnection,
) -> Result<Vec<(Text, ServiceKey, UnixNanos)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT project, service, namespace, environment, newest_ns, checksum FROM services",
    )
    .fetch_all(connection)
    .await?;
    let read = rows.iter().filter_map(|row| {
        let (project, service, newest) = service(row)?;
        let sum = service_sum(&project, &service, newest);
        holds(row, "services", sum).then_some((project, service, newest))
    });
    Ok(read.collect())
}

/// Remembers a service with its newest bucket, which never goes back.
pub(super) async fn upsert_service(
    connection: &mut SqliteConnection,
    project: &str,
    service: &ServiceKey,
    newest: UnixNanos,
) -> Result<(), sqlx::Error> {
    let known = sqlx::query(
        "SELECT newest_ns, checksum FROM services
         WHERE project = $1 AND service = $2 AND namespace = $3 AND environment = $4",
    )
    .bind(project)
    .bind(&*service.service)
    .bind(&*service.namespace)
    .bind(&*service.environment)
    .fetch_optional(&mut *connection)
    .await?;
    // A time that does not hold is not to outlive the next one that does.
    let known = known.and_then(|row| {
        let newest = UnixNanos(row.try_get("newest_ns").ok()?);
        holds(&row, "services", service_sum(project, service, newest)).then_some(newest)
    });
    let newest = known.map_or(newest, |known| known.max(newest));
    sqlx::query(
        "INSERT OR REPLACE INTO services
                (project, service, namespace, environment, newest_ns, checksum)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(project)
    .bind(&*service.service)
    .bind(&*service.namespace)
    .bind(&*service.environment)
    .bind(newest.0)
    .bind(service_sum(project, service, newest))
    .execute(connection)
    .await
    .map(drop)
}

/// All peers that hold, as (project, target, service).
pub(super) async fn peers(
    connection: &mut SqliteConnection,
) -> Result<Vec<(Text, Text, Text)>, sqlx::Error> {
    let rows = sqlx::query("SELECT project, target, service, checksum FROM peers")
        .fetch_all(connection)
        .await?;
    let read = rows.iter().filter_map(|row| {
        let (project, target, service) = peer(row)?;
        let sum = peer_sum(&project, &target, &service);
        holds(row, "peers", sum).then_some((project, target, service))
    });
    Ok(read.collect())
}

/// Remembers that a host is a service.
pub(super) async fn upsert_peer(
    connection: &mut SqliteConnection,
    project: &str,
    target: &str,
    service: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT OR REPLACE INTO peers (project, target, service, checksum) VALUES ($1, $2, $3, $4)",
    )
    .bind(project)
    .bind(target)
    .bind(service)
    .bind(peer_sum(project, target, service))
    .execute(connection)
    .await
    .map(drop)
}

fn service(row: &SqliteRow) -> Option<(Text, ServiceKey, UnixNanos)> {
    let key = ServiceKey {
        service: text(row, "service")?,
        namespace: text(row, "namespace")?,
        environment: text(row, "environment")?,
    };
    let newest = UnixNanos(row.try_get("newest_ns").ok()?);
    Some((text(row, "project")?, key, newest))
}

fn peer(row: &SqliteRow) -> Option<(Text, Text, Text)> {
    Some((
        text(row, "project")?,
        text(row, "target")?,
        text(row, "service")?,
    ))
}

fn text(row: &SqliteRow, column: &str) -> Option<Text> {
    row.try_get::<String, _>(column).ok().map(Text::from)
}

fn holds(row: &SqliteRow, table: &str, sum: i64) -> bool {
    let holds = row.try_get::<i64, _>("checksum").ok() == Some(sum);
    if !holds {
        tracing::error!(
            table,
            "a row of the catalog is damaged and left out until it is seen again"
        );
    }
    holds
}
