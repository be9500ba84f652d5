//! A few simulated minutes from the workload to the table.

use hinomi_claims::{Play, Scene, play, score::health, table};
use std::time::Duration;

#[tokio::test]
async fn a_few_minutes_with_a_fault_give_a_table_with_an_episode() {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let mut scene = Scene::nth(0, 0.5);
    // The partner timeout that begins before live, and the lock burst after it.
    scene.from_unix_ns = scene.workload.live_from_unix_ns - 360_000_000_000;
    let what = Play {
        scene,
        lasts: minutes(5),
        history: minutes(2),
    };
    let played = play(what).await.unwrap();
    assert!(played.faults.iter().any(|fault| fault.partner().is_some()));
    assert!(played.services.values().all(|one| one.steps.len() == 60));
    let scores = played.services.values();
    let episodes: usize = scores
        .map(|one| health::score(&one.steps).episodes.len())
        .sum();
    assert!(episodes > 0);
    let silent = played
        .partners
        .keys()
        .any(|host| host.contains("amberline"));
    assert!(silent);
    let details = table::details(&played);
    assert!(details.contains("was bad"), "{details}");
    let rows = table::rows(&[played]);
    assert!(rows[0].episodes.starts_with(&episodes.to_string()));
    let lines = table::markdown(&rows).lines().count();
    assert_eq!(lines, rows.len() + 2);
}
