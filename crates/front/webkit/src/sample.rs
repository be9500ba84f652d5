//! Answers for tests. They are the same at every call.

mod compared;
mod deployments;
mod many;
mod partners;
pub mod trace;

pub use compared::compared;
pub use deployments::{comparison, deployments, hostile_deployments};
pub use many::many_services;
pub use partners::{hostile_map, hostile_partners, map, partners, recovered_partners};

use hinomi_analysis::*;
use hinomi_model::{
    Cursor, OutcomeFilter, SpanId, Text, TimeRange, TraceId, TransactionKind, UnixNanos,
    hitmap::{COLUMN, ROW_EDGES_US, SLOW_THRESHOLD, row_of},
};
use hinomi_query::answer::*;
use std::{collections::BTreeMap, time::Duration};

/// Ten minutes that end at 02:17:00 in Tokyo.
pub const RANGE: TimeRange = TimeRange::new(
    UnixNanos::from_millis(1_763_831_220_000),
    UnixNanos::from_millis(1_763_831_820_000),
);

/// Names that try to break out of the text that they are rendered into.
pub const HOSTILE: [&str; 4] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "\u{202e}evil\u{202c}",
    "'; DROP TABLE spans; --</script><!--",
];

/// A name of one million characters.
pub fn long_name() -> Text {
    "a".repeat(1_000_000).into()
}

/// A pseudo-random generator with a fixed seed.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn draw(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn quantiles(p50: f64, p95: f64, p99: f64) -> Quantiles {
    let ms = |ms: f64| Some(Duration::from_secs_f64(ms / 1e3));
    Quantiles {
        p50: ms(p50),
        p95: ms(p95),
        p99: ms(p99),
    }
}

/// A timeline over `RANGE`. With `failing`, transactions become slow and fail from the middle on.
pub fn points(rate: f64, p95: f64, failing: bool, seed: u64) -> Vec<TimelinePoint> {
    let mut random = Random::new(seed);
    (0..120u32)
        .map(|column| {
            let late = failing && column > 60;
            let noise = 0.8 + 0.4 * random.draw();
            let total = (rate * 5.0 * noise) as u64;
            let error = if late {
                total / 7
            } else {
                u64::from(random.draw() < 0.03)
            };
            let slow = if late { total / 15 } else { 0 };
            let tail = if late { 3_000.0 } else { p95 * noise };
            TimelinePoint {
                start: RANGE.from.plus(COLUMN * column),
                counts: Counts {
                    ok: total.saturating_sub(error + slow),
                    slow,
                    error,
                },
                latency: quantiles(p95 * 0.4 * noise, tail, tail * 1.4),
            }
        })
        .collect()
}

pub fn health(verdict: Verdict) -> Health {
    let wrong = matches!(verdict, Verdict::Bad(_) | Verdict::Watch(_));
    Health {
        verdict,
        basis: Some(Basis::HourOfWeek { weeks: 4 }),
        over: wrong.then_some(Duration::from_secs(300)),
        since: wrong.then_some(Since {
            at: RANGE.to.minus(Duration::from_secs(180)),
            or_before: false,
        }),
        few: false,
    }
}

fn summary(name: &str, namespace: &str, rate: f64, p95: f64, verdict: Verdict) -> ServiceSummary {
    let failing = matches!(verdict, Verdict::Bad(_));
    let silent = matches!(verdict, Verdict::NoData { .. });
    let timeline = if silent {
        Vec::new()
    } else {
        points(rate, p95, failing, name.len() as u64)
    };
    let mut counts = Counts::default();
    for point in &timeline {
        counts.ok += point.counts.ok;
        counts.slow += point.counts.slow;
        counts.error += point.counts.error;
    }
    ServiceSummary {
        service: name.into(),
        namespace: namespace.into(),
        environment: "prod".into(),
        labels: match namespace {
            "core" => [("team".into(), "payments".into())].into(),
            _ => BTreeMap::new(),
        },
        counts,
        latency: if silent {
            Quantiles::default()
        } else {
            quantiles(p95 / 3.0, p95, p95 * 2.0)
        },
        health: health(verdict),
        timeline,
    }
}

/// The first `count` services of the board, worst first.
pub fn services(count: usize) -> Vec<ServiceSummary> {
    let errors = |share, usual| Reason::Errors { share, usual };
    let mut all = vec![
        summary(
            "payment",
            "core",
            10.4,
            3_000.0,
            Verdict::Bad(errors(0.137, Some(0.001))),
        ),
        summary(
            "checkout",
            "core",
            37.4,
            1_250.0,
            Verdict::Bad(errors(0.038, Some(0.002))),
        ),
        summary(
            "settlement",
            "core",
            0.82,
            4_120.0,
            Verdict::Watch(Reason::Slow {
                share: 0.19,
                usual: Some(0.04),
            }),
        ),
        summary(
            "risk-score",
            "risk",
            21.3,
            312.0,
            Verdict::Watch(errors(0.021, None)),
        ),
        summary(
            "webhook-out",
            "platform",
            0.0,
            0.0,
            Verdict::NoData {
                last_seen: Some(RANGE.to.minus(Duration::from_secs(720))),
            },
        ),
    ];
    let fine = [
        ("refund", "core", 1.24, 288.0),
        ("payout", "core", 0.61, 402.0),
        ("kyc", "risk", 0.44, 911.0),
        ("device-id", "risk", 33.9, 12.4),
        ("notify", "platform", 4.71, 118.0),
        ("scheduler", "platform", 0.33, 24.0),
        ("fx-rates", "platform", 2.11, 88.4),
        ("edge-gateway", "", 412.0, 46.0),
        ("web-bff", "", 186.0, 71.2),
        ("mobile-bff", "", 154.0, 68.8),
        ("auth", "", 58.1, 52.3),
    ];
    all.extend(
        fine.map(|(name, namespace, rate, p95)| summary(name, namespace, rate, p95, Verdict::Ok)),
    );
    all.truncate(count);
    all
}

