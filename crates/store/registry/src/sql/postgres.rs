//! PostgreSQL, for a registry outside of the data folder.

use super::{Begun, Connection, Value, migrations};
use crate::{
    RegistryError,
    repository::{Database, RegistryReply, RegistryTransaction},
};
use hinomi_model::Text;
use sqlx::{
    ConnectOptions, PgPool, Postgres, SqlStr,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
};
use std::{str::FromStr, time::Duration};

/// Connections of one Hinomi. Its changes come one after the other; a second connection covers one
/// that is being replaced.
const CONNECTIONS: u32 = 2;

/// A database of a PostgreSQL server.
pub struct PostgresDatabase {
    pool: PgPool,
}

impl PostgresDatabase {
    /// Connects to `postgres://…`, tries for `time`, and brings the tables up to date. Several Hinomi
    /// may do this at once: the migrations hold a lock.
    pub async fn open(url: &str, time: Duration) -> Result<Self, RegistryError> {
        let options = options(url)?.disable_statement_logging();
        let place = place(&options);
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(time);
        let opened = async {
            let pool = pool.connect_with(options).await?;
            migrations::postgres().run(&pool).await?;
            Ok(Self { pool })
        };
        opened
            .await
            .map_err(|source: RegistryError| RegistryError::Server {
                place,
                source: Box::new(source),
            })
    }
}

/// The address, understood.
fn options(url: &str) -> Result<PgConnectOptions, RegistryError> {
    let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    // The parser's own errors could repeat the address, with its password.
    let options = is_postgres.then(|| PgConnectOptions::from_str(url).ok());
    let options = options.flatten().ok_or(RegistryError::Address)?;
    Ok(options.application_name("hinomi"))
}

/// Where a database is, without who asks and with which password.
fn place(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or_default();
    match options.get_socket() {
        Some(socket) => format!("{}/{database}", socket.display()),
        None => format!("{}:{}/{database}", options.get_host(), options.get_port()),
    }
}

/// Checks that an address is one of a PostgreSQL database. Returns it without user and password.
pub fn check_url(url: &str) -> Result<String, RegistryError> {
    options(url).map(|options| place(&options))
}

impl Database for PostgresDatabase {
    fn begin(&self) -> RegistryReply<'_, Box<dyn RegistryTransaction>> {
        Box::pin(async move {
            let begun = self.pool.begin().await?;
            Ok(Box::new(Begun(begun)) as Box<dyn RegistryTransaction>)
        })
    }

    fn close(&self) -> RegistryReply<'_, ()> {
        Box::pin(async move {
            self.pool.close().await;
            Ok(())
        })
    }
}

impl Connection for sqlx::Transaction<'static, Postgres> {
    type Row = PgRow;

    async fn execute(&mut self, sql: SqlStr, values: Vec<Value>) -> Result<u64, sqlx::Error> {
        let mut query = sqlx::query(sql);
        for value in values {
            query = match value {
                Value::Text(text) => query.bind(storable(&text)),
                Value::Number(number) => query.bind(number),
            };
        }
        Ok(query.execute(&mut **self).await?.rows_affected())
    }

    async fn fetch(&mut self, sql: &'static str) -> Result<Vec<PgRow>, sqlx::Error> {
        sqlx::query(sql).fetch_all(&mut **self).await
    }

    async fn commit(self) -> Result<(), sqlx::Error> {
        sqlx::Transaction::commit(self).await
    }
}

/// PostgreSQL's texts have no NUL. Keys with one are never written; see `DatabaseRegistry`.
fn storable(text: &Text) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_without_its_password() {
        let said = check_url("postgres://hinomi:s3cret@db.example:5433/ops").unwrap();
        assert_eq!(said, "db.example:5433/ops");
        for wrong in ["", "mysql://a:s3cret@b/c", "postgres://a:s3cret@b:port/c"] {
            let error = check_url(wrong).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}
