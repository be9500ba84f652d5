//! Database products by their quoting rules.

use crate::postgresql;
use sqlparser::dialect as parser;

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

    pub(crate) fn parser(self) -> &'static dyn parser::Dialect {
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
