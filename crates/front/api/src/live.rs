//! `GET /api/v1/live`: a stream of changed columns. First a `snapshot`, then a `delta` twice a
//! second.

use crate::{
    deployments::DeploymentWire,
    events::{self, RETRY},
    params::{Params, SELECTION},
    pattern::PatternWire,
    wire::{CountsWire, PointWire, QuantilesWire, millis},
};
use axum::{
    extract::State,
    response::{Response, sse::Event},
};
use futures_util::stream;
use hinomi_live::Tick;
use hinomi_model::{Selection, TimeRange, UnixNanos, hitmap::COLUMN};
use hinomi_query::answer::{LiveColumn, LiveService};
use hinomi_webkit::{App, problem::Problem, readers::Reader};
use http::Uri;
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use utoipa::ToSchema;

/// Length of the time in which patterns are searched.
const WINDOW: Duration = Duration::from_secs(10 * 60);

/// The hitmap columns that changed, each sent whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveHitmapWire {
    now_ms: i64,
    column_ms: f64,
    slow_ms: f64,
    columns: Vec<LiveColumnWire>,
    /// All patterns of the last ten minutes; absent when they have not changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    patterns: Option<Vec<PatternWire>>,
    /// All deployments of the service in the last ten minutes; absent when they have not changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    deployments: Option<Vec<DeploymentWire>>,
}

/// One column.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveColumnWire {
    start_ms: i64,
    /// `[row, ok, slow, error]` of each cell that is not empty.
    #[schema(value_type = Vec<Vec<u64>>)]
    cells: Vec<(u8, u64, u64, u64)>,
    #[serde(flatten)]
    counts: CountsWire,
    #[serde(flatten)]
    latency: QuantilesWire,
}

/// The columns of every service that changed, each sent whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveServicesWire {
    now_ms: i64,
    column_ms: f64,
    services: Vec<LiveServiceWire>,
}

/// The columns of one service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveServiceWire {
    service: String,
    namespace: String,
    environment: String,
    columns: Vec<PointWire>,
}

impl LiveHitmapWire {
    pub(crate) fn of(now: UnixNanos, slow: Duration, columns: &[LiveColumn]) -> Self {
        let columns = columns.iter().map(|column| LiveColumnWire {
            start_ms: column.start.millis(),
            cells: column
                .cells
                .iter()
                .map(|(row, counts)| (*row, counts.ok, counts.slow, counts.error))
                .collect(),
            counts: CountsWire::of(column.counts),
            latency: QuantilesWire::of(column.latency),
        });
        Self {
            now_ms: now.millis(),
            column_ms: millis(COLUMN),
            slow_ms: millis(slow),
            columns: columns.collect(),
            patterns: None,
            deployments: None,
        }
    }
}

impl LiveServicesWire {
    pub(crate) fn of(now: UnixNanos, services: &[LiveService]) -> Self {
        let services = services.iter().map(|service| LiveServiceWire {
            service: service.service.to_string(),
            namespace: service.namespace.to_string(),
            environment: service.environment.to_string(),
            columns: service.columns.iter().map(PointWire::of).collect(),
        });
        Self {
            now_ms: now.millis(),
            column_ms: millis(COLUMN),
            services: services.collect(),
        }
    }
}

/// One reader of the stream.
struct Subscription {
    app: App,
    ticks: Receiver<Arc<Tick>>,
    selection: Selection,
    /// Whether events have the cells of the selection. If false, they have the points of every
    /// service.
    cells: bool,
    started: bool,
    /// Whether the last columns could not be sent. The next event then has all of them.
    behind: bool,
    /// The patterns that were last sent, and the column at whose start they were searched.
    patterns: (UnixNanos, Option<Vec<PatternWire>>),
    /// The deployments that were last sent.
    deployments: Vec<DeploymentWire>,
}

impl Subscription {
    /// The patterns, when a new column has begun and they have changed since the last event.
    async fn patterns(&mut self, now: UnixNanos) -> Option<Vec<PatternWire>> {
        let column = now.floor(COLUMN);
        if self.patterns.0 == column {
            return None;
        }
        self.patterns.0 = column;
        let range = TimeRange::new(column.plus(COLUMN).minus(WINDOW), column.plus(COLUMN));
        let query = &self.app.web.query;
        let map = query.hitmap(&self.selection, range).await.ok()?;
        let found = self.app.web.analysis.patterns(&self.selection, &map);
        let found = PatternWire::all(&found.await.ok()?);
        if self.patterns.1.as_ref() == Some(&found) {
            return None;
        }
        self.patterns.1 = Some(found.clone());
        Some(found)
    }

    /// The deployments of the service, when they have changed since the last event.
    fn deployments(&mut self, now: UnixNanos) -> Option<Vec<DeploymentWire>> {
        let service = self.selection.service.as_deref()?;
        let range = TimeRange::new(now.minus(WINDOW), now.plus(WINDOW));
        let query = &self.app.web.query;
        let found = query.deployments(&self.selection.scope, Some(service), range);
        let found: Vec<_> = found.iter().map(DeploymentWire::of).collect();
        if self.deployments == found {
            return None;
        }
        self.deployments.clone_from(&found);
        Some(found)
    }

