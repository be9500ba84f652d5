//! The tables `segments` and `checkpoint`, with a checksum per row.

use super::sums::RowSum;
use crate::{
    quarantine::Quarantined,
    segment::{Segment, SegmentRow, lineage::Lineage},
    tables::TableId,
};
use hinomi_columnar::checksum::{Extent, FileTail};
use hinomi_model::{Text, TimeRange, UnixNanos};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::sync::Arc;

/// All columns of table `segments`.
const SEGMENT: &str =
    "id, project, node, table_name, bucket_ns, min_time_ns, max_time_ns, row_count,
    byte_count, first_sequence, last_sequence, written_ns, format_version, path, tail_offset,
    tail_checksum, checksum";

/// Contents of table `segments`.
#[derive(Default)]
pub(super) struct Segments {
    pub whole: Vec<Arc<Segment>>,
    /// Rows whose checksum does not match, reduced to the values that can be trusted.
    pub damaged: Vec<Quarantined>,
    /// Sum of all checksums as stored.
    pub sum: i64,
}

/// Reads all segment rows.
pub(super) async fn segments(connection: &mut SqliteConnection) -> Result<Segments, sqlx::Error> {
    let text = sqlx::AssertSqlSafe(format!("SELECT {SEGMENT} FROM segments ORDER BY id"));
    let mut read = Segments::default();
    for row in sqlx::query(text).fetch_all(connection).await? {
        let stored = row.try_get::<Option<i64>, _>("checksum").ok().flatten();
        read.sum = read.sum.wrapping_add(stored.unwrap_or(0));
        match Columns::of(&row) {
            Ok(columns) if Some(columns.sum()) == stored => match columns.segment() {
                Some(segment) => read.whole.push(Arc::new(segment)),
                None => read.damaged.push(believable(&row)),
            },
            _ => read.damaged.push(believable(&row)),
        }
    }
    Ok(read)
}

/// Inserts the row of a segment.
pub(crate) async fn insert_segment(
    connection: &mut SqliteConnection,
    segment: &Segment,
    format: i64,
) -> Result<(), sqlx::Error> {
    let row = Columns::from(segment, format);
    sqlx::query(
        "INSERT INTO segments (id, project, node, table_name, bucket_ns, min_time_ns, max_time_ns,
                row_count, byte_count, first_sequence, last_sequence, written_ns, format_version,
                path, tail_offset, tail_checksum, checksum)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
    )
    .bind(row.id)
    .bind(&row.project)
    .bind(&row.node)
    .bind(&row.table)
    .bind(row.bucket)
    .bind(row.min_time)
    .bind(row.max_time)
    .bind(row.rows)
    .bind(row.bytes)
    .bind(row.first_sequence)
    .bind(row.last_sequence)
    .bind(row.written)
    .bind(row.format)
    .bind(&row.path)
    .bind(row.tail_offset)
    .bind(row.tail_checksum)
    .bind(row.sum())
    .execute(connection)
    .await
    .map(drop)
}

/// The row of table `checkpoint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub sequence: i64,
    pub segments: i64,
    pub sum: i64,
}

impl Checkpoint {
    pub fn row_sum(self) -> i64 {
        RowSum::of("checkpoint")
            .number(self.sequence)
            .number(self.segments)
            .number(self.sum)
            .finish()
    }
}

/// The checkpoint; `None` if its row is missing or its checksum does not match.
pub(crate) async fn checkpoint(
    connection: &mut SqliteConnection,
) -> Result<Option<Checkpoint>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT sequence, segment_count, segment_sum, checksum FROM checkpoint WHERE one = 1",
    )
    .fetch_optional(connection)
    .await?;
    let number = |row: &SqliteRow, column: &str| row.try_get::<i64, _>(column).ok();
    Ok(row.and_then(|row| {
        let checkpoint = Checkpoint {
            sequence: number(&row, "sequence")?,
            segments: number(&row, "segment_count")?,
            sum: number(&row, "segment_sum")?,
        };
        (number(&row, "checksum")? == checkpoint.row_sum()).then_some(checkpoint)
    }))
}

/// A row of `segments` as stored, without its checksum.
struct Columns {
    id: i64,
    project: String,
    node: String,
    table: String,
    bucket: i64,
    min_time: i64,
    max_time: i64,
    rows: i64,
    bytes: i64,
    first_sequence: i64,
    last_sequence: i64,
    written: i64,
    format: i64,
    path: String,
    tail_offset: i64,
    tail_checksum: i64,
}

