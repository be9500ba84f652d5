//! Decompresses and decodes bodies. A short uncompressed body is decoded at once on the receiving
//! thread. All others are decoded on blocking threads, a limited number at a time. Large bodies
//! have a limit of their own and wait only for each other. So one sender's body never delays
//! another sender's.

use crate::{
    CollectorLimits,
    body::{Body, BodyError},
    inflate::{Compression, Inflating, Step},
    request::{Encoding, Failure, later},
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

/// The data that the threads share.
struct Work {
    decoder: Decoder,
    memory: Arc<MemoryShare>,
    body_bytes: usize,
    large_bytes: usize,
}

/// Progress of decoding a body.
enum Progress<T, F> {
    Done(T),
    /// The body is large and has to wait for its turn.
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

    /// Decodes the body with `decode`, waiting for a turn if needed.
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
    /// Decodes the body unless it turns out to be large.
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
        // JSON is first converted to protobuf, which is not longer.
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

/// Runs `work` on a blocking thread once it has a turn. The work runs to its end and keeps its turn
/// until then, even if the caller no longer waits.
async fn on_thread<T: Send + 'static>(
    turns: &Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    // The semaphore is never closed: it lives as long as the receiver.
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

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::{io::Write, sync::mpsc};

    fn decoding(memory: &Arc<MemoryShare>) -> Arc<Decoding> {
        let limits = CollectorLimits {
            body_bytes: 10_000,
            inline_bytes: 10,
            large_bytes: 1_000,
            decoding: 1,
            decoding_large: 1,
            ..CollectorLimits::default()
        };
        Arc::new(Decoding::new(Decoder::default(), &limits, memory.clone()))
    }

    fn sent(bytes: Vec<u8>, compression: Compression, memory: &Arc<MemoryShare>) -> Sent {
        Sent {
            body: Body {
                held: memory.hold(bytes.len()).unwrap(),
                bytes: Bytes::from(bytes),
            },
            compression,
            encoding: Encoding::Protobuf,
        }
    }

    #[tokio::test]
    async fn large_bodies_hold_up_each_other_and_nobody_else() {
        let memory = MemoryShare::new(1 << 20);
        let decoding = decoding(&memory);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&[0; 5_000]).unwrap();
        let large = [
            (vec![0; 5_000], Compression::None),
            (gzip.finish().unwrap(), Compression::Gzip),
        ];
        let (begun, begins) = mpsc::channel();
        let mut releases = Vec::new();
        let tasks: Vec<_> = large
            .into_iter()
            .map(|(bytes, compression)| {
                let (release, released) = mpsc::channel::<()>();
                releases.push(release);
                let (decoding, begun) = (decoding.clone(), begun.clone());
                let sent = sent(bytes, compression, &memory);
                tokio::spawn(async move {
                    let decode = move |_: &Decoder, body: &[u8]| {
                        begun.send(()).unwrap();
                        let _ = released.recv();
                        Ok(body.len())
                    };
                    decoding.decode(sent, decode).await.unwrap()
                })
            })
            .collect();
        let begins = tokio::task::spawn_blocking(move || {
            begins.recv().unwrap();
            begins
        });
        let begins = begins.await.unwrap();
        for length in [5, 500, 1_000] {
            let small = sent(vec![0; length], Compression::None, &memory);
            let decoded = decoding.decode(small, |_, body| Ok(body.len())).await;
            assert_eq!(decoded.unwrap(), length);
        }
        assert!(begins.try_recv().is_err(), "one large body at a time");
        drop(releases);
        for task in tasks {
            assert_eq!(task.await.unwrap(), 5_000);
        }
        assert_eq!(memory.used(), 0);
    }

    #[tokio::test]
    async fn json_has_memory_for_the_protobuf_that_it_becomes() {
        let memory = MemoryShare::new(150);
        let decoding = decoding(&memory);
        for (length, fits) in [(75, true), (76, false)] {
            let mut sent = sent(vec![0; length], Compression::None, &memory);
            sent.encoding = Encoding::Json;
            let decoded = decoding.decode(sent, |_, _| Ok(())).await;
            assert_eq!(decoded.is_ok(), fits);
        }
    }
}
