//! Sends encoded requests over gRPC, one connection each.

use anyhow::{Context, Result, bail};
use bytes::{Buf, BufMut, Bytes};
use std::{net::SocketAddr, time::Duration};
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt;

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/// A request that takes longer has failed.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The wait where the server refuses for now and names none.
const WAIT: Duration = Duration::from_millis(100);

/// One connection.
pub struct Connection(Grpc<Channel>);

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?.timeout(TIMEOUT);
        Ok(Self(Grpc::new(
            endpoint.connect().await.context("connecting over gRPC")?,
        )))
    }

    /// Sends one request until it is acknowledged; how often it was refused for the moment.
    pub async fn send(&mut self, body: Bytes) -> Result<u64> {
        let mut refusals = 0;
        loop {
            self.0.ready().await.context("the connection was lost")?;
            let path = PathAndQuery::from_static(EXPORT);
            let Err(status) = self.0.unary(Request::new(body.clone()), path, Raw).await else {
                return Ok(refusals);
            };
            let retry = status
                .get_details_retry_info()
                .and_then(|info| info.retry_delay);
            match status.code() {
                Code::Unavailable | Code::ResourceExhausted => refusals += 1,
                _ => bail!("the server refused a request: {status}"),
            }
            tokio::time::sleep(retry.unwrap_or(WAIT)).await;
        }
    }
}

/// Requests go as they are; answers are read and forgotten.
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
