//! Wraps every request: records its begin and end at its connection, and enforces the minimum rate
//! of its body.

use crate::{ListenLimits, PortMetrics, activity::Activity, pace::Paced, seats::Seats};
use axum::{Router, body::Body, extract::ConnectInfo};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Version, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tower::Service;

/// Serves the requests of one connection.
pub(crate) struct Requests {
    pub router: Router,
    pub activity: Arc<Activity>,
    pub seats: Arc<Seats>,
    pub limits: Arc<ListenLimits>,
    pub metrics: PortMetrics,
    /// Address of the client.
    pub peer: SocketAddr,
}

impl hyper::service::Service<Request<Incoming>> for Requests {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let open = Open::new(&self.activity, &self.seats);
        let is_http_1 = request.version() <= Version::HTTP_11;
        let mut request = request.map(|body| {
            if body.is_end_stream() {
                return Body::empty();
            }
            let paced = Paced::new(body, self.limits.pace, self.metrics.clone());
            Body::new(Remembered {
                body: paced,
                is_over: false,
                activity: self.activity.clone(),
            })
        });
        // Queries are scheduled fairly by client address.
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let answer = self.router.clone().call(request);
        Box::pin(async move {
            let mut answer = answer.await?;
            // A connection ends after a body that was left unread. A client that is not told would
            // send its next request on the closing connection.
            if is_http_1 && (open.seats.is_awaited() || open.activity.is_unread()) {
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(header::CONNECTION, close);
            }
            let content_type = answer.headers().get(header::CONTENT_TYPE);
            if content_type.is_some_and(|of| of.as_bytes().starts_with(b"text/event-stream")) {
                open.activity.is_stream();
            }
            Ok(answer.map(|body| Answer { body, _open: open }))
        })
    }
}

/// An open request; dropping it records the end.
struct Open {
    activity: Arc<Activity>,
    seats: Arc<Seats>,
}

impl Open {
    fn new(activity: &Arc<Activity>, seats: &Arc<Seats>) -> Self {
        activity.begin();
        Self {
            activity: activity.clone(),
            seats: seats.clone(),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.activity.end() {
            self.seats.idle();
        }
    }
}

/// Body of an answer. The request stays open until it is dropped.
pub(crate) struct Answer {
    body: Body,
    _open: Open,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Body of a request. Records at its connection if it was left unread.
struct Remembered {
    body: Paced<Incoming>,
    /// Whether the end was seen. For a chunked body there is no other way to know.
    is_over: bool,
    activity: Arc<Activity>,
}

impl HttpBody for Remembered {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.is_over |= matches!(frame, Poll::Ready(None));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.is_over || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Remembered {
    fn drop(&mut self) {
        if !self.is_end_stream() {
            self.activity.unread();
        }
    }
}
