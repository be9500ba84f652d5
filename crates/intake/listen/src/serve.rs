//! Listener of a port: accepts, serves, monitors and closes connections. It stops in order: no new
//! connections, open requests may finish within the drain limit, the rest is aborted.

use crate::{
    ListenLimits, ListenMetrics, PortMetrics,
    activity::{Cause, Rank},
    notice::Notice,
    seats::{Full, Seat, Seats},
    service::Requests,
    socket::Socket,
};
use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Wait before a failed accept or a search for a free place is repeated.
const AGAIN: Duration = Duration::from_millis(50);

/// HTTP/2 flow control: how much a client may send before it is read, and in one frame. With few
/// connections, a request of hundreds of spans fits into few frames; with many, each connection
/// gets less.
struct Windows {
    frame: u32,
    stream: u32,
    connection: u32,
}

const ROOMY: Windows = Windows {
    frame: 64 << 10,
    stream: 128 << 10,
    connection: 1 << 20,
};
const LEAN: Windows = Windows {
    frame: 16 << 10,
    stream: 64 << 10,
    connection: 64 << 10,
};

/// Maximum bytes of an answer that are buffered per HTTP/2 stream.
const SEND_BYTES: usize = 64 << 10;

/// Part of the connections of a port that may be closing in order at once.
const FAREWELLS_PART: usize = 8;

/// A port and its limits.
#[derive(Debug)]
pub struct Port {
    name: &'static str,
    limits: Arc<ListenLimits>,
    metrics: PortMetrics,
}

impl Port {
    /// A port with its name for metrics and log.
    pub fn new(name: &'static str, limits: ListenLimits, metrics: &ListenMetrics) -> Self {
        let metrics = metrics.port(name, limits.connections);
        Self {
            name,
            limits: Arc::new(limits),
            metrics,
        }
    }

    /// Metrics of the port.
    pub fn metrics(&self) -> &PortMetrics {
        &self.metrics
    }
}

/// Serves `router` until `stop`.
pub async fn serve(listener: TcpListener, port: Port, router: Router, stop: CancellationToken) {
    let serving = Serving::new(port, router);
    let tasks = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(serving.next(&listener)).await {
        if let Some((stream, peer, seat)) = accepted {
            let (serving, stop) = (serving.clone(), stop.clone());
            tasks.spawn(async move { serving.connection(stream, peer, seat, stop).await });
        }
    }
    drop(listener);
    tasks.close();
    if tokio::time::timeout(serving.port.limits.drain, tasks.wait())
        .await
        .is_err()
    {
        serving.cut.cancel();
        tasks.wait().await;
    }
}

/// State shared by a port's connections.
struct Serving {
    port: Port,
    router: Router,
    seats: Arc<Seats>,
    notice: Notice,
    roomy: Builder<TokioExecutor>,
    lean: Builder<TokioExecutor>,
    /// One permit for each connection that is being closed in order. Beyond them connections are cut:
    /// their file descriptors are needed.
    farewells: Semaphore,
    /// Cancelled when the drain limit for open requests is over.
    cut: CancellationToken,
}

impl Serving {
    fn new(port: Port, router: Router) -> Arc<Self> {
        Arc::new(Self {
            seats: Seats::new((*port.limits).clone(), port.metrics.clone()),
            notice: Notice::default(),
            roomy: builder(&port.limits, &ROOMY),
            lean: builder(&port.limits, &LEAN),
            farewells: Semaphore::new((port.limits.connections / FAREWELLS_PART).max(1)),
            cut: CancellationToken::new(),
            // Done once: otherwise each connection would rebuild all routes of a router without
            // state.
            router: router.with_state(()),
            port,
        })
    }

