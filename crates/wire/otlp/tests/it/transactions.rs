//! Tests of transactions: operation and outcome.

use crate::support::{decode, span, with_status};
use hinomi_model::{Outcome, SpanKind};

#[track_caller]
fn check(kind: SpanKind, name: &str, attributes: &str, expected: &str) {
    let transaction = decode(span(kind, name, attributes))
        .transaction
        .expect("a transaction");
    assert_eq!(&*transaction.operation, expected, "{name}: {attributes}");
}

#[test]
fn http_operation_is_method_and_route() {
    let check = |name: &str, attributes: &str, expected: &str| {
        check(SpanKind::Server, name, attributes, expected)
    };
    for method in [
        "http.request.method=GET",
        "http.method=GET",
        "http.method=get",
    ] {
        let with = |rest: &str| format!("{method}; {rest}");
        check("x", &with("http.route=/users/{id}"), "GET /users/{id}");
        check(
            "x",
            &with("http.route=api/users/{id}"),
            "GET /api/users/{id}",
        );
        check(
            "x",
            &with("http.route=^users/(?P<id>\\d+)$"),
            "GET ^users/(?P<id>\\d+)$",
        );
        check(
            "GET /users/{user_id}",
            &with("url.path=/users/42"),
            "GET /users/{user_id}",
        );
        check(
            "GET /users/<int:id>",
            &with("http.target=/users/42"),
            "GET /users/<int:id>",
        );
        check(
            "GET /users/42",
            &with("url.path=/users/42"),
            "GET /users/{id}",
        );
        check("GET", &with("url.path=/users/42"), "GET /users/{id}");
        check(
            "GET",
            &with("http.target=/users/42?page=3"),
            "GET /users/{id}",
        );
        check(
            "GET",
            &with("url.full=https://x.example/orders/7?a=b"),
            "GET /orders/{id}",
        );
        check("GET", &with("http.url=http://x.example"), "GET /");
        check("GET", &with("url.path=/"), "GET /");
        check("HTTP GET", "http.method=GET", "GET");
    }
    check("x", "http.request.method=_OTHER; http.route=/a", "HTTP /a");
    check(
        "x",
        "http.request.method=PROPFIND; http.route=/a",
        "HTTP /a",
    );
    check("x", "http.route=/a", "HTTP /a");
    check(
        "x",
        "http.request.method=; http.method=PUT; http.route=/a",
        "PUT /a",
    );
}

#[test]
fn rpc_operation_is_the_full_method() {
    let check =
        |attributes: &str, expected: &str| check(SpanKind::Server, "name", attributes, expected);
    check(
        "rpc.system.name=grpc; rpc.method=shop.Cart/Add",
        "shop.Cart/Add",
    );
    check(
        "rpc.system=grpc; rpc.service=shop.Cart; rpc.method=Add",
        "shop.Cart/Add",
    );
    check(
        "rpc.system=grpc; rpc.method=/shop.Cart/Add",
        "shop.Cart/Add",
    );
    check("rpc.system=grpc; rpc.method=Add", "Add");
    check("rpc.system=grpc; rpc.service=shop.Cart", "shop.Cart");
    check("rpc.system=grpc", "name");
    check("rpc.system=grpc; rpc.method=/", "name");
    check("rpc.system.name=grpc; rpc.method=_OTHER", "name");
    // ASP.NET Core sends the attributes of both RPC and HTTP.
    check(
        "rpc.system=grpc; rpc.service=shop.Cart; rpc.method=Add; http.request.method=POST; http.route=/shop.Cart/Add",
        "shop.Cart/Add",
    );
}

#[test]
fn messaging_operation_is_verb_and_destination() {
    let check =
        |attributes: &str, expected: &str| check(SpanKind::Consumer, "name", attributes, expected);
    check(
        "messaging.system=kafka; messaging.destination.name=orders; messaging.operation.type=process",
        "process orders",
    );
    check(
        "messaging.system=kafka; messaging.destination=orders; messaging.operation=receive",
        "receive orders",
    );
    check(
        "messaging.system=rabbitmq; messaging.destination=orders",
        "process orders",
    );
    check(
        "messaging.system=rabbitmq; messaging.operation=deliver",
        "process rabbitmq",
    );
    check(
        "messaging.system=rabbitmq; messaging.destination.name=amq.gen-Xa2; messaging.destination.temporary=true",
        "process (temporary)",
    );
    check(
        "messaging.destination.template=/customers/{id}; messaging.destination.name=/customers/7",
        "process /customers/{id}",
    );
}

