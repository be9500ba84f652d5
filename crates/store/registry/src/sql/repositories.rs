//! The repositories in SQL, the same text for SQLite and PostgreSQL.

use super::{Begun, Connection, Row, Value};
use crate::repository::{
    Deployments, Engines, LabelRow, Labels, Peers, PromotedAttributes, PromotedRow, RegistryReply,
    RegistryTransaction, ServiceOf, ServiceRow, Services, SettingsOfServices, VersionRow, Versions,
};
use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use hinomi_store::{Deployed, LearnedTo, Peer, ServiceSettings};
use sqlx::{AssertSqlSafe, SqlSafeStr};
use std::{fmt::Write, time::Duration};

/// Rows that one statement writes. A hundred rows of seven values are well below the number of
/// values that either database takes.
const ROWS_AT_ONCE: usize = 100;

/// A service in the columns from `column` on.
fn service(row: &impl Row, column: usize) -> Result<ServiceKey, sqlx::Error> {
    Ok(ServiceKey {
        service: row.text(column)?,
        namespace: row.text(column + 1)?,
        environment: row.text(column + 2)?,
    })
}

fn service_of(row: &impl Row) -> Result<ServiceOf, sqlx::Error> {
    Ok(ServiceOf {
        project: row.text(0)?,
        service: service(row, 1)?,
    })
}

fn instant(row: &impl Row, column: usize) -> Result<UnixNanos, sqlx::Error> {
    Ok(UnixNanos(row.number(column)?.unwrap_or_default()))
}

fn values_of(of: &ServiceOf) -> [Value; 4] {
    let key = &of.service;
    [&of.project, &key.service, &key.namespace, &key.environment].map(Value::from)
}

impl<C: Connection> Begun<C> {
    async fn rows<T>(
        &mut self,
        sql: &'static str,
        read: impl Fn(&C::Row) -> Result<T, sqlx::Error> + Send,
    ) -> Result<Vec<T>, crate::RegistryError> {
        let rows = self.0.fetch(sql).await?;
        let rows: Result<Vec<T>, sqlx::Error> = rows.iter().map(read).collect();
        Ok(rows?)
    }

    /// Executes `head VALUES (…), (…) tail`, a bounded number of rows at once.
    async fn insert(
        &mut self,
        head: &'static str,
        rows: Vec<Vec<Value>>,
        tail: &'static str,
    ) -> Result<(), crate::RegistryError> {
        for rows in rows.chunks(ROWS_AT_ONCE) {
            let mut sql = format!("{head} VALUES ");
            let mut number = 0;
            for (at, row) in rows.iter().enumerate() {
                sql.push_str(if at == 0 { "(" } else { ", (" });
                for column in 0..row.len() {
                    number += 1;
                    let comma = if column == 0 { "" } else { ", " };
                    // Writing to a String cannot fail.
                    let _ = write!(sql, "{comma}${number}");
                }
                sql.push(')');
            }
            let _ = write!(sql, " {tail}");
            // Made of constants and numbers of values only.
            let sql = AssertSqlSafe(sql).into_sql_str();
            let values = rows.iter().flatten().cloned().collect();
            self.0.execute(sql, values).await?;
        }
        Ok(())
    }

    async fn execute(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<u64, crate::RegistryError> {
        Ok(self.0.execute(sql.into_sql_str(), values).await?)
    }
}

impl<C: Connection> RegistryTransaction for Begun<C> {
    fn commit(self: Box<Self>) -> RegistryReply<'static, ()> {
        Box::pin(async move { Ok(self.0.commit().await?) })
    }
}

impl<C: Connection> Services for Begun<C> {
    fn services(&mut self) -> RegistryReply<'_, Vec<ServiceRow>> {
        Box::pin(self.rows(
            "SELECT project, service, namespace, environment, newest_ns FROM services",
            |row| {
                Ok(ServiceRow {
                    of: service_of(row)?,
                    newest: instant(row, 4)?,
                })
            },
        ))
    }

    fn put_services(&mut self, rows: Vec<ServiceRow>) -> RegistryReply<'_, ()> {
        let rows = rows.iter().map(|row| {
            let mut values = values_of(&row.of).to_vec();
            values.push(row.newest.into());
            values
        });
        Box::pin(self.insert(
            "INSERT INTO services (project, service, namespace, environment, newest_ns)",
            rows.collect(),
            "ON CONFLICT (project, service, namespace, environment) DO UPDATE \
             SET newest_ns = excluded.newest_ns WHERE excluded.newest_ns > services.newest_ns",
        ))
    }

    fn remove_services(&mut self, of: Vec<ServiceOf>) -> RegistryReply<'_, ()> {
        Box::pin(async move {
            for of in of {
                let sql = "DELETE FROM services WHERE project = $1 AND service = $2 \
                    AND namespace = $3 AND environment = $4";
                self.execute(sql, values_of(&of).to_vec()).await?;
            }
            Ok(())
        })
    }
}

