//! The server put together, and the order in which it starts and stops.
//!
//! Start: listeners (a port in use is said before any data is touched), store and recovery, live
//! rollups, admission, receivers, pages. Stop: what runs beside, pages and streams, receivers,
//! admissions that began, the store. What was acknowledged is in the store's log at any moment in between.

use crate::{config::Config, metrics::ServerMetrics};
use anyhow::{Context, anyhow};
use axum::serve::ListenerExt;
use hinomi_collector::{Receiver, serve_grpc, serve_http};
use hinomi_ingest::Ingest;
use hinomi_io::{Clock, RealDisk, SystemClock, SystemEntropy};
use hinomi_lake::{Families, Lake, LakeConfig, LakeLimits, Lost, Resolution, RollupSearch};
use hinomi_live::{LIVE_WINDOW, Live};
use hinomi_model::{Selection, Text, TimeRange, UnixNanos};
use hinomi_otlp::Decoder;
use hinomi_query::Query;
use hinomi_web::{HostPolicy, WebState};
use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    signal::unix::{Signal, SignalKind, signal},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How often the live bus ticks.
const TICK: Duration = Duration::from_secs(1);

/// How long what runs beside may take to send its last.
const BESIDE_DRAIN: Duration = Duration::from_secs(3);

/// How long open page requests may take once the server is to stop.
const PAGE_DRAIN: Duration = Duration::from_secs(3);

/// The one project there is until accounts exist.
const PROJECT: &str = "default";

/// Where a running server is reached, and how to stop what runs beside it.
#[derive(Debug, Clone)]
pub struct Running {
    /// Pages and API.
    pub http: SocketAddr,
    /// OTLP over gRPC.
    pub otlp_grpc: SocketAddr,
    /// When the newest stored transaction ended, if there is any.
    pub newest: Option<UnixNanos>,
    /// The server's clock.
    pub clock: Arc<dyn Clock>,
    /// Cancelled when the server is to stop.
    pub stop: CancellationToken,
}

/// Runs the server until it is told to stop by SIGINT or SIGTERM. `beside` runs beside it once it
/// is ready; an error of it stops the server.
pub fn run<F>(config: &Config, beside: impl FnOnce(Running) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    // Receivers and pages have workers of their own: neither can hold up the other.
    let pages = runtime("pages")?;
    let receivers = runtime("receivers")?;
    let result = pages.block_on(serve(config, &receivers, beside));
    receivers.shutdown_timeout(TICK);
    pages.shutdown_timeout(TICK);
    result
}

async fn serve<F>(
    config: &Config,
    receivers: &Runtime,
    beside: impl FnOnce(Running) -> F,
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

    let lake = open_lake(folder, config.store, Arc::new(SystemClock::new())).await?;
    // Everything below goes by the time that the store trusts.
    let clock = lake.clock();
    let metrics = Arc::new(ServerMetrics::new(&config.memory));
    let (live, unrestored) = restore_live(&lake, &*clock).await?;
    let live = Arc::new(live);
    let project: Text = PROJECT.into();
    let newest = lake
        .services(project.clone())
        .await?
        .into_iter()
        .map(|(_, newest)| newest)
        .max();
    let ingest = Ingest::new(
        lake.clone(),
        live.clone(),
        clock.clone(),
        config.memory.ingest(),
        metrics.ingest.clone(),
        std::slice::from_ref(&project),
    )
    .await?;
    let ingest = Arc::new(ingest);
    // Beside what follows: requests wait for it, pages need not.
    let restoring = tokio::spawn({
        let ingest = ingest.clone();
        async move { ingest.restore().await }
    });
    let decoder = Decoder::new(hinomi_otlp::Limits::default());
    let in_flight = ingest.in_flight().clone();
    let receiver = Receiver::new(ingest, decoder, project, config.memory.collector());

    let (stop, stop_beside) = (CancellationToken::new(), CancellationToken::new());
    let ready = Arc::new(AtomicBool::new(true));
    let running = Running {
        http: http.local_addr()?,
        otlp_grpc: otlp_grpc.local_addr()?,
        newest,
        clock: clock.clone(),
        stop: stop_beside.clone(),
    };
    let state = WebState {
        query: Arc::new(
            Query::new(lake.clone(), live.clone(), clock.clone()).with_unrestored(unrestored),
        ),
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
            Arc::new(move || metrics.text(&lake, in_flight.used()))
        },
        demo: config.demo,
        hosts: HostPolicy::loopback(),
    };

    let tasks = TaskTracker::new();
    let receiving = TaskTracker::new();
    receiving.spawn_on(
        serve_grpc(otlp_grpc, receiver.clone(), stop.clone()),
        receivers.handle(),
    );
    receiving.spawn_on(
        serve_http(otlp_http, receiver.clone(), stop.clone()),
        receivers.handle(),
    );
    tasks.spawn(serve_pages(http, state));
    tasks.spawn(tick(live, clock.clone(), stop.clone()));
    let mut signals = Signals::new()?;
    tracing::info!(
        http = %running.http,
        otlp_grpc = %running.otlp_grpc,
        data_dir = %folder.display(),
        memory_mib = config.memory.limit >> 20,
        "ready"
    );

    let mut beside = tokio::spawn(beside(running));
    let outcome = tokio::select! {
        () = signals.next() => None,
        error = failure(restoring) => {
            Some(error.context("the spans that came in last could not be read"))
        }
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
    lake.close()
        .await
        .context("the store could not be closed; the next start will recover")?;
    tracing::info!("stopped");
    outcome.map_or(Ok(()), Err)
}

/// The error that a task ends with. One that had nothing more to do never ends.
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
    limits: LakeLimits,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Lake> {
    let config = LakeConfig {
        dir: folder.to_owned(),
        node: "node-1".into(),
        limits,
    };
    let (lake, recovery) =
        Lake::open(config, Arc::new(RealDisk), clock, Arc::new(SystemEntropy)).await?;
    tracing::info!(?recovery, "store opened");
    Ok(lake)
}

/// The live window as the store knows it, and what the store has lost of it.
async fn restore_live(lake: &Lake, clock: &dyn Clock) -> anyhow::Result<(Live, Vec<Lost>)> {
    let now = UnixNanos(clock.unix_nanos());
    let search = RollupSearch {
        selection: Selection::default(),
        range: TimeRange::new(now.minus(LIVE_WINDOW), UnixNanos(i64::MAX)),
        resolution: Resolution::FiveSeconds,
        families: Families::ALL,
    };
    let stored = lake.rollups(search).await?;
    Ok((Live::new(now, &stored.rollups), stored.lost))
}

/// Serves the pages until `shutdown`; live streams end by themselves then.
async fn serve_pages(listener: TcpListener, state: WebState) {
    let stop = state.shutdown.clone();
    let listener = listener.tap_io(|stream| {
        // Live updates are small and awaited; a failure to say so costs only time.
        let _ = stream.set_nodelay(true);
    });
    let serving = axum::serve(listener, hinomi_web::router(state))
        .with_graceful_shutdown(stop.clone().cancelled_owned());
    let cut = async {
        stop.cancelled().await;
        tokio::time::sleep(PAGE_DRAIN).await;
    };
    tokio::select! {
        served = serving.into_future() => {
            if let Err(error) = served {
                tracing::error!(%error, "the pages' listener failed");
            }
        }
        () = cut => {}
    }
}

async fn tick(live: Arc<Live>, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    while stop.run_until_cancelled(interval.tick()).await.is_some() {
        live.tick(UnixNanos(clock.unix_nanos()));
    }
}

/// The signals that ask for an end. Made once: one that comes while nobody waits for it is kept.
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
