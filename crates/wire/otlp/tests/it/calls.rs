//! Tests of client calls: target and detail.

use crate::support::{decode, span, with_status};
use hinomi_model::SpanKind;

/// Checks a call, written `category target detail`; `none` means that there is no call.
#[track_caller]
fn check(name: &str, attributes: &str, expected: &str) {
    check_kind(SpanKind::Client, name, attributes, expected);
}

#[track_caller]
fn check_kind(kind: SpanKind, name: &str, attributes: &str, expected: &str) {
    let shown = decode(span(kind, name, attributes))
        .call
        .map_or("none".into(), |call| {
            format!("{} {} {}", call.category.as_str(), call.target, call.detail)
        });
    assert_eq!(shown, expected, "{name}: {attributes}");
}

#[test]
fn database_calls_name_host_and_database_and_the_fingerprint() {
    check(
        "SELECT orders",
        "db.system.name=postgresql; db.namespace=shop; server.address=Db1.local; server.port=#5432; db.query.text=select * from orders where id = 7",
        "database db1.local/shop SELECT * FROM orders WHERE id = ?",
    );
    // Python's psycopg, old conventions.
    check(
        "SELECT",
        "db.system=postgresql; db.name=shop; db.user=app; db.statement=SELECT * FROM orders WHERE id = %s; net.peer.name=db1; net.peer.port=#5433",
        "database db1:5433/shop SELECT * FROM orders WHERE id = ?",
    );
    // Node's pg: the span of a connect has no statement.
    check(
        "pg.connect",
        "db.system.name=postgresql; db.namespace=shop; server.address=db1; server.port=#5432",
        "database db1/shop pg.connect",
    );
    check(
        "x",
        "db.system=mysql; db.name=shop; db.statement=SELECT \"a\"",
        "database shop SELECT ?",
    );
    check(
        "x",
        "db.system=mssql; db.statement=SELECT [1] FROM t",
        "database mssql SELECT [1] FROM t",
    );
    check(
        "x",
        "db.system=sqlite; db.name=/var/app.db",
        "database /var/app.db x",
    );
    check("x", "db.statement=SELECT 1", "database db SELECT ?");
    check(
        "x",
        "db.system=oracle; peer.service=core-bank; db.statement=",
        "database core-bank x",
    );
    check(
        "x",
        "db.system.name=postgresql; db.query.summary=SELECT orders; server.address=db1",
        "database db1 SELECT orders",
    );
    check(
        "users.find",
        "db.system=mongodb; db.name=shop; db.operation=find; db.mongodb.collection=users; db.statement={\"find\":\"users\"}; net.peer.name=mongo; net.peer.port=#27017",
        "database mongo/shop find users",
    );
    check(
        "search orders",
        "db.system=elasticsearch; db.operation=search; http.request.method=POST; url.full=https://es:9200/orders/_search; server.address=es; server.port=#9200",
        "database es search",
    );
    check(
        "DynamoDB.GetItem",
        "db.system=dynamodb; rpc.system=aws-api; rpc.service=DynamoDB; rpc.method=GetItem; db.operation=GetItem; server.address=dynamodb.ap-northeast-2.amazonaws.com",
        "database dynamodb.ap-northeast-2.amazonaws.com GetItem",
    );
    // In the older convention net.host.name is the caller.
    check(
        "x",
        "db.system=mysql; net.host.name=me; db.statement=SELECT 1",
        "database mysql SELECT ?",
    );
    check(
        "x",
        "db.system=mysql; server.address=/var/run/mysqld.sock",
        "database /var/run/mysqld.sock x",
    );
}

#[test]
fn cache_calls_show_the_command_and_never_the_key() {
    check(
        "GET",
        "db.system=redis; db.statement=GET session:42; net.peer.name=cache; net.peer.port=#6379",
        "cache cache GET",
    );
    check(
        "get",
        "db.system.name=redis; db.operation.name=get; db.namespace=0; server.address=cache; server.port=#6380",
        "cache cache:6380 GET",
    );
    check(
        "x",
        "db.system=valkey; db.statement=config get maxmemory",
        "cache valkey CONFIG GET",
    );
    check(
        "x",
        "db.system=redis; db.statement=SET a 1\nGET b",
        "cache redis SET",
    );
    check(
        "x",
        "db.system=redis; db.statement=EVALSHA 0a1b2c",
        "cache redis EVALSHA",
    );
    check(
        "redis-connect",
        "db.system=redis; db.statement=\u{7f}\u{1}",
        "cache redis redis-connect",
    );
    check(
        "get",
        "db.system=memcached; db.operation=get; peer.service=sessions",
        "cache sessions GET",
    );
}

