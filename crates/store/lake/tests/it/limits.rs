//! Behaviour when something is full, slow or malformed.

use crate::folder::{Folder, MINUTE, agreed_total, all, total};
use hinomi_conformance::spans::{Spec, batch, batch_of, entries, span};
use hinomi_lake::{
    AppendError, Asker, Lake, LakeError, LakeLimits, QuestionKind, TransactionSearch,
};
use hinomi_model::{Scope, Selection};
use std::time::Duration;

#[tokio::test]
async fn a_name_that_could_leave_its_folder_is_no_project() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    let spans = || vec![span(&Spec::default())];
    for name in ["", "..", "a/b", "Upper", "../../etc"] {
        let refused = lake.append(batch_of(name, spans())).await.unwrap_err();
        assert_eq!(refused, AppendError::Project(name.into()));
        assert!(!refused.is_retryable());
    }
    lake.append(batch_of("team-2", spans())).await.unwrap();
    lake.flush().await.unwrap();
    assert_eq!(total(&lake).await, 0);
    let scope = Scope {
        project: "team-2".into(),
        ..Scope::of("default")
    };
    let selection = Selection {
        scope,
        ..Selection::of(Scope::of("default"))
    };
    let found = lake
        .transactions(TransactionSearch { selection, ..all() })
        .await
        .unwrap();
    assert_eq!(found.total, 1);
}

#[tokio::test]
async fn a_full_queue_refuses_and_what_was_refused_is_not_there() {
    let limits = LakeLimits {
        queue_bytes: 20_000,
        ..LakeLimits::default()
    };
    let folder = Folder::with(limits);
    let (lake, _) = folder.open().await;
    // All batches are offered before the committer can run, and together they exceed the queue's
    // limit.
    let appends = (0..40_u32).map(|at| {
        let lake = lake.clone();
        tokio::spawn(async move { lake.append(entries(at * 30 + 1..at * 30 + 31)).await })
    });
    let appends: Vec<_> = appends.collect();
    let mut taken = 0;
    for append in appends {
        match append.await.unwrap() {
            Ok(()) => taken += 30,
            Err(error) => assert_eq!(error, AppendError::Full),
        }
    }
    assert!(taken >= 30);
    assert_eq!(agreed_total(&lake).await, taken);
    assert_eq!(lake.stats().queue_bytes, 0);
}

#[tokio::test]
async fn a_batch_over_the_limit_is_refused_for_good() {
    let limits = LakeLimits {
        batch_bytes: 20_000,
        ..LakeLimits::default()
    };
    let folder = Folder::with(limits);
    let (lake, _) = folder.open().await;
    lake.append(entries(1..10)).await.unwrap();
    let refused = lake.append(entries(10..1_000)).await.unwrap_err();
    assert!(matches!(
        refused,
        AppendError::TooLarge { limit: 20_000, .. }
    ));
    assert!(!refused.is_retryable());
    assert_eq!(agreed_total(&lake).await, 9);
    assert_eq!(lake.stats().queue_bytes, 0);
}

#[tokio::test]
async fn an_empty_batch_waits_for_all_before_it() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    let (first, barrier) = tokio::join!(lake.append(entries(1..2_000)), async {
        lake.append(batch(vec![])).await.unwrap();
        total(&lake).await
    });
    first.unwrap();
    assert_eq!(barrier, 1_999);
}

#[tokio::test]
async fn a_closed_lake_takes_nothing_and_still_answers() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..10)).await.unwrap();
    lake.close().await.unwrap();
    assert_eq!(
        lake.append(entries(10..20)).await,
        Err(AppendError::ShuttingDown)
    );
    assert!(matches!(lake.flush().await, Err(LakeError::Closed)));
    assert_eq!(agreed_total(&lake).await, 9);
    lake.close().await.unwrap();
}

#[tokio::test]
async fn closing_leaves_nothing_to_replay() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..100)).await.unwrap();
    lake.close().await.unwrap();
    drop(lake);
    let (lake, recovery) = folder.open().await;
    assert_eq!((recovery.replayed_batches, recovery.segments), (0, 5));
    assert_eq!(agreed_total(&lake).await, 99);
}

#[tokio::test]
async fn an_old_memtable_is_sealed_though_it_is_small() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..10)).await.unwrap();
    folder.clock.advance(MINUTE);
    // The committer checks the memtable before it takes the next batch.
    lake.append(batch(vec![])).await.unwrap();
    lake.append(entries(10..20)).await.unwrap();
    lake.flush().await.unwrap();
    assert_eq!(lake.stats().flushes, 2);
}

#[tokio::test]
async fn a_query_over_its_time_is_ended() {
    let limits = LakeLimits {
        query_timeout: Duration::ZERO,
        ..LakeLimits::default()
    };
    let folder = Folder::with(limits);
    let (lake, _) = folder.open().await;
    for from in 0..20 {
        lake.append(entries(from * 1_000 + 1..from * 1_000 + 1_001))
            .await
            .unwrap();
    }
    assert!(matches!(
        lake.transactions(all()).await,
        Err(LakeError::TimedOut)
    ));
}

