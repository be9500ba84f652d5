//! Wires the server, and defines the order in which it starts and stops.
//!
//! Start: listeners (so that a port in use is reported before any data is touched), registry, store
//! and recovery, admission, receivers, pages. Two things are restored in the background: the live
//! rollups of an earlier run, and the ids of the last spans. Until then answers are slower, and a
//! repeated span may count twice; neither prevents a start. Stop: background tasks, pages and
//! streams, receivers, admissions that have begun, the store, the registry. Acknowledged data is in the store's
//! log at every moment in between.

use crate::{
    config::Config,
    connections::Ports,
    metrics::{LiveFigures, ServerMetrics},
    registry,
};
use anyhow::{Context, anyhow};
use hinomi_analysis::Analysis;
use hinomi_collector::{EverySender, Receiver, serve_grpc, serve_http};
use hinomi_ingest::{Ingest, Secret};
use hinomi_io::{Clock, RealDisk, SystemClock, SystemEntropy, yield_to_others};
use hinomi_lake::{Lake, LakeConfig, LakeLimits, LockedFolder, Piece, Recent};
use hinomi_live::{LIVE_WINDOW, Live};
use hinomi_model::{Text, UnixNanos, hitmap::COLUMN};
use hinomi_otlp::Decoder;
use hinomi_query::Query;
use hinomi_store::{Joined, Names, Store};
use hinomi_web::{DemoHistory, EveryReader, HostPolicy, WebState};
use std::{
    collections::HashMap,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    signal::unix::{Signal, SignalKind, signal},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Interval of the live bus. A little under half a second, so that acknowledged data is on screens
/// within half a second, transport included.
const TICK: Duration = Duration::from_millis(480);

/// How long the last tasks of a runtime may take to end.
const RUNTIME_DRAIN: Duration = Duration::from_secs(1);

/// How long the task beside the server (the demo) may take to send its last data.
const BESIDE_DRAIN: Duration = Duration::from_secs(3);

/// The only project until accounts exist.
const PROJECT: &str = "default";

/// The addresses of a running server, and the token that stops the task beside it.
#[derive(Clone)]
pub struct RunningServer {
    /// Address of the pages and the API.
    pub http: SocketAddr,
    /// Address of OTLP over gRPC.
    pub otlp_grpc: SocketAddr,
    /// Address of OTLP over HTTP.
    pub otlp_http: SocketAddr,
    /// End of the newest stored transaction; `None` when there is none.
    pub newest: Option<UnixNanos>,
    /// How far the demo has filled in its history; pages of the demo show it.
    pub history: Arc<DemoHistory>,
    /// The server's clock.
    pub clock: Arc<dyn Clock>,
    /// Cancelled when the server must stop.
    pub stop: CancellationToken,
}

/// Runs the server until SIGINT or SIGTERM. `beside` is a task that runs beside the server once it
/// is ready; an error of it stops the server.
pub fn run<F>(config: &Config, beside: impl FnOnce(RunningServer) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let descriptors = hinomi_io::raise_descriptors();
    // Receivers and pages have separate worker threads, so neither can hold up the other.
    let pages = runtime("pages")?;
    let receivers = runtime("receivers")?;
    let result = pages.block_on(serve(config, descriptors, &receivers, beside));
    receivers.shutdown_timeout(RUNTIME_DRAIN);
    pages.shutdown_timeout(RUNTIME_DRAIN);
    result
}

async fn serve<F>(
    config: &Config,
    descriptors: u64,
    receivers: &Runtime,
    beside: impl FnOnce(RunningServer) -> F,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let http = listen(config.http_addr, "http-addr").await?;
    let otlp_grpc = listen(config.otlp_grpc_addr, "otlp-grpc-addr").await?;
    let otlp_http = listen(config.otlp_http_addr, "otlp-http-addr").await?;
    let temporary = match config.data_dir {
        Some(_) => None,
        None => Some(tempfile::tempdir().context("no temporary folder could be made")?),
    };
    let folder = match (&config.data_dir, &temporary) {
        (Some(folder), _) => folder.as_path(),
        (None, Some(temporary)) => temporary.path(),
        (None, None) => Path::new("data"),
    };

    // The lock comes first: no other process writes to the folder from here on.
    let locked = LockedFolder::lock(Arc::new(RealDisk), folder.to_owned())?;
    let registry = registry::open(folder, config.registry_url.as_ref()).await?;
    let lake = open_lake(folder, locked, config.store, registry.clone()).await?;
    // From here on, all parts use the store's trusted time.
    let clock = lake.clock();
    let metrics = Arc::new(ServerMetrics::new(&config.memory));
    let ports = Ports::new(&config.memory, descriptors, &metrics.connections);
    let project: Text = PROJECT.into();
    let now = UnixNanos(clock.unix_nanos());
    let live = Arc::new(Live::new(now, config.memory.live()));
    let store: Arc<dyn Store> = Arc::new(Joined {
        telemetry: lake.clone(),
        registry: registry.clone(),
    });
    let mut projects = store.projects();
    if !projects.contains(&project) {
        projects.push(project.clone());
    }
    let (mut recents, mut unrestored, mut newest) = (Vec::new(), HashMap::new(), None);
    for project in &projects {
        // Taken before anything new is admitted: later spans are added to the live rollups directly.
        let recent = lake.recent(project, now.minus(LIVE_WINDOW).floor(COLUMN));
        unrestored.insert(project.clone(), recent.lost().to_vec());
        if let Some(end) = recent.end() {
            live.begin_restore(project, end);
        }
        recents.push((project.clone(), recent));
        let services = store.services(project.clone()).await?.into_iter();
        newest = newest.max(services.map(|(_, newest)| newest).max());
    }
    let ingest = Ingest::new(
        store.clone(),
        live.clone(),
        clock.clone(),
        config.memory.ingest(),
        metrics.ingest.clone(),
        &projects,
        Secret::of_folder(&RealDisk, folder, &SystemEntropy),
    )
    .await?;
    let ingest = Arc::new(ingest);
    let decoder = Decoder::new(hinomi_otlp::Limits::default());
    let in_flight = ingest.in_flight().clone();
    let receiver = Receiver::new(
        ingest.clone(),
        decoder,
        Arc::new(EverySender(project.clone())),
        config.memory.collector(),
    );

    let (stop, stop_beside) = (CancellationToken::new(), CancellationToken::new());
    let restoring = restore_live(recents, live.clone(), stop.clone())?;
    let tasks = TaskTracker::new();
    // In the background: requests wait for it, pages do not need to.
    tasks.spawn(async move {
        if let Err(error) = ingest.restore().await {
            tracing::warn!(%error, "the spans that came in last could not all be read back; those that are sent again may count twice");
        }
    });
    let ready = Arc::new(AtomicBool::new(true));
    let history = Arc::new(DemoHistory::default());
    let running = RunningServer {
        http: http.local_addr()?,
        otlp_grpc: otlp_grpc.local_addr()?,
        otlp_http: otlp_http.local_addr()?,
        newest,
        history: history.clone(),
        clock: clock.clone(),
        stop: stop_beside.clone(),
    };
    let query = Query::new(store, live.clone(), clock.clone()).with_unrestored(unrestored);
    let query = Arc::new(query);
    let state = WebState {
        analysis: Arc::new(Analysis::new(query.clone(), clock.clone())),
        query,
        readers: Arc::new(EveryReader(project)),
        clock: clock.clone(),
        otlp_grpc: otlp_grpc.local_addr()?,
        otlp_http: otlp_http.local_addr()?,
        shutdown: stop.clone(),
        ready: {
            let ready = ready.clone();
            Arc::new(move || ready.load(Ordering::Relaxed))
        },
        metrics: {
            let (metrics, lake) = (metrics.clone(), lake.clone());
            let registry = registry.clone();
            let (live, clock) = (live.clone(), clock.clone());
            let connections = ports.memory();
            Arc::new(move || {
                let now = UnixNanos(clock.unix_nanos());
                let (bytes, keys, whole_from) = live.figures();
                let figures = LiveFigures {
                    bytes: bytes as u64,
                    keys: keys as u64,
                    window_seconds: whole_from.map_or(0, |from| now.since(from).as_secs()),
                };
                let stats = (lake.stats(), registry.stats());
                metrics.text(stats, in_flight.used(), connections(), figures)
            })
        },
        demo: config.demo.then_some(history),
        hosts: HostPolicy::loopback(),
    };

    let receiving = TaskTracker::new();
    receiving.spawn_on(
        serve_grpc(otlp_grpc, ports.otlp_grpc, receiver.clone(), stop.clone()),
        receivers.handle(),
    );
    receiving.spawn_on(
        serve_http(
            otlp_http,
            ports.otlp_http,
            receiver.clone(),
            &config.otlp_hosts,
            stop.clone(),
        ),
        receivers.handle(),
    );
    tasks.spawn(hinomi_listen::serve(
        http,
        ports.pages,
        hinomi_web::router(state),
        stop.clone(),
    ));
    tasks.spawn(tick(live, clock.clone(), stop.clone()));
    let mut signals = Signals::new()?;
    tracing::info!(
        http = %running.http,
        otlp_grpc = %running.otlp_grpc,
        otlp_http = %running.otlp_http,
        data_dir = %folder.display(),
        memory_mib = config.memory.limit >> 20,
        "ready"
    );

    let mut beside = tokio::spawn(beside(running));
    let outcome = tokio::select! {
        () = signals.next() => None,
        error = failure(&mut beside) => Some(error),
    };
    tracing::info!("stopping");
    ready.store(false, Ordering::Relaxed);
    stop_beside.cancel();
    if !beside.is_finished()
        && tokio::time::timeout(BESIDE_DRAIN, &mut beside)
            .await
            .is_err()
    {
        beside.abort();
    }
    stop.cancel();
    tasks.close();
    receiving.close();
    tasks.wait().await;
    receiving.wait().await;
    receiver.drained().await;
    if restoring.join().is_err() {
        tracing::error!("the thread that read live rollups back had panicked; please report this");
    }
    let closed = lake.close().await;
    // After the store, which tells it the last names.
    registry.close().await;
    closed.context("the store could not be closed; the next start will recover")?;
    tracing::info!("stopped");
    outcome.map_or(Ok(()), Err)
}

/// The error that a task ends with. A task that ends without an error never resolves.
async fn failure<E: Into<anyhow::Error>>(
    task: impl Future<Output = Result<Result<(), E>, tokio::task::JoinError>>,
) -> anyhow::Error {
    match task.await {
        Ok(Ok(())) => std::future::pending().await,
        Ok(Err(error)) => error.into(),
        Err(error) => error.into(),
    }
}

fn runtime(name: &'static str) -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .thread_name(name)
        .enable_all()
        .build()
        .with_context(|| format!("the threads for {name} could not be started"))
}

async fn listen(addr: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(addr).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow!(
            "{addr} is in use by another process; stop it or choose another address with --{flag}"
        ),
        _ => anyhow!("{addr} can not be listened on ({error}); choose another address with --{flag}"),
    })
}