#[test]
fn http_calls_name_host_and_templated_path() {
    for (method, url) in [
        ("http.request.method", "url.full"),
        ("http.method", "http.url"),
    ] {
        let with = |address: &str| format!("{method}=POST; {url}={address}");
        check(
            "POST",
            &with("https://pay.example/v1/charges/ch_123456?x=1"),
            "http pay.example POST /v1/charges/ch_{id}",
        );
        check(
            "POST",
            &with("https://u:p@Pay.Example.:8443/a#f"),
            "http pay.example:8443 POST /a",
        );
        check(
            "POST",
            &with("http://pay.example:80"),
            "http pay.example POST /",
        );
        check(
            "POST",
            &with("http://pay.example:443/"),
            "http pay.example:443 POST /",
        );
        check(
            "POST",
            &with("http://[2001:db8::1]:8080/a"),
            "http [2001:db8::1]:8080 POST /a",
        );
        check("POST", &with("http://[::1]/a?b=c/d"), "http ::1 POST /a");
    }
    check(
        "GET",
        "http.request.method=GET; server.address=a; server.port=#443",
        "http a GET",
    );
    check(
        "GET",
        "http.request.method=GET; server.address=a; server.port=#3000",
        "http a:3000 GET",
    );
    check(
        "GET",
        "http.request.method=GET; server.address=a; url.full=http://a:3000/b",
        "http a:3000 GET /b",
    );
    check(
        "GET",
        "http.method=GET; http.host=a:3000; http.scheme=http; http.target=/b/7",
        "http a:3000 GET /b/{id}",
    );
    check(
        "GET",
        "http.method=GET; net.peer.name=a; net.peer.port=8080; http.target=/b",
        "http a:8080 GET /b",
    );
    check(
        "GET",
        "http.method=GET; net.peer.ip=10.0.0.1; net.peer.port=#8080",
        "http 10.0.0.1:8080 GET",
    );
    check(
        "GET",
        "http.request.method=GET; url.template=/users/{id}; url.full=https://a/users/x",
        "http a GET /users/{id}",
    );
    check(
        "GET",
        "http.request.method=GET; peer.service=identity",
        "http identity GET",
    );
    check(
        "GET",
        "http.request.method=GET; peer.service=identity; server.address=10.1.2.3",
        "http identity GET",
    );
    check("GET", "http.request.method=GET", "none");
    check("GET", "http.request.method=GET; url.full=/relative", "none");
}

#[test]
fn rpc_calls_name_host_and_full_method() {
    check(
        "x",
        "rpc.system.name=grpc; rpc.method=shop.Cart/Add; server.address=cart; server.port=#50051",
        "rpc cart:50051 shop.Cart/Add",
    );
    check(
        "x",
        "rpc.system=grpc; rpc.service=shop.Cart; rpc.method=Add; net.peer.name=cart; net.peer.port=#50051",
        "rpc cart:50051 shop.Cart/Add",
    );
    check(
        "x",
        "rpc.system=grpc; rpc.service=shop.Cart; rpc.method=Add",
        "rpc shop.Cart shop.Cart/Add",
    );
    check("x", "rpc.system=grpc; peer.service=cart", "rpc cart x");
    check(
        "S3.PutObject",
        "rpc.system=aws-api; rpc.service=S3; rpc.method=PutObject; http.status_code=#200",
        "rpc S3 S3/PutObject",
    );
}

#[test]
fn messages_sent_name_the_queue() {
    let check = |name: &str, attributes: &str, expected: &str| {
        check_kind(SpanKind::Producer, name, attributes, expected)
    };
    check(
        "x",
        "messaging.system=kafka; messaging.destination.name=orders; messaging.operation.type=send; server.address=broker1",
        "messaging orders send orders",
    );
    check(
        "x",
        "messaging.system=rabbitmq; messaging.destination=orders; messaging.operation=publish",
        "messaging orders send orders",
    );
    check(
        "x",
        "messaging.system=rabbitmq",
        "messaging rabbitmq send rabbitmq",
    );
    check(
        "x",
        "messaging.system=aws_sqs; rpc.system=aws-api; rpc.service=SQS; messaging.destination.name=jobs",
        "messaging jobs send jobs",
    );
    check("x", "", "none");
}