impl Columns {
    fn of(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            project: row.try_get("project")?,
            node: row.try_get("node")?,
            table: row.try_get("table_name")?,
            bucket: row.try_get("bucket_ns")?,
            min_time: row.try_get("min_time_ns")?,
            max_time: row.try_get("max_time_ns")?,
            rows: row.try_get("row_count")?,
            bytes: row.try_get("byte_count")?,
            first_sequence: row.try_get("first_sequence")?,
            last_sequence: row.try_get("last_sequence")?,
            written: row.try_get("written_ns")?,
            format: row.try_get("format_version")?,
            path: row.try_get("path")?,
            tail_offset: row.try_get("tail_offset")?,
            tail_checksum: row.try_get("tail_checksum")?,
        })
    }

    pub fn from(segment: &Segment, format: i64) -> Self {
        let tail = segment.extent.tail;
        Self {
            id: segment.id,
            project: segment.project.to_string(),
            node: segment.node.to_string(),
            table: segment.table.name().into(),
            bucket: segment.bucket.0,
            min_time: segment.range.from.0,
            max_time: segment.range.to.0.saturating_sub(1),
            rows: segment.rows as i64,
            bytes: segment.bytes as i64,
            first_sequence: segment.lineage.first() as i64,
            last_sequence: segment.lineage.last() as i64,
            written: segment.written.0,
            format,
            path: segment.path.clone(),
            tail_offset: tail.offset as i64,
            tail_checksum: i64::from(tail.checksum),
        }
    }

    pub fn sum(&self) -> i64 {
        RowSum::of("segments")
            .number(self.id)
            .text(&self.project)
            .text(&self.node)
            .text(&self.table)
            .number(self.bucket)
            .number(self.min_time)
            .number(self.max_time)
            .number(self.rows)
            .number(self.bytes)
            .number(self.first_sequence)
            .number(self.last_sequence)
            .number(self.written)
            .number(self.format)
            .text(&self.path)
            .number(self.tail_offset)
            .number(self.tail_checksum)
            .finish()
    }

    /// `None` if a value is invalid, whatever the checksum says.
    fn segment(self) -> Option<Segment> {
        let tail = FileTail {
            offset: u64::try_from(self.tail_offset).ok()?,
            checksum: u32::try_from(self.tail_checksum).ok()?,
        };
        // `max_time` is that of the newest row; a range has an exclusive end.
        let to = self.max_time.saturating_add(1);
        Some(Segment::new(SegmentRow {
            id: self.id,
            project: self.project.into(),
            node: self.node.into(),
            table: TableId::parse(&self.table)?,
            bucket: UnixNanos(self.bucket),
            range: TimeRange::new(UnixNanos(self.min_time), UnixNanos(to)),
            rows: u64::try_from(self.rows).ok()?,
            extent: Extent {
                bytes: u64::try_from(self.bytes).ok()?,
                tail,
            },
            lineage: Lineage::envelope(
                u64::try_from(self.first_sequence).ok()?,
                u64::try_from(self.last_sequence).ok()?,
            ),
            written: UnixNanos(self.written),
            path: self.path,
        }))
    }
}

/// The values of a row that can be trusted although its checksum does not match. The path repeats
/// project, table and bucket. If both agree, nothing before the bucket is missing; otherwise any
/// time may be missing. The end is unknown, but nothing written after the damage was noticed is
/// missing.
fn believable(row: &SqliteRow) -> Quarantined {
    let mut lost = Quarantined {
        segment: row.try_get("id").unwrap_or(0),
        project: None,
        table: None,
        range: TimeRange::new(UnixNanos(i64::MIN), UnixNanos(i64::MAX)),
        noticed: UnixNanos(0),
        reason: "the checksum of its catalog row does not hold".into(),
    };
    if let Ok(columns) = Columns::of(row)
        && let Some(table) = TableId::parse(&columns.table)
    {
        let bucket = UnixNanos(columns.bucket);
        let project: Text = columns.project.into();
        if crate::folder::path::segment(&project, table, bucket, columns.id) == columns.path {
            lost.project = Some(project);
            lost.table = Some(table);
            lost.range.from = bucket;
        }
    }
    lost
}