async fn open_lake(
    folder: &Path,
    locked: LockedFolder,
    limits: LakeLimits,
    names: Arc<dyn Names>,
) -> anyhow::Result<Lake> {
    let config = LakeConfig {
        dir: folder.to_owned(),
        node: "node-1".into(),
        limits,
    };
    let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SystemEntropy));
    let (lake, recovery) = Lake::open_locked(locked, config, clock, entropy, names).await?;
    tracing::info!(?recovery, "store opened");
    Ok(lake)
}

/// Restores the live windows of an earlier run, in a low-priority thread.
fn restore_live(
    recents: Vec<(Text, Recent)>,
    live: Arc<Live>,
    stop: CancellationToken,
) -> anyhow::Result<JoinHandle<()>> {
    let restore = move || {
        if let Err(error) = yield_to_others() {
            tracing::debug!(%error, "reading live rollups back does not give way to others");
        }
        for (project, recent) in recents {
            restore_project(&project, recent, &live, &stop);
        }
    };
    std::thread::Builder::new()
        .name("restore".into())
        .spawn(restore)
        .context("the thread that reads live rollups back could not be started")
}

/// Restores the live window of a project.
fn restore_project(project: &str, mut recent: Recent, live: &Live, stop: &CancellationToken) {
    let mut rows = 0_u64;
    loop {
        let piece = recent.read(&|| stop.is_cancelled(), &mut |bucket, key, rollup| {
            rows += 1;
            live.restore(project, bucket, key, rollup);
        });
        match piece {
            Ok(Piece::Until(from)) => {
                // Older rollups may not fit into memory any more, or may be too old by now.
                if !live.restored(project, from) || recent.is_done() || stop.is_cancelled() {
                    break;
                }
            }
            Ok(Piece::Damaged) => {
                tracing::warn!(
                    "live rollups could not all be read back; until the live window has moved on they are read from the store"
                );
                break;
            }
            Err(_) if stop.is_cancelled() => break,
            Err(error) => {
                tracing::warn!(%error, "live rollups could not all be read back; until the live window has moved on they are read from the store");
                break;
            }
        }
    }
    live.end_restore(project);
    tracing::debug!(project, rows, "live rollups were read back");
}

async fn tick(live: Arc<Live>, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    while stop.run_until_cancelled(interval.tick()).await.is_some() {
        live.tick(UnixNanos(clock.unix_nanos()));
    }
}

/// The signals that stop the server. Registered once: a signal that arrives while nobody waits is
/// kept.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