#[tokio::test]
async fn a_query_over_its_memory_is_ended_and_gives_all_of_it_back() {
    let mut folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..250)).await.unwrap();
    let id = entries(1..2).spans.rows[0].trace_id;
    let trace = |lake: &Lake| {
        let lake = lake.clone();
        async move { lake.trace("default".into(), id, 10).await }
    };
    let found = trace(&lake).await.unwrap().spans;
    assert_eq!(found.len(), 1);
    lake.close().await.unwrap();
    drop(lake);
    folder.limits.query_bytes = 100;
    let (lake, _) = folder.open().await;
    for _ in 0..3 {
        let refused = trace(&lake).await.unwrap_err();
        assert!(matches!(refused, LakeError::OutOfMemory { limit: 100 }));
        assert_eq!(lake.stats().query_bytes, 0);
    }
    assert_eq!(
        lake.stats().damaged_segments,
        0,
        "nothing is wrong with the segment"
    );
    drop(lake);
    folder.limits.query_bytes = LakeLimits::default().query_bytes;
    let (lake, _) = folder.open().await;
    assert_eq!(trace(&lake).await.unwrap().spans, found);
    assert_eq!(lake.stats().query_bytes, 0);
}

#[tokio::test]
async fn a_memtable_larger_than_the_memory_for_writing_is_written() {
    let limits = LakeLimits {
        writing_bytes: 1,
        ..LakeLimits::default()
    };
    let folder = Folder::with(limits);
    let (lake, _) = folder.open().await;
    lake.append(entries(1..1_000)).await.unwrap();
    lake.flush().await.unwrap();
    assert_eq!(lake.stats().writing_bytes, 0);
    assert_eq!(agreed_total(&lake).await, 999);
}

#[tokio::test]
async fn queries_beyond_the_bound_and_those_that_waited_too_long_are_refused() {
    // Without threads the first query waits until its time limit.
    let limits = LakeLimits {
        query_threads: 0,
        waiting_queries: 1,
        query_timeout: Duration::from_millis(20),
        ..LakeLimits::default()
    };
    let folder = Folder::with(limits);
    let (lake, _) = folder.open().await;
    for refused in [2, 4] {
        let (first, second) = tokio::join!(lake.transactions(all()), lake.transactions(all()));
        assert!(matches!(first, Err(LakeError::Busy)));
        assert!(matches!(second, Err(LakeError::Busy)));
        let own = lake.stats().questions[QuestionKind::Own as usize];
        assert_eq!((own.waiting, own.asked, own.refused), (0, refused, refused));
    }
}

fn asker(kind: QuestionKind) -> Asker {
    Asker {
        kind,
        name: "192.0.2.7".into(),
    }
}

#[tokio::test]
async fn a_page_is_answered_while_searches_of_the_same_asker_wait() {
    let limits = LakeLimits {
        scan_threads: 0,
        ..LakeLimits::default()
    };
    let folder = Folder::with(limits);
    let (lake, _) = folder.open().await;
    lake.append(entries(1..10)).await.unwrap();
    let by_text = || TransactionSearch {
        text: Some("x".into()),
        ..all()
    };
    // A list filtered by text counts as a search, whoever asks; an export stays an export.
    let search = |kind| asker(kind).ask(lake.transactions(by_text()));
    let mut waiting = Box::pin(async {
        tokio::join!(
            search(QuestionKind::Page),
            search(QuestionKind::Search),
            search(QuestionKind::Export)
        )
    });
    let page = tokio::select! {
        biased;
        searched = &mut waiting => panic!("there is no thread for it: {searched:?}"),
        page = asker(QuestionKind::Page).ask(lake.transactions(all())) => page,
    };
    let questions = lake.stats().questions;
    assert_eq!(questions.map(|of| of.waiting), [0, 0, 2, 1]);
    drop(waiting);
    assert_eq!(page.unwrap().total, 9);
    let questions = lake.stats().questions;
    assert_eq!(
        questions.map(|of| of.waiting),
        [0; 4],
        "nobody waits for them"
    );
    assert_eq!(questions.map(|of| of.asked), [0, 1, 2, 1]);
}

#[tokio::test]
async fn searches_and_exports_answer_as_pages_do() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..10)).await.unwrap();
    for kind in QuestionKind::ALL {
        let found = asker(kind).ask(lake.transactions(all())).await;
        assert_eq!(found.unwrap().total, 9, "{kind:?}");
    }
}

#[tokio::test]
async fn broken_clocks_make_few_files_and_right_answers() {
    let limits = LakeLimits {
        buckets_per_flush: 4,
        ..LakeLimits::default()
    };
    let folder = Folder::with(limits);
    let (lake, _) = folder.open().await;
    let scattered = |id: u32| {
        span(&Spec {
            id,
            end_ms: -i64::from(id) * 7 * 24 * 3_600_000,
            ..Spec::default()
        })
    };
    lake.append(batch((1..=200).map(scattered).collect()))
        .await
        .unwrap();
    lake.flush().await.unwrap();
    assert!(
        folder.segment_files().len() <= 5 * 4,
        "{}",
        folder.segment_files().len()
    );
    assert_eq!(agreed_total(&lake).await, 200);
}

#[tokio::test]
async fn spans_at_the_ends_of_time_are_stored() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    let mut early = span(&Spec {
        id: 1,
        ..Spec::default()
    });
    (early.start, early.end) = (hinomi_model::UnixNanos(0), hinomi_model::UnixNanos(0));
    let mut late = span(&Spec {
        id: 2,
        ..Spec::default()
    });
    late.end = hinomi_model::UnixNanos(i64::MAX);
    late.start = late.end;
    lake.append(batch(vec![early.clone(), late.clone()]))
        .await
        .unwrap();
    lake.flush().await.unwrap();
    let found = lake
        .trace("default".into(), early.trace_id, 10)
        .await
        .unwrap();
    assert_eq!(found.spans, [early, late]);
}
