//! `GET /traces/{trace_id}`: the trace page, or one span's panel with `?fragment=span`.

use super::{SpanFragment, TraceMissing, TracePage, View, Wish};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use hinomi_model::TraceId;
use hinomi_query::{
    MOST_TRACE_SPANS,
    answer::TraceStart,
    trace::{Clocks, SpanAddress},
};
use hinomi_webkit::{
    App, cursor,
    page::{Page, Section, render},
    problem::Problem,
};
use http::StatusCode;

/// The trace page. A long trace is shown in pages. Environment filters do not apply, so that a
/// shared link shows everyone the same.
pub(crate) async fn show(
    State(app): State<App>,
    Path(asked): Path<String>,
    page: Page,
) -> Response {
    let mut page = page.in_section(Section::Transactions);
    let Ok(id) = asked.parse::<TraceId>() else {
        return render(
            StatusCode::BAD_REQUEST,
            &TraceMissing::new(page, &asked, false),
        );
    };
    let wish = wish(&page);
    let (scope, clocks) = (page.scope(), wish.clocks);
    let query = &app.web.query;
    let found = query.trace_page(&scope, id, clocks, start(&wish), MOST_TRACE_SPANS);
    let trace = match found.await {
        Ok(Some(trace)) => trace,
        Ok(None) => {
            return render(
                StatusCode::NOT_FOUND,
                &TraceMissing::new(page, &asked, true),
            );
        }
        Err(error) => return crate::failure::page(page, &Problem::from(error)),
    };
    page.lost.clone_from(&trace.lost);
    let slow = query.slow_threshold_of_trace(&scope, &trace);
    // Laying out a trace of 100,000 spans takes long enough to block other requests.
    let laid_out = tokio::task::spawn_blocking(move || match (page.param("fragment"), wish.span) {
        (Some("span"), Some(span)) => match SpanFragment::new(page, &trace, span) {
            Some(fragment) => render(StatusCode::OK, &fragment),
            None => Problem::not_found("the trace has no such span").into_response(),
        },
        _ => render(StatusCode::OK, &TracePage::new(page, &trace, &wish, slow)),
    });
    laid_out.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a trace could not be laid out");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

/// Where a page of a long trace begins: at the requested cursor, else at the requested span.
fn start(wish: &Wish) -> TraceStart {
    match (wish.cursor, wish.span) {
        (Some(place), _) => TraceStart::After(place),
        (None, Some(span)) => TraceStart::With(span.id),
        (None, None) => TraceStart::First,
    }
}

fn wish(page: &Page) -> Wish {
    let span_in = |name| {
        page.param(name)
            .and_then(|span| span.parse::<SpanAddress>().ok())
    };
    Wish {
        view: View::of(page.param("view").unwrap_or_default()),
        span: span_in("span"),
        cursor: page.param("cursor").and_then(cursor::decode_place),
        zoom: span_in("zoom"),
        clocks: match page.param("clock") {
            Some("sent") => Clocks::AsSent,
            _ => Clocks::Aligned,
        },
        internal: page.param("internal").map(|word| word == "show"),
        sort: page.param("sort").unwrap_or_default().to_owned(),
    }
}
