//! The migrations of both databases, in pairs: equal numbers and names, and the same meaning.

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// A migration: name, and SQL for each database.
struct Pair {
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! pair {
    ($name:literal) => {
        Pair {
            name: $name,
            sqlite: include_str!(concat!(
                "../../../../../migrations/sqlite/registry/",
                $name,
                ".sql"
            )),
            postgres: include_str!(concat!(
                "../../../../../migrations/postgres/registry/",
                $name,
                ".sql"
            )),
        }
    };
}

/// In order. A migration that was part of a release never changes.
const ALL: [Pair; 3] = [
    pair!("0001_services"),
    pair!("0002_told"),
    pair!("0003_engines"),
];

pub(super) fn sqlite() -> Migrator {
    migrator(|pair| pair.sqlite)
}

pub(super) fn postgres() -> Migrator {
    migrator(|pair| pair.postgres)
}

fn migrator(sql: impl Fn(&Pair) -> &'static str) -> Migrator {
    let migrations = (1..).zip(&ALL).map(|(version, pair)| {
        let sql = sql(pair).into_sql_str();
        Migration::new(version, pair.name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_io::{Disk, RealDisk};
    use std::path::Path;

    #[test]
    fn both_folders_have_the_migrations_of_the_list_and_no_others() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../migrations");
        let listed: Vec<String> = ALL
            .iter()
            .map(|pair| format!("{}.sql", pair.name))
            .collect();
        for database in ["sqlite", "postgres"] {
            let files = RealDisk
                .list(&root.join(database).join("registry"))
                .unwrap();
            let mut names: Vec<String> = files
                .iter()
                .map(|file| {
                    file.path
                        .file_name()
                        .unwrap()
                        .to_string_lossy()
                        .into_owned()
                })
                .collect();
            names.sort();
            assert_eq!(names, listed, "{database}");
        }
        for (number, pair) in (1..).zip(&ALL) {
            assert!(
                pair.name.starts_with(&format!("{number:04}_")),
                "{}",
                pair.name
            );
        }
    }
}
