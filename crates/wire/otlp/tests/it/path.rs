//! Tests of path templates.

use hinomi_otlp::path::template;

const TABLE: &[(&str, &str)] = &[
    ("", "/"),
    ("/", "/"),
    ("//", "/"),
    ("*", "*"),
    ("/users", "/users"),
    ("/users/", "/users"),
    ("//users//42", "/users/{id}"),
    ("users/42", "/users/{id}"),
    ("/users/42?page=2#top", "/users/{id}"),
    ("/users/-1", "/users/{id}"),
    ("/users/42;jsessionid=ABC123", "/users/{id}"),
    ("https://shop.example/users/42", "/users/{id}"),
    ("https://shop.example", "/"),
    ("/go?to=https://shop.example/a", "/go"),
    ("/api/v1/users", "/api/v1/users"),
    ("/api/v2.1/users/7", "/api/v2.1/users/{id}"),
    ("/releases/2.1.3", "/releases/2.1.3"),
    ("/oauth2/token", "/oauth2/token"),
    (
        "/orders/550e8400-e29b-41d4-a716-446655440000",
        "/orders/{uuid}",
    ),
    (
        "/orders/550E8400-E29B-41D4-A716-446655440000/items",
        "/orders/{uuid}/items",
    ),
    ("/orders/550e8400e29b41d4a716446655440000", "/orders/{uuid}"),
    ("/docs/507f1f77bcf86cd799439011", "/docs/{id}"),
    ("/commit/3f2a9c1b", "/commit/{id}"),
    ("/decade", "/decade"),
    ("/deadbeef", "/deadbeef"),
    ("/facade/7", "/facade/{id}"),
    ("/orders/ord_123456", "/orders/ord_{id}"),
    ("/orders/ord-000017-kr", "/orders/ord-{id}-kr"),
    ("/customers/cus_9s6XKzkNRiz8i3", "/customers/cus_{id}"),
    ("/events/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/events/{token}"),
    ("/reports/2026-01-31", "/reports/{date}"),
    ("/reports/2026-01", "/reports/{date}"),
    ("/reports/20260131", "/reports/{date}"),
    ("/reports/2026-01-31T10:00:00Z", "/reports/{date}"),
    ("/reports/2026-13-31", "/reports/{id}-13-31"),
    ("/users/kim@example.com", "/users/{email}"),
    ("/users/kim%40example.com/mails", "/users/{email}/mails"),
    ("/pkg/@scope/name", "/pkg/@scope/name"),
    ("/hosts/10.0.0.1", "/hosts/{ip}"),
    ("/hosts/2001:db8::1", "/hosts/{ip}"),
    (
        "/verify/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "/verify/{token}",
    ),
    ("/s/dGhpcyBpcyBhIHRlc3Q=", "/s/{token}"),
    ("/invite/a8F3kLm92QzXc71b", "/invite/{token}"),
    ("/files/report.pdf", "/files/report.pdf"),
    ("/files/12345.pdf", "/files/{id}.pdf"),
    ("/static/app.3f2a9c1b.js", "/static/app.{id}.js"),
    ("/static/jquery.min.js", "/static/jquery.min.js"),
    (
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration",
    ),
    ("/blog/top-10-tips", "/blog/top-10-tips"),
    ("/search/%ED%95%9C%EA%B5%AD", "/search/{text}"),
    ("/검색/火", "/{text}/{text}"),
    ("/map/37.5665,126.9780", "/map/{id}"),
    ("/batch/1,2,3", "/batch/{id}"),
    ("/users/{id}/orders/:order", "/users/{id}/orders/:order"),
    ("/users/<int:id>", "/users/<int:id>"),
    ("/shop.Cart/AddItem", "/shop.Cart/AddItem"),
    ("/wp-login.php", "/wp-login.php"),
    ("/a/b/c/d/e/f/g/h/i/j/k/l/m/n", "/a/b/c/d/e/f/g/h/i/j/k/l/…"),
];

#[test]
fn paths_lose_identities_and_keep_words() {
    for (path, expected) in TABLE {
        assert_eq!(template(path), *expected, "{path}");
    }
}

#[test]
fn a_template_is_its_own_template() {
    for (path, _) in TABLE {
        let once = template(path);
        assert_eq!(template(&once), once, "{path}");
    }
}

#[test]
fn a_long_segment_is_a_token() {
    assert_eq!(template(&format!("/x/{}", "a-".repeat(100))), "/x/{token}");
}