/// One service for each hostile name, and one with a very long name.
pub fn hostile_services() -> Vec<ServiceSummary> {
    let names = HOSTILE.into_iter().map(Text::from).chain([long_name()]);
    names
        .map(|name| {
            let reason = Reason::Errors {
                share: f64::NAN,
                usual: Some(0.5),
            };
            let mut summary = summary(&name, &name, 1.0, 1.0, Verdict::Bad(reason));
            summary.environment = name.clone();
            summary.labels = [("team".into(), name)].into();
            summary
        })
        .collect()
}

/// A hitmap with bands, a timeout from the middle on, and a released lock.
pub fn hitmap(range: TimeRange) -> Hitmap {
    let mut random = Random::new(7);
    let mut cells: BTreeMap<(u32, u8), Counts> = BTreeMap::new();
    let mut add = |column: u32, ms: f64, error: bool| {
        let duration = Duration::from_secs_f64(ms.max(0.05) / 1e3);
        let counts = cells.entry((column, row_of(duration))).or_default();
        if error {
            counts.error += 1;
        } else if duration >= SLOW_THRESHOLD {
            counts.slow += 1;
        } else {
            counts.ok += 1;
        }
    };
    let columns = (range.length().as_secs() / 5) as u32;
    for column in 0..columns {
        let late = column >= columns / 2;
        for _ in 0..180 {
            let band = random.draw();
            let base = if band < 0.08 {
                2.0
            } else if band < 0.45 {
                13.0
            } else if band < 0.75 {
                60.0
            } else {
                230.0
            };
            let spread = (random.draw() + random.draw() + random.draw() - 1.5) * 1.1;
            add(column, base * spread.exp(), random.draw() < 0.002);
        }
        if late {
            for _ in 0..9 {
                add(column, 3_000.0 + random.draw() * 20.0, true);
            }
            for _ in 0..6 {
                add(column, 1_000.0 * (1.0 + 1.6 * random.draw()), false);
            }
        }
        if column == columns * 3 / 4 {
            for step in 0..60 {
                add(column, 450.0 * 1.08f64.powi(step), step % 3 == 0);
            }
        }
    }
    let mut total = Counts::default();
    let cells: Vec<HitmapCell> = cells
        .into_iter()
        .map(|((column, row), counts)| {
            total.ok += counts.ok;
            total.slow += counts.slow;
            total.error += counts.error;
            HitmapCell {
                column,
                row,
                counts,
            }
        })
        .collect();
    assert!(
        cells
            .iter()
            .all(|cell| usize::from(cell.row) < ROW_EDGES_US.len())
    );
    Hitmap {
        range,
        column: COLUMN,
        slow_threshold: SLOW_THRESHOLD,
        cells,
        total,
        lost: Vec::new(),
    }
}

/// A hitmap without transactions.
pub fn empty_hitmap() -> Hitmap {
    Hitmap {
        range: RANGE,
        column: COLUMN,
        slow_threshold: SLOW_THRESHOLD,
        cells: Vec::new(),
        total: Counts::default(),
        lost: Vec::new(),
    }
}

/// A timeline of `RANGE`.
pub fn timeline() -> Timeline {
    Timeline {
        range: RANGE,
        column: COLUMN,
        points: points(37.4, 320.0, true, 5),
        lost: Vec::new(),
    }
}

/// A timeline without transactions.
pub fn empty_timeline() -> Timeline {
    let mut timeline = timeline();
    for point in &mut timeline.points {
        point.counts = Counts::default();
        point.latency = Quantiles::default();
    }
    timeline
}

/// A page of `count` transactions of `total`.
pub fn transactions(count: u32, total: u64) -> TransactionPage {
    let items: Vec<_> = (0..count).map(transaction).collect();
    let next = items
        .last()
        .filter(|_| total > u64::from(count))
        .map(|last| Cursor {
            end: last.end,
            trace_id: last.trace_id,
            span_id: last.span_id,
        });
    TransactionPage {
        total,
        items,
        next,
        lost: Vec::new(),
        expired_before: None,
    }
}

