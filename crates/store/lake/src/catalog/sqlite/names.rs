//! The tables of names that were seen or reported: services, peers, versions, labels, deployments,
//! promoted attributes.
//!
//! Each row has a checksum. A row that does not match is left out and logged.

use super::{Contents, sums::RowSum};
use crate::{
    Deployed, SeenVersion,
    catalog::{LabelRow, PeerRow},
};
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

/// Reads all of these tables.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    contents: &mut Contents,
) -> Result<(), sqlx::Error> {
    let names = &mut contents.names;
    for (project, service, newest) in services(connection).await? {
        names.see_service(project, service, newest);
    }
    for peer in peers(connection).await? {
        let of_project = names.peers.entry(peer.project).or_default();
        of_project.insert(peer.target, (peer.service, peer.seen));
    }
    for (project, seen) in versions(connection).await? {
        names.see_version(project, seen);
    }
    for label in labels(connection).await? {
        let of_project = names.labels.entry(label.project).or_default();
        let labels = of_project.entry(label.service).or_default();
        labels.insert(label.name, label.value);
    }
    for (project, deployed) in deployments(connection).await? {
        let of_project = names.deployments.entry(project).or_default();
        of_project.push_back(deployed);
    }
    for (project, key, since) in promoted_attributes(connection).await? {
        let of_project = names.promoted.entry(project).or_default();
        of_project.insert(key, since);
    }
    Ok(())
}

/// All valid services.
async fn services(
    connection: &mut SqliteConnection,
) -> Result<Vec<(Text, ServiceKey, UnixNanos)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT project, service, namespace, environment, newest_ns, checksum FROM services",
    )
    .fetch_all(connection)
    .await?;
    let read = rows.iter().filter_map(|row| {
        let (project, service, newest) = service_row(row)?;
        let sum = service_sum(&project, &service, newest);
        holds(row, "services", sum).then_some((project, service, newest))
    });
    Ok(read.collect())
}

/// All valid peers.
async fn peers(connection: &mut SqliteConnection) -> Result<Vec<PeerRow>, sqlx::Error> {
    let rows = sqlx::query("SELECT project, target, service, seen_ns, checksum FROM peers")
        .fetch_all(connection)
        .await?;
    let read = rows.iter().filter_map(|row| {
        let peer = peer(row, UnixNanos(row.try_get("seen_ns").ok()?))?;
        holds(row, "peers", peer_sum(&peer)).then_some(peer)
    });
    Ok(read.collect())
}

/// Inserts or replaces a peer's row.
async fn upsert_peer(connection: &mut SqliteConnection, peer: &PeerRow) -> Result<(), sqlx::Error> {
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

/// Sets the time of peers that were written before peers had one to that of the newest data. Rows
/// with a wrong checksum stay unchanged.
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

fn service_row(row: &SqliteRow) -> Option<(Text, ServiceKey, UnixNanos)> {
    let newest = UnixNanos(row.try_get("newest_ns").ok()?);
    Some((text(row, "project")?, service(row)?, newest))
}

fn peer(row: &SqliteRow, seen: UnixNanos) -> Option<PeerRow> {
    Some(PeerRow {
        project: text(row, "project")?,
        target: text(row, "target")?,
        service: text(row, "service")?,
        seen,
    })
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

/// Every version that was seen, with its project.
async fn versions(
    connection: &mut SqliteConnection,
) -> Result<Vec<(Text, SeenVersion)>, sqlx::Error> {
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

/// Every deployment, with its project, in order of arrival.
async fn deployments(
    connection: &mut SqliteConnection,
) -> Result<Vec<(Text, Deployed)>, sqlx::Error> {
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
        holds(row, "deployments", deployed_sum(&project, &deployed)).then_some((project, deployed))
    });
    Ok(read.collect())
}

/// Every label.
async fn labels(connection: &mut SqliteConnection) -> Result<Vec<LabelRow>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT project, service, namespace, environment, name, value, checksum FROM labels",
    )
    .fetch_all(connection)
    .await?;
    let read = rows.iter().filter_map(|row| {
        let label = LabelRow {
            project: text(row, "project")?,
            service: ServiceKey {
                service: text(row, "service")?,
                namespace: text(row, "namespace")?,
                environment: text(row, "environment")?,
            },
            name: text(row, "name")?,
            value: text(row, "value")?,
        };
        holds(row, "labels", label_sum(&label)).then_some(label)
    });
    Ok(read.collect())
}

/// Project, key and time of promotion.
type Promoted = (Text, Text, UnixNanos);

/// All promoted attributes.
async fn promoted_attributes(
    connection: &mut SqliteConnection,
) -> Result<Vec<Promoted>, sqlx::Error> {
    let rows = sqlx::query("SELECT project, key, since_ns, checksum FROM promoted_attributes")
        .fetch_all(connection)
        .await?;
    let read = rows.iter().filter_map(|row| {
        let holds = promoted(row).filter(|read| {
            row.try_get::<i64, _>("checksum").ok() == Some(promoted_sum(&read.0, &read.1, read.2))
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

/// Adds checksums to rows that were written before rows had them.
pub(super) async fn fill_promoted_checksums(
    connection: &mut SqliteConnection,
) -> Result<(), sqlx::Error> {
    let rows = sqlx::query("SELECT project, key, since_ns FROM promoted_attributes")
        .fetch_all(&mut *connection)
        .await?;
    for (project, key, since) in rows.iter().filter_map(promoted) {
        insert_promoted(connection, &project, &key, since).await?;
    }
    Ok(())
}

async fn insert_promoted(
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
    .bind(promoted_sum(project, key, since))
    .execute(connection)
    .await
    .map(drop)
}

fn promoted(row: &SqliteRow) -> Option<Promoted> {
    let text = |column: &str| row.try_get::<String, _>(column).ok().map(Text::from);
    let since = UnixNanos(row.try_get("since_ns").ok()?);
    Some((text("project")?, text("key")?, since))
}

fn promoted_sum(project: &str, key: &str, since: UnixNanos) -> i64 {
    RowSum::of("promoted_attributes")
        .text(project)
        .text(key)
        .number(since.0)
        .finish()
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

fn label_sum(label: &LabelRow) -> i64 {
    RowSum::of("labels")
        .text(&label.project)
        .text(&label.service.service)
        .text(&label.service.namespace)
        .text(&label.service.environment)
        .text(&label.name)
        .text(&label.value)
        .finish()
}

/// Checksum of a row of `services`.
fn service_sum(project: &str, service: &ServiceKey, newest: UnixNanos) -> i64 {
    RowSum::of("services")
        .text(project)
        .text(&service.service)
        .text(&service.namespace)
        .text(&service.environment)
        .number(newest.0)
        .finish()
}

/// Checksum of a row of `peers`.
fn peer_sum(peer: &PeerRow) -> i64 {
    RowSum::of("peers")
        .text(&peer.project)
        .text(&peer.target)
        .text(&peer.service)
        .number(peer.seen.0)
        .finish()
}

/// Checksum of a `peers` row from before peers had a time.
fn peer_sum_without_time(project: &str, target: &str, service: &str) -> i64 {
    RowSum::of("peers")
        .text(project)
        .text(target)
        .text(service)
        .finish()
}
