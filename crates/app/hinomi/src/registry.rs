//! Where the registry is: in a file of the data folder, or in PostgreSQL.

use anyhow::Context;
use hinomi_registry::{DatabaseRegistry, RegistryLimits, check_url};
use serde::Deserialize;
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The file's name in the data folder.
pub const FILE: &str = "registry.db";

/// The address of a PostgreSQL database. It may have a password, so it is never printed: what is
/// printed names the place only.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct RegistryUrl(String);

impl RegistryUrl {
    /// Takes any text. A parser that refused some would repeat it, password included, on the screen;
    /// [`Self::place`] tells whether it is an address.
    pub fn new(text: &str) -> Result<Self, std::convert::Infallible> {
        Ok(Self(text.to_owned()))
    }

    /// Host, port and database, without user and password; an error when it is no address.
    pub fn place(&self) -> anyhow::Result<String> {
        Ok(check_url(&self.0)?)
    }
}

impl fmt::Debug for RegistryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        write!(f, "RegistryUrl({})", place.as_deref().unwrap_or("…"))
    }
}

/// The registry's file in a data folder.
pub fn file(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// Opens the registry. The data folder exists and is locked.
pub async fn open(dir: &Path, url: Option<&RegistryUrl>) -> anyhow::Result<Arc<DatabaseRegistry>> {
    let limits = RegistryLimits::default();
    let opened = match url {
        Some(url) => {
            tracing::info!(place = url.place()?, "the registry is in PostgreSQL");
            DatabaseRegistry::open_postgres(url.0.clone(), limits).await
        }
        None => DatabaseRegistry::open_file(file(dir), limits).await,
    };
    let registry = opened.context("the registry could not be opened")?;
    Ok(Arc::new(registry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_printed() {
        for text in [
            "postgres://hinomi:s3cret@db/ops",
            "mysql://hinomi:s3cret@db/ops",
            "hinomi:s3cret",
        ] {
            let url = RegistryUrl::new(text).unwrap();
            let place = url.place().map_err(|error| format!("{error:#} {error:?}"));
            let said = format!("{url:?} {place:?}");
            assert!(!said.contains("s3cret"), "{said}");
        }
    }
}
