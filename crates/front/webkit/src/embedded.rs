//! Files that are compiled into the binary. Each crate embeds its own; the server hands all of them
//! to the parts that read them.

use rust_embed::RustEmbed;
use std::borrow::Cow;

/// The embedded files of one crate. A debug build reads them from disk at every request.
#[derive(Debug, Clone, Copy)]
pub struct Embedded {
    paths: fn() -> Vec<Cow<'static, str>>,
    read: fn(&str) -> Option<Cow<'static, [u8]>>,
}

impl Embedded {
    /// The files of `E`.
    pub fn of<E: RustEmbed>() -> Self {
        Self {
            paths: || E::iter().collect(),
            read: |path| E::get(path).map(|file| file.data),
        }
    }

    /// The paths of all files.
    pub fn paths(&self) -> Vec<Cow<'static, str>> {
        (self.paths)()
    }

    /// The content of a file.
    pub fn read(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        (self.read)(path)
    }
}
