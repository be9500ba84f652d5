//! The suite of the repositories on each database.

use crate::suite;
use hinomi_registry::{
    MemoryDatabase, PostgresDatabase, RegistryError, SqliteDatabase, copy, look,
    repository::Database,
};
use hinomi_testkit::Postgres;
use std::{sync::Arc, time::Duration};

/// How long a test waits for a server that does not answer.
const OPEN_TIME: Duration = Duration::from_millis(500);

#[tokio::test]
async fn memory_passes_the_suite() {
    let database = MemoryDatabase::default();
    suite::run(async || Arc::new(database.clone()) as Arc<dyn Database>).await;
}

#[tokio::test]
async fn sqlite_passes_the_suite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.db");
    suite::run(async || Arc::new(SqliteDatabase::open(&path).await.unwrap()) as Arc<dyn Database>)
        .await;
    assert_eq!(look(&path).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn postgresql_passes_the_suite() {
    let server = Postgres::start();
    let url = server.database("ops");
    suite::run(async || {
        let opened = PostgresDatabase::open(&url, Duration::from_secs(30)).await;
        Arc::new(opened.unwrap()) as Arc<dyn Database>
    })
    .await;
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_told_without_the_password() {
    let url = "postgres://hinomi:s3cret@127.0.0.1:1/ops";
    let opened = PostgresDatabase::open(url, OPEN_TIME).await;
    let Err(error) = opened else {
        panic!("nothing listens there");
    };
    assert!(matches!(error, RegistryError::Server { .. }), "{error:?}");
    assert!(error.to_string().contains("127.0.0.1:1/ops"), "{error}");
    assert!(
        !format!("{error} {error:?}").contains("s3cret"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_stays() {
    use hinomi_io::{Disk, RealDisk};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.db");
    let bytes = [7; 8_192];
    RealDisk.create(&path).unwrap().append(&bytes).unwrap();
    let opened = SqliteDatabase::open(&path).await;
    assert!(matches!(opened, Err(RegistryError::File { .. })));
    assert!(look(&path).await.is_err());
    let mut read = [0; 8_192];
    let file = RealDisk.open(&path).unwrap();
    file.read_exact_at(&mut read, 0).unwrap();
    assert_eq!(read, bytes);
}

#[tokio::test]
async fn a_copy_of_a_database_in_use_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (path, to) = (
        folder.path().join("registry.db"),
        folder.path().join("copy.db"),
    );
    let database = SqliteDatabase::open(&path).await.unwrap();
    suite::add_one_deployment(&database).await;
    copy(&path, &to).await.unwrap();
    let copied = SqliteDatabase::open(&to).await.unwrap();
    let mut begun = copied.begin().await.unwrap();
    assert_eq!(begun.deployments().await.unwrap().len(), 1);
}

#[tokio::test]
async fn looking_and_copying_leave_nothing_beside_a_database_at_rest() {
    use hinomi_io::{Disk, RealDisk};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.db");
    let database = SqliteDatabase::open(&path).await.unwrap();
    suite::add_one_deployment(&database).await;
    database.close().await.unwrap();
    let outside = tempfile::tempdir().unwrap();
    let to = outside.path().join("copy.db");
    assert_eq!(look(&path).await.unwrap(), [""; 0]);
    copy(&path, &to).await.unwrap();
    let files = RealDisk.list(folder.path()).unwrap();
    let files: Vec<_> = files.iter().map(|file| &file.path).collect();
    assert_eq!(files, [&path]);
    let copied = SqliteDatabase::open(&to).await.unwrap();
    let mut begun = copied.begin().await.unwrap();
    assert_eq!(begun.deployments().await.unwrap().len(), 1);
}
