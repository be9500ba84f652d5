//! No answer to a reader of one project shows or depends on what another project has: asked of every
//! route, made from the lists of routes.
//!
//! Two projects have the same services and traces. The second one, `bank`, also has names that a reader
//! of the first may guess (`ASKED`), and secrets beside them that nobody asks for. A reader of the first
//! project gets the same answer for a guessed name as for a name that nobody has, and no secret.

use crate::{HostPolicy, Readers, UnknownReader, WebState, router};
use axum::{Router, body::Body};
use hinomi_analysis::Analysis;
use hinomi_io::clock::ManualClock;
use hinomi_live::{Live, LiveLimits};
use hinomi_memory_store::MemoryStore;
use hinomi_model::{RollupSet, Span, SpanBatch, Text, UnixNanos, rollup::ServiceKey};
use hinomi_query::Query;
use hinomi_store::{Batch, Deployed, Registry, ServiceSettings, Store, TelemetryWrite};
use hinomi_testkit::SpanBuilder;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// 2026-11-22T13:00:00Z.
const NOW: UnixNanos = UnixNanos::from_millis(1_795_352_400_000);
/// A name in the second project that a reader of the first asks for.
const ASKED: &str = "askedofbank";
/// A name that nobody has; as long as the other.
const NOBODYS: &str = "nobodyhasit";
/// What the second project has beside such names.
const SECRET: &str = "bankssecret";

/// Takes the project from a header.
struct ByHeader;

impl Readers for ByHeader {
    fn project_of(&self, headers: &HeaderMap) -> Result<Text, UnknownReader> {
        let project = headers.get("x-test-project").ok_or(UnknownReader)?;
        Ok(project.to_str().map_err(|_| UnknownReader)?.into())
    }
}

/// Spans of both projects: one trace of a known service, with a call.
fn common(own: &str) -> Vec<Span> {
    let mut entry = SpanBuilder::server("checkout", &format!("GET /{own}"))
        .in_trace(7)
        .build();
    entry.end = NOW.minus(Duration::from_secs(40));
    entry.start = entry.end.minus(Duration::from_millis(120));
    let mut call = SpanBuilder::http_call("checkout", &format!("{own}.example"))
        .in_trace(7)
        .fails("timeout")
        .build();
    call.end = entry.end;
    call.start = entry.start;
    vec![entry, call]
}

/// What only the second project has: guessable names with secrets beside them.
fn guessable() -> Vec<Span> {
    let mut spans = Vec::new();
    for (service, operation) in [
        (ASKED, format!("GET /{SECRET}")),
        ("checkout", format!("GET /{ASKED}")),
    ] {
        let mut entry = SpanBuilder::server(service, &operation)
            .in_trace(0xba)
            .build();
        entry.end = NOW.minus(Duration::from_secs(30));
        entry.start = entry.end.minus(Duration::from_secs(3));
        let mut resource = (*entry.resource).clone();
        resource.instance = if service == ASKED { SECRET } else { ASKED }.into();
        resource.version = ASKED.into();
        resource.attributes = format!(r#"{{"team":"{SECRET}"}}"#).into();
        entry.resource = Arc::new(resource);
        entry.attributes = format!(r#"{{"order.id":"{ASKED}","note":"{SECRET}"}}"#);
        spans.push(entry);
        let mut call = SpanBuilder::http_call(service, &format!("{ASKED}.example"))
            .in_trace(0xba)
            .build();
        call.end = NOW.minus(Duration::from_secs(30));
        call.start = call.end.minus(Duration::from_secs(2));
        spans.push(call);
    }
    spans
}

async fn fill(store: &MemoryStore, live: &Live, project: &str, spans: &[Span]) {
    store.append(Batch::of(project, spans)).await.unwrap();
    let batch: SpanBatch = spans.iter().collect();
    live.apply(project, &RollupSet::of(&batch));
    live.tick(NOW);
}

fn key(service: &str) -> ServiceKey {
    let sample = SpanBuilder::server(service, "GET /").build();
    ServiceKey::of(&sample.resource)
}

/// A server of both projects.
async fn site() -> (Router, Arc<MemoryStore>) {
    let clock = Arc::new(ManualClock::at(NOW.0));
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let live = Arc::new(Live::new(NOW, LiveLimits::default()));
    fill(&store, &live, "shop", &common("shopsown")).await;
    fill(&store, &live, "bank", &common("banksown")).await;
    fill(&store, &live, "bank", &guessable()).await;
    let deployed = Deployed {
        service: key(ASKED),
        version: ASKED.into(),
        at: NOW.minus(Duration::from_secs(60)),
        label: SECRET.into(),
    };
    store.add_deployment("bank".into(), deployed).await.unwrap();
    let promoted = store.promote_attribute("bank".into(), ASKED.into(), NOW);
    promoted.await.unwrap();
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 4317));
    let as_store: Arc<dyn Store> = store.clone();
    let query = Arc::new(Query::new(as_store, live, clock.clone()));
    let router = router(WebState {
        analysis: Arc::new(Analysis::new(query.clone(), clock.clone())),
        query,
        readers: Arc::new(ByHeader),
        clock,
        otlp_grpc: anywhere,
        otlp_http: anywhere,
        shutdown: CancellationToken::new(),
        ready: Arc::new(|| true),
        metrics: Arc::new(String::new),
        demo: None,
        hosts: HostPolicy::loopback(),
    });
    (router, store)
}