    /// The next connection; `None` if it got no place or could not be opened.
    async fn next(&self, listener: &TcpListener) -> Option<(TcpStream, SocketAddr, Seat)> {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                self.failed(&error).await;
                return None;
            }
        };
        self.port.metrics.accepted.inc();
        // Answers are small and awaited. If this fails, they only take longer.
        let _ = stream.set_nodelay(true);
        let seat = self.seat(peer.ip()).await;
        self.log();
        Some((stream, peer, seat?))
    }

    /// A place for a connection from `ip`. Waits while all places are held by young requests;
    /// further connections then wait in the system's queue.
    async fn seat(&self, ip: IpAddr) -> Option<Seat> {
        let mut waits = false;
        loop {
            match self.seats.take(ip) {
                Ok(seat) => {
                    self.seats.set_awaited(false);
                    return Some(seat);
                }
                Err(Full::Address) => {
                    self.port.metrics.refused.inc();
                    return None;
                }
                Err(Full::All) => {
                    if !waits {
                        self.seats.set_awaited(true);
                        self.port.metrics.waited.inc();
                        waits = true;
                    }
                    // A timeout, because requests also become old while no connection changes its
                    // state.
                    let _ = tokio::time::timeout(AGAIN, self.seats.freed()).await;
                }
            }
        }
    }

    async fn failed(&self, error: &io::Error) {
        // The client had already disconnected.
        if matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionRefused
        ) {
            return;
        }
        self.port.metrics.failed.inc();
        self.log();
        // Most likely the process has no free descriptor.
        self.seats.displace_one();
        sleep(AGAIN).await;
    }

    /// Serves one connection until either side closes it.
    async fn connection<T>(&self, io: T, peer: SocketAddr, seat: Seat, stop: CancellationToken)
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (limits, activity) = (&self.port.limits, &seat.activity);
        let requests = Requests {
            router: self.router.clone(),
            activity: activity.clone(),
            seats: seat.seats().clone(),
            limits: limits.clone(),
            metrics: self.port.metrics.clone(),
            peer,
        };
        let io = TokioIo::new(Socket::new(io, activity.clone(), limits.clone()));
        let builder = if seat.is_roomy {
            &self.roomy
        } else {
            &self.lean
        };
        let mut connection = pin!(builder.serve_connection(io, requests));
        let mut look = pin!(sleep(limits.look_interval()));
        let (mut stopping, mut leaving) = (false, false);
        let cause = loop {
            tokio::select! {
                biased;
                () = self.cut.cancelled() => return,
                // An error here concerns only the client.
                _ = connection.as_mut() => return,
                () = seat.leave.cancelled(), if !leaving => {
                    if activity.rank(Instant::now(), limits).is_some() {
                        break Cause::Displaced;
                    }
                    // A request has arrived meanwhile. It is the connection's last one.
                    leaving = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = stop.cancelled(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = look.as_mut() => {
                    let now = Instant::now();
                    match activity.due(now, limits) {
                        Ok(cause) => break cause,
                        Err(wait) => look.as_mut().reset(now + wait),
                    }
                }
            }
        };
        if cause != Cause::Displaced {
            self.port.metrics.closed(cause).inc();
        }
        if matches!(cause, Cause::Idle | Cause::Displaced) {
            // Tells an HTTP/2 client that the connection closes. A request that the client has sent
            // before it knows is still answered, or the client takes the connection's end for the
            // server's failure.
            let rank = activity.rank(Instant::now(), limits);
            let is_mute = matches!(rank, Some((Rank::Mute, _)));
            let farewell = self.farewells.try_acquire().ok().filter(|_| !is_mute);
            let wait = farewell
                .as_ref()
                .map_or(Duration::ZERO, |_| limits.farewell);
            connection.as_mut().graceful_shutdown();
            // Polls at least once.
            let _ = tokio::time::timeout(wait, connection.as_mut()).await;
        }
        self.log();
    }

    fn log(&self) {
        if let Some(line) = self.notice.due(&self.port.metrics, Instant::now()) {
            tracing::warn!(
                port = self.port.name,
                limit = self.port.limits.connections,
                "connections were closed for being silent or slow, or for want of room: {line}"
            );
        }
    }
}

fn builder(limits: &ListenLimits, windows: &Windows) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        // `Activity` enforces the head timeout instead, from before the first byte on.
        .header_read_timeout(None)
        .max_buf_size(limits.head_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.ping_interval)
        .keep_alive_timeout(limits.ping_timeout)
        .max_concurrent_streams(limits.streams)
        .max_frame_size(windows.frame)
        .initial_stream_window_size(windows.stream)
        .initial_connection_window_size(windows.connection)
        .max_send_buf_size(SEND_BYTES);
    builder
}
