//! Who sends a request and for what purpose. The store schedules queries fairly by both.
//!
//! Until accounts exist, a person is identified by the client address; for IPv6 by the /64 network,
//! because one machine can use all addresses of it. Everyone behind one proxy counts as one person.

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{ConnectInfo, Request},
    middleware::Next,
    response::Response,
};
use hinomi_query::{Asker, QuestionKind};
use http_body::{Frame, SizeHint};
use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
};

/// Runs a request under its asker until the body of the answer is complete: streams query the store
/// while they are sent.
pub(crate) async fn ask(request: Request, next: Next) -> Response {
    let client = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let asker = Asker {
        kind: kind(request.uri().path()),
        name: person(client.map(|client| client.0.ip())).into(),
    };
    let response = asker.clone().ask(next.run(request)).await;
    response.map(|body| Body::new(Asking { asker, body }))
}

/// The purpose of the queries of a path.
fn kind(path: &str) -> QuestionKind {
    let is_below = |folder: &str| {
        let rest = path.strip_prefix(folder);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if is_below("/csv") {
        QuestionKind::Export
    } else if is_below("/search") || is_below("/api/v1/search") {
        QuestionKind::Search
    } else {
        QuestionKind::Page
    }
}

/// The name of the person at an address.
fn person(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        // The listener does not know the address: all such clients count as one.
        None => "unknown".into(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let network = address.to_bits() >> 64 << 64;
            format!("{}/64", Ipv6Addr::from_bits(network))
        }
    }
}

/// A body that queries the store under its asker while it is read.
struct Asking {
    asker: Asker,
    body: Body,
}

impl HttpBody for Asking {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { asker, body } = &mut *self;
        asker.poll(|| Pin::new(body).poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_path_asks_for_is_its_place_in_the_order() {
        use QuestionKind::{Export, Page, Search};
        for (path, expected) in [
            ("/", Page),
            ("/services/csv", Page),
            ("/api/v1/services", Page),
            ("/api/v1/transactions", Page),
            ("/searches", Page),
            ("/search", Search),
            ("/api/v1/search", Search),
            ("/api/v1/search/live", Search),
            ("/csv/transactions", Export),
        ] {
            assert_eq!(kind(path), expected, "{path}");
        }
    }

    #[test]
    fn a_person_is_an_address_or_a_network_of_one_machine() {
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("::1", "::/64"),
        ] {
            assert_eq!(person(address.parse().ok()), expected, "{address}");
        }
        assert_eq!(person(None), "unknown");
    }
}
