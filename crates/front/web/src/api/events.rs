//! Answers that go on: a stream of server-sent events.

use axum::response::{
    IntoResponse, Response, Sse,
    sse::{Event, KeepAlive},
};
use futures_util::{Stream, StreamExt};
use http::{HeaderName, HeaderValue, header};
use std::{convert::Infallible, time::Duration};

/// A browser that lost the stream waits this long before it asks again.
pub(crate) const RETRY: Duration = Duration::from_secs(3);
/// A proxy that sees nothing for longer may cut the line.
const PING: Duration = Duration::from_secs(15);

/// The events as they come, kept alive and held back by no cache or proxy.
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
