//! A project sees nothing of another: no answer about it changes when another one gets data of the same
//! traces, services and hosts.

use crate::{
    End, Subject,
    questions::{all, all_rollups, ever},
    spans::{Spec, batch_of, span, trace_id},
};
use hinomi_model::{Cursor, Scope, Selection, Span, SpanIdentity, Text, UnixNanos};
use hinomi_store::{
    ArrivalPlace, AttributeSearch, CallTreeSearch, Deployed, LogSearch, Peer, Resolution,
    RollupQuestion, Store, Term, TraceStart, TransactionSearch,
};
use hinomi_testkit::log_records;
use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex},
    time::Duration,
};

fn scope(project: &str) -> Scope {
    Scope {
        project: project.into(),
        environment: None,
        namespace: None,
    }
}

fn selection(project: &str) -> Selection {
    Selection {
        scope: scope(project),
        ..all().selection
    }
}

/// Spans of the same traces and services as those of any other project. `first` makes their ids.
fn spans(first: u32) -> Vec<Span> {
    let spec = |at: u32| Spec {
        id: first + at,
        trace: (at % 5) as u8 + 1,
        service: at as usize % 4,
        instance: at as usize % 3,
        operation: at as usize % 5,
        end_ms: i64::from(at) * 500,
        failed: at.is_multiple_of(7),
        call: at.is_multiple_of(3),
        ..Spec::default()
    };
    (0..40).map(|at| span(&spec(at))).collect()
}

async fn fill(store: &dyn Store, project: &str, first: u32) {
    let project: Text = project.into();
    store
        .append(batch_of(&project, spans(first)))
        .await
        .unwrap();
    let logs = log_records(first.min(100)).iter().collect();
    store.append_logs(project.clone(), logs).await.unwrap();
    let service = format!("service-{first}");
    let peer = Peer {
        target: format!("host-{first}").into(),
        service: service.clone().into(),
        seen: UnixNanos(i64::from(first)),
    };
    store.learn_peer(project.clone(), peer).await.unwrap();
    let deployed = Deployed {
        service: hinomi_model::rollup::ServiceKey {
            service: service.into(),
            namespace: "".into(),
            environment: "".into(),
        },
        version: format!("v{first}").into(),
        at: UnixNanos(i64::from(first)),
        label: "".into(),
    };
    store
        .add_deployment(project.clone(), deployed)
        .await
        .unwrap();
    let key = format!("key.{first}").into();
    let promoted = store.promote_attribute(project, key, UnixNanos(1));
    promoted.await.unwrap();
}

/// Items in an order of their own.
fn sorted<T: std::fmt::Debug>(items: impl IntoIterator<Item = T>) -> Vec<String> {
    let mut texts: Vec<String> = items.into_iter().map(|item| format!("{item:?}")).collect();
    texts.sort_unstable();
    texts
}

/// The answers to all questions about a project, as texts.
async fn answers(store: &dyn Store, project: &str) -> Vec<String> {
    let name: Text = project.into();
    let mut texts = Vec::new();
    let mut say = |answer: &dyn std::fmt::Debug| texts.push(format!("{answer:?}"));
    let search = TransactionSearch {
        selection: selection(project),
        ..all()
    };
    let transactions = store.transactions(search.clone()).await.unwrap();
    say(&transactions);
    let times = store.transaction_times(search.clone()).await.unwrap();
    let mut times = times.unwrap().times;
    times.sort_unstable();
    say(&times);
    let arrived = store.arrived(search, ArrivalPlace(0)).await.unwrap();
    say(&arrived.total);
    for resolution in Resolution::ALL {
        let question = RollupQuestion {
            selection: selection(project),
            ..all_rollups(resolution)
        };
        say(&sorted(store.rollups(question).await.unwrap().groups));
        say(&store.rollups_kept_from(project, resolution));
    }
    for trace in 1..6 {
        let start = TraceStart::First;
        let page = store.trace_page(name.clone(), trace_id(trace), start, 100);
        say(&page.await.unwrap());
    }
    let ids = (1..6).map(trace_id).collect();
    let time = Duration::from_secs(5);
    let traces = store.traces(name.clone(), ids, ever(), 100, time);
    say(&traces.await.unwrap());
    for order in [1, 11, 1_011] {
        let search = AttributeSearch {
            scope: scope(project),
            service: None,
            range: ever(),
            terms: vec![Term::Is {
                key: "order.id".into(),
                value: order.to_string().into(),
            }],
            before: None,
            limit: 100,
        };
        let found = store.search(search, Box::new(|_| {})).await.unwrap();
        say(&found.rows);
    }
    let trees = store.call_trees(CallTreeSearch {
        selection: selection(project),
        range: ever(),
        slow_threshold: Duration::from_secs(1),
        before: Duration::from_secs(60),
        after: Duration::from_secs(60),
        categories: Vec::new(),
        names: true,
    });
    let trees = trees.await.unwrap();
    say(&(trees.transactions.len(), trees.spans.len()));
    let all_ids = (1..41).chain(1_001..1_041).map(|id| {
        span(&Spec {
            id,
            ..Spec::default()
        })
    });
    let cursors = all_ids.flat_map(|span| {
        (1..6).map(move |trace| Cursor {
            end: span.end,
            trace_id: trace_id(trace),
            span_id: span.span_id,
        })
    });
    let found = store.transactions_at(name.clone(), cursors.collect());
    say(&found.await.unwrap().len());
    let mut services = store.services(name.clone()).await.unwrap();
    services.sort_unstable();
    say(&services);
    let logs = store.logs(LogSearch {
        scope: scope(project),
        range: ever(),
        service: None,
        min_severity: 0,
        trace_id: None,
        after: None,
        limit: 1_000,
    });
    say(&logs.await.unwrap());
    let ids = Arc::new(Mutex::new(Vec::new()));
    let seen = ids.clone();
    let see = Box::new(move |span: SpanIdentity| {
        seen.lock().unwrap().push((span.trace_id, span.span_id));
        ControlFlow::Continue(())
    });
    store
        .spans_since(name.clone(), UnixNanos(0), see)
        .await
        .unwrap();
    let mut ids = ids.lock().unwrap().clone();
    ids.sort_unstable();
    say(&ids);
    say(&store.peers(name.clone()).await.unwrap());
    say(&sorted(store.versions(project)));
    say(&store.deployments(project));
    say(&store.promoted_attributes(project));
    say(&sorted(store.labels(project)));
    texts
}

/// See the module.
pub async fn a_project_sees_nothing_of_another<S: Subject>() {
    let mut subject = S::new().await;
    assert!(subject.store().projects().is_empty());
    fill(subject.store(), "default", 1).await;
    let empty = answers(subject.store(), "bank").await;
    for step in 0..3 {
        let before = answers(subject.store(), "default").await;
        if step == 0 {
            assert_eq!(answers(subject.store(), "bank").await, empty);
            fill(subject.store(), "bank", 1_001).await;
        }
        let after = answers(subject.store(), "default").await;
        for (number, (before, after)) in before.iter().zip(&after).enumerate() {
            // The texts would fill the screen.
            assert!(before == after, "answer {number} in step {step}");
        }
        let bank = answers(subject.store(), "bank").await;
        for text in bank
            .iter()
            .filter(|text| text.contains("host-") || text.contains("service-"))
        {
            assert!(text.contains("-1001"), "{text}");
        }
        let projects: Vec<Text> = subject.store().projects();
        assert_eq!(projects, ["bank".into(), "default".into()] as [Text; 2]);
        match step {
            0 => subject.flush().await,
            _ => subject.restart(End::Killed).await,
        }
    }
}
