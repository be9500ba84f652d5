//! axum: JSON API, SSE, askama pages, embedded assets.
