//! Serves the two receivers on their ports.

use crate::{Receiver, grpc::OtlpService, http::router};
use hinomi_listen::{Port, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves OTLP over gRPC until `stop`.
pub async fn serve_grpc(
    listener: TcpListener,
    port: Port,
    receiver: Receiver,
    stop: CancellationToken,
) {
    let router = axum::Router::new().fallback_service(OtlpService::new(receiver));
    serve(listener, port, router, stop).await;
}

/// Serves OTLP over HTTP until `stop`. `hosts` are additional host names that agents may use.
pub fn serve_http(
    listener: TcpListener,
    port: Port,
    receiver: Receiver,
    hosts: &[String],
    stop: CancellationToken,
) -> impl Future<Output = ()> + Send + use<> {
    serve(listener, port, router(receiver, hosts), stop)
}