    async fn next(mut self) -> Option<(Event, Self)> {
        if !self.started {
            self.started = true;
            let event = self.event(None).await.retry(RETRY);
            return Some((event, self));
        }
        let tick = tokio::select! {
            () = self.app.web.shutdown.cancelled() => return None,
            tick = self.ticks.recv() => tick,
        };
        let event = match tick {
            Ok(tick) if !self.behind => self.event(Some(&tick)).await,
            // Some ticks were missed: send everything again.
            Ok(_) | Err(RecvError::Lagged(_)) => self.event(None).await,
            Err(RecvError::Closed) => return None,
        };
        Some((event, self))
    }

    /// The event with what changed in a tick, or with everything. Columns that the live window does
    /// not have are read from the store. When the store cannot answer now, the next tick asks it
    /// for everything.
    async fn event(&mut self, tick: Option<&Tick>) -> Event {
        let query = self.app.web.query.clone();
        let now = tick.map_or_else(|| query.now(), |tick| tick.now);
        let data = if self.cells {
            let columns = match tick {
                Some(tick) => query.live_delta(&self.selection, tick).await,
                None => query.live_snapshot(&self.selection).await,
            };
            let Ok(columns) = columns else {
                return self.later();
            };
            let slow_threshold = query.slow_threshold_of_selection(&self.selection);
            let mut wire = LiveHitmapWire::of(now, slow_threshold, &columns);
            wire.patterns = self.patterns(now).await;
            wire.deployments = self.deployments(now);
            serde_json::to_string(&wire)
        } else {
            let services = query.live_services(&self.selection.scope, tick).await;
            let Ok(services) = services else {
                return self.later();
            };
            serde_json::to_string(&LiveServicesWire::of(now, &services))
        };
        self.behind = false;
        let event = Event::default().data(data.unwrap_or_else(|_| "{}".into()));
        match tick {
            Some(tick) => event.event("delta").id(tick.number.to_string()),
            None => event.event("snapshot"),
        }
    }

    fn later(&mut self) -> Event {
        self.behind = true;
        Event::default().comment("busy")
    }
}

#[utoipa::path(get, path = "/api/v1/live", tag = "live",
    params(
        ("service" = Option<String>, Query, description = "this service's hitmap; without it points of every service"),
        ("view" = Option<String>, Query, description = "`hitmap` without `service`: the hitmap of all services"),
        ("operation" = Option<String>, Query), ("instance" = Option<String>, Query),
        ("version" = Option<String>, Query),
        ("outcome" = Option<String>, Query, description = "ok, slow or error"),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
    ),
    responses((status = 200, content_type = "text/event-stream", body = LiveHitmapWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// Changes as they happen: an event `snapshot`, then an event `delta` twice a second.
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::parse(&reader, &uri, &[&["view"], &SELECTION])?;
    let all = match params.get("view") {
        None => false,
        Some("hitmap") => true,
        Some(_) => return Err(Problem::parameter("view", "`view` is `hitmap` or left out")),
    };
    let selection = params.selection()?;
    let subscription = Subscription {
        // The subscription begins before the snapshot is taken, so that no change is lost between
        // the two.
        ticks: app.web.query.subscribe(),
        cells: all || selection.service.is_some(),
        selection,
        started: false,
        behind: false,
        patterns: (UnixNanos(0), None),
        deployments: Vec::new(),
        app,
    };
    let events = stream::unfold(subscription, Subscription::next);
    Ok(events::answer(events))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_query::answer::{Counts, Quantiles, TimelinePoint};

    #[test]
    fn a_live_column_has_its_cells_and_its_numbers() {
        let counts = Counts {
            ok: 2,
            slow: 0,
            error: 1,
        };
        let columns = [LiveColumn {
            start: UnixNanos::from_millis(5_000),
            cells: vec![(7, counts)],
            counts,
            latency: Quantiles {
                p50: Some(Duration::from_millis(3)),
                ..Quantiles::default()
            },
        }];
        let now = UnixNanos::from_millis(9_000);
        let wire = LiveHitmapWire::of(now, Duration::from_secs(1), &columns);
        let expected = serde_json::json!({
            "now_ms": 9_000, "column_ms": 5_000.0, "slow_ms": 1_000.0,
            "columns": [{"start_ms": 5_000, "cells": [[7, 2, 0, 1]], "ok": 2, "slow": 0,
                         "error": 1, "p50_ms": 3.0, "p95_ms": null, "p99_ms": null}],
        });
        assert_eq!(serde_json::to_value(&wire).unwrap(), expected);
    }

    #[test]
    fn a_live_service_has_one_point_a_column() {
        let services = [LiveService {
            service: "a".into(),
            namespace: "".into(),
            environment: "prod".into(),
            columns: vec![TimelinePoint {
                start: UnixNanos::from_millis(0),
                counts: Counts::default(),
                latency: Quantiles::default(),
            }],
        }];
        let wire = LiveServicesWire::of(UnixNanos(0), &services);
        let wire = serde_json::to_value(&wire).unwrap();
        assert_eq!(wire["services"][0]["columns"][0]["start_ms"], 0);
        assert_eq!(wire["services"][0]["environment"], "prod");
    }
}
