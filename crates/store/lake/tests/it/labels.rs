//! Labels of services survive a flush, a crash and a restart. The last reported value counts.

use crate::folder::Folder;
use hinomi_lake::{Batch, Lake, ServiceLabels};
use hinomi_model::{Resource, UnixNanos};
use hinomi_testkit::SpanBuilder;
use std::{sync::Arc, time::Duration};

fn batch(trace: u64, service: &str, attributes: &str) -> Batch {
    let end = UnixNanos::from_millis(1_000_000);
    let mut span = SpanBuilder::server(service, "GET /")
        .in_trace(trace)
        .ends(end, Duration::from_millis(5))
        .build();
    span.resource = Arc::new(Resource {
        attributes: attributes.into(),
        ..(*span.resource).clone()
    });
    Batch::of("default", [&span])
}

fn labels(lake: &Lake, service: &str) -> ServiceLabels {
    let labels = lake.labels("default");
    let found = labels.iter().find(|(key, _)| *key.service == *service);
    found.map(|(_, labels)| labels.clone()).unwrap_or_default()
}

#[tokio::test]
async fn what_a_resource_said_last_outlives_a_crash_and_a_restart() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    let first = r#"{"service.owner":"web","cloud.region":"tokyo"}"#;
    lake.append(batch(1, "shop", first)).await.unwrap();
    lake.flush().await.unwrap();
    lake.append(batch(2, "shop", r#"{"team":"pay"}"#))
        .await
        .unwrap();
    lake.append(batch(3, "silent", "{}")).await.unwrap();
    let expected = ServiceLabels::from([
        ("cloud.region".into(), "tokyo".into()),
        ("team".into(), "pay".into()),
    ]);
    assert_eq!(labels(&lake, "shop"), expected);
    drop(lake);
    let (lake, _) = folder.open().await;
    assert_eq!(labels(&lake, "shop"), expected, "after a crash");
    lake.flush().await.unwrap();
    lake.close().await.unwrap();
    drop(lake);
    let (lake, _) = folder.open().await;
    assert_eq!(labels(&lake, "shop"), expected, "after a restart");
    assert_eq!(labels(&lake, "silent"), ServiceLabels::new());
}
