//! Series for tests, with other times and usual values.

use super::RANGE;
use crate::parts::charts::view::{Beside, ChartAnswers};
use hinomi_analysis::{Band, Basis, Typical, TypicalPoint, Usually};
use hinomi_model::hitmap::COLUMN;
use hinomi_query::answer::{InFlight, InFlightPoint, Running, Timeline};
use hinomi_webkit::{
    i18n::Language,
    versus::{Other, Versus},
};
use std::time::Duration;

/// A series, compared with what `vs` names.
pub(crate) fn charts(timeline: Timeline, vs: &str) -> ChartAnswers {
    let mut page = crate::sample::page(Language::English);
    page.query = vec![("vs".into(), vs.into())];
    let versus = Versus::of_charts(&page, RANGE).unwrap();
    let beside = match versus.other {
        Other::Usual => Beside::Usual(Usually::Known(typical())),
        _ if versus.range.is_some() => Beside::Time(timeline.clone()),
        _ => Beside::Nothing,
    };
    ChartAnswers {
        timeline,
        versus,
        beside,
    }
}

/// The usual values over `RANGE`.
fn typical() -> Typical {
    let column = Duration::from_secs(60);
    let rate = Band {
        low: 30.0,
        middle: 35.5,
        high: 41.0,
    };
    let latency = Band {
        low: Duration::from_millis(180),
        middle: Duration::from_millis(220),
        high: Duration::from_millis(340),
    };
    let points = (0..10).map(|index| TypicalPoint {
        start: RANGE.from.plus(column * index),
        rate: Some(rate),
        p50: None,
        p95: Some(latency),
        p99: Some(latency),
        error_share: Some(Band {
            low: 0.0,
            middle: 0.001,
            high: 0.01,
        }),
    });
    Typical {
        range: RANGE,
        column,
        basis: Basis::HourOfWeek { weeks: 4 },
        around: Duration::from_secs(900),
        points: points.collect(),
    }
}

/// How many transactions ran at the same time over `RANGE`.
pub(crate) fn in_flight() -> InFlight {
    let points = (0..120_u32).map(|index| InFlightPoint {
        start: RANGE.from.plus(COLUMN * index),
        mean: 3.2 + f64::from(index % 7) / 10.0,
        max: Some(u64::from(6 + index % 5)),
    });
    InFlight {
        range: RANGE,
        column: COLUMN,
        exact: true,
        points: points.collect(),
        lost: Vec::new(),
    }
}

/// Transactions that ran at a recent instant, by age.
pub(crate) fn running() -> Running {
    Running {
        at: RANGE.to.minus(Duration::from_secs(10)),
        lag: Duration::from_secs(10),
        ages: Some([4, 2, 1, 12]),
        active: None,
        lost: Vec::new(),
    }
}
