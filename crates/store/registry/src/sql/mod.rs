//! SQLite and PostgreSQL: one text of SQL for both, on the few operations in which their drivers
//! differ.

mod migrations;
mod postgres;
mod repositories;
mod sqlite;

pub use postgres::{PostgresDatabase, check_url};
pub use sqlite::{SqliteDatabase, copy, look};

use hinomi_model::{Text, UnixNanos};
use sqlx::{ColumnIndex, Decode, SqlStr, Type};

/// A value of a statement.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(Text),
    Number(i64),
}

impl From<&Text> for Value {
    fn from(text: &Text) -> Self {
        Self::Text(text.clone())
    }
}

impl From<UnixNanos> for Value {
    fn from(instant: UnixNanos) -> Self {
        Self::Number(instant.0)
    }
}

/// A row of an answer.
pub(crate) trait Row: Send {
    fn text(&self, column: usize) -> Result<Text, sqlx::Error>;
    fn number(&self, column: usize) -> Result<Option<i64>, sqlx::Error>;
}

impl<R: sqlx::Row + Send> Row for R
where
    usize: ColumnIndex<R>,
    for<'r> &'r str: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
{
    fn text(&self, column: usize) -> Result<Text, sqlx::Error> {
        Ok(self.try_get::<&str, _>(column)?.into())
    }

    fn number(&self, column: usize) -> Result<Option<i64>, sqlx::Error> {
        self.try_get(column)
    }
}

/// A transaction of one of the drivers.
pub(crate) trait Connection: Send + 'static {
    type Row: Row;

    /// Executes a statement. Returns the number of rows that it changed.
    fn execute(
        &mut self,
        sql: SqlStr,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    /// All rows that a statement returns.
    fn fetch(
        &mut self,
        sql: &'static str,
    ) -> impl Future<Output = Result<Vec<Self::Row>, sqlx::Error>> + Send;

    fn commit(self) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// A transaction with the repositories on it.
pub(crate) struct Begun<C>(pub C);
