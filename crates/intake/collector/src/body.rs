//! Reads a request's body. Reserves memory from the limit of requests in flight from the first byte
//! on, in proportion to the bytes that have arrived.

use bytes::Bytes;
use hinomi_io::{HeldMemory, MemoryShare};
use hinomi_listen::TooSlow;
use http_body::Body as _;
use http_body_util::BodyExt;
use std::{sync::Arc, time::Duration};

/// Size of the smallest buffer in bytes.
const LEAST_BYTES: usize = 8 << 10;

/// Size of the prefix of a gRPC message in bytes: a compression flag and the length.
pub(crate) const PREFIX: usize = 5;

/// Why a body could not be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    /// Longer than the limit, before or after decompression.
    #[error("the request is larger than {limit} bytes")]
    TooLarge { limit: usize },
    /// Does not match its encoding.
    #[error("the request can not be decompressed: {0}")]
    Corrupt(String),
    /// The client sent too slowly.
    #[error("{0}")]
    TooSlow(TooSlow),
    /// No memory is free at the moment.
    #[error("there is no memory for more requests at once")]
    NoMemory,
    /// The client disconnected.
    #[error("the request broke off: {0}")]
    Broken(String),
}

/// Time after which a body that came too slowly should be sent again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl BodyError {
    /// Time after which the client should retry; `None` if it should not.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            // A slow connection may be faster later. Status 408 says the same, but OTLP clients do
            // not retry on it.
            Self::TooSlow(_) | Self::NoMemory => Some(RETRY_AFTER),
            Self::TooLarge { .. } | Self::Corrupt(_) | Self::Broken(_) => None,
        }
    }
}

/// A body that has been read completely.
#[derive(Debug)]
pub(crate) struct Body {
    pub bytes: Bytes,
    /// Its memory reservation.
    pub held: HeldMemory,
}

/// Framing of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// The whole body is the request.
    Plain,
    /// The body contains a gRPC message after its prefix.
    Message,
}

/// Reads the body as it was sent. `limit` is its maximum size in bytes, without the prefix.
pub(crate) async fn read(
    mut body: axum::body::Body,
    framing: Framing,
    limit: usize,
    memory: &Arc<MemoryShare>,
) -> Result<Body, BodyError> {
    let prefix = match framing {
        Framing::Plain => 0,
        Framing::Message => PREFIX,
    };
    let most = limit.saturating_add(prefix);
    let mut expected = match body.size_hint().exact() {
        Some(length) if length > most as u64 => return Err(BodyError::TooLarge { limit }),
        Some(length) => usize::try_from(length).ok(),
        None => None,
    };
    let mut read = Reading {
        first: Bytes::new(),
        all: Vec::new(),
        held: memory.hold(0).ok_or(BodyError::NoMemory)?,
    };
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match TooSlow::of(&error) {
            Some(slow) => BodyError::TooSlow(slow),
            None => BodyError::Broken(error.to_string()),
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        read.add(data, expected.unwrap_or(most).min(most))?;
        if framing == Framing::Message && expected.is_none() {
            expected = message_length(read.so_far()).map(|length| length.saturating_add(PREFIX));
        }
        if read.so_far().len() > most || expected.is_some_and(|expected| expected > most) {
            return Err(BodyError::TooLarge { limit });
        }
    }
    Ok(read.finish())
}

/// The length that a message prefix contains.
fn message_length(prefix: &[u8]) -> Option<usize> {
    let length = prefix.get(1..PREFIX)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(length)).ok()
}

/// The part that has arrived. A body that arrives in one piece is not copied.
struct Reading {
    first: Bytes,
    all: Vec<u8>,
    held: HeldMemory,
}

impl Reading {
    fn so_far(&self) -> &[u8] {
        if self.all.is_empty() {
            &self.first
        } else {
            &self.all
        }
    }

