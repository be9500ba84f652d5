//! The tables `quarantine`, `scrub` and `horizons`.

use super::sums::RowSum;
use crate::{
    catalog::{Horizon, ScrubProgress},
    quarantine::Quarantined,
    segment::Segment,
    tables::TableId,
};
use hinomi_model::{Text, TimeRange, UnixNanos};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::{collections::BTreeMap, sync::Arc};

/// Everything that answers leave out. A row with a wrong checksum is dropped, because reading the
/// segment finds the damage again.
pub(super) async fn quarantined(
    connection: &mut SqliteConnection,
) -> Result<Vec<Quarantined>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT segment_id, project, table_name, from_ns, to_ns, noticed_ns, reason, checksum
         FROM quarantine ORDER BY segment_id",
    )
    .fetch_all(connection)
    .await?;
    let read = rows.iter().filter_map(|row| {
        let read = lost(row);
        if read.is_none() {
            tracing::error!("a row of the catalog's quarantine is damaged and left out");
        }
        read
    });
    Ok(read.collect())
}

/// Progress of the background check; zero if unknown.
pub(super) async fn scrub(connection: &mut SqliteConnection) -> Result<ScrubProgress, sqlx::Error> {
    let row = sqlx::query("SELECT next_id, finished_ns FROM scrub WHERE one = 1")
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else {
        return Ok(ScrubProgress::default());
    };
    Ok(ScrubProgress {
        next_id: row.try_get("next_id")?,
        finished: UnixNanos(row.try_get("finished_ns")?),
    })
}

fn lost(row: &SqliteRow) -> Option<Quarantined> {
    let number = |column: &str| row.try_get::<i64, _>(column).ok();
    let text = |column: &str| row.try_get::<Option<String>, _>(column).ok();
    let lost = Quarantined {
        segment: number("segment_id")?,
        project: text("project")?.map(Text::from),
        table: match text("table_name")? {
            Some(word) => Some(TableId::parse(&word)?),
            None => None,
        },
        range: TimeRange::new(UnixNanos(number("from_ns")?), UnixNanos(number("to_ns")?)),
        noticed: UnixNanos(number("noticed_ns")?),
        reason: text("reason")??,
    };
    (number("checksum")? == sum(&lost)).then_some(lost)
}

fn sum(lost: &Quarantined) -> i64 {
    RowSum::of("quarantine")
        .number(lost.segment)
        .optional_text(lost.project.as_deref())
        .optional_text(lost.table.map(TableId::name))
        .number(lost.range.from.0)
        .number(lost.range.to.0)
        .number(lost.noticed.0)
        .text(&lost.reason)
        .finish()
}

/// What retention has deleted, by project and table. If a row is damaged, the start of the earliest
/// segment replaces it, because nothing is stored before that.
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
        let mut earliest: BTreeMap<(Text, TableId), UnixNanos> = BTreeMap::new();
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

/// Adds checksums to rows that were written before rows had them.
pub(super) async fn fill_horizon_checksums(
    connection: &mut SqliteConnection,
) -> Result<(), sqlx::Error> {
    let rows = sqlx::query("SELECT project, table_name, horizon_ns FROM horizons")
        .fetch_all(&mut *connection)
        .await?;
    for row in rows {
        let (project, table): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        // A horizon of an unknown table is ignored.
        if let Some(table) = TableId::parse(&table) {
            let instant = UnixNanos(row.try_get(2)?);
            upsert_horizon(connection, &project, table, instant).await?;
        }
    }
    Ok(())
}

/// A row of `horizons`; `None` if its checksum does not match.
fn horizon(row: &SqliteRow) -> Option<Horizon> {
    let project: String = row.try_get("project").ok()?;
    let table = TableId::parse(row.try_get("table_name").ok()?)?;
    let instant = UnixNanos(row.try_get("horizon_ns").ok()?);
    let sum: i64 = row.try_get("checksum").ok()?;
    (sum == horizon_sum(&project, table, instant)).then(|| (project.into(), table, instant))
}

fn horizon_sum(project: &str, table: TableId, instant: UnixNanos) -> i64 {
    RowSum::of("horizons")
        .text(project)
        .text(table.name())
        .number(instant.0)
        .finish()
}

async fn upsert_horizon(
    connection: &mut SqliteConnection,
    project: &str,
    table: TableId,
    instant: UnixNanos,
) -> Result<(), sqlx::Error> {
    let known = sqlx::query(
        "SELECT project, table_name, horizon_ns, checksum FROM horizons
         WHERE project = $1 AND table_name = $2",
    )
    .bind(project)
    .bind(table.name())
    .fetch_optional(&mut *connection)
    .await?;
    let known = known.as_ref().and_then(horizon);
    let instant = known.map_or(instant, |(_, _, known)| known.max(instant));
    sqlx::query(
        "INSERT OR REPLACE INTO horizons (project, table_name, horizon_ns, checksum)
         VALUES ($1, $2, $3, $4)",
    )
    .bind(project)
    .bind(table.name())
    .bind(instant.0)
    .bind(horizon_sum(project, table, instant))
    .execute(connection)
    .await
    .map(drop)
}
