//! The catalogue: every operation of every service, and how often the edge service receives each.

use crate::{
    dice::{Latency, ms},
    exception::{
        DOTNET_INVALID, Exception, GO_INTERNAL, ILLEGAL_STATE, KEY_ERROR, NULL_POINTER, REJECTED,
        TYPE_ERROR,
    },
    operation::{
        Entry::{self, Http, Job, Message, Rpc},
        Operation, Refusal,
        Step::{
            self, Cache, Call, OneOf, Partner, Publish, Repeat, Sometimes, Sql, Together, Within,
        },
        Topic,
    },
    partner::{
        AMBERLINE_AUTHORIZE, AMBERLINE_REFUND, AOBA_RATES, AOBA_TRANSFER, HANE_AUTHORIZE,
        HANE_CANCEL, KITA_TRANSFER, NORTHCARD_AUTHORIZE, NORTHCARD_REFUND, OAK_INTROSPECT,
        OAK_TOKEN,
    },
    service::{
        AUTH, CHECKOUT, EDGE_GATEWAY, FX_RATES, LEDGER, NOTIFY, PAYMENT, PAYOUT, REFUND,
        RISK_SCORE, SETTLEMENT, Service, WEB_BFF,
    },
    store::{
        AUDIT_REFUND, CART_BY_USER, CART_ITEMS, COUNT_CARD, DUE_PAYOUTS, ENTRIES, ENTRY_ACCOUNT,
        FEATURES, FEE_TABLE, FINISH_ORDER, GET_MERCHANT, GET_RATE, GET_SESSION, INSERT_ENTRY,
        INSERT_ORDER, INSERT_PAYMENT, INSERT_PAYOUT, INSERT_REFUND, LOCK_BALANCE, MARK_SETTLED,
        MERCHANT, PAYMENT_BY_ID, RECENT_PAYMENTS, REFUND_BY_ORDER, SET_CART, SET_SESSION,
        SKU_PRICES, UPDATE_BALANCE,
    },
};

/// Operations that the edge service receives, with weights that add up to 100.
pub(crate) static EDGE_MIX: [(&Operation, u32); 10] = [
    (&EDGE_CHECKOUT, 26),
    (&EDGE_QUOTES, 22),
    (&EDGE_CART, 24),
    (&EDGE_PAYMENT, 9),
    (&EDGE_LOGIN, 5),
    (&EDGE_REFUND, 3),
    (&EDGE_STATEMENT, 2),
    (&EDGE_PAYOUT, 2),
    (&EDGE_RATES, 3),
    (&EDGE_HEALTH, 4),
];

/// Operations that start by themselves, with their interval in seconds.
pub(crate) static JOBS: [(&Operation, i64); 2] = [(&SETTLEMENT_RUN, 300), (&FX_REFRESH, 60)];

const NONE: &[Refusal] = &[];

const fn operation(
    service: &'static Service,
    entry: Entry,
    own: Latency,
    steps: &'static [Step],
    refusals: &'static [Refusal],
    exception: &'static Exception,
) -> Operation {
    Operation {
        service,
        entry,
        own,
        steps,
        refusals,
        exception,
        fails: 0.0012,
    }
}

const fn refuse(status: u16, share: f32) -> Refusal {
    Refusal { status, share }
}

/// A route of the edge service: a session check, then a call to the service behind it.
const fn edge(
    name: &'static str,
    steps: &'static [Step],
    refusals: &'static [Refusal],
) -> Operation {
    let mut edge = operation(
        &EDGE_GATEWAY,
        Http(name),
        ms(0.35, 0.4),
        steps,
        refusals,
        &GO_INTERNAL,
    );
    edge.fails = 0.0002;
    edge
}

static EDGE_CHECKOUT: Operation = edge(
    "POST /v1/checkout",
    &[Call(&VERIFY), Call(&BFF_CHECKOUT)],
    &[refuse(429, 0.002)],
);
static EDGE_QUOTES: Operation = edge("POST /v1/quotes", &[Call(&VERIFY), Call(&BFF_QUOTES)], NONE);
static EDGE_CART: Operation = edge("GET /v1/cart", &[Call(&VERIFY), Call(&BFF_CART)], NONE);
static EDGE_PAYMENT: Operation = edge(
    "GET /v1/payments/{payment_id}",
    &[Call(&VERIFY), Call(&PAYMENT_GET)],
    NONE,
);
static EDGE_LOGIN: Operation = edge("POST /v1/login", &[Call(&LOGIN)], &[refuse(429, 0.004)]);
static EDGE_REFUND: Operation = edge(
    "POST /v1/refunds",
    &[Call(&VERIFY), Call(&REFUND_CREATE)],
    NONE,
);
static EDGE_STATEMENT: Operation = edge(
    "GET /v1/merchants/{merchant_id}/statement",
    &[Call(&VERIFY), Call(&LEDGER_STATEMENT)],
    NONE,
);
static EDGE_PAYOUT: Operation = edge(
    "POST /v1/payouts",
    &[Call(&VERIFY), Call(&PAYOUT_CREATE)],
    NONE,
);
static EDGE_RATES: Operation = edge("GET /v1/rates", &[Call(&FX_GET)], NONE);
static EDGE_HEALTH: Operation = edge("GET /healthz", &[], NONE);