    /// Adds a piece. `most` is the maximum size of the body, as far as known.
    fn add(&mut self, data: Bytes, most: usize) -> Result<(), BodyError> {
        if self.so_far().is_empty() {
            self.first = data;
            return self.hold(self.first.len());
        }
        let length = self.so_far().len() + data.len();
        if self.all.capacity() < length {
            // The pieces are copied: each of them lies in a larger buffer, which keeping it would
            // keep alive.
            let capacity = (2 * length)
                .clamp(LEAST_BYTES, most.max(LEAST_BYTES))
                .max(length);
            self.hold(capacity + self.first.len())?;
            self.all.reserve_exact(capacity - self.all.len());
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
            self.hold(capacity)?;
        }
        self.all.extend_from_slice(&data);
        Ok(())
    }

    fn hold(&mut self, bytes: usize) -> Result<(), BodyError> {
        if self.held.resize(bytes) {
            Ok(())
        } else {
            Err(BodyError::NoMemory)
        }
    }

    fn finish(mut self) -> Body {
        let bytes = if self.all.is_empty() {
            self.first
        } else {
            self.all.shrink_to_fit();
            self.all.into()
        };
        // Shrinking a reservation always succeeds.
        let _ = self.held.resize(bytes.len());
        Body {
            bytes,
            held: self.held,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::convert::Infallible;

    const LIMIT: usize = 100_000;

    fn in_pieces(bytes: &[u8], piece: usize) -> axum::body::Body {
        let pieces: Vec<_> = bytes
            .chunks(piece)
            .map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece)))
            .collect();
        axum::body::Body::from_stream(stream::iter(pieces))
    }

    #[tokio::test]
    async fn a_body_in_any_pieces_is_read_and_one_over_the_limit_is_not() {
        for piece in [1_000, 7_777, LIMIT + 1] {
            for length in [0, 1, 9_000, LIMIT, LIMIT + 1] {
                let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
                let memory = MemoryShare::new(1 << 20);
                let body = in_pieces(&bytes, piece);
                match read(body, Framing::Plain, LIMIT, &memory).await {
                    Ok(read) => {
                        assert_eq!(read.bytes, bytes);
                        assert_eq!(memory.used(), length);
                    }
                    Err(error) => {
                        assert_eq!(error, BodyError::TooLarge { limit: LIMIT });
                        assert_eq!(length, LIMIT + 1);
                    }
                }
                assert_eq!(memory.used(), 0);
            }
        }
    }

    #[tokio::test]
    async fn a_message_that_tells_too_great_a_length_is_refused_by_its_prefix() {
        let memory = MemoryShare::new(1 << 20);
        for (length, is_read) in [(LIMIT, true), (LIMIT + 1, false)] {
            let prefix = [&[0][..], &(length as u32).to_be_bytes()].concat();
            let rest = stream::once(async move { Ok::<_, Infallible>(Bytes::from(prefix)) });
            let body = axum::body::Body::from_stream(rest);
            let read = read(body, Framing::Message, LIMIT, &memory).await;
            assert_eq!(read.is_ok(), is_read);
        }
    }

    #[tokio::test]
    async fn memory_is_held_for_what_has_come_and_given_back_when_there_is_too_little() {
        let memory = MemoryShare::new(50_000);
        let (send, receive) = tokio::sync::mpsc::unbounded_channel::<Bytes>();
        let pieces = stream::unfold(receive, async |mut receive| {
            let piece = receive.recv().await?;
            Some((Ok::<_, Infallible>(piece), receive))
        });
        let body = axum::body::Body::from_stream(pieces);
        let share = memory.clone();
        let mut reading = Box::pin(read(body, Framing::Plain, LIMIT, &share));
        let mut poll = async || futures_util::poll!(&mut reading);
        assert!(poll().await.is_pending());
        assert_eq!(memory.used(), 0, "nothing has come");
        send.send(Bytes::from(vec![7; 10_000])).unwrap();
        assert!(poll().await.is_pending());
        assert_eq!(memory.used(), 10_000);
        send.send(Bytes::from(vec![7; 10_000])).unwrap();
        assert!(poll().await.is_pending());
        assert!(memory.used() <= 40_000);
        send.send(Bytes::from(vec![7; 40_000])).unwrap();
        let std::task::Poll::Ready(Err(error)) = poll().await else {
            panic!("more than there is");
        };
        assert_eq!(error, BodyError::NoMemory);
        assert_eq!(memory.used(), 0);
    }
}
