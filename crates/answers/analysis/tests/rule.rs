//! Asks the analysis as a rule or a report would: over a store, without any page.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hinomi_analysis::{
    Analysis, Basis, Blame, BlameReason, Reason, Usually, Verdict, pattern::PatternKind,
};
use hinomi_io::{RealDisk, clock::ManualClock};
use hinomi_lake::{Lake, LakeConfig, LakeLimits, Retention};
use hinomi_live::{Live, LiveLimits};
use hinomi_model::{Scope, Selection, Span, TimeRange, UnixNanos};
use hinomi_query::{Counted, Query};
use hinomi_registry::DatabaseRegistry;
use hinomi_store::{Batch, Joined};
use hinomi_testkit::{SeededEntropy, SpanBuilder};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;

const NOW: UnixNanos = UnixNanos::from_millis(1_795_358_400_000);
const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// What a rule holds: the analysis of a store, and the questions below it.
struct Asked {
    analysis: Analysis,
    query: Arc<Query>,
    _dir: TempDir,
}

async fn over(spans: &[Span]) -> Asked {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(NOW.0));
    let config = LakeConfig {
        dir: dir.path().to_owned(),
        node: "node-1".into(),
        limits: LakeLimits {
            retention: Retention::FOREVER,
            ..LakeLimits::default()
        },
    };
    let entropy = Arc::new(SeededEntropy::new(1));
    let registry = DatabaseRegistry::in_memory().await.unwrap();
    let disk = Arc::new(RealDisk);
    let opened = Lake::open(config, disk, clock.clone(), entropy, registry.clone());
    let (lake, _) = opened.await.unwrap();
    lake.append(Batch::of("default", spans)).await.unwrap();
    let live = Arc::new(Live::new(NOW, LiveLimits::default()));
    // All spans are in the store.
    live.begin_restore("default", NOW);
    let store = Joined {
        telemetry: lake,
        registry,
    };
    let query = Arc::new(Query::new(Arc::new(store), live, clock.clone()));
    Asked {
        analysis: Analysis::new(query.clone(), clock),
        query,
        _dir: dir,
    }
}

/// The ten minutes before `to`.
fn minutes_before(to: UnixNanos) -> TimeRange {
    TimeRange::new(to.minus(Duration::from_secs(600)), to)
}

/// Ten minutes of ordinary transactions of `payment`, in columns of five seconds. From column
/// `failing_from` on, two in each column fail after three seconds.
fn payments(to: UnixNanos, failing_from: u32) -> Vec<Span> {
    let from = minutes_before(to).from;
    let mut spans = Vec::new();
    for column in 0..120_u32 {
        let mut at = from.plus(Duration::from_secs(5) * column);
        let mut end = || {
            at = at.plus(Duration::from_millis(150));
            at
        };
        let of = |end, millis| {
            let span = SpanBuilder::server("payment", "POST /pay");
            span.ends(end, Duration::from_millis(millis))
        };
        for millis in [20, 22, 25, 28, 30, 35, 40, 50] {
            spans.extend((0..3).map(|_| of(end(), millis).build()));
        }
        if column >= failing_from {
            spans.extend((0..2).map(|_| of(end(), 3_010).fails("Timeout").build()));
        }
    }
    spans
}

#[tokio::test]
async fn a_rule_asks_whether_a_service_is_healthy_and_what_its_trouble_looks_like() {
    let asked = over(&payments(NOW, 60)).await;
    let range = minutes_before(NOW);
    let scope = Scope::of("default");
    let services = asked.analysis.services(&scope, range).await.unwrap();
    let [payment] = &services.items[..] else {
        panic!("{services:?}");
    };
    let Verdict::Bad(Reason::Errors { share, usual: None }) = payment.health.verdict else {
        panic!("{:?}", payment.health);
    };
    assert!((share - 2.0 / 26.0).abs() < 1e-9, "{share}");
    let since = payment.health.since.unwrap();
    assert_eq!(since.at, NOW.minus(Duration::from_secs(300)));
    assert!(!since.or_before);
    let present = asked.analysis.services_at(&scope, "payment", NOW).await;
    assert!(matches!(
        present.unwrap().items[0].health.verdict,
        Verdict::Bad(_)
    ));

    let selection = Selection {
        service: Some("payment".into()),
        ..Selection::of(Scope::of("default"))
    };
    let map = asked.query.hitmap(&selection, range).await.unwrap();
    let found = asked.analysis.patterns(&selection, &map).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    let line = &found[0];
    assert_eq!((line.kind, line.of_all), (PatternKind::Horizontal, false));
    assert_eq!(line.constant, Some(Duration::from_secs(3)));
    assert_eq!((line.from, line.to), (since.at, range.to));
    assert_eq!(line.count, 120);
    let again = asked.analysis.patterns(&selection, &map).await.unwrap();
    assert_eq!(again, found);
}

#[tokio::test]
async fn a_rule_asks_what_is_usual() {
    let weeks = (0..3).map(|back| NOW.minus(WEEK * back));
    let spans: Vec<Span> = weeks.flat_map(|to| payments(to, 120)).collect();
    let asked = over(&spans).await;
    let range = minutes_before(NOW);
    let services = asked.analysis.services(&Scope::of("default"), range).await;
    let health = &services.unwrap().items[0].health;
    assert_eq!(health.verdict, Verdict::Ok);
    assert_eq!(health.basis, Some(Basis::HourOfWeek { weeks: 2 }));
    let (counted, all) = (Counted::Transactions, Selection::of(Scope::of("default")));
    let usually = asked.analysis.typical(&counted, &all, range);
    let Usually::Known(typical) = usually.await.unwrap() else {
        panic!("two weeks are enough");
    };
    assert_eq!(typical.basis, Basis::HourOfWeek { weeks: 2 });
    let rate = typical.points[5].rate.unwrap();
    // Less than half of the time around a column had traffic.
    assert_eq!((rate.low, rate.middle, rate.high), (0.0, 0.0, 24.0 / 5.0));
}

#[tokio::test]
async fn a_rule_asks_who_is_to_blame() {
    let calls = ["payment", "refund"].into_iter().flat_map(|caller| {
        (0..100).map(move |number| {
            let end = NOW.minus(Duration::from_secs(5 + number));
            let call = SpanBuilder::http_call(caller, "bank.example");
            let call = call.ends(end, Duration::from_millis(80));
            let call = if number % 5 == 0 {
                call.fails("Timeout")
            } else {
                call
            };
            call.build()
        })
    });
    let asked = over(&calls.collect::<Vec<_>>()).await;
    let all = Selection::of(Scope::of("default"));
    let partners = asked.analysis.partners(&all, minutes_before(NOW), None);
    let partners = partners.await.unwrap();
    let [bank] = &partners.hosts[..] else {
        panic!("{partners:?}");
    };
    assert_eq!((&*bank.host, bank.all.errors), ("bank.example", 40));
    let theirs = Blame::Theirs(BlameReason::AllCallers { callers: 2 });
    assert_eq!(bank.blame, theirs);
}