impl<C: Connection> Versions for Begun<C> {
    fn versions(&mut self) -> RegistryReply<'_, Vec<VersionRow>> {
        Box::pin(self.rows(
            "SELECT project, service, namespace, environment, version, first_ns FROM versions",
            |row| {
                Ok(VersionRow {
                    of: service_of(row)?,
                    version: row.text(4)?,
                    first: instant(row, 5)?,
                })
            },
        ))
    }

    fn put_versions(&mut self, rows: Vec<VersionRow>) -> RegistryReply<'_, ()> {
        let rows = rows.iter().map(|row| {
            let mut values = values_of(&row.of).to_vec();
            values.extend([(&row.version).into(), row.first.into()]);
            values
        });
        Box::pin(self.insert(
            "INSERT INTO versions (project, service, namespace, environment, version, first_ns)",
            rows.collect(),
            "ON CONFLICT (project, service, namespace, environment, version) DO UPDATE \
             SET first_ns = excluded.first_ns WHERE excluded.first_ns < versions.first_ns",
        ))
    }

    fn remove_versions(&mut self, of: Vec<(ServiceOf, Text)>) -> RegistryReply<'_, ()> {
        Box::pin(async move {
            for (of, version) in of {
                let mut values = values_of(&of).to_vec();
                values.push((&version).into());
                let sql = "DELETE FROM versions WHERE project = $1 AND service = $2 \
                    AND namespace = $3 AND environment = $4 AND version = $5";
                self.execute(sql, values).await?;
            }
            Ok(())
        })
    }
}

/// The values of labels, in the order of their columns.
fn label_values(rows: &[LabelRow]) -> Vec<Vec<Value>> {
    let rows = rows.iter().map(|row| {
        let mut values = values_of(&row.of).to_vec();
        values.extend([&row.name, &row.value].map(Value::from));
        values
    });
    rows.collect()
}

const INSERT_LABELS: &str =
    "INSERT INTO labels (project, service, namespace, environment, name, value)";

impl<C: Connection> Labels for Begun<C> {
    fn labels(&mut self) -> RegistryReply<'_, Vec<LabelRow>> {
        Box::pin(self.rows(
            "SELECT project, service, namespace, environment, name, value FROM labels",
            |row| {
                Ok(LabelRow {
                    of: service_of(row)?,
                    name: row.text(4)?,
                    value: row.text(5)?,
                })
            },
        ))
    }

    fn put_labels(&mut self, rows: Vec<LabelRow>) -> RegistryReply<'_, ()> {
        Box::pin(self.insert(
            INSERT_LABELS,
            label_values(&rows),
            "ON CONFLICT (project, service, namespace, environment, name) DO UPDATE \
             SET value = excluded.value",
        ))
    }

    fn put_missing_labels(&mut self, rows: Vec<LabelRow>) -> RegistryReply<'_, ()> {
        Box::pin(self.insert(
            INSERT_LABELS,
            label_values(&rows),
            "ON CONFLICT (project, service, namespace, environment, name) DO NOTHING",
        ))
    }
}

impl<C: Connection> Peers for Begun<C> {
    fn peers(&mut self) -> RegistryReply<'_, Vec<(Text, Peer)>> {
        Box::pin(self.rows(
            "SELECT project, target, service, seen_ns FROM peers",
            |row| {
                let peer = Peer {
                    target: row.text(1)?,
                    service: row.text(2)?,
                    seen: instant(row, 3)?,
                };
                Ok((row.text(0)?, peer))
            },
        ))
    }

    fn put_peers(&mut self, rows: Vec<(Text, Peer)>) -> RegistryReply<'_, ()> {
        let rows = rows.iter().map(|(project, peer)| {
            let mut values = [project, &peer.target, &peer.service]
                .map(Value::from)
                .to_vec();
            values.push(peer.seen.into());
            values
        });
        Box::pin(self.insert(
            "INSERT INTO peers (project, target, service, seen_ns)",
            rows.collect(),
            "ON CONFLICT (project, target) DO UPDATE \
             SET service = excluded.service, seen_ns = excluded.seen_ns \
             WHERE excluded.seen_ns >= peers.seen_ns",
        ))
    }

    fn remove_peers(&mut self, of: Vec<(Text, Text)>) -> RegistryReply<'_, ()> {
        Box::pin(async move {
            for (project, target) in of {
                let sql = "DELETE FROM peers WHERE project = $1 AND target = $2";
                let values = [&project, &target].map(Value::from).to_vec();
                self.execute(sql, values).await?;
            }
            Ok(())
        })
    }
}