fn transaction(index: u32) -> TransactionItem {
    let outcome = match index % 4 {
        3 => OutcomeFilter::Slow,
        1 if index % 8 == 1 => OutcomeFilter::Ok,
        _ => OutcomeFilter::Error,
    };
    TransactionItem {
        trace_id: TraceId::from_slice(&(u128::from(index) + (0xabcd_ef01 << 90)).to_be_bytes())
            .unwrap(),
        span_id: SpanId::from_slice(&(u64::from(index) + 0x1234_5678_9abc).to_be_bytes()).unwrap(),
        service: "checkout".into(),
        namespace: "core".into(),
        environment: "prod".into(),
        operation: if index % 5 == 2 {
            "POST /v1/quotes"
        } else {
            "POST /v1/checkout"
        }
        .into(),
        instance: "checkout-7c9f-2kqxp".into(),
        version: "5.2.1".into(),
        end: RANGE
            .to
            .minus(Duration::from_millis(170_088 + 463 * u64::from(index))),
        duration: Duration::from_millis(match outcome {
            OutcomeFilter::Error => 3_000 + u64::from(index % 7),
            OutcomeFilter::Slow => 1_930 + u64::from(index) * 3,
            OutcomeFilter::Ok => 52,
        }),
        outcome,
        http_status: Some(if outcome == OutcomeFilter::Error {
            504
        } else {
            200
        }),
        error_type: (outcome == OutcomeFilter::Error).then(|| "DEADLINE_EXCEEDED".into()),
    }
}

/// A page whose every text is hostile.
pub fn hostile_transactions() -> TransactionPage {
    let mut page = transactions(5, 5);
    let names = HOSTILE.into_iter().map(Text::from).chain([long_name()]);
    for (item, name) in page.items.iter_mut().zip(names) {
        item.service = name.clone();
        item.operation = name.clone();
        item.instance = name.clone();
        item.error_type = Some(name);
    }
    page
}

/// The first `count` rows of a statistic.
pub fn statistics(statistic: Statistic, count: usize) -> Vec<StatisticRow> {
    let rows: &[(&str, &str, u64, u64, f64)] = match statistic {
        Statistic::Operations => &[
            ("POST /v1/checkout", "", 6_240, 855, 3_000.0),
            ("POST /v1/quotes", "", 6_720, 9, 98.0),
            ("GET /v1/cart", "", 7_680, 9, 24.1),
            ("GET /healthz", "", 1_800, 0, 2.9),
            ("POST /v1/cart/items", "", 486, 0, 33.0),
            ("DELETE /v1/cart/items/{id}", "", 132, 0, 27.4),
        ],
        Statistic::Statements => &[
            (
                "SELECT price, currency FROM sku_price WHERE sku = $1",
                "pg-checkout",
                149_400,
                0,
                4.1,
            ),
            (
                "SELECT ... FROM cart WHERE cart_id = $1",
                "pg-checkout",
                20_640,
                0,
                5.8,
            ),
            (
                "INSERT INTO checkout_event (id, kind, body) VALUES ($1, $2, $3)",
                "pg-checkout",
                6_060,
                3,
                9.9,
            ),
            (
                "UPDATE cart SET state = $1 WHERE id = $2",
                "pg-checkout",
                5_226,
                0,
                6.2,
            ),
        ],
        Statistic::Externals => &[
            ("payment:8443", "", 6_240, 849, 3_000.0),
            ("risk-score:8080", "", 6_240, 5, 312.0),
            ("id.oak.example", "", 6_240, 0, 52.0),
            ("fx.hane.example", "", 1_266, 0, 88.4),
        ],
        Statistic::Errors => &[
            ("DEADLINE_EXCEEDED", "POST /v1/checkout", 849, 849, 3_010.0),
            (
                "java.sql.SQLTransientConnectionException",
                "POST /v1/checkout",
                6,
                6,
                30.0,
            ),
        ],
        Statistic::Instances => &[
            ("checkout-7c9f-2kqxp", "5.2.1", 3_846, 151, 2_990.0),
            ("checkout-7c9f-8wv4d", "5.2.1", 3_828, 148, 2_980.0),
            ("checkout-7c9f-bm6ts", "5.2.1", 3_816, 147, 2_990.0),
        ],
    };
    let rows = rows.iter().take(count);
    rows.map(|(key, detail, count, errors, p95)| StatisticRow {
        key: (*key).into(),
        detail: (*detail).into(),
        count: *count,
        errors: *errors,
        total: Duration::from_secs_f64(*count as f64 * p95 / 3e3),
        latency: quantiles(p95 / 3.0, *p95, p95 * 1.3),
        kind: (statistic == Statistic::Operations).then_some(match *key {
            "GET /healthz" => TransactionKind::Probe,
            _ => TransactionKind::Request,
        }),
    })
    .collect()
}

/// Values of filters.
pub fn facets() -> Facets {
    let texts = |values: &[&str]| values.iter().map(|value| Text::from(*value)).collect();
    Facets {
        operations: texts(&["POST /v1/checkout", "POST /v1/quotes", "GET /v1/cart"]),
        instances: texts(&["checkout-7c9f-2kqxp", "checkout-7c9f-8wv4d"]),
        versions: texts(&["5.2.1", "5.2.0"]),
        environments: texts(&["prod", "staging"]),
        lost: Vec::new(),
    }
}
