//! Parameters that had another name once. Bookmarks with the old name lead to the address with the new
//! one.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http::Uri;

/// Old and new names of parameters of pages.
const RENAMED: [(&str, &str); 1] = [("env", "environment")];

/// Redirects a page's address with an old name to the one with the new name.
pub(crate) async fn redirect(request: Request, next: Next) -> Response {
    match renamed(request.uri()) {
        Some(address) => Redirect::permanent(&address).into_response(),
        None => next.run(request).await,
    }
}

/// The address with new names; `None` when it has no old ones. The API never had them.
fn renamed(uri: &Uri) -> Option<String> {
    let query = uri.query().filter(|_| !uri.path().starts_with("/api/"))?;
    let mut is_old = false;
    let pairs = query.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match RENAMED.iter().find(|(old, _)| *old == name) {
            Some((_, new)) => {
                is_old = true;
                format!("{new}={value}")
            }
            None => pair.to_owned(),
        }
    });
    let query = pairs.collect::<Vec<_>>().join("&");
    is_old.then(|| format!("{}?{query}", uri.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_name_becomes_the_new_one_and_the_rest_stays() {
        let of = |uri: &str| renamed(&uri.parse().unwrap());
        assert_eq!(
            of("/services/a%2Fb?from=now-1h&env=prod&q=env%3Da").as_deref(),
            Some("/services/a%2Fb?from=now-1h&environment=prod&q=env%3Da")
        );
        assert_eq!(of("/?environment=prod&env2=x"), None);
        assert_eq!(
            of("/api/v1/services?env=prod"),
            None,
            "the API says what is wrong"
        );
        assert_eq!(of("/map"), None);
    }
}
