//! `GET /api/v1/differences`: what makes the transactions of a region different from the rest.

use crate::{
    params::{Params, RANGE_HITMAP, SELECTION},
    wire::LossWire,
};
use axum::{Json, extract::State};
use hinomi_analysis::difference::{Difference, Differences, Feature, Proportion};
use hinomi_model::{TimeRange, UnixNanos};
use hinomi_webkit::{App, problem::Problem, readers::Reader, time_param};
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

/// The differences of a region.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DifferencesWire {
    /// Number of transactions in the region.
    selected: u64,
    /// Number of other transactions in the window.
    rest: u64,
    /// Number of traces read on each side. Findings that are not `exact` are counted on these.
    sampled: SampledWire,
    /// The strongest first; empty where chance explains every difference.
    findings: Vec<FindingWire>,
    /// Dimensions with several values that do not differ.
    alike: Vec<&'static str>,
    /// Where the time went: mean shares over the sampled traces.
    time: Vec<TimeWire>,
    /// The same as in the hitmap's answer: set when `y` is not the duration and transactions are
    /// left out.
    expired_before_ms: Option<i64>,
    #[serde(flatten)]
    loss: LossWire,
}

/// Number of traces.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SampledWire {
    selected: u64,
    rest: u64,
}

/// A feature that the selected transactions have more often than the rest.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingWire {
    #[serde(flatten)]
    feature: FeatureWire,
    selected: CountedWire,
    rest: CountedWire,
    /// Whether all transactions were counted. If false, the numbers are of a sample.
    exact: bool,
    /// How well the feature separates the two sides, 0 to 1.
    score: f64,
    /// Features that occur in the same transactions.
    same: Vec<FeatureWire>,
}

/// A feature.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeatureWire {
    /// `error_type`, `http_status`, `waiting`, `time_spent`, `operation`, `statement`, `external`,
    /// `instance`, `version`, `host` or `attribute`.
    dimension: &'static str,
    /// Key of an attribute; else empty.
    key: String,
    value: String,
}

/// `count` of `of` transactions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CountedWire {
    count: u64,
    of: u64,
}

/// Share of time spent in one category.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimeWire {
    /// `own`, `database`, `cache`, `external`, `internal` or `messaging`.
    category: &'static str,
    selected: f64,
    rest: f64,
}

impl FeatureWire {
    fn of(feature: &Feature) -> Self {
        Self {
            dimension: feature.dimension.as_str(),
            key: feature.key.to_string(),
            value: feature.value.to_string(),
        }
    }
}

impl FindingWire {
    fn of(finding: &Difference) -> Self {
        let counted = |counted: Proportion| CountedWire {
            count: counted.count,
            of: counted.of,
        };
        Self {
            feature: FeatureWire::of(&finding.feature),
            selected: counted(finding.selected),
            rest: counted(finding.rest),
            exact: finding.exact,
            score: (finding.score * 1e3).round() / 1e3,
            same: finding.same.iter().map(FeatureWire::of).collect(),
        }
    }
}

impl DifferencesWire {
    fn of(found: &Differences) -> Self {
        let rounded = |share: f64| (share * 1e3).round() / 1e3;
        Self {
            selected: found.selected,
            rest: found.rest,
            sampled: SampledWire {
                selected: found.sampled.0 as u64,
                rest: found.sampled.1 as u64,
            },
            findings: found
                .findings
                .findings
                .iter()
                .map(FindingWire::of)
                .collect(),
            alike: found
                .findings
                .alike
                .iter()
                .map(|dimension| dimension.as_str())
                .collect(),
            time: found
                .time
                .iter()
                .map(|time| TimeWire {
                    category: time.category,
                    selected: rounded(time.selected),
                    rest: rounded(time.rest),
                })
                .collect(),
            expired_before_ms: found.expired_before.map(UnixNanos::millis),
            loss: LossWire::of(&found.lost),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/differences", tag = "transactions",
    params(
        ("from" = Option<String>, Query, description = "the window; default 10 minutes before `to`"),
        ("to" = Option<String>, Query, description = "default now"),
        ("selected_from" = String, Query, description = "the region: first end time inside, a column's edge"),
        ("selected_to" = String, Query, description = "first end time after, a column's edge"),
        ("y" = Option<String>, Query, description = "what `min_ms` and `max_ms` are of: `duration` (default), or the time in calls: `database`, `external`"),
        ("min_ms" = Option<f64>, Query, description = "shortest duration inside, a row's edge"),
        ("max_ms" = Option<f64>, Query, description = "shortest duration that is too long, a row's edge"),
        ("service" = Option<String>, Query), ("operation" = Option<String>, Query),
        ("instance" = Option<String>, Query), ("version" = Option<String>, Query),
        ("outcome" = Option<String>, Query, description = "of the selected: ok, slow or error"),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
    ),
    responses((status = 200, body = DifferencesWire), (status = 400, body = Problem, content_type = "application/problem+json"), (status = 422, description = "`y` needs more spans than can be added up", body = Problem, content_type = "application/problem+json")))]
/// What makes the transactions of a region different from the rest of the window.
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Json<DifferencesWire>, Problem> {
    let others = [
        "from",
        "to",
        "selected_from",
        "selected_to",
        "y",
        "min_ms",
        "max_ms",
    ];
    let params = Params::parse(&reader, &uri, &[&SELECTION, &others])?;
    let now = app.web.query.now();
    let window = params.range(now, RANGE_HITMAP)?;
    let instant = |name: &str| {
        let instant = params
            .get(name)
            .and_then(|text| time_param::instant(text, now, None));
        instant.ok_or_else(|| Problem::parameter(name, format!("`{name}` is required: a time")))
    };
    let inside = TimeRange::new(instant("selected_from")?, instant("selected_to")?);
    if inside.from >= inside.to {
        let sentence = "`selected_from` must be before `selected_to`";
        return Err(Problem::parameter("selected_from", sentence));
    }
    let (region, selection) = ((inside, params.durations()?), params.selection()?);
    let analysis = &app.web.analysis;
    let found = analysis.differences(&selection, params.spent()?, window, region);
    Ok(Json(DifferencesWire::of(&found.await?)))
}