#[test]
fn calls_of_no_known_protocol_count_when_they_say_whom() {
    check(
        "iso8583 0200",
        "server.address=cards.partner.example; server.port=#7001",
        "http cards.partner.example:7001 iso8583 0200",
    );
    check(
        "authorize",
        "peer.service=card-network",
        "http card-network authorize",
    );
    check("something", "", "none");
}

#[test]
fn only_client_and_producer_spans_are_calls() {
    for kind in [SpanKind::Internal, SpanKind::Server, SpanKind::Consumer] {
        check_kind(
            kind,
            "tcp.connect",
            "server.address=a; server.port=#80; db.system=mysql",
            "none",
        );
    }
}

#[test]
fn a_call_fails_by_status_or_where_that_is_unset_by_the_answer() {
    #[track_caller]
    fn check(code: i32, attributes: &str, expected: bool) {
        let sent = with_status(span(SpanKind::Client, "x", attributes), code, "");
        assert_eq!(
            decode(sent).call.unwrap().failed,
            expected,
            "{code} {attributes}"
        );
    }
    check(0, "peer.service=a", false);
    check(2, "peer.service=a", true);
    check(0, "peer.service=a; http.response.status_code=#404", true);
    check(1, "peer.service=a; http.response.status_code=#404", false);
    check(0, "peer.service=a; http.response.status_code=#302", false);
    check(0, "rpc.system=grpc; rpc.grpc.status_code=#5", true);
    check(0, "rpc.system=grpc; rpc.grpc.status_code=#0", false);
    check(
        0,
        "rpc.system.name=grpc; rpc.response.status_code=OK",
        false,
    );
}

#[test]
fn what_the_user_called_the_other_side_comes_before_its_address() {
    check(
        "x",
        "db.system=oracle; service.peer.name=core-bank; server.address=10.1.2.3; db.name=main; db.statement=SELECT 1",
        "database core-bank/main SELECT ?",
    );
    check(
        "x",
        "rpc.system=grpc; rpc.service=a.B; rpc.method=C; peer.service=ledger; server.address=10.1.2.3",
        "rpc ledger a.B/C",
    );
    check_kind(
        SpanKind::Producer,
        "x",
        "messaging.system=kafka; messaging.destination.name=orders; peer.service=broker",
        "messaging orders send orders",
    );
}

#[test]
fn stored_procedures_are_named() {
    for (sent, detail) in [
        (
            "db.system=oracle; db.statement={call refund(?)}",
            "CALL refund(?)",
        ),
        (
            "db.system=mssql; db.statement=[dbo].[usp_Settle]",
            "[dbo].[usp_Settle]",
        ),
        (
            "db.system.name=microsoft.sql_server; db.stored_procedure.name=usp_New",
            "CALL usp_New",
        ),
        ("db.system=postgresql; db.statement=[1, 2]", "x"),
    ] {
        check(
            "x",
            &format!("{sent}; server.address=a"),
            &format!("database a {detail}"),
        );
    }
}

#[test]
fn commands_of_document_stores_name_their_collection() {
    for (sent, detail) in [
        (
            "db.system=mongodb; db.statement={\"find\": \"orders\", \"filter\": {}}",
            "find orders",
        ),
        (
            "db.system=mongodb; db.statement={ \"insert\":\"audit.log\" }",
            "insert audit.log",
        ),
        ("db.system=mongodb; db.statement={\"ping\": 1}", "x"),
        (
            "db.system=mongodb; db.operation=find; db.statement={\"find\": \"orders\"}",
            "find orders",
        ),
        (
            "db.system=elasticsearch; db.operation=search; db.elasticsearch.path_parts.index=carts",
            "search carts",
        ),
    ] {
        check(
            "x",
            &format!("{sent}; server.address=a"),
            &format!("database a {detail}"),
        );
    }
}
