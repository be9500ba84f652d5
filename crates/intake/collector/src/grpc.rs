//! OTLP over gRPC: one message per request, one per response.
//!
//! Frames are read and written here instead of by a generated service. A generated service
//! decompresses on the receiving thread, uses memory that is not accounted for, and answers a
//! message that cannot be decoded with INTERNAL, where the protocol requires INVALID_ARGUMENT.

use crate::{
    body::{self, Body, BodyError, Framing, PREFIX},
    inflate::Compression,
    receiver::Receiver,
    request::{Answer, Encoding, Failure, Request, Signal},
};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, header};
use http_body_util::{BodyExt, Full};
use opentelemetry_proto::tonic::collector::{
    logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse},
    metrics::v1::{ExportMetricsPartialSuccess, ExportMetricsServiceResponse},
    trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse},
};
use prost::Message;
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task,
};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

const METHODS: [(&str, Signal); 3] = [
    (
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Traces,
    ),
    (
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        Signal::Metrics,
    ),
    (
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        Signal::Logs,
    ),
];

/// The three OTLP services.
#[derive(Clone)]
pub(crate) struct OtlpService {
    receiver: Receiver,
    /// Whether a request that is no gRPC was logged.
    told: Arc<AtomicBool>,
}

impl OtlpService {
    pub fn new(receiver: Receiver) -> Self {
        Self {
            receiver,
            told: Arc::default(),
        }
    }

    /// The answer to a client that speaks HTTP and not gRPC: a sentence that it can show.
    fn no_grpc(&self, request: &http::Request<axum::body::Body>) -> Response {
        let sentence = "this port takes OTLP over gRPC only; OTLP over HTTP has a port of its own \
                        (4318 unless configured otherwise): change the exporter's protocol or its port\n";
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                path = request.uri().path(),
                "a request to the OTLP/gRPC port is no gRPC: {}; further ones are not logged",
                sentence.trim_end()
            );
        }
        let mut response = Response::new(axum::body::Body::from(sentence));
        *response.status_mut() = http::StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
        response
    }

    async fn answer(self, request: http::Request<axum::body::Body>) -> Response {
        if !is_grpc(request.headers()) {
            return self.no_grpc(&request);
        }
        let answered = self.export(request).await;
        let message = match answered {
            Ok(message) => message,
            Err(status) => return status.into_http(),
        };
        let mut framed = BytesMut::with_capacity(PREFIX + message.len());
        framed.put_u8(0);
        framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
        framed.put(message);
        let ok = HeaderMap::from_iter([(Status::GRPC_STATUS, HeaderValue::from_static("0"))]);
        let body = Full::new(framed.freeze()).with_trailers(std::future::ready(Some(Ok(ok))));
        let mut response = Response::new(axum::body::Body::new(body));
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/grpc"),
        );
        response
    }

    async fn export(self, request: http::Request<axum::body::Body>) -> Result<Bytes, Status> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        let Some((_, signal)) = METHODS.into_iter().find(|(method, _)| *method == path) else {
            let text = "this server has the OTLP services for traces, metrics and logs";
            return Err(Status::unimplemented(text));
        };
        let named = parts.headers.get("grpc-encoding");
        let named = named.map_or(Ok("identity"), |name| name.to_str());
        let compression = named.ok().and_then(Compression::of);
        let compression = compression.ok_or_else(unknown_compression)?;
        let project = self.receiver.project_of(&parts.headers);
        let project = project.map_err(|failure| status(&failure))?;
        let memory = self.receiver.ingest().in_flight();
        let most = self.receiver.limits().body_bytes;
        let read = body::read(body, Framing::Message, most, memory).await;
        let request = read
            .and_then(|body| message(body, compression))
            .map_err(|error| status(&self.receiver.failure(error)))?;
        let (body, compression) = request;
        let request = Request {
            project,
            signal,
            encoding: Encoding::Protobuf,
            compression,
            body,
        };
        let answer = self.receiver.receive(request).await;
        answer
            .map(|answer| response(signal, answer))
            .map_err(|failure| status(&failure))
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let named = headers.get(header::CONTENT_TYPE);
    named.is_some_and(|named| named.as_bytes().starts_with(b"application/grpc"))
}

type Response = http::Response<axum::body::Body>;

