//! Systems with state: databases and their statements, the cache and its commands, the topics.

use crate::dice::{Latency, ms};

/// A database server with one database.
#[derive(Debug)]
pub(crate) struct Database {
    /// `db.system` and `db.system.name`: both have the same value for these products.
    pub(crate) system: &'static str,
    pub(crate) host: &'static str,
    pub(crate) port: i64,
    pub(crate) name: &'static str,
    pub(crate) user: &'static str,
}

const fn postgresql(host: &'static str, name: &'static str, user: &'static str) -> Database {
    Database {
        system: "postgresql",
        host,
        port: 5432,
        name,
        user,
    }
}

pub(crate) static PG_CHECKOUT: Database =
    postgresql("pg-checkout.db.internal", "checkout", "checkout_app");
pub(crate) static PG_PAYMENT: Database =
    postgresql("pg-payment.db.internal", "payment", "payment_app");
pub(crate) static PG_LEDGER: Database = postgresql("pg-ledger.db.internal", "ledger", "ledger_rw");
pub(crate) static DB_REFUND: Database = Database {
    system: "mariadb",
    host: "db-refund.db.internal",
    port: 3306,
    name: "refund",
    user: "refund",
};

/// An SQL statement of the code.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) database: &'static Database,
    /// The text as sent. `{n}` stands for a number and `{s}` for a word that the code inserts as a
    /// literal, different each time.
    pub(crate) text: &'static str,
    /// `db.query.summary`: verb and table.
    pub(crate) summary: &'static str,
    pub(crate) latency: Latency,
    /// Approximate number of rows in the result.
    pub(crate) rows: u32,
}

impl Statement {
    /// Verb and table.
    pub(crate) fn verb_and_table(&self) -> (&'static str, &'static str) {
        self.summary.split_once(' ').unwrap_or((self.summary, ""))
    }
}

macro_rules! statements {
    ($($ident:ident = $database:ident $summary:literal $median:literal ~ $sigma:literal, $rows:literal $text:literal;)*) => {
        $(pub(crate) static $ident: Statement = Statement {
            database: &$database,
            text: $text,
            summary: $summary,
            latency: ms($median, $sigma),
            rows: $rows,
        };)*
    };
}

