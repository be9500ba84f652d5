//! Errors as RFC 9457 problem documents.

use axum::response::{IntoResponse, Response};
use hinomi_analysis::AnalysisError;
use hinomi_query::QueryError;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Kind of problem; `about:blank` when the status is all there is to know.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Short name of the kind.
    title: &'static str,
    /// HTTP status.
    status: u16,
    /// What happened, and what to do next.
    detail: String,
    /// Name of the invalid parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
}

impl Problem {
    /// The problem of an invalid parameter.
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        Self {
            parameter: Some(name.to_owned()),
            ..Self::bad_request(detail)
        }
    }

    /// The problem of an invalid request when no single parameter is the cause.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, "Bad request", detail)
    }

    /// The problem of something that does not exist.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::of(StatusCode::NOT_FOUND, "Not found", detail)
    }

    /// A problem with this status.
    pub fn of(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title,
            status: status.as_u16(),
            detail: detail.into(),
            parameter: None,
        }
    }

    /// HTTP status of the problem.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What happened, and what to do next.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        let (status, title) = match &error {
            QueryError::Terms(error) => return Self::parameter("q", error.to_string()),
            QueryError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "Busy"),
            QueryError::Memory(_) => (StatusCode::SERVICE_UNAVAILABLE, "Query out of memory"),
            QueryError::Unwritable(_) => {
                tracing::warn!(%error, "a change was refused");
                (StatusCode::SERVICE_UNAVAILABLE, "Store not writable")
            }
            QueryError::TooMuch(_) => (StatusCode::UNPROCESSABLE_ENTITY, "Too much to add up"),
            QueryError::Timeout => (StatusCode::GATEWAY_TIMEOUT, "Query timed out"),
            QueryError::Store(_) => {
                tracing::error!(%error, "a query failed");
                return Self::of(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Store failure",
                    "the store could not be read; the server's log has the cause",
                );
            }
        };
        Self::of(status, title, error.to_string())
    }
}

impl From<AnalysisError> for Problem {
    fn from(error: AnalysisError) -> Self {
        match error {
            AnalysisError::Query(error) => Self::from(error),
            AnalysisError::Ended => Self::of(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Failed",
                error.to_string(),
            ),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_the_parameter_and_has_its_status() {
        let response = Problem::parameter("limit", "`limit` is 1 to 1000").into_response();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
    }

    #[test]
    fn a_busy_server_says_when_to_come_back() {
        let response = Problem::from(QueryError::Busy).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        let memory = Problem::from(QueryError::Memory("more than the 5 MiB".into()));
        assert!(memory.detail().contains("5 MiB"), "{}", memory.detail());
        assert_eq!(memory.into_response().headers()[header::RETRY_AFTER], "1");
        let much = Problem::from(QueryError::TooMuch("more than 5 spans".into()));
        assert_eq!(much.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let full = Problem::from(QueryError::Unwritable("the disk is full".into())).into_response();
        assert_eq!(full.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(full.headers()[header::RETRY_AFTER], "1");
        let timeout = Problem::from(QueryError::Timeout).into_response();
        assert_eq!(timeout.status(), StatusCode::GATEWAY_TIMEOUT);
    }
}