fn unknown_compression() -> Status {
    let text = "this grpc-encoding is not known; send gzip, zstd or identity";
    let mut status = Status::unimplemented(text);
    let accepted = "identity,gzip,zstd".parse();
    if let Ok(accepted) = accepted {
        status
            .metadata_mut()
            .insert("grpc-accept-encoding", accepted);
    }
    status
}

/// Extracts the message from a complete body, with its compression.
fn message(mut body: Body, named: Compression) -> Result<(Body, Compression), BodyError> {
    let broken = |what: &str| BodyError::Corrupt(what.to_owned());
    if body.bytes.len() < PREFIX {
        return Err(broken("there is no message"));
    }
    let compression = match body.bytes.get_u8() {
        0 => Compression::None,
        1 if named != Compression::None => named,
        _ => return Err(broken("the message's prefix is wrong")),
    };
    if body.bytes.get_u32() as usize != body.bytes.len() {
        return Err(broken("there is more or less than one message"));
    }
    Ok((body, compression))
}

impl tower::Service<http::Request<axum::body::Body>> for OtlpService {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), Infallible>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<axum::body::Body>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await) })
    }
}

/// Encodes the response message of a signal as protobuf.
pub(crate) fn response(signal: Signal, answer: Answer) -> Bytes {
    let partial = (answer.rejected > 0).then_some((answer.rejected, answer.message));
    match signal {
        Signal::Traces => ExportTraceServiceResponse {
            partial_success: partial.map(|(rejected_spans, error_message)| {
                ExportTracePartialSuccess {
                    rejected_spans,
                    error_message,
                }
            }),
        }
        .encode_to_vec(),
        Signal::Metrics => ExportMetricsServiceResponse {
            partial_success: partial.map(|(rejected_data_points, error_message)| {
                ExportMetricsPartialSuccess {
                    rejected_data_points,
                    error_message,
                }
            }),
        }
        .encode_to_vec(),
        Signal::Logs => ExportLogsServiceResponse {
            partial_success: partial.map(|(rejected_log_records, error_message)| {
                ExportLogsPartialSuccess {
                    rejected_log_records,
                    error_message,
                }
            }),
        }
        .encode_to_vec(),
    }
    .into()
}

fn status(failure: &Failure) -> Status {
    match failure {
        Failure::Malformed(_) => Status::invalid_argument(failure.to_string()),
        Failure::Body(BodyError::TooLarge { .. }) => {
            Status::resource_exhausted(failure.to_string())
        }
        Failure::Body(error) => match error.retry_after() {
            Some(wait) => unavailable(failure, wait),
            None => Status::invalid_argument(failure.to_string()),
        },
        Failure::Unknown(_) => Status::unauthenticated(failure.to_string()),
        Failure::Refused(refused) => match refused.retry_after() {
            Some(wait) => unavailable(failure, wait),
            None => Status::resource_exhausted(failure.to_string()),
        },
    }
}

fn unavailable(failure: &Failure, wait: std::time::Duration) -> Status {
    Status::with_error_details(
        Code::Unavailable,
        failure.to_string(),
        ErrorDetails::with_retry_info(Some(wait)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_io::MemoryShare;

    #[test]
    fn one_whole_message_is_taken_and_nothing_else() {
        let memory = MemoryShare::new(1_000);
        let found = |bytes: &'static [u8], named| {
            let body = Body {
                bytes: Bytes::from_static(bytes),
                held: memory.hold(bytes.len()).unwrap(),
            };
            message(body, named).map(|(body, compression)| (body.bytes.to_vec(), compression))
        };
        let (none, gzip) = (Compression::None, Compression::Gzip);
        assert_eq!(found(b"\0\0\0\0\x02ab", gzip), Ok((b"ab".to_vec(), none)));
        assert_eq!(found(b"\x01\0\0\0\x02ab", gzip), Ok((b"ab".to_vec(), gzip)));
        assert_eq!(found(b"\0\0\0\0\0", none), Ok((Vec::new(), none)));
        for (bytes, named) in [
            (&b""[..], none),
            (b"\0\0\0\0", none),
            (b"\0\0\0\0\x03ab", none),
            (b"\0\0\0\0\x01ab", none),
            (b"\x01\0\0\0\x02ab", none),
            (b"\x02\0\0\0\x02ab", gzip),
        ] {
            assert!(
                matches!(found(bytes, named), Err(BodyError::Corrupt(_))),
                "{bytes:?}"
            );
        }
    }
}
