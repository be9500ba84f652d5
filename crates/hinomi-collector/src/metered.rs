//! A body whose bytes are counted against the memory for requests in flight while they come in.

use bytes::Buf;
use hinomi_io::{HeldMemory, MemoryShare};
use http_body::{Body, Frame, SizeHint};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// Makes the error of a body that there is no memory for.
type Refuse = Box<dyn Fn() -> BoxError + Send + Sync>;

/// There is no memory for more of the body.
#[derive(Debug, thiserror::Error)]
#[error("there is no memory for more requests at once")]
pub(crate) struct NoMemory;

/// The body `B`; its bytes are held until it ends or is dropped: whoever reads it has them by then.
pub(crate) struct Metered<B> {
    body: B,
    memory: Arc<MemoryShare>,
    held: Option<HeldMemory>,
    refuse: Refuse,
}

impl<B> Metered<B> {
    /// Ends with the error of `refuse` when there is no memory.
    pub fn new(body: B, memory: Arc<MemoryShare>, refuse: Refuse) -> Self {
        Self {
            body,
            memory,
            held: None,
            refuse,
        }
    }

    fn hold(&mut self, bytes: usize) -> bool {
        match &mut self.held {
            Some(held) => {
                let bytes = held.bytes() + bytes;
                held.resize(bytes)
            }
            None => {
                self.held = self.memory.hold(bytes);
                self.held.is_some()
            }
        }
    }
}

impl<B> Body for Metered<B>
where
    B: Body + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let Some(frame) = frame else {
            self.held = None;
            return Poll::Ready(None);
        };
        let frame = frame.map_err(Into::into)?;
        if let Some(data) = frame.data_ref()
            && !self.hold(data.remaining())
        {
            self.held = None;
            return Poll::Ready(Some(Err((self.refuse)())));
        }
        Poll::Ready(Some(Ok(frame)))
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
    use bytes::Bytes;
    use http_body_util::{BodyExt, Full};

    #[tokio::test]
    async fn bytes_are_held_while_they_are_read_and_refused_when_there_are_too_many() {
        let memory = MemoryShare::new(1_000);
        let body = |length| {
            let bytes = Full::new(Bytes::from(vec![7; length]));
            Metered::new(bytes, memory.clone(), Box::new(|| NoMemory.into()))
        };
        let mut first = body(600);
        assert!(first.frame().await.unwrap().is_ok());
        assert_eq!(memory.used(), 600);
        let mut second = body(401);
        let refused = second.frame().await.unwrap().unwrap_err();
        assert!(refused.is::<NoMemory>());
        assert!(first.frame().await.is_none());
        assert_eq!(memory.used(), 0, "what has been read is its reader's");
        assert!(body(1_000).collect().await.is_ok());
        assert_eq!(memory.used(), 0);
    }
}
