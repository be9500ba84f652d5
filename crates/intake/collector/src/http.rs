//! OTLP over HTTP: `POST /v1/traces|metrics|logs`, protobuf or JSON according to Content-Type. The
//! response has the same encoding as the request; errors are a `google.rpc.Status`.

use crate::{
    body::{self, BodyError, Framing},
    browsers::{Agents, Foreign},
    grpc,
    inflate::Compression,
    receiver::Receiver,
    request::{self, Answer, Encoding, Failure, Signal},
};
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Request, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use prost::Message;
use serde_json::json;
use tonic::Code;

/// The routes.
pub(crate) fn router(receiver: Receiver, hosts: &[String]) -> Router {
    let agents = Agents::new(hosts);
    let mut router = Router::new();
    for (path, signal) in [
        ("/v1/traces", Signal::Traces),
        ("/v1/metrics", Signal::Metrics),
        ("/v1/logs", Signal::Logs),
    ] {
        let take = post(move |state, request| export(signal, state, request));
        // Some agents add a slash to the address that they were given.
        router = router
            .route(&format!("{path}/"), take.clone())
            .route(path, take);
    }
    router
        .fallback(unknown_path)
        .layer(middleware::from_fn_with_state(agents, agents_only))
        .with_state(receiver)
}

/// Middleware that refuses requests from web pages.
async fn agents_only(State(agents): State<Agents>, request: Request<Body>, next: Next) -> Response {
    let foreign = match agents.check(request.uri(), request.headers()) {
        Ok(()) => return next.run(request).await,
        Err(foreign) => foreign,
    };
    let problem = Problem {
        http: match foreign {
            Foreign::Browser => StatusCode::FORBIDDEN,
            Foreign::Host => StatusCode::MISDIRECTED_REQUEST,
        },
        code: Code::PermissionDenied,
        message: foreign.to_string(),
        retry_after_seconds: None,
    };
    problem.into_response(Encoding::Json)
}

async fn unknown_path() -> Response {
    let problem = Problem {
        http: StatusCode::NOT_FOUND,
        code: Code::Unimplemented,
        message: "this address takes POST /v1/traces, /v1/metrics and /v1/logs".into(),
        retry_after_seconds: None,
    };
    problem.into_response(Encoding::Json)
}

async fn export(
    signal: Signal,
    State(receiver): State<Receiver>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let encoding = match encoding_of(&parts.headers) {
        Ok(encoding) => encoding,
        Err(problem) => return problem.into_response(Encoding::Json),
    };
    match receive(&receiver, signal, encoding, &parts.headers, body).await {
        Ok(answer) => success(signal, encoding, answer),
        Err(problem) => problem.into_response(encoding),
    }
}

async fn receive(
    receiver: &Receiver,
    signal: Signal,
    encoding: Encoding,
    headers: &HeaderMap,
    body: Body,
) -> Result<Answer, Problem> {
    let project = receiver.project_of(headers)?;
    let compression = compression_of(headers)?;
    let most = receiver.limits().body_bytes;
    let memory = receiver.ingest().in_flight();
    let body = match body::read(body, Framing::Plain, most, memory).await {
        Ok(body) => body,
        Err(error) => return Err(receiver.failure(error).into()),
    };
    let request = request::Request {
        project,
        signal,
        encoding,
        compression,
        body,
    };
    Ok(receiver.receive(request).await?)
}

fn compression_of(headers: &HeaderMap) -> Result<Compression, Problem> {
    let Some(named) = headers.get(header::CONTENT_ENCODING) else {
        return Ok(Compression::None);
    };
    let named = named.to_str().unwrap_or("?");
    Compression::of(named).ok_or_else(|| Problem {
        http: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        code: Code::InvalidArgument,
        message: format!("Content-Encoding {named:?} is not known; send gzip, zstd or identity"),
        retry_after_seconds: None,
    })
}

fn encoding_of(headers: &HeaderMap) -> Result<Encoding, Problem> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type
        .and_then(|value| value.split(';').next())
        .map(str::trim);
    match essence.map(str::to_ascii_lowercase).as_deref() {
        Some("application/x-protobuf" | "application/protobuf") => Ok(Encoding::Protobuf),
        Some("application/json") => Ok(Encoding::Json),
        _ => Err(Problem {
            http: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            code: Code::InvalidArgument,
            message: format!(
                "Content-Type {:?} is not known; send application/x-protobuf or application/json",
                content_type.unwrap_or_default()
            ),
            retry_after_seconds: None,
        }),
    }
}

fn success(signal: Signal, encoding: Encoding, answer: Answer) -> Response {
    let body = match encoding {
        Encoding::Protobuf => grpc::response(signal, answer),
        Encoding::Json => json_success(signal, &answer),
    };
    ([(header::CONTENT_TYPE, content_type(encoding))], body).into_response()
}

fn json_success(signal: Signal, answer: &Answer) -> Bytes {
    let rejected = match signal {
        Signal::Traces => "rejectedSpans",
        Signal::Metrics => "rejectedDataPoints",
        Signal::Logs => "rejectedLogRecords",
    };
    let body = if answer.rejected > 0 {
        // Protobuf's JSON mapping writes 64-bit integers as strings.
        json!({"partialSuccess": {
            rejected: answer.rejected.to_string(),
            "errorMessage": answer.message,
        }})
    } else {
        json!({})
    };
    body.to_string().into()
}

fn content_type(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    }
}

/// An error response.
struct Problem {
    http: StatusCode,
    code: Code,
    message: String,
    retry_after_seconds: Option<u64>,
}

impl Problem {
    fn into_response(self, encoding: Encoding) -> Response {
        let body: Bytes = match encoding {
            Encoding::Protobuf => tonic_types::Status {
                code: self.code as i32,
                message: self.message,
                details: Vec::new(),
            }
            .encode_to_vec()
            .into(),
            Encoding::Json => json!({"code": self.code as i32, "message": self.message})
                .to_string()
                .into(),
        };
        let mut response = (
            self.http,
            [(header::CONTENT_TYPE, content_type(encoding))],
            body,
        )
            .into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let (http, code) = match &error {
            BodyError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, Code::ResourceExhausted),
            BodyError::TooSlow(_) | BodyError::NoMemory => {
                (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable)
            }
            BodyError::Corrupt(_) | BodyError::Broken(_) => {
                (StatusCode::BAD_REQUEST, Code::InvalidArgument)
            }
        };
        Self {
            http,
            code,
            message: error.to_string(),
            retry_after_seconds: error.retry_after().map(|wait| wait.as_secs().max(1)),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let message = failure.to_string();
        match failure {
            Failure::Body(error) => error.into(),
            Failure::Malformed(_) => Self {
                http: StatusCode::BAD_REQUEST,
                code: Code::InvalidArgument,
                message,
                retry_after_seconds: None,
            },
            Failure::Unknown(_) => Self {
                http: StatusCode::UNAUTHORIZED,
                code: Code::Unauthenticated,
                message,
                retry_after_seconds: None,
            },
            Failure::Refused(refused) => match refused.retry_after() {
                Some(wait) => Self {
                    http: StatusCode::SERVICE_UNAVAILABLE,
                    code: Code::Unavailable,
                    message,
                    retry_after_seconds: Some(wait.as_secs().max(1)),
                },
                None => Self {
                    http: StatusCode::PAYLOAD_TOO_LARGE,
                    code: Code::ResourceExhausted,
                    message,
                    retry_after_seconds: None,
                },
            },
        }
    }
}
