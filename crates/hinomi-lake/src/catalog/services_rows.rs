//! The catalog's tables `services` and `peers`: names that were seen.
//!
//! Each row has a checksum. One that does not hold is left out and logged: the name comes back with
//! the next flush that has it.

use super::rows::{peer_sum, peer_sum_without_time, service_sum};
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

/// All services that hold.
pub(super) async fn services(
    connection: &mut SqliteConnection,
) -> Result<Vec<(Text, ServiceKey, UnixNanos)>, sqlx::Error> {
    let rows = sqlx::query(
        // No more than a start has to remember, the newest: there may be rows from before names were bounded.
        "SELECT project, service, namespace, environment, newest_ns, checksum FROM services
         ORDER BY newest_ns DESC LIMIT 10000",
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

/// A host that is a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PeerRow {
    pub project: Text,
    pub target: Text,
    pub service: Text,
    pub seen: UnixNanos,
}

/// All peers that hold.
pub(super) async fn peers(connection: &mut SqliteConnection) -> Result<Vec<PeerRow>, sqlx::Error> {
    let rows = sqlx::query("SELECT project, target, service, seen_ns, checksum FROM peers")
        .fetch_all(connection)
        .await?;
    let read = rows.iter().filter_map(|row| {
        let peer = peer(row, UnixNanos(row.try_get("seen_ns").ok()?))?;
        holds(row, "peers", peer_sum(&peer)).then_some(peer)
    });
    Ok(read.collect())
}

/// Remembers that a host is a service.
pub(super) async fn upsert_peer(
    connection: &mut SqliteConnection,
    peer: &PeerRow,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT OR REPLACE INTO peers (project, target, service, seen_ns, checksum)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&*peer.project)
    .bind(&*peer.target)
    .bind(&*peer.service)
    .bind(peer.seen.0)
    .bind(peer_sum(peer))
    .execute(connection)
    .await
    .map(drop)
}

/// Forgets a host.
pub(super) async fn delete_peer(
    connection: &mut SqliteConnection,
    project: &str,
    target: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM peers WHERE project = $1 AND target = $2")
        .bind(project)
        .bind(target)
        .execute(connection)
        .await
        .map(drop)
}

/// Gives peers from before they had a time that of the newest data. Those that do not hold are left as they
/// are.
pub(super) async fn fill_peers_seen(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let newest: Option<i64> = sqlx::query_scalar("SELECT max(newest_ns) FROM services")
        .fetch_one(&mut *connection)
        .await?;
    let seen = UnixNanos(newest.unwrap_or(0));
    let rows = sqlx::query("SELECT project, target, service, checksum FROM peers")
        .fetch_all(&mut *connection)
        .await?;
    for row in &rows {
        let Some(peer) = peer(row, seen) else {
            continue;
        };
        let sum = peer_sum_without_time(&peer.project, &peer.target, &peer.service);
        if holds(row, "peers", sum) {
            upsert_peer(connection, &peer).await?;
        }
    }
    Ok(())
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

fn peer(row: &SqliteRow, seen: UnixNanos) -> Option<PeerRow> {
    Some(PeerRow {
        project: text(row, "project")?,
        target: text(row, "target")?,
        service: text(row, "service")?,
        seen,
    })
}

pub(super) fn text(row: &SqliteRow, column: &str) -> Option<Text> {
    row.try_get::<String, _>(column).ok().map(Text::from)
}

pub(super) fn holds(row: &SqliteRow, table: &str, sum: i64) -> bool {
    let holds = row.try_get::<i64, _>("checksum").ok() == Some(sum);
    if !holds {
        tracing::error!(
            table,
            "a row of the catalog is damaged and left out until it is seen again"
        );
    }
    holds
}