#[test]
fn any_span_without_parent_is_a_transaction_by_its_name() {
    let mut root = span(SpanKind::Internal, "nightly 42 report", "");
    root.parent_span_id.clear();
    assert_eq!(
        &*decode(root.clone()).transaction.unwrap().operation,
        "nightly 42 report"
    );
    root.name.clear();
    assert_eq!(&*decode(root).transaction.unwrap().operation, "(unnamed)");
    assert_eq!(
        decode(span(SpanKind::Internal, "step", "")).transaction,
        None
    );
    assert_eq!(
        decode(span(SpanKind::Client, "GET", "http.method=GET")).transaction,
        None
    );
    assert_eq!(
        decode(span(SpanKind::Producer, "send", "")).transaction,
        None
    );
}

#[test]
fn a_browser_fetch_without_parent_is_transaction_and_call() {
    let mut root = span(
        SpanKind::Client,
        "GET",
        "http.request.method=GET; url.full=https://api.example/orders/7; http.response.status_code=#200",
    );
    root.parent_span_id = vec![0; 8];
    let decoded = decode(root);
    assert_eq!(&*decoded.transaction.unwrap().operation, "GET /orders/{id}");
    assert_eq!(&*decoded.call.unwrap().target, "api.example");
}

#[test]
fn outcome_is_error_by_status_server_5xx_or_grpc_fault() {
    #[track_caller]
    fn check(kind: SpanKind, code: i32, attributes: &str, expected: Outcome) {
        let mut sent = with_status(span(kind, "x", attributes), code, "");
        sent.parent_span_id.clear();
        let outcome = decode(sent).transaction.unwrap().outcome;
        assert_eq!(outcome, expected, "{code} {attributes}");
    }
    use {Outcome::*, SpanKind::*};
    check(Server, 0, "http.response.status_code=#200", Ok);
    check(Server, 0, "http.response.status_code=#404", Ok);
    check(Server, 2, "http.response.status_code=#404", Error);
    check(Server, 2, "http.response.status_code=#200", Error);
    check(Server, 0, "http.response.status_code=#500", Error);
    check(Server, 1, "http.status_code=#503", Error);
    check(Server, 0, "http.status_code=503", Error);
    check(Internal, 0, "http.status_code=#503", Ok);
    check(Consumer, 2, "", Error);
    check(Consumer, 7, "", Ok);
    for fault in ["2", "4", "12", "13", "14", "15"] {
        check(
            Server,
            0,
            &format!("rpc.system=grpc; rpc.grpc.status_code=#{fault}"),
            Error,
        );
        check(
            Server,
            1,
            &format!("rpc.system=grpc; rpc.grpc.status_code=#{fault}"),
            Ok,
        );
    }
    for fine in [
        "0", "1", "3", "5", "6", "7", "8", "9", "10", "11", "16", "99",
    ] {
        check(
            Server,
            0,
            &format!("rpc.system=grpc; rpc.grpc.status_code=#{fine}"),
            Ok,
        );
    }
    check(
        Server,
        0,
        "rpc.system.name=grpc; rpc.response.status_code=UNAVAILABLE",
        Error,
    );
    check(
        Server,
        0,
        "rpc.system.name=grpc; rpc.response.status_code=NOT_FOUND",
        Ok,
    );
    check(
        Server,
        0,
        "rpc.system.name=jsonrpc; rpc.response.status_code=2",
        Ok,
    );
}

#[test]
fn jobs_of_one_queue_are_told_apart_by_class() {
    let check = |attributes: &str, expected: &str| {
        check(SpanKind::Consumer, "default process", attributes, expected);
    };
    check(
        "messaging.system=sidekiq; messaging.destination=default; messaging.sidekiq.job_class=CleanupJob; messaging.operation=process",
        "process CleanupJob",
    );
    check(
        "celery.action=run; celery.task_name=shop.tasks.resize; messaging.destination=celery",
        "process shop.tasks.resize",
    );
    check(
        "messaging.system=active_job; messaging.destination=default; code.namespace=MailJob",
        "process MailJob",
    );
    check(
        "messaging.system=kafka; messaging.destination.name=orders; code.namespace=shop.Listener",
        "process orders",
    );
}

