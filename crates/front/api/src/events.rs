//! Streaming answers: server-sent events.

use axum::response::{
    IntoResponse, Response, Sse,
    sse::{Event, KeepAlive},
};
use futures_util::{Stream, StreamExt};
use http::{HeaderName, HeaderValue, header};
use std::{convert::Infallible, time::Duration};

/// A browser that lost the stream waits this long before it reconnects.
pub(crate) const RETRY: Duration = Duration::from_secs(3);
/// Interval of the pings. A proxy that sees no data for longer may close the connection.
const PING: Duration = Duration::from_secs(15);

/// Sends the events as they arrive, with pings. Headers stop caches and proxies from holding them
/// back.
pub(crate) fn answer(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let mut response = Sse::new(events.map(Ok::<_, Infallible>))
        .keep_alive(KeepAlive::new().interval(PING).text("ping"))
        .into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    response
}