/// Values of a path's parameter: a shared one, and one that only the second project has.
fn values(parameter: &str, asked: &str) -> Vec<String> {
    let trace = |asked: &str| match asked {
        ASKED => SpanBuilder::server("a", "b").in_trace(0xba).build(),
        _ => SpanBuilder::server("a", "b").in_trace(0xbb).build(),
    };
    match parameter {
        "service" => vec!["checkout".into(), asked.into()],
        "id" => vec!["1".into(), asked.into()],
        "kind" => ["operations", "sql", "external", "exceptions", "instances"]
            .map(String::from)
            .into(),
        "host" => vec![format!("{asked}.example")],
        "trace_id" | "other" => vec![trace(asked).trace_id.to_string()],
        other => panic!("say here what stands for {{{other}}} in a path"),
    }
}

/// Every address of a path that asks for these names.
fn addresses(path: &str, asked: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for piece in path.split_inclusive('}') {
        let (before, parameter) = match piece.split_once('{') {
            Some((before, parameter)) => (before, parameter.trim_end_matches('}')),
            None => (piece, ""),
        };
        let choices = match parameter {
            "" => vec![String::new()],
            parameter => values(parameter, asked),
        };
        found = found
            .iter()
            .flat_map(|start| {
                let choices = choices.iter();
                choices.map(move |choice| format!("{start}{before}{choice}"))
            })
            .collect();
    }
    found
}

/// The queries that are asked of every address: what a route does not know is refused, which is an
/// answer too.
fn queries(asked: &str) -> Vec<String> {
    [
        String::new(),
        format!("?service={asked}"),
        format!("?service=checkout&operation=GET%20/{asked}"),
        format!("?service=checkout&instance={asked}"),
        format!("?service=checkout&version={asked}"),
        format!("?operation=GET%20/{asked}"),
        format!("?instance={asked}"),
        format!("?version={asked}"),
        format!("?q={asked}"),
        format!("?q=order.id%3D{asked}"),
        format!("?op=GET%20/{asked}"),
        format!("?key={asked}"),
        format!("?statement={asked}"),
        format!("?service={asked}&min_ms=1&max_ms=9000"),
    ]
    .into()
}

struct Answer {
    status: StatusCode,
    body: String,
}

