//! A route as data: its path, its methods and their handlers.
//!
//! The router is made from lists of routes, and so are the tests that must know every route.

use crate::App;
use axum::{
    Router,
    handler::Handler,
    routing::{self, MethodRouter},
};
use http::Method;

/// Every method and path of these routes, such as `GET /api/v1/services`, for tests that must not miss
/// one.
pub fn named(routes: Vec<Route>, base: &str) -> Vec<String> {
    let of_route = |Route { path, methods }: Route| {
        let methods = methods.into_iter();
        methods
            .map(|(method, _)| format!("{method} {base}{path}"))
            .collect::<Vec<_>>()
    };
    routes.into_iter().flat_map(of_route).collect()
}

/// A path and what answers its methods. `HEAD` is answered by `GET`.
pub struct Route {
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// The methods, each with its handler.
    pub methods: Vec<(Method, MethodRouter<App>)>,
}

impl Route {
    /// A route that answers `GET`.
    pub fn get<T: 'static>(path: &'static str, handler: impl Handler<T, App>) -> Self {
        Self {
            path,
            methods: vec![(Method::GET, routing::get(handler))],
        }
    }

    /// Also answers `POST`.
    pub fn post<T: 'static>(self, handler: impl Handler<T, App>) -> Self {
        self.and(Method::POST, routing::post(handler))
    }

    /// Also answers `PUT`.
    pub fn put<T: 'static>(self, handler: impl Handler<T, App>) -> Self {
        self.and(Method::PUT, routing::put(handler))
    }

    /// Also answers `DELETE`.
    pub fn delete<T: 'static>(self, handler: impl Handler<T, App>) -> Self {
        self.and(Method::DELETE, routing::delete(handler))
    }

    fn and(mut self, method: Method, answer: MethodRouter<App>) -> Self {
        self.methods.push((method, answer));
        self
    }
}

/// The router of the routes.
pub fn router_of(routes: Vec<Route>) -> Router<App> {
    routes.into_iter().fold(Router::new(), |router, route| {
        let answers = route.methods.into_iter().map(|(_, answer)| answer);
        router.route(
            route.path,
            answers.fold(MethodRouter::new(), MethodRouter::merge),
        )
    })
}
