//! The catalog's tables `quarantine` and `scrub`.

use super::{Catalog, sums::RowSum};
use crate::{quarantine::Quarantined, schema::Table};
use hinomi_model::{Text, TimeRange, UnixNanos};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

/// How far the background check of all segments has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ScrubProgress {
    /// The pass goes on with this segment or the next above.
    pub next_id: i64,
    /// When the last whole pass ended.
    pub finished: UnixNanos,
}

impl Catalog {
    /// Remembers what answers leave out.
    pub async fn quarantine(&self, lost: &Quarantined) -> Result<(), sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        sqlx::query(
            "INSERT OR REPLACE INTO quarantine
                    (segment_id, project, table_name, from_ns, to_ns, noticed_ns, reason, checksum)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(lost.segment)
        .bind(lost.project.as_deref())
        .bind(lost.table.map(Table::as_str))
        .bind(lost.range.from.0)
        .bind(lost.range.to.0)
        .bind(lost.noticed.0)
        .bind(&lost.reason)
        .bind(sum(lost))
        .execute(connection)
        .await
        .map(drop)
    }

    /// Forgets it: the segment is whole again or gone.
    pub async fn release(&self, segment: i64) -> Result<(), sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        sqlx::query("DELETE FROM quarantine WHERE segment_id = $1")
            .bind(segment)
            .execute(connection)
            .await
            .map(drop)
    }

    /// Remembers how far the background check has come.
    pub async fn set_scrub(&self, progress: ScrubProgress) -> Result<(), sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        sqlx::query("UPDATE scrub SET next_id = $1, finished_ns = $2 WHERE one = 1")
            .bind(progress.next_id)
            .bind(progress.finished.0)
            .execute(connection)
            .await
            .map(drop)
    }

    /// What SQLite itself finds wrong with the file; empty when nothing.
    pub async fn quick_check(&self) -> Result<Vec<String>, sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        check(connection, "PRAGMA quick_check").await
    }
}

/// The sentences of `PRAGMA quick_check` or `integrity_check`; empty when all is well.
pub(crate) async fn check(
    connection: &mut SqliteConnection,
    pragma: &'static str,
) -> Result<Vec<String>, sqlx::Error> {
    let said: Vec<String> = sqlx::query_scalar(pragma).fetch_all(connection).await?;
    Ok(said.into_iter().filter(|line| line != "ok").collect())
}

/// Everything that is left out. A row that does not hold is dropped: reading finds the damage again.
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

/// How far the background check has come; from the start when that is not known.
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
            Some(word) => Some(Table::parse(&word)?),
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
        .optional_text(lost.table.map(Table::as_str))
        .number(lost.range.from.0)
        .number(lost.range.to.0)
        .number(lost.noticed.0)
        .text(&lost.reason)
        .finish()
}
