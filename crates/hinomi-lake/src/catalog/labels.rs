//! The catalog's table `labels`. A row whose checksum does not hold is left out until it is said again.

use super::{
    Catalog,
    services_rows::{holds, text},
    sums::RowSum,
};
use hinomi_model::{Text, rollup::ServiceKey};
use sqlx::SqliteConnection;

/// A label of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabelRow {
    pub project: Text,
    pub service: ServiceKey,
    pub name: Text,
    pub value: Text,
}

impl Catalog {
    /// Every label that was said.
    pub async fn labels(&self) -> Result<Vec<LabelRow>, sqlx::Error> {
        let mut guard = self.connection.lock().await;
        let connection = guard.as_mut().ok_or(sqlx::Error::PoolClosed)?;
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
}

/// Remembers what a service's resource said last.
pub(super) async fn upsert_label(
    connection: &mut SqliteConnection,
    label: &LabelRow,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT OR REPLACE INTO labels
                (project, service, namespace, environment, name, value, checksum)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&*label.project)
    .bind(&*label.service.service)
    .bind(&*label.service.namespace)
    .bind(&*label.service.environment)
    .bind(&*label.name)
    .bind(&*label.value)
    .bind(label_sum(label))
    .execute(connection)
    .await
    .map(drop)
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
