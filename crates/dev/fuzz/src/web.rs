//! Target: paths and headers of pages and API, sent to a whole server without a socket.
//!
//! The first line is a path with its query; each following line is a header. The answer must always
//! be one of ours and never a server error. An API error must be a problem document.

use axum::{Router, body::Body};
use hinomi_analysis::Analysis;
use hinomi_io::{RealDisk, clock::ManualClock};
use hinomi_lake::{Batch, Lake, LakeConfig, LakeLimits, Retention};
use hinomi_live::{Live, LiveLimits};
use hinomi_model::{RollupSet, UnixNanos};
use hinomi_otlp::Decoder;
use hinomi_query::Query;
use hinomi_registry::DatabaseRegistry;
use hinomi_store::Joined;
use hinomi_testkit::SeededEntropy;
use hinomi_web::{EveryReader, HostPolicy, WebState, router};
use http::{HeaderName, HeaderValue, Request, StatusCode, Uri};
use http_body_util::BodyExt;
use prost::Message;
use std::{cell::OnceCell, net::SocketAddr, sync::Arc};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::requests::{NOW, good, request};

pub(crate) fn run(input: &[u8]) {
    thread_local! {
        static SITE: OnceCell<Site> = const { OnceCell::new() };
    }
    let Some(request) = parsed(input) else {
        return;
    };
    SITE.with(|site| site.get_or_init(Site::open).ask(request));
}

/// The request, if HTTP would accept it.
fn parsed(input: &[u8]) -> Option<Request<Body>> {
    let mut lines = input.split(|byte| *byte == b'\n');
    let uri = Uri::try_from(lines.next()?).ok()?;
    // Streams never end, so they are excluded.
    if !uri.path().starts_with('/') || uri.path().ends_with("/live") {
        return None;
    }
    let mut request = Request::builder().uri(uri).header("host", "localhost");
    for line in lines.take(16) {
        let at = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..at]).ok()?;
        let value = HeaderValue::from_bytes(line[at + 1..].trim_ascii()).ok()?;
        request = request.header(name, value);
    }
    request.body(Body::empty()).ok()
}

struct Site {
    runtime: Runtime,
    router: Router,
    _dir: tempfile::TempDir,
}

impl Site {
    fn open() -> Self {
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let dir = dir.unwrap();
        let clock = Arc::new(ManualClock::at(NOW.0));
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        let config = LakeConfig {
            dir: dir.path().to_owned(),
            node: "node-1".into(),
            limits: LakeLimits {
                retention: Retention::FOREVER,
                scrub_bytes_per_second: 0,
                ..LakeLimits::default()
            },
        };
        let entropy = Arc::new(SeededEntropy::new(1));
        let store = runtime.block_on(async {
            let registry = DatabaseRegistry::in_memory().await.unwrap();
            let disk = Arc::new(RealDisk);
            let opened = Lake::open(config, disk, clock.clone(), entropy, registry.clone());
            let lake = opened.await.unwrap().0;
            let mut entry = good(1);
            entry.kind = 2;
            let body = request(vec![entry, good(2)]).encode_to_vec();
            let spans = Decoder::default().protobuf(&body, NOW).unwrap().spans;
            let rollups = RollupSet::of(&spans).into();
            let batch = Batch {
                project: "default".into(),
                spans,
                rollups,
            };
            lake.append(batch).await.unwrap();
            lake.flush().await.unwrap();
            Joined {
                telemetry: lake,
                registry,
            }
        });
        let live = Arc::new(Live::new(UnixNanos(NOW.0), LiveLimits::default()));
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 4317));
        let query = Arc::new(Query::new(Arc::new(store), live, clock.clone()));
        let router = router(WebState {
            analysis: Arc::new(Analysis::new(query.clone(), clock.clone())),
            query,
            readers: Arc::new(EveryReader("default".into())),
            clock,
            otlp_grpc: anywhere,
            otlp_http: anywhere,
            shutdown: CancellationToken::new(),
            ready: Arc::new(|| true),
            metrics: Arc::new(String::new),
            demo: None,
            hosts: HostPolicy::loopback(),
        });
        Self {
            runtime,
            router,
            _dir: dir,
        }
    }

    fn ask(&self, request: Request<Body>) {
        let uri = request.uri().clone();
        let answer = self.router.clone().oneshot(request);
        let (head, body) = self.runtime.block_on(async {
            let (head, body) = answer.await.unwrap().into_parts();
            (head, body.collect().await.unwrap().to_bytes())
        });
        let status = head.status;
        assert!(!status.is_server_error(), "{uri}: {status}");
        assert!(
            head.headers.contains_key("content-security-policy"),
            "{uri}"
        );
        let kind = head.headers.get("content-type");
        let kind = kind.map_or("", |kind| kind.to_str().unwrap());
        let is_json = kind.starts_with("application/") && kind.contains("json");
        if is_json && !head.headers.contains_key("content-encoding") {
            let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
            if status.is_client_error() {
                assert_eq!(kind, "application/problem+json", "{uri}");
                assert_eq!(json["status"], status.as_u16(), "{uri}");
            }
        }
        if uri.path().starts_with("/api/v1/") && status == StatusCode::BAD_REQUEST {
            assert!(is_json, "{uri}: {kind}");
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let trace = "07".repeat(16);
    let cursor = format!("{:016x}{trace}{}", NOW.0, "01".repeat(8));
    let asked = [
        "/".to_owned(),
        "/api/v1/services?from=now-1h&to=now".into(),
        "/api/v1/hitmap?service=shop&from=2026-01-02T03:00:00Z&to=1767323045000.5&outcome=slow".into(),
        format!("/api/v1/transactions?min_ms=1.12&max_ms=.5&q=status%3D500+order.id%3D%2212345%22&limit=7&cursor={cursor}"),
        format!("/api/v1/search?q=order.id%3D12345+order.items%3D*&from=now-2d&before={cursor}"),
        format!("/api/v1/traces/{trace}"),
        "/api/v1/statistics/statements?service=shop&from=now-4w".into(),
        "/api/v1/facets?from=now-1h".into(),
        "/services/shop?from=2026-01-02T03:00&to=now\naccept-language: ja,ko;q=0.8\ncookie: zone=Asia/Tokyo; theme=dark".into(),
        "/services/shop/hitmap?axis=log&select=1767323040000,1767323045000,1,2".into(),
        "/transactions?q=%F0%9F%94%A5&outcome=error&lang=ko".into(),
        format!("/traces/{trace}?view=statements&span=0101010101010101\naccept-encoding: gzip"),
        "/search?q=order.id%3D%22unclosed&from=now-1d".into(),
        "/csv/transactions?from=now-1h\nhost: [::1]:8080".into(),
        "/csv/statistics/operations?from=now-400d&to=now".into(),
        "/api/v1/openapi.json".into(),
        "/static/0/%2e%2e/x".into(),
    ];
    asked.map(String::into_bytes).into()
}