static VERIFY: Operation = operation(
    &AUTH,
    Http("POST /internal/verify"),
    ms(0.3, 0.4),
    &[
        Cache(&GET_SESSION),
        Sometimes(0.04, &Partner(&OAK_INTROSPECT)),
    ],
    &[refuse(401, 0.008)],
    &GO_INTERNAL,
);
static LOGIN: Operation = operation(
    &AUTH,
    Http("POST /v1/login"),
    ms(1.4, 0.4),
    &[Partner(&OAK_TOKEN), Cache(&SET_SESSION)],
    &[refuse(401, 0.06)],
    &GO_INTERNAL,
);

static BFF_CHECKOUT: Operation = operation(
    &WEB_BFF,
    Http("POST /api/checkout"),
    ms(0.9, 0.4),
    &[Call(&CHECKOUT_POST)],
    &[refuse(422, 0.012)],
    &TYPE_ERROR,
);
static BFF_QUOTES: Operation = operation(
    &WEB_BFF,
    Http("POST /api/quotes"),
    ms(0.8, 0.4),
    &[Together(&[Call(&CHECKOUT_QUOTE), Call(&FX_GET)])],
    &[refuse(422, 0.006)],
    &TYPE_ERROR,
);
static BFF_CART: Operation = operation(
    &WEB_BFF,
    Http("GET /api/cart"),
    ms(0.7, 0.4),
    &[Call(&CHECKOUT_CART)],
    NONE,
    &TYPE_ERROR,
);

static CHECKOUT_POST: Operation = operation(
    &CHECKOUT,
    Http("POST /v1/checkout"),
    ms(1.2, 0.4),
    &[
        Sql(&CART_BY_USER),
        Sql(&CART_ITEMS),
        Call(&SCORE),
        Sql(&INSERT_ORDER),
        Call(&AUTHORIZE),
        Sql(&FINISH_ORDER),
    ],
    &[refuse(409, 0.006)],
    &NULL_POINTER,
);
static CHECKOUT_QUOTE: Operation = operation(
    &CHECKOUT,
    Http("POST /v1/quotes"),
    ms(2.6, 0.45),
    &[Sql(&SKU_PRICES), Call(&QUOTE)],
    &[refuse(404, 0.01)],
    &NULL_POINTER,
);
static CHECKOUT_CART: Operation = operation(
    &CHECKOUT,
    Http("GET /v1/cart"),
    ms(0.9, 0.4),
    &[Sql(&CART_BY_USER), Sql(&CART_ITEMS), Cache(&SET_CART)],
    &[refuse(404, 0.02)],
    &NULL_POINTER,
);

/// The payment of every checkout: card network, ledger, message.
pub(crate) static AUTHORIZE: Operation = operation(
    &PAYMENT,
    Rpc("payment.v1.Payment/Authorize"),
    ms(1.1, 0.4),
    &[
        Cache(&GET_MERCHANT),
        Sometimes(0.15, &Sql(&MERCHANT)),
        OneOf(&[
            Partner(&AMBERLINE_AUTHORIZE),
            Partner(&NORTHCARD_AUTHORIZE),
            Partner(&AMBERLINE_AUTHORIZE),
            Partner(&HANE_AUTHORIZE),
        ]),
        Sql(&INSERT_PAYMENT),
        Call(&POST_ENTRY),
        Publish(&PAYMENT_AUTHORIZED),
    ],
    &[refuse(402, 0.025)],
    &ILLEGAL_STATE,
);
/// The fees of a quote.
pub(crate) static QUOTE: Operation = operation(
    &PAYMENT,
    Rpc("payment.v1.Payment/Quote"),
    ms(4.0, 0.4),
    &[Cache(&GET_MERCHANT), Sql(&FEE_TABLE)],
    NONE,
    &ILLEGAL_STATE,
);
static PAYMENT_GET: Operation = operation(
    &PAYMENT,
    Http("GET /v1/payments/{payment_id}"),
    ms(1.0, 0.4),
    &[Sql(&PAYMENT_BY_ID), Sometimes(0.3, &Sql(&MERCHANT))],
    &[refuse(404, 0.03)],
    &ILLEGAL_STATE,
);
static REVERSE: Operation = operation(
    &PAYMENT,
    Rpc("payment.v1.Payment/Refund"),
    ms(1.3, 0.4),
    &[
        Sql(&PAYMENT_BY_ID),
        OneOf(&[
            Partner(&AMBERLINE_REFUND),
            Partner(&NORTHCARD_REFUND),
            Partner(&AMBERLINE_REFUND),
            Partner(&HANE_CANCEL),
        ]),
        Call(&POST_ENTRY),
    ],
    NONE,
    &ILLEGAL_STATE,
);

