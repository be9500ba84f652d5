//! Turns an SQL text into its fingerprint: the same statement with other values gives the same
//! text.
//!
//! Literals and placeholders become `?`. Comments are removed. White space and the case of keywords
//! are unified. Lists of equal elements and rows of `VALUES` are collapsed. Identifiers stay as
//! written. Only the tokenizer of `sqlparser` is used, so a truncated or unparsable statement has a
//! fingerprint too.
//!
//! Promises: no panic; no literal in the output; the fingerprint of a fingerprint is the same text.
//! Text after a quote that is never closed could be data, so all of it becomes one `?`.

mod collapse;
mod outline;
mod pieces;
mod postgresql;
mod print;
mod summary;

pub use outline::outline;

use sqlparser::dialect as parser;

/// Most bytes of a fingerprint; see [`Limits::max_fingerprint_bytes`](crate::Limits).
const MAX_BYTES: usize = 2 << 10;

/// A statement without its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The normalised statement, at most 2 KiB. A longer one is cut and ends in `…`.
    pub text: String,
    /// Operation and first table, such as `SELECT orders`: a name for a span without one. Empty for
    /// a text without words.
    pub summary: String,
}

/// The quoting rules of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// Unknown: double quotes and backticks hold identifiers.
    #[default]
    Generic,
    /// Dollar quotes, `E''`, operators with `?`, `#` and `@`.
    PostgreSql,
    /// Double quotes hold strings, backslashes escape, `#` opens a comment.
    MySql,
    /// Brackets hold identifiers.
    MsSql,
    /// Brackets and backticks hold identifiers.
    Sqlite,
    /// `q''` strings.
    Oracle,
    /// Backslashes escape.
    ClickHouse,
    /// Backslashes escape.
    Snowflake,
    /// Double quotes hold strings, backslashes escape.
    BigQuery,
}

impl Dialect {
    /// All dialects.
    pub const ALL: [Self; 9] = [
        Self::Generic,
        Self::PostgreSql,
        Self::MySql,
        Self::MsSql,
        Self::Sqlite,
        Self::Oracle,
        Self::ClickHouse,
        Self::Snowflake,
        Self::BigQuery,
    ];

    /// The dialect of a `db.system.name` or older `db.system`.
    pub fn of(system: &str) -> Self {
        match system {
            "postgresql" | "cockroachdb" | "redshift" | "aws.redshift" | "edb" | "greenplum"
            | "yugabytedb" | "vertica" => Self::PostgreSql,
            "mysql" | "mariadb" | "tidb" | "vitess" | "memsql" | "singlestore" => Self::MySql,
            "mssql" | "mssqlcompact" | "microsoft.sql_server" | "sybase" => Self::MsSql,
            "sqlite" => Self::Sqlite,
            "oracle" | "oracle.db" => Self::Oracle,
            "clickhouse" => Self::ClickHouse,
            "snowflake" => Self::Snowflake,
            "bigquery" | "gcp.bigquery" | "hive" | "spark" | "databricks" => Self::BigQuery,
            _ => Self::Generic,
        }
    }

    fn parser(self) -> &'static dyn parser::Dialect {
        match self {
            Self::Generic => &parser::GenericDialect {},
            Self::PostgreSql => &postgresql::PostgreSql,
            Self::MySql => &parser::MySqlDialect {},
            Self::MsSql => &parser::MsSqlDialect {},
            Self::Sqlite => &parser::SQLiteDialect {},
            Self::Oracle => &parser::OracleDialect {},
            Self::ClickHouse => &parser::ClickHouseDialect {},
            Self::Snowflake => &parser::SnowflakeDialect,
            Self::BigQuery => &parser::BigQueryDialect,
        }
    }
}

/// The fingerprint of `text`.
pub fn fingerprint(text: &str, dialect: Dialect) -> Fingerprint {
    fingerprint_capped(text, dialect, MAX_BYTES)
}

/// Like [`fingerprint`], with another limit.
pub(crate) fn fingerprint_capped(text: &str, dialect: Dialect, max_bytes: usize) -> Fingerprint {
    let pieces = collapse::collapse(pieces::read(text, dialect.parser()));
    Fingerprint {
        text: print::print(&pieces, max_bytes),
        summary: summary::summary(&pieces),
    }
}
