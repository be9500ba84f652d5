//! Who reads: the project that a request sees. Every `Scope` of pages and API begins here.

use crate::{App, problem::Problem};
use axum::extract::FromRequestParts;
use hinomi_model::{Scope, Text};
use http::{HeaderMap, StatusCode, request::Parts};

/// Says which project a request reads.
pub trait Readers: Send + Sync + 'static {
    /// The project of the reader with these headers.
    fn project_of(&self, headers: &HeaderMap) -> Result<Text, UnknownReader>;
}

/// Nobody knows the reader, or the reader's session has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownReader;

/// Every reader belongs to this one project.
#[derive(Debug, Clone)]
pub struct EveryReader(pub Text);

impl Readers for EveryReader {
    fn project_of(&self, _headers: &HeaderMap) -> Result<Text, UnknownReader> {
        Ok(self.0.clone())
    }
}

/// The reader of a request: what handlers take their scope from.
#[derive(Debug, Clone)]
pub struct Reader {
    project: Text,
}

impl Reader {
    /// Everything of the reader's project.
    pub fn scope(&self) -> Scope {
        Scope::of(self.project.clone())
    }
}

#[cfg(any(test, feature = "sample"))]
impl Reader {
    /// A reader for tests.
    pub fn sample() -> Self {
        Self {
            project: "default".into(),
        }
    }
}

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // Asked once a request: the check before the routes and the handlers see one reader.
        if let Some(reader) = parts.extensions.get::<Self>() {
            return Ok(reader.clone());
        }
        let project = app.web.readers.project_of(&parts.headers);
        let project = project.map_err(|UnknownReader| {
            Problem::of(
                StatusCode::UNAUTHORIZED,
                "Unknown reader",
                "the server does not know who asks; sign in and ask again",
            )
        })?;
        let reader = Self { project };
        parts.extensions.insert(reader.clone());
        Ok(reader)
    }
}
