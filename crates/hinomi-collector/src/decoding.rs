//! Where bodies are decompressed and decoded: short ones at once, where they were received; all others
//! on threads of their own, so many at a time, and large ones behind each other. So the work of one
//! body never stands in the way of another sender's.

use crate::{
    CollectorLimits,
    body::{Body, BodyError},
    inflate::{Compression, Inflating, Step},
    receiver::{Encoding, Failure, later},
};
use hinomi_io::MemoryShare;
use hinomi_otlp::{DecodeError, Decoder};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// A body as it was sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub body: Body,
    pub compression: Compression,
    pub encoding: Encoding,
}

pub(crate) struct Decoding {
    work: Arc<Work>,
    inline_bytes: usize,
    turns: Arc<Semaphore>,
    turns_of_large: Arc<Semaphore>,
}

/// What the threads share.
struct Work {
    decoder: Decoder,
    memory: Arc<MemoryShare>,
    body_bytes: usize,
    large_bytes: usize,
}

/// How far a body has come.
enum Progress<T, F> {
    Done(T),
    /// It is large.
    Large(Large, F),
}

enum Large {
    Inflating(Inflating),
    Plain(Body),
}

impl Decoding {
    pub fn new(decoder: Decoder, limits: &CollectorLimits, memory: Arc<MemoryShare>) -> Self {
        Self {
            work: Arc::new(Work {
                decoder,
                memory,
                body_bytes: limits.body_bytes,
                large_bytes: limits.large_bytes,
            }),
            inline_bytes: limits.inline_bytes,
            turns: Arc::new(Semaphore::new(limits.decoding)),
            turns_of_large: Arc::new(Semaphore::new(limits.decoding_large)),
        }
    }

    /// What `decode` makes of the body, once it is its turn.
    pub async fn decode<T, F>(&self, sent: Sent, decode: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Decoder, &[u8]) -> Result<T, DecodeError> + Send + 'static,
    {
        let encoding = sent.encoding;
        let length = sent.body.bytes.len();
        let is_plain = sent.compression == Compression::None;
        if is_plain && length <= self.inline_bytes {
            return self.work.finish(sent.body, encoding, decode);
        }
        let large = if is_plain && length > self.work.large_bytes {
            (Large::Plain(sent.body), decode)
        } else {
            let work = self.work.clone();
            let begun = on_thread(&self.turns, move || work.begin(sent, decode));
            match begun.await?? {
                Progress::Done(decoded) => return Ok(decoded),
                Progress::Large(large, decode) => (large, decode),
            }
        };
        let work = self.work.clone();
        on_thread(&self.turns_of_large, move || {
            let (large, decode) = large;
            work.finish_large(large, encoding, decode)
        })
        .await?
    }
}

impl Work {
    /// Decodes the body unless it is large.
    fn begin<T, F>(&self, sent: Sent, decode: F) -> Result<Progress<T, F>, Failure>
    where
        F: FnOnce(&Decoder, &[u8]) -> Result<T, DecodeError>,
    {
        let body = if sent.compression == Compression::None {
            sent.body
        } else {
            let inflating =
                Inflating::new(sent.body, sent.compression, self.body_bytes, &self.memory)?;
            match inflating.step(self.large_bytes)? {
                Step::Done(body) => body,
                Step::More(inflating) => {
                    return Ok(Progress::Large(Large::Inflating(inflating), decode));
                }
            }
        };
        Ok(Progress::Done(self.finish(body, sent.encoding, decode)?))
    }

    fn finish_large<T>(
        &self,
        large: Large,
        encoding: Encoding,
        decode: impl FnOnce(&Decoder, &[u8]) -> Result<T, DecodeError>,
    ) -> Result<T, Failure> {
        let mut step = match large {
            Large::Plain(body) => Step::Done(body),
            Large::Inflating(inflating) => Step::More(inflating),
        };
        let body = loop {
            match step {
                Step::Done(body) => break body,
                Step::More(inflating) => step = inflating.step(usize::MAX)?,
            }
        };
        self.finish(body, encoding, decode)
    }

    fn finish<T>(
        &self,
        body: Body,
        encoding: Encoding,
        decode: impl FnOnce(&Decoder, &[u8]) -> Result<T, DecodeError>,
    ) -> Result<T, Failure> {
        // JSON becomes protobuf first, which is not longer.
        let _protobuf = match encoding {
            Encoding::Protobuf => None,
            Encoding::Json => {
                let held = self.memory.hold(body.bytes.len());
                Some(held.ok_or(BodyError::NoMemory)?)
            }
        };
        let decoded = decode(&self.decoder, &body.bytes);
        decoded.map_err(|error| Failure::Malformed(error.to_string()))
    }
}

/// Runs `work` on a thread when it is its turn. It is run to its end, and its turn lasts as long, even
/// if nobody waits for it any more.
async fn on_thread<T: Send + 'static>(
    turns: &Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    // Closed never: it lives as long as the receiver.
    let turn = turns.clone().acquire_owned().await;
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    done.await.map_err(|error| {
        tracing::error!(%error, "decoding a request ended without an answer");
        later()
    })
}