/// Two entries and a balance. The row locks are here.
pub(crate) static POST_ENTRY: Operation = operation(
    &LEDGER,
    Rpc("ledger.v1.Ledger/Post"),
    ms(0.4, 0.4),
    &[
        Sql(&LOCK_BALANCE),
        Sql(&INSERT_ENTRY),
        Sql(&UPDATE_BALANCE),
        Sometimes(0.3, &Publish(&LEDGER_POSTED)),
    ],
    NONE,
    &GO_INTERNAL,
);
static LEDGER_STATEMENT: Operation = operation(
    &LEDGER,
    Http("GET /v1/merchants/{merchant_id}/statement"),
    ms(0.5, 0.4),
    &[Sql(&ENTRIES), Repeat(12, 36, &Sql(&ENTRY_ACCOUNT))],
    &[refuse(404, 0.01)],
    &GO_INTERNAL,
);

/// The risk score of a checkout.
pub(crate) static SCORE: Operation = operation(
    &RISK_SCORE,
    Http("POST /v1/score"),
    ms(1.6, 0.4),
    &[
        Cache(&COUNT_CARD),
        Sql(&FEATURES),
        Sometimes(0.25, &Sql(&RECENT_PAYMENTS)),
        Within("model.predict", &[]),
    ],
    NONE,
    &KEY_ERROR,
);

static REFUND_CREATE: Operation = operation(
    &REFUND,
    Http("POST /v1/refunds"),
    ms(1.5, 0.4),
    &[
        Sql(&REFUND_BY_ORDER),
        Call(&REVERSE),
        Sql(&INSERT_REFUND),
        Sql(&AUDIT_REFUND),
    ],
    &[refuse(422, 0.04)],
    &DOTNET_INVALID,
);
static PAYOUT_CREATE: Operation = operation(
    &PAYOUT,
    Http("POST /v1/payouts"),
    ms(1.4, 0.4),
    &[
        Sql(&MERCHANT),
        OneOf(&[Partner(&AOBA_TRANSFER), Partner(&KITA_TRANSFER)]),
        Sql(&INSERT_PAYOUT),
        Call(&POST_ENTRY),
    ],
    &[refuse(409, 0.02)],
    &REJECTED,
);

static FX_GET: Operation = operation(
    &FX_RATES,
    Http("GET /v1/rates"),
    ms(0.8, 0.4),
    &[Cache(&GET_RATE), Sometimes(0.03, &Partner(&AOBA_RATES))],
    NONE,
    &KEY_ERROR,
);
static FX_REFRESH: Operation = operation(
    &FX_RATES,
    Job("refresh_rates"),
    ms(1.0, 0.4),
    &[Partner(&AOBA_RATES)],
    NONE,
    &KEY_ERROR,
);

static PAYMENT_AUTHORIZED: Topic = Topic {
    name: "payment.authorized",
    publish: "payment.authorized publish",
    consumer: &NOTIFY_CUSTOMER,
    own_trace: false,
    lag: ms(18.0, 0.7),
};
static LEDGER_POSTED: Topic = Topic {
    name: "ledger.posted",
    publish: "send ledger.posted",
    consumer: &SETTLE_ENTRY,
    own_trace: true,
    lag: ms(240.0, 0.8),
};
static NOTIFY_CUSTOMER: Operation = operation(
    &NOTIFY,
    Message("process payment.authorized", "payment.authorized"),
    ms(0.9, 0.4),
    &[Cache(&GET_SESSION)],
    NONE,
    &TYPE_ERROR,
);
static SETTLE_ENTRY: Operation = operation(
    &SETTLEMENT,
    Message("ledger.posted process", "ledger.posted"),
    ms(0.8, 0.4),
    &[Sql(&MARK_SETTLED)],
    NONE,
    &REJECTED,
);
static SETTLEMENT_RUN: Operation = operation(
    &SETTLEMENT,
    Job("SettlementJob.run"),
    ms(3.0, 0.4),
    &[
        Sql(&DUE_PAYOUTS),
        Within(
            "SettlementJob.transfer",
            &[Repeat(
                2,
                6,
                &OneOf(&[Partner(&AOBA_TRANSFER), Partner(&KITA_TRANSFER)]),
            )],
        ),
        Within("SettlementJob.mark", &[Repeat(10, 40, &Sql(&MARK_SETTLED))]),
    ],
    NONE,
    &REJECTED,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_mix_adds_up() {
        assert_eq!(EDGE_MIX.iter().map(|(_, weight)| weight).sum::<u32>(), 100);
    }
}