impl<C: Connection> Deployments for Begun<C> {
    fn deployments(&mut self) -> RegistryReply<'_, Vec<(Text, Deployed)>> {
        Box::pin(self.rows(
            "SELECT project, service, namespace, environment, version, at_ns, label \
             FROM deployments ORDER BY id",
            |row| {
                let deployed = Deployed {
                    service: service(row, 1)?,
                    version: row.text(4)?,
                    at: instant(row, 5)?,
                    label: row.text(6)?,
                };
                Ok((row.text(0)?, deployed))
            },
        ))
    }

    fn add_deployments(&mut self, rows: Vec<(Text, Deployed)>) -> RegistryReply<'_, ()> {
        let rows = rows.into_iter().map(|(project, deployed)| {
            let of = ServiceOf {
                project,
                service: deployed.service,
            };
            let mut values = values_of(&of).to_vec();
            values.extend([
                (&deployed.version).into(),
                deployed.at.into(),
                (&deployed.label).into(),
            ]);
            values
        });
        Box::pin(self.insert(
            "INSERT INTO deployments \
             (project, service, namespace, environment, version, at_ns, label)",
            rows.collect(),
            "",
        ))
    }

    fn keep_deployments(&mut self, project: Text, most: usize) -> RegistryReply<'_, ()> {
        Box::pin(async move {
            let most = Value::Number(i64::try_from(most).unwrap_or(i64::MAX));
            let sql = "DELETE FROM deployments WHERE project = $1 AND id NOT IN \
                (SELECT id FROM deployments WHERE project = $1 ORDER BY id DESC LIMIT $2)";
            self.execute(sql, vec![(&project).into(), most]).await?;
            Ok(())
        })
    }
}

impl<C: Connection> PromotedAttributes for Begun<C> {
    fn promoted(&mut self) -> RegistryReply<'_, Vec<PromotedRow>> {
        Box::pin(self.rows(
            "SELECT project, key, since_ns FROM promoted_attributes",
            |row| {
                Ok(PromotedRow {
                    project: row.text(0)?,
                    key: row.text(1)?,
                    since: instant(row, 2)?,
                })
            },
        ))
    }

    fn promote(&mut self, rows: Vec<PromotedRow>) -> RegistryReply<'_, ()> {
        let rows = rows
            .iter()
            .map(|row| vec![(&row.project).into(), (&row.key).into(), row.since.into()]);
        Box::pin(self.insert(
            "INSERT INTO promoted_attributes (project, key, since_ns)",
            rows.collect(),
            "ON CONFLICT (project, key) DO NOTHING",
        ))
    }

    fn demote(&mut self, project: Text, key: Text) -> RegistryReply<'_, ()> {
        Box::pin(async move {
            let sql = "DELETE FROM promoted_attributes WHERE project = $1 AND key = $2";
            let values = [&project, &key].map(Value::from).to_vec();
            self.execute(sql, values).await?;
            Ok(())
        })
    }
}

impl<C: Connection> SettingsOfServices for Begun<C> {
    fn settings(&mut self) -> RegistryReply<'_, Vec<(ServiceOf, ServiceSettings)>> {
        Box::pin(self.rows(
            "SELECT project, service, namespace, environment, slow_threshold_ns \
             FROM service_settings",
            |row| {
                let slow = row.number(4)?.and_then(|nanos| u64::try_from(nanos).ok());
                let settings = ServiceSettings {
                    slow_threshold: slow.map(Duration::from_nanos),
                };
                Ok((service_of(row)?, settings))
            },
        ))
    }

    fn set(&mut self, of: ServiceOf, settings: ServiceSettings) -> RegistryReply<'_, ()> {
        Box::pin(async move {
            let mut values = values_of(&of).to_vec();
            let Some(slow) = settings.slow_threshold else {
                let sql = "DELETE FROM service_settings WHERE project = $1 AND service = $2 \
                    AND namespace = $3 AND environment = $4";
                self.execute(sql, values).await?;
                return Ok(());
            };
            let nanos = i64::try_from(slow.as_nanos()).unwrap_or(i64::MAX);
            values.push(Value::Number(nanos));
            let sql = "INSERT INTO service_settings \
                (project, service, namespace, environment, slow_threshold_ns) \
                VALUES ($1, $2, $3, $4, $5) \
                ON CONFLICT (project, service, namespace, environment) DO UPDATE \
                SET slow_threshold_ns = excluded.slow_threshold_ns";
            self.execute(sql, values).await?;
            Ok(())
        })
    }
}

impl<C: Connection> Engines for Begun<C> {
    fn learned(&mut self) -> RegistryReply<'_, Vec<LearnedTo>> {
        Box::pin(self.rows("SELECT node, sequence FROM learned", |row| {
            let sequence = row
                .number(1)?
                .and_then(|sequence| u64::try_from(sequence).ok());
            Ok(LearnedTo {
                node: row.text(0)?,
                sequence: sequence.unwrap_or(0),
            })
        }))
    }

    fn set_learned(&mut self, mark: LearnedTo) -> RegistryReply<'_, ()> {
        Box::pin(async move {
            let sequence = i64::try_from(mark.sequence).unwrap_or(i64::MAX);
            let sql = "INSERT INTO learned (node, sequence) VALUES ($1, $2) \
                ON CONFLICT (node) DO UPDATE SET sequence = excluded.sequence";
            let values = vec![(&mark.node).into(), Value::Number(sequence)];
            self.execute(sql, values).await?;
            Ok(())
        })
    }

    fn begin_take_over(&mut self, digest: Text) -> RegistryReply<'_, bool> {
        Box::pin(async move {
            let sql = "INSERT INTO taken_over (digest) VALUES ($1) \
                ON CONFLICT (digest) DO NOTHING";
            let changed = self.execute(sql, vec![(&digest).into()]).await?;
            Ok(changed > 0)
        })
    }
}
