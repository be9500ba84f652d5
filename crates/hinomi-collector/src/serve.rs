//! The two listeners and how they stop: no new connections, open requests finish within the
//! drain limit, the rest is cut off.

use crate::{Receiver, grpc::OtlpService, http::router};
use axum::serve::ListenerExt;
use std::{io, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{
    service::Routes,
    transport::{Server, server::TcpIncoming},
};

/// A request of hundreds of spans comes in a few frames instead of a dozen.
const FRAME_BYTES: u32 = 64 << 10;
/// What a request that waits for its turn has sent already, and so what each of many connections may
/// hold before admission counts it.
const STREAM_WINDOW_BYTES: u32 = 128 << 10;
const CONNECTION_WINDOW_BYTES: u32 = 1 << 20;

/// Serves OTLP over gRPC until `stop`.
pub async fn serve_grpc(
    listener: TcpListener,
    receiver: Receiver,
    stop: CancellationToken,
) -> io::Result<()> {
    let limits = receiver.limits().clone();
    let router = axum::Router::new().fallback_service(OtlpService::new(receiver));
    let serving = Server::builder()
        .http2_keepalive_interval(Some(limits.keep_alive))
        .http2_keepalive_timeout(Some(limits.keep_alive))
        .max_concurrent_streams(limits.streams)
        .max_frame_size(FRAME_BYTES)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .tcp_nodelay(true)
        .add_routes(Routes::from(router))
        .serve_with_incoming_shutdown(TcpIncoming::from(listener), stop.clone().cancelled_owned());
    within_drain(serving, stop, limits.drain)
        .await
        .map_err(io::Error::other)
}

/// Serves OTLP over HTTP until `stop`.
pub async fn serve_http(
    listener: TcpListener,
    receiver: Receiver,
    stop: CancellationToken,
) -> io::Result<()> {
    let drain = receiver.limits().drain;
    let listener = listener.tap_io(|stream| {
        // Answers are small and awaited; a failure to say so costs only time.
        let _ = stream.set_nodelay(true);
    });
    let serving = axum::serve(listener, router(receiver))
        .with_graceful_shutdown(stop.clone().cancelled_owned());
    within_drain(serving.into_future(), stop, drain).await
}

/// Runs `serving`, but no longer than `drain` after `stop`. Clients with idle connections would
/// else keep the server from stopping.
async fn within_drain<E>(
    serving: impl Future<Output = Result<(), E>>,
    stop: CancellationToken,
    drain: Duration,
) -> Result<(), E> {
    let cut = async {
        stop.cancelled().await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        served = serving => served,
        () = cut => Ok(()),
    }
}
