//! External partners: systems of other companies that the services call.

use crate::dice::{Latency, MS, SECOND, ms};

/// Timeout of a call to a partner.
pub(crate) const CLIENT_TIMEOUT_NS: i64 = 3 * SECOND;

/// The client's timer fires at most this much after the timeout.
pub(crate) const TIMER_SLACK_NS: i64 = 8 * MS;

/// A partner.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Partner {
    pub(crate) host: &'static str,
}

pub(crate) static AMBERLINE: Partner = Partner {
    host: "api.amberline.example",
};
pub(crate) static NORTHCARD: Partner = Partner {
    host: "gw.northcard.example",
};
pub(crate) static BANK_AOBA: Partner = Partner {
    host: "api.bank-aoba.example",
};
pub(crate) static BANK_KITA: Partner = Partner {
    host: "api.bank-kita.example",
};
pub(crate) static HANE: Partner = Partner {
    host: "hane.example",
};
pub(crate) static OAK: Partner = Partner {
    host: "id.oak.example",
};

/// A kind of call to a partner.
#[derive(Debug)]
pub(crate) struct PartnerCall {
    pub(crate) partner: &'static Partner,
    pub(crate) method: &'static str,
    pub(crate) url: &'static str,
    pub(crate) latency: Latency,
    /// Share of answers with status 503, after which the call is tried once more.
    pub(crate) refuses: f32,
}

macro_rules! partner_calls {
    ($($ident:ident = $partner:ident $method:literal $url:literal $median:literal ~ $sigma:literal, $refuses:literal;)*) => {
        $(pub(crate) static $ident: PartnerCall = PartnerCall {
            partner: &$partner,
            method: $method,
            url: $url,
            latency: ms($median, $sigma),
            refuses: $refuses,
        };)*
    };
}

partner_calls! {
    AMBERLINE_AUTHORIZE = AMBERLINE "POST" "https://api.amberline.example/v2/authorizations" 92.0 ~ 0.32, 0.004;
    NORTHCARD_AUTHORIZE = NORTHCARD "POST" "https://gw.northcard.example/acquiring/authorize" 128.0 ~ 0.38, 0.008;
    AMBERLINE_REFUND = AMBERLINE "POST" "https://api.amberline.example/v2/refunds" 140.0 ~ 0.35, 0.004;
    NORTHCARD_REFUND = NORTHCARD "POST" "https://gw.northcard.example/acquiring/reverse" 170.0 ~ 0.4, 0.008;
    HANE_AUTHORIZE = HANE "POST" "https://hane.example/api/charge" 75.0 ~ 0.4, 0.006;
    HANE_CANCEL = HANE "POST" "https://hane.example/api/cancel" 88.0 ~ 0.4, 0.006;
    AOBA_TRANSFER = BANK_AOBA "POST" "https://api.bank-aoba.example/furikomi/v1/transfers" 310.0 ~ 0.35, 0.01;
    KITA_TRANSFER = BANK_KITA "POST" "https://api.bank-kita.example/payments" 420.0 ~ 0.45, 0.015;
    AOBA_RATES = BANK_AOBA "GET" "https://api.bank-aoba.example/fx/v1/rates?base=JPY" 64.0 ~ 0.3, 0.004;
    OAK_TOKEN = OAK "POST" "https://id.oak.example/oauth2/token" 38.0 ~ 0.35, 0.003;
    // The query string has a token, so that masking has something to find.
    OAK_INTROSPECT = OAK "GET" "https://id.oak.example/oauth2/introspect?client_id=edge&token=eyJhbGciOiJFUzI1NiJ9.demo" 21.0 ~ 0.35, 0.003;
}
