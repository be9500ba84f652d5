//! Sends encoded requests over gRPC, or as protobuf over HTTP, on one connection each.

use crate::{http::Client, server::Server};
use anyhow::{Context, Result, bail};
use bytes::{Buf, BufMut, Bytes};
use std::{error::Error as _, time::Duration};
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt;

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const PROTOBUF: &str = "application/x-protobuf";
/// A request that was refused this often is not sent again.
const REFUSALS: u64 = 600;
/// A request that takes longer has failed.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The wait when the server refuses temporarily without naming one.
const WAIT: Duration = Duration::from_millis(100);

/// The protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP with protobuf bodies.
    Http,
}

/// A connection for requests.
pub enum Connection {
    /// Over HTTP/2.
    Grpc(Grpc<Channel>),
    /// Over HTTP/1.1, kept alive.
    Http(Client),
}

impl Connection {
    /// Opens a connection.
    pub async fn open(server: &Server, protocol: Protocol) -> Result<Self> {
        Ok(match protocol {
            Protocol::Grpc => {
                let address = format!("http://{}", server.otlp_grpc);
                let endpoint = Endpoint::from_shared(address)?.timeout(TIMEOUT);
                let channel = endpoint.connect().await.context("connecting over gRPC")?;
                Self::Grpc(Grpc::new(channel))
            }
            Protocol::Http => Self::Http(Client::open(server.otlp_http).await?),
        })
    }

    /// Sends one request until it is acknowledged. Returns how often it was refused temporarily.
    pub async fn send(&mut self, body: Bytes) -> Result<u64> {
        for refusals in 0..REFUSALS {
            let wait = match self {
                Self::Grpc(grpc) => export(grpc, body.clone()).await?,
                Self::Http(client) => post(client, &body).await?,
            };
            match wait {
                None => return Ok(refusals),
                Some(wait) => tokio::time::sleep(wait).await,
            }
        }
        bail!("the server refused a request {REFUSALS} times")
    }
}

/// Sends a request over gRPC. Returns the wait before the next attempt, or `None` when it is
/// acknowledged.
async fn export(grpc: &mut Grpc<Channel>, body: Bytes) -> Result<Option<Duration>> {
    // A server with too many connections closes idle ones; the channel connects again.
    if grpc.ready().await.is_err() {
        return Ok(Some(WAIT));
    }
    let path = PathAndQuery::from_static(EXPORT);
    let Err(status) = grpc.unary(Request::new(body), path, Raw).await else {
        return Ok(None);
    };
    let retry = status
        .get_details_retry_info()
        .and_then(|info| info.retry_delay);
    match status.code() {
        // What OTLP has its clients send again. Cancelled: the connection was closed meanwhile.
        Code::Unavailable | Code::ResourceExhausted | Code::Cancelled => {
            Ok(Some(retry.unwrap_or(WAIT)))
        }
        // Not an answer: the connection was closed, in order or not, before the server took the
        // request. gRPC clients send it again by themselves; this one leaves it to its caller.
        _ if status.source().is_some() => Ok(Some(WAIT)),
        _ => bail!("the server refused a request: {status}"),
    }
}

/// Like [`export`], over HTTP.
async fn post(client: &mut Client, body: &[u8]) -> Result<Option<Duration>> {
    let answer = match client.post("/v1/traces", PROTOBUF, body).await {
        Ok(answer) => answer,
        // The connection was closed, for example for another one's.
        Err(error) if error.chain().any(|cause| cause.is::<std::io::Error>()) => {
            client.reconnect();
            return Ok(Some(WAIT));
        }
        Err(error) => return Err(error),
    };
    match answer.status {
        200 => Ok(None),
        429 | 502..=504 => Ok(Some(WAIT)),
        status => bail!("the server refused a request: {status}"),
    }
}

/// A codec that sends requests unchanged and discards answers.
#[derive(Debug, Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        target.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        source.advance(source.remaining());
        Ok(Some(()))
    }
}
