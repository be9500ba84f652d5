//! `GET /api/v1/partners`: external hosts, how they answer, and who is to blame.

use crate::{
    params::{Params, RANGE_DEFAULT},
    wire::{LossWire, QuantilesWire, millis},
};
use axum::{Json, extract::State};
use hinomi_analysis::{Blame, BlameReason, Ended, Partner, PartnerCaller};
use hinomi_model::{CallFailure, Selection};
use hinomi_query::answer::PartnerCalls;
use hinomi_webkit::{App, problem::Problem, readers::Reader};
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

/// A list of partners.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartnersWire {
    from_ms: i64,
    to_ms: i64,
    /// Partners with trouble first, then by number of calls.
    items: Vec<PartnerWire>,
    #[serde(flatten)]
    loss: LossWire,
}

/// An external host, the calls of all callers together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartnerWire {
    /// `host[:port]`.
    host: String,
    #[serde(flatten)]
    calls: CallsWire,
    /// The calls at the other time; null when there were none or no other time was requested.
    compare: Option<CallsWire>,
    /// `fine`, `theirs`, `ours` or `unclear`.
    blame: &'static str,
    /// The evidence for the verdict; null when nothing is wrong.
    reason: Option<&'static str>,
    /// The last trouble in the range, when there is none at its end; null when there was none.
    ended: Option<EndedWire>,
    /// The calling services, most calls first.
    callers: Vec<CallerWire>,
}

/// A service that calls the partner.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallerWire {
    service: String,
    #[serde(flatten)]
    calls: CallsWire,
    compare: Option<CallsWire>,
    /// Instances that saw failures, most failures first.
    failing_instances: Vec<String>,
}

/// Counts and latency of calls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallsWire {
    count: u64,
    errors: u64,
    /// Failures whose kind is known.
    failures: FailuresWire,
    total_ms: f64,
    #[serde(flatten)]
    latency: QuantilesWire,
}

/// Number of failed calls by kind of failure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FailuresWire {
    connect: u64,
    tls: u64,
    timeout: u64,
    #[serde(rename = "4xx")]
    refused: u64,
    #[serde(rename = "5xx")]
    fault: u64,
    other: u64,
}

impl CallsWire {
    fn of(calls: &PartnerCalls) -> Self {
        Self {
            count: calls.count,
            errors: calls.errors,
            failures: FailuresWire {
                connect: calls.failed(CallFailure::Connect),
                tls: calls.failed(CallFailure::Tls),
                timeout: calls.failed(CallFailure::Timeout),
                refused: calls.failed(CallFailure::Refused),
                fault: calls.failed(CallFailure::Fault),
                other: calls.failed(CallFailure::Other),
            },
            total_ms: millis(calls.total),
            latency: QuantilesWire::of(calls.latency),
        }
    }
}

impl CallerWire {
    fn of(caller: &PartnerCaller) -> Self {
        let instances = caller.failing_instances.iter();
        Self {
            service: caller.service.to_string(),
            calls: CallsWire::of(&caller.calls),
            compare: caller.before.as_ref().map(CallsWire::of),
            failing_instances: instances.map(|name| name.to_string()).collect(),
        }
    }
}

impl PartnerWire {
    fn of(partner: &Partner) -> Self {
        Self {
            host: partner.host.to_string(),
            calls: CallsWire::of(&partner.all),
            compare: partner.before.as_ref().map(CallsWire::of),
            blame: blame_word(&partner.blame),
            reason: reason_word(&partner.blame),
            ended: partner.ended.as_ref().map(EndedWire::of),
            callers: partner.callers.iter().map(CallerWire::of).collect(),
        }
    }
}

/// Trouble that is over.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndedWire {
    /// `theirs`, `ours` or `unclear`.
    blame: &'static str,
    reason: Option<&'static str>,
    /// When the last failures of it were.
    until_ms: i64,
}

impl EndedWire {
    fn of(ended: &Ended) -> Self {
        Self {
            blame: blame_word(&ended.blame),
            reason: reason_word(&ended.blame),
            until_ms: ended.until.millis(),
        }
    }
}

/// The API's word for a verdict.
pub fn blame_word(blame: &Blame) -> &'static str {
    match blame {
        Blame::Fine => "fine",
        Blame::Theirs(_) => "theirs",
        Blame::Ours(_) => "ours",
        Blame::Unclear(_) => "unclear",
    }
}

fn reason_word(blame: &Blame) -> Option<&'static str> {
    let reason = match blame {
        Blame::Fine => return None,
        Blame::Theirs(reason) | Blame::Ours(reason) | Blame::Unclear(reason) => reason,
    };
    Some(match reason {
        BlameReason::Faults { .. } => "answers_5xx",
        BlameReason::Refusals { .. } => "answers_4xx",
        BlameReason::ManyHosts { .. } => "many_hosts",
        BlameReason::AllCallers { .. } => "all_callers",
        BlameReason::SomeCallers { .. } => "some_callers",
        BlameReason::OneInstance { .. } => "one_instance",
        BlameReason::AllInstances { .. } => "all_instances",
        BlameReason::OnlyCaller { .. } => "only_caller",
    })
}

#[utoipa::path(get, path = "/api/v1/partners", tag = "statistics",
    params(
        ("from" = Option<String>, Query, description = "default 15 minutes before `to`"),
        ("to" = Option<String>, Query, description = "default now"),
        ("compare_from" = Option<String>, Query, description = "another time to compare with"),
        ("compare_to" = Option<String>, Query, description = "its end"),
        ("service" = Option<String>, Query, description = "only calls of this service"),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
    ),
    responses((status = 200, body = PartnersWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// External hosts, how they answer, and who is to blame when they do not.
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Json<PartnersWire>, Problem> {
    let times = ["from", "to", "compare_from", "compare_to"];
    let params = Params::parse(
        &reader,
        &uri,
        &[&times, &["service", "environment", "namespace"]],
    )?;
    let now = app.web.query.now();
    let range = params.range(now, RANGE_DEFAULT)?;
    let against = params.other_range(now)?;
    let selection = Selection {
        service: params.get("service").map(Into::into),
        ..Selection::of(params.scope())
    };
    let analysis = &app.web.analysis;
    let partners = analysis.partners(&selection, range, against).await?;
    Ok(Json(PartnersWire {
        from_ms: partners.range.from.millis(),
        to_ms: partners.range.to.millis(),
        items: partners.hosts.iter().map(PartnerWire::of).collect(),
        loss: LossWire::of(&partners.lost),
    }))
}
