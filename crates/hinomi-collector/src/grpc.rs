//! OTLP over gRPC.
//!
//! Messages are taken off the wire as bytes and decoded in the handler: the generated services
//! answer a message that can not be decoded with INTERNAL, where the protocol wants
//! INVALID_ARGUMENT.

use crate::{
    body,
    metered::Metered,
    receiver::{Answer, Encoding, Failure, Receiver, Signal},
};
use bytes::{Buf, BufMut, Bytes};
use futures_util::future::BoxFuture;
use opentelemetry_proto::tonic::collector::{
    logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse},
    metrics::v1::{ExportMetricsPartialSuccess, ExportMetricsServiceResponse},
    trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse},
};
use prost::Message;
use std::{convert::Infallible, task};
use tonic::{
    Code, Request, Response, Status,
    body::Body,
    codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server::{Grpc, UnaryService},
};
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
}

impl OtlpService {
    pub fn new(receiver: Receiver) -> Self {
        Self { receiver }
    }

    async fn answer(self, request: http::Request<axum::body::Body>) -> http::Response<Body> {
        let path = request.uri().path();
        let Some((_, signal)) = METHODS.into_iter().find(|(method, _)| *method == path) else {
            let text = "this server has the OTLP services for traces, metrics and logs";
            return Status::unimplemented(text).into_http();
        };
        let limits = self.receiver.limits().clone();
        let (memory, receiver) = (
            self.receiver.ingest().in_flight().clone(),
            self.receiver.clone(),
        );
        let refuse = move || status(&receiver.ingest().busy().into()).into();
        let request = request.map(|body| Metered::new(body, memory, Box::new(refuse)));
        let codec = BytesCodec {
            receiver: self.receiver.clone(),
        };
        let mut grpc = Grpc::new(codec)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .max_decoding_message_size(limits.body_bytes);
        let export = Export {
            receiver: self.receiver,
            signal,
        };
        let unary = grpc.unary(export, request);
        match tokio::time::timeout(limits.read_timeout, unary).await {
            Ok(response) => with_protocol_status(response),
            Err(_) => Status::deadline_exceeded("the request did not arrive in time").into_http(),
        }
    }
}

impl tower::Service<http::Request<axum::body::Body>> for OtlpService {
    type Response = http::Response<Body>;
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

/// Replaces the codes the library gives for what it refuses itself: OUT_OF_RANGE for a message
/// over the limit is RESOURCE_EXHAUSTED, INTERNAL for one it can not read is INVALID_ARGUMENT.
fn with_protocol_status(mut response: http::Response<Body>) -> http::Response<Body> {
    let status = response
        .headers()
        .get("grpc-status")
        .map(|value| value.as_bytes());
    let code = match status.map(Code::from_bytes) {
        Some(Code::OutOfRange) => Code::ResourceExhausted,
        Some(Code::Internal | Code::Unknown) => Code::InvalidArgument,
        _ => return response,
    };
    response
        .headers_mut()
        .insert("grpc-status", (code as i32).into());
    response
}

struct Export {
    receiver: Receiver,
    signal: Signal,
}

impl UnaryService<body::Body> for Export {
    type Response = Bytes;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Status>>;

    fn call(&mut self, request: Request<body::Body>) -> Self::Future {
        let (receiver, signal) = (self.receiver.clone(), self.signal);
        Box::pin(async move {
            let body = request.into_inner();
            match receiver.receive(signal, Encoding::Protobuf, body).await {
                Ok(answer) => Ok(Response::new(response(signal, answer))),
                Err(failure) => Err(status(&failure)),
            }
        })
    }
}

/// The response message of a signal as protobuf.
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
        Failure::Refused(refused) => match refused.retry_after() {
            Some(wait) => Status::with_error_details(
                Code::Unavailable,
                failure.to_string(),
                ErrorDetails::with_retry_info(Some(wait)),
            ),
            None => Status::resource_exhausted(failure.to_string()),
        },
    }
}

/// Hands messages through as bytes, with memory held for them.
#[derive(Clone)]
struct BytesCodec {
    receiver: Receiver,
}

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = body::Body;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        self.clone()
    }

    fn decoder(&mut self) -> Self {
        self.clone()
    }
}

impl Encoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for BytesCodec {
    type Item = body::Body;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<body::Body>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        let held = self.receiver.ingest().hold(bytes.len());
        let held = held.map_err(|refused| status(&refused.into()))?;
        Ok(Some(body::Body { bytes, _held: held }))
    }
}