async fn ask(router: &Router, project: Option<&str>, method: &Method, address: &str) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(address)
        .header("host", "localhost:8080")
        .header("content-type", "application/json");
    if let Some(project) = project {
        request = request.header("x-test-project", project);
    }
    let body = match *method {
        Method::PUT | Method::POST => format!(r#"{{"key":"{NOBODYS}"}}"#),
        _ => String::new(),
    };
    let request = request.body(Body::from(body)).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let (head, mut body) = answer.into_parts();
    let mut bytes = Vec::new();
    // A stream never ends; what it says first is all that a page begins with.
    let wait = Duration::from_millis(300);
    while let Ok(Some(Ok(frame))) = tokio::time::timeout(wait, body.frame()).await {
        bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
    }
    Answer {
        status: head.status,
        body: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

fn every() -> Vec<(Method, String)> {
    let routes = hinomi_pages::every().into_iter().chain(hinomi_api::every());
    routes
        .map(|route| {
            let (method, path) = route.split_once(' ').unwrap();
            (method.parse().unwrap(), path.to_owned())
        })
        .collect()
}

#[tokio::test]
async fn a_reader_of_one_project_learns_nothing_of_another() {
    let (router, _) = site().await;
    let (mut asked, mut told_to_its_own) = (0, 0);
    for (method, path) in every()
        .into_iter()
        .filter(|(method, _)| *method == Method::GET)
    {
        let (mut is_told, queries) = (false, queries(ASKED));
        let guessed = addresses(&path, ASKED);
        let unknown = addresses(&path, NOBODYS);
        for (guessed, unknown) in guessed.iter().zip(&unknown) {
            for (of_guess, of_unknown) in queries.iter().zip(self::queries(NOBODYS)) {
                let (guess, unknown) = (
                    format!("{guessed}{of_guess}"),
                    format!("{unknown}{of_unknown}"),
                );
                let guess = ask(&router, Some("shop"), &method, &guess).await;
                let nobodys = ask(&router, Some("shop"), &method, &unknown).await;
                assert!(!guess.body.contains(SECRET), "{guessed}{of_guess}");
                assert!(!guess.body.contains("banksown"), "{guessed}{of_guess}");
                let trace = |asked| values("trace_id", asked).remove(0);
                let same = guess
                    .body
                    .replace(ASKED, NOBODYS)
                    .replace(&trace(ASKED), &trace(NOBODYS));
                assert_eq!(guess.status, nobodys.status, "{guessed}{of_guess}");
                assert!(
                    same == nobodys.body,
                    "{guessed}{of_guess} and {unknown} differ"
                );
                asked += 1;
            }
            let own = ask(&router, Some("bank"), &method, guessed).await;
            is_told |= own.body.contains(SECRET) || own.body.contains(ASKED);
        }
        told_to_its_own += u32::from(is_told);
    }
    assert!(asked > 500, "{asked} questions");
    // Otherwise there would be nothing to learn.
    assert!(
        told_to_its_own >= 15,
        "{told_to_its_own} routes tell the second project its own"
    );
}

#[tokio::test]
async fn a_reader_of_one_project_changes_nothing_of_another() {
    let (router, store) = site().await;
    let settings = ServiceSettings {
        slow_threshold: Some(Duration::from_secs(3)),
    };
    let set = store.set_service_settings("bank".into(), key(ASKED), settings);
    set.await.unwrap();
    let state = || {
        format!(
            "{:?} {:?} {:?}",
            store.deployments("bank"),
            store.promoted_attributes("bank"),
            store.service_settings("bank")
        )
    };
    let before = state();
    let mut asked = 0;
    for (method, path) in every()
        .into_iter()
        .filter(|(method, _)| *method != Method::GET)
    {
        for address in addresses(&path, ASKED) {
            for query in ["", &format!("?key={ASKED}")] {
                ask(&router, Some("shop"), &method, &format!("{address}{query}")).await;
                asked += 1;
            }
        }
    }
    assert!(asked >= 8, "{asked} changes were tried");
    assert_eq!(state(), before);
}

#[tokio::test]
async fn whom_nobody_knows_is_told_nothing_on_any_route() {
    let (router, _) = site().await;
    for (method, path) in every() {
        for address in addresses(&path, ASKED) {
            let answer = ask(&router, None, &method, &address).await;
            assert_eq!(
                answer.status,
                StatusCode::UNAUTHORIZED,
                "{method} {address}"
            );
            assert!(!answer.body.contains(SECRET), "{method} {address}");
        }
    }
    let health = ask(&router, None, &Method::GET, "/healthz").await;
    assert_eq!(health.status, StatusCode::OK);
}