#[test]
fn sources_of_messages_are_destinations() {
    for source in [
        "messaging.source.name=refunds; messaging.source.kind=topic; messaging.operation=process",
        "messaging.source=refunds",
        "message_bus.destination=refunds",
    ] {
        let attributes = format!("messaging.system=kafka; {source}");
        check(SpanKind::Consumer, "x", &attributes, "process refunds");
    }
    check(
        SpanKind::Consumer,
        "x",
        "messaging.system=rabbitmq; messaging.destination.name=amq.gen-JzTY20BRgKO-HjmUJj0wLg",
        "process (temporary)",
    );
}

#[test]
fn operations_of_graphql_are_told_apart_by_name() {
    let http = "http.request.method=POST; http.route=/graphql";
    let check = |more: &str, expected: &str| {
        check(
            SpanKind::Server,
            "query GetCart",
            &format!("{http}; {more}"),
            expected,
        );
    };
    check(
        "graphql.operation.name=GetCart; graphql.operation.type=query",
        "query GetCart",
    );
    check(
        "graphql.operation.name=Pay; graphql.operation.type=mutation",
        "mutation Pay",
    );
    check("graphql.operation.name=Pay", "query Pay");
    check("graphql.operation.type=query", "POST /graphql");
}

#[test]
fn a_route_that_matches_any_path_gives_way_to_the_path() {
    for route in [
        "/*",
        "*",
        "/**",
        "/{proxy+}",
        "{proxy+}",
        "/v1/{*path}",
        "/{**catch-all}",
        "/:rest*",
        "/(.*)",
        "/<path:path>",
        "{controller}/{action}",
        "{controller=Home}/{action=Index}/{id?}",
        "/{path:.*}",
        "/{*path:nonfile}",
    ] {
        let attributes =
            format!("http.request.method=GET; http.route={route}; url.path=/v1/orders/42");
        check(SpanKind::Server, "x", &attributes, "GET /v1/orders/{id}");
    }
    let get = "http.request.method=GET";
    for (route, path, expected) in [
        ("/users/{id}", "/users/1", "GET /users/{id}"),
        (
            "/users/{name:[a-z]+}",
            "/users/alice",
            "GET /users/{name:[a-z]+}",
        ),
        ("/users/:id(\\d+)", "/users/7", "GET /users/:id(\\d+)"),
        ("/static/*", "/static/app.3f2a9c1b.js", "GET /static/*"),
        ("/*", "/api/v2.1", "GET /api/v2.1"),
        ("/*", "/wp-login; http.response.status_code=#404", "GET /*"),
        ("/files/*.pdf", "/files/a.pdf", "GET /files/*.pdf"),
    ] {
        let attributes = format!("{get}; http.route={route}; url.path={path}");
        check(SpanKind::Server, "x", &attributes, expected);
    }
    check(
        SpanKind::Server,
        "x",
        "http.request.method=GET; http.route=/*",
        "GET /*",
    );
}

#[test]
fn polls_are_calls_and_no_transactions() {
    let is_transaction = |kind, attributes: &str| {
        let mut root = span(kind, "x", attributes);
        root.parent_span_id.clear();
        let decoded = decode(root);
        assert_eq!(
            decoded.call.is_some(),
            kind == SpanKind::Client,
            "{attributes}"
        );
        decoded.transaction.is_some()
    };
    for poll in [
        "db.system=redis; db.statement=BRPOP queue:default 2; net.peer.name=redis",
        "db.system.name=redis; db.operation.name=xreadgroup",
        "rpc.system=aws-api; rpc.service=Sqs; rpc.method=ReceiveMessage",
        "messaging.system=servicebus; messaging.destination.name=a; messaging.operation.type=receive",
    ] {
        assert!(!is_transaction(SpanKind::Client, poll), "{poll}");
    }
    for request in [
        "db.system=redis; db.statement=GET a",
        "rpc.system=aws-api; rpc.service=Sqs; rpc.method=SendMessage",
        "http.request.method=GET; server.address=a",
    ] {
        assert!(is_transaction(SpanKind::Client, request), "{request}");
    }
    let consumer =
        "messaging.system=kafka; messaging.destination.name=a; messaging.operation.type=receive";
    assert!(is_transaction(SpanKind::Consumer, consumer));
}