statements! {
    CART_BY_USER = PG_CHECKOUT "SELECT cart" 1.4 ~ 0.4, 1
        "SELECT cart_id, currency, updated_at FROM cart WHERE user_id = $1 AND state = 'open'";
    CART_ITEMS = PG_CHECKOUT "SELECT cart_item" 2.2 ~ 0.5, 4
        "SELECT i.sku, i.quantity, s.price, s.currency FROM cart_item i JOIN sku s ON s.sku = i.sku WHERE i.cart_id = $1 ORDER BY i.position";
    SKU_PRICES = PG_CHECKOUT "SELECT sku" 3.1 ~ 0.45, 6
        "SELECT sku, price, currency FROM sku WHERE sku IN ($1, $2, $3, $4)";
    INSERT_ORDER = PG_CHECKOUT "INSERT purchase" 3.4 ~ 0.4, 1
        "INSERT INTO purchase (purchase_id, cart_id, user_id, amount, currency, state) VALUES ($1, $2, $3, $4, $5, 'pending')";
    FINISH_ORDER = PG_CHECKOUT "UPDATE purchase" 2.8 ~ 0.4, 1
        "UPDATE purchase SET state = $1, payment_id = $2, updated_at = now() WHERE purchase_id = $3";
    MERCHANT = PG_PAYMENT "SELECT merchant" 1.1 ~ 0.35, 1
        "SELECT merchant_id, category, acquirer, fee_rate FROM merchant WHERE merchant_id = $1";
    PAYMENT_BY_ID = PG_PAYMENT "SELECT payment" 1.6 ~ 0.4, 1
        "SELECT * FROM payment p LEFT JOIN payment_event e ON e.payment_id = p.payment_id WHERE p.payment_id = $1 ORDER BY e.at DESC";
    INSERT_PAYMENT = PG_PAYMENT "INSERT payment" 2.9 ~ 0.4, 1
        "INSERT INTO payment (payment_id, merchant_id, amount, currency, card_network, state) VALUES ($1, $2, $3, $4, $5, 'authorized') ON CONFLICT (idempotency_key) DO NOTHING";
    FEE_TABLE = PG_PAYMENT "SELECT fee" 4.2 ~ 0.5, 12
        "SELECT network, bracket, rate FROM fee WHERE merchant_category = $1 AND valid_from <= $2 AND valid_to > $2";
    RECENT_PAYMENTS = PG_PAYMENT "SELECT payment" 6.0 ~ 0.5, 20
        "SELECT count(*), sum(amount) FROM payment WHERE card_fingerprint = $1 AND created_at > now() - interval '24 hours'";
    LOCK_BALANCE = PG_LEDGER "SELECT account_balance" 1.5 ~ 0.4, 1
        "SELECT balance, version FROM account_balance WHERE account_id = $1 FOR UPDATE";
    INSERT_ENTRY = PG_LEDGER "INSERT ledger_entry" 2.3 ~ 0.4, 2
        "INSERT INTO ledger_entry (entry_id, account_id, amount, currency, reference) VALUES ($1, $2, $3, $4, $5), ($6, $7, $8, $9, $10)";
    UPDATE_BALANCE = PG_LEDGER "UPDATE account_balance" 1.9 ~ 0.4, 1
        "UPDATE account_balance SET balance = balance + $1, version = version + 1 WHERE account_id = $2";
    ENTRIES = PG_LEDGER "SELECT ledger_entry" 7.5 ~ 0.5, 24
        "SELECT entry_id, account_id, amount, currency, reference, posted_at FROM ledger_entry WHERE merchant_id = $1 AND posted_at >= $2 ORDER BY posted_at DESC LIMIT 50";
    ENTRY_ACCOUNT = PG_LEDGER "SELECT account" 0.7 ~ 0.35, 1
        "SELECT account_id, name, kind FROM account WHERE account_id = $1";
    REFUND_BY_ORDER = DB_REFUND "SELECT refund" 2.0 ~ 0.4, 1
        "SELECT id, amount, state FROM refund WHERE purchase_id = {n} AND merchant = '{s}' AND state IN ('requested', 'approved') LIMIT 10";
    INSERT_REFUND = DB_REFUND "INSERT refund" 3.0 ~ 0.4, 1
        "INSERT INTO refund (purchase_id, merchant, amount, currency, reason) VALUES ({n}, '{s}', {n}, 'JPY', 'customer request')";
    AUDIT_REFUND = DB_REFUND "INSERT refund_audit" 1.8 ~ 0.4, 1
        "INSERT INTO refund_audit (refund_id, actor, action) VALUES (?, ?, ?)";
    DUE_PAYOUTS = PG_PAYMENT "SELECT payout" 9.0 ~ 0.5, 40
        "SELECT payout_id, merchant_id, amount, bank FROM payout WHERE state = 'due' AND due_at <= $1 ORDER BY due_at LIMIT 100 FOR UPDATE SKIP LOCKED";
    INSERT_PAYOUT = PG_PAYMENT "INSERT payout" 2.7 ~ 0.4, 1
        "INSERT INTO payout (payout_id, merchant_id, amount, bank, state) VALUES ($1, $2, $3, $4, 'sent')";
    MARK_SETTLED = PG_PAYMENT "UPDATE payment" 2.2 ~ 0.4, 1
        "UPDATE payment SET state = 'settled', settled_at = $1 WHERE payment_id = $2";
    FEATURES = PG_CHECKOUT "SELECT device_profile" 2.6 ~ 0.5, 3
        "SELECT first_seen, purchases, chargebacks FROM device_profile WHERE device_id = %s AND country = %s";
}

/// A command for the cache.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) verb: &'static str,
    pub(crate) text: &'static str,
    pub(crate) latency: Latency,
}

/// Host of the cache.
pub(crate) static CACHE_HOST: &str = "redis.payments.svc";

pub(crate) static GET_SESSION: Command = Command {
    verb: "GET",
    text: "GET session:?",
    latency: ms(0.45, 0.35),
};
pub(crate) static GET_MERCHANT: Command = Command {
    verb: "HGETALL",
    text: "HGETALL merchant:?",
    latency: ms(0.6, 0.35),
};
pub(crate) static GET_RATE: Command = Command {
    verb: "MGET",
    text: "MGET fx:USDJPY fx:EURJPY fx:KRWJPY",
    latency: ms(0.5, 0.35),
};
pub(crate) static SET_CART: Command = Command {
    verb: "SETEX",
    text: "SETEX cart:? 1800 ?",
    latency: ms(0.55, 0.35),
};
pub(crate) static COUNT_CARD: Command = Command {
    verb: "INCR",
    text: "INCR velocity:?",
    latency: ms(0.4, 0.35),
};
pub(crate) static SET_SESSION: Command = Command {
    verb: "SETEX",
    text: "SETEX session:? 3600 ?",
    latency: ms(0.5, 0.35),
};

/// Host of the broker.
pub(crate) static BROKER_HOST: &str = "kafka-0.platform.svc";
