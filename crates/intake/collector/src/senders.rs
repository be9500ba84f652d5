//! Who sends: the project that a request's telemetry belongs to.

use hinomi_model::Text;
use http::HeaderMap;

/// Says which project a request belongs to, before its body is read.
pub trait Senders: Send + Sync + 'static {
    /// The project of the sender with these headers.
    fn project_of(&self, headers: &HeaderMap) -> Result<Text, UnknownSender>;
}

/// Nobody knows the sender, or its key is no longer valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sender is not known: send a valid ingest key in the header x-hinomi-key")]
pub struct UnknownSender;

/// Every sender belongs to this one project.
#[derive(Debug, Clone)]
pub struct EverySender(pub Text);

impl Senders for EverySender {
    fn project_of(&self, _headers: &HeaderMap) -> Result<Text, UnknownSender> {
        Ok(self.0.clone())
    }
}
